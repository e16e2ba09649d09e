//! One thing broken at a time, in every built-in dialect: what a partner gets wrong is never shown as
//! a good answer. What each fault becomes is tested with each family; that none of them passes is
//! tested here, so that no dialect's quirks open a way.

use std::fs;
use std::path::PathBuf;

use yumen_wire::{Dialect, FinishReason, Head, PartnerError, PartnerErrorKind, Protocol};

use crate::{collect, stream};

/// A good stream of a family, and where to break it: what to replace, and with what.
struct Family {
    stream: String,
    said: &'static str,
    /// The reason for the end is taken away.
    no_reason: (&'static str, &'static str),
    /// The field of the words has another name.
    renamed: (&'static str, &'static str),
    /// A count is a text.
    count_as_text: (&'static str, &'static str),
    /// An event is not JSON.
    malformed: (&'static str, &'static str),
    /// An error with which the partner answers instead.
    error: &'static str,
}

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    fs::read_to_string(path).expect("a readable fixture")
}

fn family(protocol: Protocol) -> Family {
    match protocol {
        Protocol::OpenAiChat => Family {
            stream: concat!(
                r#"data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
                "\n\n",
                r#"data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"你好"},"finish_reason":null}]}"#,
                "\n\n",
                r#"data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"，世界！"},"finish_reason":null}]}"#,
                "\n\n",
                r#"data: {"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":4,"total_tokens":9}}"#,
                "\n\ndata: [DONE]\n\n",
            )
            .to_owned(),
            said: "你好，世界！",
            no_reason: (r#""finish_reason":"stop""#, r#""finish_reason":null"#),
            renamed: (r#""content":"#, r#""text":"#),
            count_as_text: (r#""completion_tokens":4"#, r#""completion_tokens":"4""#),
            malformed: (r#"{"content":"，世界！"}"#, r#"{"content":"，世界！""#),
            error: r#"{"error":{"message":"m","type":"server_error","code":"internal_error"}}"#,
        },
        Protocol::DashScopeNative => Family {
            stream: concat!(
                "id:1\nevent:result\n:HTTP_STATUS/200\n",
                r#"data:{"output":{"choices":[{"message":{"content":"你好","role":"assistant"},"finish_reason":"null"}]},"usage":{"input_tokens":5,"output_tokens":1},"request_id":"r"}"#,
                "\n\nid:2\nevent:result\n:HTTP_STATUS/200\n",
                r#"data:{"output":{"choices":[{"message":{"content":"，世界！","role":"assistant"},"finish_reason":"stop"}]},"usage":{"input_tokens":5,"output_tokens":4},"request_id":"r"}"#,
                "\n\n",
            )
            .to_owned(),
            said: "你好，世界！",
            no_reason: (r#""finish_reason":"stop""#, r#""finish_reason":"null""#),
            renamed: (r#""content":"#, r#""words":"#),
            count_as_text: (r#""output_tokens":4"#, r#""output_tokens":"4""#),
            malformed: (r#""finish_reason":"stop"}]}"#, r#""finish_reason":"stop"]}"#),
            error: r#"{"code":"InternalError","message":"m","request_id":"r"}"#,
        },
        Protocol::AnthropicMessages => Family {
            stream: fixture("anthropic/text.sse"),
            said: "Hello\n世界 😀",
            no_reason: (r#""stop_reason":"end_turn""#, r#""stop_reason":null"#),
            renamed: (r#""delta":{"type":"text_delta","text":"#, r#""delta":{"type":"text_delta","words":"#),
            count_as_text: (r#""output_tokens":15"#, r#""output_tokens":"15""#),
            malformed: (r#""text":"lo\n"}"#, r#""text":"lo\n""#),
            error: r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#,
        },
        Protocol::OpenAiResponses => Family {
            stream: fixture("responses/text.sse"),
            said: "Hello\n世界 😀",
            no_reason: ("event: response.completed\n", "event: response.done\n"),
            renamed: (r#""delta":"#, r#""piece":"#),
            count_as_text: (r#""output_tokens":9"#, r#""output_tokens":"9""#),
            malformed: (r#""delta":"lo\n","#, r#""delta":"lo\n"#),
            error: r#"{"error":{"message":"m","type":"server_error","code":"server_error"}}"#,
        },
        Protocol::TencentNative => Family {
            stream: fixture("tencent/stream-text.txt"),
            said: "你好，世界！",
            no_reason: (r#""FinishReason":"stop""#, r#""FinishReason":"""#),
            renamed: (r#""Content":"#, r#""Text":"#),
            count_as_text: (r#""CompletionTokens":3"#, r#""CompletionTokens":"3""#),
            malformed: (r#""Content":"，世界"}"#, r#""Content":"，世界""#),
            error: r#"{"Response":{"Error":{"Code":"InternalError","Message":"m"},"RequestId":"r"}}"#,
        },
        Protocol::OllamaChat => Family {
            stream: fixture("ollama/stream-text.txt"),
            said: "你好，世界！",
            no_reason: (r#""done_reason":"stop","#, ""),
            renamed: (r#""content":"#, r#""text":"#),
            count_as_text: (r#""eval_count":3"#, r#""eval_count":"3""#),
            malformed: (r#""content":"，世界"}"#, r#""content":"，世界""#),
            error: r#"{"error":"m"}"#,
        },
    }
}

/// The text and the reason for its end, if the stream is an answer.
fn read(dialect: &Dialect, body: &str) -> Result<(String, FinishReason), PartnerError> {
    let (events, result) = stream(dialect, body.as_bytes());
    result.map(|()| {
        let answer = collect(events);
        (answer.text, answer.finish)
    })
}

fn broken(family: &Family, (from, to): (&str, &str)) -> String {
    assert!(family.stream.contains(from), "{from} is not in {}", family.stream);
    family.stream.replace(from, to)
}

/// Every dialect with the good stream of its family.
fn all() -> impl Iterator<Item = (Dialect, Family)> {
    Dialect::all().map(|dialect| {
        let family = family(dialect.protocol());
        (dialect, family)
    })
}

#[test]
fn the_good_stream_is_an_answer() {
    for (dialect, family) in all() {
        let expected = (family.said.to_owned(), FinishReason::Stop);
        assert_eq!(read(&dialect, &family.stream), Ok(expected), "{dialect}");
    }
}

#[test]
fn an_end_without_a_reason_is_never_called_a_stop() {
    for (dialect, family) in all() {
        let body = match dialect.protocol() {
            // The reason is the kind of the last event.
            Protocol::OpenAiResponses => broken(&family, family.no_reason)
                .replace("\"response.completed\"", "\"response.done\""),
            _ => broken(&family, family.no_reason),
        };
        match read(&dialect, &body) {
            Ok((_, finish)) => {
                assert_eq!(finish.as_str(), FinishReason::UNSTATED, "{dialect}");
            }
            Err(error) => assert_eq!(error.kind, PartnerErrorKind::Truncated, "{dialect}: {error}"),
        }
    }
}

#[test]
fn a_cut_is_never_an_answer() {
    for (dialect, family) in all() {
        let end = family.stream.find(family.no_reason.0).expect("the reason is in the stream");
        for cut in (0..end).filter(|at| family.stream.is_char_boundary(*at)) {
            let error = read(&dialect, &family.stream[..cut]).expect_err("a cut is no answer");
            assert_eq!(error.kind, PartnerErrorKind::Truncated, "{dialect} cut at {cut}: {error}");
        }
    }
}

#[test]
fn a_renamed_field_loses_no_words_unnoticed() {
    for (dialect, family) in all() {
        if let Ok((text, finish)) = read(&dialect, &broken(&family, family.renamed)) {
            assert_eq!((text.as_str(), finish), (family.said, FinishReason::Stop), "{dialect}");
        }
    }
}

#[test]
fn a_count_that_is_a_text_is_malformed() {
    for (dialect, family) in all() {
        let error = read(&dialect, &broken(&family, family.count_as_text)).expect_err("malformed");
        assert_eq!(error.kind, PartnerErrorKind::Malformed, "{dialect}: {error}");
    }
}

#[test]
fn an_event_that_is_not_json_is_malformed() {
    for (dialect, family) in all() {
        let error = read(&dialect, &broken(&family, family.malformed)).expect_err("malformed");
        assert_eq!(error.kind, PartnerErrorKind::Malformed, "{dialect}: {error}");
    }
}

#[test]
fn an_error_under_status_200_is_an_error() {
    for (dialect, family) in all() {
        let whole = dialect.decode(&Head::new(200), family.error.as_bytes()).expect_err("an error");
        assert_ne!(whole.kind, PartnerErrorKind::Malformed, "{dialect}: {whole}");
        let plain = read(&dialect, family.error).expect_err("an error");
        assert_eq!(
            plain.kind, whole.kind,
            "{dialect}: one plain body where a stream was asked for"
        );
        let framed = match dialect.protocol() {
            Protocol::OllamaChat => format!("{}\n", family.error),
            _ => format!("data: {}\n\n", family.error),
        };
        let framed = read(&dialect, &framed).expect_err("an error");
        assert_eq!(framed.kind, whole.kind, "{dialect}: in the stream");
    }
}
