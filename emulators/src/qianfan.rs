//! Baidu's Qianfan, second version: `facts/partners/baidu-qianfan.md`, after
//! <https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb> and the client `qianfan` 0.4.12.3.

use crate::conversation::{Manner, Prefix};
use crate::exchange::{Request, Response, Ticket};
use crate::family::{
    self, Failure, Headers, House, Model, Question, Rules, Scene, Step, Thinks, Trouble, calls,
    delta,
};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::reply::End;
use crate::tree::{Tree, object};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    family::answer(&Qianfan, request)
}

struct Qianfan;

const MODELS: [Model; 6] = [
    Model::new("ernie-5.5-flash-preview", Thinks::OnDemand, true, 1_000_000),
    Model::new("ernie-5.1", Thinks::OnDemand, true, 119_000),
    Model::new("ernie-5.0", Thinks::OnDemand, true, 119_000),
    Model::new("ernie-5.0-thinking-latest", Thinks::Always, true, 119_000),
    Model::new("ernie-4.5-turbo-128k", Thinks::Never, false, 123_000),
    Model::new("ernie-x1.1", Thinks::Always, false, 56_000),
];

const RULES: Rules = Rules {
    own: &[
        "penalty_score",
        "repetition_penalty",
        "enable_thinking",
        "thinking_budget",
        "thinking_strategy",
        "web_search",
        "extra_parameters",
    ],
    lacks: &["logit_bias", "thinking"],
    stop: (4, usize::MAX),
    ..Rules::USUAL
};

impl House for Qianfan {
    fn persona(&self) -> Persona {
        Persona::Ernie
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v2/chat/completions"]
    }

    fn models(&self) -> &'static [Model] {
        &MODELS
    }

    fn manner(&self, _path: &str) -> Manner {
        Manner {
            roles: &["system", "user", "assistant", "tool"],
            fields: &["role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content"],
            strict: false,
            parts: Parts::Typed(&["text", "image_url", "video_url"]),
            prefix: Prefix::No,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        fields.number("penalty_score", 1.0, 2.0)?;
        fields.number("repetition_penalty", 0.0, 2.0)?;
        fields.integer("thinking_budget", 100)?;
        fields.one_of("thinking_strategy", &["short_think", "chain_of_draft"])?;
        fields.object("extra_parameters")?;
        if fields.integer("seed", 1)?.is_some_and(|seed| seed >= 2_147_483_647) {
            let message = "Invalid 'seed': must be below 2147483647.";
            return Err(Problem::new("seed", None, message));
        }
        if question.ask.stop.iter().any(|word| word.chars().count() > 20) {
            return Err(Problem::new("stop", None, "Invalid 'stop': at most 20 characters each."));
        }
        if let Some(search) = fields.object("web_search")? {
            question.ask.search = search.boolean("enable")?.unwrap_or(false);
        }
        question.ask.thinking = match question.model.thinks {
            Thinks::Never => false,
            Thinks::Always => true,
            _ => fields.boolean("enable_thinking")?.unwrap_or(question.ask.thinking),
        };
        Ok(())
    }

    fn admit(&self, request: &Request) -> Result<(), Trouble> {
        let key = request.bearer().ok_or(Trouble::NoKey)?;
        // A long-lived key has three parts; a token of the IAM has none.
        let formed = key.strip_prefix("bce-v3/").is_none_or(|rest| {
            rest.strip_prefix("ALTAK-")
                .and_then(|rest| rest.split_once('/'))
                .is_some_and(|(id, secret)| !id.is_empty() && !secret.is_empty())
        });
        if formed && request.keys.admit(key) { Ok(()) } else { Err(Trouble::Key) }
    }

    fn headers(&self, _ticket: &Ticket) -> Headers {
        vec![
            ("x-ratelimit-limit-requests", "60".to_owned()),
            ("x-ratelimit-remaining-requests", "59".to_owned()),
            ("x-ratelimit-limit-input-tokens", "150000".to_owned()),
            ("x-ratelimit-remaining-input-tokens", "149000".to_owned()),
            ("x-ratelimit-limit-output-tokens", "60000".to_owned()),
            ("x-ratelimit-remaining-output-tokens", "59000".to_owned()),
        ]
    }

    fn failure(&self, trouble: &Trouble, request: &Request) -> Failure {
        const INVALID: &str = "invalid_request_error";
        let words = trouble.words();
        let (status, code, message, kind) = match trouble {
            Trouble::Method => (405, "method_not_supported", words.as_str(), INVALID),
            Trouble::NoKey | Trouble::Key | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                (401, "invalid_iam_token", "IAM Certification failed", INVALID)
            }
            Trouble::NotJson => (400, "malformed_json", "The JSON of the request is bad", INVALID),
            Trouble::Field(problem) if problem.path.starts_with("messages") => {
                (400, "invalid_messages", words.as_str(), INVALID)
            }
            Trouble::Field(problem) if problem.path == "model" => {
                (400, "invalid_model", "model is empty", INVALID)
            }
            Trouble::Model(_) => (
                401,
                "invalid_model",
                "The model does not exist or you do not have access to it",
                INVALID,
            ),
            Trouble::TooLong { .. } | Trouble::Asked(Why::ContextLength) => {
                (400, "tokens_too_long", words.as_str(), INVALID)
            }
            // The wording of a recorded answer.
            Trouble::Asked(Why::RateLimit) => (
                429,
                "rpm_rate_limit_exceeded",
                "Rate limit reached for RPM",
                "rate_limit_exceeded",
            ),
            // No code is documented for a spent account; a plan without the right comes nearest.
            Trouble::Asked(Why::Quota) => (401, "no_parameter_permission", &*words, INVALID),
            Trouble::Asked(Why::Overloaded) => (
                429,
                "cluster_rate_limit_exceeded",
                "The cluster is overloaded, please try again later",
                "rate_limit_exceeded",
            ),
            Trouble::Asked(Why::Moderation) | Trouble::Moderated => {
                (403, "system_unsafe", "the content of the messages is unsafe", INVALID)
            }
            Trouble::Asked(Why::Status(status)) if *status < 500 => {
                (*status, "invalid_argument", &*words, INVALID)
            }
            Trouble::MidStream | Trouble::Asked(Why::Server | Why::Under200 | Why::Status(_)) => {
                (500, "internal_error", "Internal error", "internal_error")
            }
            Trouble::Url => (404, "invalid_argument", &*words, INVALID),
            Trouble::Field(_) | Trouble::Asked(Why::Prefix) => {
                (400, "invalid_argument", &*words, INVALID)
            }
        };
        let error = object! {"code": code, "message": message, "type": kind};
        Failure::new(status, object! {"error": error, "id": self.id(&request.ticket)})
    }

    fn id(&self, ticket: &Ticket) -> String {
        format!("as-{}", ticket.hex(2, 10))
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let end = step.is_end();
        let moderated = end && scene.reply.end == End::Filtered;
        let mut one = object! {
            "index": choice,
            "delta": delta(scene, step, "reasoning_content"),
        };
        if end {
            // In a stream the flag is there only where something was found.
            one = one
                .with("finish_reason", scene.finish)
                .maybe("flag", moderated.then_some(4_u64))
                .maybe("ban_round", moderated.then_some(Tree::Other((-1).into())));
        }
        envelope(scene, "chat.completion.chunk")
            .with("choices", vec![one])
            .maybe("usage", scene.question.usage_each.then(|| self.usage(scene)))
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let moderated = scene.reply.end == End::Filtered;
        let calls = calls(scene, false);
        let message = object! {"role": "assistant", "content": scene.text(0)}
            .maybe("reasoning_content", thoughts(scene))
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let choice = object! {
            "index": 0_u64,
            "message": message,
            "finish_reason": scene.finish,
            "flag": if moderated { 3_u64 } else { 0 },
        }
        .maybe("ban_round", moderated.then_some(Tree::Other((-1).into())));
        envelope(scene, "chat.completion")
            .with("choices", vec![choice])
            .with("usage", self.usage(scene))
            .maybe("search_results", scene.question.ask.search.then(found))
    }
}

fn envelope(scene: &Scene, kind: &'static str) -> Tree {
    object! {
        "id": scene.id.as_str(),
        "object": kind,
        "created": scene.created,
        "model": scene.named.model.as_str(),
    }
}

/// The reasoning, where there is some.
fn thoughts(scene: &Scene) -> Option<&str> {
    Some(scene.reply.reasoning.as_str()).filter(|text| !text.is_empty())
}

/// What a search found: nothing real.
fn found() -> Vec<Tree> {
    vec![object! {
        "index": 1_u64, "url": "https://example.com/emulated", "title": "An emulated result",
    }]
}
