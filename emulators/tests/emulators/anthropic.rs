//! Anthropic's messages, byte for byte where the facts know the bytes, and the checks that no client
//! of Anthropic's can fail.

use serde_json::{Value, json};
use yumen_emulators::{Emulator, Kind};

use crate::client::{Reply, emulator, send};

const JSON: (&str, &str) = ("content-type", "application/json");

fn message(prompt: &str, stream: bool) -> Value {
    json!({
        "model": "claude-sonnet-5-5", "max_tokens": 2048, "stream": stream,
        "messages": [{"role": "user", "content": prompt}],
    })
}

async fn anthropic(at: &Emulator, headers: &[(&str, &str)], body: &Value) -> Reply {
    let headers = [&[JSON], headers].concat();
    send(at, "POST", "/v1/messages", &headers, &body.to_string()).await
}

const KEYED: [(&str, &str); 2] = [("x-api-key", "k"), ("anthropic-version", "2023-06-01")];

#[tokio::test]
async fn a_message_streams_in_named_events_with_a_ping_and_no_done() {
    let emulator = emulator(Kind::Anthropic).await;
    let reply = anthropic(&emulator, &KEYED, &message("Say hello.", true)).await;
    assert_eq!(reply.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert!(reply.header("request-id").unwrap().starts_with("req_"));
    let mut names = Vec::new();
    for frame in reply.body.trim_end().split("\n\n") {
        let (event, data) = frame.split_once('\n').unwrap();
        let (event, data) =
            (event.strip_prefix("event: ").unwrap(), data.strip_prefix("data: ").unwrap());
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["type"], event, "both say what it is");
        if names.last().map(String::as_str) != Some(event) {
            names.push(event.to_owned());
        }
    }
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    assert!(reply.body.contains("event: ping\ndata: {\"type\": \"ping\"}\n\n"));
    assert!(!reply.body.contains("[DONE]"));
}

#[tokio::test]
async fn the_key_and_the_version_are_wanted() {
    let emulator = emulator(Kind::Anthropic).await;
    let bearer = [("authorization", "Bearer k"), ("anthropic-version", "2026-10-21")];
    let cases = [
        (vec![KEYED[0]], 400, "anthropic-version: header is required"),
        (vec![KEYED[0], ("anthropic-version", "2024-01-01")], 400, "is not a valid version"),
        (vec![KEYED[1]], 401, "x-api-key header is required"),
        (vec![("x-api-key", "bad-key"), KEYED[1]], 401, "invalid x-api-key"),
        (bearer.to_vec(), 200, "end_turn"),
    ];
    for (headers, status, words) in cases {
        let reply = anthropic(&emulator, &headers, &message("hello", false)).await;
        assert_eq!(reply.status, status, "{headers:?}");
        assert!(reply.body.contains(words), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_cached_beginning_is_counted_apart() {
    let emulator = emulator(Kind::Anthropic).await;
    let plain = anthropic(&emulator, &KEYED, &message("hello", false)).await.json();
    let mut body = message("hello", false);
    body["system"] = json!([{
        "type": "text", "text": "Be brief and polite.", "cache_control": {"type": "ephemeral"},
    }]);
    let usage = &anthropic(&emulator, &KEYED, &body).await.json()["usage"];
    assert_eq!(usage["cache_creation_input_tokens"], 5);
    assert_eq!(usage["input_tokens"], plain["usage"]["input_tokens"]);
}

#[tokio::test]
async fn a_stop_sequence_is_named() {
    let emulator = emulator(Kind::Anthropic).await;
    let mut body = message("hello", false);
    body["stop_sequences"] = json!(["nothing of it", " for asking"]);
    let answer = anthropic(&emulator, &KEYED, &body).await.json();
    assert_eq!(answer["stop_reason"], "stop_sequence");
    assert_eq!(answer["stop_sequence"], " for asking");
    assert_eq!(answer["content"][0]["text"], "[emulated Claude] Thank you");
}

#[tokio::test]
async fn what_only_the_older_version_allows_the_newer_refuses() {
    let emulator = emulator(Kind::Anthropic).await;
    let cited = json!([{"type": "text", "text": "x", "citations": [{"type": "char_location"}]}]);
    let mut body = message("hello", false);
    body["messages"][0]["content"] = cited;
    let newer = [KEYED[0], ("anthropic-version", "2026-10-21")];
    assert_eq!(anthropic(&emulator, &KEYED, &body).await.status, 200);
    assert_eq!(anthropic(&emulator, &newer, &body).await.status, 400);
}
