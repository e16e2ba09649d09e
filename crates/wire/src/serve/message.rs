//! Checking the messages of a request and turning them into canonical ones.

use std::collections::HashSet;

use super::request::{check_kind, check_name};
use super::shape::{RequestContent, RequestMessage, RequestRole, RequestToolCall};
use crate::chat::{Message, ToolCall};
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
    for (at, message) in given.into_iter().enumerate() {
        let message = message.check(at)?;
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
    fn check(self, at: usize) -> Result<Message, WireError> {
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
        ];
        for (field, present, role) in misplaced {
            if present && self.role != role {
                return Err(WireError::invalid(path(field), "does not belong to this role"));
            }
        }
        let content = self.content.map(|content| content.check(at)).transpose()?;
        let required = |content: Option<String>| {
            content.ok_or_else(|| WireError::invalid(path("content"), "missing"))
        };
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
                Message::Assistant {
                    content,
                    reasoning: String::new(),
                    tool_calls,
                    prefix: false,
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
    fn check(self, at: usize) -> Result<String, WireError> {
        let path = |part: usize| format!("messages[{at}].content[{part}]");
        match self {
            RequestContent::Text(text) => Ok(text),
            RequestContent::Unsupported { part, kind } => {
                let kind = bounded(&kind, LONGEST_QUOTE);
                Err(WireError::unsupported(path(part), format!("a content part of type `{kind}`")))
            }
            RequestContent::UnknownField { part, field } => {
                Err(WireError::unknown_field(&path(part), &field))
            }
            RequestContent::NoText { part } => {
                Err(WireError::invalid(format!("{}.text", path(part)), "missing"))
            }
        }
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
