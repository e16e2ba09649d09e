//! Each fault on demand, in each protocol, as it shows on the line.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use yumen_emulators::{Emulator, Kind};

use crate::client::{Ended, PATIENCE, Reply, emulator, open, read_until, send};

/// Long enough to see that nothing comes.
const A_WHILE: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug)]
enum Door {
    OpenAi,
    Responses,
    Native,
    Compatible,
}

const DOORS: [Door; 4] = [Door::OpenAi, Door::Responses, Door::Native, Door::Compatible];

impl Door {
    fn kind(self) -> Kind {
        match self {
            Self::OpenAi | Self::Responses => Kind::OpenAi,
            Self::Native | Self::Compatible => Kind::DashScope,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Native => "/api/v1/services/aigc/text-generation/generation",
            Self::Compatible => "/compatible-mode/v1/chat/completions",
        }
    }

    fn body(self, prompt: &str, stream: bool) -> Value {
        let messages = json!([{"role": "user", "content": prompt}]);
        match self {
            Self::OpenAi => json!({"model": "gpt-5.4", "messages": messages, "stream": stream}),
            Self::Responses => json!({"model": "gpt-5.4", "input": prompt, "stream": stream}),
            Self::Native => json!({
                "model": "qwen-plus", "input": {"messages": messages},
                "parameters": {"result_format": "message", "incremental_output": true},
            }),
            Self::Compatible => {
                json!({"model": "qwen-plus", "messages": messages, "stream": stream})
            }
        }
    }

    fn headers(stream: bool) -> Vec<(&'static str, &'static str)> {
        let mut headers = vec![("authorization", "Bearer k"), ("content-type", "application/json")];
        if stream {
            headers.push(("accept", "text/event-stream"));
        }
        headers
    }

    async fn ask(self, emulator: &Emulator, prompt: &str, stream: bool) -> Reply {
        let body = self.body(prompt, stream).to_string();
        send(emulator, "POST", self.path(), &Self::headers(stream), &body).await
    }

    async fn open(self, emulator: &Emulator, prompt: &str, stream: bool) -> tokio::net::TcpStream {
        let body = self.body(prompt, stream).to_string();
        open(emulator, "POST", self.path(), &Self::headers(stream), &body).await
    }

    /// What every good stream contains at its end.
    fn end(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Compatible => "[DONE]",
            Self::Responses => "response.completed",
            Self::Native => "\"finish_reason\":\"stop\"",
        }
    }
}

/// Waits until the counters say what `wanted` wants.
async fn settle(emulator: &Emulator, wanted: impl Fn(yumen_emulators::Stats) -> bool) {
    let wait = async {
        while !wanted(emulator.stats()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "{:?}", emulator.stats());
}

#[tokio::test]
async fn a_cut_stream_stops_after_some_text_without_an_end() {
    for door in DOORS {
        let emulator = emulator(door.kind()).await;
        let reply = door.ask(&emulator, "[[cut_stream]]", true).await;
        assert_eq!((reply.status, reply.ended), (200, Ended::Short), "{door:?}");
        // The text comes in small pieces; these are the first of each mark.
        assert!(reply.body.contains("\"[em\"") || reply.body.contains("【模拟"), "{door:?}");
        assert!(!reply.body.contains(door.end()), "{door:?}");
        assert_eq!(emulator.stats().cancelled_streams, 0, "{door:?}");
        let whole = door.ask(&emulator, "[[cut_stream]]", false).await;
        assert_eq!((whole.status, whole.ended), (200, Ended::Short), "{door:?}");
    }
}

#[tokio::test]
async fn an_early_end_is_clean_http_without_the_protocols_end() {
    for door in DOORS {
        let emulator = emulator(door.kind()).await;
        let reply = door.ask(&emulator, "[[end_early]]", true).await;
        assert_eq!((reply.status, reply.ended), (200, Ended::Well), "{door:?}");
        assert!(!reply.events().is_empty());
        assert!(!reply.body.contains(door.end()), "{door:?}");
    }
}

#[tokio::test]
async fn a_malformed_answer_is_not_json() {
    for door in DOORS {
        let emulator = emulator(door.kind()).await;
        let stream = door.ask(&emulator, "[[malformed]]", true).await;
        let data: Vec<&str> = stream.body.lines().filter_map(|l| l.strip_prefix("data:")).collect();
        let (last, good) = data.split_last().unwrap();
        assert!(good.iter().all(|d| serde_json::from_str::<Value>(d).is_ok()), "{door:?}");
        assert!(serde_json::from_str::<Value>(last).is_err(), "{door:?}");
        let whole = door.ask(&emulator, "[[malformed]]", false).await;
        assert_eq!((whole.status, whole.ended), (200, Ended::Well));
        assert!(serde_json::from_str::<Value>(&whole.body).is_err(), "{door:?}");
    }
}

#[tokio::test]
async fn an_error_in_mid_stream_follows_good_events() {
    for door in DOORS {
        let emulator = emulator(door.kind()).await;
        let reply = door.ask(&emulator, "[[error_mid_stream]]", true).await;
        assert_eq!((reply.status, reply.ended), (200, Ended::Well));
        let all = reply.events();
        assert!(all.len() >= 4);
        let last = all.last().unwrap();
        let named = last.get("error").or(last.get("code"));
        assert!(named.is_some(), "{door:?}: {last}");
    }
}

#[tokio::test]
async fn refusals_keep_each_partners_status_and_code() {
    let cases = [
        ("[[rate_limit]]", 429, ["rate_limit_exceeded", "Throttling.RateQuota", "limit_requests"]),
        (
            "[[quota]]",
            429,
            ["insufficient_quota", "Throttling.AllocationQuota", "insufficient_quota"],
        ),
        (
            "[[overloaded]]",
            503,
            ["server_is_overloaded", "ServiceUnavailable", "service_unavailable"],
        ),
        (
            "[[moderation_input]]",
            400,
            ["invalid_prompt", "DataInspectionFailed", "data_inspection_failed"],
        ),
    ];
    for (prompt, status, codes) in cases {
        for door in DOORS {
            let emulator = emulator(door.kind()).await;
            let reply = door.ask(&emulator, prompt, false).await;
            let body = reply.json();
            let (code, expected) = match door {
                Door::OpenAi | Door::Responses => (&body["error"]["code"], codes[0]),
                Door::Native => (&body["code"], codes[1]),
                Door::Compatible => (&body["error"]["code"], codes[2]),
            };
            assert_eq!((reply.status, code), (status, &json!(expected)), "{prompt} {door:?}");
        }
    }
    for door in DOORS {
        let emulator = emulator(door.kind()).await;
        assert_eq!(door.ask(&emulator, "[[error_500]]", false).await.status, 500, "{door:?}");
    }
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let emulator = emulator(Kind::OpenAi).await;
    let reply = Door::OpenAi.ask(&emulator, "[[rate_limit]]", true).await;
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_stall_gives_the_first_text_and_then_nothing_until_the_client_leaves() {
    for door in DOORS {
        let emulator = emulator(door.kind()).await;
        let mut stream = door.open(&emulator, "[[stall]]", true).await;
        let mark = if door.kind() == Kind::OpenAi { "[em" } else { "【模拟" };
        read_until(&mut stream, mark).await;
        let mut more = [0; 1024];
        let rest = tokio::time::timeout(A_WHILE, async {
            // What is left of the frame may come; after it nothing does.
            while stream.read(&mut more).await.unwrap() > 0 {}
        });
        assert!(rest.await.is_err(), "{door:?} went on");
        assert_eq!(emulator.stats().open_streams, 1);
        drop(stream);
        settle(&emulator, |s| s.cancelled_streams == 1 && s.open_streams == 0).await;
    }
}

#[tokio::test]
async fn stalled_headers_come_alone() {
    let emulator = emulator(Kind::OpenAi).await;
    let mut stream = Door::OpenAi.open(&emulator, "[[stall_headers]]", true).await;
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let mut more = [0; 1];
    assert!(tokio::time::timeout(A_WHILE, stream.read(&mut more)).await.is_err());
}

#[tokio::test]
async fn without_headers_nothing_comes_and_leaving_is_noticed() {
    for door in DOORS {
        let emulator = emulator(door.kind()).await;
        let mut stream = door.open(&emulator, "[[no_headers]]", true).await;
        settle(&emulator, |s| s.open_streams == 1).await;
        let mut more = [0; 1];
        assert!(tokio::time::timeout(A_WHILE, stream.read(&mut more)).await.is_err());
        drop(stream);
        settle(&emulator, |s| s.cancelled_streams == 1 && s.open_streams == 0).await;
    }
}

#[tokio::test]
async fn a_slow_answer_has_forty_text_parts() {
    let emulator = emulator(Kind::OpenAi).await;
    let reply = Door::OpenAi.ask(&emulator, "[[slow]]", true).await;
    let events = reply.events();
    let parts = events
        .iter()
        .filter_map(|e| e["choices"][0]["delta"]["content"].as_str())
        .filter(|text| !text.is_empty());
    assert_eq!(parts.count(), 40);
    assert_eq!(reply.ended, Ended::Well);
}

#[tokio::test]
async fn leaving_a_slow_stream_counts_as_cancelled() {
    let emulator = emulator(Kind::DashScope).await;
    let mut stream = Door::Native.open(&emulator, "[[slow]]", true).await;
    read_until(&mut stream, "id:2\n").await;
    assert_eq!(emulator.stats().open_streams, 1);
    drop(stream);
    settle(&emulator, |s| s.cancelled_streams == 1 && s.open_streams == 0).await;
}
