//! The faults an emulator has on demand: by a word in the last user message, or by a schedule.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Time to the first token under `slow_first_token` and `slow_headers`, unless the schedule says.
const LONG_WAIT: Duration = Duration::from_secs(20);
/// Text parts that still arrive before a fault in the middle of a stream, unless the schedule says.
const PARTS_BEFORE_FAULT: usize = 3;

/// What goes wrong.
///
/// Each stands as `[[name]]` in a user message, and as `"fault": "name"` in a schedule, with the
/// name as it is serialised: `slow_first_token`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection is reset (TCP RST) before any header.
    Reset,
    /// Nothing at all comes, not even headers, and the connection stays. Also `[[no_headers]]`.
    Silence,
    /// The headers come late: after `delay_ms`, 20 s without it.
    SlowHeaders,
    /// The headers come, the first part after `delay_ms`, 20 s without it. An answer in one piece
    /// is late as a whole.
    SlowFirstToken,
    /// Forty parts, `delay_ms` apart, 50 ms without it.
    Slow,
    /// Headers and the first text, then nothing while the connection stays.
    Stall,
    /// Headers, then nothing while the connection stays.
    StallHeaders,
    /// The connection drops in the middle. Also `[[cut_stream]]`.
    Cut,
    /// The body ends in the middle, cleanly as far as HTTP can tell.
    EndEarly,
    /// Bytes that are not what the protocol says.
    Malformed,
    /// Text fields hold a number.
    WrongType,
    /// Text fields have another name.
    RenamedField,
    /// A stream lacks its last frame: `[DONE]`, or what ends it in its protocol.
    NoDone,
    /// The reason of the end is never told.
    NoFinish,
    /// Token counts are strings.
    UsageAsString,
    /// Refused with the HTTP status `status`, 503 without it, in the partner's form.
    Status,
    /// HTTP 200, and the body, or the first event, is an error.
    #[serde(rename = "error_under_200")]
    ErrorUnder200,
    /// An error event after good ones.
    ErrorMidStream,
    /// Refused: too many requests.
    RateLimit,
    /// Refused: nothing left to spend.
    Quota,
    /// Refused: the partner is overloaded.
    Overloaded,
    /// Refused: an error inside the partner.
    #[serde(rename = "error_500")]
    Error500,
    /// Refused: the key.
    DeadKey,
    /// Refused before generation by the partner's moderation.
    ModerationInput,
    /// Stopped by the partner's moderation after some text.
    ModerationOutput,
    /// The model itself refuses: in a field of its own with OpenAI, elsewhere in words.
    Refusal,
    /// Refused: the conversation is longer than the model takes.
    ContextLength,
    /// A conversation that ends with a turn to be continued is refused; others are not.
    RefusePrefix,
    /// The answer names a model nobody asked for.
    OtherModel,
    /// The answer names another configuration of the model.
    OtherFingerprint,
    /// The answer begins under the model asked for and goes on under another.
    ModelMidway,
}

impl FaultKind {
    /// Every fault.
    pub const ALL: [Self; 31] = [
        Self::Reset,
        Self::Silence,
        Self::SlowHeaders,
        Self::SlowFirstToken,
        Self::Slow,
        Self::Stall,
        Self::StallHeaders,
        Self::Cut,
        Self::EndEarly,
        Self::Malformed,
        Self::WrongType,
        Self::RenamedField,
        Self::NoDone,
        Self::NoFinish,
        Self::UsageAsString,
        Self::Status,
        Self::ErrorUnder200,
        Self::ErrorMidStream,
        Self::RateLimit,
        Self::Quota,
        Self::Overloaded,
        Self::Error500,
        Self::DeadKey,
        Self::ModerationInput,
        Self::ModerationOutput,
        Self::Refusal,
        Self::ContextLength,
        Self::RefusePrefix,
        Self::OtherModel,
        Self::OtherFingerprint,
        Self::ModelMidway,
    ];

    /// Whether the answer under it has words of its own.
    pub(crate) fn speaks(self) -> bool {
        matches!(self, Self::Slow | Self::Refusal | Self::ModerationOutput)
    }

    /// Its name in schedules, messages and the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Silence => "silence",
            Self::SlowHeaders => "slow_headers",
            Self::SlowFirstToken => "slow_first_token",
            Self::Slow => "slow",
            Self::Stall => "stall",
            Self::StallHeaders => "stall_headers",
            Self::Cut => "cut",
            Self::EndEarly => "end_early",
            Self::Malformed => "malformed",
            Self::WrongType => "wrong_type",
            Self::RenamedField => "renamed_field",
            Self::NoDone => "no_done",
            Self::NoFinish => "no_finish",
            Self::UsageAsString => "usage_as_string",
            Self::Status => "status",
            Self::ErrorUnder200 => "error_under_200",
            Self::ErrorMidStream => "error_mid_stream",
            Self::RateLimit => "rate_limit",
            Self::Quota => "quota",
            Self::Overloaded => "overloaded",
            Self::Error500 => "error_500",
            Self::DeadKey => "dead_key",
            Self::ModerationInput => "moderation_input",
            Self::ModerationOutput => "moderation_output",
            Self::Refusal => "refusal",
            Self::ContextLength => "context_length",
            Self::RefusePrefix => "refuse_prefix",
            Self::OtherModel => "other_model",
            Self::OtherFingerprint => "other_fingerprint",
            Self::ModelMidway => "model_midway",
        }
    }

    /// The fault whose word comes first in `text`.
    pub(crate) fn find(text: &str) -> Option<Self> {
        text.match_indices("[[").find_map(|(at, _)| {
            let word = &text[at + 2..];
            match &word[..word.find("]]")?] {
                "cut_stream" => Some(Self::Cut),
                "no_headers" => Some(Self::Silence),
                word => Self::ALL.into_iter().find(|kind| kind.name() == word),
            }
        })
    }
}

/// A fault that befalls one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// The HTTP status under [`FaultKind::Status`].
    pub(crate) status: u16,
    pub(crate) retry: RetryAfter,
    pub(crate) delay: Option<Duration>,
    pub(crate) after_part: Option<usize>,
}

/// What a refusal says of when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// What the partner says by itself.
    AsPartner,
    /// Nothing.
    Absent,
    /// So many seconds.
    Seconds(u64),
}

impl Fault {
    /// The fault of a word in a message.
    pub(crate) fn worded(kind: FaultKind) -> Self {
        Self { kind, status: 503, retry: RetryAfter::AsPartner, delay: None, after_part: None }
    }

    /// Why the request is refused, if it is refused at all.
    pub(crate) fn why(&self) -> Option<Why> {
        Some(match self.kind {
            FaultKind::RateLimit => Why::RateLimit,
            FaultKind::Quota => Why::Quota,
            FaultKind::Overloaded => Why::Overloaded,
            FaultKind::Error500 => Why::Server,
            FaultKind::DeadKey => Why::Key,
            FaultKind::ModerationInput => Why::Moderation,
            FaultKind::ContextLength => Why::ContextLength,
            FaultKind::RefusePrefix => Why::Prefix,
            FaultKind::Status => match self.status {
                401 => Why::Key,
                429 => Why::RateLimit,
                500 => Why::Server,
                503 => Why::Overloaded,
                other => Why::Status(other),
            },
            _ => return None,
        })
    }

    /// How long the fault makes wait.
    pub(crate) fn long_wait(&self) -> Duration {
        self.delay.unwrap_or(LONG_WAIT)
    }

    /// How many text parts of a stream come before the fault.
    pub(crate) fn parts_before(&self) -> usize {
        let usual = if self.kind == FaultKind::Stall { 1 } else { PARTS_BEFORE_FAULT };
        self.after_part.unwrap_or(usual)
    }
}

/// Why a partner refuses, before its own words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Too many requests: HTTP 429 nearly everywhere.
    RateLimit,
    /// Nothing left to spend: must not be retried.
    Quota,
    /// Overloaded: HTTP 503 nearly everywhere.
    Overloaded,
    /// An error inside: HTTP 500 nearly everywhere.
    Server,
    /// The key.
    Key,
    /// Moderation of the input.
    Moderation,
    /// The conversation is too long.
    ContextLength,
    /// This model does not continue a given beginning.
    Prefix,
    /// Some other HTTP status, between 400 and 599. The status itself is set for the partner.
    Status(u16),
    /// An error that hides under HTTP 200. The status itself is set for the partner.
    Under200,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_in_a_text_counts() {
        assert_eq!(FaultKind::find("please [[slow]] then [[stall]]"), Some(FaultKind::Slow));
        assert_eq!(FaultKind::find("[[stall_headers]]"), Some(FaultKind::StallHeaders));
        assert_eq!(FaultKind::find("[[long]] [[cut_stream]]"), Some(FaultKind::Cut));
        assert_eq!(FaultKind::find("[[a wiki link]]"), None);
        assert_eq!(FaultKind::find("[[open"), None);
        assert_eq!(FaultKind::find("plain"), None);
    }

    #[test]
    fn names_are_as_serialised() {
        for kind in FaultKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
