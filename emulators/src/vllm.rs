//! A vLLM server with a Llama on it: `facts/partners/llama.md` B, after <https://docs.vllm.ai>.
//!
//! It does not moderate and needs no key unless one is named. A trailing assistant message is
//! continued where `continue_final_message` says so.

use crate::conversation::{Manner, Prefix};
use crate::exchange::{Request, Response, Ticket};
use crate::family::{
    self, Failure, Headers, House, Model, Question, Rules, Scene, Step, Thinks, Trouble,
};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::huawei::{vllm_chunk, vllm_whole};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::tree::{Tree, object};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    family::answer(&Vllm, request)
}

struct Vllm;

const MODELS: [Model; 4] = [
    Model::new("meta-llama/Llama-3.3-70B-Instruct", Thinks::OnDemand, false, 131_072),
    Model::new("meta-llama/Llama-3.1-8B-Instruct", Thinks::OnDemand, false, 131_072),
    Model::new(
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
        Thinks::OnDemand,
        true,
        1_000_000,
    ),
    Model::new("llama-3.3-70b", Thinks::OnDemand, false, 131_072),
];

const RULES: Rules = Rules {
    own: &[
        "add_generation_prompt",
        "chat_template_kwargs",
        "continue_final_message",
        "guided_json",
        "ignore_eos",
        "min_p",
        "priority",
        "repetition_penalty",
        "stop_token_ids",
        "structured_outputs",
        "top_k",
    ],
    lacks: &["thinking"],
    stop: (16, usize::MAX),
    choices: 8,
    ..Rules::USUAL
};

impl House for Vllm {
    fn persona(&self) -> Persona {
        Persona::Llama
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v1/chat/completions"]
    }

    fn models(&self) -> &'static [Model] {
        &MODELS
    }

    fn manner(&self, _path: &str) -> Manner {
        Manner {
            roles: &["system", "developer", "user", "assistant", "tool"],
            fields: &[
                "role",
                "content",
                "name",
                "tool_calls",
                "tool_call_id",
                "reasoning",
                "reasoning_content",
            ],
            strict: false,
            parts: Parts::Typed(&["text", "image_url"]),
            prefix: Prefix::Trailing,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        fields.integer("top_k", -1)?;
        fields.number("min_p", 0.0, 1.0)?;
        fields.number("repetition_penalty", 0.0, f64::MAX)?;
        let continues = fields.boolean("continue_final_message")?.unwrap_or(false);
        if continues && fields.boolean("add_generation_prompt")? != Some(false) {
            let message = "Cannot set both `continue_final_message` and `add_generation_prompt` to \
                           True.";
            return Err(Problem::new("continue_final_message", None, message));
        }
        if !continues {
            question.ask.conversation.prefix = None;
        }
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
        Vec::new()
    }

    fn failure(&self, trouble: &Trouble, _request: &Request) -> Failure {
        let words = trouble.words();
        let status = trouble.usual_status();
        let kind = match trouble {
            Trouble::Key | Trouble::NoKey | Trouble::ExpiredKey | Trouble::Asked(Why::Key) => {
                return Failure::new(401, object! {"error": "Unauthorized"});
            }
            // Written by the web framework, not by the server.
            Trouble::Url => return Failure::new(404, object! {"detail": "Not Found"}),
            Trouble::Method => return Failure::new(405, object! {"detail": "Method Not Allowed"}),
            Trouble::Model(_) => "NotFoundError",
            _ if status == 429 => "TooManyRequestsError",
            _ if status == 503 => "ServiceUnavailableError",
            _ if status >= 500 => "InternalServerError",
            _ => "BadRequestError",
        };
        let param = match trouble {
            Trouble::Field(problem) if !problem.path.is_empty() => Some(problem.path.as_str()),
            _ => None,
        };
        let error = object! {"message": words, "type": kind, "param": param, "code": status};
        Failure::new(status, object! {"error": error})
    }

    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        format!("chatcmpl-tool-{}", ticket.hex(16 + index as u64, 32))
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let usage = scene.question.usage_each.then(|| self.usage(scene));
        vllm_chunk(scene, choice, step, "reasoning", usage)
    }

    fn usage(&self, scene: &Scene) -> Tree {
        let (input, output) = (scene.question.ask.input_tokens(), scene.reply.output_tokens());
        object! {
            "prompt_tokens": input,
            "total_tokens": input + output,
            "completion_tokens": output,
            "prompt_tokens_details": None::<&str>,
        }
    }

    fn whole(&self, scene: &Scene) -> Tree {
        vllm_whole(scene, "reasoning", self.usage(scene))
    }
}
