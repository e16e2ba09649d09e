//! Tencent's own interface: what its signature covers, and the exact form of its answers.

use std::time::{SystemTime, UNIX_EPOCH};

use yumen_emulators::{Emulator, Kind};
use yumen_wire::auth::Credential;
use yumen_wire::{Chat, Dialect, Message, Outgoing};

use crate::client::{Reply, emulator, send};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Asks Tencent's own interface, signed at `time`; `change` spoils what was signed.
async fn tencent(
    at: &Emulator,
    prompt: &str,
    stream: bool,
    time: u64,
    change: impl Fn(&mut Vec<(String, String)>, &mut String),
) -> Reply {
    let dialect = Dialect::named("tencent-native").unwrap();
    let chat = Chat { messages: vec![Message::user(prompt)], ..Chat::default() };
    let outgoing: Outgoing = dialect.encode(&chat, "hunyuan-turbos-latest", stream).unwrap();
    let credential = Credential::parse(dialect.auth(), "AKIDtest:SECRETtest").unwrap();
    let proof = credential.authorise("emulated", &outgoing, time);
    let mut headers: Vec<(String, String)> = outgoing
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    headers.extend(proof.into_iter().map(|(name, value)| (name.into_owned(), value)));
    let mut body = String::from_utf8(outgoing.body.to_vec()).unwrap();
    change(&mut headers, &mut body);
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    send(at, "POST", "/", &headers, &body).await
}

#[tokio::test]
async fn tencents_signature_covers_the_body_the_host_and_the_time() {
    let emulator = emulator(Kind::Tencent).await;
    let code = |reply: &Reply| {
        assert_eq!(reply.status, 200, "errors come under 200");
        assert_eq!(reply.header("content-type"), Some("application/json"), "and without a charset");
        let body = reply.json();
        assert!(body["Response"]["RequestId"].is_string());
        body["Response"]["Error"]["Code"].as_str().unwrap_or("none").to_owned()
    };
    let unchanged = |_: &mut Vec<(String, String)>, _: &mut String| {};
    for (skew, expected) in [(0, "none"), (290, "none"), (310, "AuthFailure.SignatureExpire")] {
        for time in [now() - skew, now() + skew] {
            let reply = tencent(&emulator, "hello", false, time, unchanged).await;
            assert_eq!(code(&reply), expected, "{skew} seconds off");
        }
    }
    let reply = tencent(&emulator, "hello", false, now(), |_, body| body.push(' ')).await;
    assert_eq!(code(&reply), "AuthFailure.SignatureFailure", "another body");
    let reply = tencent(&emulator, "hello", false, now(), |headers, _| {
        headers.retain(|(name, _)| name != "authorization");
    });
    assert_eq!(code(&reply.await), "AuthFailure.InvalidAuthorization");
    let reply = tencent(&emulator, "hello", false, now(), |headers, _| {
        let (_, version) = headers.iter_mut().find(|(name, _)| name == "x-tc-version").unwrap();
        "2018-01-01".clone_into(version);
    });
    assert_eq!(code(&reply.await), "NoSuchVersion");
}

#[tokio::test]
async fn tencents_stream_is_bare_chunks_with_counts_in_each() {
    let emulator = emulator(Kind::Tencent).await;
    let reply = tencent(&emulator, "hello", true, now(), |_, _| {}).await;
    assert_eq!(reply.header("content-type"), Some("text/event-stream"), "exactly, no charset");
    assert!(reply.header("x-tc-requestid").is_some());
    assert!(reply.body.starts_with("data: {\"Note\":\"以上内容为AI生成"), "{}", reply.body);
    assert!(!reply.body.contains("[DONE]") && !reply.body.contains("\"Response\""));
    let chunks = reply.events();
    let (last, first) = chunks.split_last().unwrap();
    assert!(first.iter().all(|chunk| chunk["Choices"][0]["FinishReason"] == ""));
    assert_eq!(last["Choices"][0]["FinishReason"], "stop");
    assert!(chunks.iter().all(|chunk| chunk["Usage"]["PromptTokens"].is_u64()));
}
