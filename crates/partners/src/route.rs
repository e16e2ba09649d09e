//! One prompt on its way to the approved models that may answer it.

use std::{borrow::Cow, fmt};

use http::Uri;
use yumen_features::Prompt;
use yumen_policy::{Clearance, Digest, ModelRef};
use yumen_screen::{Screened, ToPartner};
use yumen_wire::{CacheHint, Chat, Outgoing};

use crate::{
    AfterFirst, RouteError, Settle, Stray, candidate::Candidate, capabilities::Needs,
    sticky::Conversation,
};

/// One prompt on its way to approved models, one after the other. Made only by
/// [`crate::Partners::route`], used up by [`crate::Partners::ask`]; it cannot be cloned, so one
/// clearance is one answer.
pub struct Route {
    pub(crate) prompt: Screened<Prompt, ToPartner>,
    pub(crate) needs: Needs,
    pub(crate) first: Candidate,
    pub(crate) rest: Vec<Candidate>,
    pub(crate) passed_over: Option<Stray>,
    /// What the first is asked.
    pub(crate) encoded: Encoded,
    /// Whether the partner is asked for a stream.
    pub(crate) streams: bool,
    /// Whether the caller is.
    pub(crate) stream: bool,
    pub(crate) after_first: AfterFirst,
    pub(crate) conversation: Option<Conversation>,
    /// What the partner's prompt cache may know the conversation by.
    pub(crate) hint: Option<String>,
    pub(crate) settle: Option<Settle>,
}

/// A conversation as it is sent to one model.
pub(crate) struct Encoded {
    pub(crate) address: Uri,
    pub(crate) outgoing: Outgoing,
}

impl Route {
    /// The model that will be asked first.
    pub fn model(&self) -> &ModelRef {
        &self.clearance().models()[self.first.chosen]
    }

    /// All models that may be asked, in order.
    pub fn models(&self) -> impl Iterator<Item = &ModelRef> {
        let models = self.clearance().models();
        std::iter::once(&self.first).chain(&self.rest).map(|candidate| &models[candidate.chosen])
    }

    /// The clearance they are asked under.
    pub fn clearance(&self) -> &Clearance {
        self.prompt.get().clearance()
    }

    /// A partner that would have been asked, if its address did not lead outside the market.
    pub fn passed_over(&self) -> Option<&Stray> {
        self.passed_over.as_ref()
    }

    /// Whether an emulator answers in the first partner's place.
    pub fn emulated(&self) -> bool {
        self.first.partner.emulated
    }

    /// Whether the answer will come as a stream.
    pub fn is_stream(&self) -> bool {
        self.stream
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The prompt is the person's text; it stays out.
        f.debug_struct("Route")
            .field("model", self.model())
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// Writes a conversation as a candidate is asked it. `hint` names it to the partner's prompt cache,
/// where the model is known to have one.
pub(crate) fn encode(
    chat: &Chat,
    candidate: &Candidate,
    streams: bool,
    hint: Option<&str>,
) -> Result<Encoded, RouteError> {
    let hinted = match hint {
        Some(key) if candidate.lane.can.cache == Some(true) && chat.params.cache.is_none() => {
            let mut chat = chat.clone();
            chat.params.cache = Some(CacheHint { key: Some(key.to_owned()), hour: false });
            Cow::Owned(chat)
        }
        _ => Cow::Borrowed(chat),
    };
    let partner = &candidate.partner;
    let outgoing = partner.protocol.encode(&hinted, candidate.lane.name(), streams)?;
    Ok(Encoded { address: partner.address(&outgoing.path)?, outgoing })
}

/// What a partner's prompt cache knows a conversation by: a hash, which names nobody.
pub(crate) fn cache_key(conversation: &str) -> String {
    let digest = Digest::of(format!("yumen conversation\n{conversation}").as_bytes()).to_string();
    let hex = digest.strip_prefix("sha256:").unwrap_or(&digest);
    hex[..hex.len().min(32)].to_owned()
}
