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
    Green { host: String, pair: acs3::Pair },
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

/// The moderation model that takes text of all languages, and pictures (OpenAI, September 2024).
const MODERATION_MODEL: &str = "omni-moderation-latest";

impl Shape {
    pub(crate) fn new(
        config: &JudgeConfig,
        key: Option<Zeroizing<String>>,
    ) -> Result<Self, JudgesError> {
        let model = config.model.clone();
        Ok(match config.kind {
            Kind::Guard => Self::Guard {
                model: model.unwrap_or_default(),
                instruction: config.instruction.clone(),
                key,
            },
            Kind::OpenaiModeration => Self::Moderation {
                model: model.unwrap_or_else(|| MODERATION_MODEL.to_owned()),
                key,
            },
            Kind::AlibabaGuardrail => {
                let pair = key.as_deref().and_then(|key| acs3::Pair::split(key));
                let pair = pair.ok_or_else(|| JudgesError::Key {
                    judge: config.id.clone(),
                    what: "it must have the form AccessKeyId:AccessKeySecret".to_owned(),
                })?;
                Self::Green { host: config.base_url.authority().to_owned(), pair }
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

    pub(crate) fn encode(&self, piece: Piece<'_>, now: &Moment) -> Request {
        match self {
            Self::Guard { model, key, .. } => {
                with_bearer(guard::encode(model, piece), key.as_deref())
            }
            Self::Moderation { model, key } => {
                with_bearer(moderation::encode(model, piece), key.as_deref())
            }
            Self::Green { host, pair } => green::encode(host, pair, piece, now),
        }
    }

    /// A question about one picture; `None` from those that take none in full.
    pub(crate) fn encode_picture(&self, picture: Picture<'_>) -> Option<Request> {
        Some(match self {
            Self::Guard { model, instruction, key } => {
                let request = guard::encode_picture(model, instruction.as_deref(), picture);
                with_bearer(request, key.as_deref())
            }
            Self::Moderation { model, key } => {
                with_bearer(moderation::encode_picture(model, picture), key.as_deref())
            }
            Self::Green { .. } => return None,
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
}

fn with_bearer(mut request: Request, key: Option<&String>) -> Request {
    request.headers.push(("content-type", "application/json".to_owned()));
    request.headers.extend(key.map(|key| ("authorization", format!("Bearer {key}"))));
    request
}

fn json(value: &serde_json::Value) -> Bytes {
    Bytes::from(value.to_string())
}
