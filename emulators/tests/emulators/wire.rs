//! Our own client side, `yumen-wire`, against the emulators: two independent readings of the same
//! facts have to agree, in good answers and in every fault.

use serde_json::json;
use yumen_emulators::{Emulator, Kind};
use yumen_wire::{
    Chat, Collector, Completion, Event, FinishReason, Json, Message, PartnerError,
    PartnerErrorKind, Protocol, Tool,
};

use crate::client::{Reply, emulator, send};

fn kind(protocol: Protocol) -> Kind {
    match protocol {
        Protocol::OpenAiChat => Kind::OpenAi,
        Protocol::DashScopeNative | Protocol::DashScopeCompatible => Kind::DashScope,
    }
}

/// The path of the partner's base URL.
fn base(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::OpenAiChat => "/v1",
        Protocol::DashScopeNative => "/api/v1",
        Protocol::DashScopeCompatible => "/compatible-mode/v1",
    }
}

fn model(protocol: Protocol) -> &'static str {
    if protocol == Protocol::OpenAiChat { "gpt-5.4-mini" } else { "qwen-plus" }
}

fn chat(messages: Vec<Message>) -> Chat {
    Chat { messages, ..Chat::default() }
}

async fn raw(
    emulator: &Emulator,
    protocol: Protocol,
    chat: &Chat,
    stream: bool,
    key: &str,
) -> Reply {
    let outgoing = protocol.encode(chat, model(protocol), stream).unwrap();
    let path = format!("{}{}", base(protocol), outgoing.path);
    let key = format!("Bearer {key}");
    let mut headers = outgoing.headers.clone();
    headers.push(("authorization", &key));
    let body = String::from_utf8(outgoing.body.to_vec()).unwrap();
    let reply = send(emulator, "POST", &path, &headers, &body).await;
    assert_eq!(reply.header("x-emulator-ignored"), None, "{protocol} sends a field nobody reads");
    reply
}

fn read(protocol: Protocol, reply: &Reply, stream: bool) -> Result<Completion, PartnerError> {
    if !stream || reply.status != 200 {
        return protocol.decode(reply.status, reply.body.as_bytes());
    }
    let mut decoder = protocol.stream_decoder();
    let mut events: Vec<Event> = Vec::new();
    // Small cuts, through lines and characters alike.
    for bytes in reply.body.as_bytes().chunks(7) {
        decoder.push(bytes, &mut events)?;
    }
    decoder.finish(&mut events)?;
    let mut collector = Collector::default();
    for event in events {
        collector.push(event);
    }
    Ok(collector.finish().expect("a finished stream has a finish reason"))
}

async fn ask(protocol: Protocol, chat: &Chat, stream: bool) -> Result<Completion, PartnerError> {
    let emulator = emulator(kind(protocol)).await;
    let reply = raw(&emulator, protocol, chat, stream, "k").await;
    read(protocol, &reply, stream)
}

#[tokio::test]
async fn answers_are_the_same_in_one_piece_and_streamed() {
    for protocol in Protocol::ALL {
        let mut chat = chat(vec![Message::system("Be brief."), Message::user("玉门关在哪里？")]);
        chat.params.max_tokens = Some(512);
        chat.params.temperature = Some(0.5);
        let whole = ask(protocol, &chat, false).await.unwrap();
        let streamed = ask(protocol, &chat, true).await.unwrap();
        assert!(whole.text.contains("玉门关在哪里？"), "{protocol}: {}", whole.text);
        assert_eq!(whole.text, streamed.text, "{protocol}");
        assert_eq!(whole.usage, streamed.usage, "{protocol}");
        assert!(whole.usage.is_some(), "{protocol}");
        assert_eq!((&whole.finish, &streamed.finish), (&FinishReason::Stop, &FinishReason::Stop));
    }
}

#[tokio::test]
async fn tools_make_the_round_trip() {
    let parameters =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    for protocol in Protocol::ALL {
        for stream in [false, true] {
            let mut chat =
                chat(vec![Message::user("What is the weather in Beijing and Hangzhou?")]);
            chat.params.parallel_tool_calls = Some(true);
            chat.tools = vec![Tool {
                name: "get_weather".to_owned(),
                description: Some("Current weather".to_owned()),
                parameters: Some(serde_json::from_value::<Json>(parameters.clone()).unwrap()),
                strict: None,
            }];
            let asked = ask(protocol, &chat, stream).await.unwrap();
            assert_eq!(asked.finish, FinishReason::ToolCalls, "{protocol} {stream}");
            let arguments: Vec<&str> =
                asked.tool_calls.iter().map(|call| call.arguments.as_str()).collect();
            assert_eq!(arguments, [r#"{"city":"Beijing"}"#, r#"{"city":"Hangzhou"}"#]);
            let results = asked.tool_calls.iter().map(|call| Message::Tool {
                tool_call_id: call.id.clone(),
                content: format!("{} noted", call.name),
            });
            let results: Vec<Message> = results.collect();
            chat.messages
                .push(Message::Assistant { content: String::new(), tool_calls: asked.tool_calls });
            chat.messages.extend(results);
            let answer = ask(protocol, &chat, stream).await.unwrap();
            assert!(answer.text.contains("get_weather noted"), "{protocol}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn every_fault_is_told_apart() {
    use PartnerErrorKind as Kind;
    // What the client makes of a whole answer and of a stream; none: no error.
    let cases = [
        ("[[rate_limit]]", Some(Kind::RateLimited), Some(Kind::RateLimited)),
        ("[[overloaded]]", Some(Kind::Overloaded), Some(Kind::Overloaded)),
        ("[[error_500]]", Some(Kind::Server), Some(Kind::Server)),
        ("[[moderation_input]]", Some(Kind::Refused), Some(Kind::Refused)),
        ("[[error_mid_stream]]", None, Some(Kind::Server)),
        ("[[cut_stream]]", Some(Kind::Truncated), Some(Kind::Truncated)),
        ("[[end_early]]", Some(Kind::Truncated), Some(Kind::Truncated)),
    ];
    for protocol in Protocol::ALL {
        for (prompt, whole, streamed) in cases {
            let chat = chat(vec![Message::user(prompt)]);
            for (stream, expected) in [(false, whole), (true, streamed)] {
                let got = ask(protocol, &chat, stream).await.err().map(|error| error.kind);
                assert_eq!(got, expected, "{protocol} {prompt} stream={stream}");
            }
        }
        let broken = chat(vec![Message::user("[[malformed]]")]);
        let error = ask(protocol, &broken, true).await.unwrap_err();
        assert_eq!(error.kind, Kind::Malformed, "{protocol}");
    }
}

#[tokio::test]
async fn a_partner_that_exchanges_its_model_says_so_in_the_answer() {
    // DashScope's native protocol names no model.
    for protocol in [Protocol::OpenAiChat, Protocol::DashScopeCompatible] {
        let own = model(protocol);
        for stream in [false, true] {
            let named = async |prompt: &str| {
                let chat = chat(vec![Message::user(prompt)]);
                let answer = ask(protocol, &chat, stream).await.unwrap();
                (answer.model.unwrap(), answer.fingerprint)
            };
            let (model, fingerprint) = named("hello").await;
            assert_eq!(model, own, "{protocol}");
            assert_eq!(named("hello again").await.1, fingerprint, "one model, one fingerprint");
            assert_eq!(named("[[other_model]]").await.0, format!("{own}-unannounced"));
            let (model, other) = named("[[other_fingerprint]]").await;
            assert_eq!(model, own, "{protocol}");
            assert!(other.is_some() && other != fingerprint, "{protocol}");
        }
        let midway = chat(vec![Message::user("[[model_midway]]")]);
        let emulator = emulator(kind(protocol)).await;
        let reply = raw(&emulator, protocol, &midway, true, "k").await;
        let mut events = Vec::new();
        protocol.stream_decoder().push(reply.body.as_bytes(), &mut events).unwrap();
        let Event::Start { model, .. } = &events[0] else { panic!("{events:?}") };
        assert_eq!(model.as_deref(), Some(own));
        let other = Some(format!("{own}-unannounced"));
        let at = events
            .iter()
            .position(|e| matches!(e, Event::Identity { model, .. } if *model == other));
        assert!(
            matches!(events[at.expect("another model") - 1], Event::Text(_)),
            "after some text"
        );
    }
}

#[tokio::test]
async fn moderated_output_and_bad_keys_are_told_apart() {
    for protocol in Protocol::ALL {
        let moderated = chat(vec![Message::user("[[moderation_output]]")]);
        let answer = ask(protocol, &moderated, true).await;
        if protocol == Protocol::OpenAiChat {
            assert_eq!(answer.unwrap().finish, FinishReason::ContentFilter);
        } else {
            assert_eq!(answer.unwrap_err().kind, PartnerErrorKind::Refused, "{protocol}");
        }
        let emulator = emulator(kind(protocol)).await;
        for stream in [false, true] {
            let hello = chat(vec![Message::user("hello")]);
            let reply = raw(&emulator, protocol, &hello, stream, "bad-key").await;
            let error = read(protocol, &reply, stream).unwrap_err();
            assert_eq!(error.kind, PartnerErrorKind::Auth, "{protocol}");
        }
    }
}
