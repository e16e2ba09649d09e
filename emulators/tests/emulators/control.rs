//! Faults by schedule, and the log: what a test of failover steers and reads.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use yumen_emulators::{Emulator, Ended, FaultKind, FaultRule, Kind, Options};

use crate::client::{self, PATIENCE, Reply, emulator, open, send};

/// Where each partner takes a question, in its shape of a request.
fn question(kind: Kind, prompt: &str, stream: bool) -> (&'static str, Value) {
    let messages = json!([{"role": "user", "content": prompt}]);
    let chat = |model: &str| json!({"model": model, "messages": messages, "stream": stream});
    match kind {
        Kind::OpenAi => ("/v1/chat/completions", chat("gpt-5.4")),
        Kind::DashScope => ("/compatible-mode/v1/chat/completions", chat("qwen-plus")),
        Kind::Qianfan => ("/v2/chat/completions", chat("ernie-5.1")),
        Kind::Ark => ("/api/v3/chat/completions", chat("ep-1")),
        Kind::MiniMax => ("/v1/chat/completions", chat("MiniMax-M3")),
        Kind::Zhipu => ("/api/paas/v4/chat/completions", chat("glm-5.3")),
        Kind::DeepSeek => ("/chat/completions", chat("deepseek-flash")),
        Kind::Moonshot => ("/v1/chat/completions", chat("kimi-k3")),
        Kind::TokenHub => ("/v1/chat/completions", chat("hy4-preview")),
        Kind::Tencent => ("/v1/chat/completions", chat("hunyuan-turbos-latest")),
        Kind::Huawei => ("/v2/chat/completions", chat("glm-5.3")),
        Kind::Vllm => ("/v1/chat/completions", chat("llama-3.3-70b")),
        Kind::LlamaCpp => ("/v1/chat/completions", chat("any")),
        Kind::LlamaApi => ("/v1/chat/completions", chat("Llama-4-Maverick-17B-128E-Instruct-FP8")),
        Kind::Ollama => ("/api/chat", chat("llama3.3")),
        Kind::Anthropic => {
            let mut body = chat("claude-sonnet-5");
            body["max_tokens"] = json!(1024);
            ("/v1/messages", body)
        }
    }
}

const HEADERS: [(&str, &str); 4] = [
    ("authorization", "Bearer k"),
    ("x-api-key", "k"),
    ("anthropic-version", "2023-06-01"),
    ("content-type", "application/json"),
];

async fn ask(emulator: &Emulator, prompt: &str, stream: bool) -> Reply {
    let (path, body) = question(emulator.kind(), prompt, stream);
    send(emulator, "POST", path, &HEADERS, &body.to_string()).await
}

fn rule(fault: FaultKind) -> FaultRule {
    FaultRule::always(fault)
}

async fn put(emulator: &Emulator, path: &str, body: Value) -> Reply {
    send(emulator, "PUT", path, &[], &body.to_string()).await
}

#[tokio::test]
async fn a_schedule_is_set_told_and_cleared_over_http() {
    let emulator = emulator(Kind::OpenAi).await;
    let rules = json!([
        {"fault": "status", "status": 429, "retry_after": 2, "times": 1},
        {"fault": "status", "status": 429, "times": 1},
        {"fault": "status", "status": 503, "times": 1},
        {"fault": "status", "status": 418, "times": 1},
    ]);
    let set = put(&emulator, "/emulator/faults", rules).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let mut seen = Vec::new();
    for _ in 0..5 {
        let reply = ask(&emulator, "x", false).await;
        assert_eq!(reply.json().get("error").is_some(), reply.status != 200);
        seen.push((reply.status, reply.header("retry-after").map(str::to_owned)));
    }
    let with = Some("2".to_owned());
    assert_eq!(seen, [(429, with), (429, None), (503, None), (418, None), (200, None)]);
    let told = send(&emulator, "GET", "/emulator/faults", &[], "").await.json();
    let fired: Vec<u64> =
        told.as_array().unwrap().iter().map(|rule| rule["fired"].as_u64().unwrap()).collect();
    assert_eq!(fired, [1, 1, 1, 1]);
    assert_eq!(put(&emulator, "/emulator/faults", json!([])).await.json(), json!([]));
    for wrong in [
        json!([{"fault": "no_such_fault"}]),
        json!([{"fault": "status", "status": 200}]),
        json!([{"fault": "cut", "on_ms": 5}]),
        json!([{"fault": "cut", "tims": 5}]),
        json!({"fault": "cut"}),
    ] {
        let reply = put(&emulator, "/emulator/faults", wrong.clone()).await;
        assert!(reply.status == 400 && reply.json()["error"].is_string(), "{wrong}");
    }
    assert_eq!(emulator.stats().requests, 5, "the emulator's own addresses are not counted");
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_how_it_ended() {
    let emulator = emulator(Kind::DashScope).await;
    emulator.plan(vec![FaultRule { times: Some(1), ..rule(FaultKind::Cut) }]).unwrap();
    let cut = ask(&emulator, "hello", true).await;
    assert_eq!(cut.ended, client::Ended::Short);
    ask(&emulator, "hello", true).await;
    ask(&emulator, "hello", false).await;
    let (path, _) = question(Kind::DashScope, "", false);
    send(&emulator, "POST", path, &[("authorization", "Bearer bad-key")], "{}").await;
    let page = send(&emulator, "GET", "/emulator/log", &[], "").await.json();
    let log = page.as_array().unwrap();
    assert_eq!(log.len(), 4);
    let first = &log[0];
    assert_eq!(first["number"], 0);
    assert_eq!((&first["model"], &first["stream"]), (&json!("qwen-plus"), &json!(true)));
    assert_eq!((&first["fault"], &first["ended"]), (&json!("cut"), &json!("cut")));
    assert_eq!((&first["status"], &first["parts"]), (&json!(200), &json!(4)));
    assert_eq!((&first["path"], &first["method"]), (&json!(path), &json!("POST")));
    let second = &log[1];
    assert_eq!((&second["fault"], &second["ended"]), (&Value::Null, &json!("complete")));
    assert!(second["parts"].as_u64() > Some(4));
    assert!(second["usage"]["output_tokens"].as_u64() > Some(0));
    assert_eq!((&log[2]["stream"], &log[2]["parts"]), (&json!(false), &json!(1)));
    let key = |entry: &Value| entry["key"].as_str().unwrap().to_owned();
    assert!(key(&log[1]) == key(&log[2]) && key(&log[1]) != key(&log[3]));
    assert!(!page.to_string().contains("bad-key"), "keys are not told");
    assert_eq!((&log[3]["status"], &log[3]["model"]), (&json!(401), &Value::Null));
    assert_eq!(send(&emulator, "DELETE", "/emulator/log", &[], "").await.json(), json!([]));
    assert!(emulator.log().is_empty());
    assert_eq!(emulator.stats().requests, 4);
}

#[tokio::test]
async fn every_partner_refuses_with_every_status_in_a_form_of_its_own() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Tencent) {
        let emulator = emulator(kind).await;
        for status in [400, 401, 402, 403, 404, 408, 422, 429, 500, 502, 503, 504, 529] {
            for retry_after in [None, Some(7)] {
                let rule =
                    FaultRule { status: Some(status), retry_after, ..rule(FaultKind::Status) };
                emulator.plan(vec![rule]).unwrap();
                let reply = ask(&emulator, "x", true).await;
                assert_eq!(reply.status, status, "{kind:?}");
                let seconds = retry_after.map(|seconds: u64| seconds.to_string());
                assert_eq!(reply.header("retry-after"), seconds.as_deref(), "{kind:?} {status}");
                assert!(reply.json().is_object(), "{kind:?} {status}: {}", reply.body);
            }
        }
    }
}

#[tokio::test]
async fn every_partner_has_every_fault_of_a_stream() {
    use FaultKind as F;
    for kind in Kind::ALL {
        let emulator = emulator(kind).await;
        let good = ask(&emulator, "[[long]]", true).await;
        assert_eq!((good.status, good.ended), (200, client::Ended::Well), "{kind:?}");
        let under = async |fault: F| {
            let later = FaultRule { after_part: Some(12), ..rule(fault) };
            emulator.plan(vec![later]).unwrap();
            let reply = ask(&emulator, "[[long]]", true).await;
            assert_eq!(reply.status, 200, "{kind:?} {fault:?}");
            reply
        };
        let part = |n: u32| format!("part {n},");
        let told = |reply: &Reply, n: u32| pieces(reply).contains(&part(n));
        assert!(told(&good, 30), "{kind:?}: {}", good.body);

        let cut = under(F::Cut).await;
        assert_eq!(cut.ended, client::Ended::Short, "{kind:?}");
        assert!(told(&cut, 1) && !told(&cut, 30), "{kind:?}: {}", cut.body);
        let early = under(F::EndEarly).await;
        assert_eq!(early.ended, client::Ended::Well, "{kind:?}");
        assert!(told(&early, 1) && !told(&early, 30), "{kind:?}");
        let done = under(F::NoDone).await;
        let last = good.body.trim_end().rsplit('\n').next().unwrap();
        assert!(
            good.body.ends_with(&format!("{last}{}", &good.body[good.body.trim_end().len()..]))
        );
        assert!(told(&done, 30) && done.body.len() < good.body.len(), "{kind:?}");
        for fault in [F::Malformed, F::ErrorMidStream] {
            let reply = under(fault).await;
            assert!(told(&reply, 1) && !told(&reply, 30), "{kind:?} {fault:?}");
        }
        assert!(!told(&under(F::ErrorUnder200).await, 1), "{kind:?}");
        let renamed = under(F::RenamedField).await;
        assert!(renamed.body.contains("_v2\":"), "{kind:?}");
        let retyped = under(F::WrongType).await;
        assert!(retyped.body.contains("\":42"), "{kind:?}");
        assert!(!told(&retyped, 30), "{kind:?}");
        let finish = |reply: &Reply| {
            ["\"stop\"", "\"end_turn\""].iter().any(|word| reply.body.contains(word))
        };
        assert!(finish(&good) && !finish(&under(F::NoFinish).await), "{kind:?}");
    }
}

/// All pieces of text in a body, joined: the values of the fields that hold text in one protocol or
/// another.
fn pieces(reply: &Reply) -> String {
    let mut all = String::new();
    for line in reply.body.lines() {
        let data = line.strip_prefix("data:").unwrap_or(line);
        let Ok(event) = serde_json::from_str::<Value>(data) else { continue };
        for pointer in
            ["/choices/0/delta/content", "/message/content", "/delta/text", "/event/delta/text"]
        {
            all.push_str(event.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
        }
    }
    all
}

#[tokio::test]
async fn a_reset_shows_no_byte_and_no_orderly_end() {
    for kind in [Kind::OpenAi, Kind::Zhipu, Kind::Anthropic] {
        let emulator = emulator(kind).await;
        emulator.plan(vec![rule(FaultKind::Reset)]).unwrap();
        let (path, body) = question(kind, "x", true);
        let mut stream = open(&emulator, "POST", path, &HEADERS, &body.to_string()).await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
        assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset, "{kind:?}");
        assert!(bytes.is_empty(), "{kind:?}");
        let entry = emulator.log().pop().unwrap();
        assert_eq!((entry.ended, entry.status), (Ended::Cut, None));
        assert_eq!(emulator.stats().cancelled_streams, 0);
    }
}

#[tokio::test]
async fn what_is_slow_is_as_slow_as_the_schedule_says() {
    let emulator = emulator(Kind::Moonshot).await;
    for fault in [FaultKind::SlowHeaders, FaultKind::SlowFirstToken] {
        for stream in [false, true] {
            emulator.plan(vec![FaultRule { delay_ms: Some(150), ..rule(fault) }]).unwrap();
            let started = std::time::Instant::now();
            let reply = ask(&emulator, "x", stream).await;
            assert_eq!((reply.status, reply.ended), (200, client::Ended::Well));
            assert!(started.elapsed() >= Duration::from_millis(150), "{fault:?}");
        }
    }
    // The headers of a slow first token come before it.
    let slow = FaultRule { delay_ms: Some(60_000), ..rule(FaultKind::SlowFirstToken) };
    emulator.plan(vec![slow]).unwrap();
    let (path, body) = question(Kind::Moonshot, "x", true);
    let mut stream = open(&emulator, "POST", path, &HEADERS, &body.to_string()).await;
    let head = client::read_until(&mut stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn a_stream_is_cut_after_as_many_parts_as_the_schedule_says() {
    for kind in [Kind::Qianfan, Kind::DeepSeek, Kind::DashScope, Kind::Zhipu] {
        let emulator = emulator(kind).await;
        for after_part in [0, 1, 40] {
            let rule = FaultRule { after_part: Some(after_part), ..rule(FaultKind::Cut) };
            emulator.plan(vec![rule]).unwrap();
            let reply = ask(&emulator, "[[long]]", true).await;
            let parts = reply
                .body
                .split("\n\n")
                .filter_map(|frame| frame.strip_prefix("data: "))
                .filter_map(|data| serde_json::from_str::<Value>(data).ok())
                .filter(|event| {
                    let text = event["choices"][0]["delta"]["content"].as_str();
                    text.is_some_and(|text| !text.is_empty())
                })
                .count();
            assert_eq!(parts, after_part, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn refusing_a_prefix_leaves_other_requests_alone() {
    let emulator = emulator(Kind::DashScope).await;
    emulator.plan(vec![rule(FaultKind::RefusePrefix)]).unwrap();
    assert_eq!(ask(&emulator, "x", false).await.status, 200);
    let (path, mut body) = question(Kind::DashScope, "x", false);
    let turn = json!({"role": "assistant", "content": "【模拟", "partial": true});
    body["messages"].as_array_mut().unwrap().push(turn);
    let refused = send(&emulator, "POST", path, &HEADERS, &body.to_string()).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    let faults: Vec<_> = emulator.log().iter().map(|entry| entry.fault).collect();
    assert_eq!(faults, [None, Some(FaultKind::RefusePrefix)]);
}

#[tokio::test]
async fn drift_is_told_in_every_protocol_that_names_a_model() {
    for kind in [Kind::Ark, Kind::MiniMax, Kind::Zhipu, Kind::DeepSeek, Kind::Vllm, Kind::Anthropic]
    {
        let emulator = emulator(kind).await;
        let named = async || ask(&emulator, "x", false).await.body;
        assert!(!named().await.contains("-unannounced"), "{kind:?}");
        emulator.plan(vec![rule(FaultKind::OtherModel)]).unwrap();
        assert!(named().await.contains("-unannounced"), "{kind:?}");
        emulator.plan(vec![rule(FaultKind::ModelMidway)]).unwrap();
        let stream = ask(&emulator, "[[long]]", true).await.body;
        assert!(
            stream.contains("-unannounced\"") || kind == Kind::Anthropic,
            "{kind:?} names it only at the beginning"
        );
    }
}

/// An emulator whose chance is that of `seed`.
async fn seeded(seed: u64) -> Emulator {
    let options = Options { chunk_delay: Duration::ZERO, seed: Some(seed), ..Options::default() };
    Emulator::bind(Kind::Qianfan, "127.0.0.1:0".parse().unwrap(), options).await.unwrap()
}

#[tokio::test]
async fn one_seed_gives_one_course_of_things() {
    let course = async |seed| {
        let emulator = seeded(seed).await;
        let often = |fault| FaultRule { probability: Some(0.3), ..rule(fault) };
        emulator.plan(vec![often(FaultKind::Overloaded), often(FaultKind::Cut)]).unwrap();
        let mut ids = Vec::new();
        for _ in 0..20 {
            let reply = ask(&emulator, "x", false).await;
            let id = serde_json::from_str::<Value>(&reply.body).map(|body| body["id"].clone());
            ids.push(id.unwrap_or_default());
        }
        let faults: Vec<_> = emulator.log().iter().map(|entry| entry.fault).collect();
        (ids, faults)
    };
    let (ids, faults) = course(7).await;
    assert_eq!(course(7).await, (ids.clone(), faults.clone()));
    assert!(faults.contains(&None) && faults.contains(&Some(FaultKind::Cut)), "{faults:?}");
    assert_ne!(course(8).await, (ids, faults));
}

#[tokio::test]
async fn a_thousand_streams_at_once_end_as_they_were_meant_to() {
    let emulator = seeded(1).await;
    let sometimes = |fault| FaultRule { probability: Some(0.1), ..rule(fault) };
    let faults = [FaultKind::Cut, FaultKind::EndEarly, FaultKind::Malformed, FaultKind::Overloaded];
    emulator.plan(faults.map(sometimes).to_vec()).unwrap();
    let (path, body) = question(Kind::Qianfan, "[[long]]", true);
    let body = body.to_string();
    let mut asked = tokio::task::JoinSet::new();
    let addr = emulator.addr();
    for _ in 0..1000 {
        let body = body.clone();
        asked.spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer k\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
            let mut bytes = Vec::new();
            // A dropped connection ends the reading as well.
            let _ = stream.read_to_end(&mut bytes).await;
            String::from_utf8_lossy(&bytes).contains("[DONE]")
        });
    }
    let all = tokio::time::timeout(Duration::from_mins(2), asked.join_all()).await.unwrap();
    let whole = all.into_iter().filter(|done| *done).count();
    let log = emulator.log();
    assert_eq!(log.len(), 1000);
    assert_eq!(whole, log.iter().filter(|entry| entry.fault.is_none()).count());
    assert!((500..800).contains(&whole), "{whole}");
    assert!(log.iter().all(|entry| entry.ended != Ended::Open));
    let stats = emulator.stats();
    assert_eq!((stats.open_streams, stats.cancelled_streams), (0, 0));
}

#[tokio::test]
async fn every_partner_says_what_it_was_given_to_say_once_and_in_order() {
    let answers = json!([
        {"text": "The gate is open."},
        {"calls": [{"name": "get_weather", "arguments": {"city": "Dunhuang"}}]},
    ]);
    for kind in Kind::ALL {
        let emulator = emulator(kind).await;
        let set = put(&emulator, "/emulator/answers", answers.clone()).await;
        assert_eq!(set.json().as_array().unwrap().len(), 2, "{kind:?}: {}", set.body);
        // A request that is refused uses none up.
        let refused = ask(&emulator, "hello [[error_500]]", false).await;
        assert!(!refused.body.contains("gate"), "{kind:?}: {}", refused.body);
        let told = ask(&emulator, "hello", false).await;
        assert!(told.body.contains("The gate is open."), "{told:?}");
        assert!(told.body.contains("emulated") || told.body.contains("模拟"), "{told:?}");
        let called = ask(&emulator, "hello", false).await;
        assert!(
            called.body.contains("get_weather") && called.body.contains("Dunhuang"),
            "{called:?}"
        );
        let own = ask(&emulator, "hello", false).await;
        assert!(own.body.contains("Thank you for asking."), "{kind:?}: {}", own.body);
        let left = send(&emulator, "GET", "/emulator/answers", &[], "").await;
        assert_eq!(left.json(), json!([]));
    }
}

#[tokio::test]
async fn a_scripted_answer_is_streamed_and_an_unreadable_one_is_refused() {
    let emulator = emulator(Kind::DeepSeek).await;
    let answer = json!([{"text": "The gate is open.", "reasoning": "A traveller asks."}]);
    put(&emulator, "/emulator/answers", answer).await;
    let told = ask(&emulator, "hello", true).await;
    assert!(told.chat_text().ends_with("The gate is open."), "{}", told.body);
    let wrong = put(&emulator, "/emulator/answers", json!([{"txt": "x"}])).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("txt"), "{}", wrong.body);
}

#[tokio::test]
async fn where_a_price_is_set_the_log_has_the_cost() {
    let emulator = emulator(Kind::DeepSeek).await;
    ask(&emulator, "hello", false).await;
    let prices = json!({"deepseek-flash": {"input": 2.0, "output": 3.5}});
    assert_eq!(put(&emulator, "/emulator/prices", prices.clone()).await.json(), prices);
    ask(&emulator, "hello", true).await;
    put(&emulator, "/emulator/prices", json!({"*": {"input": 0, "output": 1}})).await;
    ask(&emulator, "hello", false).await;
    let log = emulator.log();
    let usage = log[1].usage.unwrap();
    assert_eq!(log[0].cost_micros, None);
    let twice = 2 * log[1].cost_micros.unwrap();
    let exact = 4 * usage.input_tokens + 7 * usage.output_tokens;
    assert!(twice.abs_diff(exact) <= 1, "{twice} for {exact}");
    assert_eq!(log[2].cost_micros, Some(log[2].usage.unwrap().output_tokens));
    let wrong = put(&emulator, "/emulator/prices", json!({"*": {"input": -1, "output": 1}})).await;
    assert_eq!(wrong.status, 400);
}
