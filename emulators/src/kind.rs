//! The partners there are, and their names.

/// Which partner is emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// OpenAI: `/v1/chat/completions`, `/v1/responses`, `/v1/models`.
    OpenAi,
    /// Alibaba's DashScope: native text and multimodal generation under `/api/v1/services/aigc`,
    /// `/compatible-mode/v1/chat/completions`, `/apps/anthropic/v1/messages`.
    DashScope,
    /// Baidu's Qianfan: `/v2/chat/completions`.
    Qianfan,
    /// ByteDance's Volcengine Ark: `/api/v3/chat/completions`.
    Ark,
    /// MiniMax: `/v1/chat/completions`, `/v1/text/chatcompletion_v2`, `/anthropic/v1/messages`.
    MiniMax,
    /// Zhipu: `/api/paas/v4/chat/completions`, with a raw key or a signed token.
    Zhipu,
    /// DeepSeek: `/chat/completions`, `/v1/chat/completions`, `/beta/chat/completions`.
    DeepSeek,
    /// Moonshot: `/v1/chat/completions`.
    Moonshot,
    /// Tencent's TokenHub: `/v1/chat/completions`.
    TokenHub,
    /// Tencent's old Hunyuan platform: `ChatCompletions` at `/` signed with TC3, and
    /// `/v1/chat/completions`.
    Tencent,
    /// Huawei's ModelArts MaaS: `/v1/chat/completions`, `/v2/chat/completions`.
    Huawei,
    /// A vLLM server: `/v1/chat/completions`.
    Vllm,
    /// A llama.cpp server: `/v1/chat/completions`.
    LlamaCpp,
    /// Meta's retired Llama API: `/v1/chat/completions` in a shape of its own.
    LlamaApi,
    /// An Ollama server: `/api/chat`.
    Ollama,
    /// Anthropic: `/v1/messages`.
    Anthropic,
}

impl Kind {
    /// Every partner.
    pub const ALL: [Self; 16] = [
        Self::OpenAi,
        Self::DashScope,
        Self::Qianfan,
        Self::Ark,
        Self::MiniMax,
        Self::Zhipu,
        Self::DeepSeek,
        Self::Moonshot,
        Self::TokenHub,
        Self::Tencent,
        Self::Huawei,
        Self::Vllm,
        Self::LlamaCpp,
        Self::LlamaApi,
        Self::Ollama,
        Self::Anthropic,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::DashScope => "dashscope",
            Self::Qianfan => "qianfan",
            Self::Ark => "ark",
            Self::MiniMax => "minimax",
            Self::Zhipu => "zhipu",
            Self::DeepSeek => "deepseek",
            Self::Moonshot => "moonshot",
            Self::TokenHub => "tokenhub",
            Self::Tencent => "tencent",
            Self::Huawei => "huawei",
            Self::Vllm => "vllm",
            Self::LlamaCpp => "llama-cpp",
            Self::LlamaApi => "llama-api",
            Self::Ollama => "ollama",
            Self::Anthropic => "anthropic",
        }
    }

    /// Other names people know it by: its models, its company.
    pub fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["chatgpt", "gpt"],
            Self::DashScope => &["qwen", "alibaba"],
            Self::Qianfan => &["baidu", "ernie"],
            Self::Ark => &["bytedance", "doubao", "volcengine"],
            Self::Zhipu => &["bigmodel", "glm"],
            Self::Moonshot => &["kimi"],
            Self::Tencent => &["hunyuan", "tencent-native"],
            Self::Huawei => &["huawei-maas", "pangu"],
            Self::LlamaCpp => &["llamacpp", "llama.cpp"],
            Self::LlamaApi => &["llama"],
            Self::Anthropic => &["claude"],
            Self::MiniMax | Self::DeepSeek | Self::TokenHub | Self::Vllm | Self::Ollama => &[],
        }
    }

    /// The partner with this name or alias.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name || kind.aliases().contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_leads_to_its_partner_alone() {
        let mut seen = HashSet::new();
        for kind in Kind::ALL {
            for name in kind.aliases().iter().chain([&kind.name()]) {
                assert_eq!(Kind::named(name), Some(kind), "{name}");
                assert!(seen.insert(*name), "{name} twice");
            }
        }
        assert_eq!(Kind::named("nobody"), None);
    }
}
