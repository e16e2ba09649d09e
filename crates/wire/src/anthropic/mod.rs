//! Anthropic's messages.

use crate::answer::{Completion, Event, Usage};
use crate::chat::Chat;
use crate::dialect::Dialect;
use crate::error::WireError;
use crate::head::Head;
use crate::partner_error::PartnerError;
use crate::protocol::Outgoing;
use crate::sse::Frame;

/// Writes a request.
pub(crate) fn encode(
    dialect: &Dialect,
    _chat: &Chat,
    _model: &str,
    _stream: bool,
) -> Result<Outgoing, WireError> {
    Err(dialect.cannot("messages"))
}

/// Reads a whole answer with status 2xx. Other statuses never come here.
pub(crate) fn decode(
    _dialect: &Dialect,
    head: &Head<'_>,
    _body: &[u8],
) -> Result<Completion, PartnerError> {
    Err(PartnerError::malformed(Some(head.status), "this protocol is not read yet"))
}

/// What is known of one streamed answer. Cutting bytes into frames, keeping a failure, and giving
/// out the usage of a failed answer are the caller's ([`crate::StreamDecoder`]).
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    usage: Option<Usage>,
    done: bool,
}

impl StreamState {
    /// Takes the next frame: one server-sent event, or one line (then only its data is set).
    #[expect(clippy::unused_self, reason = "the signature the others have")]
    pub(crate) fn frame(
        &mut self,
        _dialect: &Dialect,
        _frame: Frame<'_>,
        _out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        Err(PartnerError::malformed(None, "this protocol is not read yet"))
    }

    /// The body ended before [`is_done`](Self::is_done).
    #[expect(clippy::unused_self, reason = "the signature the others have")]
    pub(crate) fn end(&mut self, _out: &mut Vec<Event>) -> Result<(), PartnerError> {
        Err(PartnerError::truncated("the stream ended before the answer began", None))
    }

    /// Whether the answer is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The usage told so far and not yet given out, when the answer failed.
    pub(crate) fn spent(&mut self) -> Option<Usage> {
        self.usage.take()
    }
}
