//! OpenAI's responses: requests as the official SDK sends them, answers whole and streamed.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use yumen_wire::{
    CacheHint, Chat, Completion, Content, Dialect, Effort, Event, Extra, FinishReason, Head, Json,
    Media, Message, ModerationAt, Params, Part, PartnerError, PartnerErrorKind, Reasoning,
    ResponseFormat, Retry, Search, Tool, ToolCall, ToolChoice, Usage,
};

use crate::framing::{at_every_cut, never_an_answer_when_cut};
use crate::{collect, dialect, json as parse, stream};

fn responses() -> Dialect {
    dialect("openai-responses")
}

fn fixture(name: &str) -> String {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/responses").join(name);
    fs::read_to_string(path).expect("a readable fixture")
}

fn decode(status: u16, body: &str) -> Result<Completion, PartnerError> {
    responses().decode(&Head::new(status), body.as_bytes())
}

fn schema() -> Json {
    serde_json::from_str(r#"{"type":"object","properties":{"city":{"type":"string"}}}"#).unwrap()
}

fn weather(strict: Option<bool>) -> Tool {
    Tool {
        name: "get_weather".into(),
        description: Some("Current weather".into()),
        parameters: Some(schema()),
        strict,
    }
}

fn chat(messages: Vec<Message>) -> Chat {
    Chat { messages, ..Chat::default() }
}

fn asked_with(params: Params) -> Chat {
    Chat { params, ..chat(vec![Message::user("q")]) }
}

fn written(chat: &Chat) -> Value {
    parse(&responses().encode(chat, "m", false).expect("it can be said").body)
}

fn refused(chat: &Chat) -> String {
    let error = responses().encode(chat, "m", false).expect_err("it cannot be said");
    error.param().unwrap_or_default().to_owned()
}

#[test]
fn requests_mean_what_the_official_sdk_sends() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/partners/captured/openai.jsonl");
    let Ok(lines) = fs::read_to_string(&path) else {
        eprintln!("skipped: the recorded requests are not at {}", path.display());
        return;
    };
    let mut count = 0;
    for line in lines.lines().filter(|line| line.contains("/v1/responses\"")) {
        let recorded = parse(line);
        let mut theirs = recorded["body"].clone();
        let tools = theirs["tools"].as_array().cloned().unwrap_or_default();
        let tools = tools.iter().map(|tool| Tool {
            parameters: Some(tool["parameters"].clone().into()),
            ..weather(tool["strict"].as_bool())
        });
        let asked = Chat {
            tools: tools.collect(),
            ..chat(vec![Message::user(theirs["input"].as_str().unwrap())])
        };
        let model = theirs["model"].as_str().unwrap();
        let sent = responses().encode(&asked, model, theirs["stream"] == true).unwrap();
        // Ours besides asks for nothing to be kept.
        theirs["store"] = json!(false);
        assert_eq!(parse(&sent.body), theirs);
        assert!(recorded["path"].as_str().unwrap().ends_with(&*sent.path));
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn a_conversation_is_written_in_items() {
    let call = ToolCall {
        id: "call_01".into(),
        name: "get_weather".into(),
        arguments: r#"{"city":"北京"}"#.into(),
    };
    let said = |content: &str| Message::Assistant {
        content: content.into(),
        reasoning: "never sent".into(),
        tool_calls: vec![call.clone()],
        prefix: false,
        extra: Extra::new(),
    };
    let result = || Message::Tool { tool_call_id: "call_01".into(), content: "晴".into() };
    let messages = vec![
        Message::system("s1"),
        Message::system("s2"),
        Message::user("q"),
        said("I will look."),
        result(),
        said(""),
        result(),
        Message::assistant("Sunny."),
    ];
    let body = written(&chat(messages));
    assert_eq!(body["instructions"], "s1");
    let function_call = json!({"type":"function_call","call_id":"call_01","name":"get_weather","arguments":"{\"city\":\"北京\"}"});
    let output = json!({"type":"function_call_output","call_id":"call_01","output":"晴"});
    assert_eq!(
        body["input"],
        json!([
            {"role":"system","content":"s2"},
            {"role":"user","content":"q"},
            {"role":"assistant","content":"I will look."},
            function_call, output, function_call, output,
            {"role":"assistant","content":"Sunny."}
        ])
    );
}

#[test]
fn everything_that_can_be_said_is_said() {
    let params = Params {
        temperature: Some(0.5),
        top_p: Some(0.9),
        max_tokens: Some(4_096),
        tool_choice: Some(ToolChoice::Function("get_weather".into())),
        parallel_tool_calls: Some(false),
        response_format: Some(ResponseFormat::JsonSchema {
            name: "answer".into(),
            description: Some("d".into()),
            schema: Some(schema()),
            strict: Some(true),
        }),
        reasoning: Some(Reasoning::On { effort: Some(Effort::Minimal), budget_tokens: None }),
        search: Some(Search { forced: false }),
        cache: Some(CacheHint { key: Some("k".into()), hour: false }),
        ..Params::default()
    };
    let named = |media: Media, name: &str| Media { format: Some(name.into()), ..media };
    let closely = Media { detail: Some("high".into()), ..Media::base64("image/png", "BBBB") };
    let content = Content::new(vec![
        Part::Text("What is it?".into()),
        Part::Image(closely),
        Part::Image(Media::at("https://example.org/a.png")),
        Part::Audio(named(Media::base64("audio/wav", "CCCC"), "wav")),
        Part::File(named(Media::base64("application/pdf", "AAAA"), "a.pdf")),
        Part::File(Media::at("https://example.org/b.pdf")),
    ]);
    let bare = Tool { name: "f".into(), description: None, parameters: None, strict: Some(true) };
    let chat = Chat {
        messages: vec![Message::user(content)],
        tools: vec![weather(None), bare],
        params,
        extra: [("service_tier".to_owned(), json!("flex").into())].into_iter().collect(),
    };
    let sent = responses().encode(&chat, "m", true).unwrap();
    assert_eq!(sent.path, "/responses");
    assert_eq!(
        parse(&sent.body),
        json!({
            "model":"m","stream":true,"store":false,"max_output_tokens":4096,"temperature":0.5,"top_p":0.9,
            "input":[{"role":"user","content":[
                {"type":"input_text","text":"What is it?"},
                {"type":"input_image","image_url":"data:image/png;base64,BBBB","detail":"high"},
                {"type":"input_image","image_url":"https://example.org/a.png","detail":"auto"},
                {"type":"input_audio","input_audio":{"data":"CCCC","format":"wav"}},
                {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"},
                {"type":"input_file","file_url":"https://example.org/b.pdf"}]}],
            "tools":[
                {"type":"function","name":"get_weather","description":"Current weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}},"strict":false},
                {"type":"function","name":"f","parameters":null,"strict":true},
                {"type":"web_search"}],
            "tool_choice":{"type":"function","name":"get_weather"},"parallel_tool_calls":false,
            "text":{"format":{"type":"json_schema","name":"answer","description":"d","schema":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true}},
            "reasoning":{"effort":"minimal"},"include":["reasoning.encrypted_content"],
            "prompt_cache_key":"k","service_tier":"flex"
        })
    );
}

#[test]
fn choices_formats_and_reasoning_take_every_form() {
    let params = |params: Params| written(&asked_with(params));
    let base = Params::default;
    let choice =
        |choice| params(Params { tool_choice: Some(choice), ..base() })["tool_choice"].clone();
    assert_eq!(choice(ToolChoice::None), "none");
    assert_eq!(choice(ToolChoice::Auto), "auto");
    assert_eq!(choice(ToolChoice::Required), "required");
    let format =
        |format| params(Params { response_format: Some(format), ..base() })["text"].clone();
    assert_eq!(format(ResponseFormat::Text), json!({"format":{"type":"text"}}));
    assert_eq!(format(ResponseFormat::JsonObject), json!({"format":{"type":"json_object"}}));
    let reasoning = |reasoning| {
        let body = params(Params { reasoning: Some(reasoning), ..base() });
        (body["reasoning"].clone(), body["include"].clone())
    };
    assert_eq!(reasoning(Reasoning::Off), (json!({"effort":"none"}), Value::Null));
    let on = reasoning(Reasoning::On { effort: None, budget_tokens: None });
    assert_eq!(on, (json!({"effort":"medium"}), json!(["reasoning.encrypted_content"])));
    let forced = params(Params { search: Some(Search { forced: true }), ..base() });
    assert_eq!(forced["tools"], json!([{"type":"web_search"}]));
    assert_eq!(
        forced["tool_choice"],
        json!({"type":"allowed_tools","mode":"required","tools":[{"type":"web_search"}]})
    );
}

#[test]
fn what_the_protocol_cannot_say_is_refused_not_dropped() {
    let base = Params::default;
    let params = [
        ("stop", Params { stop: vec!["END".into()], ..base() }),
        ("seed", Params { seed: Some(1), ..base() }),
        ("top_k", Params { top_k: Some(1), ..base() }),
        ("n", Params { choices: Some(2), ..base() }),
        ("presence_penalty", Params { presence_penalty: Some(0.5), ..base() }),
        ("frequency_penalty", Params { frequency_penalty: Some(0.5), ..base() }),
        ("top_p", Params { top_p: Some(f64::INFINITY), ..base() }),
        (
            "thinking_budget",
            Params {
                reasoning: Some(Reasoning::On { effort: None, budget_tokens: Some(2_048) }),
                ..base()
            },
        ),
        (
            "search",
            Params {
                search: Some(Search { forced: true }),
                tool_choice: Some(ToolChoice::Auto),
                ..base()
            },
        ),
    ];
    for (name, params) in params {
        assert_eq!(refused(&asked_with(params)), name);
    }
    let user = |part: Part| chat(vec![Message::user(Content::new(vec![part]))]);
    assert_eq!(refused(&user(Part::Video(Media::at("x")))), "video_url");
    assert_eq!(refused(&user(Part::Audio(Media::at("x")))), "input_audio");
    assert_eq!(refused(&chat(vec![Message::user("q"), Message::prefix("a")])), "prefix");
    assert_eq!(refused(&chat(vec![Message::system("only")])), "messages");
    let extra = |name: &str| Extra::from_iter([(name.to_owned(), Json::Null)]);
    for name in ["store", "input", "previous_response_id"] {
        let asked = Chat { extra: extra(name), ..asked_with(base()) };
        assert_eq!(responses().encode(&asked, "m", false).is_err(), name != "previous_response_id");
    }
}

#[test]
fn a_stream_of_text_is_read() {
    let (events, result) = at_every_cut(&responses(), &fixture("text.sse"));
    assert_eq!(result, Ok(()));
    let start = Event::Start {
        id: Some("resp_01".into()),
        model: Some("gpt-5.4-mini-2026-03-17".into()),
        fingerprint: None,
        request_id: None,
    };
    assert_eq!(events[0], start);
    let usage = Usage {
        input_tokens: 11,
        output_tokens: 9,
        cached_input_tokens: Some(8),
        cache_write_input_tokens: Some(0),
        reasoning_tokens: Some(0),
        search_calls: None,
    };
    let tier = [("service_tier".to_owned(), json!("default").into())];
    let expected = [
        Event::Text("Hel".into()),
        Event::Text("lo\n".into()),
        Event::Text("世界 😀".into()),
        Event::Extra(tier.into_iter().collect()),
        Event::Usage(usage),
        Event::Finish(FinishReason::Stop),
    ];
    assert_eq!(events[1..], expected, "what the request said is not said again");
    assert_eq!(collect(events), decode(200, &fixture("text.json")).unwrap());
    for name in ["text.sse", "reasoning-tools.sse", "refusal.sse", "incomplete.sse"] {
        never_an_answer_when_cut(&responses(), &fixture(name));
    }
}

#[test]
fn reasoning_and_tools_are_the_same_streamed_and_whole_and_go_back_as_they_came() {
    let (events, result) = at_every_cut(&responses(), &fixture("reasoning-tools.sse"));
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(answer.reasoning, "The city is 北京.\n\nI need a tool.");
    assert_eq!(answer.finish, FinishReason::ToolCalls);
    let calls: Vec<_> = answer
        .tool_calls
        .iter()
        .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str()))
        .collect();
    assert_eq!(
        calls,
        [("call_01", "get_weather", r#"{"city":"北京"}"#), ("call_02", "get_time", "{}")]
    );
    let usage = Usage {
        input_tokens: 400,
        output_tokens: 89,
        cached_input_tokens: Some(300),
        cache_write_input_tokens: Some(64),
        reasoning_tokens: Some(64),
        search_calls: Some(1),
    };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(answer, decode(200, &fixture("reasoning-tools.json")).unwrap());

    let turn = Message::Assistant {
        content: answer.text,
        reasoning: answer.reasoning,
        tool_calls: answer.tool_calls,
        prefix: false,
        extra: answer.extra,
    };
    let result = |id: &str| Message::Tool { tool_call_id: id.into(), content: "晴".into() };
    let sent = written(&chat(vec![Message::user("q"), turn, result("call_01"), result("call_02")]));
    let theirs = parse(fixture("reasoning-tools.json"));
    assert_eq!(sent["input"][1], theirs["output"][0], "the reasoning, encrypted");
    assert_eq!(sent["input"][2], theirs["output"][1], "the search");
    assert_eq!(sent["input"][3]["call_id"], "call_01");
    assert_eq!(sent["input"].as_array().unwrap().len(), 7);
}

#[test]
fn what_is_declined_ends_as_filtered() {
    let (events, result) = at_every_cut(&responses(), &fixture("refusal.sse"));
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(answer.text, "I cannot help with that.", "the partner's words are read");
    assert_eq!((answer.finish, answer.moderation), (FinishReason::ContentFilter, None));

    let (events, result) = at_every_cut(&responses(), &fixture("content-filter.sse"));
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(answer.finish, FinishReason::ContentFilter);
    assert_eq!(answer.moderation.unwrap().at, ModerationAt::Output);
}

#[test]
fn an_incomplete_answer_says_why() {
    let (events, result) = at_every_cut(&responses(), &fixture("incomplete.sse"));
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!((answer.text.as_str(), answer.finish), ("A long", FinishReason::Length));
    assert_eq!(answer.usage.unwrap().output_tokens, 16);
    let ended = |status: Value, reason: Value| {
        let body = json!({"status":status,"incomplete_details":{"reason":reason},"output":[]});
        decode(200, &body.to_string()).map(|answer| answer.finish)
    };
    let other = |reason: &str| Ok(FinishReason::Other(reason.into()));
    assert_eq!(ended(json!("completed"), Value::Null), Ok(FinishReason::Stop));
    assert_eq!(ended(json!("incomplete"), json!("steered")), other("steered"));
    assert_eq!(ended(json!("incomplete"), Value::Null), other("unstated"));
    assert_eq!(ended(Value::Null, Value::Null), other("unstated"));
    for unfinished in ["in_progress", "queued", "cancelled"] {
        let error = ended(json!(unfinished), Value::Null).unwrap_err();
        assert_eq!(error.kind, PartnerErrorKind::Malformed);
    }
}

#[test]
fn errors_are_read_in_the_stream_under_200_and_under_any_other_status() {
    use PartnerErrorKind as Kind;
    let (events, result) = at_every_cut(&responses(), &fixture("failed.sse"));
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (Kind::Server, Some("server_error")));
    assert!(matches!(events.last(), Some(Event::Usage(Usage { output_tokens: 2, .. }))));

    let frame = |code: &str| {
        let data =
            json!({"type":"error","code":code,"message":"m","param":null,"sequence_number":3});
        let named = stream(&responses(), format!("event: error\ndata: {data}\n\n").as_bytes()).1;
        let bare = stream(&responses(), format!("data: {data}\n\n").as_bytes()).1;
        assert_eq!(named, bare);
        named.unwrap_err()
    };
    let failed = |code: &str| {
        let body =
            json!({"id":"r","status":"failed","error":{"code":code,"message":"m"},"output":[]});
        decode(200, &body.to_string()).unwrap_err()
    };
    let expected = [
        ("server_error", Kind::Server, true),
        ("rate_limit_exceeded", Kind::RateLimited, true),
        ("invalid_prompt", Kind::Refused, false),
        ("bio_policy", Kind::Refused, false),
        ("misalignment_policy_violation", Kind::Refused, false),
        ("image_content_policy_violation", Kind::Refused, false),
        ("image_too_large", Kind::BadRequest, false),
        ("context_length_exceeded", Kind::ContextLength, false),
        ("vector_store_timeout", Kind::Timeout, true),
        ("insufficient_quota", Kind::Billing, false),
    ];
    for (code, kind, again) in expected {
        for error in [frame(code), failed(code)] {
            assert_eq!(error.kind, kind, "{code}");
            assert_eq!(error.retry != Retry::No, again, "{code}");
            assert_eq!(error.moderation.is_some(), kind == Kind::Refused, "{code}");
        }
    }
    let body = r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;
    assert_eq!(decode(401, body).unwrap_err().kind, Kind::Auth);
    assert_eq!(decode(200, body).unwrap_err().kind, Kind::Auth, "an error under 200");
}

#[test]
fn one_thing_broken_is_noticed() {
    let read = |body: &str| {
        let (events, result) = stream(&responses(), body.as_bytes());
        result.map(|()| collect(events))
    };
    let text = fixture("text.sse");
    let good = read(&text).unwrap();
    let kind = |body: &str| read(body).unwrap_err().kind;

    let cut = text.split("event: response.completed").next().unwrap();
    assert_eq!(kind(cut), PartnerErrorKind::Truncated);
    assert_eq!(kind(&format!("{cut}data: [DONE]\n\n")), PartnerErrorKind::Truncated);
    let renamed = text.replacen(r#""delta":"Hel""#, r#""piece":"Hel""#, 1);
    assert_eq!(kind(&renamed), PartnerErrorKind::Malformed);
    let renamed = text.replace("output_text.delta", "output_text.piece");
    assert_eq!(read(&renamed).unwrap(), good, "the whole answer at the end holds it, too");
    assert_eq!(good.text, "Hello\n世界 😀");
    let as_text = text.replace(r#""output_tokens":9"#, r#""output_tokens":"9""#);
    assert_eq!(kind(&as_text), PartnerErrorKind::Malformed);
    let broken = text.replacen(
        r#""output_index":0,"content_index""#,
        r#""output_index":0 "content_index""#,
        1,
    );
    assert_eq!(kind(&broken), PartnerErrorKind::Malformed);
    let unnamed = text
        .replace("\"type\":\"response.output_text.delta\",", "")
        .replace("event: response.output_text.delta\n", "");
    assert_eq!(kind(&unnamed), PartnerErrorKind::Malformed);
    let headless = text.replace(r#""response":{"id":"resp_01""#, r#""answer":{"id":"resp_01""#);
    assert_eq!(kind(&headless), PartnerErrorKind::Malformed);
    let tools = fixture("reasoning-tools.sse");
    let orphan = tools.replace(r#""output_index":2,"delta""#, r#""output_index":9,"delta""#);
    assert_eq!(kind(&orphan), PartnerErrorKind::Malformed);
    assert_eq!(read(&fixture("text.json")).unwrap().text, good.text, "one plain body");

    let whole = fixture("text.json");
    for broken in [
        whole.replace(r#""output": ["#, r#""outputs": ["#),
        whole.replace(r#""text": "Hello"#, r#""words": "Hello"#),
        whole.replace(r#""input_tokens": 11"#, r#""input_tokens": "11""#),
        whole.replace(r#""call_id""#, r#""id""#) + "]",
    ] {
        assert_ne!(broken, whole);
        assert_eq!(decode(200, &broken).unwrap_err().kind, PartnerErrorKind::Malformed);
    }
    let calls = fixture("reasoning-tools.json").replace("\"call_id\"", "\"kall_id\"");
    assert_eq!(decode(200, &calls).unwrap_err().kind, PartnerErrorKind::Malformed);
}

#[test]
fn servers_that_leave_events_out_are_read() {
    let completed = |output: Value| {
        let data =
            json!({"type":"response.completed","response":{"id":"r","model":"m","output":output}});
        format!("data: {data}\n\n")
    };
    let message =
        json!([{"type":"message","content":[{"type":"output_text","text":"all at once"}]}]);
    let (events, result) = at_every_cut(&responses(), &completed(message.clone()));
    assert_eq!(result, Ok(()));
    assert_eq!(collect(events).text, "all at once");

    let call = json!({"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"});
    let done = json!({"type":"response.output_item.done","output_index":0,"item":call});
    let body = format!("data: {done}\n\n{}", completed(json!([call])));
    let (events, result) = at_every_cut(&responses(), &body);
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(answer.tool_calls.len(), 1, "told once");
    assert_eq!(answer.tool_calls[0].arguments, r#"{"a":1}"#);

    let created = json!({"type":"response.created","response":{"id":"r","model":"asked"}});
    let body = format!("data: {created}\n\n{}", completed(message));
    let (events, _) = at_every_cut(&responses(), &body);
    assert!(events.contains(&Event::Identity { model: Some("m".into()), fingerprint: None }));
}

#[test]
fn memory_is_bounded() {
    let mut decoder = responses().stream_decoder(&Head::new(200));
    let mut events = Vec::new();
    let added = |index: u32| {
        let item = json!({"type":"function_call","call_id":"c","name":"f","arguments":""});
        let data = json!({"type":"response.output_item.added","output_index":index,"item":item});
        format!("data: {data}\n\n")
    };
    let error =
        (0..1_000).find_map(|index| decoder.push(added(index).as_bytes(), &mut events).err());
    assert!(error.unwrap().message.contains("128 tool calls"));
}

proptest! {
    #[test]
    fn any_answer_reads_back_streamed_and_whole(
        texts in vec("\\PC{0,8}|[玉门\u{1F600}\"\\\\\n]{0,4}", 0..5),
        paragraphs in vec(vec("\\PC{1,6}", 1..3), 0..3),
        calls in vec(("[a-z]{1,6}", vec("\\PC{0,6}", 0..3)), 0..3),
        cuts in vec(1_usize..60, 1..20)
    ) {
        let mut body = String::new();
        let mut event = |data: Value| write!(body, "data: {data}\n\n").unwrap();
        event(json!({"type":"response.created","response":{"id":"r","model":"m"}}));
        let mut output = Vec::new();
        for (index, pieces) in paragraphs.iter().enumerate() {
            event(json!({"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":index,"part":{}}));
            for piece in pieces {
                event(json!({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":index,"delta":piece}));
            }
        }
        let summary: Vec<_> = paragraphs.iter().map(|pieces| json!({"type":"summary_text","text":pieces.concat()})).collect();
        output.push(json!({"type":"reasoning","id":"rs","summary":summary}));
        for piece in &texts {
            event(json!({"type":"response.output_text.delta","output_index":1,"delta":piece}));
        }
        output.push(json!({"type":"message","content":[{"type":"output_text","text":texts.concat()}]}));
        for (index, (name, pieces)) in calls.iter().enumerate() {
            let index = index + 2;
            let id = format!("call_{index}");
            event(json!({"type":"response.output_item.added","output_index":index,"item":{"type":"function_call","call_id":id,"name":name,"arguments":""}}));
            for piece in pieces {
                event(json!({"type":"response.function_call_arguments.delta","output_index":index,"delta":piece}));
            }
            let item = json!({"type":"function_call","call_id":id,"name":name,"arguments":pieces.concat()});
            event(json!({"type":"response.output_item.done","output_index":index,"item":item}));
            output.push(item);
        }
        let response = json!({"id":"r","model":"m","status":"completed","output":output,"usage":{"input_tokens":1,"output_tokens":2}});
        event(json!({"type":"response.completed","response":response}));

        let mut decoder = responses().stream_decoder(&Head::new(200));
        let mut events = Vec::new();
        let mut rest = body.as_bytes();
        for size in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, after) = rest.split_at((*size).min(rest.len()));
            decoder.push(chunk, &mut events).unwrap();
            rest = after;
        }
        decoder.finish(&mut events).unwrap();
        let streamed = collect(events);
        let expected: Vec<_> = paragraphs.iter().map(|pieces| pieces.concat()).collect();
        prop_assert_eq!(&streamed.reasoning, &expected.join("\n\n"));
        prop_assert_eq!(&streamed.text, &texts.concat());
        prop_assert_eq!(streamed.tool_calls.len(), calls.len());
        prop_assert_eq!(&streamed, &decode(200, &response.to_string()).unwrap());
    }

    #[test]
    fn any_bytes_are_taken(bytes in vec(any::<u8>(), 0..300)) {
        let (events, result) = stream(&responses(), &bytes);
        prop_assert_eq!(result.is_ok(), events.iter().any(|event| matches!(event, Event::Finish(_))));
        drop(responses().decode(&Head::new(200), &bytes));
    }

    #[test]
    fn any_words_are_sent_as_they_are(system in "\\PC{0,30}", user in "\\PC{0,30}", said in "\\PC{1,30}") {
        let body = written(&chat(vec![
            Message::system(system.clone()),
            Message::user(user.clone()),
            Message::assistant(said.clone()),
            Message::user("q"),
        ]));
        prop_assert_eq!(&body["instructions"], &json!(system));
        prop_assert_eq!(&body["input"][0], &json!({"role":"user","content":user}));
        prop_assert_eq!(&body["input"][1], &json!({"role":"assistant","content":said}));
    }
}
