//! Tencent's TokenHub: `facts/partners/tencent-hunyuan.md` A, after
//! <https://cloud.tencent.com/document/product/1823/131595>.

use crate::conversation::{Manner, Prefix};
use crate::exchange::{Request, Response};
use crate::family::{
    self, Failure, House, Model, Rules, Scene, Step, Thinks, Trouble, calls, delta,
};
use crate::fault::Why;
use crate::parts::Parts;
use crate::persona::Persona;
use crate::tree::{Tree, object};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    family::answer(&TokenHub, request)
}

struct TokenHub;

const MODELS: [Model; 8] = [
    Model::new("hy4-preview", Thinks::OnDemand, true, 1_024_000),
    Model::new("hy3", Thinks::OnDemand, false, 196_608),
    Model::new("hy3-preview", Thinks::OnDemand, false, 196_608),
    Model::new("hunyuan-role-latest", Thinks::Never, false, 32_768),
    Model::new("deepseek-v4.1-flash", Thinks::OnDemand, false, 1_000_000),
    Model::new("glm-5.3", Thinks::OnDemand, false, 1_000_000),
    Model::new("kimi-k3", Thinks::Always, true, 1_048_576),
    Model::new("minimax-m3", Thinks::Always, true, 1_000_000),
];

const RULES: Rules = Rules { efforts: &["none", "low", "medium", "high"], ..Rules::USUAL };

impl House for TokenHub {
    fn persona(&self) -> Persona {
        Persona::Hunyuan
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v1/chat/completions"]
    }

    fn models(&self) -> &'static [Model] {
        &MODELS
    }

    fn model(&self, name: &str) -> Option<Model> {
        // A service of the operator's stands for whatever model it was made with.
        let service = name.strip_prefix("ep-").is_some_and(|rest| !rest.is_empty());
        let named = MODELS.into_iter().find(|model| model.name == name);
        named.or_else(|| service.then(|| MODELS[0]))
    }

    fn manner(&self, _path: &str) -> Manner {
        Manner {
            roles: &["system", "developer", "user", "assistant", "tool"],
            fields: &["role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content"],
            strict: false,
            parts: Parts::Typed(&["text", "image_url"]),
            prefix: Prefix::No,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn failure(&self, trouble: &Trouble, request: &Request) -> Failure {
        const INVALID: &str = "invalid_request_error";
        let words = trouble.words();
        let (status, kind, code, message, source) = match trouble {
            Trouble::NoKey | Trouble::Key | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                (401, "authentication_error", "401002", "invalid api key", "client")
            }
            Trouble::Model(_) => (400, INVALID, "400004", words.as_str(), "client"),
            Trouble::Field(_) => (400, INVALID, "400002", words.as_str(), "client"),
            Trouble::Asked(Why::RateLimit) => (
                429,
                "rate_limit_error",
                "429001",
                "rate limit exceeded on dimension: rpm",
                "gateway",
            ),
            Trouble::Asked(Why::Quota) => (
                402,
                "permission_error",
                "401007",
                "endpoint is inactive: FREE_QUOTA_EXHAUSTED",
                "gateway",
            ),
            Trouble::Asked(Why::Moderation) | Trouble::Moderated => (
                451,
                "content_filter_error",
                "451001",
                "content was filtered by safety policy",
                "gateway",
            ),
            Trouble::Asked(Why::Status(403)) => {
                (403, "permission_error", "403001", words.as_str(), "gateway")
            }
            Trouble::MidStream | Trouble::Asked(Why::Server | Why::Under200 | Why::Overloaded) => {
                (502, "upstream_error", "502001", "upstream request failed", "upstream")
            }
            Trouble::Asked(Why::Status(status)) if *status >= 500 => {
                (*status, "upstream_error", "502001", "upstream request failed", "upstream")
            }
            other => (other.usual_status(), INVALID, "400001", words.as_str(), "client"),
        };
        let upstream = (source == "upstream").then_some(503_u64);
        let error = object! {"type": kind, "code": code, "message": message, "source": source}
            .maybe("upstream_status", upstream)
            .with("request_id", request.ticket.uuid());
        Failure::new(status, object! {"error": error})
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let one = object! {
            "index": choice,
            "delta": delta(scene, step, "reasoning_content"),
            "finish_reason": step.is_end().then_some(scene.finish),
        };
        envelope(scene, "chat.completion.chunk").with("choices", vec![one])
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let calls = calls(scene, true);
        let thoughts = Some(scene.reply.reasoning.as_str()).filter(|text| !text.is_empty());
        let message = object! {"role": "assistant", "content": scene.text(0)}
            .maybe("reasoning_content", thoughts)
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let choice = object! {"index": 0_u64, "message": message, "finish_reason": scene.finish};
        envelope(scene, "chat.completion")
            .with("choices", vec![choice])
            .with("usage", self.usage(scene))
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
