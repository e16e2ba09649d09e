//! Anthropic's messages: requests as the official SDKs send them, answers whole and streamed.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use yumen_wire::{
    CacheHint, Chat, Completion, Content, Dialect, Effort, Event, Extra, FinishReason, Head, Json,
    Media, Message, Moderation, ModerationAt, Params, Part, PartnerError, PartnerErrorKind, Prefix,
    Reasoning, ResponseFormat, Retry, Search, Tool, ToolCall, ToolChoice, Usage,
};

use crate::framing::{at_every_cut, never_an_answer_when_cut};
use crate::{collect, dialect, json as parse, stream};

fn anthropic() -> Dialect {
    dialect("anthropic-messages")
}

fn fixture(name: &str) -> String {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/anthropic").join(name);
    fs::read_to_string(path).expect("a readable fixture")
}

fn decode(dialect: &Dialect, status: u16, body: &str) -> Result<Completion, PartnerError> {
    dialect.decode(&Head::new(status), body.as_bytes())
}

fn schema() -> Json {
    serde_json::from_str(r#"{"type":"object","properties":{"city":{"type":"string"}}}"#).unwrap()
}

fn weather() -> Tool {
    Tool {
        name: "get_weather".into(),
        description: Some("Current weather".into()),
        parameters: Some(schema()),
        strict: None,
    }
}

fn written(dialect: &Dialect, chat: &Chat) -> Value {
    parse(&dialect.encode(chat, "m", false).expect("it can be said").body)
}

fn refused(dialect: &Dialect, chat: &Chat) -> String {
    let error = dialect.encode(chat, "m", false).expect_err("it cannot be said");
    error.param().unwrap_or_default().to_owned()
}

fn chat(messages: Vec<Message>) -> Chat {
    Chat { messages, ..Chat::default() }
}

fn asked_with(params: Params) -> Chat {
    Chat { params, ..chat(vec![Message::user("q")]) }
}

/// The conversation behind a request of the SDK.
fn asked(body: &Value) -> Chat {
    let user = &body["messages"][0];
    assert_eq!((&body["messages"][1], &user["role"]), (&Value::Null, &json!("user")));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tools = body["tools"].as_array().cloned().unwrap_or_default();
    let tools = tools.iter().map(|tool| Tool {
        name: text(&tool["name"]),
        description: Some(text(&tool["description"])),
        parameters: Some(tool["input_schema"].clone().into()),
        strict: None,
    });
    Chat {
        messages: vec![
            Message::system(text(&body["system"])),
            Message::user(text(&user["content"])),
        ],
        tools: tools.collect(),
        params: Params {
            max_tokens: Some(body["max_tokens"].as_u64().unwrap().try_into().unwrap()),
            ..Params::default()
        },
        ..Chat::default()
    }
}

#[test]
fn requests_mean_what_the_official_sdks_send() {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/partners/captured");
    let recorded = [
        ("anthropic1", "anthropic-messages", 8),
        ("anthropic", "anthropic-messages-2026-10-21", 8),
        ("dashscope_gen2_anthropic", "dashscope-anthropic", 10),
        ("minimax_anthropic", "minimax-anthropic", 8),
    ];
    for (file, name, expected) in recorded {
        let Ok(lines) = fs::read_to_string(folder.join(format!("{file}.jsonl"))) else {
            eprintln!("skipped: the recorded requests are not at {}", folder.display());
            return;
        };
        let dialect = dialect(name);
        let mut count = 0;
        for line in lines.lines().filter(|line| line.contains("\"headers\"")) {
            let recorded = parse(line);
            let theirs = &recorded["body"];
            let model = theirs["model"].as_str().unwrap();
            let sent = dialect.encode(&asked(theirs), model, theirs["stream"] == true).unwrap();
            assert_eq!(&parse(&sent.body), theirs, "{file}");
            assert!(recorded["path"].as_str().unwrap().ends_with(&*sent.path));
            let header = |name: &str| {
                let headers = recorded["headers"].as_array().unwrap();
                let found = headers.iter().find(|header| header[0].as_str().unwrap() == name);
                found.map(|header| header[1].as_str().unwrap().to_owned())
            };
            if file != "minimax_anthropic" {
                // To partners other than Anthropic goes the version they were written against.
                assert_eq!(
                    sent.header("anthropic-version"),
                    header("anthropic-version").as_deref()
                );
            }
            count += 1;
        }
        assert_eq!(count, expected, "{file}");
    }
}

#[test]
fn a_conversation_is_written_in_turns() {
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: "get_weather".into(),
        arguments: arguments.into(),
    };
    let said = Message::Assistant {
        content: "I will look.".into(),
        reasoning: "never sent".into(),
        tool_calls: vec![call("a", r#"{"city": "北京"}"#), call("b", "")],
        prefix: false,
        extra: Extra::new(),
    };
    let result = |id: &str| Message::Tool { tool_call_id: id.into(), content: "晴".into() };
    let messages = vec![
        Message::system("s1"),
        Message::system("s2"),
        Message::user("q"),
        said,
        result("a"),
        result("b"),
        Message::user("And now?"),
        Message::system("Be brief."),
        Message::assistant("Sunny."),
        Message::user("one"),
        Message::user("two"),
        Message::prefix("In short"),
    ];
    let body = written(&anthropic(), &chat(messages));
    assert_eq!(body["system"], json!([{"type":"text","text":"s1"},{"type":"text","text":"s2"}]));
    assert_eq!(
        body["messages"],
        json!([
            {"role":"user","content":"q"},
            {"role":"assistant","content":[
                {"type":"text","text":"I will look."},
                {"type":"tool_use","id":"a","name":"get_weather","input":{"city":"北京"}},
                {"type":"tool_use","id":"b","name":"get_weather","input":{}}]},
            {"role":"user","content":[
                {"type":"tool_result","tool_use_id":"a","content":"晴"},
                {"type":"tool_result","tool_use_id":"b","content":"晴"},
                {"type":"text","text":"And now?"}]},
            {"role":"system","content":"Be brief."},
            {"role":"assistant","content":"Sunny."},
            {"role":"user","content":"one"},
            {"role":"user","content":"two"},
            {"role":"assistant","content":"In short"}
        ])
    );
}

#[test]
fn everything_that_can_be_said_is_said() {
    let params = Params {
        temperature: Some(0.5),
        top_p: Some(0.9),
        top_k: Some(40),
        max_tokens: Some(4_096),
        stop: vec!["END".into()],
        tool_choice: Some(ToolChoice::Function("get_weather".into())),
        parallel_tool_calls: Some(false),
        response_format: Some(ResponseFormat::JsonSchema {
            name: "answer".into(),
            description: None,
            schema: Some(schema()),
            strict: Some(true),
        }),
        reasoning: Some(Reasoning::On { effort: Some(Effort::Low), budget_tokens: Some(2_048) }),
        search: Some(Search { forced: false }),
        cache: Some(CacheHint { key: None, hour: true }),
        ..Params::default()
    };
    let pdf = Media { format: Some("a.pdf".into()), ..Media::base64("application/pdf", "AAAA") };
    let content = Content::new(vec![
        Part::Text("What is it?".into()),
        Part::Image(Media::base64("image/png", "BBBB")),
        Part::Image(Media::at("https://example.org/a.png")),
        Part::File(pdf),
        Part::File(Media::at("https://example.org/b.pdf")),
    ]);
    let strict = Tool { name: "f".into(), description: None, parameters: None, strict: Some(true) };
    let chat = Chat {
        messages: vec![Message::system("s"), Message::user(content)],
        tools: vec![weather(), strict],
        params,
        extra: [("metadata".to_owned(), json!({"user_id":"u"}).into())].into_iter().collect(),
    };
    let sent = anthropic().encode(&chat, "m", true).unwrap();
    assert_eq!(sent.path, "/v1/messages");
    assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(sent.header("accept"), Some("text/event-stream"));
    assert_eq!(
        parse(&sent.body),
        json!({
            "model":"m","max_tokens":4096,"stream":true,"system":"s",
            "messages":[{"role":"user","content":[
                {"type":"text","text":"What is it?"},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"BBBB"}},
                {"type":"image","source":{"type":"url","url":"https://example.org/a.png"}},
                {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"},"title":"a.pdf"},
                {"type":"document","source":{"type":"url","url":"https://example.org/b.pdf"}}]}],
            "temperature":0.5,"top_p":0.9,"top_k":40,"stop_sequences":["END"],
            "tools":[
                {"name":"get_weather","description":"Current weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}},
                {"name":"f","input_schema":{"type":"object"},"strict":true},
                {"type":"web_search_20250305","name":"web_search"}],
            "tool_choice":{"type":"tool","name":"get_weather","disable_parallel_tool_use":true},
            "thinking":{"type":"enabled","budget_tokens":2048},
            "output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object","properties":{"city":{"type":"string"}}}}},
            "cache_control":{"type":"ephemeral","ttl":"1h"},
            "metadata":{"user_id":"u"}
        })
    );
}

#[test]
fn choices_of_tools_and_thinking_take_every_form() {
    let choice = |tool_choice: Option<ToolChoice>, parallel_tool_calls: Option<bool>| {
        let params = Params { tool_choice, parallel_tool_calls, ..Params::default() };
        written(&anthropic(), &Chat { tools: vec![weather()], ..asked_with(params) })["tool_choice"]
            .clone()
    };
    assert_eq!(choice(None, None), Value::Null);
    assert_eq!(choice(None, Some(true)), Value::Null);
    assert_eq!(choice(None, Some(false)), json!({"type":"auto","disable_parallel_tool_use":true}));
    assert_eq!(choice(Some(ToolChoice::Auto), None), json!({"type":"auto"}));
    assert_eq!(choice(Some(ToolChoice::None), Some(false)), json!({"type":"none"}));
    let any = choice(Some(ToolChoice::Required), Some(false));
    assert_eq!(any, json!({"type":"any","disable_parallel_tool_use":true}));

    let thinking = |reasoning| {
        let params = Params { reasoning: Some(reasoning), ..Params::default() };
        let body = written(&anthropic(), &asked_with(params));
        (body["thinking"].clone(), body["output_config"].clone(), body["max_tokens"].clone())
    };
    let most = || json!(8192);
    assert_eq!(thinking(Reasoning::Off), (json!({"type":"disabled"}), Value::Null, most()));
    let on = |effort, budget_tokens| Reasoning::On { effort, budget_tokens };
    let adaptive = || json!({"type":"adaptive"});
    assert_eq!(thinking(on(None, None)), (adaptive(), Value::Null, most()));
    let high = thinking(on(Some(Effort::High), None));
    assert_eq!(high, (adaptive(), json!({"effort":"high"}), most()));
    let budget = thinking(on(None, Some(4_096)));
    let enabled = json!({"type":"enabled","budget_tokens":4096});
    assert_eq!(budget, (enabled, Value::Null, json!(8192 + 4096)), "room for the answer remains");
}

#[test]
fn what_a_dialect_cannot_say_is_refused_not_dropped() {
    let base = Params::default;
    let params = [
        ("seed", Params { seed: Some(1), ..base() }),
        ("presence_penalty", Params { presence_penalty: Some(0.5), ..base() }),
        ("frequency_penalty", Params { frequency_penalty: Some(0.5), ..base() }),
        ("n", Params { choices: Some(2), ..base() }),
        ("temperature", Params { temperature: Some(1.5), ..base() }),
        ("temperature", Params { temperature: Some(f64::NAN), ..base() }),
        ("response_format", Params { response_format: Some(ResponseFormat::JsonObject), ..base() }),
        ("search", Params { search: Some(Search { forced: true }), ..base() }),
        (
            "reasoning_effort",
            Params {
                reasoning: Some(Reasoning::On {
                    effort: Some(Effort::Minimal),
                    budget_tokens: None,
                }),
                ..base()
            },
        ),
        (
            "thinking_budget",
            Params {
                reasoning: Some(Reasoning::On { effort: None, budget_tokens: Some(1_023) }),
                ..base()
            },
        ),
        (
            "thinking_budget",
            Params {
                max_tokens: Some(1_024),
                reasoning: Some(Reasoning::On { effort: None, budget_tokens: Some(1_024) }),
                ..base()
            },
        ),
    ];
    for (name, params) in params {
        assert_eq!(refused(&anthropic(), &asked_with(params)), name);
    }
    let user = |part: Part| chat(vec![Message::user(Content::new(vec![part]))]);
    assert_eq!(refused(&anthropic(), &user(Part::Audio(Media::at("x")))), "input_audio");
    assert_eq!(refused(&anthropic(), &user(Part::Video(Media::at("x")))), "video_url");
    let text = Part::File(Media::base64("text/plain", "AAAA"));
    assert_eq!(refused(&anthropic(), &user(text)), "file");
    let closely = Media { detail: Some("high".into()), ..Media::at("x") };
    assert_eq!(refused(&anthropic(), &user(Part::Image(closely))), "image_url.detail");

    assert_eq!(refused(&anthropic(), &chat(vec![Message::system("only")])), "messages");
    let own_turn_last = chat(vec![Message::user("q"), Message::assistant("a")]);
    assert_eq!(refused(&anthropic(), &own_turn_last), "messages", "it would be continued");
    let spaced = chat(vec![Message::user("q"), Message::prefix("In short ")]);
    assert_eq!(refused(&anthropic(), &spaced), "messages[1]");
    let early = chat(vec![Message::prefix("In short"), Message::user("q")]);
    assert_eq!(refused(&anthropic(), &early), "prefix");
    let call = ToolCall { id: "c".into(), name: "f".into(), arguments: "[1]".into() };
    let wrong = Message::Assistant {
        content: String::new(),
        reasoning: String::new(),
        tool_calls: vec![call],
        prefix: false,
        extra: Extra::new(),
    };
    let wrong = chat(vec![Message::user("q"), wrong, Message::user("q")]);
    assert_eq!(refused(&anthropic(), &wrong), "messages[1].tool_calls[0].arguments");
    let own = Chat {
        extra: [("max_tokens".to_owned(), Json::Null)].into_iter().collect(),
        ..asked_with(base())
    };
    assert_eq!(refused(&anthropic(), &own), "max_tokens");
}

#[test]
fn the_versions_and_the_partners_differ_as_documented() {
    let base = Params::default;
    let newer = dialect("anthropic-messages-2026-10-21");
    let sampling = [
        ("temperature", Params { temperature: Some(1.0), ..base() }),
        ("top_p", Params { top_p: Some(1.0), ..base() }),
        ("top_k", Params { top_k: Some(1), ..base() }),
    ];
    for (name, params) in sampling {
        assert_eq!(refused(&newer, &asked_with(params.clone())), name);
        assert!(anthropic().encode(&asked_with(params), "m", false).is_ok());
    }

    let (qwen, minimax) = (dialect("dashscope-anthropic"), dialect("minimax-anthropic"));
    let image = Content::new(vec![Part::Image(Media::at("https://example.org/a.png"))]);
    let image = chat(vec![Message::user(image)]);
    assert!(qwen.encode(&image, "m", false).is_ok());
    assert_eq!(refused(&minimax, &image), "image_url");
    let stop = asked_with(Params { stop: vec!["END".into()], ..base() });
    assert_eq!(refused(&minimax, &stop), "stop");
    let hint = asked_with(Params { cache: Some(CacheHint::default()), ..base() });
    assert_eq!(written(&anthropic(), &hint)["cache_control"], json!({"type":"ephemeral"}));
    for partner in [&qwen, &minimax] {
        assert_eq!(
            partner.encode(&hint, "m", false).unwrap().header("anthropic-version"),
            Some("2023-06-01")
        );
        let late = chat(vec![Message::user("q"), Message::system("late"), Message::user("q")]);
        assert_eq!(refused(partner, &late), "messages");
        let format = Some(ResponseFormat::JsonSchema {
            name: "s".into(),
            description: None,
            schema: Some(schema()),
            strict: None,
        });
        let format = asked_with(Params { response_format: format, ..base() });
        assert_eq!(refused(partner, &format), "response_format");
        let on = Reasoning::On { effort: None, budget_tokens: Some(1_024) };
        let on = asked_with(Params { reasoning: Some(on), ..base() });
        assert_eq!(written(partner, &on)["thinking"]["budget_tokens"], 1024);
        let effort = Reasoning::On { effort: Some(Effort::Low), budget_tokens: None };
        let effort = asked_with(Params { reasoning: Some(effort), ..base() });
        assert!(refused(partner, &effort).starts_with("reasoning"));
        assert_eq!(partner.prefix(), Some(Prefix::Trailing));
    }

    let on = Reasoning::On { effort: None, budget_tokens: None };
    let on = asked_with(Params { reasoning: Some(on), ..base() });
    assert_eq!(refused(&qwen, &on), "reasoning");
    assert_eq!(written(&minimax, &on)["thinking"], Value::Null, "it always reasons");

    let call = ToolCall { id: "c".into(), name: "f".into(), arguments: "{}".into() };
    let turn = Message::Assistant {
        content: String::new(),
        reasoning: "hm".into(),
        tool_calls: vec![call],
        prefix: false,
        extra: Extra::new(),
    };
    let result = Message::Tool { tool_call_id: "c".into(), content: "42".into() };
    let looped = chat(vec![Message::user("q"), turn, result]);
    let first = |dialect: &Dialect| written(dialect, &looped)["messages"][1]["content"][0].clone();
    assert_eq!(first(&minimax), json!({"type":"thinking","thinking":"hm","signature":""}));
    assert_eq!(
        first(&anthropic())["type"],
        "tool_use",
        "unsigned reasoning is not sent to Anthropic"
    );
    let mut signed = looped.clone();
    let kept = json!([{"type":"thinking","thinking":"hm","signature":"s"}]);
    if let Message::Assistant { extra, .. } = &mut signed.messages[1] {
        extra.push("content", kept.into());
    }
    let blocks = written(&minimax, &signed)["messages"][1]["content"].clone();
    assert_eq!(blocks[0]["signature"], "s");
    assert_eq!(blocks[1]["type"], "tool_use", "signed reasoning goes back once");
}

#[test]
fn a_stream_of_text_is_read() {
    let (events, result) = at_every_cut(&anthropic(), &fixture("text.sse"));
    assert_eq!(result, Ok(()));
    let start = Event::Start {
        id: Some("msg_01A".into()),
        model: Some("claude-sonnet-5-20260501".into()),
        fingerprint: None,
        request_id: None,
    };
    assert_eq!(events[0], start);
    let usage = Usage {
        input_tokens: 12,
        output_tokens: 15,
        cached_input_tokens: Some(0),
        cache_write_input_tokens: Some(0),
        ..Usage::default()
    };
    let tier = [("usage.service_tier".to_owned(), json!("standard").into())];
    let expected = [
        Event::Extra(tier.into_iter().collect()),
        Event::Text("Hel".into()),
        Event::Text("lo\n".into()),
        Event::Text("世界 😀".into()),
        Event::Usage(usage),
        Event::Finish(FinishReason::Stop),
    ];
    assert_eq!(events[1..], expected);
    assert_eq!(collect(events), decode(&anthropic(), 200, &fixture("text.json")).unwrap());
    for name in ["text.sse", "thinking-tools.sse", "search.sse", "refusal.sse"] {
        never_an_answer_when_cut(&anthropic(), &fixture(name));
    }
}

#[test]
fn thinking_and_tools_are_the_same_streamed_and_whole_and_go_back_as_they_came() {
    let (events, result) = at_every_cut(&anthropic(), &fixture("thinking-tools.sse"));
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(answer.reasoning, "The city is 北京.");
    assert_eq!(answer.text, "I will look.");
    assert_eq!(answer.finish, FinishReason::ToolCalls);
    let calls: Vec<_> = answer
        .tool_calls
        .iter()
        .map(|call| (call.id.as_str(), call.name.as_str(), parse(&call.arguments)))
        .collect();
    let weather = json!({"city":"北京"});
    assert_eq!(
        calls,
        [("toolu_01", "get_weather", weather), ("toolu_02", "get_time", json!({}))],
        "a call without input has an empty one"
    );
    let usage = Usage {
        input_tokens: 420,
        output_tokens: 89,
        cached_input_tokens: Some(300),
        cache_write_input_tokens: Some(100),
        reasoning_tokens: Some(21),
        search_calls: None,
    };
    assert_eq!(answer.usage, Some(usage), "the input counts what the cache gave and took");

    let whole = decode(&anthropic(), 200, &fixture("thinking-tools.json")).unwrap();
    assert_eq!(answer, whole);

    let turn = Message::Assistant {
        content: answer.text,
        reasoning: answer.reasoning,
        tool_calls: answer.tool_calls,
        prefix: false,
        extra: answer.extra,
    };
    let result = |id: &str| Message::Tool { tool_call_id: id.into(), content: "晴".into() };
    let chat = chat(vec![Message::user("q"), turn, result("toolu_01"), result("toolu_02")]);
    let sent = written(&anthropic(), &chat);
    assert_eq!(sent["messages"][1]["content"], parse(fixture("thinking-tools.json"))["content"]);
}

#[test]
fn the_partners_own_tools_and_citations_travel_along() {
    let (events, result) = at_every_cut(&anthropic(), &fixture("search.sse"));
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(answer.text, "It is a pass.");
    assert_eq!(answer.tool_calls, [], "not a call for the client");
    assert_eq!(answer.usage.unwrap().search_calls, Some(1));
    let extra: Vec<(&str, Value)> = answer
        .extra
        .iter()
        .map(|(name, value)| (name, parse(serde_json::to_string(value).unwrap())))
        .filter(|(name, _)| !name.starts_with("usage."))
        .collect();
    let names: Vec<_> = extra.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["content", "content", "citations", "stop_sequence"]);
    assert_eq!(extra[0].1[0]["input"], json!({"query":"玉门"}), "the input came in pieces");
    assert_eq!(extra[1].1[0]["content"][0]["encrypted_content"], "EqgfCioI");
    assert_eq!(extra[2].1[0]["cited_text"], "a pass");
    assert_eq!(extra[3].1, "END");
}

#[test]
fn a_refusal_is_a_value_of_its_own() {
    let (events, result) = at_every_cut(&anthropic(), &fixture("refusal.sse"));
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!(answer.finish, FinishReason::ContentFilter);
    let moderation = Moderation {
        at: ModerationAt::Output,
        categories: vec!["bio".into()],
        message: Some("This request was declined.".into()),
    };
    assert_eq!(answer.moderation, Some(moderation.clone()));
    let body = json!({"type":"message","content":[],"stop_reason":"refusal",
        "stop_details":{"type":"refusal","category":"bio","explanation":"This request was declined."}});
    let answer = decode(&anthropic(), 200, &body.to_string()).unwrap();
    assert_eq!((answer.finish, answer.moderation), (FinishReason::ContentFilter, Some(moderation)));
}

#[test]
fn every_reason_to_stop_is_read() {
    let ended = |reason: &str| {
        let body = json!({"type":"message","content":[],"stop_reason":reason});
        decode(&anthropic(), 200, &body.to_string()).unwrap().finish
    };
    let other = |reason: &str| FinishReason::Other(reason.into());
    let expected = [
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("tool_use", FinishReason::ToolCalls),
        ("refusal", FinishReason::ContentFilter),
        ("pause_turn", other("pause_turn")),
        ("something_new", other("something_new")),
    ];
    for (reason, finish) in expected {
        assert_eq!(ended(reason), finish, "{reason}");
    }
    let answer = decode(&anthropic(), 200, r#"{"content":[],"stop_reason":null}"#).unwrap();
    assert_eq!(answer.finish, other(FinishReason::UNSTATED));
}

#[test]
fn an_error_in_the_stream_ends_it_and_tells_what_it_cost() {
    let (events, result) = at_every_cut(&anthropic(), &fixture("overloaded.sse"));
    let error = result.unwrap_err();
    assert_eq!(error.kind, PartnerErrorKind::Overloaded);
    assert_eq!(error.retry, Retry::After(None));
    assert_eq!(error.request_id.as_deref(), Some("req_011"));
    assert_eq!(error.code.as_deref(), Some("overloaded_error"));
    assert_eq!(events[2], Event::Text("Half".into()));
    assert!(matches!(events[3], Event::Usage(Usage { input_tokens: 12, output_tokens: 1, .. })));
    assert_eq!(events.len(), 4);
}

#[test]
fn errors_are_told_apart_by_type_and_finer_code() {
    use PartnerErrorKind as Kind;
    let error = |status: u16, kind: &str, message: &str, code: Option<&str>| {
        let details = code.map(|code| json!({"error_code":code}));
        let body = json!({"type":"error","error":{"type":kind,"message":message,"details":details},"request_id":"req_1"});
        decode(&anthropic(), status, &body.to_string()).unwrap_err()
    };
    let expected = [
        (400, "invalid_request_error", "messages: at least one", Kind::BadRequest, false),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 9 tokens > 8 maximum",
            Kind::ContextLength,
            false,
        ),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
            Kind::ContextLength,
            false,
        ),
        (401, "authentication_error", "invalid x-api-key", Kind::Auth, false),
        (402, "billing_error", "no money", Kind::Billing, false),
        (403, "permission_error", "no", Kind::Permission, false),
        (404, "not_found_error", "model: x", Kind::ModelNotFound, false),
        (413, "request_too_large", "too large", Kind::BadRequest, false),
        (429, "rate_limit_error", "slow down", Kind::RateLimited, true),
        (500, "api_error", "internal", Kind::Server, true),
        (504, "timeout_error", "took too long", Kind::Timeout, true),
        (529, "overloaded_error", "Overloaded", Kind::Overloaded, true),
        (200, "overloaded_error", "an error under 200", Kind::Overloaded, true),
    ];
    for (status, kind, message, expected, again) in expected {
        let error = error(status, kind, message, None);
        assert_eq!(error.kind, expected, "{kind}: {message}");
        assert_eq!(error.retry != Retry::No, again, "{kind}: {message}");
        assert_eq!((error.request_id.as_deref(), error.status), (Some("req_1"), Some(status)));
    }
    for code in ["enforced_spend_limit_reached", "contract_spend_limit_reached"] {
        let spent = error(429, "rate_limit_error", "the limit is reached", Some(code));
        assert_eq!((spent.kind, spent.retry), (Kind::Billing, Retry::No));
        assert_eq!(spent.code.as_deref(), Some(code));
    }
    let ramp = error(429, "rate_limit_error", "too steep", Some("ramp_limit_exceeded"));
    assert_eq!((ramp.kind, ramp.retry), (Kind::RateLimited, Retry::After(None)));
}

#[test]
fn the_partners_other_than_anthropic_err_in_their_own_words() {
    use PartnerErrorKind as Kind;
    let minimax = dialect("minimax-anthropic");
    let error = |status: u16, message: &str| {
        let body = json!({"type":"error","error":{"type":"api_error","message":message}});
        decode(&minimax, status, &body.to_string()).unwrap_err()
    };
    let declined = error(500, "input new_sensitive (1026)");
    assert_eq!((declined.kind, declined.retry), (Kind::Refused, Retry::No));
    assert_eq!(declined.moderation.unwrap().at, ModerationAt::Input);
    let declined = error(500, "output new_sensitive (1027)");
    assert_eq!(declined.moderation.unwrap().at, ModerationAt::Output);
    assert_eq!(error(500, "insufficient balance (1008)").kind, Kind::Billing);
    assert_eq!(error(500, "rate limit (1002)").retry, Retry::After(None));
    assert_eq!(error(500, "unknown error (1000)").kind, Kind::Server);
    let under_200 = json!({"type":"message","content":[],"base_resp":{"status_code":1026,"status_msg":"input new_sensitive"}});
    assert_eq!(decode(&minimax, 200, &under_200.to_string()).unwrap_err().kind, Kind::Refused);
    let fine = json!({"type":"message","content":[],"stop_reason":"end_turn","base_resp":{"status_code":0,"status_msg":""}});
    assert!(decode(&minimax, 200, &fine.to_string()).is_ok());

    let qwen = dialect("dashscope-anthropic");
    let frame = concat!(
        "id:1\nevent:error\n:HTTP_STATUS/400\n",
        r#"data:{"code":"DataInspectionFailed","message":"Input text data may contain inappropriate content.","request_id":"r-1"}"#,
        "\n\n"
    );
    let error = at_every_cut(&qwen, frame).1.unwrap_err();
    assert_eq!((error.kind, error.status), (Kind::Refused, Some(400)));
    assert_eq!(error.request_id.as_deref(), Some("r-1"));
    let body = r#"{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded"}"#;
    assert_eq!(decode(&qwen, 200, body).unwrap_err().kind, Kind::RateLimited);
}

#[test]
fn one_thing_broken_is_noticed() {
    let read = |body: &str| {
        let (events, result) = stream(&anthropic(), body.as_bytes());
        result.map(|()| collect(events))
    };
    let text = fixture("text.sse");
    let good = read(&text).unwrap();
    let kind = |body: &str| read(body).unwrap_err().kind;

    let no_reason = text.replace(r#""stop_reason":"end_turn""#, r#""stop_reason":null"#);
    assert_ne!(no_reason, text);
    let unstated = FinishReason::Other(FinishReason::UNSTATED.into());
    assert_eq!(read(&no_reason).unwrap().finish, unstated);
    let no_stop = text.replace("message_stop", "message_halt");
    assert_eq!(kind(&no_stop), PartnerErrorKind::Truncated);
    let renamed = text.replacen(r#""text":"Hel""#, r#""words":"Hel""#, 1);
    assert_eq!(kind(&renamed), PartnerErrorKind::Malformed);
    let renamed = text.replace("text_delta", "token_delta");
    assert_eq!(kind(&renamed), PartnerErrorKind::Malformed, "nothing is left but what was skipped");
    let tools = fixture("thinking-tools.sse");
    let renamed = tools.replace("input_json_delta", "json_delta");
    assert_eq!(kind(&renamed), PartnerErrorKind::Malformed, "a call without its input is not made");
    let as_text = text.replace(r#""output_tokens":15"#, r#""output_tokens":"15""#);
    assert_eq!(kind(&as_text), PartnerErrorKind::Malformed);
    let broken = text.replacen(r#""index":0,"delta""#, r#""index":0 "delta""#, 1);
    assert_eq!(kind(&broken), PartnerErrorKind::Malformed);
    let cut = text.replacen(r#"{"type":"ping"}"#, r#"{"type":"pi"#, 1);
    assert_eq!(kind(&cut), PartnerErrorKind::Malformed, "a frame that ended was not cut off");
    let twice = format!("{}{text}", text.split("event: ping").next().unwrap());
    assert_eq!(kind(&twice), PartnerErrorKind::Malformed);
    let plain = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    assert_eq!(kind(plain), PartnerErrorKind::Overloaded);
    assert_eq!(read(&fixture("text.json")).unwrap().text, good.text, "one plain body");
    assert_eq!(
        kind("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        PartnerErrorKind::Malformed
    );
    assert_eq!(kind("data: {\"text\":\"?\"}\n\n"), PartnerErrorKind::Malformed);

    let whole = fixture("text.json");
    for broken in [
        whole.replace(r#""content""#, r#""contents""#),
        whole.replace(r#""text": "Hello"#, r#""words": "Hello"#),
        whole.replace(r#""input_tokens": 12"#, r#""input_tokens": "12""#),
        whole.replace(r#"[{"type": "text""#, r#"[{"kind": "text""#),
        "[]".to_owned(),
    ] {
        assert_ne!(broken, whole);
        assert_eq!(
            decode(&anthropic(), 200, &broken).unwrap_err().kind,
            PartnerErrorKind::Malformed
        );
    }
    let cut = &whole[..whole.len() / 2];
    let cut = &cut[..cut.rfind(',').unwrap()];
    assert_eq!(decode(&anthropic(), 200, cut).unwrap_err().kind, PartnerErrorKind::Truncated);
}

#[test]
fn servers_that_leave_events_out_are_read() {
    let body = concat!(
        r#"data: {"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":7,"output_tokens":0}}}"#,
        "\n\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
        "\n\n",
        r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Yes"}}"#,
        "\n\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"output_tokens":3}}"#,
        "\n\n",
        r#"data: {"type":"message_stop"}"#,
        "\n\n",
    );
    let (events, result) = at_every_cut(&anthropic(), body);
    assert_eq!(result, Ok(()));
    // Blocks that nobody ends end with the answer.
    let never_stopped: String = fixture("thinking-tools.sse")
        .split_inclusive("\n\n")
        .filter(|event| !event.contains("content_block_stop"))
        .collect();
    let open = collect(at_every_cut(&anthropic(), &never_stopped).0);
    let stopped = collect(stream(&anthropic(), fixture("thinking-tools.sse").as_bytes()).0);
    assert_eq!((&open.tool_calls, &open.text), (&stopped.tool_calls, &stopped.text));
    assert_eq!(open.extra.len(), stopped.extra.len(), "signed thinking is kept all the same");
    let answer = collect(events);
    assert_eq!((answer.text.as_str(), answer.reasoning.as_str()), ("Yes", "hm"));
    assert_eq!(answer.usage.unwrap().input_tokens, 7, "a count never falls");
    assert!(answer.extra.is_empty(), "reasoning without a signature cannot go back");
}

#[test]
fn memory_is_bounded() {
    let push = |chunks: &mut dyn Iterator<Item = String>| {
        let mut decoder = anthropic().stream_decoder(&Head::new(200));
        let mut events = Vec::new();
        for chunk in chunks {
            if let Err(error) = decoder.push(chunk.as_bytes(), &mut events) {
                return Some(error.message);
            }
            events.clear();
        }
        None
    };
    let open = |index: u32, block: &str| {
        format!(
            "data: {{\"type\":\"content_block_start\",\"index\":{index},\"content_block\":{block}}}\n\n"
        )
    };
    let block = r#"{"type":"something_new"}"#;
    let message = push(&mut (0..1_000).map(|index| open(index, block))).unwrap();
    assert!(message.contains("128 blocks"), "{message}");
    let call = r#"{"type":"tool_use","id":"a","name":"f","input":{}}"#;
    let closed =
        |index: u32| open(index, call) + "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
    let message = push(&mut (0..1_000).map(|_| closed(0))).unwrap();
    assert!(message.contains("128 tool calls"), "{message}");
    let long = "x".repeat(100_000);
    let piece = |word: &str, field: &str| {
        format!(
            "data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"{word}\",\"{field}\":\"{long}\"}}}}\n\n"
        )
    };
    for (word, field) in [("thinking_delta", "thinking"), ("signature_delta", "signature")] {
        let message = push(&mut (0..100).map(|_| piece(word, field))).unwrap();
        assert!(message.contains("4194304 bytes"), "{message}");
    }
    assert_eq!(push(&mut (0..100).map(|_| piece("text_delta", "text"))), None, "text is not kept");
}

/// A block of an answer, in the pieces a stream cuts it into.
#[derive(Clone, Debug)]
enum Block {
    Text(Vec<String>),
    Thinking(Vec<String>, String),
    Call(String, Vec<String>),
}

fn blocks() -> impl Strategy<Value = Vec<Block>> {
    let text = || vec("\\PC{0,8}|[玉门\u{1F600}\"\\\\\n]{0,4}", 0..4);
    let call = ("[a-z_]{1,8}", vec("\\PC{0,8}", 0..4));
    vec(
        prop_oneof![
            text().prop_map(Block::Text),
            (text(), "[A-Za-z0-9+/=]{1,8}")
                .prop_map(|(pieces, sign)| Block::Thinking(pieces, sign)),
            call.prop_map(|(name, values)| Block::Call(name, values)),
        ],
        0..5,
    )
}

/// The arguments of a call, cut between their members.
fn arguments(values: &[String]) -> Vec<String> {
    let mut pieces = vec!["{".to_owned()];
    for (at, value) in values.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        pieces.push(format!("{comma}\"{at}\":{}", json!(value)));
    }
    pieces.push("}".to_owned());
    pieces
}

proptest! {
    #[test]
    fn any_answer_reads_back_streamed_and_whole(blocks in blocks(), cuts in vec(1_usize..60, 1..20)) {
        let mut body = String::new();
        let mut event = |data: Value| {
            let name = data["type"].as_str().unwrap();
            write!(body, "event: {name}\ndata: {data}\n\n").unwrap();
        };
        event(json!({"type":"message_start","message":{"id":"m","model":"x","content":[],"usage":{"input_tokens":1,"output_tokens":0}}}));
        let (mut text, mut reasoning, mut calls, mut content) =
            (String::new(), String::new(), Vec::new(), Vec::new());
        for (index, block) in blocks.iter().enumerate() {
            let mut delta = |delta: Value| {
                event(json!({"type":"content_block_delta","index":index,"delta":delta}));
            };
            match block {
                Block::Text(pieces) => {
                    text.push_str(&pieces.concat());
                    content.push(json!({"type":"text","text":pieces.concat()}));
                    for piece in pieces {
                        delta(json!({"type":"text_delta","text":piece}));
                    }
                }
                Block::Thinking(pieces, signature) => {
                    reasoning.push_str(&pieces.concat());
                    content.push(json!({"type":"thinking","thinking":pieces.concat(),"signature":signature}));
                    for piece in pieces {
                        delta(json!({"type":"thinking_delta","thinking":piece}));
                    }
                    delta(json!({"type":"signature_delta","signature":signature}));
                }
                Block::Call(name, values) => {
                    let id = format!("toolu_{index}");
                    let pieces = arguments(values);
                    calls.push(ToolCall { id: id.clone(), name: name.clone(), arguments: pieces.concat() });
                    content.push(json!({"type":"tool_use","id":id,"name":name,"input":parse(pieces.concat())}));
                    event(json!({"type":"content_block_start","index":index,"content_block":{"type":"tool_use","id":id,"name":name,"input":{}}}));
                    for piece in pieces {
                        event(json!({"type":"content_block_delta","index":index,"delta":{"type":"input_json_delta","partial_json":piece}}));
                    }
                }
            }
            event(json!({"type":"content_block_stop","index":index}));
        }
        event(json!({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}));
        event(json!({"type":"message_stop"}));

        let mut decoder = anthropic().stream_decoder(&Head::new(200));
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
        prop_assert_eq!(&streamed.text, &text);
        prop_assert_eq!(&streamed.reasoning, &reasoning);
        prop_assert_eq!(&streamed.tool_calls, &calls);
        prop_assert_eq!(streamed.finish.clone(), FinishReason::Stop);

        let message = json!({"id":"m","type":"message","role":"assistant","model":"x","content":content,"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}});
        let whole = decode(&anthropic(), 200, &message.to_string()).unwrap();
        let read = |calls: &[ToolCall]| {
            calls.iter().map(|call| parse(&call.arguments)).collect::<Vec<_>>()
        };
        prop_assert_eq!(read(&whole.tool_calls), read(&streamed.tool_calls));
        let whole = Completion { tool_calls: streamed.tool_calls.clone(), ..whole };
        prop_assert_eq!(&whole, &streamed);

        // What goes back is what came: signed thinking, words, calls.
        let turn = Message::Assistant {
            content: streamed.text,
            reasoning: streamed.reasoning,
            tool_calls: streamed.tool_calls,
            prefix: false,
            extra: streamed.extra,
        };
        let back = written(&anthropic(), &chat(vec![Message::user("q"), turn, Message::user("q")]));
        let back = &back["messages"][1]["content"];
        let of = |kind: &str| {
            let all = back.as_array().into_iter().flatten();
            all.filter(|block| block["type"] == kind).cloned().collect::<Vec<_>>()
        };
        let ours = |kind: &str| {
            content.iter().filter(|block| block["type"] == kind).cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(of("thinking"), ours("thinking"));
        prop_assert_eq!(of("tool_use"), ours("tool_use"));
    }

    #[test]
    fn any_bytes_are_taken(bytes in vec(any::<u8>(), 0..300)) {
        for name in ["anthropic-messages", "minimax-anthropic"] {
            let (events, result) = stream(&dialect(name), &bytes);
            prop_assert_eq!(result.is_ok(), events.iter().any(|event| matches!(event, Event::Finish(_))));
            drop(dialect(name).decode(&Head::new(200), &bytes));
        }
    }

    #[test]
    fn any_events_in_any_order_give_the_same_at_any_cut(
        picks in vec((0_usize..16, 0_u32..3), 0..14), cut in 0_usize..400
    ) {
        let event = |(pick, index): &(usize, u32)| {
            let block = |block: &str| format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#);
            let delta = |delta: &str| format!(r#"{{"type":"content_block_delta","index":{index},"delta":{delta}}}"#);
            match pick {
                0 | 1 => r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}"#.to_owned(),
                2 => block(r#"{"type":"text","text":"a"}"#),
                3 => block(r#"{"type":"tool_use","id":"c","name":"f","input":{"a":1}}"#),
                4 => block(r#"{"type":"server_tool_use","id":"s"}"#),
                5 => block(r#"{"type":"thinking","thinking":"","signature":"x"}"#),
                6 => delta(r#"{"type":"text_delta","text":"门"}"#),
                7 => delta(r#"{"type":"thinking_delta","thinking":"h"}"#),
                8 => delta(r#"{"type":"signature_delta","signature":"s"}"#),
                9 => delta(r#"{"type":"input_json_delta","partial_json":"{}"}"#),
                10 => format!(r#"{{"type":"content_block_stop","index":{index}}}"#),
                11 => r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":1}}"#.to_owned(),
                12 => r#"{"type":"ping"}"#.to_owned(),
                13 => r#"{"type":"something_new","delta":[1]}"#.to_owned(),
                14 => r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#.to_owned(),
                _ => r#"{"type":"message_stop"}"#.to_owned(),
            }
        };
        let body = picks.iter().fold(String::new(), |all, pick| all + "data: " + &event(pick) + "\n\n");
        let whole = stream(&anthropic(), body.as_bytes());
        let mut decoder = anthropic().stream_decoder(&Head::new(200));
        let mut events = Vec::new();
        let (head, tail) = body.as_bytes().split_at(cut.min(body.len()));
        let result = decoder.push(head, &mut events).and_then(|()| decoder.push(tail, &mut events));
        let result = result.and_then(|()| decoder.finish(&mut events));
        let finishes = events.iter().filter(|event| matches!(event, Event::Finish(_))).count();
        prop_assert_eq!(finishes, usize::from(result.is_ok()));
        prop_assert_eq!((events, result), whole);
    }
}
