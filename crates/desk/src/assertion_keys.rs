//! The keys that sign assertions: rotated, and what a former one signed refused.
//!
//! Neither opens anything: what a key signed before it was rotated is believed to its end, and no
//! longer than that.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use yumen_ledger::{Canonical, Entry, KeyStep};
use yumen_policy::{AssertionKeys, SigningKey, Text};

use crate::{Actor, Desk, DeskError, Done};

/// Where the assertion keys are kept, and where new ones come from.
pub trait KeyShelf: Send + Sync {
    /// A key that nobody ever had.
    ///
    /// # Errors
    /// When the system gives no randomness.
    fn fresh(&self) -> std::io::Result<SigningKey>;

    /// Puts these in the place of the keys that are there: whole, and on disk when it returns.
    ///
    /// # Errors
    /// When they could not be written; those that were there are there still.
    fn keep(&self, keys: &AssertionKeys) -> std::io::Result<()>;
}

impl Desk {
    /// The keys that sign assertions, and those before them.
    pub fn assertion_keys(&self) -> &AssertionKeys {
        &self.keys.assertions
    }

    pub(crate) fn shown_assertion_keys(&self) -> Done {
        let keys = shown(&self.keys.assertions);
        Done::found(&keys, Text::new("the keys that sign assertions", "签发资格凭证的密钥"))
    }

    /// With `revoke`, what the key in use signed is refused at once; devices ask again.
    pub(crate) fn rotate_assertion_key(
        &mut self,
        actor: &Actor,
        revoke: bool,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let mut keys = self.keys.assertions.clone();
        let former = keys.kid();
        keys.rotate(self.keys.shelf.fresh().map_err(|error| unkept(&error))?, now);
        let fresh = keys.kid();
        let mut steps = vec![entry(actor, &fresh, Some(&former), "rotated", now)];
        if revoke {
            keys.revoke(&former, now)?;
            steps.push(entry(actor, &former, None, "revoked", now));
        }
        let index = self.replace_assertion_keys(keys, steps)?;
        let text = if revoke {
            Text::new(
                format!("{fresh} signs assertions now; what {former} signed is refused"),
                format!("现由 {fresh} 签发资格凭证；{former} 签发的凭证一律拒绝"),
            )
        } else {
            Text::new(
                format!("{fresh} signs assertions now; what {former} signed holds to its end"),
                format!("现由 {fresh} 签发资格凭证；{former} 已签发的凭证至其到期为止仍有效"),
            )
        };
        Ok(Done::changed(shown(&self.keys.assertions), index, text))
    }

    pub(crate) fn revoke_assertion_key(
        &mut self,
        actor: &Actor,
        kid: &str,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let mut keys = self.keys.assertions.clone();
        let Some(known) = keys.retired().iter().find(|key| key.kid == kid) else {
            if keys.kid() == kid {
                return Err(DeskError::Conflict(Text::new(
                    "this key is in use: rotate it with `revoke`",
                    "该密钥正在使用：请轮换并同时撤销",
                )));
            }
            let (what, zh) = ("assertion key", "凭证签名密钥");
            return Err(DeskError::Unknown { what, zh, name: kid.into() });
        };
        if known.revoked.is_some() {
            return Err(DeskError::Conflict(Text::new(
                format!("{kid} is revoked already"),
                format!("{kid} 已撤销"),
            )));
        }
        keys.revoke(kid, now)?;
        let steps = vec![entry(actor, kid, None, "revoked", now)];
        let index = self.replace_assertion_keys(keys, steps)?;
        let text = Text::new(
            format!("what {kid} signed is refused from now on"),
            format!("{kid} 签发的凭证自此一律拒绝"),
        );
        Ok(Done::changed(shown(&self.keys.assertions), index, text))
    }

    /// The file is replaced last before the record is committed: without it nothing is recorded.
    fn replace_assertion_keys(
        &mut self,
        keys: AssertionKeys,
        steps: Vec<Canonical>,
    ) -> Result<Option<u64>, DeskError> {
        let kept_on = Arc::clone(&self.keys.shelf);
        let ((), index) = self.change(|_| {
            kept_on.keep(&keys).map_err(|error| unkept(&error))?;
            Ok(((), steps))
        })?;
        self.keys.assertions = keys;
        Ok(index)
    }
}

fn unkept(error: &std::io::Error) -> DeskError {
    DeskError::Invalid(format!("the assertion keys could not be changed: {error}"))
}

/// The names and times of the keys; the keys themselves are nobody's business.
fn shown(keys: &AssertionKeys) -> Value {
    let retired: Vec<_> = keys
        .retired()
        .iter()
        .map(|key| json!({"kid": key.kid, "retired": key.retired, "revoked": key.revoked}))
        .collect();
    json!({"current": {"kid": keys.kid(), "since": keys.since()}, "retired": retired})
}

fn entry(
    actor: &Actor,
    kid: &str,
    previous: Option<&str>,
    step: &str,
    now: Timestamp,
) -> Canonical {
    Canonical::from(Entry::Key(KeyStep {
        by: actor.id().into(),
        key: kid.into(),
        previous: previous.map(Into::into),
        step: step.into(),
        time: now,
        usage: "assertion".into(),
    }))
}
