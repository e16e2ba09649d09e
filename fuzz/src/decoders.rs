//! What must hold of partners' answers for any bytes: whole or cut anywhere, a stream gives the same
//! events and the same error; what is complete says so once and last; and what we send on of it
//! reads back as the same answer.
//!
//! Where a family has several dialects, the first byte says which: `0` the first of
//! [`Dialect::names`], `1` the second, and so on.

use std::collections::BTreeMap;

use yumen_wire::serve::{ChunkEncoder, completion};
use yumen_wire::{
    Dialect, Event, FinishReason, Head, PartnerError, PartnerErrorKind, Protocol, ToolCall, Usage,
};

use super::chunked;

fn openai() -> Dialect {
    Dialect::named("openai-chat").expect("is built in")
}

/// The dialect that an input speaks, and the rest of the input.
fn spoken(family: Protocol, data: &[u8]) -> Option<(Dialect, &[u8])> {
    let dialects: Vec<_> = Dialect::all().filter(|dialect| dialect.protocol() == family).collect();
    if let [only] = dialects.as_slice() {
        return Some((only.clone(), data));
    }
    let (first, rest) = data.split_first()?;
    let which = usize::from(first.wrapping_sub(b'0')) % dialects.len();
    Some((dialects[which].clone(), rest))
}

type Streamed = (Vec<Event>, Option<PartnerError>);

fn stream<'a>(dialect: &Dialect, pieces: impl IntoIterator<Item = &'a [u8]>) -> Streamed {
    let mut decoder = dialect.stream_decoder(&Head::new(200));
    let mut events = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and_then(|()| decoder.push(piece, &mut events));
    }
    let result = result.and_then(|()| decoder.finish(&mut events));
    assert_eq!(result.is_ok(), decoder.is_done());
    (events, result.err())
}

fn check_stream(dialect: &Dialect, data: &[u8]) {
    let whole = stream(dialect, [data]);
    let mut pieces = Vec::new();
    let mut at = 0;
    chunked(data, |piece| {
        pieces.push(&data[at..at + piece.len()]);
        at += piece.len();
    });
    assert_eq!(stream(dialect, pieces), whole, "{dialect} in pieces");
    // Any point will do; this one moves with every byte.
    let sum = data.iter().fold(7_usize, |sum, byte| sum.wrapping_mul(31) ^ usize::from(*byte));
    let (before, after) = data.split_at(sum % (data.len() + 1));
    assert_eq!(stream(dialect, [before, after]), whole, "{dialect} in halves");

    let (events, error) = whole;
    for event in &events {
        match event {
            Event::Text(text) | Event::Reasoning(text) => assert!(!text.is_empty()),
            Event::Extra(extra) => assert!(!extra.is_empty()),
            Event::Identity { model, fingerprint } => {
                assert!(model.is_some() || fingerprint.is_some());
            }
            _ => {}
        }
    }
    let finishes = events.iter().filter(|event| matches!(event, Event::Finish(_))).count();
    if error.is_some() {
        assert_eq!(finishes, 0, "a failed answer is never called complete");
        return;
    }
    assert!(finishes > 0, "a complete answer says so");
    assert!(matches!(events.last(), Some(Event::Finish(_))), "and says so last");
    assert!(matches!(events.first(), Some(Event::Start { .. })));

    // What we would send on is itself a stream that gives the same answer.
    let mut encoder = ChunkEncoder::new("id", 0, "model", true);
    let mut sent = Vec::new();
    encoder.start(None, &mut sent);
    for event in &events {
        encoder.event(event, &mut sent);
    }
    encoder.end(None, &mut sent);
    let (again, error) = stream(&openai(), [sent.as_slice()]);
    assert_eq!(error, None);
    assert_eq!(said(again), said(events));
}

/// What of an answer our own clients are told: of each choice what it says, and what all cost.
fn said(events: Vec<Event>) -> (BTreeMap<u32, Vec<Event>>, Option<Usage>) {
    let mut choice = 0;
    let mut said: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
    let mut usage = None;
    for event in events {
        match event {
            Event::Choice(number) => choice = number,
            Event::Usage(counted) => usage = Some(told(counted)),
            Event::Finish(finish) => {
                said.entry(choice).or_default().push(Event::Finish(known(finish)));
            }
            Event::Text(_) | Event::Reasoning(_) | Event::ToolCall(_) => {
                said.entry(choice).or_default().push(event);
            }
            _ => {}
        }
    }
    (said, usage)
}

/// The counts that OpenAI's shape has a place for.
fn told(usage: Usage) -> Usage {
    Usage { cache_write_input_tokens: None, search_calls: None, ..usage }
}

/// A reason by which two dialects mean the same.
fn known(finish: FinishReason) -> FinishReason {
    match finish {
        FinishReason::Other(_) => FinishReason::Other(FinishReason::UNSTATED.to_owned()),
        other => other,
    }
}

fn check_response(dialect: &Dialect, data: &[u8]) {
    for status in [400, 429, 500] {
        let error = dialect.decode(&Head::new(status), data).expect_err("only 2xx is an answer");
        assert_eq!(error.status, Some(status));
        assert!(error.message.len() <= 1_024 && !error.message.is_empty());
    }
    match dialect.decode(&Head::new(200), data) {
        Ok(answer) => {
            let sent = completion("id", 0, "model", &answer, None);
            let again = openai().decode(&Head::new(200), &sent).expect("our own answer reads");
            assert_eq!(again.text, answer.text);
            assert_eq!(again.reasoning, answer.reasoning);
            assert_eq!(calls(&again.tool_calls), calls(&answer.tool_calls));
            assert_eq!(again.usage.map(told), answer.usage.map(told));
            assert_eq!(known(again.finish), known(answer.finish));
        }
        Err(error) => assert!(
            error.kind != PartnerErrorKind::Timeout || error.code.is_some(),
            "a timeout is never guessed: {error:?}"
        ),
    }
}

fn calls(calls: &[ToolCall]) -> Vec<(&str, &str, &str)> {
    calls.iter().map(|call| (&*call.id, &*call.name, &*call.arguments)).collect()
}

macro_rules! targets {
    ($($(#[$about:meta])* $family:ident: $stream:ident, $response:ident;)*) => {$(
        $(#[$about])*
        ///
        /// Streamed.
        pub fn $stream(data: &[u8]) {
            if let Some((dialect, data)) = spoken(Protocol::$family, data) {
                check_stream(&dialect, data);
            }
        }

        $(#[$about])*
        ///
        /// Whole.
        pub fn $response(data: &[u8]) {
            if let Some((dialect, data)) = spoken(Protocol::$family, data) {
                check_response(&dialect, data);
            }
        }
    )*};
}

targets! {
    /// Answers in the shape of OpenAI's chat completions.
    OpenAiChat: openai_stream, openai_response;
    /// Answers in the shape of OpenAI's responses.
    OpenAiResponses: responses_stream, responses_response;
    /// Answers in the shape of Anthropic's messages.
    AnthropicMessages: anthropic_stream, anthropic_response;
    /// Answers in DashScope's own shape.
    DashScopeNative: dashscope_stream, dashscope_response;
    /// Answers in Tencent's own shape.
    TencentNative: tencent_stream, tencent_response;
    /// Answers in Ollama's shape.
    OllamaChat: ollama_stream, ollama_response;
}
