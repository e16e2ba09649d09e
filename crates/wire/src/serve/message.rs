//! Checking the messages of a request and turning them into canonical ones.

use std::collections::HashSet;

use super::request::{check_kind, check_name};
use super::shape::{
    ImageUrl, RequestContent, RequestMessage, RequestPart, RequestRole, RequestToolCall,
};
use crate::chat::{Message, ToolCall};
use crate::content::{Content, Media, MediaSource, Part};
use crate::error::{LONGEST_QUOTE, WireError};
use crate::extra::Extra;
use crate::partner_error::bounded;

/// Longest call id; partners use about 30 bytes.
const LONGEST_ID: usize = 256;

pub(super) fn messages(given: Vec<RequestMessage>) -> Result<Vec<Message>, WireError> {
    if given.is_empty() {
        return Err(WireError::NoMessages);
    }
    let mut asked = HashSet::new();
    let mut messages = Vec::with_capacity(given.len());
    let last = given.len() - 1;
    for (at, message) in given.into_iter().enumerate() {
        let message = message.check(at, at == last)?;
        match &message {
            Message::Assistant { tool_calls, .. } => {
                asked.extend(tool_calls.iter().map(|call| call.id.clone()));
            }
            Message::Tool { tool_call_id, .. } if !asked.contains(tool_call_id) => {
                return Err(WireError::invalid(
                    format!("messages[{at}].tool_call_id"),
                    "answers no call of an earlier assistant message",
                ));
            }
            _ => {}
        }
        messages.push(message);
    }
    Ok(messages)
}

impl RequestMessage {
    fn check(self, at: usize, is_last: bool) -> Result<Message, WireError> {
        let path = |field: &str| format!("messages[{at}].{field}");
        for (field, value) in [("audio", &self.audio), ("function_call", &self.function_call)] {
            if value.is_some() {
                return Err(WireError::unsupported(path(field), "this field"));
            }
        }
        let misplaced = [
            ("tool_calls", self.tool_calls.is_some(), RequestRole::Assistant),
            ("refusal", self.refusal.is_some(), RequestRole::Assistant),
            ("tool_call_id", self.tool_call_id.is_some(), RequestRole::Tool),
            ("reasoning_content", self.reasoning_content.is_some(), RequestRole::Assistant),
            ("prefix", self.prefix == Some(true), RequestRole::Assistant),
            ("partial", self.partial == Some(true), RequestRole::Assistant),
        ];
        for (field, present, role) in misplaced {
            if present && self.role != role {
                return Err(WireError::invalid(path(field), "does not belong to this role"));
            }
        }
        let missing = || WireError::invalid(path("content"), "missing");
        if self.role == RequestRole::User {
            let content = self.content.ok_or_else(missing)?.check(at)?;
            return Ok(Message::User { content });
        }
        let content = self.content.map(|content| content.text(at)).transpose()?;
        let required = |content: Option<String>| content.ok_or_else(missing);
        Ok(match self.role {
            RequestRole::System | RequestRole::Developer => {
                Message::System { content: required(content)? }
            }
            RequestRole::User => Message::user(required(content)?),
            RequestRole::Assistant => {
                let calls = self.tool_calls.unwrap_or_default().into_iter().enumerate();
                let tool_calls = calls
                    .map(|(call, given)| given.check(&path(&format!("tool_calls[{call}]"))))
                    .collect::<Result<Vec<_>, _>>()?;
                let words = match content {
                    Some(text) if !text.is_empty() => Some(text),
                    empty => self.refusal.or(empty),
                };
                let content = if tool_calls.is_empty() {
                    required(words)?
                } else {
                    words.unwrap_or_default()
                };
                let marks = [("prefix", self.prefix), ("partial", self.partial)];
                let mark = marks.into_iter().find(|(_, mark)| *mark == Some(true));
                if let Some((mark, _)) = mark.filter(|_| !is_last || !tool_calls.is_empty()) {
                    let detail = "only the last message, without tool calls, can be continued";
                    return Err(WireError::invalid(path(mark), detail));
                }
                Message::Assistant {
                    content,
                    reasoning: self.reasoning_content.unwrap_or_default(),
                    tool_calls,
                    prefix: mark.is_some(),
                    extra: Extra::new(),
                }
            }
            RequestRole::Tool => {
                let tool_call_id = self
                    .tool_call_id
                    .ok_or_else(|| WireError::invalid(path("tool_call_id"), "missing"))?;
                Message::Tool { tool_call_id, content: required(content)? }
            }
        })
    }
}

impl RequestContent {
    fn check(self, at: usize) -> Result<Content, WireError> {
        let path = |part: usize| format!("messages[{at}].content[{part}]");
        match self {
            RequestContent::Text(text) => Ok(text.into()),
            RequestContent::Parts(parts) => {
                let check = |(at, part): (usize, RequestPart)| match part {
                    RequestPart::Text(text) => Ok(Part::Text(text)),
                    RequestPart::Image(image) => image.check(&path(at)).map(Part::Image),
                };
                let parts = parts.into_iter().enumerate().map(check);
                Ok(Content::new(parts.collect::<Result<_, _>>()?))
            }
            RequestContent::Unsupported { part, kind } => Err(unsupported_part(path(part), &kind)),
            RequestContent::UnknownField { part, field } => {
                Err(WireError::unknown_field(&path(part), &field))
            }
            RequestContent::Missing { part, field } => {
                Err(WireError::invalid(format!("{}.{field}", path(part)), "missing"))
            }
        }
    }

    /// The words of a message that can have nothing else.
    fn text(self, at: usize) -> Result<String, WireError> {
        if let RequestContent::Parts(parts) = &self {
            let image = |part: &RequestPart| matches!(part, RequestPart::Image(_));
            let part = parts.iter().position(image).unwrap_or_default();
            return Err(unsupported_part(format!("messages[{at}].content[{part}]"), "image_url"));
        }
        Ok(self.check(at)?.text().into_owned())
    }
}

fn unsupported_part(path: String, kind: &str) -> WireError {
    let kind = bounded(kind, LONGEST_QUOTE);
    WireError::unsupported(path, format!("a content part of type `{kind}`"))
}

impl ImageUrl {
    /// A picture at an `https` address, or in full.
    fn check(self, path: &str) -> Result<Media, WireError> {
        let invalid = |detail| WireError::invalid(format!("{path}.image_url"), detail);
        if !matches!(self.detail.as_deref(), None | Some("auto" | "low" | "high")) {
            return Err(invalid("`detail` must be `auto`, `low` or `high`"));
        }
        let media = Media::from_url(self.url);
        let fine = match &media.source {
            MediaSource::Url(url) => url.starts_with("https://"),
            // The bytes are not shown to the screen, so they must not be able to carry prose.
            MediaSource::Base64 { media_type, data } => {
                let subtype = media_type.strip_prefix("image/").unwrap_or_default();
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte);
                let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
                !subtype.is_empty()
                    && subtype.len() <= 32
                    && subtype.bytes().all(plain)
                    && !data.is_empty()
                    && data.bytes().all(base64)
            }
        };
        if !fine {
            return Err(invalid("must be an https address, or data:image/...;base64,..."));
        }
        Ok(Media { detail: self.detail, ..media })
    }
}

impl RequestToolCall {
    fn check(self, path: &str) -> Result<ToolCall, WireError> {
        check_kind(&format!("{path}.type"), self.kind.as_deref().unwrap_or("function"))?;
        // Ids and names are not shown to the screen, so they must not be able to carry prose.
        let id_fits = self.id.len() <= LONGEST_ID && self.id.bytes().all(|b| b.is_ascii_graphic());
        if self.id.is_empty() || !id_fits {
            let detail = format!("must be 1 to {LONGEST_ID} printable ASCII characters, no spaces");
            return Err(WireError::invalid(format!("{path}.id"), detail));
        }
        check_name(&format!("{path}.function.name"), &self.function.name)?;
        Ok(ToolCall { id: self.id, name: self.function.name, arguments: self.function.arguments })
    }
}
