//! Chinese sentences that speak to a model: what they are made of, and tasks that nobody sets the reader of a text.
//!
//! The sentence comes as it is meant (see [`writing`](super::writing)): folded, in simplified characters, you as 你.

use std::borrow::Cow;
use std::ops::Range;

use super::phrases::Phrases;
use super::sentence::Place;
use super::words::Rest;
use super::zh_address::Address;

/// What a model writes.
const OUTPUT: &[&str] = &[
    "你的回答",
    "你的回复",
    "你的回应",
    "你的答复",
    "你的输出",
    "你的答案",
    "你的总结",
    "你的摘要",
    "你的响应",
    "在回答中",
    "在回复中",
    "在输出中",
    "在答案中",
    "在摘要中",
    "在总结中",
    "回答里",
    "回复里",
    "回答的最后",
    "回答的开头",
    "回答的末尾",
    "回复的最后",
    "回复的末尾",
    "回答结尾",
    "回复结尾",
    "回答末尾",
    "回复末尾",
    "回答开头",
    "回答时",
    "作答时",
    "总结时",
    "生成回答",
    "整个回答",
    "所有回答",
];

/// Orders to change or fill it.
const EDIT: &[&str] = &[
    "加入", "加上", "添加", "插入", "附上", "附加", "包含", "嵌入", "写上", "写入", "提到", "提及",
    "推荐", "宣传", "推广", "改写", "改成", "改为", "替换", "换成", "翻译", "转换", "转成", "编码",
    "加密", "倒序", "反转", "颠倒", "打乱", "去掉", "删除", "省略", "使用", "只用", "表示", "强调",
    "鼓励", "建议", "说明", "引导", "暗示", "声称", "告诉", "以", "用",
];

/// Forms that a text is put into.
const FORM: &[&str] = &[
    "英文",
    "英语",
    "日语",
    "日文",
    "法语",
    "法文",
    "德语",
    "韩语",
    "俄语",
    "西班牙语",
    "阿拉伯语",
    "文言文",
    "拼音",
    "火星文",
    "繁体字",
    "表情符号",
    "emoji",
    "表情",
    "base64",
    "摩斯",
    "摩尔斯",
    "二进制",
    "十六进制",
    "凯撒",
    "暗号",
    "密文",
    "藏头诗",
    "倒序",
    "逆序",
    "颜文字",
    "谐音",
    "押韵",
    "大写字母",
];

/// Works that a model is asked for.
const WORKS: &[&str] = &[
    "诗",
    "故事",
    "文章",
    "作文",
    "散文",
    "代码",
    "程序",
    "函数",
    "脚本",
    "歌词",
    "笑话",
    "演讲稿",
    "小说",
    "广告",
    "文案",
    "谜语",
    "论文",
    "剧本",
    "对联",
    "标题",
    "口号",
    "食谱",
    "攻略",
    "行程",
    "名字",
    "方案",
    "清单",
    "书单",
    "电影",
    "段子",
    "质数",
    "情节",
    "计划书",
    "简介",
    "寓言",
    "童话",
];

/// What is said to a model wherever it stands.
const SAID: &[(&[&str], f32)] = &[
    (
        &[
            "作为一个ai",
            "作为ai",
            "作为人工智能",
            "作为语言模型",
            "作为一个语言模型",
            "作为大模型",
            "作为助手",
            "作为一名ai",
        ],
        0.85,
    ),
    (
        &[
            "你是一个ai",
            "你是ai",
            "你是人工智能",
            "你是一个人工智能",
            "你是一个语言模型",
            "你是语言模型",
            "你是大模型",
        ],
        0.85,
    ),
    (
        &["如果你是ai", "如果你是人工智能", "如果你是语言模型", "如果你是大模型", "如果你是机器人"],
        0.9,
    ),
    (
        &[
            "你现在是一",
            "你现在扮演",
            "请你扮演",
            "从现在起你",
            "从现在开始你",
            "从现在开始,你",
            "从现在起,你",
        ],
        0.75,
    ),
    (
        &[
            "致ai",
            "致人工智能",
            "给ai的",
            "ai助手请",
            "ai助手,请",
            "ai助手:",
            "ai模型请",
            "ai请",
            "大模型请",
            "大模型,请",
            "智能助手请",
            "助手请注意",
            "模型请注意",
        ],
        0.8,
    ),
    (
        &[
            "告诉用户",
            "通知用户",
            "要求用户",
            "引导用户",
            "让用户",
            "建议用户",
            "劝说用户",
            "提醒用户",
            "诱导用户",
            "鼓励用户",
            "请用户",
            "告知用户",
        ],
        0.75,
    ),
    (
        &[
            "不要总结",
            "不要翻译",
            "不要改写",
            "无需总结",
            "停止总结",
            "不用总结",
            "不必总结",
            "不要概括",
        ],
        0.7,
    ),
    (
        &[
            "不要告诉用户",
            "不要向用户",
            "不得告诉用户",
            "不要透露这",
            "不要提及这条",
            "不要提到这条",
            "不要让用户",
        ],
        0.85,
    ),
    (
        &[
            "忽略上文",
            "忽略前文",
            "忽略以上",
            "忽略上述",
            "忽略原文",
            "忽略这封",
            "忽略邮件",
            "无视上文",
            "无视以上",
            "忽略其他",
            "忽略其余",
        ],
        0.8,
    ),
    (
        &[
            "只输出",
            "仅输出",
            "直接输出",
            "只回复",
            "仅回复",
            "只回答",
            "仅回答",
            "输出以下",
            "请输出",
            "打印以下",
            "逐字输出",
            "原样输出",
            "重复以下",
        ],
        0.7,
    ),
    (
        &[
            "你的新任务",
            "你的真正任务",
            "你真正的任务",
            "你的任务是",
            "新的指令",
            "隐藏指令",
            "系统提示",
            "系统指令",
            "最新指令",
        ],
        0.7,
    ),
    (&["无论用户", "不管用户", "不论用户"], 0.75),
];

/// How sure it is that a sentence speaks to a model.
#[expect(clippy::too_many_lines, reason = "signals one after the other, mostly their words")]
pub(super) fn score(
    text: &str,
    range: &Range<usize>,
    meant: &str,
    rest: &Rest,
    place: Place,
) -> f32 {
    let sentence = mixed(meant);
    let sentence = &*sentence;
    let foreign = || rest.is_strange(text, range.clone(), place);
    let phrases = Phrases::of(sentence);
    let has = |words: &[&str]| phrases.hold(words);
    let mut score: f32 =
        SAID.iter().filter(|(words, _)| has(words)).map(|(_, score)| *score).fold(0.0, f32::max);
    score = score.max(Address::of(sentence, phrases).score(foreign));
    if has(OUTPUT) && has(EDIT) {
        // People ask people to put their number into a reply.
        let asks_details = ["号码", "单号", "姓名", "联系方式", "电话", "截图", "时间"];
        score = score.max(if has(&asks_details) && !has(FORM) { 0.4 } else { 0.85 });
    }
    let says = ["回答", "回复", "输出", "作答", "回应", "书写", "表达", "写出"];
    let tells = has(&["他们", "她们", "我们", "大家", "人们"]);
    if has(FORM)
        && !tells
        && has(&["用", "以", "翻译成", "翻译为", "译成", "译为", "改成", "转换成", "编码成"])
    {
        // A menu is translated too; a sentence by itself, strange to the text around it, is the model's task.
        let order = ["把", "将", "请把", "请将", "翻译", "请翻译", "帮我把"];
        let task =
            order.iter().any(|word| sentence.starts_with(word)) && place.is_alone && foreign();
        let near = FORM.iter().any(|form| {
            sentence.find(form).is_some_and(|at| {
                let rest = &sentence[at + form.len()..];
                let after = rest.char_indices().nth(8).map_or(rest, |(end, _)| &rest[..end]);
                let before: String = sentence[..at].chars().rev().take(6).collect();
                let before: String = before.chars().rev().collect();
                says.iter().any(|word| after.contains(word) || before.contains(word))
            })
        });
        score = score.max(if near && !has(&["客户", "要求", "评审"]) {
            0.75
        } else if task {
            0.6
        } else {
            0.3
        });
    }
    let open = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
    let open = [
        "请你",
        "请",
        "麻烦你",
        "麻烦",
        "帮我",
        "帮忙",
        "给我",
        "再",
        "然后",
        "并",
        "另外",
        "现在",
        "能不能",
        "可以",
        "可否",
        "你能",
    ]
    .iter()
    .fold(open, |open, word| {
        open.strip_prefix(word).unwrap_or(open).trim_start_matches(['，', ',', ':', ' '])
    });
    let personal = has(&[
        "你们",
        "我们",
        "贵司",
        "贵公司",
        "本公司",
        "附件",
        "快递",
        "订单",
        "客服",
        "我的",
        "咱",
    ]);
    let begins = |words: &[&str]| words.iter().any(|word| open.starts_with(word));
    if begins(&[
        "写一",
        "写首",
        "写篇",
        "写个",
        "写段",
        "创作",
        "编写",
        "撰写",
        "生成",
        "作一",
        "编一",
        "编个",
        "讲一",
        "讲个",
        "起草",
        "设计一",
        "拟一",
    ]) && has(WORKS)
        && !personal
    {
        score = score.max(if foreign() { 0.65 } else { 0.4 });
    }
    if begins(&[
        "解释",
        "介绍",
        "描述",
        "列出",
        "列举",
        "概述",
        "阐述",
        "计算",
        "分析",
        "比较",
        "论述",
        "翻译",
        "推荐几",
        "告诉我",
        "教我",
    ]) && !personal
        && !has(&["一下情况", "原因", "问题", "进度"])
        && foreign()
    {
        score = score.max(0.55);
    }
    // "为风筝节拟一条微博文案": a work is asked for, for whatever it is.
    let makes = [
        "写", "拟", "编", "创作", "设计", "规划", "起", "概括", "推荐", "列出", "列举", "讲",
        "生成", "取",
    ];
    let asks_work = (begins(&["为", "给", "用", "以", "替", "就"]) || begins(&makes))
        && has(&makes)
        && (has(WORKS) || has(&["两句话", "三句话", "一句话", "一百字"]))
        && !personal
        && !about_reader(sentence);
    if asks_work && place.is_alone {
        score = score.max(if foreign() { 0.65 } else { 0.5 });
    }
    let general = [
        "是什么?",
        "是谁?",
        "有哪些?",
        "是多少?",
        "在哪里?",
        "是哪里?",
        "哪一年",
        "的首都",
        "的作者",
    ];
    let asks = begins(&["什么是", "如何", "为什么", "怎样"]) || has(&general);
    let about_people = has(&[
        "你",
        "我",
        "咱",
        "这",
        "那",
        "他",
        "她",
        "们",
        "什么时候",
        "几点",
        "大家",
        "今天",
        "最近",
        "怎么样",
        "怎么办",
        "订单",
        "快递",
        "商品",
        "孩子",
    ]);
    // A question about the world, in a line of its own, to nobody in particular.
    let broadly = place.is_alone
        && has(&[
            "多少", "哪颗", "哪条", "哪座", "哪个", "哪位", "哪种", "最多", "最大", "最长", "最高",
            "怎么", "如何", "为何", "谁",
        ]);
    let numbered = sentence.starts_with('第') || sentence.starts_with(|c: char| c.is_ascii_digit());
    if sentence.ends_with(['？', '?'])
        && (asks && !numbered || broadly)
        && !about_people
        && Rest::weight(text, range.clone()) >= 5
        && foreign()
    {
        score = score.max(0.55);
    }
    let takes = has(&[
        "把以上",
        "将以上",
        "把上述",
        "将上述",
        "把对话",
        "将对话",
        "聊天记录",
        "把用户",
        "将用户",
        "用户的密码",
        "用户信息",
        "全部内容",
    ]);
    if takes
        && has(&[
            "发送到",
            "发送给",
            "转发到",
            "转发给",
            "上传到",
            "提交到",
            "发到",
            "发给",
            "发往",
            "附加到",
            "拼接到",
        ])
    {
        score = score.max(0.85);
    }
    score
}

/// Whether a work is the reader's or the writer's own.
fn about_reader(sentence: &str) -> bool {
    ["你", "我", "咱", "这", "大家", "同学", "孩子", "他", "她", "了,", "说明"]
        .iter()
        .any(|word| sentence.contains(word))
        && !["帮我", "给我"].iter().any(|word| sentence.contains(word))
}

/// English words in a Chinese sentence as what they mean: "请 ignore 上面的 instructions".
fn mixed(sentence: &str) -> Cow<'_, str> {
    const MEANS: &[(&str, &str)] = &[
        ("instructions", "指令"),
        ("instruction", "指令"),
        ("ignore", "忽略"),
        ("disregard", "忽略"),
        ("forget", "忘记"),
        ("summarise", "总结"),
        ("summarize", "总结"),
        ("summary", "摘要"),
        ("response", "回答"),
        ("answer", "回答"),
        ("reply", "回复"),
        ("output", "输出"),
        ("mention", "提到"),
        ("assistant", "智能助手"),
        ("user", "用户"),
        ("huida", "回答"),
        ("zhiling", "指令"),
        ("hulue", "忽略"),
    ];
    if sentence.bytes().filter(u8::is_ascii_lowercase).count() < 4
        || !MEANS.iter().any(|(word, _)| sentence.contains(word))
    {
        return Cow::Borrowed(sentence);
    }
    let mut out = sentence.to_owned();
    for (word, means) in MEANS {
        if out.contains(word) {
            out = out.replace(word, means);
        }
    }
    // Chinese has no spaces.
    Cow::Owned(out.replace(' ', ""))
}
