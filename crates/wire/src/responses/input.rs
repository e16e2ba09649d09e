//! The items of a conversation as OpenAI's responses write them.

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::items::KEPT;
use crate::chat::Message;
use crate::content::{Content, Media, MediaSource, Part};
use crate::json::Json;

/// All items after the instructions; a single question is a text.
pub(super) struct Input<'a>(pub(super) &'a [Message]);

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [Message::User { content }] = self.0
            && let Some(text) = content.as_text()
        {
            return serializer.serialize_str(text);
        }
        let mut items = serializer.serialize_seq(None)?;
        for message in self.0 {
            match message {
                Message::System { content } => {
                    items.serialize_element(&Turn { role: "system", content })?;
                }
                Message::User { content } => match content.as_text() {
                    Some(content) => {
                        items.serialize_element(&Turn { role: "user", content })?;
                    }
                    None => {
                        items.serialize_element(&Turn { role: "user", content: Parts(content) })?;
                    }
                },
                Message::Assistant { content, tool_calls, extra, .. } => {
                    let kept = extra.iter().filter(|(name, _)| *name == KEPT);
                    for (_, list) in kept {
                        if let Json::Array(kept) = list {
                            for item in kept {
                                items.serialize_element(item)?;
                            }
                        }
                    }
                    if !content.is_empty() || tool_calls.is_empty() {
                        items.serialize_element(&Turn { role: "assistant", content })?;
                    }
                    for call in tool_calls {
                        items.serialize_element(&FunctionCall {
                            r#type: "function_call",
                            call_id: &call.id,
                            name: &call.name,
                            arguments: &call.arguments,
                        })?;
                    }
                }
                Message::Tool { tool_call_id, content } => {
                    items.serialize_element(&FunctionCallOutput {
                        r#type: "function_call_output",
                        call_id: tool_call_id,
                        output: content,
                    })?;
                }
            }
        }
        items.end()
    }
}

#[derive(Serialize)]
struct Turn<T> {
    role: &'static str,
    content: T,
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    r#type: &'static str,
    call_id: &'a str,
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct FunctionCallOutput<'a> {
    r#type: &'static str,
    call_id: &'a str,
    output: &'a str,
}

struct Parts<'a>(&'a Content);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.parts().iter().map(WirePart))
    }
}

struct WirePart<'a>(&'a Part);

impl Serialize for WirePart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Part::Text(text) => {
                map.serialize_entry("type", "input_text")?;
                map.serialize_entry("text", text)?;
            }
            Part::Image(image) => {
                map.serialize_entry("type", "input_image")?;
                map.serialize_entry("image_url", &image.url())?;
                map.serialize_entry("detail", image.detail.as_deref().unwrap_or("auto"))?;
            }
            Part::File(file) => {
                map.serialize_entry("type", "input_file")?;
                write_file(file, &mut map)?;
            }
            Part::Audio(Media { source: MediaSource::Base64 { data, .. }, format, .. }) => {
                #[derive(Serialize)]
                struct Sound<'a> {
                    data: &'a str,
                    format: Option<&'a str>,
                }
                map.serialize_entry("type", "input_audio")?;
                map.serialize_entry("input_audio", &Sound { data, format: format.as_deref() })?;
            }
            Part::Audio(_) | Part::Video(_) => {
                return Err(S::Error::custom("films and addresses of sounds cannot be said"));
            }
        }
        map.end()
    }
}

fn write_file<M: SerializeMap>(file: &Media, map: &mut M) -> Result<(), M::Error> {
    match &file.source {
        MediaSource::Url(url) => map.serialize_entry("file_url", url),
        MediaSource::Base64 { .. } => {
            // The partner tells the kind of bytes by the name, so there must be one.
            map.serialize_entry("filename", file.format.as_deref().unwrap_or("file.pdf"))?;
            map.serialize_entry("file_data", &file.url())
        }
    }
}
