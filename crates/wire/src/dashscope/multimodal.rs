//! Messages of DashScope's multimodal generation: every content is a list of parts, `{"text"}`,
//! `{"image"}`, `{"audio"}` or `{"video"}`, bytes as a `data:` address.
//!
//! Source: `facts/partners/qwen-dashscope.md` (SDK 2.0.2 `v2/protocols/native.py`, recorded requests
//! `multimodal-generation-*`).

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::chat::{Chat, Message};
use crate::content::{Media, MediaSource, Part};
use crate::dialect::{Dialect, Multimodal};
use crate::error::WireError;
use crate::wire_chat::ToolCalls;

/// The form in which to ask, if this is a conversation or a model for it.
pub(super) fn wanted<'a>(dialect: &'a Dialect, chat: &Chat, model: &str) -> Option<&'a Multimodal> {
    let form = dialect.quirks().multimodal.as_ref()?;
    let made_for_it = || form.models.iter().any(|piece| model.contains(piece.as_str()));
    (!chat.modalities().is_text_only() || made_for_it()).then_some(form)
}

/// The messages of a request, found to be sayable.
pub(super) struct Messages<'a>(&'a [Message]);

impl<'a> Messages<'a> {
    pub(super) fn of(dialect: &Dialect, messages: &'a [Message]) -> Result<Self, WireError> {
        match messages.iter().find_map(unspeakable) {
            Some(param) => Err(dialect.cannot(param)),
            None => Ok(Self(messages)),
        }
    }
}

/// What of a message this form has no word for.
fn unspeakable(message: &Message) -> Option<&'static str> {
    match message {
        Message::User { content } => content.parts().iter().find_map(|part| match part {
            Part::Image(Media { detail, .. }) => {
                let wished = detail.as_deref().is_some_and(|detail| detail != "auto");
                wished.then_some("detail")
            }
            Part::Video(Media { source: MediaSource::Base64 { .. }, .. }) => Some("video_url"),
            Part::Text(_) | Part::Audio(_) | Part::Video(_) => None,
            Part::File(_) => Some("file"),
        }),
        // Recorded for text alone.
        Message::Assistant { prefix: true, .. } => Some("prefix"),
        Message::System { .. } | Message::Assistant { .. } | Message::Tool { .. } => None,
    }
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(WireMessage))
    }
}

struct WireMessage<'a>(&'a Message);

impl Serialize for WireMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", self.0.role().as_str())?;
        match self.0 {
            Message::System { content } => map.serialize_entry("content", &[Text::of(content)])?,
            Message::User { content } => {
                let parts: Vec<_> = content.parts().iter().map(WirePart).collect();
                map.serialize_entry("content", &parts)?;
            }
            Message::Assistant { content, tool_calls, .. } => {
                // Recorded: a turn of calls alone has no parts.
                let words =
                    (!content.is_empty() || tool_calls.is_empty()).then(|| Text::of(content));
                map.serialize_entry("content", words.as_slice())?;
                if !tool_calls.is_empty() {
                    map.serialize_entry("tool_calls", &ToolCalls(tool_calls))?;
                }
            }
            Message::Tool { tool_call_id, content } => {
                map.serialize_entry("content", &[Text::of(content)])?;
                map.serialize_entry("tool_call_id", tool_call_id)?;
            }
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

impl<'a> Text<'a> {
    fn of(text: &'a str) -> Self {
        Self { text }
    }
}

struct WirePart<'a>(&'a Part);

impl Serialize for WirePart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, value) = match self.0 {
            Part::Text(text) => ("text", Cow::Borrowed(text.as_str())),
            Part::Image(media) => ("image", media.url()),
            Part::Audio(media) => ("audio", media.url()),
            Part::Video(media) => ("video", media.url()),
            Part::File(_) => return Err(serde::ser::Error::custom("files were refused before")),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(name, &value)?;
        map.end()
    }
}
