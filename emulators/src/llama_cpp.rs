//! A llama.cpp server: `facts/partners/llama.md` D, after
//! <https://github.com/ggml-org/llama.cpp> `tools/server/README.md`.
//!
//! It serves the one model it was started with, whatever name a request has; it does not moderate,
//! needs no key unless one is named, and continues a trailing assistant message.

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
use crate::tree::{Tree, object};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    family::answer(&LlamaCpp, request)
}

struct LlamaCpp;

const MODELS: [Model; 1] = [Model::new("llama-3.3-70b", Thinks::OnDemand, false, 131_072)];

const RULES: Rules = Rules {
    own: &[
        "cache_prompt",
        "chat_template_kwargs",
        "grammar",
        "min_p",
        "reasoning_format",
        "repeat_penalty",
        "timings_per_token",
        "top_k",
    ],
    lacks: &["thinking"],
    stop: (64, usize::MAX),
    named_tool: false,
    ..Rules::USUAL
};

impl House for LlamaCpp {
    fn persona(&self) -> Persona {
        Persona::Llama
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v1/chat/completions", "/chat/completions"]
    }

    fn models(&self) -> &'static [Model] {
        &MODELS
    }

    fn model(&self, _name: &str) -> Option<Model> {
        Some(MODELS[0])
    }

    fn manner(&self, _path: &str) -> Manner {
        Manner {
            roles: &["system", "developer", "user", "assistant", "tool"],
            fields: &["role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content"],
            strict: false,
            parts: Parts::Typed(&["text", "image_url"]),
            prefix: Prefix::Trailing,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        fields.integer("top_k", 0)?;
        fields.number("min_p", 0.0, 1.0)?;
        fields.one_of("reasoning_format", &["none", "auto", "deepseek", "deepseek-legacy"])?;
        if let Some(template) = fields.object("chat_template_kwargs")? {
            question.ask.thinking = template.boolean("enable_thinking")?.unwrap_or(false);
        }
        Ok(())
    }

    fn admit(&self, request: &Request) -> Result<(), Trouble> {
        match request.bearer() {
            Some(key) if request.keys.admit(key) => Ok(()),
            None if request.keys.named().is_none() => Ok(()),
            _ => Err(Trouble::Key),
        }
    }

    fn moderates(&self) -> bool {
        false
    }

    fn headers(&self, _ticket: &Ticket) -> Headers {
        vec![("server", "llama.cpp".to_owned())]
    }

    fn events(&self) -> &'static str {
        "text/event-stream"
    }

    fn json(&self) -> &'static str {
        "application/json; charset=utf-8"
    }

    fn failure(&self, trouble: &Trouble, _request: &Request) -> Failure {
        let words = trouble.words();
        let status = trouble.usual_status();
        let (message, kind) = match trouble {
            Trouble::Url => ("File Not Found", "not_found_error"),
            Trouble::Key | Trouble::NoKey | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                ("Invalid API Key", "authentication_error")
            }
            Trouble::TooLong { .. } | Trouble::Asked(Why::ContextLength) => (
                "the request exceeds the available context size, try increasing it",
                "exceed_context_size_error",
            ),
            Trouble::Asked(Why::Overloaded) => ("Loading model", "unavailable_error"),
            _ if status >= 500 => (words.as_str(), "server_error"),
            _ => (words.as_str(), "invalid_request_error"),
        };
        let error = object! {"code": status, "message": message, "type": kind};
        Failure::new(status, object! {"error": error})
    }

    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        ticket.hex(16 + index as u64, 32)
    }

    fn preamble(&self) -> &'static [&'static str] {
        &[":\n\n"]
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let delta = match step {
            Step::Open => object! {"role": "assistant", "content": None::<&str>},
            _ => delta(scene, step, "reasoning_content"),
        };
        let one = object! {
            "finish_reason": step.is_end().then_some(scene.finish),
            "index": choice,
            "delta": delta,
        };
        let last = step.is_end() && !scene.question.include_usage;
        envelope(scene, vec![one], "chat.completion.chunk")
            .maybe("timings", last.then(|| timings(scene)))
    }

    fn usage_chunk(&self, scene: &Scene) -> Tree {
        envelope(scene, Vec::new(), "chat.completion.chunk")
            .with("usage", self.usage(scene))
            .with("timings", timings(scene))
    }

    fn usage(&self, scene: &Scene) -> Tree {
        let (input, output) = (scene.question.ask.input_tokens(), scene.reply.output_tokens());
        object! {
            "completion_tokens": output, "prompt_tokens": input, "total_tokens": input + output,
        }
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let calls = calls(scene, false);
        let thoughts = Some(scene.reply.reasoning.as_str()).filter(|text| !text.is_empty());
        let message = object! {"role": "assistant"}
            .maybe("reasoning_content", thoughts)
            .with("content", scene.text(0))
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let choice = object! {"finish_reason": scene.finish, "index": 0_u64, "message": message};
        envelope(scene, vec![choice], "chat.completion")
            .with("usage", self.usage(scene))
            .with("timings", timings(scene))
    }
}

fn envelope(scene: &Scene, choices: Vec<Tree>, kind: &'static str) -> Tree {
    object! {
        "choices": choices,
        "created": scene.created,
        "id": scene.id.as_str(),
        "model": scene.named.model.as_str(),
        "system_fingerprint": "b0-emulated",
        "object": kind,
    }
}

fn timings(scene: &Scene) -> Tree {
    object! {
        "prompt_n": scene.question.ask.input_tokens(),
        "prompt_ms": 1_u64,
        "predicted_n": scene.reply.output_tokens(),
        "predicted_ms": 1_u64,
    }
}
