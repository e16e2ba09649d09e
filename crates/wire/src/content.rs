//! What a person says in one turn: words, and pictures, sounds, films and files beside them.

use std::borrow::Cow;

use crate::chat::Passages;

/// What a person said in one turn, in the order it was said.
///
/// Nearly always one piece of text; `"...".into()` makes that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content(Vec<Part>);

/// One piece of a [`Content`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A picture.
    Image(Media),
    /// A sound.
    Audio(Media),
    /// A film.
    Video(Media),
    /// A document.
    File(Media),
}

impl Part {
    /// What a part that is not text is called in OpenAI's shape; `None` for text.
    pub fn beyond_text(&self) -> Option<&'static str> {
        match self {
            Part::Text(_) => None,
            Part::Image(_) => Some("image_url"),
            Part::Audio(_) => Some("input_audio"),
            Part::Video(_) => Some("video_url"),
            Part::File(_) => Some("file"),
        }
    }
}

/// What is not text, by reference or in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Where it is.
    pub source: MediaSource,
    /// How closely a picture is looked at: `low`, `high` or `auto`.
    pub detail: Option<String>,
    /// The short name of a sound's format (`wav`, `mp3`), or the name of a file.
    pub format: Option<String>,
}

/// Where the bytes of a [`Media`] are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaSource {
    /// At an address the partner can read (`https:`, or a scheme of its own such as `oss:`, `ms:`).
    Url(String),
    /// Here.
    Base64 {
        /// Such as `image/png`.
        media_type: String,
        /// The bytes in base64, without a `data:` prefix.
        data: String,
    },
}

/// Which kinds of content a conversation has beside text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of four kinds, asked by name")]
pub struct Modalities {
    /// Pictures.
    pub image: bool,
    /// Sounds.
    pub audio: bool,
    /// Films.
    pub video: bool,
    /// Documents.
    pub file: bool,
}

impl Modalities {
    /// Whether there is nothing but text.
    pub fn is_text_only(self) -> bool {
        self == Self::default()
    }

    /// The kinds there are, by name: `image`, `audio`, `video`, `file`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.image, "image"),
            (self.audio, "audio"),
            (self.video, "video"),
            (self.file, "file"),
        ];
        all.into_iter().filter_map(|(present, name)| present.then_some(name))
    }

    pub(crate) fn add(&mut self, content: &Content) {
        for part in &content.0 {
            match part {
                Part::Text(_) => {}
                Part::Image(_) => self.image = true,
                Part::Audio(_) => self.audio = true,
                Part::Video(_) => self.video = true,
                Part::File(_) => self.file = true,
            }
        }
    }
}

impl Content {
    /// Made of parts.
    pub fn new(parts: Vec<Part>) -> Self {
        Self(parts)
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The words, if there is nothing else and they are in one piece; the empty text if there is
    /// nothing at all.
    pub fn as_text(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// All words; several pieces are joined with line feeds.
    pub fn text(&self) -> Cow<'_, str> {
        if let Some(text) = self.as_text() {
            return Cow::Borrowed(text);
        }
        let texts = self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        Cow::Owned(texts.collect::<Vec<_>>().join("\n"))
    }

    /// Whether it is words only, in however many pieces.
    pub fn is_text_only(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Text(_)))
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self(vec![Part::Text(text)])
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Vec<Part>> for Content {
    fn from(parts: Vec<Part>) -> Self {
        Self(parts)
    }
}

impl Media {
    /// At an address.
    pub fn at(url: impl Into<String>) -> Self {
        Self { source: MediaSource::Url(url.into()), detail: None, format: None }
    }

    /// In full, the bytes in base64.
    pub fn base64(media_type: impl Into<String>, data: impl Into<String>) -> Self {
        let source = MediaSource::Base64 { media_type: media_type.into(), data: data.into() };
        Self { source, detail: None, format: None }
    }

    /// Reads an address; a `data:` address in base64 is taken apart.
    pub fn from_url(url: String) -> Self {
        let parts = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        match parts {
            Some((media_type, data)) => Self::base64(media_type, data),
            None => Self::at(url),
        }
    }

    /// The address, or the bytes as a `data:` address.
    pub fn url(&self) -> Cow<'_, str> {
        match &self.source {
            MediaSource::Url(url) => Cow::Borrowed(url),
            MediaSource::Base64 { media_type, data } => {
                Cow::Owned(format!("data:{media_type};base64,{data}"))
            }
        }
    }
}

impl Passages for Content {
    /// Shows texts, addresses and file names. Bytes are no text.
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        for part in &mut self.0 {
            match part {
                Part::Text(text) => visit(text),
                Part::Image(media)
                | Part::Audio(media)
                | Part::Video(media)
                | Part::File(media) => media.passages_mut(visit),
            }
        }
    }

    fn pictures_mut(&mut self, visit: &mut dyn FnMut(&mut Media)) {
        for part in &mut self.0 {
            if let Part::Image(media) = part {
                visit(media);
            }
        }
    }
}

impl Passages for Media {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        if let MediaSource::Url(url) = &mut self.source {
            visit(url);
        }
        if let Some(format) = &mut self.format {
            visit(format);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_among_the_parts() {
        assert_eq!(Content::from("a").as_text(), Some("a"));
        assert_eq!(Content::default().text(), "");
        let image = Part::Image(Media::from_url("data:image/png;base64,AAAA".into()));
        let mixed =
            Content::new(vec![Part::Text("a".into()), image.clone(), Part::Text("b".into())]);
        assert_eq!((mixed.as_text(), mixed.text().as_ref()), (None, "a\nb"));
        let mut kinds = Modalities::default();
        kinds.add(&mixed);
        assert_eq!(kinds.names().collect::<Vec<_>>(), ["image"]);
        let Part::Image(media) = image else { unreachable!("made above") };
        assert_eq!(media.url(), "data:image/png;base64,AAAA");
    }

    #[test]
    fn an_address_is_text_and_bytes_are_not() {
        let mut content = Content::new(vec![
            Part::Image(Media::at("https://example.com/?name=Li")),
            Part::File(Media {
                format: Some("Li.pdf".into()),
                ..Media::base64("application/pdf", "AAAA")
            }),
        ]);
        let mut seen = Vec::new();
        content.passages_mut(&mut |text| seen.push(text.clone()));
        assert_eq!(seen, ["https://example.com/?name=Li", "Li.pdf"]);
    }
}
