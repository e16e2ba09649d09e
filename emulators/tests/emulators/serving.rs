//! Counters, keys and the end of an emulator.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;
use yumen_emulators::{Claims, Emulator, Kind, Options, Stats};

use crate::client::{emulator, post, send};

#[tokio::test]
async fn nothing_asked_nothing_counted() {
    let emulator = emulator(Kind::OpenAi).await;
    assert_eq!(emulator.stats(), Stats::default());
}

#[tokio::test]
async fn the_counters_are_served_and_do_not_count_themselves() {
    let emulator = emulator(Kind::OpenAi).await;
    let body = json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": "x"}]});
    post(&emulator, "/v1/chat/completions", &body).await;
    for _ in 0..3 {
        let page = send(&emulator, "GET", "/emulator/stats", &[], "").await;
        assert_eq!(page.header("x-emulated"), Some("yumen"));
        assert_eq!(
            page.json(),
            json!({"connections": 1, "requests": 1, "open_streams": 0, "cancelled_streams": 0})
        );
    }
    assert_eq!(emulator.stats().connections, 1);
}

#[tokio::test]
async fn claims_hold_for_every_answer_until_they_are_taken_back() {
    let emulator = emulator(Kind::OpenAi).await;
    let body = json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": "x"}]});
    let named = async || {
        let answer = post(&emulator, "/v1/chat/completions", &body).await.json();
        (answer["model"].clone(), answer["system_fingerprint"].clone())
    };
    let before = named().await;
    let claims = json!({"model": "gpt-5.4-2027-01-01", "fingerprint": null});
    let set = send(&emulator, "PUT", "/emulator/claims", &[], &claims.to_string()).await;
    assert_eq!((set.status, set.json()), (200, claims.clone()));
    let during = named().await;
    assert_eq!(during.0, "gpt-5.4-2027-01-01");
    assert_ne!(during.1, before.1, "another model has another fingerprint");
    let bad = send(&emulator, "PUT", "/emulator/claims", &[], "{\"modle\":\"x\"}").await;
    assert_eq!(bad.status, 400);
    assert_eq!(send(&emulator, "GET", "/emulator/claims", &[], "").await.json(), claims);
    emulator.claim(Claims::default());
    assert_eq!(named().await, before);
}

#[tokio::test]
async fn a_named_key_is_the_only_one() {
    let options = Options {
        chunk_delay: Duration::ZERO,
        key: Some("sk-right".to_owned()),
        ..Options::default()
    };
    let addr = "127.0.0.1:0".parse().unwrap();
    let emulator = Emulator::bind(Kind::OpenAi, addr, options).await.unwrap();
    let right = send(&emulator, "GET", "/v1/models", &[("authorization", "Bearer sk-right")], "");
    assert_eq!(right.await.status, 200);
    let wrong =
        send(&emulator, "GET", "/v1/models", &[("authorization", "Bearer sk-quite-wrong")], "");
    let wrong = wrong.await;
    assert_eq!(wrong.status, 401);
    assert!(!wrong.body.contains("sk-quite-wrong"), "the key is masked: {}", wrong.body);
}

#[tokio::test]
async fn a_dropped_emulator_listens_no_more() {
    let emulator = emulator(Kind::DashScope).await;
    let addr = emulator.addr();
    drop(emulator);
    let closed = async {
        while TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), closed).await.is_ok());
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let emulator = emulator(Kind::OpenAi).await;
    let body = "x".repeat(16 * 1024 * 1024 + 1);
    let headers = [("authorization", "Bearer k"), ("content-type", "application/json")];
    let reply = send(&emulator, "POST", "/v1/chat/completions", &headers, &body).await;
    assert_eq!(reply.status, 413);
}
