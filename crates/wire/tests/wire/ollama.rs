//! Ollama's chat: requests as its SDK writes them, answers whole, as lines, cut and wrong.

use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use yumen_wire::{
    Chat, Content, Dialect, Effort, Event, Extra, FinishReason, Head, Json, Media, Message, Params,
    Part, PartnerError, PartnerErrorKind, Reasoning, ResponseFormat, Search, Tool, ToolCall,
    ToolChoice, Usage, WireError,
};

use crate::{collect, json as parse};

fn dialect() -> Dialect {
    Dialect::named("ollama").unwrap()
}

fn fixture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ollama");
    fs::read_to_string(folder.join(format!("{name}.txt")))
        .expect("the fixture is in the repository")
}

type Streamed = (Vec<Event>, Result<(), PartnerError>);

fn streamed(pieces: &[&[u8]]) -> Streamed {
    let mut decoder = dialect().stream_decoder(&Head::new(200));
    let mut events = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and_then(|()| decoder.push(piece, &mut events));
    }
    let result = result.and_then(|()| decoder.finish(&mut events));
    assert_eq!(result.is_ok(), decoder.is_done());
    (events, result)
}

fn whole(body: &str) -> Result<yumen_wire::Completion, PartnerError> {
    dialect().decode(&Head::new(200), body.as_bytes())
}

fn schema() -> Json {
    serde_json::from_str(r#"{"type":"object","properties":{"city":{"type":"string"}}}"#).unwrap()
}

fn weather() -> Tool {
    Tool {
        name: "get_weather".into(),
        description: Some("Current weather of a city".into()),
        parameters: Some(schema()),
        strict: None,
    }
}

/// A conversation as the official client was told to ask it.
fn asked(body: &Value) -> Chat {
    let messages = body["messages"].as_array().unwrap().iter().map(|message| {
        assert_eq!(message["role"], "user", "no other role was recorded");
        Message::user(message["content"].as_str().unwrap())
    });
    let tools = body["tools"].as_array().unwrap().iter().map(|tool| {
        let function = &tool["function"];
        Tool {
            name: function["name"].as_str().unwrap().into(),
            description: function["description"].as_str().map(str::to_owned),
            parameters: Some(function["parameters"].clone().into()),
            strict: None,
        }
    });
    let options = &body["options"];
    Chat {
        messages: messages.collect(),
        tools: tools.collect(),
        params: Params {
            max_tokens: options["num_predict"].as_u64().map(|most| most.try_into().unwrap()),
            seed: options["seed"].as_i64(),
            ..Params::default()
        },
        ..Chat::default()
    }
}

#[test]
fn requests_mean_what_the_official_sdk_sends() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/partners/captured/ollama.jsonl");
    let Ok(recorded) = fs::read_to_string(&path) else {
        eprintln!("skipped: the recorded requests are not at {}", path.display());
        return;
    };
    let mut count = 0;
    for line in recorded.lines().filter(|line| line.contains("\"headers\"")) {
        let recorded = parse(line);
        let mut theirs = recorded["body"].clone();
        let stream = theirs["stream"] == true;
        let sent = dialect().encode(&asked(&theirs), theirs["model"].as_str().unwrap(), stream);
        let sent = sent.unwrap();
        if theirs["tools"] == json!([]) {
            // The SDK always writes them; none means none.
            theirs.as_object_mut().unwrap().remove("tools");
        }
        assert_eq!(parse(&sent.body), theirs);
        assert!(recorded["path"].as_str().unwrap().ends_with(&*sent.path));
        assert_eq!(sent.header("content-type"), Some("application/json"));
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn everything_that_can_be_said_is_said() {
    let call = |name: &str| ToolCall {
        id: "call_0".into(),
        name: name.into(),
        arguments: r#"{"b":1,"a":"北京"}"#.into(),
    };
    let turn = |name: &str| Message::Assistant {
        content: String::new(),
        reasoning: "hm".into(),
        tool_calls: vec![call(name)],
        prefix: false,
        extra: Extra::new(),
    };
    let result = || Message::Tool { tool_call_id: "call_0".into(), content: "晴".into() };
    let chat = Chat {
        messages: vec![
            Message::system("Be brief."),
            Message::User {
                content: Content::new(vec![
                    Part::Image(Media::base64("image/png", "AAAA")),
                    Part::Text("What is this?".into()),
                    Part::Image(Media::base64("image/jpeg", "BBBB")),
                ]),
            },
            turn("get_weather"),
            result(),
            turn("get_time"),
            result(),
        ],
        tools: vec![weather()],
        params: Params {
            temperature: Some(0.5),
            top_p: Some(0.9),
            top_k: Some(40),
            max_tokens: Some(64),
            seed: Some(-7),
            stop: vec!["。".into()],
            presence_penalty: Some(0.1),
            frequency_penalty: Some(0.2),
            tool_choice: Some(ToolChoice::Auto),
            parallel_tool_calls: Some(true),
            response_format: Some(ResponseFormat::JsonSchema {
                name: "s".into(),
                description: None,
                schema: Some(schema()),
                strict: Some(true),
            }),
            choices: Some(1),
            reasoning: Some(Reasoning::On { effort: Some(Effort::Low), budget_tokens: None }),
            ..Params::default()
        },
        extra: [("keep_alive".to_owned(), Json::String("5m".into()))].into_iter().collect(),
    };
    let sent = dialect().encode(&chat, "llama3.3", true).unwrap();
    assert_eq!(sent.path, "/api/chat");
    let schema = json!({"type":"object","properties":{"city":{"type":"string"}}});
    let calls = |name: &str| json!([{"function":{"name":name,"arguments":{"b":1,"a":"北京"}}}]);
    assert_eq!(
        parse(&sent.body),
        json!({
            "model":"llama3.3","stream":true,"think":"low","format":schema,"keep_alive":"5m",
            "messages":[
                {"role":"system","content":"Be brief."},
                {"role":"user","content":"What is this?","images":["AAAA","BBBB"]},
                {"role":"assistant","content":"","thinking":"hm","tool_calls":calls("get_weather")},
                {"role":"tool","content":"晴","tool_name":"get_weather"},
                {"role":"assistant","content":"","thinking":"hm","tool_calls":calls("get_time")},
                {"role":"tool","content":"晴","tool_name":"get_time"}],
            "tools":[{"type":"function","function":{"name":"get_weather","description":"Current weather of a city","parameters":schema}}],
            "options":{"temperature":0.5,"top_p":0.9,"top_k":40,"num_predict":64,"seed":-7,"stop":["。"],"presence_penalty":0.1,"frequency_penalty":0.2}
        })
    );
    let text = String::from_utf8(sent.body.to_vec()).unwrap();
    assert!(text.contains(r#"{"b":1,"a":"北京"}"#), "members of arguments keep their order");

    for (reasoning, think) in [
        (Reasoning::Off, json!(false)),
        (Reasoning::On { effort: None, budget_tokens: None }, json!(true)),
    ] {
        let params = Params { reasoning: Some(reasoning), ..Params::default() };
        let chat = Chat { messages: vec![Message::user("a")], params, ..Chat::default() };
        assert_eq!(parse(dialect().encode(&chat, "m", false).unwrap().body)["think"], think);
    }
    let params = Params { response_format: Some(ResponseFormat::JsonObject), ..Params::default() };
    let chat = Chat { messages: vec![Message::user("a")], params, ..Chat::default() };
    assert_eq!(parse(dialect().encode(&chat, "m", false).unwrap().body)["format"], "json");
}

#[test]
fn what_the_protocol_cannot_say_is_refused_not_dropped() {
    let hello = || Chat { messages: vec![Message::user("a")], ..Chat::default() };
    let with = |params: Params| Chat { params, ..hello() };
    let speaks = |content: Part| Chat {
        messages: vec![Message::User { content: Content::new(vec![content]) }],
        ..Chat::default()
    };
    let on = |effort, budget_tokens| Some(Reasoning::On { effort, budget_tokens });
    let described = ResponseFormat::JsonSchema {
        name: "s".into(),
        description: Some("what it is for".into()),
        schema: Some(schema()),
        strict: None,
    };
    for (chat, param) in [
        (with(Params { choices: Some(2), ..Params::default() }), "n"),
        (with(Params { search: Some(Search::default()), ..Params::default() }), "search"),
        (with(Params { reasoning: on(None, Some(64)), ..Params::default() }), "reasoning"),
        (
            with(Params { reasoning: on(Some(Effort::Minimal), None), ..Params::default() }),
            "reasoning",
        ),
        (
            with(Params { parallel_tool_calls: Some(false), ..Params::default() }),
            "parallel_tool_calls",
        ),
        (with(Params { tool_choice: Some(ToolChoice::None), ..Params::default() }), "tool_choice"),
        (
            with(Params { tool_choice: Some(ToolChoice::Required), ..Params::default() }),
            "tool_choice",
        ),
        (with(Params { response_format: Some(described), ..Params::default() }), "response_format"),
        (
            Chat { tools: vec![Tool { strict: Some(true), ..weather() }], ..hello() },
            "tools[].function.strict",
        ),
        (
            Chat { messages: vec![Message::user("a"), Message::prefix("b")], ..Chat::default() },
            "messages[].prefix",
        ),
        (
            speaks(Part::Image(Media::at("https://example.com/a.png"))),
            "messages[].content[].image_url",
        ),
        (speaks(Part::Audio(Media::base64("audio/wav", "AAAA"))), "messages[].content[].audio"),
        (speaks(Part::Video(Media::base64("video/mp4", "AAAA"))), "messages[].content[].video"),
        (speaks(Part::File(Media::base64("application/pdf", "AAAA"))), "messages[].content[].file"),
    ] {
        let error = dialect().encode(&chat, "m", false).unwrap_err();
        assert!(matches!(error, WireError::NotInProtocol { .. }), "{param}: {error}");
        assert_eq!(error.param(), Some(param));
    }
    let own = |name: &str, params: Params| Chat {
        extra: [(name.to_owned(), Json::Object(vec![]))].into_iter().collect(),
        ..with(params)
    };
    assert!(dialect().encode(&own("model", Params::default()), "m", false).is_err());
    assert!(dialect().encode(&own("options", Params::default()), "m", false).is_ok());
    let both = own("options", Params { top_k: Some(1), ..Params::default() });
    assert_eq!(dialect().encode(&both, "m", false).unwrap_err().param(), Some("options"));

    for arguments in ["", "[]", "5", "{\"a\":", "null"] {
        let call = ToolCall { id: "c".into(), name: "f".into(), arguments: arguments.into() };
        let turn = Message::Assistant {
            content: String::new(),
            reasoning: String::new(),
            tool_calls: vec![call],
            prefix: false,
            extra: Extra::new(),
        };
        let chat = Chat { messages: vec![Message::user("a"), turn], ..Chat::default() };
        let error = dialect().encode(&chat, "m", false).unwrap_err();
        assert_eq!(error.param(), Some("messages[1].tool_calls[0].function.arguments"));
    }
}

#[test]
fn whole_answers_are_read() {
    let answer = whole(&fixture("whole-text")).unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), ("你好，世界！", FinishReason::Stop));
    assert_eq!(answer.model.as_deref(), Some("llama3.3"));
    let usage = Usage { input_tokens: 26, output_tokens: 3, ..Usage::default() };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(answer.extra.get("eval_duration"), Some(&Json::Number(4_535_599_000_u64.into())));
    assert!(answer.extra.get("created_at").is_some());

    let answer = whole(&fixture("whole-tools")).unwrap();
    let call = ToolCall {
        id: "call_0".into(),
        name: "get_weather".into(),
        arguments: r#"{"city":"北京","days":2}"#.into(),
    };
    assert_eq!(answer.tool_calls, [call]);
    assert_eq!(answer.finish, FinishReason::ToolCalls, "the protocol itself says stop");

    let limit =
        fixture("whole-text").replace(r#""done_reason":"stop""#, r#""done_reason":"length""#);
    assert_eq!(whole(&limit).unwrap().finish, FinishReason::Length);
}

#[test]
fn lines_are_read_to_the_one_that_is_done() {
    let (events, result) = streamed(&[fixture("stream-text").as_bytes()]);
    assert_eq!(result, Ok(()));
    let texts: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["你好", "，世界", "！"]);
    let extras = events.iter().filter(|event| matches!(event, Event::Extra(_))).count();
    assert_eq!(extras, 1, "only the last line has more to say");
    let answer = collect(events);
    assert_eq!((answer.usage.unwrap().output_tokens, answer.finish), (3, FinishReason::Stop));

    let answer = collect(streamed(&[fixture("stream-thinking").as_bytes()]).0);
    assert_eq!((answer.reasoning.as_str(), answer.text.as_str()), ("先想一想", "好"));

    let answer = collect(streamed(&[fixture("stream-tools").as_bytes()]).0);
    let calls: Vec<_> = answer
        .tool_calls
        .iter()
        .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str()))
        .collect();
    let expected = [
        ("call_0", "get_weather", r#"{"city":"北京"}"#),
        ("call_1", "get_time", r#"{"zone":"UTC","exact":true}"#),
    ];
    assert_eq!(calls, expected);
    assert_eq!(answer.finish, FinishReason::ToolCalls);

    let other = fixture("stream-text").replacen("llama3.3", "another", 1);
    let (events, _) = streamed(&[other.as_bytes()]);
    let changed = Event::Identity { model: Some("llama3.3".into()), fingerprint: None };
    assert!(events.contains(&changed), "another model than at first is told");
}

#[test]
fn errors_are_read_as_bodies_and_as_lines() {
    let body = fixture("error");
    for (status, kind) in [
        (404, PartnerErrorKind::ModelNotFound),
        (400, PartnerErrorKind::BadRequest),
        (500, PartnerErrorKind::Server),
        (503, PartnerErrorKind::Overloaded),
    ] {
        let error = dialect().decode(&Head::new(status), body.as_bytes()).unwrap_err();
        assert_eq!((error.kind, error.status), (kind, Some(status)));
        assert_eq!(error.message, "model 'no-such-model' not found");
    }
    assert!(whole(&body).is_err(), "also under status 200");
    assert!(streamed(&[body.as_bytes()]).1.is_err());

    let (events, result) = streamed(&[fixture("stream-error").as_bytes()]);
    let error = result.unwrap_err();
    assert_eq!(error.kind, PartnerErrorKind::Server);
    assert!(error.message.contains("CUDA error"));
    assert_eq!(events[1], Event::Text("从前".into()));
    assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))));
}

#[test]
fn a_stream_is_the_same_at_every_cut() {
    for name in
        ["stream-text", "stream-thinking", "stream-tools", "stream-error", "whole-text", "error"]
    {
        let lf = fixture(name);
        for body in [
            lf.clone(),
            lf.replace('\n', "\r\n"),
            lf.replace('\n', "\n\n"),
            format!("\u{feff}{lf}"),
        ] {
            let body = body.as_bytes();
            let expected = streamed(&[body]);
            for at in 0..=body.len() {
                assert_eq!(streamed(&[&body[..at], &body[at..]]), expected, "{name} cut at {at}");
            }
            let bytes: Vec<&[u8]> = body.chunks(1).collect();
            assert_eq!(streamed(&bytes), expected, "{name} byte by byte");
        }
    }
}

#[test]
fn a_stream_that_ends_early_is_never_an_answer() {
    let body = fixture("stream-text");
    let whole_from = body.trim_end().len();
    for at in 0..whole_from {
        let (events, result) = streamed(&[&body.as_bytes()[..at]]);
        assert_eq!(result.unwrap_err().kind, PartnerErrorKind::Truncated, "cut at {at}");
        assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))));
    }
    assert_eq!(streamed(&[&body.as_bytes()[..whole_from]]).1, Ok(()), "the last line needs no end");
    let more = format!("{body}this is no line of the answer\n");
    assert_eq!(streamed(&[more.as_bytes()]).1, Ok(()), "what comes after the answer is not read");
}

#[test]
fn one_thing_broken_is_noticed() {
    let stream = fixture("stream-text");
    let answer = fixture("whole-text");
    let breaks = |body: &str, from: &str, to: &str| {
        assert!(body.contains(from), "{from}");
        body.replace(from, to)
    };
    let kind = |body: &str| streamed(&[body.as_bytes()]).1.map_err(|error| error.kind);
    for (from, to, expected) in [
        (r#""done":true"#, r#""done":false"#, PartnerErrorKind::Truncated),
        (r#""done":true"#, r#""done":"true""#, PartnerErrorKind::Malformed),
        (r#""done""#, r#""finished""#, PartnerErrorKind::Truncated),
        (r#""content""#, r#""text""#, PartnerErrorKind::Malformed),
        (r#""message""#, r#""reply""#, PartnerErrorKind::Malformed),
        (r#""eval_count":3"#, r#""eval_count":"3""#, PartnerErrorKind::Malformed),
        (r#""content":"，世界""#, r#""content":5"#, PartnerErrorKind::Malformed),
        (r#""content":"，世界""#, r#""content":"，世界"#, PartnerErrorKind::Malformed),
    ] {
        assert_eq!(kind(&breaks(&stream, from, to)), Err(expected), "{from} -> {to}");
    }
    assert_eq!(kind("<html>busy</html>\n"), Err(PartnerErrorKind::Malformed));
    assert_eq!(kind("[1]\n"), Err(PartnerErrorKind::Malformed));
    assert_eq!(kind(""), Err(PartnerErrorKind::Truncated));

    let kind = |body: &str| whole(body).map_err(|error| error.kind).map(|answer| answer.finish);
    let unstated = FinishReason::Other(FinishReason::UNSTATED.into());
    let no_reason = breaks(&answer, r#""done_reason":"stop","#, "");
    assert_eq!(kind(&no_reason), Ok(unstated), "never called a stop");
    for (from, to, expected) in [
        (r#""done":true"#, r#""done":false"#, PartnerErrorKind::Truncated),
        (r#""content""#, r#""text""#, PartnerErrorKind::Malformed),
        (r#""prompt_eval_count":26"#, r#""prompt_eval_count":"26""#, PartnerErrorKind::Malformed),
    ] {
        assert_eq!(kind(&breaks(&answer, from, to)), Err(expected), "{from}");
    }
    for at in (0..answer.len()).filter(|at| answer.is_char_boundary(*at)) {
        assert!(whole(&answer[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_line_without_end_is_given_up() {
    let mut decoder = dialect().stream_decoder(&Head::new(200));
    let mut events = Vec::new();
    let piece = vec![b' '; 64 * 1024];
    let mut pushed = 0;
    let error = loop {
        match decoder.push(&piece, &mut events) {
            Ok(()) => pushed += piece.len(),
            Err(error) => break error,
        }
        assert!(pushed < 8 << 20, "memory is bounded");
    };
    assert_eq!(error.kind, PartnerErrorKind::Malformed);
}

proptest! {
    #[test]
    fn any_words_come_through_in_any_pieces(
        words in vec("\\PC{0,12}", 1..8), cuts in vec(1_usize..50, 1..20), crlf: bool
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let line = |words: &str, done: bool| {
            let line = json!({"model":"m","message":{"role":"assistant","content":words},"done":done,"done_reason":done.then_some("stop")});
            format!("{line}{end}")
        };
        let mut body: String = words.iter().map(|words| line(words, false)).collect();
        body.push_str(&line("", true));
        let mut rest = body.as_bytes();
        let mut pieces = Vec::new();
        for size in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let (events, result) = streamed(&pieces);
        prop_assert_eq!(result, Ok(()));
        prop_assert_eq!(collect(events).text, words.concat());
    }

    #[test]
    fn any_call_is_sent_as_it_was_made(name in "[a-z]{1,8}", city in "\\PC{0,20}") {
        // What the model asked for, read and given back, is what it wrote.
        let arguments = json!({ "city": city });
        let body = json!({"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":name,"arguments":arguments}}]},"done":true,"done_reason":"stop"});
        let answer = whole(&body.to_string()).unwrap();
        let turn = Message::Assistant {
            content: answer.text,
            reasoning: answer.reasoning,
            tool_calls: answer.tool_calls,
            prefix: false, extra: Extra::new(),
        };
        let chat = Chat { messages: vec![Message::user("a"), turn], ..Chat::default() };
        let sent = parse(&dialect().encode(&chat, "m", true).unwrap().body);
        prop_assert_eq!(&sent["messages"][1]["tool_calls"], &body["message"]["tool_calls"]);
    }
}
