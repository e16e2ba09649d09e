//! Which partner answers.

use crate::exchange::{Request, Response};
use crate::kind::Kind;
use crate::{
    anthropic, ark, dashscope, deepseek, huawei, hunyuan, llama_api, llama_cpp, minimax, moonshot,
    ollama, openai, qianfan, tencent, tokenhub, vllm, zhipu,
};

/// What the partner `kind` answers to `request`.
pub(crate) fn answer(kind: Kind, request: &Request) -> Response {
    match kind {
        Kind::OpenAi => openai::answer(request),
        Kind::DashScope => dashscope::answer(request),
        Kind::Qianfan => qianfan::answer(request),
        Kind::Ark => ark::answer(request),
        Kind::MiniMax if request.path.starts_with("/anthropic/") => {
            anthropic::at(anthropic::House::MiniMax, request)
        }
        Kind::MiniMax => minimax::answer(request),
        Kind::Zhipu => zhipu::answer(request),
        Kind::DeepSeek => deepseek::answer(request),
        Kind::Moonshot => moonshot::answer(request),
        Kind::TokenHub => tokenhub::answer(request),
        // The native side has one path, the compatible one all others.
        Kind::Tencent if request.path.starts_with("/v1/") => hunyuan::answer(request),
        Kind::Tencent => tencent::answer(request),
        Kind::Huawei => huawei::answer(request),
        Kind::Vllm => vllm::answer(request),
        Kind::LlamaCpp => llama_cpp::answer(request),
        Kind::LlamaApi => llama_api::answer(request),
        Kind::Ollama => ollama::answer(request),
        Kind::Anthropic => anthropic::answer(request),
    }
}
