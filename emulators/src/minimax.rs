//! MiniMax: `facts/partners/minimax.md`, after <https://platform.minimax.io/docs/api-reference> and
//! a refusal recorded in 2026.
//!
//! Moderation is a success with `choices: null`; `base_resp` tells more than the HTTP status.

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
    family::answer(&MiniMax, request)
}

struct MiniMax;

/// The older address, where every error is a success too.
const NATIVE: &str = "/v1/text/chatcompletion_v2";

const MODELS: [Model; 3] = [
    Model::new("MiniMax-M3", Thinks::Always, true, 1_000_000),
    Model::new("MiniMax-M2.7", Thinks::Always, false, 204_800),
    Model::new("MiniMax-M2.7-highspeed", Thinks::Always, false, 204_800),
];

const RULES: Rules = Rules {
    own: &["reasoning_split", "mask_sensitive_info"],
    temperature: (0.0, 1.0),
    temperature_above: true,
    ..Rules::USUAL
};

impl House for MiniMax {
    fn persona(&self) -> Persona {
        Persona::MiniMax
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v1/chat/completions", NATIVE]
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
                "reasoning_details",
                "audio_content",
            ],
            strict: false,
            parts: Parts::Typed(&["text", "image_url", "video_url"]),
            prefix: Prefix::No,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        let split = fields.boolean("reasoning_split")?.unwrap_or(false);
        fields.boolean("mask_sensitive_info")?;
        question.thinks_aloud = !split && question.ask.conversation.prefix.is_none();
        Ok(())
    }

    fn headers(&self, ticket: &Ticket) -> family::Headers {
        let trace = ticket.hex(1, 32);
        vec![("trace-id", trace.clone()), ("minimax-request-id", trace)]
    }

    fn failure(&self, trouble: &Trouble, request: &Request) -> Failure {
        let words = trouble.words();
        let (status, code, message, kind) = match trouble {
            Trouble::NoKey => (401, 1004, "login fail: please carry the API secret key", AUTH),
            Trouble::Key | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                (401, 2049, "invalid api key", AUTH)
            }
            Trouble::Asked(Why::RateLimit) => (429, 1002, "rate limit", "rate_limit_error"),
            Trouble::Asked(Why::Quota) => {
                (429, 1008, "insufficient balance", "insufficient_balance_error")
            }
            Trouble::Asked(Why::Overloaded) => {
                (503, 1041, "connection limit, please retry", "overloaded_error")
            }
            Trouble::Asked(Why::Moderation) => (200, 1026, "input new_sensitive", SENSITIVE),
            Trouble::Moderated => (200, 1027, "output new_sensitive", SENSITIVE),
            Trouble::MidStream | Trouble::Asked(Why::Server | Why::Under200) => {
                (500, 1013, "internal service error", SERVER)
            }
            Trouble::Asked(Why::Status(status)) if *status >= 500 => {
                (*status, 1033, "system error", SERVER)
            }
            Trouble::Asked(Why::ContextLength) | Trouble::TooLong { .. } => {
                (400, 2013, "invalid params, context window exceeds limit", INVALID)
            }
            other => (other.usual_status(), 2013, words.as_str(), INVALID),
        };
        let base = base_resp(code, message);
        if kind == SENSITIVE {
            let input = code == 1026;
            // Recorded: the whole answer, also where a stream was asked for.
            let model = request.json().and_then(|body| Some(body["model"].as_str()?.to_owned()));
            let body = object! {
                "id": self.id(&request.ticket),
                "choices": None::<&str>,
                "model": model.as_deref().unwrap_or_default(),
                "usage": object! {"total_tokens": 0_u64},
            };
            let (found, kind) = if input {
                ("input_sensitive", "input_sensitive_type")
            } else {
                ("output_sensitive", "output_sensitive_type")
            };
            let body = body.with(found, true).with(kind, 1_u64).with("base_resp", base);
            return Failure::new(200, body);
        }
        let hidden = matches!(trouble, Trouble::Asked(Why::Under200));
        if hidden || request.path == NATIVE {
            let own = request.path == NATIVE && !matches!(trouble, Trouble::Asked(Why::Status(_)));
            return Failure::new(if own { 200 } else { status }, object! {"base_resp": base});
        }
        let error = object! {
            "type": kind,
            "message": format!("{message} ({code})"),
            "http_code": status.to_string(),
        };
        let body = object! {
            "type": "error", "error": error, "request_id": request.ticket.hex(1, 32),
        };
        Failure::new(status, body)
    }

    fn id(&self, ticket: &Ticket) -> String {
        ticket.hex(2, 32)
    }

    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        format!("call_function_{}_{}", ticket.hex(16, 12), index + 1)
    }

    fn steps(&self, scene: &Scene, choice: usize) -> Vec<Step> {
        let mut steps = family::usual_steps(scene, choice);
        // Every chunk has the role; none has only that.
        steps.retain(|step| *step != Step::Open);
        steps
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let mut delta = match step {
            Step::Think(piece) => object! {
                "content": "",
                "reasoning_content": piece.as_str(),
                "reasoning_details": details(piece),
            },
            Step::Say(piece) => object! {"content": piece.as_str()},
            _ => delta(scene, step, "reasoning_content"),
        };
        delta =
            delta.with("role", "assistant").with("name", "MiniMax AI").with("audio_content", "");
        let one = object! {"index": choice, "delta": delta}
            .maybe("finish_reason", step.is_end().then_some(scene.finish));
        let chunk = object! {
            "id": scene.id.as_str(),
            "choices": vec![one],
            "created": scene.created,
            "model": scene.named.model.as_str(),
            "object": "chat.completion.chunk",
            "usage": None::<&str>,
        };
        sensitivity(chunk)
    }

    fn usage_chunk(&self, scene: &Scene) -> Tree {
        let chunk = object! {
            "id": scene.id.as_str(),
            "choices": Vec::new(),
            "created": scene.created,
            "model": scene.named.model.as_str(),
            "object": "chat.completion.chunk",
            "usage": self.usage(scene),
        };
        sensitivity(chunk).with("base_resp", base_resp(0, ""))
    }

    fn usage(&self, scene: &Scene) -> Tree {
        let (input, output) = (scene.question.ask.input_tokens(), scene.reply.output_tokens());
        let reasoning = scene.reply.reasoning_tokens();
        object! {
            "total_tokens": input + output,
            "total_characters": 0_u64,
            "prompt_tokens": input,
            "completion_tokens": output,
            "completion_tokens_details": object! {"reasoning_tokens": reasoning},
        }
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let calls = calls(scene, false);
        let thought = Some(scene.reply.reasoning.as_str()).filter(|text| !text.is_empty());
        let message = object! {"content": scene.text(0), "role": "assistant", "name": "MiniMax AI"}
            .with("audio_content", "")
            .maybe("reasoning_content", thought)
            .maybe("reasoning_details", thought.map(details))
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let choice = object! {
            "finish_reason": scene.finish, "index": 0_u64, "message": message,
        };
        let body = object! {
            "id": scene.id.as_str(),
            "choices": vec![choice],
            "created": scene.created,
            "model": scene.named.model.as_str(),
            "object": "chat.completion",
            "usage": self.usage(scene),
        };
        sensitivity(body).with("base_resp", base_resp(0, ""))
    }

    fn moderated_whole(&self) -> Option<Trouble> {
        Some(Trouble::Moderated)
    }

    fn moderated_stream(&self, _scene: &Scene, request: &Request) -> Option<Tree> {
        Some(self.failure(&Trouble::Moderated, request).body)
    }
}

const AUTH: &str = "authorized_error";
const INVALID: &str = "bad_request_error";
const SENSITIVE: &str = "sensitive";
const SERVER: &str = "server_error";

fn base_resp(code: u64, message: &str) -> Tree {
    object! {"status_code": code, "status_msg": message}
}

fn details(thought: &str) -> Vec<Tree> {
    vec![object! {
        "type": "reasoning.text",
        "id": "reasoning-text-1",
        "format": "MiniMax-response-v1",
        "index": 0_u64,
        "text": thought,
    }]
}

/// The fields that tell what moderation found: nothing.
fn sensitivity(body: Tree) -> Tree {
    body.with("input_sensitive", false)
        .with("output_sensitive", false)
        .with("input_sensitive_type", 0_u64)
        .with("output_sensitive_type", 0_u64)
        .with("output_sensitive_int", 0_u64)
}
