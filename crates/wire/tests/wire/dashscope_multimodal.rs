//! DashScope's multimodal generation and what its own protocol says beyond text: pictures, sounds,
//! films, search, reasoning, prefixes, cumulative streams.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use yumen_wire::{
    Chat, Content, Dialect, Effort, Event, FinishReason, Head, Json, Media, Message, Params, Part,
    PartnerErrorKind, Reasoning, Search, Tool, ToolCall, WireError,
};

use crate::{collect, json as parse, native, stream};

const TEXT: &str = "/services/aigc/text-generation/generation";
const MULTIMODAL: &str = "/services/aigc/multimodal-generation/generation";

fn recorded(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/dashscope")
        .join(format!("{name}.response.body.txt"));
    fs::read(path).expect("the recording is in the repository")
}

fn says(parts: Vec<Part>) -> Chat {
    Chat { messages: vec![Message::User { content: Content::new(parts) }], ..Chat::default() }
}

fn picture() -> Part {
    Part::Image(Media::at("https://example.com/a.png"))
}

fn words(text: &str) -> Part {
    Part::Text(text.into())
}

/// A conversation as a recorded request asks it; members of `parameters` without a field travel
/// along.
fn asked(body: &Value) -> Chat {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let part = |part: &Value| {
        let media = |name: &str| part[name].as_str().map(|url| Media::from_url(url.to_owned()));
        media("image")
            .map(Part::Image)
            .or_else(|| media("audio").map(Part::Audio))
            .or_else(|| media("video").map(Part::Video))
            .unwrap_or_else(|| Part::Text(text(&part["text"])))
    };
    let content = |message: &Value| match &message["content"] {
        Value::Array(parts) => Content::new(parts.iter().map(part).collect()),
        content => content.as_str().unwrap().into(),
    };
    let messages = body["input"]["messages"].as_array().unwrap().iter().map(|message| {
        let content = content(message);
        match message["role"].as_str().unwrap() {
            "system" => Message::system(content.text()),
            "user" => Message::User { content },
            "tool" => Message::Tool {
                tool_call_id: text(&message["tool_call_id"]),
                content: content.text().into_owned(),
            },
            _ if message["partial"] == true => Message::prefix(content.text()),
            _ => {
                let calls = message["tool_calls"].as_array().into_iter().flatten();
                let calls = calls.map(|call| ToolCall {
                    id: text(&call["id"]),
                    name: text(&call["function"]["name"]),
                    arguments: text(&call["function"]["arguments"]),
                });
                let mut turn = Message::assistant(content.text());
                if let Message::Assistant { tool_calls, .. } = &mut turn {
                    tool_calls.extend(calls);
                }
                turn
            }
        }
    });
    let mut params = Params::default();
    let mut tools = Vec::new();
    let mut extra = Vec::new();
    let mut reasoning = (false, None);
    for (name, value) in body["parameters"].as_object().unwrap() {
        match name.as_str() {
            "seed" => params.seed = value.as_i64(),
            "top_k" => params.top_k = value.as_u64().map(|top| top.try_into().unwrap()),
            "top_p" => params.top_p = value.as_f64(),
            "temperature" => params.temperature = value.as_f64(),
            "max_tokens" => params.max_tokens = value.as_u64().map(|most| most.try_into().unwrap()),
            "parallel_tool_calls" => params.parallel_tool_calls = value.as_bool(),
            "enable_thinking" => reasoning.0 = true,
            "thinking_budget" => reasoning.1 = value.as_u64().map(|most| most.try_into().unwrap()),
            "tools" => {
                tools.extend(value.as_array().unwrap().iter().map(|tool| Tool {
                    name: text(&tool["function"]["name"]),
                    description: Some(text(&tool["function"]["description"])),
                    parameters: Some(tool["function"]["parameters"].clone().into()),
                    strict: None,
                }));
            }
            "result_format" | "incremental_output" | "enable_search" | "stop" => {}
            _ => extra.push((name.clone(), Json::from(value.clone()))),
        }
    }
    if reasoning.0 {
        params.reasoning = Some(Reasoning::On { effort: None, budget_tokens: reasoning.1 });
    }
    Chat { messages: messages.collect(), tools, params, extra: extra.into_iter().collect() }
}

/// A request without what says nothing: defaults written out, token numbers as stops, the place of
/// a call in its list.
fn meant(mut body: Value) -> Value {
    let parameters = body["parameters"].as_object_mut().unwrap();
    parameters.remove("result_format");
    parameters.remove("stop");
    for name in ["incremental_output", "enable_search"] {
        if parameters.get(name) == Some(&json!(false)) {
            parameters.remove(name);
        }
    }
    for message in body["input"]["messages"].as_array_mut().unwrap() {
        for call in message["tool_calls"].as_array_mut().into_iter().flatten() {
            call.as_object_mut().unwrap().remove("index");
        }
        let empty = message.as_object().unwrap().get("tool_calls").is_some_and(Value::is_null);
        if empty {
            message.as_object_mut().unwrap().remove("tool_calls");
        }
    }
    body
}

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/partners").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: nothing was recorded at {}", path.display());
    None
}

#[test]
fn requests_mean_what_both_generations_of_the_sdk_send() {
    for (name, expected) in [("dashscope_gen1", 12), ("dashscope_gen2", 11)] {
        let Some(path) = shared(&format!("captured/{name}.jsonl")) else { return };
        let recorded = fs::read_to_string(path).unwrap();
        let mut count = 0;
        for line in recorded.lines().filter(|line| line.contains("\"headers\"")) {
            let recorded = parse(line);
            let body = &recorded["body"];
            let streamed = body["parameters"]["incremental_output"] == true;
            let model = body["model"].as_str().unwrap();
            let sent = native().encode(&asked(body), model, streamed).unwrap();
            assert_eq!(parse(&sent.body), *body);
            assert!(recorded["path"].as_str().unwrap().ends_with(&*sent.path));
            let sse = sent.header("x-dashscope-sse");
            assert_eq!(sse, streamed.then_some("enable"));
            count += 1;
        }
        assert_eq!(count, expected, "{name}");
    }
}

#[test]
fn requests_mean_what_was_recorded_of_the_real_service() {
    for (name, path) in [
        ("multimodal-generation-audio-nosse", MULTIMODAL),
        ("multimodal-generation-vl-sse", MULTIMODAL),
        ("multimodal-generation-vl-ocr-advanced-recognition-nosse", MULTIMODAL),
        ("multimodal-generation-message-with-tools-sse", MULTIMODAL),
        ("conversation-generation-message-partial-nosse", TEXT),
        ("single-generation-message-reasoning-sse", TEXT),
        ("single-generation-message-with-code-interpreter-sse", TEXT),
    ] {
        let Some(file) = shared(&format!("recorded-dashscope/{name}.request.body.json")) else {
            return;
        };
        let file = fs::read_to_string(file).unwrap();
        let body = parse(file.trim_start_matches('\u{feff}'));
        let streamed = body["parameters"]["incremental_output"] == true;
        let sent = native().encode(&asked(&body), body["model"].as_str().unwrap(), streamed);
        let sent = sent.unwrap();
        assert_eq!(meant(parse(&sent.body)), meant(body), "{name}");
        assert_eq!(sent.path, path, "{name}");
    }
}

#[test]
fn pictures_sounds_and_films_choose_the_path_and_the_form() {
    let chat = Chat {
        messages: vec![
            Message::system("Be brief."),
            Message::User {
                content: Content::new(vec![
                    Part::Image(Media::base64("image/png", "AAAA")),
                    Part::Audio(Media::base64("audio/wav", "BBBB")),
                    Part::Video(Media::at("https://example.com/v.mp4")),
                    words("What is this?"),
                ]),
            },
            Message::assistant("A cat."),
            Message::user("Sure?"),
        ],
        ..Chat::default()
    };
    let sent = native().encode(&chat, "any-model", true).unwrap();
    assert_eq!(sent.path, MULTIMODAL);
    assert_eq!(
        parse(&sent.body)["input"]["messages"],
        json!([
            {"role":"system","content":[{"text":"Be brief."}]},
            {"role":"user","content":[
                {"image":"data:image/png;base64,AAAA"},{"audio":"data:audio/wav;base64,BBBB"},
                {"video":"https://example.com/v.mp4"},{"text":"What is this?"}]},
            {"role":"assistant","content":[{"text":"A cat."}]},
            {"role":"user","content":[{"text":"Sure?"}]}
        ])
    );
    assert_eq!(sent.header("x-dashscope-sse"), Some("enable"));

    let hello = Chat { messages: vec![Message::user("hi")], ..Chat::default() };
    for (model, path) in [
        ("qwen-plus", TEXT),
        ("qwen3.8-max", TEXT),
        ("qwen-vl-plus", MULTIMODAL),
        ("qwen3.8-omni-flash", MULTIMODAL),
        ("qwen-audio-turbo", MULTIMODAL),
    ] {
        let sent = native().encode(&hello, model, false).unwrap();
        assert_eq!(sent.path, path, "{model} is asked in words");
    }
    let pieces = says(vec![words("a"), words("b")]);
    let sent = native().encode(&pieces, "qwen-plus", false).unwrap();
    assert_eq!(parse(&sent.body)["input"]["messages"][0]["content"], "a\nb");
}

#[test]
fn what_the_protocol_cannot_say_is_refused_not_dropped() {
    let prefixed = Chat {
        messages: vec![says(vec![picture()]).messages.remove(0), Message::prefix("It is")],
        ..Chat::default()
    };
    for chat in [
        says(vec![Part::File(Media::at("https://example.com/a.pdf"))]),
        says(vec![Part::Video(Media::base64("video/mp4", "AAAA"))]),
        says(vec![Part::Image(Media {
            detail: Some("low".into()),
            ..Media::at("https://example.com/a.png")
        })]),
        prefixed,
    ] {
        let error = native().encode(&chat, "qwen-vl-plus", false).unwrap_err();
        assert!(matches!(error, WireError::NotInProtocol { .. }), "{error}");
    }
    let minimal = Reasoning::On { effort: Some(Effort::Minimal), budget_tokens: None };
    let params = Params { reasoning: Some(minimal), ..Params::default() };
    let chat = Chat { messages: vec![Message::user("a")], params, ..Chat::default() };
    assert!(native().encode(&chat, "m", false).is_err());
    let chat = Chat {
        messages: vec![Message::user("a")],
        extra: [("result_format".to_owned(), Json::String("text".into()))].into_iter().collect(),
        ..Chat::default()
    };
    assert_eq!(native().encode(&chat, "m", false).unwrap_err().param(), Some("result_format"));
}

#[test]
fn reasoning_search_and_choices_are_parameters() {
    let with = |params: Params| {
        let chat = Chat { messages: vec![Message::user("a")], params, ..Chat::default() };
        let mut sent = parse(&native().encode(&chat, "m", false).unwrap().body);
        sent["parameters"].as_object_mut().unwrap().remove("result_format");
        sent["parameters"].take()
    };
    let reasoning = |reasoning| with(Params { reasoning: Some(reasoning), ..Params::default() });
    assert_eq!(reasoning(Reasoning::Off), json!({"enable_thinking":false}));
    assert_eq!(
        reasoning(Reasoning::On { effort: Some(Effort::High), budget_tokens: Some(64) }),
        json!({"enable_thinking":true,"thinking_budget":64,"reasoning_effort":"high"})
    );
    let search = |forced| with(Params { search: Some(Search { forced }), ..Params::default() });
    assert_eq!(
        search(false),
        json!({"enable_search":true,"search_options":{"enable_source":true}})
    );
    assert_eq!(
        search(true),
        json!({"enable_search":true,"search_options":{"enable_source":true,"forced_search":true}})
    );
    let params = Params { choices: Some(2), top_k: Some(40), ..Params::default() };
    assert_eq!(with(params), json!({"n":2,"top_k":40}));
}

#[test]
fn recorded_whole_answers_in_parts_are_read() {
    let whole = |name: &str| native().decode(&Head::new(200), &recorded(name)).unwrap();
    // (recording, characters of text, output tokens)
    for (name, text, tokens) in [
        ("multimodal-generation-audio-nosse", 69, 38),
        ("multimodal-generation-vl-ocr-nosse", 415, 225),
        ("multimodal-generation-vl-video-nosse", 279, 180),
    ] {
        let answer = whole(name);
        assert_eq!(answer.text.chars().count(), text, "{name}: {}", answer.text);
        assert_eq!(answer.usage.unwrap().output_tokens, tokens, "{name}");
        assert_eq!(answer.finish, FinishReason::Stop, "{name}");
    }
    let answer = whole("single-generation-message-reasoning-effort-nosse");
    assert!(
        answer.reasoning.starts_with("我们被问到") && answer.text.starts_with("根据数列的规律")
    );

    let answer = whole("multimodal-generation-vl-ocr-advanced-recognition-nosse");
    assert!(answer.text.starts_with("```json"));
    let Some(Json::Array(parts)) = answer.extra.get("message.content") else {
        panic!("what stands beside the text travels along: {:?}", answer.extra)
    };
    let Json::Object(part) = &parts[0] else { panic!("a part is an object") };
    assert!(part.iter().any(|(name, _)| name == "ocr_result"));
}

#[test]
fn a_search_tells_its_sources_and_is_counted() {
    for name in
        ["multimodal-generation-with-websearch-nosse", "single-generation-message-search-nosse"]
    {
        let answer = native().decode(&Head::new(200), &recorded(name)).unwrap();
        assert_eq!(answer.usage.unwrap().search_calls, Some(1), "{name}");
        let Some(Json::Object(info)) = answer.extra.get("search_info") else { panic!("{name}") };
        assert!(info.iter().any(|(name, _)| name == "search_results"), "{name}");
    }
}

#[test]
fn a_picture_in_an_answer_travels_along() {
    let body = json!({
        "output":{"choices":[{"finish_reason":"stop","message":{"role":"assistant","content":[{"image":"https://example.com/drawn.png"}]}}]},
        "usage":{"height":928,"image_count":1,"width":1664},"request_id":"r"
    });
    let answer = native().decode(&Head::new(200), body.to_string().as_bytes()).unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.usage),
        ("", None),
        "images are not counted in tokens"
    );
    let image = ("image".to_owned(), Json::String("https://example.com/drawn.png".into()));
    let parts = Json::Array(vec![Json::Object(vec![image])]);
    assert_eq!(answer.extra.get("message.content"), Some(&parts));
}

/// A dialect whose streams repeat what was said before.
fn cumulative() -> Dialect {
    let table =
        json!({"name":"repeating","like":"dashscope-native","answer":{"pieces":"cumulative"}});
    serde_json::from_value(table).unwrap()
}

fn event(id: usize, content: &str, finish: &str, array: bool) -> String {
    let content = if array { json!([{"text":content}]) } else { json!(content) };
    let data = json!({
        "output":{"choices":[{"message":{"content":content,"role":"assistant"},"finish_reason":finish}]},
        "usage":{"input_tokens":3,"output_tokens":id},"request_id":"r"
    });
    format!("id:{id}\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n")
}

#[test]
fn a_cumulative_stream_gives_each_word_once() {
    let body = [
        event(1, "", "null", true),
        event(2, "玉", "null", true),
        event(3, "玉门", "null", true),
        event(4, "玉门", "null", true),
        event(5, "玉门关。", "stop", true),
    ]
    .concat();
    let (events, result) = stream(&cumulative(), body.as_bytes());
    assert_eq!(result, Ok(()));
    let pieces: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(pieces, ["玉", "门", "关。"]);
    assert_eq!(collect(events).text, "玉门关。");

    let shrinking = [event(1, "玉门关", "null", false), event(2, "玉", "stop", false)].concat();
    let (_, result) = stream(&cumulative(), shrinking.as_bytes());
    assert_eq!(result.unwrap_err().kind, PartnerErrorKind::Malformed);

    let chat = Chat { messages: vec![Message::user("a")], ..Chat::default() };
    let sent = parse(&cumulative().encode(&chat, "m", true).unwrap().body);
    assert_eq!(sent["parameters"]["incremental_output"], false, "what comes was asked for");
}

#[test]
fn recorded_streams_are_the_same_at_every_cut() {
    for name in ["multimodal-generation-vl-sse", "conversation-generation-message-sse"] {
        let body = recorded(name);
        let expected = stream(&native(), &body);
        assert_eq!(expected.1, Ok(()));
        for at in 0..=body.len() {
            let mut decoder = native().stream_decoder(&Head::new(200));
            let mut events = Vec::new();
            decoder.push(&body[..at], &mut events).unwrap();
            decoder.push(&body[at..], &mut events).unwrap();
            decoder.finish(&mut events).unwrap();
            assert_eq!(events, expected.0, "{name} cut at {at}");
        }
    }
}

#[test]
fn one_thing_broken_is_noticed() {
    let body = String::from_utf8(recorded("multimodal-generation-vl-sse")).unwrap();
    let kind = |from: &str, to: &str| {
        assert!(body.contains(from), "{from}");
        let (_, result) = stream(&native(), body.replace(from, to).as_bytes());
        result.map_err(|error| error.kind)
    };
    let last = body.rfind("id:").unwrap();
    let (_, cut) = stream(&native(), &body.as_bytes()[..last]);
    assert_eq!(cut.unwrap_err().kind, PartnerErrorKind::Truncated);
    assert_eq!(
        kind(r#""finish_reason":"stop""#, r#""finish_reason":"null""#),
        Err(PartnerErrorKind::Truncated)
    );
    assert_eq!(kind("finish_reason", "stop_reason"), Err(PartnerErrorKind::Truncated));
    assert_eq!(kind(r#"{"text":"#, r#"{"words":"#), Err(PartnerErrorKind::Malformed));
    assert_eq!(
        kind(r#""output_tokens":8"#, r#""output_tokens":"8""#),
        Err(PartnerErrorKind::Malformed)
    );
    assert_eq!(kind(r#""content":[{"#, r#""content":[5,{"#), Err(PartnerErrorKind::Malformed));
    assert_eq!(kind(r#"[{"text":"海滩"}]"#, "5"), Err(PartnerErrorKind::Malformed));
}

proptest! {
    #[test]
    fn any_growing_text_comes_through_once(
        words in vec("\\PC{0,8}", 1..8), array: bool, at in any::<prop::sample::Index>()
    ) {
        let mut said = String::new();
        let mut body = String::new();
        for (id, word) in words.iter().enumerate() {
            said.push_str(word);
            let finish = if id + 1 == words.len() { "stop" } else { "null" };
            body.push_str(&event(id, &said, finish, array));
        }
        let mut decoder = cumulative().stream_decoder(&Head::new(200));
        let mut events = Vec::new();
        let (before, after) = body.as_bytes().split_at(at.index(body.len()));
        decoder.push(before, &mut events).unwrap();
        decoder.push(after, &mut events).unwrap();
        decoder.finish(&mut events).unwrap();
        prop_assert_eq!(collect(events).text, words.concat());
    }
}
