//! What holds for every stream of server-sent events, however it is framed and cut.

use yumen_wire::{Dialect, Event, Head, PartnerError, PartnerErrorKind};

use crate::stream;

type Streamed = (Vec<Event>, Result<(), PartnerError>);

fn pieces(dialect: &Dialect, pieces: &[&[u8]]) -> Streamed {
    let mut decoder = dialect.stream_decoder(&Head::new(200));
    let mut events = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and_then(|()| decoder.push(piece, &mut events));
    }
    let result = result.and_then(|()| decoder.finish(&mut events));
    assert_eq!(result.is_ok(), decoder.is_done());
    (events, result)
}

/// Checks that a stream gives the same events at every cut, byte by byte, with any line ends, with
/// comments and without blank lines, and gives them back.
pub(crate) fn at_every_cut(dialect: &Dialect, body: &str) -> Streamed {
    let whole = stream(dialect, body.as_bytes());
    let framings = [
        body.to_owned(),
        body.replace('\n', "\r\n"),
        body.replace('\n', "\r"),
        body.replace("data: ", "data:").replace("event: ", "event:"),
        body.replace("\n\n", "\n"),
        body.replace("\n\n", "\n\n: keep-alive\n\n"),
        body.lines()
            .filter(|line| !line.starts_with("event: ") || line.ends_with("error"))
            .fold("\u{feff}".to_owned(), |all, line| all + line + "\n"),
    ];
    for framed in &framings {
        let bytes = framed.as_bytes();
        assert_eq!(stream(dialect, bytes), whole, "{framed}");
        let each: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(pieces(dialect, &each), whole, "byte by byte: {framed}");
    }
    for cut in 0..=body.len() {
        let (head, tail) = body.as_bytes().split_at(cut);
        assert_eq!(pieces(dialect, &[head, tail]), whole, "cut at {cut}");
    }
    whole
}

/// Checks that a complete stream that ends anywhere before its last event's data is a cut, which never
/// counts as an answer.
pub(crate) fn never_an_answer_when_cut(dialect: &Dialect, body: &str) {
    let last = body.trim_end().len();
    for cut in 0..last {
        let (events, result) = pieces(dialect, &[&body.as_bytes()[..cut]]);
        let error = result.expect_err("a cut stream is no answer");
        let broken_character = !body.is_char_boundary(cut);
        assert!(
            error.kind == PartnerErrorKind::Truncated
                || (broken_character && error.kind == PartnerErrorKind::Malformed),
            "cut at {cut}: {error:?}"
        );
        assert!(!events.iter().any(|event| matches!(event, Event::Finish(_))), "cut at {cut}");
    }
}
