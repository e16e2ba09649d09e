//! Requests.
//!
//! Instructions that open the conversation are the member `system`; later ones are turns of their
//! own, which Anthropic takes since Claude Opus 4.8 (platform.claude.com,
//! build-with-claude/mid-conversation-system-messages) and nobody else. Results of tools, and what
//! the person says to them, are one turn. A turn of the model that comes last is continued by it,
//! so one that is not meant as a prefix cannot be said.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::turns::{System, Turns, input};
use crate::body::Body;
use crate::chat::{Chat, Message, Params, Reasoning, ResponseFormat, Tool, ToolChoice};
use crate::content::{Content, MediaSource, Part};
use crate::dialect::{Dialect, Echo};
use crate::error::WireError;
use crate::json::Json;
use crate::params::{self, Numbers};
use crate::protocol::Outgoing;

/// The token limit when nobody gave one; the protocol wants one.
const MOST_TOKENS: u32 = 8_192;

/// Members that mean something although a request does not write them.
const OWN: [&str; 6] = ["output_config", "stream", "system", "thinking", "tool_choice", "tools"];

/// Writes a request.
pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    let quirks = dialect.quirks();
    let params = &chat.params;
    let numbers = Numbers::of(dialect, params)?;
    params::check(dialect, chat)?;
    let opening = chat.messages.iter().take_while(|turn| matches!(turn, Message::System { .. }));
    let (opening, turns) = chat.messages.split_at(opening.count());
    check_turns(dialect, turns, opening.len())?;
    let (thinking, budget) = thinking(dialect, params)?;
    let most = params.max_tokens.unwrap_or(MOST_TOKENS.saturating_add(budget));

    let mut body = Body::new();
    body.member("model", model);
    body.member(&quirks.request.token_limit, &most);
    if !opening.is_empty() {
        body.member("system", &System(opening));
    }
    let echo = quirks.reasoning.echo == Echo::ToolTurns;
    body.member("messages", &Turns { turns, echo });
    if stream {
        body.member("stream", &true);
    }
    body.given("temperature", numbers.temperature.as_ref());
    body.given("top_p", numbers.top_p.as_ref());
    if let Some(top_k) = &params.top_k {
        let field = quirks.request.top_k.as_ref().ok_or_else(|| dialect.cannot("top_k"))?;
        body.member(field, top_k);
    }
    if !params.stop.is_empty() {
        body.member("stop_sequences", &params.stop);
    }
    let search = params::search(dialect, params)?.and_then(|form| form.tool.as_ref());
    if !chat.tools.is_empty() || search.is_some() {
        body.member("tools", &Tools { tools: &chat.tools, search });
    }
    body.given("tool_choice", choice(params, &chat.tools).as_ref());
    body.given("thinking", thinking.as_deref());
    body.given("output_config", output(dialect, params)?.as_ref());
    if let (Some(field), Some(hint)) = (&quirks.request.cache_key, &params.cache) {
        body.member(field, &Cache { r#type: "ephemeral", ttl: hint.hour.then_some("1h") });
    }
    params::extras(dialect, chat, &OWN, &mut body)?;
    let accept = if stream { "text/event-stream" } else { "application/json" };
    Ok(Outgoing {
        path: quirks.path.0.clone(),
        headers: params::headers(dialect, accept),
        body: body.finish().into(),
    })
}

/// What cannot be said in turns. `before` is how many turns were taken off the front.
fn check_turns(dialect: &Dialect, turns: &[Message], before: usize) -> Result<(), WireError> {
    let refuses = &dialect.quirks().request.refuses;
    for (at, turn) in turns.iter().enumerate() {
        let path = || format!("messages[{}]", before + at);
        match turn {
            Message::System { .. } if refuses.iter().any(|refused| refused == "system_turn") => {
                return Err(dialect.cannot("messages"));
            }
            Message::User { content } => check_parts(dialect, content)?,
            Message::Assistant { content, tool_calls, prefix, .. } => {
                let is_last = at + 1 == turns.len();
                if is_last != *prefix || (*prefix && dialect.prefix().is_none()) {
                    return Err(dialect.cannot(if is_last { "messages" } else { "prefix" }));
                }
                if *prefix && content.ends_with(char::is_whitespace) {
                    let detail = "a beginning to be continued cannot end in white space";
                    return Err(WireError::invalid(path(), detail));
                }
                if let Some(call) = tool_calls.iter().position(|call| input(call).is_none()) {
                    let param = format!("{}.tool_calls[{call}].arguments", path());
                    return Err(WireError::invalid(param, "not a JSON object"));
                }
            }
            Message::System { .. } | Message::Tool { .. } => {}
        }
    }
    if turns.is_empty() { Err(dialect.cannot("messages")) } else { Ok(()) }
}

fn check_parts(dialect: &Dialect, content: &Content) -> Result<(), WireError> {
    let parts = &dialect.quirks().parts;
    for part in content.parts() {
        match part {
            Part::Text(_) => {}
            Part::Image(image) if parts.image.is_some() => {
                if image.detail.as_ref().is_some_and(|detail| detail != "auto") {
                    return Err(dialect.cannot("image_url.detail"));
                }
            }
            Part::File(file) if parts.file.is_some() => {
                let is_pdf = |media_type: &str| media_type == "application/pdf";
                match &file.source {
                    MediaSource::Base64 { media_type, .. } if !is_pdf(media_type) => {
                        return Err(dialect.cannot("file"));
                    }
                    _ => {}
                }
            }
            Part::Image(_) => return Err(dialect.cannot("image_url")),
            Part::Audio(_) => return Err(dialect.cannot("input_audio")),
            Part::Video(_) => return Err(dialect.cannot("video_url")),
            Part::File(_) => return Err(dialect.cannot("file")),
        }
    }
    Ok(())
}

/// What turns thinking on or off, and the budget it was given.
fn thinking<'a>(
    dialect: &'a Dialect,
    params: &Params,
) -> Result<(Option<Cow<'a, Json>>, u32), WireError> {
    let quirks = &dialect.quirks().reasoning;
    let written = |members: &'a Option<crate::dialect::Members>| {
        let members = members.as_ref().ok_or_else(|| dialect.cannot("reasoning"))?;
        let thinking = members.0.iter().find(|(name, _)| name == "thinking");
        Ok(thinking.map(|(_, thinking)| Cow::Borrowed(thinking)))
    };
    match params.reasoning {
        None => Ok((None, 0)),
        Some(Reasoning::Off) => Ok((written(&quirks.off)?, 0)),
        Some(Reasoning::On { budget_tokens: None, .. }) => Ok((written(&quirks.on)?, 0)),
        Some(Reasoning::On { budget_tokens: Some(budget), .. }) => {
            let Some(field) = &quirks.budget else {
                return Err(dialect.cannot("thinking_budget"));
            };
            let least = quirks.least_budget.unwrap_or(0);
            if budget < least || params.max_tokens.is_some_and(|most| budget >= most) {
                let detail = format!("at least {least} and less than the token limit");
                return Err(WireError::invalid("thinking_budget", detail));
            }
            let thinking = Json::Object(vec![
                ("type".to_owned(), Json::String("enabled".to_owned())),
                (field.clone(), Json::Number(budget.into())),
            ]);
            Ok((Some(Cow::Owned(thinking)), budget))
        }
    }
}

/// What the answer is to be like: the effort, and a schema. A schema has no name here, and always
/// binds exactly.
fn output<'a>(dialect: &'a Dialect, params: &'a Params) -> Result<Option<Output<'a>>, WireError> {
    let mut output = Output { effort: None, format: None };
    if let Some(Reasoning::On { effort: Some(effort), .. }) = params.reasoning {
        let known = dialect.quirks().reasoning.efforts.get(effort.as_str());
        output.effort = Some(known.ok_or_else(|| dialect.cannot("reasoning_effort"))?);
    }
    if let Some(ResponseFormat::JsonSchema { description, schema, .. }) = &params.response_format {
        let (Some(schema), None) = (schema, description) else {
            return Err(dialect.cannot("response_format"));
        };
        output.format = Some(OutputFormat { r#type: "json_schema", schema });
    }
    Ok((output.effort.is_some() || output.format.is_some()).then_some(output))
}

fn choice<'a>(params: &'a Params, tools: &[Tool]) -> Option<Choice<'a>> {
    let one_by_one = params.parallel_tool_calls == Some(false);
    let (word, name) = match &params.tool_choice {
        None if one_by_one && !tools.is_empty() => ("auto", None),
        None => return None,
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::Function(name)) => ("tool", Some(name.as_str())),
    };
    Some(Choice { r#type: word, name, disable_parallel_tool_use: one_by_one && word != "none" })
}

#[derive(Serialize)]
struct Choice<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_parallel_tool_use: bool,
}

#[derive(Serialize)]
struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<OutputFormat<'a>>,
}

#[derive(Serialize)]
struct OutputFormat<'a> {
    r#type: &'static str,
    schema: &'a Json,
}

#[derive(Serialize)]
struct Cache {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

struct Tools<'a> {
    tools: &'a [Tool],
    search: Option<&'a Json>,
}

impl Serialize for Tools<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Either<'a> {
            Ours(WireTool<'a>),
            Theirs(&'a Json),
        }
        let ours = self.tools.iter().map(|tool| {
            Either::Ours(WireTool {
                name: &tool.name,
                description: tool.description.as_deref(),
                input_schema: InputSchema(tool.parameters.as_ref()),
                strict: tool.strict == Some(true),
            })
        });
        serializer.collect_seq(ours.chain(self.search.map(Either::Theirs)))
    }
}

#[derive(Serialize)]
struct WireTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: InputSchema<'a>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    strict: bool,
}

/// A schema, which must be there; without one a tool takes an object without members.
struct InputSchema<'a>(Option<&'a Json>);

impl Serialize for InputSchema<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(schema) = self.0 {
            return schema.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("type", "object")?;
        map.end()
    }
}
