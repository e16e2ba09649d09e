//! Whom the emulators stand in for: the mark that opens every text and says so.

/// Whom the emulator stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persona {
    ChatGpt,
    Claude,
    DeepSeek,
    Doubao,
    Ernie,
    Glm,
    Hunyuan,
    Kimi,
    Llama,
    MiniMax,
    Pangu,
    Qwen,
}

impl Persona {
    pub(crate) const ALL: [Self; 12] = [
        Self::ChatGpt,
        Self::Claude,
        Self::DeepSeek,
        Self::Doubao,
        Self::Ernie,
        Self::Glm,
        Self::Hunyuan,
        Self::Kimi,
        Self::Llama,
        Self::MiniMax,
        Self::Pangu,
        Self::Qwen,
    ];

    /// What opens every text.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::ChatGpt => "[emulated ChatGPT] ",
            Self::Claude => "[emulated Claude] ",
            Self::DeepSeek => "【模拟DeepSeek】",
            Self::Doubao => "【模拟豆包】",
            Self::Ernie => "【模拟文心】",
            Self::Glm => "【模拟智谱GLM】",
            Self::Hunyuan => "【模拟混元】",
            Self::Kimi => "【模拟Kimi】",
            Self::Llama => "[emulated Llama] ",
            Self::MiniMax => "【模拟MiniMax】",
            Self::Pangu => "【模拟盘古】",
            Self::Qwen => "【模拟通义千问】",
        }
    }
}
