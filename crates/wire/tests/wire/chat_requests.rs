//! Requests in every dialect of OpenAI's shape: as the partners' official clients send them, with nothing left out.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};
use yumen_wire::{
    Chat, Dialect, Effort, Extra, Head, Json, Message, Params, PartnerErrorKind as Kind, Prefix,
    Protocol, Reasoning, Search, Tool, ToolCall, ToolChoice,
};

use crate::chat::{DIALECTS, words};
use crate::{dialect, json as parse};

pub(crate) fn hello() -> Chat {
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
    let tools = vec![Tool { name: "f".into(), description: None, parameters: None, strict: None }];
    assert_eq!(cannot("dashscope-compatible", &Chat { tools, ..two.clone() }), "n");
    let mut thinking = two.clone();
    thinking.params.reasoning = Some(Reasoning::On { effort: None, budget_tokens: None });
    assert_eq!(cannot("dashscope-compatible", &thinking), "n");
    thinking.params.choices = Some(1);
    assert_eq!(body("dashscope-compatible", &thinking).get("n"), None);
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
}
