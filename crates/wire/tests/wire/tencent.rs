//! Tencent's own protocol: requests as its SDK writes them, answers whole, streamed, cut and wrong.

use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use yumen_wire::{
    Chat, Content, Dialect, Event, Extra, FinishReason, Head, Json, Media, Message, ModerationAt,
    Params, Part, PartnerError, PartnerErrorKind, Reasoning, ResponseFormat, Retry, Search, Tool,
    ToolCall, ToolChoice, Usage, WireError,
};

use crate::{collect, json as parse};

fn dialect() -> Dialect {
    Dialect::named("tencent-native").unwrap()
}

fn fixture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tencent");
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

fn weather() -> Tool {
    Tool {
        name: "get_weather".into(),
        description: Some("Current weather of a city".into()),
        parameters: serde_json::from_str(
            r#"{"type":"object","properties":{"city":{"type":"string"}}}"#,
        )
        .unwrap(),
        strict: None,
    }
}

fn hello() -> Chat {
    Chat {
        messages: vec![Message::system("You are helpful."), Message::user("Say hello.")],
        ..Chat::default()
    }
}

/// A conversation as the official client was told to ask it.
fn asked(body: &Value) -> Chat {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = body["Messages"].as_array().unwrap().iter().map(|message| {
        let content = text(&message["Content"]);
        match message["Role"].as_str().unwrap() {
            "system" => Message::system(content),
            "user" => Message::user(content),
            other => panic!("no {other} was recorded"),
        }
    });
    let tools = body["Tools"].as_array().into_iter().flatten().map(|tool| {
        let function = &tool["Function"];
        Tool {
            name: text(&function["Name"]),
            description: Some(text(&function["Description"])),
            parameters: serde_json::from_str(function["Parameters"].as_str().unwrap()).unwrap(),
            strict: None,
        }
    });
    let tool_choice = (body["ToolChoice"] == "auto").then_some(ToolChoice::Auto);
    Chat {
        messages: messages.collect(),
        tools: tools.collect(),
        params: Params { tool_choice, ..Params::default() },
        ..Chat::default()
    }
}

/// The schemas of tools are strings; how they are spaced means nothing.
fn schemas_read(mut body: Value) -> Value {
    for tool in body["Tools"].as_array_mut().into_iter().flatten() {
        let schema = &mut tool["Function"]["Parameters"];
        *schema = parse(schema.as_str().expect("a schema is a string"));
    }
    body
}

#[test]
fn requests_mean_what_the_official_sdk_sends() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/partners/captured/tencent.jsonl");
    let Ok(recorded) = fs::read_to_string(&path) else {
        eprintln!("skipped: the recorded requests are not at {}", path.display());
        return;
    };
    let mut count = 0;
    for line in recorded.lines().filter(|line| line.contains("\"headers\"")) {
        let recorded = parse(line);
        let body = &recorded["body"];
        let stream = body["Stream"] == true;
        let model = body["Model"].as_str().unwrap();
        let sent = dialect().encode(&asked(body), model, stream).unwrap();
        let ours = schemas_read(parse(&sent.body));
        let theirs = schemas_read(body.clone());
        assert_eq!(ours, theirs);
        assert_eq!(sent.path, recorded["path"].as_str().unwrap());
        for header in recorded["headers"].as_array().unwrap() {
            let (name, value) = (header[0].as_str().unwrap(), header[1].as_str().unwrap());
            if ["X-TC-Action", "X-TC-Language", "Content-Type"].contains(&name) {
                assert_eq!(sent.header(&name.to_lowercase()), Some(value), "{name}");
            }
        }
        count += 1;
    }
    assert_eq!(count, 10);
}

#[test]
fn everything_that_can_be_said_is_said() {
    let chat = Chat {
        messages: vec![
            Message::User {
                content: Content::new(vec![
                    Part::Image(Media::base64("image/png", "AAAA")),
                    Part::Video(Media::at("https://example.com/v.mp4")),
                    Part::Text("What is this?".into()),
                ]),
            },
            Message::Assistant {
                content: String::new(),
                reasoning: "kept to ourselves".into(),
                tool_calls: vec![ToolCall {
                    id: "call_a".into(),
                    name: "get_weather".into(),
                    arguments: r#"{"city":"北京"}"#.into(),
                }],
                prefix: false,
                extra: Extra::new(),
            },
            Message::Tool { tool_call_id: "call_a".into(), content: "晴".into() },
        ],
        tools: vec![weather(), Tool { parameters: None, description: None, ..weather() }],
        params: Params {
            temperature: Some(0.5),
            top_p: Some(0.9),
            seed: Some(7),
            stop: vec!["。".into()],
            tool_choice: Some(ToolChoice::Function("get_weather".into())),
            parallel_tool_calls: Some(true),
            response_format: Some(ResponseFormat::Text),
            choices: Some(1),
            reasoning: Some(Reasoning::Off),
            search: Some(Search { forced: true }),
            frequency_penalty: Some(0.0),
            ..Params::default()
        },
        extra: [("Citation".to_owned(), Json::Bool(true))].into_iter().collect(),
    };
    let sent = dialect().encode(&chat, "hunyuan-vision", false).unwrap();
    let schema = r#"{"type":"object","properties":{"city":{"type":"string"}}}"#;
    let tool = json!({"Type":"function","Function":{"Name":"get_weather","Description":"Current weather of a city","Parameters":schema}});
    let bare = json!({"Type":"function","Function":{"Name":"get_weather","Parameters":r#"{"type":"object","properties":{}}"#}});
    assert_eq!(
        parse(&sent.body),
        json!({
            "Model":"hunyuan-vision","Stream":false,
            "Messages":[
                {"Role":"user","Contents":[
                    {"Type":"image_url","ImageUrl":{"Url":"data:image/png;base64,AAAA"}},
                    {"Type":"video_url","VideoUrl":{"Url":"https://example.com/v.mp4"}},
                    {"Type":"text","Text":"What is this?"}]},
                {"Role":"assistant","Content":"","ToolCalls":[{"Id":"call_a","Type":"function","Function":{"Name":"get_weather","Arguments":r#"{"city":"北京"}"#}}]},
                {"Role":"tool","Content":"晴","ToolCallId":"call_a"}],
            "Tools":[tool, bare],"ToolChoice":"custom","CustomTool":tool,
            "Temperature":0.5,"TopP":0.9,"Seed":7,"Stop":["。"],"EnableThinking":false,
            "EnableEnhancement":true,"ForceSearchEnhancement":true,"SearchInfo":true,"Citation":true
        })
    );
}

#[test]
fn what_the_protocol_cannot_say_is_refused_not_dropped() {
    let with = |params: Params| Chat { params, ..hello() };
    let speaks = |content: Part| Chat {
        messages: vec![Message::User { content: Content::new(vec![content]) }],
        ..Chat::default()
    };
    let own = |name: &str| Chat {
        extra: [(name.to_owned(), Json::Bool(true))].into_iter().collect(),
        ..hello()
    };
    let budget = Reasoning::On { effort: None, budget_tokens: Some(64) };
    for (chat, param) in [
        (with(Params { max_tokens: Some(5), ..Params::default() }), "max_tokens"),
        (with(Params { top_k: Some(5), ..Params::default() }), "top_k"),
        (with(Params { choices: Some(2), ..Params::default() }), "n"),
        (with(Params { seed: Some(0), ..Params::default() }), "seed"),
        (with(Params { seed: Some(10_001), ..Params::default() }), "seed"),
        (with(Params { presence_penalty: Some(0.1), ..Params::default() }), "presence_penalty"),
        (with(Params { frequency_penalty: Some(0.1), ..Params::default() }), "frequency_penalty"),
        (
            with(Params { parallel_tool_calls: Some(false), ..Params::default() }),
            "parallel_tool_calls",
        ),
        (with(Params { reasoning: Some(budget), ..Params::default() }), "reasoning"),
        (
            with(Params { response_format: Some(ResponseFormat::JsonObject), ..Params::default() }),
            "response_format",
        ),
        (
            with(Params { tool_choice: Some(ToolChoice::Required), ..Params::default() }),
            "tool_choice",
        ),
        (
            Chat { tools: vec![Tool { strict: Some(true), ..weather() }], ..hello() },
            "tools[].function.strict",
        ),
        (
            Chat { messages: vec![Message::user("a"), Message::prefix("b")], ..Chat::default() },
            "messages[].prefix",
        ),
        (speaks(Part::Audio(Media::at("https://example.com/a.wav"))), "messages[].content[].audio"),
        (speaks(Part::File(Media::at("https://example.com/a.pdf"))), "messages[].content[].file"),
        (
            speaks(Part::Image(Media {
                detail: Some("low".into()),
                ..Media::at("https://example.com/a.png")
            })),
            "messages[].content[].detail",
        ),
    ] {
        let error = dialect().encode(&chat, "m", false).unwrap_err();
        assert!(matches!(error, WireError::NotInProtocol { .. }), "{param}: {error}");
        assert_eq!(error.param(), Some(param));
    }
    assert_eq!(dialect().encode(&own("Model"), "m", false).unwrap_err().param(), Some("Model"));
    let unknown =
        with(Params { tool_choice: Some(ToolChoice::Function("f".into())), ..Params::default() });
    assert_eq!(dialect().encode(&unknown, "m", false).unwrap_err().param(), Some("tool_choice"));
    assert_eq!(dialect().encode(&Chat::default(), "m", false), Err(WireError::NoMessages));
}

const ID: &str = "8c1f0f2e-5a53-4c39-9d1c-000000000001";

#[test]
fn whole_answers_are_read_in_and_out_of_their_wrapper() {
    let text = fixture("whole-text");
    let answer = whole(&text).unwrap();
    assert_eq!(answer.text, "你好，世界！");
    assert_eq!(answer.finish, FinishReason::Stop);
    assert_eq!((answer.id.as_deref(), answer.request_id.as_deref()), (Some(ID), Some(ID)));
    let usage = Usage {
        input_tokens: 12,
        output_tokens: 4,
        cached_input_tokens: Some(8),
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage));
    let note = answer.extra.get("Note").unwrap();
    assert_eq!(*note, Json::String("内容由 AI 生成，请勿删除本标记".into()));

    let bare = text.strip_prefix(r#"{"Response":"#).unwrap().strip_suffix('}').unwrap();
    assert_eq!(whole(bare).unwrap(), answer, "Tencent's own samples leave the wrapper out");

    let answer = whole(&fixture("whole-tools")).unwrap();
    assert_eq!(answer.finish, FinishReason::ToolCalls);
    assert_eq!(answer.reasoning, "要查天气");
    let call = ToolCall {
        id: "call_a".into(),
        name: "get_weather".into(),
        arguments: r#"{"city":"北京"}"#.into(),
    };
    assert_eq!(answer.tool_calls, [call]);
}

#[test]
fn streams_are_read_to_their_end() {
    let (events, result) = streamed(&[fixture("stream-text").as_bytes()]);
    assert_eq!(result, Ok(()));
    assert!(matches!(&events[0], Event::Start { id: Some(id), .. } if id == ID));
    let extras = events.iter().filter(|event| matches!(event, Event::Extra(_))).count();
    assert_eq!(extras, 1, "what each chunk repeats is told once");
    let answer = collect(events);
    assert_eq!(answer.text, "你好，世界！");
    assert_eq!(answer.finish, FinishReason::Stop);
    let usage = answer.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (12, 4), "counts are cumulative");
    assert!(answer.extra.get("Note").is_some());

    let answer = collect(streamed(&[fixture("stream-reasoning").as_bytes()]).0);
    assert_eq!((answer.reasoning.as_str(), answer.text.as_str()), ("先想一想", "好"));

    let answer = collect(streamed(&[fixture("stream-tools").as_bytes()]).0);
    let calls: Vec<_> = answer
        .tool_calls
        .iter()
        .map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str()))
        .collect();
    let expected = [
        ("call_a", "get_weather", r#"{"city":"北京"}"#),
        ("call_b", "get_time", r#"{"zone":"UTC"}"#),
    ];
    assert_eq!(calls, expected);
    assert_eq!((answer.text.as_str(), answer.finish), ("我去看看。", FinishReason::ToolCalls));

    let answer = collect(streamed(&[fixture("stream-search").as_bytes()]).0);
    let Some(Json::Object(info)) = answer.extra.get("SearchInfo") else { panic!("no sources") };
    assert_eq!(info[0].0, "SearchResults");
}

#[test]
fn the_verdict_on_the_output_ends_the_answer_as_declined() {
    let (events, result) = streamed(&[fixture("stream-sensitive").as_bytes()]);
    assert_eq!(result, Ok(()));
    let verdicts: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Moderation(verdict) => Some((verdict.at, verdict.categories[0].as_str())),
            _ => None,
        })
        .collect();
    let expected =
        [(ModerationAt::Input, "ModerationLevel 1"), (ModerationAt::Output, "sensitive")];
    assert_eq!(verdicts, expected, "the conversation is a risk, and the output was stopped");
    let answer = collect(events);
    assert_eq!(answer.text, "从前有人", "what was already said must be withdrawn, so it is told");
    assert_eq!(answer.finish, FinishReason::ContentFilter);
}

#[test]
fn errors_come_under_status_200_in_chunks_and_under_any_other() {
    for status in [200, 400, 500] {
        let head = Head::new(status);
        let error = dialect().decode(&head, fixture("error").as_bytes()).unwrap_err();
        assert_eq!(error.kind, PartnerErrorKind::Auth, "{status}");
        assert_eq!(error.code.as_deref(), Some("AuthFailure.SignatureFailure"));
        assert_eq!(error.message, "The provided credentials could not be validated.");
        assert_eq!(error.request_id.as_deref(), Some(ID));
        assert_eq!((error.status, error.retry), (Some(status), Retry::No));
    }
    let (events, result) = streamed(&[fixture("error").as_bytes()]);
    assert_eq!((events, result.unwrap_err().kind), (vec![], PartnerErrorKind::Auth));

    let (events, result) = streamed(&[fixture("stream-error").as_bytes()]);
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (PartnerErrorKind::Timeout, Some("4001")));
    assert_eq!(error.message, "the model took too long");
    assert!(matches!(events.last(), Some(Event::Usage(usage)) if usage.output_tokens == 1));
    assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))));
}

#[test]
fn every_documented_code_is_told_apart() {
    use PartnerErrorKind as Kind;
    for (code, kind, again) in [
        ("AuthFailure.SecretIdNotFound", Kind::Auth, false),
        ("AuthFailure.SignatureExpire", Kind::Auth, false),
        ("AuthFailure.TokenFailure", Kind::Auth, false),
        ("RequestLimitExceeded", Kind::RateLimited, true),
        ("RequestLimitExceeded.UinLimitExceeded", Kind::RateLimited, true),
        ("RequestLimitExceeded.GlobalRegionUinLimitExceeded", Kind::RateLimited, true),
        ("LimitExceeded", Kind::RateLimited, true),
        ("FailedOperation.EngineServerLimitExceeded", Kind::RateLimited, true),
        ("FailedOperation.EngineRequestTimeout", Kind::Timeout, true),
        ("FailedOperation.EngineServerError", Kind::Server, true),
        ("InternalError", Kind::Server, true),
        ("OperationDenied.TextIllegalDetected", Kind::Refused, false),
        ("OperationDenied.ImageIllegalDetected", Kind::Refused, false),
        ("FailedOperation.GenerateImageFailed", Kind::Refused, false),
        ("FailedOperation.FreeResourcePackExhausted", Kind::Billing, false),
        ("FailedOperation.ResourcePackExhausted", Kind::Billing, false),
        ("FailedOperation.ServiceNotActivated", Kind::Billing, false),
        ("FailedOperation.ServiceStop", Kind::Billing, false),
        ("FailedOperation.ServiceStopArrears", Kind::Billing, false),
        ("FailedOperation.UserUnAuthError", Kind::Billing, false),
        ("FailedOperation.SetPayModeExceed", Kind::Billing, false),
        ("ResourceInsufficient.ChargeResourceExhaust", Kind::Billing, false),
        ("ResourceUnavailable.InArrears", Kind::Billing, false),
        ("ResourceUnavailable.LowBalance", Kind::Billing, false),
        ("ResourceUnavailable.NotExist", Kind::Billing, false),
        ("ResourceUnavailable.StopUsing", Kind::Billing, false),
        ("InvalidParameter", Kind::BadRequest, false),
        ("InvalidParameter.ImageCountLimitExceededError", Kind::BadRequest, false),
        ("InvalidParameterValue.ParameterValueError", Kind::BadRequest, false),
        ("InvalidParameterValue.Model", Kind::ModelNotFound, false),
        ("ResourceNotFound", Kind::BadRequest, false),
    ] {
        let body = json!({"Response":{"Error":{"Code":code,"Message":"m"},"RequestId":"r"}});
        let error = whole(&body.to_string()).unwrap_err();
        assert_eq!(error.kind, kind, "{code}");
        assert_eq!(error.retry != Retry::No, again, "{code}");
        assert_eq!(error.moderation.is_some(), kind == Kind::Refused, "{code}");
    }
}

#[test]
fn a_stream_is_the_same_at_every_cut() {
    for name in [
        "stream-text",
        "stream-reasoning",
        "stream-tools",
        "stream-sensitive",
        "stream-error",
        "stream-search",
        "whole-text",
        "error",
    ] {
        let lf = fixture(name);
        let mut forms = vec![lf.clone()];
        if name == "stream-text" || name == "stream-error" {
            forms.push(lf.replace('\n', "\r\n"));
            forms.push(lf.replace("data: ", "data:"));
            forms.push(format!(": ping\n\n{lf}"));
        }
        for body in forms {
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
    let last = body.rfind("data:").unwrap();
    // The last event lacks only its line ends when its JSON is whole.
    let whole_from = body.trim_end().len();
    for at in 0..whole_from {
        let (events, result) = streamed(&[&body.as_bytes()[..at]]);
        let error = result.expect_err("cut");
        assert_eq!(error.kind, PartnerErrorKind::Truncated, "cut at {at}");
        assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))));
    }
    assert!(last < whole_from);
    assert_eq!(streamed(&[&body.as_bytes()[..whole_from]]).1, Ok(()));
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

    let no_finish = breaks(&stream, r#""FinishReason":"stop""#, r#""FinishReason":"""#);
    assert_eq!(kind(&no_finish), Err(PartnerErrorKind::Truncated));
    let renamed = breaks(&stream, "FinishReason", "finish_reason");
    assert_eq!(kind(&renamed), Err(PartnerErrorKind::Truncated));
    let renamed = breaks(&stream, r#""Content""#, r#""Text""#);
    assert_eq!(kind(&renamed), Err(PartnerErrorKind::Malformed));
    let renamed = breaks(&stream, r#""Choices""#, r#""choices""#);
    assert_eq!(kind(&renamed), Err(PartnerErrorKind::Truncated));
    let wrong = breaks(&stream, r#""CompletionTokens":3"#, r#""CompletionTokens":"3""#);
    assert_eq!(kind(&wrong), Err(PartnerErrorKind::Malformed));
    let wrong = breaks(&stream, r#""Content":"，世界""#, r#""Content":5"#);
    assert_eq!(kind(&wrong), Err(PartnerErrorKind::Malformed));
    let broken = breaks(&stream, r#""Content":"，世界""#, r#""Content":"，世界"#);
    assert_eq!(kind(&broken), Err(PartnerErrorKind::Malformed));
    assert_eq!(kind("<html>busy</html>\n"), Err(PartnerErrorKind::Truncated));
    assert_eq!(kind(""), Err(PartnerErrorKind::Truncated));

    let kind = |body: &str| whole(body).map_err(|error| error.kind).map(|answer| answer.finish);
    let no_finish = breaks(&answer, r#""FinishReason":"stop","#, "");
    let unstated = FinishReason::Other(FinishReason::UNSTATED.into());
    assert_eq!(kind(&no_finish), Ok(unstated), "never called a stop");
    for (from, to) in [
        (r#""Content""#, r#""Text""#),
        (r#""Choices""#, r#""choices""#),
        (r#""Usage":{"#, r#""Usage":"16","x":{"#),
        (r#""PromptTokens":12"#, r#""PromptTokens":"12""#),
        (r#""Message""#, r#""Reply""#),
    ] {
        assert_eq!(kind(&breaks(&answer, from, to)), Err(PartnerErrorKind::Malformed), "{from}");
    }
    for at in 0..answer.len() {
        if answer.is_char_boundary(at) {
            assert!(whole(&answer[..at]).is_err(), "cut at {at}");
        }
    }
}

fn chunk(content: &str, finish: &str) -> String {
    let data = json!({
        "Choices": [{"FinishReason": finish, "Delta": {"Role": "assistant", "Content": content}, "Index": 0}],
        "Id": "i", "Usage": {"PromptTokens": 1, "CompletionTokens": 2, "TotalTokens": 3},
    });
    format!("data: {data}\n\n")
}

proptest! {
    #[test]
    fn any_words_come_through_in_any_pieces(
        words in vec("\\PC{0,12}", 1..8), cuts in vec(1_usize..50, 1..20)
    ) {
        let mut body: String = words.iter().map(|words| chunk(words, "")).collect();
        body.push_str(&chunk("", "stop"));
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
    fn any_words_are_sent_as_they_are(system in "\\PC{0,40}", user in "\\PC{1,40}") {
        let chat = Chat {
            messages: vec![Message::system(system.clone()), Message::user(user.clone())],
            extra: Extra::new(),
            ..Chat::default()
        };
        let sent = parse(&dialect().encode(&chat, "m", true).unwrap().body);
        prop_assert_eq!(&sent["Messages"][0]["Content"], &json!(system));
        prop_assert_eq!(&sent["Messages"][1]["Content"], &json!(user));
    }
}

#[test]
fn ids_without_measure_are_given_up() {
    let calls = json!([{"Id":"x".repeat(2_000),"Function":{"Name":"f","Arguments":""}}]);
    let chunk = json!({"Choices":[{"Delta":{"Role":"assistant","ToolCalls":calls}}],"Id":"r"});
    let error = streamed(&[format!("data: {chunk}\n\n").as_bytes()]).1.unwrap_err();
    assert!(error.message.contains("1024 bytes"), "{}", error.message);
}
