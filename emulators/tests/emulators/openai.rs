//! OpenAI on the line.

use serde_json::{Value, json};
use yumen_emulators::{Emulator, Kind};

use crate::client::{Ended, Reply, emulator, post, send};

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";

fn chat(prompt: &str, more: Value) -> Value {
    let mut body = json!({
        "model": "gpt-5.4-mini",
        "messages": [{"role": "user", "content": prompt}],
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn weather_tool() -> Value {
    json!([{"type": "function", "function": {"name": "get_weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    }}}])
}

async fn refused(emulator: &Emulator, body: &Value) -> (u16, Value) {
    let reply = post(emulator, CHAT, body).await;
    (reply.status, reply.json()["error"].clone())
}

#[tokio::test]
async fn a_completion_has_every_field_and_the_mark() {
    let emulator = emulator(Kind::OpenAi).await;
    let reply = post(&emulator, CHAT, &chat("Say hello.", json!({}))).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-emulated"), Some("yumen"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.header("x-request-id").unwrap().starts_with("req_"));
    let body = reply.json();
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "choices",
            "created",
            "id",
            "model",
            "object",
            "service_tier",
            "system_fingerprint",
            "usage"
        ]
    );
    let choice = &body["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(choice["message"]["refusal"], Value::Null);
    let text = choice["message"]["content"].as_str().unwrap();
    assert!(text.starts_with("[emulated ChatGPT] "), "{text}");
    let usage = &body["usage"];
    let sum =
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
}

#[tokio::test]
async fn a_stream_opens_with_the_role_and_closes_with_usage_and_done() {
    let emulator = emulator(Kind::OpenAi).await;
    let options = json!({"stream": true, "stream_options": {"include_usage": true}});
    let reply = post(&emulator, CHAT, &chat("Say hello.", options)).await;
    assert_eq!(reply.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(reply.ended, Ended::Well);
    assert!(reply.body.starts_with("data: {\"id\":\"chatcmpl-"));
    assert!(reply.body.ends_with("\n\ndata: [DONE]\n\n"));
    let events = reply.events();
    assert_eq!(
        events[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": "", "refusal": null})
    );
    let (last, others) = events.split_last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["total_tokens"].is_u64());
    for event in others {
        assert!(event.as_object().unwrap().contains_key("usage"));
        assert_eq!(event["usage"], Value::Null);
        assert!(event["obfuscation"].is_string());
    }
    let end = &others.last().unwrap()["choices"][0];
    assert_eq!((&end["delta"], &end["finish_reason"]), (&json!({}), &json!("stop")));
    let whole = post(&emulator, CHAT, &chat("Say hello.", json!({}))).await.json();
    assert_eq!(whole["choices"][0]["message"]["content"], reply.chat_text());
}

#[tokio::test]
async fn without_the_options_there_is_no_usage_and_padding_can_be_refused() {
    let emulator = emulator(Kind::OpenAi).await;
    let plain = post(&emulator, CHAT, &chat("Say hello.", json!({"stream": true}))).await;
    assert!(!plain.body.contains("\"usage\""));
    let options = json!({"stream": true, "stream_options": {"include_obfuscation": false}});
    let bare = post(&emulator, CHAT, &chat("Say hello.", options)).await;
    assert!(!bare.body.contains("obfuscation"));
}

/// The calls of a stream, put together by index: id, name, arguments.
fn calls(reply: &Reply) -> Vec<(String, String, String)> {
    let mut calls: Vec<(String, String, String)> = Vec::new();
    for event in reply.events() {
        for part in event["choices"][0]["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(part["index"].as_u64().unwrap()).unwrap();
            if calls.len() == index {
                calls.push(Default::default());
            }
            let call = &mut calls[index];
            call.0.push_str(part["id"].as_str().unwrap_or_default());
            call.1.push_str(part["function"]["name"].as_str().unwrap_or_default());
            call.2.push_str(part["function"]["arguments"].as_str().unwrap());
        }
    }
    calls
}

#[tokio::test]
async fn tools_are_called_in_parallel_and_their_results_quoted() {
    let emulator = emulator(Kind::OpenAi).await;
    let question = "What is the weather in Beijing and Hangzhou?";
    let body = chat(question, json!({"tools": weather_tool(), "stream": true}));
    let reply = post(&emulator, CHAT, &body).await;
    let calls = calls(&reply);
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].2, r#"{"city":"Beijing"}"#);
    assert_eq!(calls[1].1, "get_weather");
    let last = reply.events().pop().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "tool_calls");

    let single = json!({"tools": weather_tool(), "parallel_tool_calls": false});
    let whole = post(&emulator, CHAT, &chat(question, single)).await.json();
    let message = &whole["choices"][0]["message"];
    assert_eq!(message["content"], Value::Null);
    assert_eq!(message["tool_calls"].as_array().unwrap().len(), 1);

    let id = message["tool_calls"][0]["id"].clone();
    let second = json!({"tools": weather_tool(), "messages": [
        {"role": "user", "content": question}, message_for_request(message),
        {"role": "tool", "tool_call_id": id, "content": "12 degrees"},
    ]});
    let answer = post(&emulator, CHAT, &chat("", second)).await.json();
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "[emulated ChatGPT] The tool get_weather says: 12 degrees"
    );
}

fn message_for_request(message: &Value) -> Value {
    json!({"role": "assistant", "content": null, "tool_calls": message["tool_calls"]})
}

#[tokio::test]
async fn requests_are_checked_field_by_field() {
    let emulator = emulator(Kind::OpenAi).await;
    let cases = [
        (json!({"temprature": 1}), 400, "unknown_parameter", "temprature"),
        (json!({"temperature": 3}), 400, "decimal_above_max_value", "temperature"),
        (json!({"temperature": "1"}), 400, "invalid_type", "temperature"),
        (
            json!({"max_completion_tokens": 0}),
            400,
            "integer_below_min_value",
            "max_completion_tokens",
        ),
        (json!({"max_tokens": 5}), 400, "unsupported_parameter", "max_tokens"),
        (json!({"messages": []}), 400, "empty_array", "messages"),
        (
            json!({"messages": [{"role": "bot", "content": "x"}]}),
            400,
            "invalid_value",
            "messages[0].role",
        ),
        (json!({"model": null}), 400, "missing_required_parameter", "model"),
        (json!({"tools": []}), 400, "empty_array", "tools"),
        (
            json!({"model": "gpt-6-sol", "temperature": 1}),
            400,
            "unsupported_parameter",
            "temperature",
        ),
        (
            json!({"model": "gpt-6-astra", "reasoning_effort": "none"}),
            400,
            "unsupported_value",
            "reasoning_effort",
        ),
    ];
    for (change, status, code, param) in cases {
        let (got, error) = refused(&emulator, &chat("x", change.clone())).await;
        assert_eq!(
            (got, &error["code"], &error["param"], &error["type"]),
            (status, &json!(code), &json!(param), &json!("invalid_request_error")),
            "{change}: {error}"
        );
    }
    let (status, error) = refused(&emulator, &chat("x", json!({"model": "gpt-1"}))).await;
    assert_eq!((status, &error["code"]), (404, &json!("model_not_found")));
}

#[tokio::test]
async fn rules_between_fields_hold() {
    let emulator = emulator(Kind::OpenAi).await;
    let cases = [
        (json!({"stream_options": {"include_usage": true}}), "stream_options"),
        (json!({"tool_choice": "auto"}), "tool_choice"),
        (json!({"parallel_tool_calls": false}), "parallel_tool_calls"),
        (json!({"response_format": {"type": "json_object"}}), "messages"),
        (
            json!({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}),
            "messages[0].role",
        ),
        (json!({"model": "gpt-6-luna", "tools": weather_tool()}), "reasoning_effort"),
    ];
    for (change, param) in cases {
        let (status, error) = refused(&emulator, &chat("x", change.clone())).await;
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{change}: {error}");
    }
    let fine = json!({"model": "gpt-6-luna", "tools": weather_tool(), "reasoning_effort": "none"});
    assert_eq!(post(&emulator, CHAT, &chat("x", fine)).await.status, 200);
}

#[tokio::test]
async fn keys_paths_methods_and_content_types_are_checked() {
    let emulator = emulator(Kind::OpenAi).await;
    let json_type = ("content-type", "application/json");
    let body = chat("x", json!({})).to_string();
    let wrong_key = [("authorization", "Bearer bad-key"), json_type];
    let bad = send(&emulator, "POST", CHAT, &wrong_key, &body).await;
    assert_eq!((bad.status, &bad.json()["error"]["code"]), (401, &json!("invalid_api_key")));
    let none = send(&emulator, "POST", CHAT, &[json_type], &body).await;
    assert_eq!((none.status, &none.json()["error"]["code"]), (401, &Value::Null));
    let key = ("authorization", "Bearer k");
    let text = send(&emulator, "POST", CHAT, &[key, ("content-type", "text/plain")], &body).await;
    assert_eq!(text.json()["error"]["code"], "unsupported_content_type");
    let broken = send(&emulator, "POST", CHAT, &[key, json_type], "{").await;
    assert_eq!((broken.status, broken.header("x-emulated")), (400, Some("yumen")));
    assert_eq!(send(&emulator, "GET", CHAT, &[key], "").await.status, 405);
    let lost = send(&emulator, "POST", "/v1/chat", &[key, json_type], &body).await;
    assert_eq!(lost.json()["error"]["message"], "Invalid URL (POST /v1/chat)");
}

#[tokio::test]
async fn models_are_listed() {
    let emulator = emulator(Kind::OpenAi).await;
    let key = [("authorization", "Bearer k")];
    let list = send(&emulator, "GET", "/v1/models", &key, "").await.json();
    assert_eq!(list["object"], "list");
    let one = list["data"].as_array().unwrap().iter().find(|m| m["id"] == "gpt-5.4-mini").unwrap();
    let path = format!("/v1/models/{}", one["id"].as_str().unwrap());
    assert_eq!(send(&emulator, "GET", &path, &key, "").await.json(), *one);
    assert_eq!(send(&emulator, "GET", "/v1/models/gpt-1", &key, "").await.status, 404);
}

#[tokio::test]
async fn a_response_streams_its_events_in_order() {
    let emulator = emulator(Kind::OpenAi).await;
    let body = json!({"model": "gpt-5.4-mini", "input": "Say hello.", "stream": true});
    let reply = post(&emulator, RESPONSES, &body).await;
    assert!(!reply.body.contains("[DONE]"));
    let events = reply.events();
    for (number, (event, frame)) in events.iter().zip(reply.body.split("\n\n")).enumerate() {
        assert_eq!(event["sequence_number"], number);
        assert_eq!(
            frame.lines().next(),
            Some(format!("event: {}", event["type"].as_str().unwrap()).as_str())
        );
    }
    let mut types: Vec<&str> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    types.dedup();
    assert_eq!(
        types,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let text: String = events.iter().filter_map(|e| e["delta"].as_str()).collect();
    let last = &events.last().unwrap()["response"];
    assert_eq!(last["output"][0]["content"][0]["text"], text);
    assert_eq!(last["status"], "completed");
}

#[tokio::test]
async fn a_response_quotes_the_output_of_a_function() {
    let emulator = emulator(Kind::OpenAi).await;
    let tool = json!([{"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
    let body =
        json!({"model": "gpt-6.1-sol", "input": "What is the weather in Beijing?", "tools": tool});
    let first = post(&emulator, RESPONSES, &body).await.json();
    let call = &first["output"][0];
    assert_eq!(
        (&call["type"], &call["arguments"]),
        (&json!("function_call"), &json!(r#"{"city":"Beijing"}"#))
    );
    let second = json!({"model": "gpt-6.1-sol", "tools": tool, "input": [
        {"role": "user", "content": "What is the weather in Beijing?"},
        {"type": "function_call", "call_id": call["call_id"], "name": call["name"], "arguments": call["arguments"]},
        {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"},
    ]});
    let answer = post(&emulator, RESPONSES, &second).await.json();
    assert_eq!(
        answer["output"][0]["content"][0]["text"],
        "[emulated ChatGPT] The tool get_weather says: sunny"
    );
}

#[tokio::test]
async fn limits_structured_answers_and_refusals_look_as_they_should() {
    let emulator = emulator(Kind::OpenAi).await;
    let short = post(&emulator, CHAT, &chat("x", json!({"max_completion_tokens": 8}))).await.json();
    assert_eq!(short["choices"][0]["finish_reason"], "length");
    let schema = json!({"response_format": {"type": "json_schema", "json_schema": {
        "name": "answer", "schema": {"type": "object", "properties": {"text": {"type": "string"}}},
    }}});
    let shaped = post(&emulator, CHAT, &chat("x", schema)).await.json();
    let text = shaped["choices"][0]["message"]["content"].as_str().unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert!(value["text"].as_str().unwrap().starts_with("[emulated ChatGPT] "));
    let refusal = post(&emulator, CHAT, &chat("[[refusal]]", json!({}))).await.json();
    let message = &refusal["choices"][0]["message"];
    assert_eq!(message["content"], Value::Null);
    assert!(message["refusal"].as_str().unwrap().starts_with("[emulated ChatGPT] "));
}
