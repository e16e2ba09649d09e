//! Whose Messages API answers: Anthropic's own, or a partner's route in its shape.
//!
//! The partners' routes were written against the API version 2023-06-01. Where nothing is known of
//! how they differ, they are as Anthropic's own here.

use crate::exchange::Request;
use crate::persona::Persona;

use super::errors::Refusal;

/// Whose route it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum House {
    /// `/v1/messages` at Anthropic.
    Anthropic,
    /// `/apps/anthropic/v1/messages` at Alibaba's DashScope.
    DashScope,
    /// `/anthropic/v1/messages` at `MiniMax`.
    MiniMax,
}

/// The versions of Anthropic's interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    /// `2023-06-01`.
    #[default]
    First,
    /// `2026-10-21`: no sampling parameters, no documents in assistant turns, no citations in user
    /// turns.
    Second,
}

/// Anthropic's models on sale in November 2026 (`types/model.py` of the client 2.12.0).
const CLAUDE: [&str; 18] = [
    "claude-fable-5",
    "claude-fable-5-1",
    "claude-fable-5-2",
    "claude-haiku-4-5",
    "claude-haiku-5-5",
    "claude-mythos-5",
    "claude-mythos-5-1",
    "claude-mythos-5-2",
    "claude-opus-4-5",
    "claude-opus-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-opus-5",
    "claude-opus-5-5",
    "claude-sonnet-4-5",
    "claude-sonnet-4-6",
    "claude-sonnet-5",
    "claude-sonnet-5-5",
];

/// The models of `MiniMax` on sale in November 2026.
const MINIMAX: [&str; 3] = ["MiniMax-M2.7", "MiniMax-M2.7-highspeed", "MiniMax-M3"];

impl House {
    /// The path it serves.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Anthropic => "/v1/messages",
            Self::DashScope => "/apps/anthropic/v1/messages",
            Self::MiniMax => "/anthropic/v1/messages",
        }
    }

    pub(super) fn persona(self) -> Persona {
        match self {
            Self::Anthropic => Persona::Claude,
            Self::DashScope => Persona::Qwen,
            Self::MiniMax => Persona::MiniMax,
        }
    }

    /// Whether it has the model.
    pub(super) fn knows(self, model: &str) -> bool {
        match self {
            Self::Anthropic => CLAUDE.iter().any(|name| is_of(name, model)),
            Self::DashScope => crate::dashscope::knows(model),
            Self::MiniMax => MINIMAX.contains(&model),
        }
    }

    /// Whether the model continues a turn that the caller began. Anthropic's own do no more since
    /// 4.6; of the others' nothing is known.
    pub(super) fn continues(self, model: &str) -> bool {
        self != Self::Anthropic
            || ["claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-5"]
                .iter()
                .any(|name| is_of(name, model))
    }

    /// Whether fields it does not know are refused; the others ignore them.
    pub(super) fn is_strict(self) -> bool {
        self == Self::Anthropic
    }

    /// Checks the key. Anthropic takes either header, `MiniMax` only the bearer.
    pub(super) fn admit(self, request: &Request) -> Result<(), Refusal> {
        let own = request.header("x-api-key");
        let bearer = request.bearer();
        match (self, bearer, own) {
            (Self::MiniMax, None, Some(_)) => Err(Refusal::wrong_key_header()),
            (Self::MiniMax, bearer, _) if !bearer.is_some_and(|key| request.keys.admit(key)) => {
                Err(Refusal::key(self, bearer.is_some()))
            }
            (Self::MiniMax, ..) => Ok(()),
            (_, bearer, own) => match own.or(bearer) {
                Some(key) if request.keys.admit(key) => Ok(()),
                key => Err(Refusal::key(self, key.is_some())),
            },
        }
    }

    /// The version asked for. Only Anthropic's own is known to look at the header.
    pub(super) fn version(self, request: &Request) -> Result<Version, Refusal> {
        match (self, request.header("anthropic-version")) {
            (_, Some("2026-10-21")) if self == Self::Anthropic => Ok(Version::Second),
            (Self::Anthropic, None) => {
                Err(Refusal::invalid("anthropic-version: header is required"))
            }
            (Self::Anthropic, Some(other)) if other != "2023-06-01" => Err(Refusal::invalid(
                format!("anthropic-version: \"{other}\" is not a valid version"),
            )),
            _ => Ok(Version::First),
        }
    }
}

/// Whether `model` is `name` or a dated snapshot of it, which Anthropic writes `-YYYYMMDD`.
fn is_of(name: &str, model: &str) -> bool {
    model.strip_prefix(name).is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix('-')
                .is_some_and(|date| date.len() == 8 && date.chars().all(|c| c.is_ascii_digit()))
    })
}
