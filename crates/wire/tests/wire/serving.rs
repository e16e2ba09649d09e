//! Our own side: what OpenAI clients send and read.

use serde_json::json;
use yumen_wire::Passages;
use yumen_wire::serve::{ChatCompletionRequest, ChunkEncoder, Failure, Written, completion};
use yumen_wire::{
    Completion, Effort, Event, Extra, FinishReason, Json, Message, Reasoning, ResponseFormat,
    ToolCall, ToolCallDelta, ToolChoice, Usage, WireError,
};

use crate::{collect, json as parse, openai, stream};

fn read(body: &str) -> Result<ChatCompletionRequest, WireError> {
    ChatCompletionRequest::parse(body.as_bytes())
}

/// A request with one user message and `fields` added.
fn with(fields: &str) -> Result<ChatCompletionRequest, WireError> {
    read(&format!(r#"{{"model":"m","messages":[{{"role":"user","content":"q"}}],{fields}}}"#))
}

/// A request with these messages.
fn say(messages: &str) -> Result<ChatCompletionRequest, WireError> {
    read(&format!(r#"{{"model":"m","messages":[{messages}]}}"#))
}

#[test]
fn what_the_official_clients_send_is_read() {
    let request = read(r#"{"model":"assistant.chat","stream":true,"messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"What is the weather in Beijing?"}],"max_completion_tokens":256,"stream_options":{"include_usage":true},"tool_choice":"auto","tools":[{"type":"function","function":{"name":"get_weather","description":"Current weather of a city","parameters":{"type":"object","properties":{"city":{"type":"string","description":"City name"}},"required":["city"]}}}]}"#).unwrap();
    assert_eq!(request.model, "assistant.chat");
    assert!(request.stream && request.include_usage);
    assert_eq!(request.chat.messages[0], Message::system("You are helpful."));
    assert_eq!(request.chat.params.max_tokens, Some(256));
    assert_eq!(request.chat.params.tool_choice, Some(ToolChoice::Auto));
    assert_eq!(request.chat.tools[0].name, "get_weather");
    assert!(request.chat.tools[0].parameters.as_ref().is_some_and(Json::is_object));
}

#[test]
fn every_honoured_parameter_is_read() {
    let request = with(
        r#""temperature":0.2,"top_p":1,"max_tokens":5,"stop":"END","seed":-3,"presence_penalty":-2,"frequency_penalty":2,"parallel_tool_calls":false,"response_format":{"type":"json_object"},"n":1,"user":"someone","store":false,"logprobs":false,"metadata":{},"logit_bias":null,"service_tier":"auto","modalities":["text"],"safety_identifier":"x","prompt_cache_key":"y","stream":null,"tools":null,"reasoning_effort":null"#,
    )
    .unwrap();
    let params = request.chat.params;
    assert_eq!((params.temperature, params.top_p), (Some(0.2), Some(1.0)));
    assert_eq!((params.max_tokens, params.seed), (Some(5), Some(-3)));
    assert_eq!(params.stop, ["END"]);
    assert_eq!((params.presence_penalty, params.frequency_penalty), (Some(-2.0), Some(2.0)));
    assert_eq!(params.parallel_tool_calls, Some(false));
    assert_eq!(params.response_format, Some(ResponseFormat::JsonObject));
    assert!(!request.stream && !request.include_usage);
}

#[test]
fn a_tool_round_trip_with_all_that_clients_echo_is_read() {
    let request = say(
        r#"{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
           {"role":"user","content":"q"},
           {"role":"assistant","content":null,"refusal":null,"annotations":[],"audio":null,"function_call":null,"reasoning_content":"hm","tool_calls":[{"id":"call_1","index":0,"type":"function","function":{"name":"f","arguments":"{}"}}]},
           {"role":"tool","tool_call_id":"call_1","content":"42"},
           {"role":"assistant","content":null,"refusal":"I cannot."},
           {"role":"assistant","content":""}"#,
    )
    .unwrap();
    assert_eq!(
        request.chat.messages,
        [
            Message::system("a\nb"),
            Message::user("q"),
            Message::Assistant {
                content: String::new(),
                reasoning: "hm".into(),
                prefix: false,
                extra: Extra::new(),
                tool_calls: vec![ToolCall {
                    id: "call_1".into(),
                    name: "f".into(),
                    arguments: "{}".into()
                }]
            },
            Message::Tool { tool_call_id: "call_1".into(), content: "42".into() },
            Message::assistant("I cannot."),
            Message::assistant(""),
        ]
    );
}

#[test]
fn unknown_fields_are_named_with_their_path() {
    let param = |result: Result<ChatCompletionRequest, WireError>| match result.unwrap_err() {
        WireError::UnknownField { param } => param,
        other => panic!("{other:?}"),
    };
    assert_eq!(param(with(r#""top_k":4"#)), "top_k");
    assert_eq!(param(with(r#""stream":true,"stream_options":{"x":1}"#)), "stream_options.x");
    assert_eq!(param(say(r#"{"role":"user","content":"q","name":"Li"}"#)), "messages[0].name");
    assert_eq!(
        param(say(
            r#"{"role":"user","content":"q"},{"role":"user","content":[{"type":"text","text":"x"},{"type":"text","text":"x","cache_control":{}}]}"#
        )),
        "messages[1].content[1].cache_control"
    );
    assert_eq!(
        param(with(r#""tools":[{"type":"function","function":{"name":"f","colour":1}}]"#)),
        "tools[0].colour"
    );
    assert_eq!(
        param(with(r#""a`, expected b":1"#)),
        "a",
        "a hostile name cannot forge more than its own"
    );
}

#[test]
fn unsupported_things_are_named() {
    let cases = [
        (
            say(
                r#"{"role":"user","content":[{"type":"text","text":"hear"},{"type":"input_audio","input_audio":{"data":"AA"}}]}"#,
            ),
            "messages[0].content[1]",
            "input_audio",
        ),
        (
            say(
                r#"{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":"https://example.com/a.png"}]}"#,
            ),
            "messages[1].content[1]",
            "image_url",
        ),
        (with(r#""store":true"#), "store", ""),
        (with(r#""metadata":{"a":"b"}"#), "metadata", ""),
        (with(r#""logprobs":true"#), "logprobs", ""),
        (with(r#""top_logprobs":2"#), "top_logprobs", ""),
        (with(r#""logit_bias":{"50256":-100}"#), "logit_bias", ""),
        (with(r#""service_tier":"priority""#), "service_tier", ""),
        (with(r#""modalities":["text","audio"]"#), "modalities", ""),
        (with(r#""reasoning_effort":"max""#), "reasoning_effort", "effort"),
        (with(r#""functions":[]"#), "functions", ""),
        (with(r#""response_format":{"type":"xml"}"#), "response_format.type", ""),
        (with(r#""tools":[{"type":"web_search","function":{"name":"f"}}]"#), "tools[0].type", ""),
    ];
    for (result, path, what) in cases {
        match result.unwrap_err() {
            error @ WireError::Unsupported { .. } => {
                assert_eq!(error.param(), Some(path));
                assert!(error.to_string().contains(what), "{error}");
                assert!(error.zh().contains("不支持"));
            }
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn wrong_values_are_named() {
    let cases = [
        (with(r#""temperature":2.5"#), "temperature"),
        (with(r#""temperature":"hot""#), "temperature"),
        (with(r#""top_p":-0.1"#), "top_p"),
        (with(r#""presence_penalty":3"#), "presence_penalty"),
        (with(r#""max_tokens":0"#), "max_tokens"),
        (with(r#""max_tokens":1,"max_completion_tokens":2"#), "max_tokens"),
        (with(r#""max_completion_tokens":0"#), "max_completion_tokens"),
        (with(r#""max_tokens":-1"#), "max_tokens"),
        (with(r#""stop":["a","b","c","d","e"]"#), "stop"),
        (with(r#""stop":"""#), "stop"),
        (with(r#""stop":[1]"#), "stop"),
        (with(r#""n":0"#), "n"),
        (with(r#""n":9"#), "n"),
        (with(r#""n":"two""#), "n"),
        (with(r#""tool_choice":"required""#), "tool_choice"),
        (with(r#""tool_choice":"some""#), "tool_choice"),
        (
            with(r#""tool_choice":{"type":"function","function":{"name":"f"}}"#),
            "tool_choice.function.name",
        ),
        (with(r#""stream_options":{"include_usage":true}"#), "stream_options"),
        (with(r#""stream":"yes""#), "stream"),
        (
            with(r#""tools":[{"type":"function","function":{"name":"a b"}}]"#),
            "tools[0].function.name",
        ),
        (
            with(
                r#""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}]"#,
            ),
            "tools[1].function.name",
        ),
        (
            with(r#""tools":[{"type":"function","function":{"name":"f","parameters":"x"}}]"#),
            "tools[0].function.parameters",
        ),
        (with(r#""response_format":{"type":"json_schema"}"#), "response_format.json_schema"),
        (read(r#"{"model":"","messages":[{"role":"user","content":"q"}]}"#), "model"),
        (read(r#"{"model":"m","messages":[]}"#), "messages"),
        (read(r#"{"model":"m","messages":{}}"#), "messages"),
        (say(r#"{"role":"robot","content":"q"}"#), "messages[0]"),
        (say(r#"{"role":"user"}"#), "messages[0].content"),
        (say(r#"{"role":"user","content":7}"#), "messages[0]"),
        (say(r#"{"role":"user","content":[{"type":"text"}]}"#), "messages[0].content[0].text"),
        (say(r#"{"role":"user","content":"q","tool_calls":[]}"#), "messages[0].tool_calls"),
        (say(r#"{"role":"tool","content":"4"}"#), "messages[0].tool_call_id"),
        (
            say(r#"{"role":"tool","tool_call_id":"nobody_asked","content":"4"}"#),
            "messages[0].tool_call_id",
        ),
        (
            say(
                r#"{"role":"assistant","tool_calls":[{"id":"an id with prose","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
            ),
            "messages[0].tool_calls[0].id",
        ),
    ];
    for (result, path) in cases {
        let error = result.expect_err(path);
        assert_eq!(error.param(), Some(path), "{error}");
        assert_eq!(error.code(), "invalid_value", "{error}");
    }
    let missing = read(r#"{"messages":[{"role":"user","content":"q"}]}"#).unwrap_err();
    assert_eq!(missing, WireError::Invalid { param: "model".into(), detail: "missing".into() });
    let twice = read(r#"{"model":"m","model":"n","messages":[]}"#).unwrap_err();
    assert_eq!(twice, WireError::Invalid { param: "model".into(), detail: "given twice".into() });
    let role = say(r#"{"content":"q"}"#).unwrap_err();
    assert_eq!(role.param(), Some("messages[0].role"));
}

#[test]
fn errors_do_not_repeat_what_the_person_wrote() {
    let long = "x".repeat(1_000);
    for result in [
        read(r#"{"model":"m","messages":"swordfish, expected swordfish"}"#),
        read(r#"{"model":"m","messages":[{"role":"swordfish"}]}"#),
        say(r#"{"role":"user","content":{"swordfish":1}}"#),
        with(r#""temperature":"swordfish""#),
        with(r#""stream":"swordfish""#),
        with(&format!(r#""{long}":1"#)),
        say(&format!(r#"{{"role":"user","content":[{{"type":"{long}"}}]}}"#)),
        say(&format!(r#"{{"role":"user","content":[{{"type":"text","text":"a","{long}":1}}]}}"#)),
    ] {
        let error = result.unwrap_err();
        let words = format!("{error} {error:?} {}", error.zh());
        assert!(!words.contains("swordfish") && words.len() < 600, "{words}");
    }
}

#[test]
fn bodies_that_are_not_json_or_too_deep_are_refused() {
    let deep = format!(r#""metadata":{}"#, "[".repeat(100_000));
    for result in [with(&deep), read("{"), read(""), read("[]"), read("null")] {
        let error = result.unwrap_err();
        assert!(matches!(error.code(), "invalid_json" | "invalid_value"), "{error}");
    }
    assert_eq!(with(&deep).unwrap_err().code(), "invalid_json");
    let error = ChatCompletionRequest::parse(b"{\"model\":\"\xFF\"}").unwrap_err();
    assert_eq!(error.code(), "invalid_json");
}

fn answer() -> Completion {
    Completion {
        id: Some("partner's own".into()),
        model: Some("partner's own".into()),
        fingerprint: Some("partner's own".into()),
        request_id: Some("partner's own".into()),
        text: "你好\n\"x\"\u{1F600}".into(),
        reasoning: String::new(),
        tool_calls: Vec::new(),
        usage: Some(Usage { input_tokens: 3, output_tokens: 4, ..Usage::default() }),
        ..Completion::new(FinishReason::Stop)
    }
}

fn yumen() -> Written {
    Written::of(&json!({"receipt": {"id": "r"}}), 0).unwrap()
}

#[test]
fn a_whole_answer_has_openais_shape_and_ours_beside_it() {
    let body = completion("chatcmpl-1", 1_795_000_000, "assistant.chat", &answer(), Some(&yumen()));
    assert_eq!(
        parse(body),
        json!({"id":"chatcmpl-1","object":"chat.completion","created":1_795_000_000,"model":"assistant.chat",
          "choices":[{"index":0,"message":{"role":"assistant","content":"你好\n\"x\"😀","refusal":null},"logprobs":null,"finish_reason":"stop"}],
          "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7},
          "yumen":{"receipt":{"id":"r"}}})
    );
}

#[test]
fn an_answer_of_only_tool_calls_has_no_content() {
    let call = ToolCall { id: "c".into(), name: "f".into(), arguments: "{}".into() };
    let calls = Completion {
        text: String::new(),
        tool_calls: vec![call],
        finish: FinishReason::ToolCalls,
        usage: None,
        ..answer()
    };
    let body = parse(completion("i", 0, "m", &calls, None));
    assert_eq!(body["choices"][0]["message"]["content"], json!(null));
    assert_eq!(
        body["choices"][0]["message"]["tool_calls"],
        json!([{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}])
    );
    assert_eq!(body["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(body.get("usage"), None);
}

fn frames(body: &[u8]) -> Vec<String> {
    let text = str::from_utf8(body).unwrap();
    assert!(text.ends_with("\n\n"));
    let frames = text.trim_end().split("\n\n");
    frames
        .map(|frame| {
            assert!(!frame.contains(['\n', '\r']), "one line a frame: {frame}");
            frame.strip_prefix("data: ").expect("a data line").to_owned()
        })
        .collect()
}

#[test]
fn a_stream_is_written_as_openai_writes_it() {
    let mut encoder = ChunkEncoder::new("chatcmpl-1", 7, "assistant.chat", true);
    let mut out = bytes::BytesMut::new();
    encoder.start(Some(&yumen()), &mut out);
    let events = [
        Event::Start {
            id: Some("partner".into()),
            model: None,
            fingerprint: None,
            request_id: None,
        },
        Event::Identity { model: Some("other".into()), fingerprint: None },
        Event::Reasoning("hm".into()),
        Event::Text("你\n".into()),
        Event::ToolCall(ToolCallDelta {
            index: 0,
            id: Some("c".into()),
            name: Some("f".into()),
            arguments: String::new(),
        }),
        Event::ToolCall(ToolCallDelta { arguments: "{}".into(), ..ToolCallDelta::default() }),
        Event::Usage(Usage {
            input_tokens: 1,
            output_tokens: 2,
            cached_input_tokens: Some(1),
            reasoning_tokens: Some(2),
            ..Usage::default()
        }),
        Event::Finish(FinishReason::ToolCalls),
    ];
    for event in &events {
        encoder.event(event, &mut out);
    }
    encoder.end(Some(&yumen()), &mut out);
    let frames = frames(&out);
    assert_eq!(frames.last().unwrap(), "[DONE]");
    let chunks: Vec<_> = frames[..frames.len() - 1].iter().map(parse).collect();
    let chunk = |delta: serde_json::Value, finish: serde_json::Value| {
        json!({"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"assistant.chat",
               "choices":[{"index":0,"delta":delta,"logprobs":null,"finish_reason":finish}],"usage":null})
    };
    let null = json!(null);
    let mut first = chunk(json!({"role":"assistant","content":""}), null.clone());
    first["yumen"] = json!({"receipt":{"id":"r"}});
    let mut last = chunk(json!({}), json!("tool_calls"));
    last["yumen"] = json!({"receipt":{"id":"r"}});
    let usage = json!({"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"assistant.chat","choices":[],
        "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":2}}});
    assert_eq!(
        chunks,
        [
            first,
            chunk(json!({"reasoning_content":"hm"}), null.clone()),
            chunk(json!({"content":"你\n"}), null.clone()),
            chunk(
                json!({"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]}),
                null.clone()
            ),
            chunk(json!({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}), null),
            last,
            usage,
        ]
    );
}

#[test]
fn the_number_of_choices_is_read() {
    for (words, choices) in [(r#""n":1"#, None), (r#""n":null"#, None), (r#""n":8"#, Some(8))] {
        assert_eq!(with(words).unwrap().chat.params.choices, choices, "{words}");
    }
}

#[test]
fn each_choice_is_written_under_its_number_and_the_last_end_carries_the_rest() {
    let mut encoder = ChunkEncoder::new("i", 7, "m", true);
    let mut out = Vec::new();
    encoder.start(None, &mut out);
    let events = [
        Event::Text("a".into()),
        Event::Choice(1),
        Event::Reasoning("b".into()),
        Event::Finish(FinishReason::ContentFilter),
        Event::Choice(0),
        Event::Text("c".into()),
        Event::Usage(Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() }),
        Event::Finish(FinishReason::Stop),
    ];
    for event in &events {
        encoder.event(event, &mut out);
    }
    encoder.end(Some(&yumen()), &mut out);
    let frames = frames(&out);
    let chunks: Vec<_> = frames[..frames.len() - 2].iter().map(parse).collect();
    let told: Vec<_> = chunks
        .iter()
        .map(|chunk| {
            let choice = &chunk["choices"][0];
            let index = choice["index"].as_u64().unwrap();
            (index, choice["delta"].to_string(), choice["finish_reason"].as_str())
        })
        .collect();
    let role = r#"{"role":"assistant","content":""}"#.to_owned();
    let of = |delta: &str| parse(delta).to_string();
    assert_eq!(
        told,
        [
            (0, of(&role), None),
            (0, of(r#"{"content":"a"}"#), None),
            (1, of(&role), None),
            (1, of(r#"{"reasoning_content":"b"}"#), None),
            (1, of("{}"), Some("content_filter")),
            (0, of(r#"{"content":"c"}"#), None),
            (0, of("{}"), Some("stop")),
        ]
    );
    assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.get("yumen").is_none()));
    assert!(chunks.last().unwrap().get("yumen").is_some());
    let usage = parse(&frames[frames.len() - 2]);
    assert_eq!((&usage["choices"], &usage["usage"]["total_tokens"]), (&json!([]), &json!(3)));
}

#[test]
fn without_include_usage_no_chunk_is_without_a_choice() {
    let mut encoder = ChunkEncoder::new("i", 7, "m", false);
    let mut out = Vec::new();
    encoder.start(None, &mut out);
    let mut events = Vec::new();
    answer().into_events(&mut events);
    for event in &events {
        encoder.event(event, &mut out);
    }
    encoder.end(None, &mut out);
    for frame in frames(&out).iter().filter(|frame| *frame != "[DONE]") {
        let chunk = parse(frame);
        assert_eq!(chunk["choices"].as_array().unwrap().len(), 1, "{frame}");
        assert_eq!(chunk.get("usage"), None);
    }
    let (again, result) = stream(&openai(), &out);
    assert_eq!(result, Ok(()));
    assert_eq!(collect(again).text, answer().text);
}

#[test]
fn a_failed_stream_ends_in_an_error_and_never_in_done() {
    let encoder = ChunkEncoder::new("i", 7, "m", false);
    let failure = Failure {
        message: "合作方暂时不可用",
        kind: "partner_error",
        param: None,
        code: Some("partner_overloaded"),
        yumen: Some(&yumen()),
    };
    let mut out = Vec::new();
    encoder.start(None, &mut out);
    encoder.fail(&failure, &mut out);
    let frames = frames(&out);
    assert_eq!(frames.len(), 2);
    assert_eq!(
        parse(&frames[1]),
        json!({"error":{"message":"合作方暂时不可用","type":"partner_error","param":null,"code":"partner_overloaded"},"yumen":{"receipt":{"id":"r"}}})
    );
    let (_, result) = stream(&openai(), &out);
    let error = result.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("partner_overloaded"));
    assert_eq!(error.message, "合作方暂时不可用");
}

#[test]
fn reasoning_is_asked_for_in_any_partners_words() {
    let on = |effort, budget_tokens| Some(Reasoning::On { effort, budget_tokens });
    let cases = [
        (r#""reasoning_effort":"none""#, Some(Reasoning::Off)),
        (r#""reasoning_effort":"minimal""#, on(Some(Effort::Minimal), None)),
        (r#""reasoning_effort":"high""#, on(Some(Effort::High), None)),
        (r#""enable_thinking":false"#, Some(Reasoning::Off)),
        (r#""enable_thinking":true,"thinking_budget":512"#, on(None, Some(512))),
        (r#""thinking":{"type":"disabled"}"#, Some(Reasoning::Off)),
        (r#""thinking":{"type":"enabled","budget_tokens":64}"#, on(None, Some(64))),
        (r#""thinking":{"type":"auto"}"#, None),
        (r#""thinking":{"type":"enabled"},"reasoning_effort":"low""#, on(Some(Effort::Low), None)),
        (r#""reasoning_effort":null,"thinking":null"#, None),
    ];
    for (words, wish) in cases {
        assert_eq!(with(words).unwrap().chat.params.reasoning, wish, "{words}");
    }
    for (words, param) in [
        (r#""enable_thinking":false,"reasoning_effort":"low""#, "enable_thinking"),
        (r#""thinking":{"type":"disabled"},"thinking_budget":9"#, "thinking_budget"),
        (r#""thinking":{"type":"sometimes"}"#, "thinking.type"),
        (r#""thinking":{"type":"enabled","colour":1}"#, "thinking.colour"),
        (r#""thinking_budget":"many""#, "thinking_budget"),
    ] {
        assert_eq!(with(words).unwrap_err().param(), Some(param), "{words}");
    }
}

#[test]
fn a_prefix_and_reasoning_of_earlier_turns_are_read() {
    for mark in ["prefix", "partial"] {
        let turns = format!(
            r#"{{"role":"user","content":"q"}},{{"role":"assistant","content":"The gate","{mark}":true}}"#
        );
        assert_eq!(say(&turns).unwrap().chat.prefix(), Some("The gate"), "{mark}");
        let misplaced = format!(
            r#"{{"role":"assistant","content":"The gate","{mark}":true}},{{"role":"user","content":"q"}}"#
        );
        let param = format!("messages[0].{mark}");
        assert_eq!(say(&misplaced).unwrap_err().param(), Some(param.as_str()));
        let by_user = format!(r#"{{"role":"user","content":"q","{mark}":true}}"#);
        assert_eq!(say(&by_user).unwrap_err().param(), Some(param.as_str()));
    }
    let chat = say(r#"{"role":"assistant","content":"a","reasoning_content":"hm","prefix":false}"#);
    let chat = chat.unwrap().chat;
    assert!(chat.prefix().is_none());
    assert!(matches!(&chat.messages[0], Message::Assistant { reasoning, .. } if reasoning == "hm"));
}

#[test]
fn pictures_are_read_and_told() {
    let request = say(
        r#"{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"what is"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0=","detail":"low"}},{"type":"image_url","image_url":"https://example.com/a.png"},{"type":"text","text":"this?"}]}"#,
    )
    .unwrap();
    assert_eq!(request.chat.modalities().names().collect::<Vec<_>>(), ["image"]);
    assert_eq!(request.chat.messages[1].text(), "what is\nthis?");
    let mut pictures = Vec::new();
    request.chat.clone().pictures_mut(&mut |media| pictures.push(media.url().into_owned()));
    assert_eq!(pictures, ["data:image/png;base64,iVBORw0=", "https://example.com/a.png"]);

    for image in [
        r#""http://example.com/a.png""#,
        r#""file:///etc/passwd""#,
        r#""data:text/html;base64,AAAA""#,
        r#""data:image/png;base64,words for the model""#,
        r#""data:image/png;base64,""#,
        r#"{"url":"https://example.com/a.png","detail":"closest"}"#,
        "null",
    ] {
        let turn =
            format!(r#"{{"role":"user","content":[{{"type":"image_url","image_url":{image}}}]}}"#);
        let error = say(&turn).unwrap_err();
        assert_eq!(error.param(), Some("messages[0].content[0].image_url"), "{image}: {error}");
    }
    let turn =
        r#"{"role":"user","content":[{"type":"text","text":"a","image_url":"https://e.com"}]}"#;
    assert_eq!(say(turn).unwrap_err().code(), "unknown_field");
}
