//! ByteDance's Volcengine Ark: `facts/partners/bytedance-ark.md`, after recorded streams of 2025,
//! <https://www.volcengine.com/docs/82379/1299023> and the client `volcengine-ark-runtime` 5.0.54.

use crate::conversation::{Manner, Prefix};
use crate::exchange::{Request, Response, Ticket};
use crate::family::{
    self, Failure, House, Model, Question, Rules, Scene, Step, Thinks, Trouble, calls,
};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::reply::End;
use crate::tree::{Tree, object};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    family::answer(&Ark, request)
}

struct Ark;

const MODELS: [Model; 6] = [
    Model::new("doubao-seed-2-1-pro-260915", Thinks::ByDefault, true, 1_024_000),
    Model::new("doubao-seed-2-1-pro-260628", Thinks::ByDefault, true, 256_000),
    Model::new("doubao-seed-2-1-turbo-260628", Thinks::ByDefault, true, 256_000),
    Model::new("doubao-seed-2-1-lite-260915", Thinks::ByDefault, true, 1_024_000),
    Model::new("doubao-seed-1-6-250615", Thinks::ByDefault, true, 256_000),
    Model::new("doubao-seed-code-preview-251028", Thinks::ByDefault, true, 256_000),
];

const RULES: Rules = Rules {
    own: &["function_call", "repetition_penalty", "service_tier"],
    efforts: &["minimal", "low", "medium", "high"],
    ..Rules::USUAL
};

impl House for Ark {
    fn persona(&self) -> Persona {
        Persona::Doubao
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/api/v3/chat/completions"]
    }

    fn models(&self) -> &'static [Model] {
        &MODELS
    }

    fn model(&self, name: &str) -> Option<Model> {
        // An endpoint of the operator's stands for whatever model it was made with.
        let endpoint = name.strip_prefix("ep-").is_some_and(|rest| !rest.is_empty());
        let named = MODELS.into_iter().find(|model| model.name == name);
        named.or_else(|| endpoint.then(|| MODELS[0]))
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
                "encrypted_content",
            ],
            strict: false,
            parts: Parts::Typed(&["text", "image_url", "video_url"]),
            prefix: Prefix::No,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, _question: &mut Question) -> Result<(), Problem> {
        fields.number("repetition_penalty", 0.0, 2.0)?;
        fields.one_of("service_tier", &["auto", "default"])?;
        if fields.get("function_call").is_some() {
            return Err(Problem::beyond_the_emulator("function_call"));
        }
        Ok(())
    }

    fn headers(&self, ticket: &Ticket) -> family::Headers {
        vec![("x-request-id", request_id(ticket))]
    }

    fn events(&self) -> &'static str {
        "text/event-stream"
    }

    fn failure(&self, trouble: &Trouble, request: &Request) -> Failure {
        let words = trouble.words();
        let missing = |path: &str| format!("MissingParameter.{path}");
        let (status, code, kind) = match trouble {
            Trouble::Url | Trouble::Method => {
                (trouble.usual_status(), "InvalidPath".to_owned(), "NotFound")
            }
            Trouble::NoKey | Trouble::Key | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                (401, "AuthenticationError".to_owned(), "Unauthorized")
            }
            Trouble::Field(problem) if problem.code == Some("missing_required_parameter") => {
                (400, missing(&problem.path), "BadRequest")
            }
            Trouble::Field(problem) if !problem.path.is_empty() => {
                (400, format!("InvalidParameter.{}", problem.path), "BadRequest")
            }
            Trouble::Model(_) => (404, "InvalidEndpointOrModel.NotFound".to_owned(), "NotFound"),
            Trouble::Asked(Why::RateLimit) => {
                let code = "RateLimitExceeded.EndpointRPMExceeded";
                (429, code.to_owned(), "TooManyRequests")
            }
            Trouble::Asked(Why::Quota) => (429, "QuotaExceeded".to_owned(), "TooManyRequests"),
            // Overload is told with 429 here.
            Trouble::Asked(Why::Overloaded) => {
                (429, "ServerOverloaded".to_owned(), "TooManyRequests")
            }
            Trouble::Asked(Why::Moderation) => {
                (400, "InputTextSensitiveContentDetected".to_owned(), "BadRequest")
            }
            Trouble::Moderated => {
                (400, "OutputTextSensitiveContentDetected".to_owned(), "BadRequest")
            }
            Trouble::Asked(Why::Status(403)) => (403, "AccessDenied".to_owned(), "Forbidden"),
            Trouble::Asked(Why::Status(status)) if *status < 500 => {
                (*status, "InvalidParameter".to_owned(), "BadRequest")
            }
            Trouble::MidStream | Trouble::Asked(Why::Server | Why::Under200 | Why::Status(_)) => {
                (500, "InternalServiceError".to_owned(), "InternalServerError")
            }
            Trouble::NotJson
            | Trouble::Field(_)
            | Trouble::TooLong { .. }
            | Trouble::Asked(Why::ContextLength | Why::Prefix) => {
                (400, "InvalidParameter".to_owned(), "BadRequest")
            }
        };
        let message = format!("{words} Request id: {}", request_id(&request.ticket));
        let error = object! {"code": code, "message": message, "param": "", "type": kind};
        Failure::new(status, object! {"error": error})
    }

    fn id(&self, ticket: &Ticket) -> String {
        request_id(ticket)
    }

    /// No chunk for the role alone, and all calls whole in the chunk that ends the answer.
    fn steps(&self, scene: &Scene, choice: usize) -> Vec<Step> {
        let mut steps: Vec<Step> =
            scene.reply.reasoning_pieces().into_iter().map(Step::Think).collect();
        steps.extend(scene.reply.pieces_of(choice).into_iter().map(Step::Say));
        steps.push(if scene.reply.calls.is_empty() { Step::Finish } else { Step::Calls });
        steps
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let delta = match step {
            Step::Think(piece) => {
                object! {"content": "", "reasoning_content": piece.as_str(), "role": "assistant"}
            }
            Step::Say(piece) => object! {"content": piece.as_str(), "role": "assistant"},
            Step::Calls => {
                object! {"content": "", "role": "assistant", "tool_calls": calls(scene, true)}
            }
            _ => object! {"content": "", "role": "assistant"},
        };
        let moderated = step.is_end() && scene.reply.end == End::Filtered;
        let one = object! {"delta": delta}
            .maybe("finish_reason", step.is_end().then_some(scene.finish))
            .with("index", choice)
            .maybe("moderation_hit_type", moderated.then_some("violence"));
        let usage = scene.question.usage_each.then(|| self.usage(scene));
        envelope(scene, vec![one], "chat.completion.chunk", usage.into())
    }

    fn usage_chunk(&self, scene: &Scene) -> Tree {
        envelope(scene, Vec::new(), "chat.completion.chunk", self.usage(scene))
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let calls = calls(scene, false);
        let thoughts = Some(scene.reply.reasoning.as_str()).filter(|text| !text.is_empty());
        let message = object! {"content": scene.text(0)}
            .maybe("reasoning_content", thoughts)
            .with("role", "assistant")
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let moderated = scene.reply.end == End::Filtered;
        let choice = object! {
            "finish_reason": scene.finish,
            "index": 0_u64,
            "logprobs": None::<&str>,
            "message": message,
        }
        .maybe("moderation_hit_type", moderated.then_some("violence"));
        envelope(scene, vec![choice], "chat.completion", self.usage(scene))
    }

    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        let letters = ticket.hex(16 + index as u64, 24);
        format!("call_{letters}")
    }
}

/// The layout that recorded answers have: by the alphabet, but for the last two.
fn envelope(scene: &Scene, choices: Vec<Tree>, kind: &'static str, usage: Tree) -> Tree {
    object! {
        "choices": choices,
        "created": scene.created,
        "id": scene.id.as_str(),
        "model": scene.named.model.as_str(),
        "service_tier": "default",
        "object": kind,
        "usage": usage,
    }
}

/// "02", the time, and more digits; also the id of the answer.
fn request_id(ticket: &Ticket) -> String {
    format!("02{}{}", ticket.unix_millis(), ticket.hex(1, 48))
}
