//! Our own client side, `yumen-wire`, against the emulators: two independent readings of the same
//! facts have to agree, in good answers and in every fault.

use serde_json::json;
use yumen_emulators::{Emulator, Kind};
use yumen_wire::{
    Chat, Collector, Completion, Dialect, Event, Extra, FinishReason, Head, Json, Message,
    PartnerError, PartnerErrorKind, Tool,
};

use crate::client::{Reply, emulator, send};

/// The dialects that are read both ways here.
fn dialects() -> [Dialect; 3] {
    ["openai-chat", "dashscope-native", "dashscope-compatible"]
        .map(|name| Dialect::named(name).expect("is built in"))
}

fn is_openai(dialect: &Dialect) -> bool {
    dialect.name() == "openai-chat"
}

fn kind(dialect: &Dialect) -> Kind {
    if is_openai(dialect) { Kind::OpenAi } else { Kind::DashScope }
}

/// The path of the partner's base URL.
fn base(dialect: &Dialect) -> &'static str {
    match dialect.name() {
        "openai-chat" => "/v1",
        "dashscope-native" => "/api/v1",
        "dashscope-compatible" => "/compatible-mode/v1",
        other => panic!("{other} has no emulator here"),
    }
}

fn model(dialect: &Dialect) -> &'static str {
    if is_openai(dialect) { "gpt-5.4-mini" } else { "qwen-plus" }
}

fn chat(messages: Vec<Message>) -> Chat {
    Chat { messages, ..Chat::default() }
}

async fn raw(
    emulator: &Emulator,
    dialect: &Dialect,
    chat: &Chat,
    stream: bool,
    key: &str,
) -> Reply {
    let outgoing = dialect.encode(chat, model(dialect), stream).unwrap();
    let path = format!("{}{}", base(dialect), outgoing.path);
    let key = format!("Bearer {key}");
    let named = outgoing.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let headers: Vec<(&str, &str)> = named.chain([("authorization", key.as_str())]).collect();
    let body = String::from_utf8(outgoing.body.to_vec()).unwrap();
    let reply = send(emulator, "POST", &path, &headers, &body).await;
    assert_eq!(reply.header("x-emulator-ignored"), None, "{dialect} sends a field nobody reads");
    reply
}

fn read(dialect: &Dialect, reply: &Reply, stream: bool) -> Result<Completion, PartnerError> {
    if !stream || reply.status != 200 {
        return dialect.decode(&Head::new(reply.status), reply.body.as_bytes());
    }
    let mut decoder = dialect.stream_decoder(&Head::new(200));
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

async fn ask(dialect: &Dialect, chat: &Chat, stream: bool) -> Result<Completion, PartnerError> {
    let emulator = emulator(kind(dialect)).await;
    let reply = raw(&emulator, dialect, chat, stream, "k").await;
    read(dialect, &reply, stream)
}

#[tokio::test]
async fn answers_are_the_same_in_one_piece_and_streamed() {
    for dialect in &dialects() {
        let mut chat = chat(vec![Message::system("Be brief."), Message::user("玉门关在哪里？")]);
        chat.params.max_tokens = Some(512);
        chat.params.temperature = Some(0.5);
        let whole = ask(dialect, &chat, false).await.unwrap();
        let streamed = ask(dialect, &chat, true).await.unwrap();
        assert!(whole.text.contains("玉门关在哪里？"), "{dialect}: {}", whole.text);
        assert_eq!(whole.text, streamed.text, "{dialect}");
        assert_eq!(whole.usage, streamed.usage, "{dialect}");
        assert!(whole.usage.is_some(), "{dialect}");
        assert_eq!((&whole.finish, &streamed.finish), (&FinishReason::Stop, &FinishReason::Stop));
    }
}

#[tokio::test]
async fn tools_make_the_round_trip() {
    let parameters =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    for dialect in &dialects() {
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
            let asked = ask(dialect, &chat, stream).await.unwrap();
            assert_eq!(asked.finish, FinishReason::ToolCalls, "{dialect} {stream}");
            let arguments: Vec<&str> =
                asked.tool_calls.iter().map(|call| call.arguments.as_str()).collect();
            assert_eq!(arguments, [r#"{"city":"Beijing"}"#, r#"{"city":"Hangzhou"}"#]);
            let results = asked.tool_calls.iter().map(|call| Message::Tool {
                tool_call_id: call.id.clone(),
                content: format!("{} noted", call.name),
            });
            let results: Vec<Message> = results.collect();
            chat.messages.push(Message::Assistant {
                content: String::new(),
                reasoning: String::new(),
                tool_calls: asked.tool_calls,
                prefix: false,
                extra: Extra::new(),
            });
            chat.messages.extend(results);
            let answer = ask(dialect, &chat, stream).await.unwrap();
            assert!(answer.text.contains("get_weather noted"), "{dialect}: {}", answer.text);
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
    for dialect in &dialects() {
        for (prompt, whole, streamed) in cases {
            let chat = chat(vec![Message::user(prompt)]);
            for (stream, expected) in [(false, whole), (true, streamed)] {
                let got = ask(dialect, &chat, stream).await.err().map(|error| error.kind);
                assert_eq!(got, expected, "{dialect} {prompt} stream={stream}");
            }
        }
        let broken = chat(vec![Message::user("[[malformed]]")]);
        let error = ask(dialect, &broken, true).await.unwrap_err();
        assert_eq!(error.kind, Kind::Malformed, "{dialect}");
    }
}

#[tokio::test]
async fn a_partner_that_exchanges_its_model_says_so_in_the_answer() {
    // DashScope's native protocol names no model.
    for dialect in dialects().iter().filter(|dialect| dialect.name() != "dashscope-native") {
        let own = model(dialect);
        for stream in [false, true] {
            let named = async |prompt: &str| {
                let chat = chat(vec![Message::user(prompt)]);
                let answer = ask(dialect, &chat, stream).await.unwrap();
                (answer.model.unwrap(), answer.fingerprint)
            };
            let (model, fingerprint) = named("hello").await;
            assert_eq!(model, own, "{dialect}");
            assert_eq!(named("hello again").await.1, fingerprint, "one model, one fingerprint");
            assert_eq!(named("[[other_model]]").await.0, format!("{own}-unannounced"));
            let (model, other) = named("[[other_fingerprint]]").await;
            assert_eq!(model, own, "{dialect}");
            assert!(other.is_some() && other != fingerprint, "{dialect}");
        }
        let midway = chat(vec![Message::user("[[model_midway]]")]);
        let emulator = emulator(kind(dialect)).await;
        let reply = raw(&emulator, dialect, &midway, true, "k").await;
        let mut events = Vec::new();
        dialect.stream_decoder(&Head::new(200)).push(reply.body.as_bytes(), &mut events).unwrap();
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
    for dialect in &dialects() {
        let moderated = chat(vec![Message::user("[[moderation_output]]")]);
        let answer = ask(dialect, &moderated, true).await;
        if is_openai(dialect) {
            assert_eq!(answer.unwrap().finish, FinishReason::ContentFilter);
        } else {
            assert_eq!(answer.unwrap_err().kind, PartnerErrorKind::Refused, "{dialect}");
        }
        let emulator = emulator(kind(dialect)).await;
        for stream in [false, true] {
            let hello = chat(vec![Message::user("hello")]);
            let reply = raw(&emulator, dialect, &hello, stream, "bad-key").await;
            let error = read(dialect, &reply, stream).unwrap_err();
            assert_eq!(error.kind, PartnerErrorKind::Auth, "{dialect}");
        }
    }
}
