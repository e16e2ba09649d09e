//! Huawei's ModelArts MaaS: `facts/partners/huawei-maas.md`, after
//! <https://support.huaweicloud.com/intl/zh-cn/usermanual-maas-modelarts/maas-modelarts-0080.html>.
//! No recorded traffic is known; behind the gateway stands vLLM.

use crate::conversation::{Manner, Prefix};
use crate::exchange::{Request, Response, Ticket};
use crate::family::{
    self, Failure, House, Model, Question, Rules, Scene, Step, Thinks, Trouble, calls, delta,
};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::tree::{Tree, object};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    family::answer(&Huawei, request)
}

struct Huawei;

const FIRST: &str = "/v1/chat/completions";

const MODELS: [Model; 6] = [
    Model::new("openpangu-2.0-pro", Thinks::OnDemand, false, 524_288),
    Model::new("openpangu-2.0-flash", Thinks::OnDemand, false, 524_288),
    Model::new("pangu-pro-moe", Thinks::OnDemand, false, 131_072),
    Model::new("glm-5.3", Thinks::OnDemand, false, 1_000_000),
    Model::new("glm-5.2", Thinks::OnDemand, false, 204_800),
    Model::new("deepseek-v4.1-flash", Thinks::OnDemand, false, 1_000_000),
];

const RULES: Rules = Rules {
    own: &["top_k", "chat_template_kwargs", "repetition_penalty", "prompt_logprobs"],
    ..Rules::USUAL
};

impl House for Huawei {
    fn persona(&self) -> Persona {
        Persona::Pangu
    }

    fn paths(&self) -> &'static [&'static str] {
        &[FIRST, "/v2/chat/completions"]
    }

    fn models(&self) -> &'static [Model] {
        &MODELS
    }

    fn manner(&self, _path: &str) -> Manner {
        Manner {
            roles: &["system", "user", "assistant", "tool"],
            fields: &["role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content"],
            strict: false,
            parts: Parts::Typed(&["text"]),
            prefix: Prefix::No,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        fields.integer("top_k", -1)?;
        if let Some(template) = fields.object("chat_template_kwargs")? {
            let wanted = template.boolean("enable_thinking")?.or(template.boolean("thinking")?);
            question.ask.thinking = wanted.unwrap_or(question.ask.thinking);
        }
        Ok(())
    }

    fn failure(&self, trouble: &Trouble, request: &Request) -> Failure {
        let words = trouble.words();
        let (status, code, message) = match trouble {
            Trouble::NoKey => (400, "81002", "The Authorization header is missing."),
            Trouble::Key | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                (401, "81003", "The API key is invalid.")
            }
            Trouble::Url | Trouble::Method | Trouble::Model(_) => {
                (trouble.usual_status(), "81009", words.as_str())
            }
            Trouble::Asked(Why::RateLimit) => {
                (429, "81101", "Too many requests, exceeded rate limit is 60 times per minute.")
            }
            Trouble::Asked(Why::Quota) => (401, "81005", "The free quota has been used up."),
            Trouble::Asked(Why::Moderation) | Trouble::Moderated => {
                (403, "81011", "Input text May contain sensitive information, please try again.")
            }
            Trouble::Asked(Why::Status(504)) => {
                let body = object! {
                    "error_code": "APIG.0203",
                    "error_msg": "Backend timeout.",
                    "request_id": request.ticket.hex(1, 32),
                };
                return Failure::new(504, body);
            }
            // What the engine says itself.
            Trouble::MidStream
            | Trouble::TooLong { .. }
            | Trouble::Asked(
                Why::Server | Why::Overloaded | Why::Under200 | Why::ContextLength | Why::Prefix,
            ) => {
                let status = trouble.usual_status();
                let kind = if status < 500 { "BadRequestError" } else { "InternalServerError" };
                let body = object! {
                    "object": "error", "message": words, "type": kind, "code": status,
                };
                return Failure::new(status, body);
            }
            other => (other.usual_status(), "81001", words.as_str()),
        };
        let code = format!("ModelArts.{code}");
        let body = if request.path == FIRST {
            object! {"error_code": code, "error_msg": message}
        } else {
            let kind = if status == 429 { "TooManyRequests" } else { "BadRequest" };
            object! {"error": object! {"code": code, "message": message, "type": kind}}
        };
        Failure::new(status, body)
    }

    fn id(&self, ticket: &Ticket) -> String {
        format!("chat-{}", ticket.hex(2, 32))
    }

    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        format!("chatcmpl-tool-{}", ticket.hex(16 + index as u64, 32))
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        vllm_chunk(scene, choice, step, "reasoning_content", None)
    }

    fn whole(&self, scene: &Scene) -> Tree {
        vllm_whole(scene, "reasoning_content", self.usage(scene))
    }

    fn moderated_whole(&self) -> Option<Trouble> {
        Some(Trouble::Moderated)
    }
}

/// A chunk as vLLM lays it out, with `reasoning` for the name of thoughts.
pub(crate) fn vllm_chunk(
    scene: &Scene,
    choice: usize,
    step: &Step,
    reasoning: &'static str,
    usage: Option<Tree>,
) -> Tree {
    let delta = match step {
        Step::Finish => object! {"content": ""},
        _ => delta(scene, step, reasoning),
    };
    let one = object! {
        "index": choice,
        "delta": delta,
        "logprobs": None::<&str>,
        "finish_reason": step.is_end().then_some(scene.finish),
    }
    .maybe("stop_reason", step.is_end().then_some(None::<&str>));
    object! {
        "id": scene.id.as_str(),
        "object": "chat.completion.chunk",
        "created": scene.created,
        "model": scene.named.model.as_str(),
        "choices": vec![one],
    }
    .maybe("usage", usage)
}

/// An answer in one piece as vLLM lays it out.
pub(crate) fn vllm_whole(scene: &Scene, reasoning: &'static str, usage: Tree) -> Tree {
    let choice = |choice: usize| {
        let thoughts = Some(scene.reply.reasoning.as_str()).filter(|text| !text.is_empty());
        object! {
            "index": choice,
            "message": object! {"role": "assistant", "content": scene.text(choice)}
                .with(reasoning, thoughts)
                .with("tool_calls", calls(scene, false)),
            "logprobs": None::<&str>,
            "finish_reason": scene.finish,
            "stop_reason": None::<&str>,
        }
    };
    object! {
        "id": scene.id.as_str(),
        "object": "chat.completion",
        "created": scene.created,
        "model": scene.named.model.as_str(),
        "choices": (0..scene.choices()).map(choice).collect::<Vec<_>>(),
        "usage": usage,
        "prompt_logprobs": None::<&str>,
    }
}
