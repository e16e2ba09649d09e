//! Answers in every dialect of OpenAI's shape, framed and cut in every way, and with one thing broken at a time.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::json;
use yumen_wire::{
    Completion, Dialect, Event, FinishReason, Head, Json, Moderation, ModerationAt,
    PartnerErrorKind as Kind, Protocol, Usage,
};

use crate::chat_requests::hello;
use crate::framing::at_every_cut;
use crate::{collect, dialect, json as parse, stream};

/// The dialects of OpenAI's shape that have a plain answer among the fixtures.
pub(crate) const DIALECTS: [&str; 12] = [
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

pub(crate) fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{1,12}", "[玉门关雪山\u{1F600}\n\"\\\\]{1,8}"]
}

proptest! {
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
