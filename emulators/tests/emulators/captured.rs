//! Requests captured from the vendors' own clients: none may be refused for its form.

use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use yumen_emulators::Kind;

use crate::client::{emulator, send};

/// The clients behind each capture, and the prefix the capturing server had.
const CAPTURES: [(&str, Kind, &str); 5] = [
    ("openai.jsonl", Kind::OpenAi, "/openai"),
    ("qwen_openai.jsonl", Kind::DashScope, "/qwen"),
    ("dashscope_gen1.jsonl", Kind::DashScope, "/qwen"),
    ("dashscope_gen2.jsonl", Kind::DashScope, "/qwen"),
    ("dashscope_gen2_openai.jsonl", Kind::DashScope, "/qwen"),
];

/// What the clients were made to provoke.
fn is_provoked(request: &str, status: u16) -> bool {
    match status {
        200 => true,
        400 => request.contains("[[moderation_input]]"),
        401 => request.contains("bad-key"),
        429 => request.contains("[[rate_limit]]"),
        _ => false,
    }
}

#[tokio::test]
async fn captured_requests_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/partners/captured");
    if !folder.is_dir() {
        // Past the test runner, which hides what a passing test prints.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no requests at {}", folder.display());
        return;
    }
    for (file, kind, prefix) in CAPTURES {
        let emulator = emulator(kind).await;
        let lines = std::fs::read_to_string(folder.join(file)).unwrap();
        for line in lines.lines() {
            let request: Value = serde_json::from_str(line).unwrap();
            let own = ["host", "connection", "content-length"];
            let headers: Vec<(&str, &str)> = request["headers"]
                .as_array()
                .unwrap()
                .iter()
                .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
                .filter(|(name, _)| !own.contains(&name.to_ascii_lowercase().as_str()))
                .collect();
            let path = request["path"].as_str().unwrap().strip_prefix(prefix).unwrap();
            let body = request["body"].to_string();
            let reply = send(&emulator, "POST", path, &headers, &body).await;
            assert!(is_provoked(line, reply.status), "{file}: {} {}", reply.status, reply.body);
            assert_eq!(reply.header("x-emulator-ignored"), None, "{file}: {body}");
        }
    }
}
