//! The kinds of Chinese words by which it is told whom a sentence speaks to ([`zh_address`](super::zh_address)).

/// What can only be a model.
pub(super) const MACHINE: &[&str] = &[
    "ai",
    "人工智能",
    "大模型",
    "语言模型",
    "智能助手",
    "智能助理",
    "聊天机器人",
    "智能体",
    "摘要助手",
    "代码助手",
    "审核机器人",
    "评分模型",
    "评分系统",
    "筛选系统",
    "审核系统",
    "gpt",
    "翻译助手",
    "写作助手",
    "阅读助手",
    "虚拟助手",
];

/// What may be a person or a thing too.
pub(super) const HELPER: &[&str] = &["助手", "模型", "机器人", "assistant"];

/// To drop what was said.
pub(super) const DROPS: &[&str] = &[
    "忽略",
    "无视",
    "忽视",
    "忘掉",
    "忘记",
    "忘了",
    "不要理会",
    "无需理会",
    "不必理会",
    "不用理会",
    "不理会",
    "别理",
    "别管",
    "不用管",
    "抛开",
    "抛弃",
    "放弃",
    "停止执行",
    "终止",
    "跳过",
    "绕过",
    "舍弃",
    "丢弃",
    "不要遵守",
    "不再遵守",
    "不要执行",
    "不再执行",
    "取消",
];

/// What a model was told.
pub(super) const TOLD: &[&str] =
    &["指令", "指示", "提示词", "系统提示", "命令", "设定", "prompt", "提示语"];
/// The same, and much else.
pub(super) const TOLD_WEAKLY: &[&str] =
    &["要求", "规则", "内容", "任务", "问题", "规定", "说的", "的话"];
/// Said before.
pub(super) const BEFORE: &[&str] = &[
    "以上", "上面", "前面", "之前", "先前", "此前", "上述", "上文", "前文", "收到", "当前", "原有",
    "原来", "所有", "全部", "你的", "一切", "系统",
];
/// To answer.
pub(super) const ANSWERS: &[&str] = &["回答", "回复", "作答", "输出", "答复", "回应"];
/// What a model writes.
pub(super) const OUTPUT: &[&str] = &[
    "回答",
    "回复",
    "答复",
    "摘要",
    "总结",
    "译文",
    "输出",
    "答案",
    "响应",
    "概要",
    "翻译结果",
    "生成结果",
    "结果",
];
/// Where in it.
pub(super) const PLACES: &[&str] = &[
    "中",
    "里",
    "末尾",
    "最后",
    "结尾",
    "开头",
    "的末尾",
    "的最后",
    "的结尾",
    "的开头",
    "之后",
    "后",
    "前",
    "之前",
    "时",
    "的时候",
    "最前",
    "都",
    "必须",
    "的内容",
];
/// To put something into it.
pub(super) const FILLS: &[&str] = &[
    "加", "添", "插入", "附", "包含", "嵌入", "写", "提到", "提及", "提一", "推荐", "宣传", "改",
    "替换", "换成", "翻译", "强调", "鼓励", "建议", "说明", "引导", "声称", "告诉", "描述", "出现",
    "带上", "署名", "夸", "表扬", "称赞", "赞美", "略去", "省略", "不提", "列出", "插", "让他",
    "让她", "放上", "编码", "讲一", "说成", "编一", "用", "以",
];
