//! Pictures: told by their bytes, bounded, and without what they say beside what they show.
//!
//! A phone writes into a photograph where it was taken, when, with which device, and sometimes by whom. A text screen sees none of
//! that, and a partner does. So a picture is taken apart into its segments before it leaves: what is needed to show it
//! stays, everything else goes, and only formats of which that can be done are taken. Nothing is decoded here; sizes are read
//! from the headers, before anybody decodes anything.
//!
//! What holds for every picture that comes out:
//!
//! - It is whole: a picture that is cut off or contradicts itself is refused.
//! - It is at most [`MOST_SIDE`] wide and high, and has at most [`MOST_PIXELS`].
//! - It has no EXIF but the orientation, no XMP, IPTC, comment, colour profile, thumbnail or text, and nothing after its end.
//! - It is one picture: what moves is refused, since whoever judges a picture looks at one.
//! - Cleaning it again changes nothing.

mod gif;
mod jpeg;
mod media;
mod orientation;
mod png;
mod webp;

use thiserror::Error;

pub use media::clean_picture;

/// The most pixels of a side.
pub const MOST_SIDE: u32 = 16_384;

/// The most pixels of a picture: what a phone's camera takes, and 200 MB when decoded.
pub const MOST_PIXELS: u64 = 50_000_000;

/// A format that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GIF 87a or 89a, with one frame (W3C, `GIF89a`).
    Gif,
    /// JPEG: baseline, extended or progressive (ITU-T T.81).
    Jpeg,
    /// PNG (W3C, Portable Network Graphics).
    Png,
    /// WebP (RFC 9649).
    WebP,
}

impl Format {
    /// The format by its first bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }

    /// Its media type, such as `image/jpeg`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }
}

/// A picture that was taken apart and put together again without what it says beside what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    bytes: Vec<u8>,
    format: Format,
    width: u32,
    height: u32,
}

impl Picture {
    /// Reads and cleans a picture.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn clean(bytes: &[u8]) -> Result<Self, PictureError> {
        let format = Format::of(bytes).ok_or(PictureError::Unknown)?;
        let (bytes, (width, height)) = match format {
            Format::Gif => gif::clean(bytes)?,
            Format::Jpeg => jpeg::clean(bytes)?,
            Format::Png => png::clean(bytes)?,
            Format::WebP => webp::clean(bytes)?,
        };
        Ok(Self { bytes, format, width, height })
    }

    /// The cleaned bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Width and height in pixels, before it is turned as its orientation says.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }
}

/// Why a picture is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// It is none of the formats of which the rest can be told.
    #[error("the picture is no JPEG, PNG, WebP or GIF")]
    Unknown,
    /// It ends before its end.
    #[error("the picture is cut off")]
    Truncated,
    /// It contradicts itself, or has a part that nobody knows how to take out.
    #[error("the picture is damaged: {0}")]
    Damaged(&'static str),
    /// It is larger than anybody should have to decode.
    #[error(
        "the picture has {width} x {height} pixels; at most {MOST_SIDE} a side and {MOST_PIXELS} in all are taken"
    )]
    TooLarge {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// It is at an address, where nobody can say what the partner will find.
    #[error("the picture is at an address; send it in full, as data:image/...;base64,...")]
    Remote,
    /// It moves.
    #[error("the picture moves; send one frame of it")]
    Animated,
}

impl PictureError {
    /// The same for people, in Chinese.
    pub fn zh(self) -> String {
        match self {
            Self::Unknown => "图片不是 JPEG、PNG、WebP 或 GIF 格式".to_owned(),
            Self::Truncated => "图片数据不完整".to_owned(),
            Self::Damaged(_) => "图片已损坏".to_owned(),
            Self::TooLarge { width, height } => {
                format!("图片为 {width} × {height} 像素，超出上限")
            }
            Self::Remote => {
                "不接受图片网址，请以 data:image/...;base64,... 形式发送图片本身".to_owned()
            }
            Self::Animated => "不支持动态图片，请发送其中一帧".to_owned(),
        }
    }
}

/// What a cleaner gives: the bytes, and width and height.
type Cleaned = Result<(Vec<u8>, (u32, u32)), PictureError>;

/// Checks a size before anybody makes room for it.
fn sized(width: u32, height: u32) -> Result<(u32, u32), PictureError> {
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged("it has no size"));
    }
    let pixels = u64::from(width) * u64::from(height);
    if width > MOST_SIDE || height > MOST_SIDE || pixels > MOST_PIXELS {
        return Err(PictureError::TooLarge { width, height });
    }
    Ok((width, height))
}

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug)]
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], PictureError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(PictureError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PictureError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(PictureError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, PictureError> {
        self.array::<1>().map(|[byte]| byte)
    }
}
