//! The content of a message in parts: text, and the media beside it.

use serde_json::Value;

use crate::fields::{Fields, Problem};

/// What kind of medium a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediumKind {
    Image,
    Video,
    Audio,
}

/// One medium of a message, as far as the emulator looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Medium {
    pub(crate) kind: MediumKind,
    /// Its type and size, where it came with the message: `image/png, 70 bytes`.
    detail: Option<String>,
}

impl Medium {
    /// A medium at an address of its own, or given whole as a `data:` URL.
    pub(crate) fn at(url: &str, kind: MediumKind, path: &str) -> Result<Self, Problem> {
        if let Some(data) = url.strip_prefix("data:") {
            let (head, body) = data.split_once(',').unwrap_or_default();
            let media_type = head.strip_suffix(";base64").unwrap_or_default();
            return Self::given(media_type, body, kind, path);
        }
        // Besides the web, partners have stores of their own: oss://, ms://, file ids.
        match url.split_once("://") {
            Some((scheme, rest)) if !scheme.is_empty() && !rest.is_empty() => {
                Ok(Self { kind, detail: None })
            }
            _ => Err(Problem::new(
                path,
                Some("invalid_value"),
                format!("Invalid '{path}': expected a URL or a base64-encoded data URL."),
            )),
        }
    }

    /// A medium given as base64.
    pub(crate) fn given(
        media_type: &str,
        base64: &str,
        kind: MediumKind,
        path: &str,
    ) -> Result<Self, Problem> {
        let family = match kind {
            MediumKind::Image => "image/",
            MediumKind::Video => "video/",
            MediumKind::Audio => "audio/",
        };
        let size = decoded_length(base64);
        match size {
            Some(size) if media_type.starts_with(family) && media_type.contains('/') => {
                Ok(Self { kind, detail: Some(format!("{media_type}, {size} bytes")) })
            }
            _ => Err(Problem::new(
                path,
                Some("invalid_value"),
                format!("Invalid '{path}': the data is not base64 of the type it says."),
            )),
        }
    }

    /// What it is, for the answer.
    pub(crate) fn words(&self, chinese: bool) -> String {
        let name = match (self.kind, chinese) {
            (MediumKind::Image, false) => "an image",
            (MediumKind::Video, false) => "a video",
            (MediumKind::Audio, false) => "a recording",
            (MediumKind::Image, true) => "一张图片",
            (MediumKind::Video, true) => "一段视频",
            (MediumKind::Audio, true) => "一段录音",
        };
        match (&self.detail, chinese) {
            (None, _) => name.to_owned(),
            (Some(detail), false) => format!("{name} ({detail})"),
            (Some(detail), true) => format!("{name}（{detail}）"),
        }
    }

    /// What it costs: a plain figure, the same for all of a kind.
    pub(crate) fn tokens(&self) -> u64 {
        match self.kind {
            MediumKind::Image => 256,
            MediumKind::Video => 1024,
            MediumKind::Audio => 128,
        }
    }
}

/// How many bytes `text` decodes to, if it is base64 with its padding.
fn decoded_length(text: &str) -> Option<usize> {
    let plain = text.trim_end_matches('=');
    let padding = text.len() - plain.len();
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    let good = !plain.is_empty()
        && padding <= 2
        && text.len().is_multiple_of(4)
        && plain.bytes().all(alphabet);
    good.then(|| text.len() / 4 * 3 - padding)
}

/// What a message holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) text: String,
    pub(crate) media: Vec<Medium>,
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self { text, media: Vec::new() }
    }
}

/// Which parts a message may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// OpenAI's, of these types.
    Typed(&'static [&'static str]),
    /// The same, where data may also stand without its type: Zhipu's client takes it off.
    Bare(&'static [&'static str]),
    /// DashScope's multimodal ones: `{"image": ...}`, always in a list.
    Keyed,
    /// None: content is a string.
    None,
}

/// The content in `parts`, found at `path`.
pub(crate) fn read(parts: &[Value], path: &str, allowed: Parts) -> Result<Content, Problem> {
    let mut content = Content::default();
    for (index, part) in parts.iter().enumerate() {
        let part = Fields::of(part, format!("{path}[{index}]"))?;
        match allowed {
            Parts::Keyed => keyed(&part, &mut content)?,
            Parts::Typed(kinds) => typed(&part, kinds, false, &mut content)?,
            Parts::Bare(kinds) => typed(&part, kinds, true, &mut content)?,
            Parts::None => return Err(Problem::new(path, None, "content must be a string")),
        }
    }
    Ok(content)
}

fn typed(
    part: &Fields<'_>,
    kinds: &[&str],
    bare: bool,
    content: &mut Content,
) -> Result<(), Problem> {
    part.required("type")?;
    let kind = part.string("type")?.unwrap_or_default();
    if !kinds.contains(&kind) && matches!(kind, "input_audio" | "file" | "input_file" | "video_url")
    {
        return Err(Problem::beyond_the_emulator(part.at("type")));
    }
    part.one_of("type", kinds)?;
    let path = part.at(kind);
    match kind {
        "image_url" => {
            let url = address(part, kind)?;
            content.media.push(if bare && !url.contains(':') {
                Medium::given("image/unknown", url, MediumKind::Image, &path)?
            } else {
                Medium::at(url, MediumKind::Image, &path)?
            });
        }
        "input_image" => {
            content.media.push(Medium::at(
                part.required_string("image_url")?,
                MediumKind::Image,
                &part.at("image_url"),
            )?);
        }
        "video_url" => {
            content.media.push(Medium::at(address(part, kind)?, MediumKind::Video, &path)?);
        }
        "input_audio" => {
            let audio = part.object(kind)?.ok_or_else(|| Problem::missing(&path))?;
            let format = audio.string("format")?.unwrap_or("wav");
            let data = audio.required_string("data")?;
            // Some partners take an address here where others take the data.
            let medium = if data.contains("://") || data.starts_with("data:") {
                Medium::at(data, MediumKind::Audio, &path)?
            } else {
                Medium::given(&format!("audio/{format}"), data, MediumKind::Audio, &path)?
            };
            content.media.push(medium);
        }
        _ => content.text.push_str(part.required_string("text")?),
    }
    Ok(())
}

/// The address in `part[name]`: an object with a `url`, or, with some partners, the URL itself.
fn address<'a>(part: &Fields<'a>, name: &str) -> Result<&'a str, Problem> {
    match part.required(name)? {
        Value::String(url) => Ok(url),
        _ => match part.object(name)? {
            Some(object) => object.required_string("url"),
            None => Err(Problem::missing(part.at(name))),
        },
    }
}

fn keyed(part: &Fields<'_>, content: &mut Content) -> Result<(), Problem> {
    if let Some(text) = part.string("text")? {
        content.text.push_str(text);
        return Ok(());
    }
    let kinds =
        [("image", MediumKind::Image), ("video", MediumKind::Video), ("audio", MediumKind::Audio)];
    for (name, kind) in kinds {
        match part.get(name) {
            None => continue,
            Some(Value::String(url)) => content.media.push(Medium::at(url, kind, &part.at(name))?),
            Some(Value::Array(frames)) if kind == MediumKind::Video && !frames.is_empty() => {
                for frame in frames {
                    let url = frame.as_str().unwrap_or_default();
                    Medium::at(url, MediumKind::Image, &part.at(name))?;
                }
                content.media.push(Medium { kind, detail: None });
            }
            Some(other) => return Err(Problem::wrong_type(part.at(name), "a string", other)),
        }
        return Ok(());
    }
    Err(Problem::new(part.at("text"), None, "Input must contain text, image, video or audio."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn media_are_described_and_checked() {
        let parts = [
            json!({"type": "text", "text": "what is it?"}),
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}),
            json!({"type": "image_url", "image_url": "https://example.com/x.png"}),
        ];
        let content = read(&parts, "c", Parts::Typed(&["text", "image_url"])).unwrap();
        assert_eq!(content.text, "what is it?");
        assert_eq!(content.media[0].words(false), "an image (image/png, 5 bytes)");
        assert_eq!(content.media[1].words(true), "一张图片");
        for url in ["data:image/png;base64,###", "data:text/plain;base64,aGVsbG8=", "nowhere", ""] {
            let part = json!({"type": "image_url", "image_url": {"url": url}});
            assert!(read(&[part], "c", Parts::Typed(&["image_url"])).is_err(), "{url}");
        }
        let audio = json!({"type": "input_audio", "input_audio": {"data": "aGVsbG8="}});
        let refused = read(&[audio], "c", Parts::Typed(&["text"])).unwrap_err();
        assert!(refused.message.contains("not offered"), "{refused:?}");
    }
}
