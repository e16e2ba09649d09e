//! Answers in the shape of Anthropic's messages, whole and streamed.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use yumen_wire::{
    Completion, Dialect, Event, FinishReason, Head, Message, Moderation, ModerationAt,
    PartnerError, PartnerErrorKind, Retry, ToolCall, Usage,
};

use crate::anthropic_requests::{anthropic, chat, written};
use crate::framing::{at_every_cut, never_an_answer_when_cut};
use crate::{collect, dialect, json as parse, stream};

fn fixture(name: &str) -> String {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/anthropic").join(name);
    fs::read_to_string(path).expect("a readable fixture")
}

fn decode(dialect: &Dialect, status: u16, body: &str) -> Result<Completion, PartnerError> {
    dialect.decode(&Head::new(status), body.as_bytes())
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
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to ask.",
            Kind::Billing,
            false,
        ),
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
