//! Server-sent events by the rules of the WHATWG standard, and where the lenient decoder goes beyond.

use yumen_wire::sse::{SseDecoder, SseError};

fn data(decoder: SseDecoder, stream: &[u8]) -> Vec<String> {
    let mut decoder = decoder;
    let mut out = Vec::new();
    decoder.feed(stream);
    while let Some(frame) = decoder.next_frame().unwrap() {
        out.push(frame.data.to_owned());
    }
    out
}

#[test]
fn the_standards_own_examples() {
    // From section 9.2.6 of the HTML standard.
    assert_eq!(data(SseDecoder::new(), b"data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    assert_eq!(
        data(
            SseDecoder::new(),
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"
        ),
        ["first event", "second event"],
        "one space is taken off, and an event without its blank line is incomplete"
    );
    assert_eq!(data(SseDecoder::new(), b"data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
    assert_eq!(data(SseDecoder::new(), b"data:test\n\ndata: test\n\n"), ["test", "test"]);
}

#[test]
fn all_three_line_ends_and_a_byte_order_mark() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = format!("\u{feff}event: e{end}data: a{end}data: b{end}{end}data: c{end}{end}");
        let mut decoder = SseDecoder::new();
        let mut seen = Vec::new();
        for byte in stream.as_bytes() {
            decoder.feed(&[*byte]);
            while let Some(frame) = decoder.next_frame().unwrap() {
                seen.push((frame.event.to_owned(), frame.data.to_owned()));
            }
        }
        assert_eq!(
            seen,
            [("e".to_owned(), "a\nb".to_owned()), (String::new(), "c".to_owned())],
            "line end {end:?}"
        );
    }
}

#[test]
fn a_frame_is_given_out_with_its_last_byte() {
    let mut decoder = SseDecoder::new();
    decoder.feed("data: 玉门\n".as_bytes());
    assert_eq!(decoder.next_frame(), Ok(None));
    decoder.feed(b"\r");
    assert_eq!(decoder.next_frame().unwrap().unwrap().data, "玉门");
    decoder.feed(b"\ndata: x\n\n");
    assert_eq!(decoder.next_frame().unwrap().unwrap().data, "x");
}

#[test]
fn comments_carry_the_status_and_never_add_up() {
    let mut decoder = SseDecoder::new().with_limit(64);
    for _ in 0..100 {
        decoder.feed(b": keep-alive\n");
        assert_eq!(decoder.next_frame(), Ok(None));
    }
    decoder.feed(b"event:error\n:HTTP_STATUS/400\ndata:x\n\n");
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!((frame.event, frame.comment, frame.data), ("error", "HTTP_STATUS/400", "x"));
}

#[test]
fn lenient_ends_an_event_at_an_id_or_at_a_whole_object() {
    let unspaced =
        b"id:1\nevent:result\ndata:half\nid:2\ndata:{\"a\":1}\ndata:{\"b\":2}\ndata:[DONE]\n";
    assert_eq!(data(SseDecoder::lenient(), unspaced), ["half", "{\"a\":1}", "{\"b\":2}", "[DONE]"]);
    assert_eq!(data(SseDecoder::new(), unspaced), [""; 0], "the standard waits for a blank line");
    let pretty = b"data:{\ndata: \"a\":{}\ndata:}\n\n";
    assert_eq!(data(SseDecoder::lenient(), pretty), ["{\n\"a\":{}\n}"]);
}

#[test]
fn the_end_of_the_stream_ends_the_last_event() {
    let mut decoder = SseDecoder::new();
    decoder.feed(b"data: last");
    assert_eq!(decoder.next_frame(), Ok(None));
    assert_eq!(decoder.finish().unwrap().unwrap().data, "last");
    assert_eq!(decoder.finish(), Ok(None));
}

#[test]
fn a_frame_over_the_limit_is_an_error_for_good() {
    let mut decoder = SseDecoder::new().with_limit(100);
    decoder.feed(b"data: short\n\n");
    assert!(decoder.next_frame().unwrap().is_some());
    for _ in 0..20 {
        decoder.feed(b"data: ten bytes\n");
        let _ = decoder.next_frame();
    }
    let too_long = Err(SseError::TooLong { limit: 100 });
    assert_eq!(decoder.next_frame(), too_long);
    decoder.feed(b"\n\ndata: short\n\n");
    assert_eq!(decoder.next_frame(), too_long);
    assert_eq!(decoder.finish(), too_long);
}

#[test]
fn bytes_that_are_not_utf8_are_an_error() {
    let mut decoder = SseDecoder::new();
    decoder.feed(b"data: \xFF\n\n");
    assert_eq!(decoder.next_frame(), Err(SseError::NotUtf8));
}

#[test]
fn a_field_without_a_value_points_nowhere() {
    // The comment begins the frame anew, and what stood before it is gone from the buffer.
    let mut decoder = SseDecoder::new();
    decoder.feed(format!("unknown: {}\nevent:\n: HTTP_STATUS/200\n", "x".repeat(99)).as_bytes());
    assert_eq!(decoder.next_frame(), Ok(None));
    decoder.feed(b"data:x\n\n");
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!((frame.event, frame.comment, frame.data), ("", "HTTP_STATUS/200", "x"));
}
