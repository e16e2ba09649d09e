//! What goes back to a client: JSON, text, a file of the phone page, or an answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};

use crate::answer::AnswerBody;
use crate::metrics::OpenAnswer;

/// A response on its way out.
pub(crate) type Reply = Response<ReplyBody>;

/// The body of a [`Reply`].
///
/// Generated content is only ever in `answer`; the other side carries what the gate itself says.
pub(crate) struct ReplyBody {
    own: Option<Bytes>,
    answer: Option<(AnswerBody, OpenAnswer)>,
}

/// A reply of the gate's own words.
pub(crate) fn own(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    reply(status, content_type, ReplyBody { own: Some(body.into()), answer: None })
}

/// A reply of the gate's own JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Reply {
    match serde_json::to_vec(value) {
        Ok(body) => own(StatusCode::OK, JSON, body),
        Err(error) => {
            tracing::error!(%error, "a reply could not be serialised");
            own(StatusCode::INTERNAL_SERVER_ERROR, JSON, &b"{}"[..])
        }
    }
}

/// A reply that carries generated content.
pub(crate) fn answer(content_type: &'static str, body: AnswerBody, open: OpenAnswer) -> Reply {
    let mut reply =
        reply(StatusCode::OK, content_type, ReplyBody { own: None, answer: Some((body, open)) });
    // An answer is one person's: no cache may keep it, and no proxy may hold a stream back.
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if content_type == EVENT_STREAM {
        reply.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    }
    reply
}

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";
/// The media type of problem details (RFC 9457 §3).
pub(crate) const PROBLEM: &str = "application/problem+json";
/// The media type of a stream of events.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

fn reply(status: StatusCode, content_type: &'static str, body: ReplyBody) -> Reply {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(bytes) = self.own.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.answer {
            None => Poll::Ready(None),
            Some((answer, _)) => {
                answer.poll_bytes(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.own.is_none() && self.answer.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let length = match (&self.own, &self.answer) {
            (Some(bytes), _) => Some(bytes.len() as u64),
            (None, Some((answer, _))) => answer.known_length(),
            (None, None) => Some(0),
        };
        length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
