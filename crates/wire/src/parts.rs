//! Content beside text, in the forms of OpenAI's content parts.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::content::{Content, Media, MediaSource, Part};
use crate::dialect::{self, AudioForm, Dialect, FileForm, ImageForm};
use crate::error::WireError;

/// Whether the dialect can say every part of a content.
pub(crate) fn check(dialect: &Dialect, content: &Content) -> Result<(), WireError> {
    let forms = dialect.quirks().parts;
    for part in content.parts() {
        let (sayable, name) = match part {
            Part::Text(_) => continue,
            Part::Image(_) => (forms.image.is_some(), "image_url"),
            Part::Audio(media) => {
                let bare = forms.audio == Some(AudioForm::BareBase64);
                (forms.audio.is_some() && !(bare && is_address(media)), "input_audio")
            }
            Part::Video(_) => (forms.video.is_some(), "video_url"),
            Part::File(media) => match forms.file {
                Some(FileForm::FileData) => (!is_address(media), "file"),
                Some(FileForm::Url) => (is_address(media), "file"),
                None => (false, "file"),
            },
        };
        if !sayable {
            return Err(dialect.cannot(name));
        }
    }
    Ok(())
}

fn is_address(media: &Media) -> bool {
    matches!(media.source, MediaSource::Url(_))
}

/// A content of several parts. What the forms have no word for was refused by [`check`].
pub(crate) struct Parts<'a> {
    pub(crate) form: dialect::Parts,
    pub(crate) content: &'a Content,
}

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let one = |part| WirePart { form: self.form, part };
        serializer.collect_seq(self.content.parts().iter().map(one))
    }
}

struct WirePart<'a> {
    form: dialect::Parts,
    part: &'a Part,
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

#[derive(Serialize)]
struct Url<'a> {
    url: Cow<'a, str>,
}

#[derive(Serialize)]
struct InputAudio<'a> {
    data: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
}

#[derive(Serialize)]
struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
    file_data: Cow<'a, str>,
}

impl Serialize for WirePart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self.part {
            Part::Text(text) => {
                map.serialize_entry("type", "text")?;
                map.serialize_entry("text", text)?;
            }
            Part::Image(media) => {
                let url = match self.form.image {
                    Some(ImageForm::BareBase64) => bare(media),
                    Some(ImageForm::DataUrl) | None => media.url(),
                };
                map.serialize_entry("type", "image_url")?;
                let detail = media.detail.as_deref();
                map.serialize_entry("image_url", &ImageUrl { url, detail })?;
            }
            Part::Audio(media) => {
                let data = match self.form.audio {
                    Some(AudioForm::DataUrl) => media.url(),
                    Some(AudioForm::BareBase64) | None => bare(media),
                };
                map.serialize_entry("type", "input_audio")?;
                let format = media.format.as_deref().or_else(|| subtype(media));
                map.serialize_entry("input_audio", &InputAudio { data, format })?;
            }
            Part::Video(media) => {
                map.serialize_entry("type", "video_url")?;
                map.serialize_entry("video_url", &Url { url: media.url() })?;
            }
            Part::File(media) if self.form.file == Some(FileForm::Url) => {
                map.serialize_entry("type", "file_url")?;
                map.serialize_entry("file_url", &Url { url: media.url() })?;
            }
            Part::File(media) => {
                map.serialize_entry("type", "file")?;
                let filename = media.format.as_deref();
                map.serialize_entry("file", &FileData { filename, file_data: media.url() })?;
            }
        }
        map.end()
    }
}

/// The bytes in base64 without anything before them; an address as it is.
fn bare(media: &Media) -> Cow<'_, str> {
    match &media.source {
        MediaSource::Url(url) => Cow::Borrowed(url),
        MediaSource::Base64 { data, .. } => Cow::Borrowed(data),
    }
}

/// `wav` of `audio/wav`.
fn subtype(media: &Media) -> Option<&str> {
    match &media.source {
        MediaSource::Url(_) => None,
        MediaSource::Base64 { media_type, .. } => media_type.split_once('/').map(|(_, sub)| sub),
    }
}
