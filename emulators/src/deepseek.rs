//! DeepSeek: `facts/partners/deepseek.md`, after <https://api-docs.deepseek.com> and recorded
//! streams of 2025.
//!
//! While a request waits the connection is kept alive: empty lines before a JSON body, comment
//! lines in a stream. Both always come here once, so that a client has to take them.

use crate::ask::Choice;
use crate::conversation::{Manner, Prefix};
use crate::exchange::{Request, Response, Ticket};
use crate::family::{
    self, Failure, House, Model, Question, Rules, Scene, Step, Thinks, Trouble, calls, delta,
    openai_error,
};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::tree::{Tree, object};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    family::answer(&DeepSeek, request)
}

struct DeepSeek;

const BETA: &str = "/beta/chat/completions";

const MODELS: [Model; 4] = [
    Model::new("deepseek-flash", Thinks::ByDefault, true, 1_000_000),
    Model::new("deepseek-v4-flash", Thinks::ByDefault, true, 1_000_000),
    Model::new("deepseek-v4-flash-vision-exp", Thinks::ByDefault, true, 1_000_000),
    Model::new("deepseek-v4-pro", Thinks::ByDefault, true, 1_000_000),
];

const RULES: Rules = Rules {
    own: &["user_id"],
    lacks: &["seed", "logit_bias"],
    stop: (16, usize::MAX),
    shapes: &["text", "json_object"],
    efforts: &["low", "medium", "high", "xhigh", "max"],
    ..Rules::USUAL
};

impl House for DeepSeek {
    fn persona(&self) -> Persona {
        Persona::DeepSeek
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/chat/completions", "/v1/chat/completions", BETA]
    }

    fn models(&self) -> &'static [Model] {
        &MODELS
    }

    fn manner(&self, _path: &str) -> Manner {
        Manner {
            roles: &["system", "user", "assistant", "tool"],
            fields: &[
                "role",
                "content",
                "name",
                "tool_calls",
                "tool_call_id",
                "reasoning_content",
                "prefix",
            ],
            strict: false,
            parts: Parts::Typed(&["text", "image_url"]),
            prefix: Prefix::Flag("prefix"),
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        let ask = &question.ask;
        if ask.conversation.prefix.is_some() && question.path != BETA {
            let message = "The 'prefix' of a message needs the base_url \
                           https://api.deepseek.com/beta.";
            return Err(Problem::new("messages", None, message));
        }
        if ask.thinking && matches!(ask.choice, Choice::Required | Choice::Named(_)) {
            let message = "Thinking mode does not support this tool_choice";
            return Err(Problem::new("tool_choice", None, message));
        }
        if ask.thinking && ask.conversation.unreasoned_calls {
            let message = "Missing `reasoning_content` field in the assistant message with tool \
                           calls";
            return Err(Problem::new("messages", None, message));
        }
        let user = fields.string("user_id")?.unwrap_or("-");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if user.is_empty() || user.len() > 512 || !user.chars().all(plain) {
            let message = "Invalid 'user_id': expected [A-Za-z0-9_-]{1,512}";
            return Err(Problem::new("user_id", None, message));
        }
        Ok(())
    }

    fn has_fingerprint(&self) -> bool {
        true
    }

    fn headers(&self, ticket: &Ticket) -> family::Headers {
        vec![("x-ds-trace-id", ticket.hex(1, 32))]
    }

    fn failure(&self, trouble: &Trouble, _request: &Request) -> Failure {
        const INVALID: &str = "invalid_request_error";
        let words = trouble.words();
        let (status, message, kind) = match trouble {
            Trouble::NoKey => (
                401,
                "Authentication Fails (auth header format should be Bearer sk-...)",
                "authentication_error",
            ),
            Trouble::Key | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                (401, "Authentication Fails, Your api key is invalid", "authentication_error")
            }
            Trouble::Model(_) => (400, "Model Not Exist", INVALID),
            // A wrong type is told apart from a wrong value.
            Trouble::Field(problem) if problem.code == Some("invalid_type") => {
                (422, words.as_str(), INVALID)
            }
            Trouble::NotJson => (400, "Failed to parse the request body as JSON", INVALID),
            Trouble::Asked(Why::Moderation) | Trouble::Moderated => {
                (400, "Content Exists Risk", INVALID)
            }
            Trouble::Asked(Why::RateLimit) => (429, "Rate limit reached", "rate_limit_error"),
            Trouble::Asked(Why::Quota) => (402, "Insufficient Balance", "unknown_error"),
            Trouble::Asked(Why::Overloaded) => {
                (503, "Service is too busy. Please try again later.", "service_unavailable_error")
            }
            Trouble::MidStream | Trouble::Asked(Why::Server | Why::Under200) => {
                (500, "Internal Server Error", "server_error")
            }
            other => (other.usual_status(), words.as_str(), INVALID),
        };
        Failure::new(status, openai_error(message, kind, None, INVALID))
    }

    fn id(&self, ticket: &Ticket) -> String {
        ticket.uuid()
    }

    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        format!("call_{index:02}_{}", ticket.hex(16 + index as u64, 24))
    }

    fn preamble(&self) -> &'static [&'static str] {
        &[": keep-alive\n\n"]
    }

    fn lead(&self) -> &'static str {
        "\n"
    }

    fn has_usage_chunk(&self, _scene: &Scene) -> bool {
        false
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let thinks = scene.question.ask.thinking;
        let delta = match step {
            Step::Open if thinks => {
                object! {"role": "assistant", "content": None::<&str>, "reasoning_content": ""}
            }
            Step::Think(piece) => {
                object! {"content": None::<&str>, "reasoning_content": piece.as_str()}
            }
            Step::Say(piece) if thinks => {
                object! {"content": piece.as_str(), "reasoning_content": None::<&str>}
            }
            Step::Finish => {
                object! {"content": ""}.maybe("reasoning_content", thinks.then_some(None::<&str>))
            }
            _ => delta(scene, step, "reasoning_content"),
        };
        let one = object! {
            "index": choice,
            "delta": delta,
            "logprobs": None::<&str>,
            "finish_reason": step.is_end().then_some(scene.finish),
        };
        envelope(scene, "chat.completion.chunk")
            .with("choices", vec![one])
            .maybe("usage", step.is_end().then(|| self.usage(scene)))
    }

    fn usage(&self, scene: &Scene) -> Tree {
        let input = scene.question.ask.input_tokens();
        family::usage(scene)
            .with("prompt_cache_hit_tokens", 0_u64)
            .with("prompt_cache_miss_tokens", input)
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let calls = calls(scene, true);
        let thoughts = scene.question.ask.thinking.then_some(scene.reply.reasoning.as_str());
        let message = object! {"role": "assistant", "content": scene.text(0)}
            .maybe("reasoning_content", thoughts)
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let choice = object! {
            "index": 0_u64,
            "message": message,
            "logprobs": None::<&str>,
            "finish_reason": scene.finish,
        };
        let fingerprint = scene.named.fingerprint.as_deref();
        object! {
            "id": scene.id.as_str(),
            "object": "chat.completion",
            "created": scene.created,
            "model": scene.named.model.as_str(),
            "choices": vec![choice],
            "usage": self.usage(scene),
            "system_fingerprint": fingerprint,
        }
    }
}

fn envelope(scene: &Scene, kind: &'static str) -> Tree {
    object! {
        "id": scene.id.as_str(),
        "object": kind,
        "created": scene.created,
        "model": scene.named.model.as_str(),
        "system_fingerprint": scene.named.fingerprint.as_deref(),
    }
}
