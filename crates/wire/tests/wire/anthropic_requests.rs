//! Requests in the shape of Anthropic's messages: as the official SDKs send them, and what cannot be
//! said.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use yumen_wire::{
    CacheHint, Chat, Content, Dialect, Effort, Extra, Json, Media, Message, Params, Part, Prefix,
    Reasoning, ResponseFormat, Search, Tool, ToolCall, ToolChoice,
};

use crate::{dialect, json as parse};

pub(crate) fn anthropic() -> Dialect {
    dialect("anthropic-messages")
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

pub(crate) fn written(dialect: &Dialect, chat: &Chat) -> Value {
    parse(&dialect.encode(chat, "m", false).expect("it can be said").body)
}

fn refused(dialect: &Dialect, chat: &Chat) -> String {
    let error = dialect.encode(chat, "m", false).expect_err("it cannot be said");
    error.param().unwrap_or_default().to_owned()
}

pub(crate) fn chat(messages: Vec<Message>) -> Chat {
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
