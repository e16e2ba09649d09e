//! DashScope's own protocol, against recorded answers of the real service.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use yumen_wire::{
    Chat, Event, FinishReason, Head, Message, Params, PartnerErrorKind, ToolChoice, Usage,
    WireError,
};

use crate::{collect, json as parse, native, stream};

fn recorded(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/dashscope")
        .join(format!("{name}.response.body.txt"));
    fs::read(path).expect("the recording is in the repository")
}

fn hello() -> Chat {
    Chat {
        messages: vec![Message::system("You are helpful."), Message::user("Say hello.")],
        ..Chat::default()
    }
}

#[test]
fn a_request_is_what_the_vendors_sdk_sends() {
    let sent = native().encode(&hello(), "qwen-plus", false).unwrap();
    assert_eq!(sent.path, "/services/aigc/text-generation/generation");
    assert_eq!(
        parse(&sent.body),
        json!({"model":"qwen-plus","parameters":{"result_format":"message"},"input":{"messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"Say hello."}]}})
    );
    assert_eq!(sent.header("x-dashscope-sse"), None);

    let mut chat = hello();
    chat.params = Params { max_tokens: Some(256), stop: vec!["x".into()], ..Params::default() };
    let sent = native().encode(&chat, "qwen-plus", true).unwrap();
    assert_eq!(
        parse(&sent.body),
        json!({"model":"qwen-plus","parameters":{"result_format":"message","incremental_output":true,"max_tokens":256,"stop":["x"]},"input":{"messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"Say hello."}]}})
    );
    assert_eq!(sent.header("x-dashscope-sse"), Some("enable"));
    assert_eq!(sent.header("accept"), Some("text/event-stream"));
}

#[test]
fn what_the_protocol_cannot_say_is_refused_not_dropped() {
    let mut chat = hello();
    chat.params.frequency_penalty = Some(0.5);
    let error = native().encode(&chat, "m", false).unwrap_err();
    assert_eq!(
        error,
        WireError::NotInProtocol { param: "frequency_penalty", dialect: "dashscope-native".into() }
    );
    chat.params = Params { tool_choice: Some(ToolChoice::Required), ..Params::default() };
    assert_eq!(native().encode(&chat, "m", false).unwrap_err().param(), Some("tool_choice"));
}

#[test]
fn recorded_streams_give_their_text_with_and_without_blank_lines() {
    let (events, result) = stream(&native(), &recorded("conversation-generation-message-sse"));
    assert_eq!(result, Ok(()));
    assert_eq!(
        events[0],
        Event::Start {
            id: Some("9188e907-56c2-9849-97f6-23f130f7fed7".into()),
            model: None,
            fingerprint: None,
            request_id: Some("9188e907-56c2-9849-97f6-23f130f7fed7".into()),
        }
    );
    let answer = collect(events);
    assert_eq!(answer.text, "您刚才提到的数字是42。");
    assert_eq!(answer.finish, FinishReason::Stop);
    assert_eq!(
        answer.usage,
        Some(Usage { input_tokens: 24, output_tokens: 9, ..Usage::default() }),
        "counts are cumulative, so only the last is told"
    );

    // (recording, characters of text, characters of reasoning, output tokens)
    let all = [
        ("conversation-generation-message-with-files-sse", 101, 0, 57),
        ("single-generation-message-sse", 56, 0, 40),
        ("single-generation-message-reasoning-sse", 61, 14, 53),
        ("single-generation-message-with-code-interpreter-sse", 76, 225, 254),
        ("multimodal-generation-vl-sse", 148, 0, 85),
        ("multimodal-generation-message-with-tools-sse", 90, 942, 620),
    ];
    for (name, text, reasoning, tokens) in all {
        let (events, result) = stream(&native(), &recorded(name));
        assert_eq!(result, Ok(()), "{name}");
        let answer = collect(events);
        assert_eq!(answer.text.chars().count(), text, "{name}: {}", answer.text);
        assert_eq!(answer.reasoning.chars().count(), reasoning, "{name}");
        assert_eq!(answer.usage.unwrap().output_tokens, tokens, "{name}");
        assert_eq!(answer.finish, FinishReason::Stop, "{name}");
    }
}

#[test]
fn a_recorded_stream_cut_before_its_last_event_is_truncated() {
    let body = recorded("single-generation-message-sse");
    let text = str::from_utf8(&body).unwrap();
    let last_event = text.rfind("data:").unwrap();
    for cut in (0..last_event).filter(|at| text.is_char_boundary(*at)) {
        let (_, result) = stream(&native(), &body[..cut]);
        assert_eq!(result.unwrap_err().kind, PartnerErrorKind::Truncated, "cut at {cut}");
    }
}

#[test]
fn recorded_whole_answers_are_read() {
    let answer = native()
        .decode(&Head::new(200), &recorded("single-generation-message-with-tools-nosse"))
        .unwrap();
    assert_eq!(answer.tool_calls.len(), 1);
    assert_eq!(answer.tool_calls[0].id, "call_cec4c19d27624537b583af");
    assert_eq!(answer.tool_calls[0].name, "get_current_weather");
    assert_eq!(answer.tool_calls[0].arguments, r#"{"location": "浙江省杭州市"}"#);
    assert_eq!(answer.finish, FinishReason::Stop, "a forced tool choice ends in stop");

    let answer =
        native().decode(&Head::new(200), &recorded("single-generation-text-nosse")).unwrap();
    assert_eq!(answer.text, "1+1等于2。这是最基本的数学加法运算之一。");
    assert_eq!(answer.usage.unwrap().cached_input_tokens, Some(0));

    let answer = native()
        .decode(&Head::new(200), &recorded("single-generation-message-logprobs-nosse"))
        .unwrap();
    assert_eq!(answer.text, "2");
    let answer = native()
        .decode(&Head::new(200), &recorded("conversation-generation-message-partial-nosse"))
        .unwrap();
    assert_eq!(answer.usage.unwrap().output_tokens, 131);
}

#[test]
fn a_recorded_error_event_tells_status_code_and_request() {
    let (events, result) = stream(&native(), &recorded("parameter-error-sse"));
    assert_eq!(events, []);
    let error = result.unwrap_err();
    assert_eq!(error.kind, PartnerErrorKind::BadRequest);
    assert_eq!(error.status, Some(400));
    assert_eq!(error.code.as_deref(), Some("InvalidParameter"));
    assert_eq!(error.request_id.as_deref(), Some("7671ecd8-93cc-9ee9-bc89-739f0fd8b809"));

    let error = native().decode(&Head::new(400), &recorded("upload-file-error-nosse")).unwrap_err();
    assert_eq!(error.kind, PartnerErrorKind::BadRequest);
    assert_eq!(error.message, "'purpose' must be 'file-extract'");
}

#[test]
fn moderation_of_the_output_ends_a_good_stream_as_refused() {
    let body = concat!(
        "id:1\nevent:result\n:HTTP_STATUS/200\n",
        r#"data:{"output":{"choices":[{"message":{"content":"once","role":"assistant"},"finish_reason":"null"}]},"usage":{"input_tokens":7,"output_tokens":1},"request_id":"r-1"}"#,
        "\n\nid:2\nevent:error\n:HTTP_STATUS/400\n",
        r#"data:{"code":"DataInspectionFailed","message":"Output data may contain inappropriate content.","request_id":"r-1"}"#,
        "\n\n"
    );
    let (events, result) = stream(&native(), body.as_bytes());
    let error = result.unwrap_err();
    assert_eq!(error.kind, PartnerErrorKind::Refused);
    assert!(!error.kind.is_retryable());
    assert_eq!(events[1], Event::Text("once".into()));
    assert_eq!(events.len(), 3, "start, text, and the usage so far");
}

#[test]
fn fragments_of_parallel_tool_calls_with_empty_ids_are_put_together() {
    let fragment = |calls: &str, finish: &str| {
        format!(
            "data:{{\"output\":{{\"choices\":[{{\"message\":{{\"content\":\"\",\"role\":\"assistant\",\"tool_calls\":[{calls}]}},\"finish_reason\":\"{finish}\"}}]}},\"request_id\":\"r\"}}\n\n"
        )
    };
    let body = [
        fragment(
            r#"{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}"#,
            "null",
        ),
        fragment(
            r#"{"index":0,"id":"","type":"function","function":{"arguments":"{\"city\":"}}"#,
            "null",
        ),
        fragment(
            r#"{"index":0,"id":"","type":"function","function":{"arguments":"\"上海\"}"}}"#,
            "null",
        ),
        fragment(
            r#"{"index":1,"id":"call_2","type":"function","function":{"name":"time","arguments":"{"}}"#,
            "null",
        ),
        fragment(
            r#"{"index":1,"id":"","type":"function","function":{"name":"","arguments":"}"}}"#,
            "tool_calls",
        ),
    ]
    .concat();
    let (events, result) = stream(&native(), body.as_bytes());
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(answer.finish, FinishReason::ToolCalls);
    let calls: Vec<_> = answer
        .tool_calls
        .iter()
        .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str()))
        .collect();
    assert_eq!(calls, [("call_1", "weather", r#"{"city":"上海"}"#), ("call_2", "time", "{}")]);
}

#[test]
fn an_error_under_status_200_is_an_error() {
    let body = r#"{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded","request_id":"r"}"#;
    let error = native().decode(&Head::new(200), body.as_bytes()).unwrap_err();
    assert_eq!(error.kind, PartnerErrorKind::RateLimited);
    assert_eq!(error.request_id.as_deref(), Some("r"));
}

/// As the vendor's SDK takes them apart: each event has one choice, by its number, and what that one cost so far.
#[test]
fn of_several_choices_each_is_told_apart_and_what_they_cost_is_summed_up() {
    let event = |choice: u32, said: &str, end: &str, cost: u32| {
        let total = 20 + cost;
        format!(
            r#"{{"output":{{"choices":[{{"message":{{"content":"{said}","role":"assistant"}},"index":{choice},"finish_reason":"{end}"}}]}},"usage":{{"total_tokens":{total},"output_tokens":{cost},"input_tokens":20}},"request_id":"r"}}"#
        )
    };
    let events = [
        event(0, "One ", "null", 2),
        event(1, "Two ", "null", 3),
        event(0, "lamp.", "stop", 4),
        event(1, "lamps.", "stop", 7),
    ];
    let frame = |(id, data): (u32, &String)| {
        format!("id:{id}\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n")
    };
    let body = (1..).zip(&events).map(frame).collect::<Vec<_>>().concat();
    let (events, result) = stream(&native(), body.as_bytes());
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!((answer.text.as_str(), answer.others[0].text.as_str()), ("One lamp.", "Two lamps."));
    let usage = Usage { input_tokens: 20, output_tokens: 11, ..Usage::default() };
    assert_eq!(answer.usage, Some(usage));
}
