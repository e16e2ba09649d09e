//! What one more piece of a streamed answer costs: its own text, and nothing else.

use allocation_counter::measure;
use yumen_wire::{Dialect, Event, Head};

/// The opening of a stream, one piece of text in it, and where such pieces come from.
const STREAMS: [(&str, &str, &str); 4] = [
    (
        "openai-chat",
        r#"data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
        r#"data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}"#,
    ),
    (
        "dashscope-native",
        r#"data:{"output":{"choices":[{"message":{"content":"","role":"assistant"},"finish_reason":"null"}]},"request_id":"r"}"#,
        r#"data:{"output":{"choices":[{"message":{"content":"word ","role":"assistant"},"finish_reason":"null"}]},"usage":{"input_tokens":5,"output_tokens":4},"request_id":"r"}"#,
    ),
    (
        "anthropic-messages",
        r#"data: {"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}"#,
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"word \"}}",
    ),
    (
        "openai-responses",
        r#"data: {"type":"response.created","response":{"id":"r","model":"m"}}"#,
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":4,\"item_id\":\"msg_01\",\"output_index\":0,\"content_index\":0,\"delta\":\"word \",\"logprobs\":[],\"obfuscation\":\"x7Kq\"}",
    ),
];

#[test]
fn a_piece_of_text_allocates_its_text() {
    const PIECES: usize = 1_000;
    for (name, opening, piece) in STREAMS {
        let mut decoder = Dialect::named(name).unwrap().stream_decoder(&Head::new(200));
        let mut events = Vec::with_capacity(16);
        let piece = format!("{piece}\n\n");
        decoder.push(format!("{opening}\n\n{piece}").as_bytes(), &mut events).unwrap();
        let allocated = measure(|| {
            for _ in 0..PIECES {
                events.clear();
                decoder.push(piece.as_bytes(), &mut events).unwrap();
            }
        });
        assert_eq!(events.last(), Some(&Event::Text("word ".into())), "{name}");
        assert_eq!(allocated.count_total, PIECES as u64, "{name}: {allocated:?}");
    }
}
