//! Every dialect of OpenAI's shape: answers framed and cut in every way, one thing broken at a time,
//! and requests as the partners' official clients send them.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};
use yumen_wire::{
    Chat, Completion, Dialect, Effort, Event, Extra, FinishReason, Head, Json, Message, Moderation,
    ModerationAt, Params, PartnerErrorKind as Kind, Prefix, Protocol, Reasoning, Search, Tool,
    ToolCall, ToolChoice, Usage,
};

use crate::framing::at_every_cut;
use crate::{collect, dialect, json as parse, stream};

/// The dialects of OpenAI's shape that have a plain answer among the fixtures.
const DIALECTS: [&str; 12] = [
    "openai-chat",
    "dashscope-compatible",
    "qianfan",
    "ark",
    "minimax",
    "zhipu",
    "deepseek",
    "moonshot",
    "tokenhub",
    "huawei-maas",
    "vllm",
    "llama-cpp",
];

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chat");
    fs::read_to_string(path.join(format!("{name}.txt"))).expect("the fixture is in the repository")
}

/// The answer of a fixture, the same at every cut and in every framing.
fn answer(name: &str, fixture_name: &str) -> Completion {
    let (events, result) = at_every_cut(&dialect(name), &fixture(fixture_name));
    assert_eq!(result, Ok(()), "{fixture_name}");
    collect(events)
}

fn extra<'a>(answer: &'a Completion, name: &str) -> Option<&'a Json> {
    answer.extra.get(name)
}

#[test]
fn every_dialects_stream_gives_its_answer_at_every_cut_and_in_every_framing() {
    assert_eq!(
        DIALECTS.len(),
        Dialect::all().filter(|dialect| dialect.protocol() == Protocol::OpenAiChat).count(),
        "each dialect has a fixture"
    );
    for name in DIALECTS {
        let answer = answer(name, name);
        assert_eq!(answer.text, "The gate is 玉门.", "{name}");
        let reasoned = if name == "openai-chat" { "" } else { "想一想" };
        assert_eq!(answer.reasoning, reasoned, "{name}");
        assert_eq!(answer.finish, FinishReason::Stop, "{name}");
        assert_eq!(answer.moderation, None, "{name}");
        assert!(answer.id.is_some() && answer.model.is_some(), "{name}");
        let usage = answer.usage.expect("each tells its usage");
        assert_eq!((usage.input_tokens, usage.output_tokens), (14, 6), "{name}");
    }
}

#[test]
fn counts_are_found_wherever_a_partner_puts_them() {
    let usage = |name: &str| answer(name, name).usage.unwrap();
    let counted = |cached, reasoning| Usage {
        input_tokens: 14,
        output_tokens: 6,
        cached_input_tokens: cached,
        reasoning_tokens: reasoning,
        ..Usage::default()
    };
    assert_eq!(usage("openai-chat"), counted(Some(8), Some(0)));
    assert_eq!(usage("deepseek"), counted(Some(8), Some(2)), "in the chunk of the finish reason");
    assert_eq!(usage("zhipu"), counted(Some(4), Some(2)), "unasked");
    assert_eq!(usage("moonshot"), counted(Some(14), None), "inside the last choice");
    assert_eq!(usage("minimax"), counted(None, Some(2)));
    let body = r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":2,"cache_creation_input_tokens":5},"plugins":{"search":{"count":3,"strategy":"max"}}}}"#;
    let usage = dialect("dashscope-compatible").decode(&Head::new(200), body.as_bytes()).unwrap();
    let usage = usage.usage.unwrap();
    assert_eq!((usage.cache_write_input_tokens, usage.search_calls), (Some(5), Some(3)));
}

#[test]
fn what_has_no_field_travels_along_once() {
    let text = |text: &str| Json::String(text.to_owned());
    let note = answer("tokenhub", "tokenhub");
    assert_eq!(extra(&note, "note"), Some(&text("content is AI generated, for reference only")));
    assert_eq!(note.extra.len(), 1, "{:?}", note.extra);
    assert_eq!(extra(&answer("ark", "ark"), "service_tier"), Some(&text("default")));
    assert!(matches!(
        extra(&answer("vllm", "vllm"), "choice.stop_reason"),
        Some(Json::Number(number)) if number.as_u64() == Some(128_009)
    ));
    assert!(extra(&answer("llama-cpp", "llama-cpp"), "timings").is_some_and(Json::is_object));
    let found = answer("minimax", "minimax");
    assert_eq!(extra(&found, "message.tool_content"), Some(&text("[{\"title\":\"search\"}]")));
    assert_eq!(extra(&found, "message.name"), Some(&text("MiniMax AI")));

    let (events, _) = stream(&dialect("tokenhub"), fixture("tokenhub").as_bytes());
    let told = events.iter().filter(|event| matches!(event, Event::Extra(_))).count();
    assert_eq!(told, 1, "a note in each chunk is one note");
}

#[test]
fn tool_calls_come_whole_or_in_fragments_with_and_without_ids() {
    let calls = |name: &str, fixture: &str| {
        let answer = answer(name, fixture);
        assert_eq!(answer.finish, FinishReason::ToolCalls, "{fixture}");
        let calls = answer.tool_calls.into_iter();
        calls.map(|call| (call.id, call.name, call.arguments)).collect::<Vec<_>>()
    };
    let call =
        |id: &str, arguments: &str| (id.to_owned(), "get_weather".to_owned(), arguments.into());
    assert_eq!(
        calls("ark", "ark-tools"),
        [
            call("call_8k2m4n6p8q0r2s4t6u8v0w2x", r#"{"city":"Beijing"}"#),
            call("call_9k2m4n6p8q0r2s4t6u8v0w2x", r#"{"city":"上海"}"#)
        ]
    );
    assert_eq!(
        calls("deepseek", "deepseek-tools"),
        [call("call_00_a1B2", r#"{"city": "北京"}"#), call("call_01_c3D4", r#"{"city": "上海"}"#)]
    );
    assert_eq!(calls("tokenhub", "tokenhub-tools"), [call("call_t1", r#"{"city":"北京"}"#)]);
    assert_eq!(answer("tokenhub", "tokenhub-tools").text, "Looking.", "after the call");
    let body = r#"{"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"get_weather","arguments":{"city":"a"}}}]},"finish_reason":"tool_calls"}]}"#;
    let whole = dialect("zhipu").decode(&Head::new(200), body.as_bytes()).unwrap();
    assert_eq!(whole.tool_calls[0].arguments, r#"{"city":"a"}"#, "an object, too");
}

#[test]
fn choices_are_told_apart_and_each_ends_for_itself() {
    let (events, result) = at_every_cut(&dialect("openai-chat"), &fixture("openai-chat-two"));
    assert_eq!(result, Ok(()));
    let usage = Usage {
        input_tokens: 14,
        output_tokens: 8,
        cached_input_tokens: Some(0),
        reasoning_tokens: Some(0),
        ..Usage::default()
    };
    assert_eq!(
        events[events.len() - 4..],
        [
            Event::Usage(usage),
            Event::Finish(FinishReason::Length),
            Event::Choice(1),
            Event::Finish(FinishReason::Stop)
        ]
    );
    let answer = collect(events);
    assert_eq!((answer.text.as_str(), &answer.finish), ("The gate", &FinishReason::Length));
    assert_eq!((answer.others.len(), answer.others[0].text.as_str()), (1, "Yumen"));

    let half = fixture("openai-chat-two")
        .replace(r#""finish_reason":"length""#, r#""finish_reason":null"#);
    let half = half.replace("data: [DONE]\n\n", "");
    let (_, result) = stream(&dialect("openai-chat"), half.as_bytes());
    assert_eq!(result.unwrap_err().kind, Kind::Truncated, "one of two is no whole");
    let (_, result) = stream(
        &dialect("openai-chat"),
        b"data: {\"choices\":[{\"index\":3,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
    );
    assert_eq!(result.unwrap_err().kind, Kind::Malformed, "nobody asked for a fourth alone");
}

#[test]
fn blank_lines_before_a_whole_answer_are_none_of_it() {
    for stream_asked in [false, true] {
        let body = fixture("deepseek-whole");
        let answer = if stream_asked {
            collect(stream(&dialect("deepseek"), body.as_bytes()).0)
        } else {
            dialect("deepseek").decode(&Head::new(200), body.as_bytes()).unwrap()
        };
        assert_eq!(
            (answer.text.as_str(), answer.reasoning.as_str()),
            ("The gate is 玉门.", "想一想")
        );
    }
}

#[test]
fn moderation_shows_where_each_partner_puts_it() {
    let told = |name: &str, fixture: &str| {
        let answer = answer(name, fixture);
        assert_eq!(answer.finish, FinishReason::ContentFilter, "{fixture}");
        answer.moderation.expect("moderation says what it did")
    };
    let output = |categories: &[&str]| Moderation {
        at: ModerationAt::Output,
        categories: categories.iter().map(|category| (*category).to_owned()).collect(),
        message: None,
    };
    assert_eq!(told("ark", "ark-moderated"), output(&["violence"]));
    assert_eq!(told("qianfan", "qianfan-flagged"), output(&["flag:4"]));
    assert_eq!(told("zhipu", "zhipu-sensitive"), output(&["assistant:0"]));

    // A low risk is told, and the answer stands.
    let low = fixture("qianfan").replacen(
        r#""finish_reason":"stop""#,
        r#""finish_reason":"stop","flag":1"#,
        1,
    );
    let low = collect(stream(&dialect("qianfan"), low.as_bytes()).0);
    assert_eq!((low.finish, low.moderation), (FinishReason::Stop, Some(output(&["flag:1"]))));

    // A bare filter is one, too.
    let bare = fixture("openai-chat")
        .replace(r#""finish_reason":"stop""#, r#""finish_reason":"content_filter""#);
    let bare = collect(stream(&dialect("openai-chat"), bare.as_bytes()).0);
    assert_eq!(bare.moderation, Some(output(&[])));

    // MiniMax's refusal: success, and no choices.
    let (events, result) = at_every_cut(&dialect("minimax"), &fixture("minimax-refused"));
    assert_eq!(events, []);
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (Kind::Refused, Some("1026")));
    assert_eq!(error.moderation.unwrap().at, ModerationAt::Input);
    let flagged = r#"{"id":"a","choices":null,"input_sensitive":true,"input_sensitive_type":2,"base_resp":{"status_code":0}}"#;
    let error = dialect("minimax").decode(&Head::new(200), flagged.as_bytes()).unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    assert_eq!(error.moderation.unwrap().categories, ["input_sensitive_type:2"]);
}

#[test]
fn a_partner_may_say_that_it_could_not_finish() {
    for (name, reason, kind) in [
        ("deepseek", "insufficient_system_resource", Kind::Overloaded),
        ("deepseek", "aborted", Kind::Truncated),
        ("huawei-maas", "insufficient_system_resource", Kind::Overloaded),
        ("zhipu", "network_error", Kind::Server),
    ] {
        let body = fixture(name)
            .replace(r#""finish_reason":"stop""#, &format!(r#""finish_reason":"{reason}""#));
        let (events, result) = stream(&dialect(name), body.as_bytes());
        let error = result.unwrap_err();
        assert_eq!((error.kind, error.code.as_deref()), (kind, Some(reason)), "{name}");
        assert!(error.kind.is_retryable());
        assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))), "{name}");
    }
}

/// What one broken thing does to a dialect's stream: an error, or an answer that says what is amiss.
#[test]
fn one_thing_broken_is_noticed_in_every_dialect() {
    for name in DIALECTS {
        let (whole, speaks) = (fixture(name), dialect(name));
        let good = collect(stream(&speaks, whole.as_bytes()).0);
        let broken = |body: &str| stream(&speaks, body.as_bytes());

        // A missing finish reason.
        let unfinished = whole.replace(r#""finish_reason":"stop""#, r#""finish_reason":null"#);
        let unstated = collect(broken(&unfinished).0);
        assert_eq!(unstated.finish, FinishReason::Other(FinishReason::UNSTATED.into()), "{name}");
        let cut = unfinished.replace("data: [DONE]\n\n", "");
        assert_eq!(broken(&cut).1.unwrap_err().kind, Kind::Truncated, "{name}");

        // A stream cut anywhere before its finish reason.
        let finish = whole.find(r#""finish_reason":"stop""#).expect("it ends");
        for at in (0..finish).step_by(7) {
            let (events, result) = stream(&speaks, &whole.as_bytes()[..at]);
            assert_eq!(result.unwrap_err().kind, Kind::Truncated, "{name} cut at {at}");
            assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))), "{name}");
        }

        // A renamed field.
        let renamed = whole.replace(r#""content":"#, r#""contents":"#);
        match broken(&renamed) {
            // It reasoned, and then the words are missed where they were.
            (events, Ok(())) => {
                let renamed = collect(events);
                assert_ne!(renamed.text, good.text, "{name}");
                assert!(renamed.extra.get("message.contents").is_some(), "{name}: it is kept");
            }
            (_, Err(error)) => assert_eq!(error.kind, Kind::Malformed, "{name}"),
        }
        let nothing = broken(&whole.replace(r#""choices":"#, r#""choice":"#)).1.unwrap_err();
        assert_eq!(nothing.kind, Kind::Malformed, "{name}: no answer without choices");

        // Usage as a string, and other wrong types.
        let usage = whole.rfind(r#""usage":{"#).expect("it counts") + r#""usage":"#.len();
        let wrong = format!("{}\"lots\"{}", &whole[..usage], after_object(&whole[usage..]));
        assert_eq!(broken(&wrong).1.unwrap_err().kind, Kind::Malformed, "{name}");
        let numeric = whole.replacen(r#""content":""#, r#""content":7,"was":""#, 1);
        assert_eq!(broken(&numeric).1.unwrap_err().kind, Kind::Malformed, "{name}");

        // Success with an error for a body: whole, as a frame, and after good chunks.
        let error =
            r#"{"error":{"message":"it broke","type":"server_error","code":"server_error"}}"#;
        let whole_error = speaks.decode(&Head::new(200), error.as_bytes()).unwrap_err();
        assert_eq!((whole_error.kind, whole_error.status), (Kind::Server, Some(200)), "{name}");
        assert_eq!(broken(error).1.unwrap_err().kind, Kind::Server, "{name}");
        let midway = whole.replacen("data: [DONE]", &format!("data: {error}"), 1);
        let (events, result) = broken(&midway);
        assert_eq!(result.unwrap_err().kind, Kind::Server, "{name}");
        assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))), "{name}");
        let spent = events.iter().any(|event| matches!(event, Event::Usage(_)));
        assert!(spent, "{name}: what it cost is told all the same");
    }
}

/// The text after the JSON object it begins with.
fn after_object(text: &str) -> &str {
    let mut depth = 0;
    let end = text.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    });
    &text[end.expect("it closes") + 1..]
}

#[test]
fn a_stream_that_must_say_done_is_cut_without_it() {
    let strict: Dialect =
        serde_json::from_value(json!({"like": "openai-chat", "answer": {"done": "required"}}))
            .unwrap();
    let whole = fixture("openai-chat");
    assert_eq!(stream(&strict, whole.as_bytes()).1, Ok(()));
    let cut = whole.replace("data: [DONE]\n\n", "");
    assert_eq!(stream(&strict, cut.as_bytes()).1.unwrap_err().kind, Kind::Truncated);
    assert_eq!(stream(&dialect("openai-chat"), cut.as_bytes()).1, Ok(()));
}

#[test]
fn pieces_that_repeat_all_so_far_are_told_once() {
    let cumulative: Dialect = serde_json::from_value(
        json!({"like": "dashscope-native", "answer": {"pieces": "cumulative"}}),
    )
    .unwrap();
    let chunk = |content: &str, reasoning: &str, arguments: &str, finish: &str| {
        let message = json!({"role": "assistant", "content": content, "reasoning_content": reasoning,
            "tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": arguments}}]});
        let output = json!({"choices": [{"message": message, "finish_reason": finish}]});
        format!(
            "id:1\nevent:result\n:HTTP_STATUS/200\ndata:{}\n\n",
            json!({"output": output, "request_id": "r"})
        )
    };
    let body = [
        chunk("", "想", "", "null"),
        chunk("玉", "想一想", "{", "null"),
        chunk("玉门", "想一想", "{}", "null"),
        chunk("玉门", "想一想", "{}", "stop"),
    ]
    .concat();
    let (events, result) = at_every_cut(&cumulative, &body);
    assert_eq!(result, Ok(()));
    let answer = collect(events);
    assert_eq!((answer.text.as_str(), answer.reasoning.as_str()), ("玉门", "想一想"));
    assert_eq!(answer.tool_calls[0].arguments, "{}");
    let shrunk = [chunk("玉门关", "", "", "null"), chunk("玉", "", "", "stop")].concat();
    assert_eq!(stream(&cumulative, shrunk.as_bytes()).1.unwrap_err().kind, Kind::Malformed);

    let asked = cumulative.encode(&hello(), "m", true).unwrap();
    assert_eq!(parse(&asked.body)["parameters"]["incremental_output"], json!(false));
}

fn hello() -> Chat {
    Chat {
        messages: vec![Message::system("You are helpful."), Message::user("Say hello.")],
        ..Chat::default()
    }
}

fn body(name: &str, chat: &Chat) -> Value {
    parse(dialect(name).encode(chat, "m", false).expect("it can be said").body)
}

fn cannot(name: &str, chat: &Chat) -> String {
    let error = dialect(name).encode(chat, "m", false).expect_err("it cannot be said");
    assert_eq!(error.code(), "unsupported_by_partner", "{name}: {error}");
    error.param().unwrap().to_owned()
}

fn reasoning(wish: Reasoning) -> Chat {
    Chat { params: Params { reasoning: Some(wish), ..Params::default() }, ..hello() }
}

#[test]
fn reasoning_is_asked_for_in_the_partners_own_words() {
    let on = Reasoning::On { effort: None, budget_tokens: None };
    let effort = |effort| Reasoning::On { effort: Some(effort), budget_tokens: None };
    let budget = Reasoning::On { effort: None, budget_tokens: Some(512) };
    let said = |name: &str, wish| {
        let mut body = body(name, &reasoning(wish));
        let members = body.as_object_mut().unwrap();
        for common in ["model", "messages", "reasoning_split"] {
            members.remove(common);
        }
        body
    };
    let thinking = |kind: &str| json!({"thinking": {"type": kind}});
    let template = |on: bool| json!({"chat_template_kwargs": {"enable_thinking": on}});
    assert_eq!(said("openai-chat", Reasoning::Off), json!({"reasoning_effort": "none"}));
    assert_eq!(said("openai-chat", effort(Effort::Low)), json!({"reasoning_effort": "low"}));
    assert_eq!(said("dashscope-compatible", Reasoning::Off), json!({"enable_thinking": false}));
    assert_eq!(
        said("dashscope-compatible", budget),
        json!({"enable_thinking": true, "thinking_budget": 512})
    );
    assert_eq!(said("qianfan", budget), json!({"enable_thinking": true, "thinking_budget": 512}));
    assert_eq!(said("minimax", on), json!({}));
    for name in ["ark", "zhipu", "deepseek", "moonshot", "tokenhub"] {
        assert_eq!(said(name, on), thinking("enabled"), "{name}");
        assert_eq!(said(name, Reasoning::Off), thinking("disabled"), "{name}");
    }
    for name in ["huawei-maas", "vllm", "llama-cpp"] {
        assert_eq!((said(name, on), said(name, Reasoning::Off)), (template(true), template(false)));
    }
    assert_eq!(said("moonshot", effort(Effort::High)), json!({"reasoning_effort": "high"}));
    assert_eq!(
        said("ark", effort(Effort::Minimal)),
        json!({"reasoning_effort": "minimal", "thinking": {"type": "enabled"}})
    );
    for (name, wish, param) in [
        ("minimax", Reasoning::Off, "reasoning"),
        ("deepseek", effort(Effort::Medium), "reasoning_effort"),
        ("vllm", effort(Effort::Low), "reasoning_effort"),
        ("openai-chat", budget, "thinking_budget"),
        ("qianfan", Reasoning::On { effort: None, budget_tokens: Some(99) }, "thinking_budget"),
    ] {
        assert_eq!(cannot(name, &reasoning(wish)), param, "{name}");
    }
}

#[test]
fn an_answer_is_continued_where_the_partner_can() {
    let mut chat = hello();
    chat.messages.push(Message::prefix("The gate"));
    let last = |name: &str| body(name, &chat)["messages"][2].clone();
    let turn = |mark: &str| json!({"role": "assistant", "content": "The gate", mark: true});
    assert_eq!(last("dashscope-compatible"), turn("partial"));
    assert_eq!(last("moonshot"), turn("partial"));
    assert_eq!(last("deepseek"), turn("prefix"));
    let sent = |name: &str, chat: &Chat| dialect(name).encode(chat, "m", false).unwrap().path;
    assert_eq!(sent("deepseek", &chat), "/beta/chat/completions");
    assert_eq!(sent("deepseek", &hello()), "/chat/completions");
    let native = body("dashscope-native", &chat);
    assert_eq!(native["input"]["messages"][2], turn("partial"));
    let vllm = body("vllm", &chat);
    assert_eq!(
        (&vllm["continue_final_message"], &vllm["add_generation_prompt"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(last("llama-cpp"), json!({"role": "assistant", "content": "The gate"}));
    for name in DIALECTS {
        let way = match name {
            "dashscope-compatible" | "moonshot" | "deepseek" => Some(Prefix::Marked),
            "vllm" | "llama-cpp" => Some(Prefix::Trailing),
            _ => None,
        };
        assert_eq!(dialect(name).prefix(), way, "{name}");
        if way.is_none() {
            assert_eq!(cannot(name, &chat), "prefix", "{name}");
        }
    }
    chat.messages.push(Message::user("and?"));
    let error = dialect("deepseek").encode(&chat, "m", false).unwrap_err();
    assert_eq!(error.param(), Some("messages[2].prefix"), "only the last turn is continued");
}

#[test]
fn reasoning_comes_back_in_tool_turns_where_it_is_wanted() {
    let call = ToolCall { id: "c".into(), name: "f".into(), arguments: "{}".into() };
    let turn = |tool_calls: Vec<ToolCall>| Message::Assistant {
        content: "a".into(),
        reasoning: "hm".into(),
        tool_calls,
        prefix: false,
        extra: Extra::new(),
    };
    let chat = Chat {
        messages: vec![
            Message::user("q"),
            turn(vec![]),
            turn(vec![call]),
            Message::Tool { tool_call_id: "c".into(), content: "42".into() },
        ],
        ..Chat::default()
    };
    for name in DIALECTS {
        let sent = body(name, &chat);
        assert_eq!(sent["messages"][1].get("reasoning_content"), None, "{name}");
        let back = sent["messages"][2].get("reasoning_content");
        let wanted = ["deepseek", "moonshot", "minimax"].contains(&name);
        assert_eq!(back, wanted.then(|| json!("hm")).as_ref(), "{name}");
    }
}

#[test]
fn searches_are_asked_for_where_the_partner_makes_them() {
    let search = |forced| Chat {
        params: Params { search: Some(Search { forced }), ..Params::default() },
        ..hello()
    };
    let sent = body("dashscope-compatible", &search(true));
    assert_eq!(
        (&sent["enable_search"], &sent["search_options"]),
        (&json!(true), &json!({"forced_search": true}))
    );
    assert_eq!(body("dashscope-compatible", &search(false)).get("search_options"), None);
    assert_eq!(
        body("dashscope-native", &search(false))["parameters"]["enable_search"],
        json!(true)
    );
    assert_eq!(body("qianfan", &search(false))["web_search"], json!({"enable": true}));
    assert_eq!(
        body("zhipu", &search(false))["tools"],
        json!([{"type": "web_search", "web_search": {"enable": true}}])
    );
    assert_eq!(body("openai-chat", &search(false))["web_search_options"], json!({}));
    for name in ["qianfan", "zhipu", "openai-chat"] {
        assert_eq!(cannot(name, &search(true)), "search", "{name}");
    }
    for name in ["ark", "deepseek", "moonshot", "tokenhub", "vllm"] {
        assert_eq!(cannot(name, &search(false)), "search", "{name}");
    }
}

#[test]
fn parameters_are_written_or_refused_by_each_dialects_bounds() {
    let with = |params: Params| Chat { params, ..hello() };
    let warm = |temperature| with(Params { temperature: Some(temperature), ..Params::default() });
    assert_eq!(body("zhipu", &warm(1.5))["temperature"], json!(0.99));
    let greedy = body("zhipu", &warm(0.0));
    assert_eq!((&greedy["temperature"], &greedy["do_sample"]), (&json!(0.01), &json!(false)));
    assert_eq!(body("zhipu", &warm(0.5)).get("do_sample"), None);
    assert_eq!(cannot("minimax", &warm(0.0)), "temperature");
    assert_eq!(body("minimax", &warm(1.0))["reasoning_split"], json!(true));

    let limited = with(Params { max_tokens: Some(9), ..Params::default() });
    for name in DIALECTS {
        let newer = ["openai-chat", "qianfan", "minimax", "moonshot"].contains(&name);
        let field = if newer { "max_completion_tokens" } else { "max_tokens" };
        assert_eq!(body(name, &limited)[field], json!(9), "{name}");
    }
    let top_k = with(Params { top_k: Some(5), ..Params::default() });
    assert_eq!(body("vllm", &top_k)["top_k"], json!(5));
    assert_eq!(cannot("openai-chat", &top_k), "top_k");
    let two = with(Params { choices: Some(2), ..Params::default() });
    assert_eq!(body("openai-chat", &two)["n"], json!(2));
    for name in ["minimax", "deepseek", "moonshot", "zhipu"] {
        assert_eq!(cannot(name, &two), "n");
    }
    let five = with(Params { choices: Some(5), ..Params::default() });
    assert_eq!(body("dashscope-compatible", &two)["n"], json!(2));
    assert_eq!(cannot("dashscope-compatible", &five), "n");
    assert_eq!(cannot("deepseek", &with(Params { seed: Some(1), ..Params::default() })), "seed");
    assert_eq!(cannot("qianfan", &with(Params { seed: Some(0), ..Params::default() })), "seed");
    let stop = |stop: &str| with(Params { stop: vec![stop.into()], ..Params::default() });
    assert_eq!(cannot("qianfan", &stop(&"玉".repeat(21))), "stop");
    assert_eq!(body("qianfan", &stop(&"玉".repeat(20)))["stop"], json!(["玉".repeat(20)]));
    assert_eq!(cannot("moonshot", &stop(&"玉".repeat(11))), "stop", "33 bytes");

    let tool = Tool { name: "f".into(), description: None, parameters: None, strict: None };
    let forced = |reasoning| Chat {
        tools: vec![tool.clone()],
        params: Params { tool_choice: Some(ToolChoice::Required), reasoning, ..Params::default() },
        ..hello()
    };
    assert_eq!(cannot("zhipu", &forced(None)), "tool_choice");
    assert_eq!(cannot("deepseek", &forced(None)), "tool_choice", "it thinks unless told not to");
    assert_eq!(body("deepseek", &forced(Some(Reasoning::Off)))["tool_choice"], json!("required"));

    let mut own = hello();
    own.extra.push("enable_enhancement", Json::Bool(false));
    assert_eq!(body("tokenhub", &own)["enable_enhancement"], json!(false));
    own.extra.push("model", Json::Null);
    let error = dialect("tokenhub").encode(&own, "m", false).unwrap_err();
    assert_eq!((error.code(), error.param()), ("invalid_value", Some("model")));
}

#[test]
fn content_beside_text_is_written_as_the_partner_reads_it() {
    use yumen_wire::{Content, Media, Part};
    let saying = |part: Part| {
        let content = Content::new(vec![Part::Text("what is this".into()), part]);
        Chat { messages: vec![Message::User { content }], ..Chat::default() }
    };
    let part = |name: &str, chat: &Chat| body(name, chat)["messages"][0]["content"][1].clone();
    let image = saying(Part::Image(Media::base64("image/png", "AAAA")));
    let url = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    for name in ["openai-chat", "dashscope-compatible", "qianfan", "ark", "deepseek", "vllm"] {
        assert_eq!(part(name, &image), url("data:image/png;base64,AAAA"), "{name}");
    }
    assert_eq!(part("zhipu", &image), url("AAAA"), "without what stands before the bytes");
    assert_eq!(cannot("tokenhub", &image), "image_url");
    let sound = saying(Part::Audio(Media::base64("audio/wav", "AAAA")));
    let input =
        |data: &str| json!({"type": "input_audio", "input_audio": {"data": data, "format": "wav"}});
    assert_eq!(part("openai-chat", &sound), input("AAAA"));
    assert_eq!(part("dashscope-compatible", &sound), input("data:audio/wav;base64,AAAA"));
    assert_eq!(
        cannot("openai-chat", &saying(Part::Audio(Media::at("https://e.com/a")))),
        "input_audio"
    );
    let moving = saying(Part::Video(Media::at("https://e.com/a.mp4")));
    assert_eq!(
        part("ark", &moving),
        json!({"type": "video_url", "video_url": {"url": "https://e.com/a.mp4"}})
    );
    assert_eq!(cannot("deepseek", &moving), "video_url");
    let document = saying(Part::File(Media {
        format: Some("a.pdf".into()),
        ..Media::base64("application/pdf", "AAAA")
    }));
    assert_eq!(
        part("openai-chat", &document),
        json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}})
    );
    assert_eq!(cannot("ark", &document), "file");
}

#[test]
fn a_new_partner_is_one_table() {
    // The one of docs/wire.md.
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/wire.md");
    let page = fs::read_to_string(page).unwrap();
    let block = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config: toml::Table = toml::from_str(block).unwrap();
    let table = config["partner"][0]["dialect"].clone();
    let example: Dialect = table.try_into().unwrap();
    assert_eq!((example.name(), example.protocol()), ("example", Protocol::OpenAiChat));
    let chat = Chat { params: Params { max_tokens: Some(5), ..Params::default() }, ..hello() };
    let sent = example.encode(&chat, "m", false).unwrap();
    assert_eq!((sent.path.as_ref(), sent.header("x-tenant")), ("/llm/chat", Some("yumen")));
    assert_eq!(parse(&sent.body)["max_tokens"], json!(5));
    let searching = Params { search: Some(Search::default()), ..Params::default() };
    assert!(example.encode(&Chat { params: searching, ..hello() }, "m", false).is_err());
    let error = br#"{"error":{"code":"E42-7","message":"slow down"}}"#;
    let error = example.decode(&Head::new(400), error).unwrap_err();
    assert_eq!(error.kind, Kind::RateLimited);
    assert_eq!(error.retry, yumen_wire::Retry::After(Some(std::time::Duration::from_secs(7))));

    // As it was written, it is read again.
    let again: Dialect = serde_json::from_value(serde_json::to_value(&example).unwrap()).unwrap();
    assert_eq!(again, example);
    assert_eq!(serde_json::to_value(dialect("zhipu")).unwrap(), json!("zhipu"));
    assert_ne!(example, dialect("openai-chat"));

    for (wrong, says) in [
        (r#"like = "nobody""#, "unknown protocol `nobody`"),
        (
            r#"like = "openai-chat"
            colour = "red""#,
            "colour",
        ),
        (
            r#"like = "openai-chat"
            [[error]]
            kind = "server""#,
            "no condition",
        ),
        (
            r#"like = "openai-chat"
            [request.range]
            temperature = { min = 1.0, max = 0.0 }"#,
            "request.range.temperature",
        ),
        (r#"path = "/x""#, "family"),
    ] {
        let error = toml::from_str::<Dialect>(wrong).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

/// A conversation that says what a recorded request says.
fn asked(recorded: &Value) -> Chat {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = recorded["messages"].as_array().unwrap().iter().map(|message| {
        match message["role"].as_str() {
            Some("system") => Message::system(text(&message["content"])),
            _ => Message::user(text(&message["content"])),
        }
    });
    let tools = recorded["tools"].as_array().into_iter().flatten().map(|tool| Tool {
        name: text(&tool["function"]["name"]),
        description: tool["function"]["description"].as_str().map(str::to_owned),
        parameters: Some(Json::from(tool["function"]["parameters"].clone())),
        strict: None,
    });
    let number = |name: &str| recorded[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let switch = recorded["enable_thinking"]
        .as_bool()
        .or_else(|| recorded["chat_template_kwargs"]["enable_thinking"].as_bool())
        .or_else(|| recorded["thinking"]["type"].as_str().map(|kind| kind == "enabled"))
        .or_else(|| recorded["reasoning_effort"].as_str().map(|_| true));
    let effort = recorded["reasoning_effort"].as_str().map(|word| match word {
        "high" => Effort::High,
        other => panic!("no client sent {other}"),
    });
    let params = Params {
        max_tokens: number("max_tokens").or(number("max_completion_tokens")),
        top_k: number("top_k"),
        tool_choice: recorded["tool_choice"].as_str().map(|_| ToolChoice::Auto),
        reasoning: switch.map(|on| {
            let budget_tokens = number("thinking_budget");
            if on { Reasoning::On { effort, budget_tokens } } else { Reasoning::Off }
        }),
        ..Params::default()
    };
    let own = ["enable_enhancement"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), Json::from(recorded.get(name)?.clone()))));
    Chat { messages: messages.collect(), tools: tools.collect(), params, extra: own.collect() }
}

#[test]
fn requests_mean_what_the_official_clients_send() {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/partners/captured");
    if !folder.is_dir() {
        eprintln!("skipped: the captured requests are not at {}", folder.display());
        return;
    }
    // (file, dialect, what of the path is the base address)
    let files = [
        ("openai", "openai-chat", "/openai/v1"),
        ("qwen_openai", "dashscope-compatible", "/qwen/compatible-mode/v1"),
        ("dashscope_gen2_openai", "dashscope-compatible", "/qwen/compatible-mode/v1"),
        ("qianfan_openai", "qianfan", "/qianfan/v2"),
        ("qianfan", "qianfan", "/qianfan/v2"),
        ("ark", "ark", "/ark/api/v3"),
        ("ark_openai", "ark", "/ark/api/v3"),
        ("minimax", "minimax", "/minimax/v1"),
        ("zhipu_raw", "zhipu", "/zhipu/api/paas/v4"),
        ("zhipu_jwt", "zhipu", "/zhipu/api/paas/v4"),
        ("zhipu_legacy", "zhipu", "/zhipu/api/paas/v4"),
        ("deepseek", "deepseek", "/deepseek"),
        ("moonshot", "moonshot", "/moonshot/v1"),
        ("tokenhub", "tokenhub", "/tokenhub/v1"),
        ("tencent_openai", "tokenhub", "/hunyuan/v1"),
        ("huawei", "huawei-maas", "/huawei/v2"),
        ("vllm", "vllm", "/vllm/v1"),
        ("llamacpp", "llama-cpp", "/llamacpp/v1"),
    ];
    for (file, name, base) in files {
        let recorded = fs::read_to_string(folder.join(format!("{file}.jsonl"))).unwrap();
        let mut count = 0;
        for line in recorded.lines() {
            let recorded = parse(line);
            let path = recorded["path"].as_str().unwrap_or_default();
            if !path.ends_with("/chat/completions") {
                continue;
            }
            let mut theirs = recorded["body"].clone();
            let chat = asked(&theirs);
            let streamed = theirs["stream"] == json!(true);
            let model = theirs["model"].as_str().unwrap().to_owned();
            let sent = dialect(name).encode(&chat, &model, streamed).unwrap();
            let ours = parse(&sent.body);
            assert_eq!(format!("{base}{}", sent.path), path, "{file}");
            let members = theirs.as_object_mut().unwrap();
            // What changes nothing: `null`, `stream: false`, and Qianfan's word of which SDK it is.
            members.retain(|_, value| !value.is_null());
            if members.get("stream") == Some(&json!(false)) {
                members.remove("stream");
            }
            members.remove("extra_parameters");
            assert_eq!(ours, theirs, "{file}");
            count += 1;
        }
        assert!(count >= 4, "{file} has {count} requests");
    }
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{1,12}", "[玉门关雪山\u{1F600}\n\"\\\\]{1,8}"]
}

/// Every text in a JSON value, and in the JSON that stands in its strings.
fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if let Ok(inner) = serde_json::from_str(text) {
                texts(&inner, out);
            }
            out.push(text.clone());
        }
        Value::Number(number) => out.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(members) => members.values().for_each(|value| texts(value, out)),
        _ => {}
    }
}

proptest! {
    /// Whatever a dialect takes, it takes whole: each text of a conversation stands in the request.
    #[test]
    fn nothing_that_is_asked_is_left_out(
        turns in proptest::collection::vec((0..4_u8, words(), words()), 1..5),
        stop in proptest::option::of("[a-z]{1,5}"), image: bool, prefix: bool,
    ) {
        use yumen_wire::{Content, Media, Part, Passages};
        let mut chat = Chat::default();
        for (kind, one, two) in turns {
            match kind {
                0 => chat.messages.push(Message::system(one)),
                1 => chat.messages.push(Message::user(one)),
                2 => chat.messages.push(Message::assistant(one)),
                _ => {
                    let arguments = json!({"q": two}).to_string();
                    let call = ToolCall { id: "c".into(), name: "f".into(), arguments };
                    chat.messages.push(Message::Assistant {
                        content: String::new(), reasoning: String::new(), tool_calls: vec![call],
                        prefix: false, extra: Extra::new(),
                    });
                    chat.messages.push(Message::Tool { tool_call_id: "c".into(), content: one });
                }
            }
        }
        chat.messages.push(if image {
            let image = Part::Image(Media::at("https://example.com/gate.png"));
            Message::User { content: Content::new(vec![Part::Text("see".into()), image]) }
        } else if prefix {
            Message::prefix("The gate")
        } else {
            Message::user("go on")
        });
        chat.params.stop = stop.into_iter().collect();
        let mut wanted = Vec::new();
        chat.clone().passages_mut(&mut |text| wanted.push(text.clone()));
        let mut taken = 0;
        for name in DIALECTS.into_iter().chain(["dashscope-native"]) {
            let Ok(sent) = dialect(name).encode(&chat, "m", true) else { continue };
            taken += 1;
            let mut found = Vec::new();
            texts(&parse(&sent.body), &mut found);
            for text in &wanted {
                // A name in a tool's arguments is a member's name there.
                prop_assert!(text == "q" || found.contains(text), "{name} left out {text:?}");
            }
        }
        prop_assert!(taken > 0, "somebody can say it");
    }

    /// What our own side writes, each dialect reads as the same answer.
    #[test]
    fn an_answer_is_the_same_in_every_dialect(
        pieces in proptest::collection::vec(words(), 1..6), reasoned in proptest::option::of(words()),
    ) {
        use yumen_wire::serve::ChunkEncoder;
        let mut encoder = ChunkEncoder::new("id", 1, "m", true);
        let mut sent = Vec::new();
        encoder.start(None, &mut sent);
        let events = reasoned.iter().cloned().map(Event::Reasoning)
            .chain(pieces.iter().cloned().map(Event::Text))
            .chain([Event::Usage(Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() }),
                    Event::Finish(FinishReason::Stop)]);
        for event in events {
            encoder.event(&event, &mut sent);
        }
        encoder.end(None, &mut sent);
        for name in DIALECTS {
            let (events, result) = stream(&dialect(name), &sent);
            prop_assert_eq!(result, Ok(()));
            let answer = collect(events);
            prop_assert_eq!(&answer.text, &pieces.concat(), "{}", name);
            prop_assert_eq!(answer.reasoning, reasoned.clone().unwrap_or_default());
            prop_assert_eq!(answer.finish, FinishReason::Stop);
        }
    }
}
