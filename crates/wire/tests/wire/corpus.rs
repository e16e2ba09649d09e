//! The seeds of the fuzz targets, replayed.

use std::fs;
use std::path::PathBuf;

use crate::checks;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is in the repository") {
        let path = entry.expect("a readable folder").path();
        println!("{}", path.display());
        check(&fs::read(&path).expect("a readable seed"));
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn sse() {
    replay("sse", checks::sse);
}

#[test]
fn openai_stream() {
    replay("openai_stream", checks::openai_stream);
}

#[test]
fn dashscope_stream() {
    replay("dashscope_stream", checks::dashscope_stream);
}

#[test]
fn openai_response() {
    replay("openai_response", checks::openai_response);
}

#[test]
fn dashscope_response() {
    replay("dashscope_response", checks::dashscope_response);
}

#[test]
fn anthropic_stream() {
    replay("anthropic_stream", checks::anthropic_stream);
}

#[test]
fn anthropic_response() {
    replay("anthropic_response", checks::anthropic_response);
}

#[test]
fn responses_stream() {
    replay("responses_stream", checks::responses_stream);
}

#[test]
fn responses_response() {
    replay("responses_response", checks::responses_response);
}

#[test]
fn tencent_stream() {
    replay("tencent_stream", checks::tencent_stream);
}

#[test]
fn tencent_response() {
    replay("tencent_response", checks::tencent_response);
}

#[test]
fn ollama_stream() {
    replay("ollama_stream", checks::ollama_stream);
}

#[test]
fn ollama_response() {
    replay("ollama_response", checks::ollama_response);
}

#[test]
fn chat_request() {
    replay("chat_request", checks::chat_request);
}
