//! What judges speak, sans-I/O: a question in, a request out; an answer's bytes in, a verdict out.

mod acs3;
mod green;
mod guard;
mod moderation;

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::config::{Direction, JudgeConfig, Kind};
use crate::judge::JudgesError;
use crate::verdict::Verdict;

/// One piece of a text to be judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'t> {
    pub(crate) direction: Direction,
    pub(crate) text: &'t str,
    /// What was asked, where an answer is judged.
    pub(crate) asked: Option<&'t str>,
}

/// A picture to be judged, with what was said beside it.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'p> {
    /// The picture as a `data:` address in base64, cleaned.
    pub url: &'p str,
    /// The words of the same message, screened.
    pub beside: &'p str,
}

/// What is sent. The method is POST.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

/// An answer that is not what the documentation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The time and a number used once, for what is signed.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// Such as `2026-11-22T19:25:00Z`.
    pub(crate) utc: String,
    pub(crate) nonce: String,
}

/// How one judge is spoken to.
pub(crate) enum Shape {
    Guard { model: String, instruction: Option<String>, key: Option<Zeroizing<String>> },
    Moderation { model: String, key: Option<Zeroizing<String>> },
    Green { host: String, pair: acs3::Pair, place: green::Place },
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Guard { .. } => "Guard",
            Self::Moderation { .. } => "Moderation",
            Self::Green { .. } => "Green",
        })
    }
}

/// What a judge of this kind is documented to say, where that is a closed list.
pub(crate) fn categories(kind: Kind) -> Option<&'static [&'static str]> {
    match kind {
        Kind::Guard => Some(&guard::CATEGORIES),
        Kind::OpenaiModeration => Some(&moderation::CATEGORIES),
        Kind::AlibabaGuardrail => None,
    }
}

impl Shape {
    pub(crate) fn new(
        config: &JudgeConfig,
        key: Option<Zeroizing<String>>,
    ) -> Result<Self, JudgesError> {
        let model = config.model().unwrap_or_default().to_owned();
        Ok(match config.kind {
            Kind::Guard => Self::Guard { model, instruction: config.instruction.clone(), key },
            Kind::OpenaiModeration => Self::Moderation { model, key },
            Kind::AlibabaGuardrail => {
                let pair = key.as_deref().and_then(|key| acs3::Pair::split(key));
                let pair = pair.ok_or_else(|| JudgesError::Key {
                    judge: config.id.clone(),
                    what: "it must have the form AccessKeyId:AccessKeySecret".to_owned(),
                })?;
                let host = config.base_url.authority().to_owned();
                Self::Green { host, pair, place: green::Place::of(config.region) }
            }
        })
    }

    /// What follows the address of the judge.
    pub(crate) fn path(&self) -> &'static str {
        match self {
            Self::Guard { .. } => "/chat/completions",
            Self::Moderation { .. } => "/moderations",
            Self::Green { .. } => "/",
        }
    }

    /// The same for a question about a picture.
    pub(crate) fn picture_path(&self) -> &'static str {
        match self {
            Self::Green { .. } => green::PICTURE_PATH,
            _ => self.path(),
        }
    }

    /// Whether the words beside a picture are judged with it.
    pub(crate) fn reads_beside(&self) -> bool {
        !matches!(self, Self::Green { .. })
    }

    pub(crate) fn encode(&self, piece: Piece<'_>, now: &Moment) -> Request {
        match self {
            Self::Guard { model, key, .. } => {
                with_bearer(guard::encode(model, piece), key.as_deref())
            }
            Self::Moderation { model, key } => {
                with_bearer(moderation::encode(model, piece), key.as_deref())
            }
            Self::Green { host, pair, place } => green::encode(host, pair, *place, piece, now),
        }
    }

    /// A question about one picture; `None` where its address is not one that holds it in full.
    pub(crate) fn encode_picture(&self, picture: Picture<'_>, now: &Moment) -> Option<Request> {
        Some(match self {
            Self::Guard { model, instruction, key } => {
                let request = guard::encode_picture(model, instruction.as_deref(), picture);
                with_bearer(request, key.as_deref())
            }
            Self::Moderation { model, key } => {
                with_bearer(moderation::encode_picture(model, picture), key.as_deref())
            }
            Self::Green { host, pair, .. } => green::encode_picture(host, pair, picture, now)?,
        })
    }

    /// Reads the body of an answer whose status was 200.
    pub(crate) fn decode(&self, body: &[u8]) -> Result<Verdict, Malformed> {
        match self {
            Self::Guard { .. } => guard::decode(body),
            Self::Moderation { .. } => moderation::decode(body),
            Self::Green { .. } => green::decode(body),
        }
    }

    /// Reads the body of an answer about a picture whose status was 200.
    pub(crate) fn decode_picture(&self, body: &[u8]) -> Result<Verdict, Malformed> {
        match self {
            Self::Green { .. } => green::decode_picture(body),
            _ => self.decode(body),
        }
    }
}

fn with_bearer(mut request: Request, key: Option<&String>) -> Request {
    request.headers.push(("content-type", "application/json".to_owned()));
    request.headers.extend(key.map(|key| ("authorization", format!("Bearer {key}"))));
    request
}

fn json(value: &serde_json::Value) -> Bytes {
    Bytes::from(value.to_string())
}
