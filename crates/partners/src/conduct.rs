//! What follows from a failure: whose fault it was, and who may be asked next.
//!
//! One table. A refusal of content ends the matter: it is neither asked again nor elsewhere. A
//! mistake of the caller's ends it too. What is wrong with a key rests the key, what is wrong with
//! the model counts against the model, and nothing else counts against anybody.

use std::time::Duration;

use yumen_wire::{Fault, PartnerErrorKind as Kind, Retry};

use crate::AskError;

/// Whose fault a failure was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// Nobody's, or the caller's.
    Nobody,
    /// The model's at this partner.
    Model,
    /// The key is no good, for any model: unknown, or nothing is left in its account.
    DeadKey,
    /// The key may not use this model.
    BarredKey,
    /// The key has asked too much for now; for how long, where the partner said so.
    LimitedKey(Option<Duration>),
}

/// Who may be asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nobody: the answer fails.
    Stop,
    /// Other models, never this one.
    Elsewhere,
    /// Other models that take more; never this one, nor one that takes no more than it.
    Larger,
    /// This model with another key, or others.
    OtherKey,
    /// This model again, after the time the partner named or a short pause; or others.
    Again(Option<Duration>),
    /// Other models; this one too, but not with the beginning of an answer to go on from.
    WithoutPrefix,
}

/// What follows from an error. `continued`: the request asked to go on from the beginning of an
/// answer, which a model may refuse although the caller did nothing wrong.
pub(crate) fn conduct(error: &AskError, continued: bool) -> (Blame, Then) {
    match error {
        AskError::Unreachable { .. } | AskError::Interrupted { .. } => {
            (Blame::Model, Then::Again(None))
        }
        // Silence: whoever waited for a clock to run out is not made to wait for it again.
        AskError::ConnectTimeout { .. }
        | AskError::HeadersTimeout { .. }
        | AskError::FirstTokenTimeout { .. }
        | AskError::GapTimeout { .. }
        | AskError::TotalTimeout { .. }
        | AskError::TooSlow { .. } => (Blame::Model, Then::Elsewhere),
        // What the operator must look at is not covered up by another model's answer.
        AskError::Drifted(_) | AskError::TooLarge { .. } => (Blame::Nobody, Then::Stop),
        AskError::Unavailable { .. } => (Blame::Nobody, Then::Elsewhere),
        AskError::Partner { error, .. } => match (error.kind, error.kind.fault(), error.retry) {
            (_, Fault::Content, _) => (Blame::Nobody, Then::Stop),
            (Kind::ContextLength, ..) => (Blame::Nobody, Then::Larger),
            (_, Fault::Caller, _) if continued => (Blame::Nobody, Then::WithoutPrefix),
            (_, Fault::Caller, _) => (Blame::Nobody, Then::Stop),
            (Kind::ModelNotFound, ..) => (Blame::Model, Then::Elsewhere),
            (Kind::Permission, ..) => (Blame::BarredKey, Then::OtherKey),
            (_, Fault::Key, _) => (Blame::DeadKey, Then::OtherKey),
            (Kind::RateLimited, _, Retry::After(wait)) => {
                (Blame::LimitedKey(wait), Then::Again(wait))
            }
            (_, Fault::Quota, _) => (Blame::DeadKey, Then::OtherKey),
            // A partner that gave up after a long time is as good as silent.
            (Kind::Timeout, ..) => (Blame::Model, Then::Elsewhere),
            // What broke off or was garbled is no partner's last word, whatever its status says.
            (Kind::Truncated | Kind::Malformed, ..) => (Blame::Model, Then::Again(None)),
            (_, _, Retry::After(wait)) => (Blame::Model, Then::Again(wait)),
            (_, _, Retry::No) => (Blame::Model, Then::Elsewhere),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yumen_wire::PartnerError;

    fn said(kind: Kind, retry: Retry) -> AskError {
        AskError::Partner {
            partner: "acme".parse().unwrap(),
            error: Box::new(PartnerError {
                kind,
                status: None,
                code: None,
                message: String::new(),
                request_id: None,
                retry,
                moderation: None,
            }),
            retry_after: None,
        }
    }

    #[test]
    fn a_refusal_of_content_ends_the_matter_whatever_else_is_said() {
        for retry in [Retry::No, Retry::After(None), Retry::After(Some(Duration::ZERO))] {
            for continued in [false, true] {
                let error = said(Kind::Refused, retry);
                assert_eq!(conduct(&error, continued), (Blame::Nobody, Then::Stop));
            }
        }
    }

    #[test]
    fn a_callers_mistake_counts_against_nobody() {
        let mistake = said(Kind::BadRequest, Retry::No);
        assert_eq!(conduct(&mistake, false), (Blame::Nobody, Then::Stop));
        assert_eq!(conduct(&mistake, true), (Blame::Nobody, Then::WithoutPrefix));
        let long = said(Kind::ContextLength, Retry::No);
        assert_eq!(conduct(&long, false), (Blame::Nobody, Then::Larger));
    }

    #[test]
    fn what_is_wrong_with_a_key_never_counts_against_the_model() {
        let second = Some(Duration::from_secs(1));
        for (kind, retry, expected) in [
            (Kind::Auth, Retry::No, (Blame::DeadKey, Then::OtherKey)),
            (Kind::Permission, Retry::No, (Blame::BarredKey, Then::OtherKey)),
            (Kind::Billing, Retry::No, (Blame::DeadKey, Then::OtherKey)),
            (Kind::RateLimited, Retry::No, (Blame::DeadKey, Then::OtherKey)),
            (
                Kind::RateLimited,
                Retry::After(second),
                (Blame::LimitedKey(second), Then::Again(second)),
            ),
        ] {
            assert_eq!(conduct(&said(kind, retry), false), expected, "{kind:?}");
        }
    }

    #[test]
    fn silence_is_not_asked_again_and_noise_is() {
        let (partner, limit) = ("acme".parse().unwrap(), Duration::from_secs(1));
        let silent = AskError::GapTimeout { partner, limit };
        assert_eq!(conduct(&silent, false), (Blame::Model, Then::Elsewhere));
        for kind in [Kind::Truncated, Kind::Malformed] {
            let error = said(kind, Retry::No);
            assert_eq!(conduct(&error, false), (Blame::Model, Then::Again(None)));
        }
        let busy = said(Kind::Overloaded, Retry::After(Some(limit)));
        assert_eq!(conduct(&busy, false), (Blame::Model, Then::Again(Some(limit))));
    }
}
