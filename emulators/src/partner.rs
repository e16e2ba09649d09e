//! Which partner answers.

use http::StatusCode;
use serde_json::json;

use crate::delivery::Delivery;
use crate::exchange::{Request, Response};
use crate::kind::Kind;
use crate::{anthropic, dashscope, llama_api, ollama, openai, tencent};

/// What the partner `kind` answers to `request`.
pub(crate) fn answer(kind: Kind, request: &Request) -> Response {
    match kind {
        Kind::OpenAi => openai::answer(request),
        Kind::DashScope => dashscope::answer(request),
        Kind::Tencent => tencent::answer(request),
        Kind::Ollama => ollama::answer(request),
        Kind::Anthropic => anthropic::answer(request),
        Kind::LlamaApi => llama_api::answer(request),
        Kind::MiniMax if request.path.starts_with("/anthropic/") => {
            anthropic::at(anthropic::House::MiniMax, request)
        }
        Kind::Qianfan
        | Kind::Ark
        | Kind::MiniMax
        | Kind::Zhipu
        | Kind::DeepSeek
        | Kind::Moonshot
        | Kind::TokenHub
        | Kind::Huawei
        | Kind::Vllm
        | Kind::LlamaCpp => nothing(request),
    }
}

/// What a partner says of a path it does not serve.
fn nothing(request: &Request) -> Response {
    let message = format!("Not found: {} {}", request.method, request.path);
    let body = json!({"error": {"message": message, "type": "not_found_error"}}).to_string();
    Response::Answer {
        status: StatusCode::NOT_FOUND,
        headers: vec![("content-type", "application/json".to_owned())],
        delivery: Delivery::whole(body.into_bytes(), None),
    }
}
