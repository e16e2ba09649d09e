//! OpenAI's chat completions, and DashScope's compatible mode where it differs.
//!
//! Expected requests are those of the vendors' own SDKs (openai 3.54.0, dashscope 2.0.2), captured.

use serde_json::json;
use yumen_wire::{
    Chat, Event, Extra, FinishReason, Head, Json, Message, Params, PartnerErrorKind,
    ResponseFormat, Tool, ToolCall, ToolCallDelta, ToolChoice, Usage, WireError,
};

use crate::{collect, compatible, json as parse, native, openai, stream};

fn hello() -> Chat {
    Chat {
        messages: vec![Message::system("You are helpful."), Message::user("Say hello.")],
        params: Params { max_tokens: Some(256), ..Params::default() },
        ..Chat::default()
    }
}

fn weather_tool() -> Tool {
    Tool {
        name: "get_weather".into(),
        description: Some("Current weather of a city".into()),
        parameters: serde_json::from_str(
            r#"{"type":"object","properties":{"city":{"type":"string","description":"City name"}},"required":["city"]}"#,
        )
        .unwrap(),
        strict: None,
    }
}

#[test]
fn a_request_is_what_the_vendors_sdk_sends() {
    let sent = openai().encode(&hello(), "gpt-5.4-mini", false).unwrap();
    assert_eq!(sent.path, "/chat/completions");
    assert_eq!(
        parse(&sent.body),
        json!({"model":"gpt-5.4-mini","messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"Say hello."}],"max_completion_tokens":256})
    );
    let sent = openai().encode(&hello(), "gpt-5.4-mini", true).unwrap();
    assert_eq!(
        parse(&sent.body),
        json!({"model":"gpt-5.4-mini","stream":true,"messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"Say hello."}],"max_completion_tokens":256,"stream_options":{"include_usage":true}})
    );
    assert_eq!(sent.header("accept"), Some("text/event-stream"));
    let sent = compatible().encode(&hello(), "qwen-plus", true).unwrap();
    assert_eq!(
        parse(&sent.body),
        json!({"model":"qwen-plus","messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"Say hello."}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":256})
    );
}

#[test]
fn a_request_with_a_tool_is_what_the_vendors_sdk_sends() {
    let chat = Chat {
        messages: vec![
            Message::system("You are helpful."),
            Message::user("What is the weather in Beijing?"),
        ],
        tools: vec![weather_tool()],
        params: Params {
            max_tokens: Some(256),
            tool_choice: Some(ToolChoice::Auto),
            ..Params::default()
        },
        ..Chat::default()
    };
    let sent = openai().encode(&chat, "gpt-5.4-mini", false).unwrap();
    assert_eq!(
        parse(&sent.body),
        json!({"model":"gpt-5.4-mini","messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"What is the weather in Beijing?"}],"max_completion_tokens":256,"tool_choice":"auto","tools":[{"type":"function","function":{"name":"get_weather","description":"Current weather of a city","parameters":{"type":"object","properties":{"city":{"type":"string","description":"City name"}},"required":["city"]}}}]})
    );
}

#[test]
fn every_parameter_and_a_tool_round_trip_are_written() {
    let chat = Chat {
        messages: vec![
            Message::user("q"),
            Message::Assistant {
                content: String::new(),
                reasoning: String::new(),
                prefix: false,
                extra: Extra::new(),
                tool_calls: vec![ToolCall {
                    id: "call_1".into(),
                    name: "f".into(),
                    arguments: "{}".into(),
                }],
            },
            Message::Tool { tool_call_id: "call_1".into(), content: "42".into() },
        ],
        tools: Vec::new(),
        params: Params {
            temperature: Some(0.7),
            top_p: Some(0.9),
            max_tokens: None,
            stop: vec!["END".into()],
            seed: Some(-7),
            presence_penalty: Some(1.0),
            frequency_penalty: Some(-1.5),
            tool_choice: Some(ToolChoice::Function("f".into())),
            parallel_tool_calls: Some(false),
            response_format: Some(ResponseFormat::JsonSchema {
                name: "answer".into(),
                description: None,
                schema: serde_json::from_str(r#"{"type":"object"}"#).unwrap(),
                strict: Some(true),
            }),
            ..Params::default()
        },
        ..Chat::default()
    };
    let sent = openai().encode(&chat, "m", false).unwrap();
    assert_eq!(
        parse(&sent.body),
        json!({"model":"m","messages":[
            {"role":"user","content":"q"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"call_1","content":"42"}],
          "temperature":0.7,"top_p":0.9,"stop":["END"],"seed":-7,"presence_penalty":1.0,"frequency_penalty":-1.5,
          "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,
          "response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"},"strict":true}}})
    );
}

#[test]
fn what_json_cannot_say_is_refused() {
    let mut chat = hello();
    chat.params.temperature = Some(f64::NAN);
    for dialect in [openai(), native(), compatible()] {
        let error = dialect.encode(&chat, "m", false).unwrap_err();
        assert_eq!(error.param(), Some("temperature"));
        let error = dialect.encode(&Chat::default(), "m", false).unwrap_err();
        assert_eq!(error, WireError::NoMessages);
    }
}

const STREAM: &str = concat!(
    r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5.4-mini-2026-03-17","service_tier":"default","system_fingerprint":"fp_44","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"aB3"}"#,
    "\n\n: keep-alive\n\n",
    r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5.4-mini-2026-03-17","choices":[{"index":0,"delta":{"content":"Hel"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"lo\n\u4f60"},"finish_reason":null}],"usage":null}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":3,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":8,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0}}}"#,
    "\n\ndata: [DONE]\n\n",
);

#[test]
fn a_stream_is_decoded_with_usage_before_its_finish() {
    let (events, result) = stream(&openai(), STREAM.as_bytes());
    assert_eq!(result, Ok(()));
    assert_eq!(
        events,
        [
            Event::Start {
                id: Some("chatcmpl-1".into()),
                model: Some("gpt-5.4-mini-2026-03-17".into()),
                fingerprint: Some("fp_44".into()),
                request_id: None,
            },
            Event::Extra(
                [("service_tier".to_owned(), Json::String("default".into()))].into_iter().collect()
            ),
            Event::Text("Hel".into()),
            Event::Text("lo\n你".into()),
            Event::Usage(Usage {
                input_tokens: 11,
                output_tokens: 3,
                cached_input_tokens: Some(8),
                reasoning_tokens: Some(2),
                ..Usage::default()
            }),
            Event::Finish(FinishReason::Stop),
        ]
    );
}

#[test]
fn a_model_that_changes_its_name_midway_is_told_before_its_words() {
    let chunk = |identity: &str, text: &str| {
        format!("data: {{{identity}\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let body = [
        chunk("", "a"),
        chunk(r#""model":"m-1","system_fingerprint":"","#, "b"),
        chunk(r#""model":"m-1","system_fingerprint":"fp_1","#, "c"),
        chunk("", "d"),
        chunk(r#""model":"m-2","system_fingerprint":"fp_1","#, "e"),
        "data: [DONE]\n\n".to_owned(),
    ];
    let (events, result) = stream(&openai(), body.concat().as_bytes());
    assert_eq!(result, Ok(()));
    let identity = |model: Option<&str>, fingerprint: Option<&str>| Event::Identity {
        model: model.map(str::to_owned),
        fingerprint: fingerprint.map(str::to_owned),
    };
    assert_eq!(
        events,
        [
            Event::Start { id: None, model: None, fingerprint: None, request_id: None },
            Event::Text("a".into()),
            identity(Some("m-1"), None),
            Event::Text("b".into()),
            identity(None, Some("fp_1")),
            Event::Text("c".into()),
            Event::Text("d".into()),
            identity(Some("m-2"), None),
            Event::Text("e".into()),
            Event::Finish(FinishReason::Other(FinishReason::UNSTATED.into())),
        ]
    );
    let answer = collect(events);
    assert_eq!(
        (answer.model.as_deref(), answer.fingerprint.as_deref()),
        (Some("m-2"), Some("fp_1"))
    );
}

#[test]
fn bytes_after_done_are_ignored() {
    let body = format!("{STREAM}data: {{\"error\":{{\"message\":\"late\"}}}}\n\n");
    let (events, result) = stream(&openai(), body.as_bytes());
    assert_eq!(result, Ok(()));
    assert_eq!(events.last(), Some(&Event::Finish(FinishReason::Stop)));
}

#[test]
fn text_is_given_as_it_comes() {
    let mut decoder = openai().stream_decoder(&Head::new(200));
    let mut events = Vec::new();
    let first_text = STREAM.find("Hel").unwrap();
    let after = STREAM[first_text..].find("\n\n").unwrap() + first_text + 2;
    decoder.push(&STREAM.as_bytes()[..after], &mut events).unwrap();
    assert_eq!(events.last(), Some(&Event::Text("Hel".into())));
    assert!(!decoder.is_done());
}

#[test]
fn a_stream_cut_anywhere_before_its_end_is_truncated() {
    let finish = STREAM.find(r#""finish_reason":"stop""#).unwrap();
    let finish_line = STREAM[..finish].rfind("data:").unwrap();
    for cut in 0..=finish_line {
        let (events, result) = stream(&openai(), &STREAM.as_bytes()[..cut]);
        let error = result.expect_err("cut");
        assert_eq!(error.kind, PartnerErrorKind::Truncated, "cut at {cut}: {error}");
        assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))));
    }
}

#[test]
fn a_finish_reason_ends_a_stream_without_done() {
    let done = STREAM.find("data: [DONE]").unwrap();
    let (events, result) = stream(&openai(), &STREAM.as_bytes()[..done]);
    assert_eq!(result, Ok(()));
    assert_eq!(collect(events).text, "Hello\n你");
}

#[test]
fn done_without_a_reason_is_complete_but_unstated_and_done_alone_is_no_answer() {
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n";
    let (events, result) = stream(&openai(), body.as_bytes());
    assert_eq!(result, Ok(()));
    assert_eq!(collect(events).finish, FinishReason::Other("unstated".into()));

    let (_, result) = stream(&openai(), b"data: [DONE]\n\n");
    assert_eq!(result.unwrap_err().kind, PartnerErrorKind::Malformed);
}

#[test]
fn tool_calls_come_in_fragments() {
    let body = concat!(
        r#"data: {"id":"c","choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"get_weather","arguments":""}}]}}]}"#,
        "\n\n",
        r#"data: {"id":"c","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}}]}"#,
        "\n\n",
        r#"data: {"id":"c","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Beijing\"}"}}]}}]}"#,
        "\n\n",
        r#"data: {"id":"c","choices":[{"delta":{"tool_calls":[{"index":1,"id":"call_b","function":{"name":"get_time","arguments":"{}"}}]}}]}"#,
        "\n\n",
        r#"data: {"id":"c","choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
        "\n\ndata: [DONE]\n\n"
    );
    let (events, result) = stream(&openai(), body.as_bytes());
    assert_eq!(result, Ok(()));
    assert_eq!(
        events[1],
        Event::ToolCall(ToolCallDelta {
            index: 0,
            id: Some("call_a".into()),
            name: Some("get_weather".into()),
            arguments: String::new()
        })
    );
    let answer = collect(events);
    assert_eq!(answer.finish, FinishReason::ToolCalls);
    assert_eq!(
        answer.tool_calls,
        [
            ToolCall {
                id: "call_a".into(),
                name: "get_weather".into(),
                arguments: r#"{"city":"Beijing"}"#.into()
            },
            ToolCall { id: "call_b".into(), name: "get_time".into(), arguments: "{}".into() },
        ]
    );
}

#[test]
fn the_models_own_refusal_is_told_and_final() {
    let body = concat!(
        r#"data: {"choices":[{"delta":{"role":"assistant","content":null,"refusal":"I cannot"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{"refusal":" help."}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        "\n\ndata: [DONE]\n\n"
    );
    let (events, result) = stream(&openai(), body.as_bytes());
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(
        (answer.text.as_str(), answer.finish),
        ("I cannot help.", FinishReason::ContentFilter)
    );

    let body = r#"{"id":"x","choices":[{"message":{"role":"assistant","content":null,"refusal":"I cannot help."},"finish_reason":"stop"}]}"#;
    let answer = openai().decode(&Head::new(200), body.as_bytes()).unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.finish),
        ("I cannot help.", FinishReason::ContentFilter)
    );
}

#[test]
fn an_error_in_mid_stream_fails_the_answer_but_tells_its_cost() {
    let body = concat!(
        r#"data: {"id":"c","choices":[{"delta":{"content":"so far"}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#,
        "\n\n",
        r#"data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#,
        "\n\n"
    );
    let mut decoder = openai().stream_decoder(&Head::new(200));
    let mut events = Vec::new();
    let error = decoder.push(body.as_bytes(), &mut events).unwrap_err();
    assert_eq!(error.kind, PartnerErrorKind::Server);
    assert_eq!(error.message, "The server had an error");
    assert_eq!(events[1], Event::Text("so far".into()));
    assert!(matches!(events[2], Event::Usage(Usage { input_tokens: 5, .. })));
    assert_eq!(decoder.push(b"data: [DONE]\n\n", &mut events), Err(error.clone()));
    assert_eq!(decoder.finish(&mut events), Err(error));
    assert_eq!(events.len(), 3);
}

#[test]
fn an_error_after_the_finish_reason_still_fails_the_answer() {
    let body = concat!(
        r#"data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#,
        "\n\n",
        r#"data: {"error":{"message":"Output data may contain inappropriate content.","code":"data_inspection_failed","type":"data_inspection_failed"}}"#,
        "\n\n"
    );
    let (events, result) = stream(&compatible(), body.as_bytes());
    assert_eq!(result.unwrap_err().kind, PartnerErrorKind::Refused);
    assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))));
}

#[test]
fn a_plain_json_answer_to_a_stream_request_is_read() {
    let body = "\u{feff}\n {\"id\":\"a\",\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}";
    let (events, result) = stream(&openai(), body.as_bytes());
    assert_eq!(result, Ok(()));
    assert_eq!(collect(events).text, "hi");

    let body = r#"{"error":{"message":"no","type":"requests","code":"rate_limit_exceeded"}}"#;
    let (_, result) = stream(&openai(), body.as_bytes());
    assert_eq!(result.unwrap_err().kind, PartnerErrorKind::RateLimited);
}

#[test]
fn a_whole_answer_is_decoded() {
    let body = r#"{"id":"chatcmpl-9","object":"chat.completion","created":1,"model":"qwen-plus","system_fingerprint":"fp_44","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","reasoning_content":"think","annotations":[]},"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}"#;
    let answer = compatible().decode(&Head::new(200), body.as_bytes()).unwrap();
    assert_eq!(answer.id.as_deref(), Some("chatcmpl-9"));
    assert_eq!(answer.model.as_deref(), Some("qwen-plus"));
    assert_eq!(answer.fingerprint.as_deref(), Some("fp_44"));
    assert_eq!((answer.text.as_str(), answer.reasoning.as_str()), ("Hi", "think"));
    assert_eq!(answer.finish, FinishReason::Length);
    assert_eq!(answer.usage, Some(Usage { input_tokens: 9, output_tokens: 1, ..Usage::default() }));
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    let kind = |body: &str| openai().decode(&Head::new(200), body.as_bytes()).unwrap_err().kind;
    assert_eq!(
        kind(r#"{"error":{"message":"m","code":"server_error"}}"#),
        PartnerErrorKind::Server
    );
    assert_eq!(kind(r#"{"id":"a","choices":[]}"#), PartnerErrorKind::Malformed);
    assert_eq!(kind(r#"{"choices":[{"message":{"content":7}}]}"#), PartnerErrorKind::Malformed);
    assert_eq!(kind("<html>"), PartnerErrorKind::Malformed);
    assert_eq!(kind(r#"{"choices":[{"mess"#), PartnerErrorKind::Truncated);
    assert_eq!(kind(""), PartnerErrorKind::Truncated);
}

#[test]
fn errors_about_bytes_never_repeat_them() {
    let body = r#"{"choices":[{"message":{"content":{"secret":"swordfish"}}}]}"#;
    let error = openai().decode(&Head::new(200), body.as_bytes()).unwrap_err();
    assert!(!format!("{error:?}").contains("swordfish"), "{error:?}");
    let body = "data: {\"choices\":\"swordfish\"}\n\n";
    let (_, result) = stream(&openai(), body.as_bytes());
    let error = result.unwrap_err();
    assert!(!format!("{error:?}").contains("swordfish"), "{error:?}");
}
