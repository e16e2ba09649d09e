//! The OpenAI-compatible side of Tencent's old Hunyuan platform, switched off on 2026-09-30:
//! `facts/partners/tencent-hunyuan.md` B, after streams recorded in 2025.

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
    family::answer(&Hunyuan, request)
}

struct Hunyuan;

const MODELS: [Model; 5] = [
    Model::new("hunyuan-turbos-latest", Thinks::Never, false, 28_000),
    Model::new("hunyuan-2.0-instruct", Thinks::Never, false, 128_000),
    Model::new("hunyuan-2.0-thinking", Thinks::Always, false, 128_000),
    Model::new("hunyuan-a13b", Thinks::OnDemand, false, 224_000),
    Model::new("hunyuan-t1-latest", Thinks::Always, false, 28_000),
];

const RULES: Rules = Rules {
    own: &[
        "enable_enhancement",
        "enable_thinking",
        "force_search_enhancement",
        "stream_moderation",
        "search_info",
        "citation",
    ],
    tool_choice: &["none", "auto"],
    ..Rules::USUAL
};

/// What the platform wants shown beside every answer, here in our words.
const NOTE: &str = "以上内容为AI生成（模拟），不代表开发者立场，请勿删除或修改本标记";

impl House for Hunyuan {
    fn persona(&self) -> Persona {
        Persona::Hunyuan
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
            fields: &["role", "content", "name", "tool_calls", "tool_call_id"],
            strict: false,
            parts: Parts::Typed(&["text", "image_url"]),
            prefix: Prefix::No,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        let enhanced = fields.boolean("enable_enhancement")?.unwrap_or(false);
        question.ask.search = enhanced || fields.boolean("force_search_enhancement")? == Some(true);
        if question.model.thinks == Thinks::OnDemand {
            question.ask.thinking = fields.boolean("enable_thinking")?.unwrap_or(true);
        }
        Ok(())
    }

    fn failure(&self, trouble: &Trouble, request: &Request) -> Failure {
        let words = trouble.words();
        // The codes are those of the native side; the form is OpenAI's.
        let (status, code, kind) = match trouble {
            Trouble::NoKey | Trouble::Key | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                (401, "AuthFailure.UnauthorizedOperation", "invalid_request_error")
            }
            Trouble::Asked(Why::RateLimit) => (429, "LimitExceeded", "rate_limit_error"),
            Trouble::Asked(Why::Quota) => {
                (403, "FailedOperation.ResourcePackExhausted", "runtime_error")
            }
            Trouble::Asked(Why::Moderation) | Trouble::Moderated => {
                (400, "OperationDenied.TextIllegalDetected", "runtime_error")
            }
            Trouble::Asked(Why::Overloaded) => {
                (503, "FailedOperation.EngineServerLimitExceeded", "runtime_error")
            }
            Trouble::Model(_) => (400, "InvalidParameterValue.Model", "invalid_request_error"),
            Trouble::MidStream | Trouble::Asked(Why::Server | Why::Under200) => {
                (500, "FailedOperation.EngineServerError", "runtime_error")
            }
            Trouble::Asked(Why::Status(status)) if *status >= 500 => {
                (*status, "FailedOperation.EngineServerError", "runtime_error")
            }
            other => (other.usual_status(), "InvalidParameter", "invalid_request_error"),
        };
        let error = object! {"message": words, "type": kind, "param": None::<&str>, "code": code};
        let id = request.ticket.uuid();
        Failure::new(status, object! {"error": error, "request_id": id})
    }

    fn id(&self, ticket: &Ticket) -> String {
        ticket.hex(2, 32)
    }

    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        format!("call_{}", ticket.hex(16 + index as u64, 20))
    }

    fn finish(&self, end: End) -> &'static str {
        match end {
            End::Stop => "stop",
            End::Length => "length",
            End::ToolCalls => "tool_calls",
            End::Filtered => "sensitive",
        }
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let (content, reasoning) = match step {
            Step::Think(piece) => ("", piece.as_str()),
            Step::Say(piece) => (piece.as_str(), ""),
            _ => ("", ""),
        };
        let called = match step {
            // Later parts repeat the id, with an empty name.
            Step::CallOpen(index) => Some(call(scene, *index, &scene.reply.calls[*index].name, "")),
            Step::CallPart(index, part) => Some(call(scene, *index, "", part)),
            _ => None,
        };
        let delta = object! {
            "role": "assistant", "content": content, "reasoning_content": reasoning,
        }
        .maybe("tool_calls", called.map(|call| vec![call]));
        let one = object! {
            "index": choice,
            "delta": delta,
            "finish_reason": step.is_end().then_some(scene.finish),
        };
        envelope(scene, "chat.completion.chunk").with("choices", vec![one])
    }

    fn usage_chunk(&self, scene: &Scene) -> Tree {
        envelope(scene, "chat.completion.chunk")
            .with("choices", Vec::new())
            .with("usage", self.usage(scene))
    }

    fn usage(&self, scene: &Scene) -> Tree {
        let (input, output) = (scene.question.ask.input_tokens(), scene.reply.output_tokens());
        object! {
            "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        }
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let calls = calls(scene, true);
        let message = object! {
            "role": "assistant",
            "content": scene.text(0),
            "reasoning_content": scene.reply.reasoning.as_str(),
        }
        .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let choice = object! {"index": 0_u64, "message": message, "finish_reason": scene.finish};
        let moderated = scene.reply.end == End::Filtered;
        envelope(scene, "chat.completion")
            .with("choices", vec![choice])
            .with("usage", self.usage(scene))
            .maybe("moderation_level", moderated.then_some("1"))
    }
}

fn call(scene: &Scene, index: usize, name: &str, arguments: &str) -> Tree {
    object! {
        "index": index,
        "id": scene.call_ids[index].as_str(),
        "type": "function",
        "function": object! {"name": name, "arguments": arguments},
    }
}

fn envelope(scene: &Scene, kind: &'static str) -> Tree {
    object! {
        "id": scene.id.as_str(),
        "object": kind,
        "created": scene.created,
        "model": scene.named.model.as_str(),
        "system_fingerprint": "",
        "note": NOTE,
    }
}
