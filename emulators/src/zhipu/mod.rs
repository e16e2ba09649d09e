//! Zhipu's `BigModel`: `facts/partners/zhipu.md`, after <https://docs.z.ai/api-reference/api-code> and
//! the client `zai-sdk` 0.2.3.

mod token;

use crate::conversation::{Manner, Prefix};
use crate::exchange::{Request, Response, Ticket};
use crate::family::{
    self, Failure, House, Model, Question, Rules, Scene, Step, Thinks, Trouble, calls, delta,
};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::reply::End;
use crate::tree::{Tree, object};
use token::Verdict;

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    family::answer(&Zhipu, request)
}

struct Zhipu;

/// The key whose tokens are good where no other is named.
const KNOWN: &str = "testid.testsecret";
/// A key that is refused where no key is named.
const BAD: &str = "badid.badsecret";

const MODELS: [Model; 7] = [
    Model::new("glm-5.3", Thinks::ByDefault, false, 1_000_000),
    Model::new("glm-5.3-flash", Thinks::Always, true, 1_048_576),
    Model::new("glm-5.2", Thinks::ByDefault, false, 204_800),
    Model::new("glm-5.1", Thinks::ByDefault, false, 204_800),
    Model::new("glm-5", Thinks::ByDefault, false, 204_800),
    Model::new("glm-4.7", Thinks::ByDefault, false, 204_800),
    Model::new("glm-4.7-flash", Thinks::ByDefault, false, 204_800),
];

const RULES: Rules = Rules {
    own: &[
        "do_sample",
        "request_id",
        "user_id",
        "tool_stream",
        "sensitive_word_check",
        "meta",
        "watermark_enabled",
    ],
    lacks: &["n", "logit_bias", "presence_penalty", "frequency_penalty"],
    temperature: (0.0, 1.0),
    tool_choice: &["auto"],
    named_tool: false,
    shapes: &["text", "json_object"],
    efforts: &["none", "minimal", "low", "medium", "high", "xhigh", "max"],
    ..Rules::USUAL
};

impl House for Zhipu {
    fn persona(&self) -> Persona {
        Persona::Glm
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/api/paas/v4/chat/completions", "/api/coding/paas/v4/chat/completions"]
    }

    fn models(&self) -> &'static [Model] {
        &MODELS
    }

    fn manner(&self, _path: &str) -> Manner {
        Manner {
            roles: &["system", "user", "assistant", "tool"],
            fields: &["role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content"],
            strict: false,
            parts: Parts::Bare(&["text", "image_url", "video_url"]),
            prefix: Prefix::No,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn read(&self, fields: &Fields<'_>, question: &mut Question) -> Result<(), Problem> {
        let bad = |field: &str, message: &str| Err(Problem::new(field, None, message));
        if fields.number("top_p", 0.0, 1.0)?.is_some_and(|p| p <= 0.0 || p >= 1.0) {
            return bad("top_p", "top_p参数非法：取值范围为(0, 1)");
        }
        fields.boolean("do_sample")?;
        fields.object("meta")?;
        fields.object("sensitive_word_check")?;
        fields.string("user_id")?;
        if question.model.thinks == Thinks::Always
            && let Some(thinking) = fields.object("thinking")?
            && thinking.string("type")? == Some("disabled")
        {
            return bad("thinking", "thinking参数非法：该模型不支持关闭思考");
        }
        question.own_id = fields.string("request_id")?.map(str::to_owned);
        question.call_pieces = fields.boolean("tool_stream")?.unwrap_or(false);
        Ok(())
    }

    fn other_tools(&self) -> &'static [&'static str] {
        &["web_search", "retrieval"]
    }

    fn admit(&self, request: &Request) -> Result<(), Trouble> {
        let key = request.bearer().ok_or(Trouble::NoKey)?;
        if key.matches('.').count() != 2 {
            let good = key != BAD && request.keys.admit(key);
            return if good { Ok(()) } else { Err(Trouble::Key) };
        }
        let known = request.keys.named().unwrap_or(KNOWN);
        let (id, secret) = known.split_once('.').ok_or(Trouble::Key)?;
        match token::verify(key, id, secret, request.ticket.unix_millis()) {
            Verdict::Good => Ok(()),
            Verdict::Expired => Err(Trouble::ExpiredKey),
            Verdict::Bad => Err(Trouble::Key),
        }
    }

    fn json(&self) -> &'static str {
        "application/json; charset=UTF-8"
    }

    fn events(&self) -> &'static str {
        "text/event-stream;charset=UTF-8"
    }

    fn failure(&self, trouble: &Trouble, _request: &Request) -> Failure {
        let words = trouble.words();
        let (status, code, message) = match trouble {
            Trouble::Url | Trouble::Method => (trouble.usual_status(), "1214", words.as_str()),
            Trouble::NoKey => (401, "1001", "Header中未收到Authorization参数，无法进行身份验证。"),
            Trouble::Key | Trouble::Asked(Why::Key) => (401, "1000", "身份验证失败。"),
            Trouble::ExpiredKey => (401, "1003", "Authentication Token已过期，请重新生成/获取。"),
            Trouble::NotJson => (400, "1210", "API 调用参数有误，请检查文档。"),
            Trouble::Field(problem) if problem.path.starts_with("messages") => {
                (400, "1214", words.as_str())
            }
            Trouble::Model(_) => (400, "1211", "模型不存在，请检查模型代码。"),
            Trouble::TooLong { .. } | Trouble::Asked(Why::ContextLength) => {
                (400, "1261", "Prompt 超长")
            }
            // The wording of a recorded answer.
            Trouble::Asked(Why::RateLimit) => {
                (429, "1302", "您的账户已达到速率限制，请您控制请求频率")
            }
            Trouble::Asked(Why::Quota) => (429, "1113", "余额不足或无可用资源包,请充值。"),
            // Overload is told with 429 here.
            Trouble::Asked(Why::Overloaded) => (429, "1305", "该模型当前访问量过大，请您稍后再试"),
            Trouble::Asked(Why::Moderation) | Trouble::Moderated => {
                let message = "系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生\
                               敏感内容的提示语，感谢您的配合。";
                let role = if *trouble == Trouble::Moderated { "assistant" } else { "user" };
                let body = object! {
                    "contentFilter": vec![object! {"level": 1_u64, "role": role}],
                    "error": object! {"code": "1301", "message": message},
                };
                return Failure::new(400, body);
            }
            Trouble::Asked(Why::Status(403)) => (403, "1220", "您无权访问该接口。"),
            Trouble::Asked(Why::Status(status)) if *status < 500 => {
                (*status, "1210", "API 调用参数有误，请检查文档。")
            }
            Trouble::MidStream | Trouble::Asked(Why::Server | Why::Under200 | Why::Status(_)) => {
                (500, "1234", "网络错误，请稍后重试或联系客服。")
            }
            Trouble::Field(_) | Trouble::Asked(Why::Prefix) => (400, "1210", words.as_str()),
        };
        let error = object! {"code": code, "message": message};
        Failure::new(status, object! {"error": error})
    }

    fn id(&self, ticket: &Ticket) -> String {
        format!("{}{}", ticket.unix_millis(), ticket.hex(2, 16))
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

    /// No chunk for the role alone.
    fn steps(&self, scene: &Scene, choice: usize) -> Vec<Step> {
        let mut steps = family::usual_steps(scene, choice);
        steps.retain(|step| *step != Step::Open);
        steps
    }

    fn has_usage_chunk(&self, _scene: &Scene) -> bool {
        false
    }

    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree {
        let delta = match step {
            Step::Think(piece) => {
                object! {"role": "assistant", "reasoning_content": piece.as_str()}
            }
            Step::Say(piece) => object! {"role": "assistant", "content": piece.as_str()},
            Step::Finish => object! {"role": "assistant", "content": ""},
            _ => delta(scene, step, "reasoning_content").with("role", "assistant"),
        };
        let end = step.is_end();
        let one = object! {"index": choice}
            .maybe("finish_reason", end.then_some(scene.finish))
            .with("delta", delta);
        object! {
            "id": scene.id.as_str(),
            "created": scene.created,
            "object": "chat.completion.chunk",
            "model": scene.named.model.as_str(),
            "choices": vec![one],
        }
        .maybe("usage", end.then(|| self.usage(scene)))
        .maybe("web_search", (end && scene.question.ask.search).then(found))
        .maybe("content_filter", (end && scene.reply.end == End::Filtered).then(filtered))
    }

    fn whole(&self, scene: &Scene) -> Tree {
        let calls = calls(scene, true);
        let thoughts = Some(scene.reply.reasoning.as_str()).filter(|text| !text.is_empty());
        let message = object! {"content": scene.text(0)}
            .maybe("reasoning_content", thoughts)
            .with("role", "assistant")
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let choice = object! {"finish_reason": scene.finish, "index": 0_u64, "message": message};
        let request_id = scene.question.own_id.as_deref().unwrap_or(&scene.id);
        object! {
            "choices": vec![choice],
            "created": scene.created,
            "id": scene.id.as_str(),
            "model": scene.named.model.as_str(),
            "object": "chat.completion",
            "request_id": request_id,
            "usage": self.usage(scene),
        }
        .maybe("web_search", scene.question.ask.search.then(found))
        .maybe("content_filter", (scene.reply.end == End::Filtered).then(filtered))
    }
}

fn filtered() -> Vec<Tree> {
    vec![object! {"role": "assistant", "level": 1_u64}]
}

/// What a search found: nothing real.
fn found() -> Vec<Tree> {
    vec![object! {
        "title": "An emulated result",
        "link": "https://example.com/emulated",
        "content": "Nothing was searched.",
        "refer": "ref_1",
    }]
}
