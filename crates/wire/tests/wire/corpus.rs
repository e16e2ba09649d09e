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
fn chat_request() {
    replay("chat_request", checks::chat_request);
}
