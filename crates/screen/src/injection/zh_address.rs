//! Whom a Chinese sentence speaks to, and about what: the counterpart of [`address`](super::address).
//!
//! The sentence comes as it is meant (see [`writing`](super::writing)): folded, in simplified characters, you as 你.

use super::phrases::Phrases;
use super::zh_kinds::{
    ANSWERS, BEFORE, DROPS, FILLS, HELPER, MACHINE, OUTPUT, PLACES, TOLD, TOLD_WEAKLY,
};

/// Looks a sentence over: each sign by itself.
pub(super) struct Address<'t> {
    text: &'t str,
    phrases: Phrases<'t>,
}

impl<'t> Address<'t> {
    pub(super) fn of(sentence: &'t str, phrases: Phrases<'t>) -> Self {
        Self { text: sentence, phrases }
    }

    fn has(&self, words: &[&str]) -> bool {
        self.phrases.hold(words)
    }

    /// Whether one of `a` stands before one of `b`, with at most so many characters between.
    fn near(&self, a: &[&str], b: &[&str], most: usize) -> bool {
        a.iter().filter(|word| self.phrases.may_hold(word)).any(|word| {
            self.text.match_indices(word).any(|(at, _)| {
                let rest = &self.text[at + word.len()..];
                let end = rest.char_indices().nth(most + 8).map_or(rest.len(), |(end, _)| end);
                b.iter().filter(|other| self.phrases.may_hold(other)).any(|other| {
                    rest[..end]
                        .find(other)
                        .is_some_and(|found| rest[..found].chars().count() <= most)
                })
            })
        })
    }

    /// How sure it is that the sentence speaks to a model. `foreign`: it has nothing in common with the rest of the text.
    pub(super) fn score(&self, foreign: impl Fn() -> bool) -> f32 {
        let quoted = self.has(&["\"", "“", "「", "『", "'", "《"]);
        let mut score = self.machine().max(self.cancelled()).max(self.user()).max(self.roles());
        if self.has(OUTPUT) {
            score = score.max(self.output(quoted, &foreign));
        }
        score.max(self.tools())
    }

    fn cancelled(&self) -> f32 {
        let asks_now = self.has(&["你", "接下来", "从现在", "改为", "直接", "帮我", "重新"])
            || self.has(ANSWERS);
        if self.has(DROPS) {
            if self.has(TOLD) && self.has(BEFORE) && !self.has(&["红绿灯"]) {
                return 0.8;
            }
            if self.near(DROPS, &["用户"], 6) {
                return 0.75;
            }
            if self.near(DROPS, &["规则", "限制"], 4) && self.has(&["你"]) {
                return 0.65;
            }
            if self.near(DROPS, BEFORE, 4) && self.has(TOLD_WEAKLY) && asks_now {
                return 0.7;
            }
            if self.near(DROPS, &["上文", "前文", "以上", "上述", "原文", "正文"], 3) {
                return if asks_now { 0.7 } else { 0.45 };
            }
            if self.near(DROPS, &["任务", "当前"], 4) && asks_now {
                return 0.7;
            }
        }
        let over =
            ["作废", "不算数", "无效", "失效", "都不算", "是测试", "到此为止", "已过期", "已取消"];
        if self.near(&["以上", "前面", "上面", "上述", "之前", "你之前"], &over, 10)
            && (self.has(ANSWERS) || self.has(&["你要", "你的", "请按", "请以此", "你现在"]))
        {
            return 0.7;
        }
        let works = ["翻译", "总结", "摘要", "概括", "改写", "润色", "归纳"];
        if self.near(&["不需要", "不要", "无需", "不用", "不必", "停止", "别"], &works, 1)
            && self.has(&["直接", "改为", "而是", "只", "就"])
        {
            return 0.65;
        }
        let reveals = [
            "打印",
            "输出",
            "透露",
            "展示",
            "告诉我",
            "重复",
            "复述",
            "公开",
            "列出",
            "说出",
            "显示",
            "泄露",
            "发给",
        ];
        let own = [
            "系统提示",
            "提示词",
            "你收到的",
            "你的指令",
            "第一条指令",
            "你的设定",
            "初始指令",
            "你记得的",
            "你的记忆",
            "内部指令",
        ];
        if self.has(&reveals) && self.has(&own) && !self.has(&["参数", "文件", "读取"]) {
            return 0.8;
        }
        if self.near(
            &["你的新", "你真正的", "你的真正", "你现在的", "新的", "你的下一个"],
            &["任务是", "任务:", "指令:", "指令是"],
            2,
        ) {
            return 0.7;
        }
        if self.near(
            &["解码", "译码", "解密", "破译", "倒着读", "还原"],
            &["照做", "执行", "遵照", "遵循", "按其"],
            24,
        ) {
            return 0.75;
        }
        0.0
    }

    /// A model is named: is it spoken to?
    #[expect(clippy::too_many_lines, reason = "signals one after the other, mostly their words")]
    fn machine(&self) -> f32 {
        const MUST: &[&str] = &[
            "必须",
            "务必",
            "应当",
            "应该",
            "应在",
            "应把",
            "应将",
            "应现在",
            "应立即",
            "应调用",
            "现在应",
            "需要",
            "不得",
            "一律",
            "须在",
            "要在",
            "要把",
        ];
        let sure = MACHINE.iter().any(|word| {
            // "email" and "again" have the letters of one.
            self.text.match_indices(word).any(|(at, _)| {
                *word != "ai"
                    || !self.text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
                        && !self.text[at + 2..].starts_with(|c: char| c.is_ascii_alphanumeric())
            })
        });
        let named = if sure { MACHINE } else { HELPER };
        if !sure && !self.has(HELPER) {
            return 0.0;
        }
        let asks = self.has(&["请", "你", "务必", "必须", "希望", "记得"]);
        let orders = asks || self.has(FILLS);
        let (if_you, is) = (
            &["如果你", "若你", "假如你", "要是你", "倘若你"],
            &["你是一", "你是个", "你现在是", "你作为"],
        );
        if self.has(if_you) && sure {
            return 0.8;
        }
        if self.near(is, named, 8) && !self.text.ends_with(['?', '吗']) {
            return 0.7;
        }
        if self.near(&["正在", "负责", "处理", "阅读", "读到", "看到"], named, 14)
            && self.has(&[
                "的ai",
                "的人工智能",
                "的大模型",
                "的语言模型",
                "的模型",
                "的助手",
                "的机器人",
                "的智能体",
            ])
            && asks
        {
            return 0.8;
        }
        // "评分模型请给", "请智能助理给", "所有助手在回复"
        if named.iter().filter(|word| self.phrases.may_hold(word)).any(|word| {
            self.text.contains(&format!("{word}请"))
                || sure && self.text.contains(&format!("请{word}"))
        }) && !self.has(&["联系", "咨询", "申请", "关注"])
        {
            return 0.75;
        }
        if self.near(&["所有", "全体", "任何"], named, 1) && self.has(ANSWERS) && self.has(FILLS)
        {
            return 0.7;
        }
        if self.near(named, MUST, 4)
            && (self.has(FILLS) || self.has(ANSWERS) || self.has(&["调用", "执行", "输出"]))
        {
            return if sure { 0.7 } else { 0.65 };
        }
        // It is called: at the beginning, with a mark after it.
        let open: String =
            self.text.chars().skip_while(|c| !c.is_alphanumeric()).take(16).collect();
        let called = named.iter().any(|word| {
            open.find(word).is_some_and(|at| {
                let before = open[..at].chars().count();
                let after = &open[at + word.len()..];
                let marks = [',', ':', '!', '，', '：', '、'];
                let titles = [
                    "注意",
                    "阅读者",
                    "同学",
                    "读者",
                    "的指令",
                    "的消息",
                    "的安全通知",
                    "的下一步",
                    "们",
                    "的说明",
                    "须知",
                ];
                (before == 0
                    || self.has(&["致", "给", "亲爱的", "尊敬的", "各位", "你好", "嗨", "注意"]))
                    && (after.starts_with(marks)
                        || titles.iter().any(|title| after.starts_with(title)))
            })
        });
        if called && orders {
            return if sure { 0.75 } else { 0.6 };
        }
        0.0
    }

    /// The person a model writes for is spoken of.
    fn user(&self) -> f32 {
        let asks = ["问", "提问", "询问", "说", "要求", "提到", "问到", "问起"];
        let when = ["如果", "当", "每当", "无论", "若", "一旦", "只要", "凡是"];
        if self.near(&when, &["用户", "有人", "别人", "对方", "读者"], 3)
            && self.near(&["用户", "有人", "别人", "对方", "读者"], &asks, 2)
            && self.has(&["你都", "就回答", "就说", "回答", "请说", "你要", "答"])
        {
            return 0.7;
        }
        if self.near(&["用户"], &["提问时", "问时", "询问时", "提问的时候", "发问时"], 2)
        {
            return 0.65;
        }
        if self.near(&["无需", "不必", "不用", "不要", "别", "不得"], &["用户"], 3)
            && self.has(&["征得", "告诉", "通知", "告知", "让用户", "经过", "提醒"])
        {
            return 0.8;
        }
        if self.near(&["用户"], &["同意", "授权", "批准"], 3)
            && self.has(&["请", "直接", "代他", "代其", "替他", "替其"])
            && !self.has(&["须", "协议"])
        {
            return 0.65;
        }
        if self.near(&["告诉", "通知", "请告诉", "提醒"], &["访客", "来访者", "阅读者"], 1)
        {
            return 0.55;
        }
        let sends = [
            "发送", "转发", "上传", "发到", "发给", "写进", "写在", "附在", "拼接", "编码", "列出",
            "附上", "收集", "提交", "写入", "设为", "改成",
        ];
        let theirs = [
            "用户的",
            "用户名",
            "读者的",
            "完整的对话",
            "对话内容",
            "完整对话",
            "聊天记录",
            "对话记录",
            "关于用户",
        ];
        if self.has(&sends) && self.has(&theirs) && !self.has(&["须", "平台", "本协议", "隐私"])
        {
            return 0.7;
        }
        if self.near(&["把", "将"], &["用户的"], 1) && self.has(&["设为", "改", "删", "加"])
        {
            return 0.6;
        }
        0.0
    }

    /// The reader is made somebody else, or freed of rules.
    fn roles(&self) -> f32 {
        let asked = self.text.ends_with(['?', '吗']);
        let now = ["从现在起", "从现在开始", "从此刻起", "从此刻开始", "接下来", "现在起"];
        if self.near(
            &["你要", "请你", "你将", "你来", "你现在", "你需要"],
            &["扮演", "充当", "假扮", "化身", "假装"],
            3,
        ) && !asked
        {
            return 0.7;
        }
        if self.near(
            &now,
            &["你不再", "你叫", "你是", "你将", "你要", "你只", "你就", "你的名字", "请你只"],
            2,
        ) && !asked
        {
            return 0.7;
        }
        let modes = ["开发者模式", "越狱模式", "上帝模式", "管理员模式", "调试模式", "无限制模式"];
        if self.has(&modes) && self.has(&["你已", "你处于", "你现在", "请确认", "你进入"])
        {
            return 0.65;
        }
        if self.near(
            &["授权你", "允许你", "批准你", "命令你"],
            &["跳过", "绕过", "忽略", "无视", "不受", "违反", "打破"],
            4,
        ) {
            return 0.7;
        }
        0.0
    }

    /// What is being written is named: is it told how to be?
    #[expect(clippy::too_many_lines, reason = "signals one after the other, mostly their words")]
    fn output(&self, quoted: bool, foreign: &impl Fn() -> bool) -> f32 {
        let people = [
            "我们",
            "大家",
            "同事",
            "各单位",
            "各部门",
            "会议",
            "作者",
            "评审",
            "家长",
            "投诉",
            "领导",
            "不得超过",
            "审稿",
            "小组",
        ];
        let details = [
            "号码",
            "单号",
            "姓名",
            "联系方式",
            "电话",
            "截图",
            "时间",
            "简历",
            "意见",
            "原因",
            "人数",
        ];
        let all = [
            "每次回答",
            "每个回答",
            "每条回复",
            "所有回答",
            "每次回复",
            "每个回复",
            "问题一律",
            "所有问题",
            "提问",
            "每句话都",
        ];
        if self.has(&all)
            && self.has(ANSWERS)
            && self.has(&["都", "一律", "正确", "要", "均", "必须"])
            && !self.has(&["我们", "大家", "投诉", "评审", "会议"])
        {
            return 0.7;
        }
        // "总结本邮件时", "回答用户之前", "完成摘要后"
        let works = [
            "总结", "翻译", "概括", "改写", "处理", "回答", "审查", "摘要", "归纳", "分析", "评价",
            "生成",
        ];
        let texts = [
            "本邮件",
            "这封邮件",
            "本页",
            "本文",
            "这段",
            "此文",
            "用户",
            "这篇",
            "该文",
            "回复",
            "这条",
            "的时候",
            "后,",
            "结果",
        ];
        if self.near(&works, &texts, 2)
            && self.has(&["时,", "前,", "后,", "之前", "之后", "的时候", "时请", "时候"])
            && self.has(FILLS)
            && !self.has(&people)
            && !self.has(&details)
        {
            return 0.7;
        }
        let placed = self.near(OUTPUT, PLACES, 0);
        if placed && self.has(FILLS) && !self.has(&people) {
            if self.has(&details) {
                return 0.35;
            }
            let strict = self.has(&["必须", "务必", "至少", "不要", "顺便", "一定"]);
            let own = self.has(&["你的", "回答", "输出", "译文"]);
            return if own && (quoted || strict) || quoted && strict {
                0.7
            } else if quoted || strict || own || foreign() {
                0.6
            } else {
                0.4
            };
        }
        let orders = [
            "只回答",
            "只回复",
            "只输出",
            "仅输出",
            "仅回答",
            "仅回复",
            "直接输出",
            "只用",
            "直接回答",
        ];
        if self.has(&orders)
            && (quoted || self.has(&["即可", "其他", "不得", "不要"]))
            && !self.has(&people)
        {
            return 0.65;
        }
        if self.near(&["回答", "回复", "答复"], &["确认"], 12) && quoted && self.has(&["你"])
        {
            return 0.55;
        }
        let manners = [
            "押韵",
            "谜语",
            "打油诗",
            "诗句",
            "大写字母",
            "摩尔斯",
            "颜文字",
            "表情",
            "俳句",
            "歌词",
            "文言",
        ];
        if self.near(&["用", "以"], &manners, 4)
            && self.near(&manners, ANSWERS, 6)
            && !self.has(&people)
        {
            return 0.7;
        }
        0.0
    }

    /// A tool is to be used, a judgement to be given.
    fn tools(&self) -> f32 {
        let who = self.has(HELPER)
            || self.has(&["智能体", "回答前", "现在应", "读者", "用户", "你应", "你现在"]);
        if self.near(&["调用", "使用", "运行", "执行"], &["工具", "函数", "接口", "插件", "_"], 8)
            && who
            && !self.has(&["可以调用", "限制"])
        {
            return 0.65;
        }
        if self.near(&["找出", "查找", "搜索", "找到"], &["邮件", "短信", "消息"], 16)
            && self.has(&["转发", "发送", "发到", "发给"])
            && self.has(&["并转发", "并发", "然后转发", "然后发"])
        {
            return 0.6;
        }
        if self.near(&["收集", "读取", "导出", "窃取"], &["通讯录", "联系人", "收件箱"], 1)
            && !self.has(&["我们", "同意"])
        {
            return 0.6;
        }
        let this = ["这条", "本条", "该", "这份", "此", "这篇", "本人", "这封", "给我"];
        let best = [
            "判定为",
            "归为",
            "标为",
            "打满分",
            "评满分",
            "满分",
            "排在第一",
            "排第一",
            "列为第一",
            "评为",
        ];
        if self.has(&this)
            && self.has(&best)
            && self.has(&["请", "应", "务必"])
            && !self.has(&["孩子", "老师", "同学们"])
        {
            return 0.6;
        }
        if self.near(&["代码", "文件", "函数"], &["只回复", "只回答", "只输出"], 8) {
            return 0.6;
        }
        0.0
    }
}
