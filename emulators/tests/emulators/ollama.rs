//! Ollama's lines.

use serde_json::{Value, json};
use yumen_emulators::Kind;

use crate::client::{emulator, post};

#[tokio::test]
async fn ollama_answers_in_lines_unless_it_is_told_not_to() {
    let emulator = emulator(Kind::Ollama).await;
    let mut body = json!({"model": "llama3.3", "messages": [{"role": "user", "content": "hello"}]});
    let reply = post(&emulator, "/api/chat", &body).await;
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
    assert!(reply.body.ends_with("}\n") && !reply.body.contains("\n\n"), "no empty line");
    let lines: Vec<Value> =
        reply.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, first) = lines.split_last().unwrap();
    assert!(first.iter().all(|line| line["done"] == false && line.get("done_reason").is_none()));
    assert_eq!((&last["done"], &last["done_reason"]), (&json!(true), &json!("stop")));
    assert_eq!(last["message"]["content"], "");
    body["stream"] = json!(false);
    let whole = post(&emulator, "/api/chat", &body).await;
    let text: String =
        lines.iter().filter_map(|line| line["message"]["content"].as_str()).collect();
    assert_eq!(whole.json()["message"]["content"], text);
    assert_eq!(whole.json()["eval_count"], last["eval_count"]);
}

#[tokio::test]
async fn ollamas_runner_breaks_down_in_a_line_of_its_own() {
    let emulator = emulator(Kind::Ollama).await;
    let body = json!({
        "model": "llama3.3", "messages": [{"role": "user", "content": "[[error_mid_stream]]"}],
    });
    let reply = post(&emulator, "/api/chat", &body).await;
    let last: Value = serde_json::from_str(reply.body.lines().last().unwrap()).unwrap();
    assert_eq!(reply.status, 200);
    assert!(last["error"].is_string() && last.get("done").is_none(), "{last}");
}
