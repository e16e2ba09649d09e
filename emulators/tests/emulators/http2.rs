//! HTTP/2 on the same port, to clients that know beforehand.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use yumen_emulators::{Ended, FaultKind, FaultRule, Kind};

use crate::client::emulator;

type Http2 = Client<HttpConnector, Full<Bytes>>;

fn client() -> Http2 {
    Client::builder(TokioExecutor::new()).http2_only(true).build_http()
}

fn request(addr: std::net::SocketAddr) -> http::Request<Full<Bytes>> {
    let body = json!({
        "model": "glm-5.3", "messages": [{"role": "user", "content": "[[long]]"}], "stream": true,
    });
    http::Request::post(format!("http://{addr}/api/paas/v4/chat/completions"))
        .header("authorization", "Bearer k.s")
        .header("content-type", "application/json")
        .body(Full::from(body.to_string()))
        .unwrap()
}

#[tokio::test]
async fn streams_share_one_connection() {
    let emulator = emulator(Kind::Zhipu).await;
    let client = client();
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (client, request) = (client.clone(), request(emulator.addr()));
        asked.spawn(async move {
            let response = client.request(request).await.unwrap();
            assert_eq!(response.version(), http::Version::HTTP_2);
            response.into_body().collect().await.unwrap().to_bytes()
        });
    }
    for body in asked.join_all().await {
        assert!(body.ends_with(b"data: [DONE]\n\n"));
    }
    assert_eq!(emulator.stats().connections, 1);
    assert!(emulator.log().iter().all(|entry| entry.http == "HTTP/2.0"));
}

#[tokio::test]
async fn a_cut_ends_its_stream_alone() {
    let emulator = emulator(Kind::Zhipu).await;
    let once = FaultRule { times: Some(1), ..FaultRule::always(FaultKind::Cut) };
    emulator.plan(vec![once]).unwrap();
    let client = client();
    let cut = client.request(request(emulator.addr())).await.unwrap();
    assert!(cut.into_body().collect().await.is_err());
    let next = client.request(request(emulator.addr())).await.unwrap();
    assert!(next.into_body().collect().await.is_ok());
    assert_eq!(emulator.stats().connections, 1);
    let ended: Vec<Ended> = emulator.log().iter().map(|entry| entry.ended).collect();
    assert_eq!(ended, [Ended::Cut, Ended::Complete]);
}
