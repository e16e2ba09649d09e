//! The events of a streamed answer: `data:` lines, and never `[DONE]`, over which Meta's client
//! breaks.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Refusal, call_id, id, metrics, stop_reason};
use crate::ask::Ask;
use crate::delivery::Stream;
use crate::exchange::Ticket;
use crate::reply::{self, Reply};

/// The frames of `reply`.
pub(super) fn frames(ask: &Ask, reply: &Reply, ticket: &Ticket) -> Stream {
    let id = id(ticket);
    let text = |text: &str| json!({"type": "text", "text": text});
    let event = |kind: &str, delta: Value| json!({"event_type": kind, "delta": delta});
    let mut events = vec![event("start", text(""))];
    events.extend(reply.pieces().iter().map(|piece| event("progress", text(piece))));
    for (index, call) in reply.calls.iter().enumerate() {
        for (at, arguments) in reply::pieces(&call.arguments).into_iter().enumerate() {
            let mut delta = json!({"type": "tool_call", "function": {"arguments": arguments}});
            if at == 0 {
                delta["id"] = call_id(ticket, index).into();
                delta["function"]["name"] = call.name.as_str().into();
            }
            events.push(event("progress", delta));
        }
    }
    let mut complete = event("complete", text(""));
    complete["stop_reason"] = stop_reason(reply.end).into();
    let mut counted = event("metrics", text(""));
    counted["metrics"] = json!(metrics(ask, reply));
    events.extend([complete, counted]);
    let frame =
        move |event: Value| Bytes::from(format!("data: {}\n\n", json!({"id": id, "event": event})));
    Stream {
        frames: Box::new(events.into_iter().map(frame)),
        lead: 1,
        error: Bytes::from(format!("event: error\ndata: {}\n\n", Refusal::server().json())),
        broken: Bytes::from_static(b"data: {\"event\":{\"event_type\":\"progr\n\n"),
    }
}
