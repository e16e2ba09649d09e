//! What must hold for any bytes, one function per fuzz target. Partners' answers have `decoders.rs`.
//!
//! The same functions run over the seed corpus in `cargo test -p yumen-wire`, so a corpus file that
//! once broke something keeps guarding against it.

mod decoders;

pub use decoders::{
    anthropic_response, anthropic_stream, dashscope_response, dashscope_stream, ollama_response,
    ollama_stream, openai_response, openai_stream, responses_response, responses_stream,
    tencent_response, tencent_stream,
};
use yumen_wire::serve::ChatCompletionRequest;
use yumen_wire::sse::{Frame, SseDecoder, SseError};
use yumen_wire::{Chat, Dialect, Effort, Json, Message, Passages, Reasoning, ResponseFormat};

/// Sizes of the chunks to cut into, made from the input itself so that a finding repeats.
fn cuts(data: &[u8]) -> impl Iterator<Item = usize> {
    let sizes: Vec<usize> =
        data.iter().rev().take(16).map(|byte| usize::from(*byte % 11) + 1).collect();
    let length = data.len().max(1);
    sizes.into_iter().chain([length]).cycle()
}

fn chunked(data: &[u8], mut take: impl FnMut(&[u8])) {
    let mut rest = data;
    let mut sizes = cuts(data);
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).min(rest.len());
        let (chunk, after) = rest.split_at(size);
        take(chunk);
        rest = after;
    }
}

type OwnedFrame = (String, String, String);

fn owned(frame: Frame<'_>) -> OwnedFrame {
    (frame.event.to_owned(), frame.data.to_owned(), frame.comment.to_owned())
}

fn frames(
    decoder: &mut SseDecoder,
    data: &[u8],
    out: &mut Vec<OwnedFrame>,
) -> Result<(), SseError> {
    decoder.feed(data);
    while let Some(frame) = decoder.next_frame()? {
        out.push(owned(frame));
    }
    Ok(())
}

fn all_frames(mut decoder: SseDecoder, chunks: &[&[u8]]) -> (Vec<OwnedFrame>, Option<SseError>) {
    let mut out = Vec::new();
    for chunk in chunks {
        if let Err(error) = frames(&mut decoder, chunk, &mut out) {
            return (out, Some(error));
        }
    }
    match decoder.finish() {
        Ok(frame) => out.extend(frame.map(owned)),
        Err(error) => return (out, Some(error)),
    }
    (out, None)
}

/// Server-sent events: the same frames however the bytes are cut, strict and lenient, and a limit
/// that holds.
pub fn sse(data: &[u8]) {
    for decoder in [SseDecoder::new(), SseDecoder::lenient(), SseDecoder::new().with_limit(64)] {
        let mut chunks = Vec::new();
        let mut at = 0;
        chunked(data, |chunk| {
            chunks.push(&data[at..at + chunk.len()]);
            at += chunk.len();
        });
        let cut = all_frames(decoder.clone(), &chunks);
        let whole = all_frames(decoder, &[data]);
        assert_eq!(cut, whole);
    }
}

/// Requests of clients: what is accepted can be sent on, and reads back as the same conversation.
pub fn chat_request(data: &[u8]) {
    let request = match ChatCompletionRequest::parse(data) {
        Ok(request) => request,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.zh().is_empty());
            return;
        }
    };
    let openai = Dialect::named("openai-chat").expect("is built in");
    let said = in_openais_words(request.chat.clone());
    let sent = openai
        .encode(&said, &request.model, request.stream)
        .expect("what was accepted can be said to OpenAI");
    let mut again = ChatCompletionRequest::parse(&sent.body).expect("and reads back");
    forgive_rounding(&said, &mut again.chat);
    assert_eq!(again.chat, said);
    assert_eq!(again.model, request.model);
    assert_eq!(again.stream, request.stream);
    for dialect in Dialect::all() {
        if let Ok(sent) = dialect.encode(&request.chat, &request.model, request.stream) {
            assert!(serde_json::from_slice::<&serde_json::value::RawValue>(&sent.body).is_ok());
        }
    }
    again.chat.passages_mut(&mut |_| {});
    assert_eq!(again.chat, said, "looking changes nothing");
}

/// A conversation without what OpenAI has no words for.
fn in_openais_words(mut chat: Chat) -> Chat {
    for message in &mut chat.messages {
        if let Message::Assistant { reasoning, prefix, .. } = message {
            reasoning.clear();
            *prefix = false;
        }
    }
    if let Some(Reasoning::On { effort, budget_tokens }) = &mut chat.params.reasoning {
        effort.get_or_insert(Effort::Medium);
        *budget_tokens = None;
    }
    chat
}

/// Takes over numbers that differ in their last bit only: `serde_json` reads some decimal fractions
/// one bit off, which no model notices.
pub fn forgive_rounding(from: &Chat, to: &mut Chat) {
    let (from_params, to_params) = (&from.params, &mut to.params);
    forgive(from_params.temperature, &mut to_params.temperature);
    forgive(from_params.top_p, &mut to_params.top_p);
    forgive(from_params.presence_penalty, &mut to_params.presence_penalty);
    forgive(from_params.frequency_penalty, &mut to_params.frequency_penalty);
    for (from, to) in from.tools.iter().zip(&mut to.tools) {
        if let (Some(from), Some(to)) = (&from.parameters, &mut to.parameters) {
            forgive_in_json(from, to);
        }
    }
    if let (
        Some(ResponseFormat::JsonSchema { schema: Some(from), .. }),
        Some(ResponseFormat::JsonSchema { schema: Some(to), .. }),
    ) = (&from_params.response_format, &mut to_params.response_format)
    {
        forgive_in_json(from, to);
    }
}

fn forgive(from: Option<f64>, to: &mut Option<f64>) {
    if let (Some(from), Some(to)) = (from, to)
        && (from - *to).abs() <= 1e-12 * from.abs()
    {
        *to = from;
    }
}

fn forgive_in_json(from: &Json, to: &mut Json) {
    match (from, to) {
        (Json::Number(from), Json::Number(to)) => {
            let mut number = to.as_f64();
            forgive(from.as_f64(), &mut number);
            if from.is_f64() && number == from.as_f64() {
                *to = from.clone();
            }
        }
        (Json::Array(from), Json::Array(to)) => {
            from.iter().zip(to).for_each(|(from, to)| forgive_in_json(from, to));
        }
        (Json::Object(from), Json::Object(to)) => {
            from.iter().zip(to).for_each(|((_, from), (_, to))| forgive_in_json(from, to));
        }
        _ => {}
    }
}
