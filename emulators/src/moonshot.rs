//! Moonshot's Kimi: `facts/partners/moonshot.md`, after <https://platform.kimi.ai/docs/api/chat.md>
//! and <https://platform.kimi.com/docs/api/errors>.

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
    family::answer(&Moonshot, request)
}

struct Moonshot;

const MODELS: [Model; 10] = [
    Model::new("kimi-k3", Thinks::Always, true, 1_048_576),
    Model::new("kimi-k3.1-pro", Thinks::Always, true, 1_048_576),
    Model::new("kimi-k3.1-pro-highspeed", Thinks::Always, true, 1_048_576),
    Model::new("kimi-k2.7-code", Thinks::Always, false, 262_144),
    Model::new("kimi-k2.7-code-highspeed", Thinks::Always, false, 262_144),
    Model::new("kimi-k2.6", Thinks::ByDefault, true, 262_144),
    Model::new("kimi-k2.5", Thinks::ByDefault, true, 262_144),
    Model::new("moonshot-v1-8k", Thinks::Never, false, 8_192),
    Model::new("moonshot-v1-32k", Thinks::Never, false, 32_768),
    Model::new("moonshot-v1-128k", Thinks::Never, false, 131_072),
];

const RULES: Rules = Rules {
    own: &["prompt_cache_key", "safety_identifier"],
    lacks: &["logit_bias"],
    stop: (5, 32),
    efforts: &["low", "high", "max"],
    ..Rules::USUAL
};

/// The longest messages taken, in bytes.
const MAX_MESSAGES: usize = 2_097_152;

impl House for Moonshot {
    fn persona(&self) -> Persona {
        Persona::Kimi
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v1/chat/completions"]
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
                "partial",
            ],
            strict: false,
            parts: Parts::Typed(&["text", "image_url", "video_url"]),
            prefix: Prefix::Flag("partial"),
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        let model = question.model;
        let bad = |field: &str, message: String| Err(Problem::new(field, None, message));
        let thinking = fields.object("thinking")?;
        let disabled = match &thinking {
            Some(thinking) => thinking.string("type")? == Some("disabled"),
            None => false,
        };
        if model.thinks == Thinks::Always && disabled {
            return bad("thinking", "invalid thinking: this model always thinks".to_owned());
        }
        if let Some(fixed) = fixed_temperature(model, question.ask.thinking)
            && fields.number("temperature", 0.0, 2.0)?.is_some_and(|t| (t - fixed).abs() > 1e-9)
        {
            let message = format!("invalid temperature: only {fixed} is allowed for this model");
            return bad("temperature", message);
        }
        if model.name.starts_with("kimi-k3") {
            let fixed = [("top_p", 0.95), ("presence_penalty", 0.0), ("frequency_penalty", 0.0)];
            for (name, only) in fixed {
                let sent = fields.number(name, -2.0, 2.0)?;
                if sent.is_some_and(|sent| (sent - only).abs() > 1e-9) {
                    let message = format!("invalid {name}: only {only} is allowed for this model");
                    return bad(name, message);
                }
            }
        }
        if question.ask.thinking && question.ask.conversation.unreasoned_calls {
            let message = "thinking is enabled but reasoning_content is missing in assistant tool \
                           call message";
            return bad("messages", message.to_owned());
        }
        for tool in fields.array("tools")?.unwrap_or_default() {
            if tool["function"]["strict"] == true {
                return bad("tools", "invalid tools: strict is not supported".to_owned());
            }
        }
        let length: usize = fields
            .array("messages")?
            .unwrap_or_default()
            .iter()
            .map(|message| message.to_string().len())
            .sum();
        if length > MAX_MESSAGES {
            return bad("messages", "total message size exceeds limit 2097152".to_owned());
        }
        Ok(())
    }

    fn headers(&self, ticket: &Ticket) -> family::Headers {
        vec![("msh-request-id", ticket.hex(1, 32)), ("x-request-id", ticket.hex(1, 32))]
    }

    fn failure(&self, trouble: &Trouble, _request: &Request) -> Failure {
        const INVALID: &str = "invalid_request_error";
        let words = trouble.words();
        let (status, kind, message) = match trouble {
            Trouble::NoKey => (401, "invalid_authentication_error", "Incorrect API key provided"),
            Trouble::Key | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                (401, "incorrect_api_key_error", "Incorrect API key provided")
            }
            Trouble::Url | Trouble::Model(_) => (404, "resource_not_found_error", words.as_str()),
            Trouble::Asked(Why::Moderation) | Trouble::Moderated => (
                400,
                "content_filter",
                "The request was rejected because it was considered high risk",
            ),
            Trouble::TooLong { .. } | Trouble::Asked(Why::ContextLength) => {
                (400, INVALID, "Invalid request: Your request exceeded model token limit: 1048576")
            }
            Trouble::Asked(Why::RateLimit) => (
                429,
                "rate_limit_reached_error",
                "Your account reached max request per minute: 500, please try again after 1 seconds",
            ),
            Trouble::Asked(Why::Quota) => (
                429,
                "exceeded_current_quota_error",
                "You exceeded your current token quota, please check your account balance",
            ),
            // Overload is told with 429 here.
            Trouble::Asked(Why::Overloaded) => (
                429,
                "engine_overloaded_error",
                "The engine is currently overloaded, please try again later",
            ),
            Trouble::Asked(Why::Status(403)) => (403, "permission_denied_error", words.as_str()),
            Trouble::Asked(Why::Status(status)) if *status > 500 => {
                (*status, "server_unavailable", words.as_str())
            }
            Trouble::MidStream | Trouble::Asked(Why::Server | Why::Under200) => {
                (500, "server_error", words.as_str())
            }
            other => (other.usual_status(), INVALID, words.as_str()),
        };
        let error = object! {"message": message, "type": kind};
        Failure::new(status, object! {"error": error})
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        // The usage stands in the last choice, whether or not a chunk of its own follows.
        let one = object! {
            "index": choice,
            "delta": delta(scene, step, "reasoning_content"),
            "finish_reason": step.is_end().then_some(scene.finish),
        }
        .maybe("usage", step.is_end().then(|| self.usage(scene)));
        object! {
            "id": scene.id.as_str(),
            "object": "chat.completion.chunk",
            "created": scene.created,
            "model": scene.named.model.as_str(),
            "choices": vec![one],
        }
    }

    fn usage(&self, scene: &Scene) -> Tree {
        family::usage(scene).with("cached_tokens", 0_u64)
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let calls = calls(scene, true);
        let thoughts = Some(scene.reply.reasoning.as_str()).filter(|text| !text.is_empty());
        let message = object! {"role": "assistant", "content": scene.text(0)}
            .maybe("reasoning_content", thoughts)
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let choice = object! {"index": 0_u64, "message": message, "finish_reason": scene.finish};
        object! {
            "id": scene.id.as_str(),
            "object": "chat.completion",
            "created": scene.created,
            "model": scene.named.model.as_str(),
            "choices": vec![choice],
            "usage": self.usage(scene),
        }
    }

    fn moderated_whole(&self) -> Option<Trouble> {
        Some(Trouble::Moderated)
    }

    fn moderated_stream(&self, _scene: &Scene, request: &Request) -> Option<Tree> {
        Some(self.failure(&Trouble::Moderated, request).body)
    }

    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        format!("call_{}", ticket.hex(16 + index as u64, 24))
    }
}

/// The only temperature a model takes, where it takes only one.
fn fixed_temperature(model: Model, thinking: bool) -> Option<f64> {
    match model.name {
        name if name.starts_with("kimi-k3") => Some(1.0),
        "kimi-k2.5" | "kimi-k2.6" => Some(if thinking { 1.0 } else { 0.6 }),
        _ => None,
    }
}
