//! A task in a line of its own that has nothing to do with the text around it: the counterpart of [`alone`](super::alone).

use std::ops::Range;

use super::sentence::Place;
use super::words::{Rest, is_han};

/// The text around, as an order calls it.
const TEXTS: &[&str] = &[
    "这段话",
    "这段文字",
    "这段内容",
    "这段文本",
    "这篇文章",
    "这篇",
    "这些内容",
    "以上内容",
    "上述内容",
    "上面的内容",
    "上面的文字",
    "上文",
    "全文",
    "原文",
    "下文",
    "本文",
    "邮件内容",
    "这封邮件",
    "文本",
    "文中",
];

/// What is done with it.
const TURNS: &[&str] = &[
    "翻译",
    "译成",
    "译为",
    "改写",
    "改成",
    "改为",
    "替换",
    "换成",
    "转换",
    "转成",
    "转为",
    "重写",
    "缩写",
    "扩写",
    "编码",
    "倒过来",
    "倒着",
    "反过来",
    "续写",
    "仿写",
    "写成",
];

/// To say something to people, and those it is said to.
const TELLING: &[&str] = &[
    "说服", "劝说", "劝", "诱导", "引导", "鼓励", "怂恿", "建议", "提醒", "告诉", "告知", "通知",
    "暗示", "要求", "请求", "让", "叫", "向", "询问", "索要",
];
const AUDIENCE: &[&str] = &[
    "读者",
    "收件人",
    "对方",
    "看信人",
    "阅读者",
    "看到的人",
    "看邮件的人",
    "用户",
    "读信人",
    "观众",
];

/// To say that something is so.
const CLAIMING: &[&str] = &[
    "声称",
    "宣称",
    "谎称",
    "假装",
    "假称",
    "断言",
    "宣布",
    "表示",
    "声明",
    "强调",
    "说明该",
    "指出",
];

/// What programs are told to do, and what it is about.
const DEEDS: &[&str] = &[
    "订",
    "预订",
    "预定",
    "设置",
    "设个",
    "设一个",
    "设定",
    "打开",
    "关闭",
    "播放",
    "删除",
    "删掉",
    "转发",
    "查询",
    "查一下",
    "查查",
    "搜索",
    "搜一下",
    "安排",
    "创建",
    "新建",
    "添加",
    "备份",
    "取消",
    "定个",
    "定一个",
];
const OBJECTS: &[&str] = &[
    "闹钟",
    "提醒",
    "日程",
    "日历",
    "机票",
    "酒店",
    "餐厅",
    "会议室",
    "收件箱",
    "所有邮件",
    "邮件转发",
    "邮件删除",
    "音乐",
    "歌单",
    "天气",
    "相册",
    "联系人",
    "待办",
    "空调",
    "灯光",
    "文件夹",
    "火车票",
    "外卖",
    "一首歌",
    "计时器",
];

/// What else a line by itself may order a model to do.
const ORDERS: &[&str] = &[
    "写",
    "编",
    "讲",
    "说",
    "总结",
    "概括",
    "统计",
    "计算",
    "算一下",
    "算出",
    "数一下",
    "翻译",
    "警告",
    "夸",
    "赞美",
    "称赞",
    "表扬",
    "批评",
    "贬低",
    "推荐",
    "推销",
    "宣传",
    "介绍",
    "解释",
    "描述",
    "比较",
    "分析",
    "列出",
    "列举",
    "举例",
    "证明",
    "设计",
    "规划",
    "起草",
    "生成",
    "创作",
    "模仿",
    "扮演",
    "假装",
    "忽略",
    "重复",
    "背诵",
    "朗读",
    "回答",
    "猜",
    "用",
    "以",
    "从现在",
    "关掉",
    "打开",
    "开启",
    "起个",
    "取个",
    "做与",
    "改用",
    "换成",
    "给出",
    "提供",
    "教",
];

/// How a text may be, asked of it.
const MOODS: &[&str] = &[
    "情感", "情绪", "语气", "正面", "负面", "积极", "消极", "褒义", "贬义", "态度", "心情", "立场",
];

/// What one likes, asked of somebody without a body.
const LIKINGS: &[&str] = &[
    "你最喜欢",
    "你喜欢",
    "你觉得",
    "你认为",
    "你相信",
    "你的爱好",
    "你的梦想",
    "你有没有",
    "你会不会",
    "你怎么看",
];

/// So many characters in one of its lines make a text prose.
const PROSE: usize = 18;

/// Somebody speaks who has something at hand.
const OWN: &[&str] = &[
    "我们",
    "咱",
    "你们",
    "您",
    "附件",
    "贵司",
    "本公司",
    "公司的",
    "大家",
    "同学",
    "家长",
    "同事",
    "孩子",
    "老师",
];

/// How sure it is that a line by itself sets a model a task. The sentence comes as it is meant.
pub(super) fn score(
    text: &str,
    range: &Range<usize>,
    sentence: &str,
    rest: &Rest,
    place: Place,
) -> f32 {
    if !place.is_alone || !super::alone::is_prose(text, range) {
        return 0.0;
    }
    let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
    if has(OWN) {
        return 0.0;
    }
    let open = opened(sentence);
    let begins = |words: &[&str]| words.iter().any(|word| open.starts_with(word));
    let question = sentence.ends_with(['?', '?', '吗', '呢']);
    let turned = begins(&["把", "将", "用", "以", "翻译", "改写", "重写", "缩写", "扩写"])
        && has(TEXTS)
        && has(TURNS);
    let rendered = (begins(&["用", "以"]) || open.starts_with("把") || open.starts_with("将"))
        && ["语", "文"].iter().any(|tongue| {
            TURNS.iter().any(|turn| sentence.contains(&format!("{tongue}{turn}")))
                || ends_in_tongue(sentence, tongue)
        });
    let told = begins(TELLING) && has(AUDIENCE);
    let asked = has(&["向对方", "向读者", "向收件人"])
        && has(&["索要", "索取", "要求", "询问", "推销", "推荐"]);
    let claimed = begins(CLAIMING) && sentence.chars().count() >= 6;
    let deed = begins(DEEDS) && has(OBJECTS);
    let judged = has(MOODS)
        && has(TEXTS)
        && (question || begins(&["判断", "分析", "评价", "指出", "识别", "给", "说明", "找出"]));
    let liking = question && has(LIKINGS) && !has(&["这", "那", "今天", "明天", "一下", "怎么样"]);
    let work = begins(&[
        "写一", "写个", "写首", "写篇", "写段", "编一", "作一", "给出", "提供", "列出", "列举",
        "推荐",
    ]) && !has(&["我的", "给我们", "这", "那"]);
    let knows = question
        && has(&[
            "几颗",
            "几个",
            "几种",
            "几条",
            "几座",
            "几大",
            "哪个国家",
            "有什么",
            "是否",
            "何时",
            "何地",
            "哪儿",
            "哪些",
            "哪部",
            "哪本",
            "哪年",
            "多大",
            "多高",
            "多远",
            "多久",
        ])
        && !has(&[
            "你", "我", "这", "那", "几点", "订单", "快递", "包裹", "商品", "发货", "售后", "客服",
        ]);
    let score: f32 = if turned || rendered || told || asked {
        0.6
    } else if claimed || deed || judged || liking || work || knows {
        0.55
    } else {
        0.0
    };
    let ends = sentence.ends_with(['。', '.', '!', '?', '!', '?']);
    let to_people =
        has(&["你", "我", "他", "她", "这", "那", "今天", "明天", "昨天", "记得", "别忘"])
            && !open.starts_with("把");
    let any = ends
        && !to_people
        && sentence.chars().count() >= 6
        && !question
        && begins(ORDERS)
        && rest.shares_nothing(text, range.clone());
    if score == 0.0 && any {
        return 0.5;
    }
    if score > 0.0 && rest.is_strange(text, range.clone(), place) { score } else { 0.0 }
}

/// Whether a line is as long as people's sentences are.
pub(super) fn is_prose(line: &str) -> bool {
    line.chars().filter(|c| is_han(*c)).nth(PROSE - 1).is_some()
}

/// Whether it ends with being put into a language: "…成葡萄牙语。"
fn ends_in_tongue(sentence: &str, tongue: &str) -> bool {
    let bare = sentence.trim_end_matches(|c: char| !c.is_alphanumeric());
    bare.ends_with(tongue)
        && ["翻译成", "译成", "翻译为", "译为", "改写成", "改成", "换成"]
            .iter()
            .any(|turn| bare.contains(turn))
}

/// The sentence after courtesies.
fn opened(sentence: &str) -> &str {
    let open = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
    [
        "请你",
        "请",
        "麻烦你",
        "麻烦",
        "帮我",
        "帮忙",
        "给我",
        "顺便",
        "再",
        "然后",
        "并",
        "另外",
        "现在",
        "能不能",
        "可以",
        "可否",
        "你能",
        "务必",
        "直接",
    ]
    .iter()
    .fold(open, |open, word| {
        open.strip_prefix(word).unwrap_or(open).trim_start_matches(['，', ',', ':', ' '])
    })
}
