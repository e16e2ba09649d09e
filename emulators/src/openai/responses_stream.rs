//! The events of a streamed response: `event:` and `data:` lines, numbered, without `[DONE]`.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::responses::Draft;
use super::responses_reasoning::Events;
use crate::delivery::Stream;
use crate::reply;

/// The frames of `draft`.
pub(super) fn frames(draft: &Draft) -> Stream {
    let mut events = vec![
        ("response.created", json!({"response": draft.started()})),
        ("response.in_progress", json!({"response": draft.started()})),
    ];
    if let Some(thought) = &draft.thought {
        thought.tell(&mut events);
    }
    let lead = events.len() + if draft.reply.calls.is_empty() { 2 } else { 1 };
    if draft.reply.calls.is_empty() {
        message(draft, &mut events);
    } else {
        calls(draft, &mut events);
    }
    let last = match draft.status() {
        "completed" => "response.completed",
        _ => "response.incomplete",
    };
    events.push((last, json!({"response": draft.ended()})));
    let frames = events.into_iter().enumerate().map(|(number, (kind, data))| {
        let mut event = Map::new();
        event.insert("type".to_owned(), json!(kind));
        event.insert("sequence_number".to_owned(), json!(number));
        if let Value::Object(data) = data {
            event.extend(data);
        }
        Bytes::from(format!("event: {kind}\ndata: {}\n\n", Value::Object(event)))
    });
    let error = json!({
        "type": "error",
        "sequence_number": lead + 3,
        "code": "server_error",
        "message": "The server had an error while processing your request. Sorry about that!",
        "param": null,
    });
    Stream {
        frames: Box::new(frames),
        lead,
        error: Bytes::from(format!("event: error\ndata: {error}\n\n")),
        broken: Bytes::from_static(
            b"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.\n\n",
        ),
    }
}

fn message(draft: &Draft, events: &mut Events) {
    let id = draft.item_id(0);
    let place = json!({"item_id": id, "output_index": draft.place(0), "content_index": 0});
    let with = |more: Value| {
        let mut all = place.clone();
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
        all
    };
    let empty = json!({
        "id": id, "type": "message", "status": "in_progress", "content": [], "role": "assistant",
    });
    events.push((
        "response.output_item.added",
        json!({"output_index": draft.place(0), "item": empty}),
    ));
    events.push(("response.content_part.added", with(json!({"part": draft.part("")}))));
    let text = &draft.reply.text;
    if draft.reply.refusal {
        for piece in draft.reply.pieces() {
            events.push(("response.refusal.delta", with(json!({"delta": piece}))));
        }
        events.push(("response.refusal.done", with(json!({"refusal": text}))));
    } else {
        for piece in draft.reply.pieces() {
            let delta = json!({"delta": piece, "logprobs": [], "obfuscation": "emulated"});
            events.push(("response.output_text.delta", with(delta)));
        }
        let done = json!({"text": text, "logprobs": []});
        events.push(("response.output_text.done", with(done)));
    }
    events.push(("response.content_part.done", with(json!({"part": draft.part(text)}))));
    let item = json!({"output_index": draft.place(0), "item": draft.item(0)});
    events.push(("response.output_item.done", item));
}

fn calls(draft: &Draft, events: &mut Events) {
    for (index, call) in draft.reply.calls.iter().enumerate() {
        let id = draft.item_id(index);
        let begun = json!({
            "id": id, "type": "function_call", "status": "in_progress", "arguments": "",
            "call_id": draft.call_id(index), "name": call.name,
        });
        events.push((
            "response.output_item.added",
            json!({"output_index": draft.place(index), "item": begun}),
        ));
        for piece in reply::pieces(&call.arguments) {
            let delta = json!({"item_id": id, "output_index": draft.place(index), "delta": piece});
            events.push(("response.function_call_arguments.delta", delta));
        }
        let done = json!({
            "item_id": id, "output_index": draft.place(index), "name": call.name, "arguments": call.arguments,
        });
        events.push(("response.function_call_arguments.done", done));
        let item = json!({"output_index": draft.place(index), "item": draft.item(index)});
        events.push(("response.output_item.done", item));
    }
}
