//! What the tests share: a cleared prompt, and a partner that does exactly what it is told.

use std::{
    collections::BTreeMap,
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use yumen_features::{Feature, Nonce, Prompt, prepare_chat};
use yumen_partners::{Capabilities, Clocks, Manner, ModelConfig, PartnerConfig, Partners, Routing};
use yumen_policy::{
    Device, Digest, Market, ModelRef, Policy, PolicySource, Release, ReleasedFeature, Timestamp,
    clear, judge,
};
use yumen_screen::{Screen, Screened, ToPartner};
use yumen_wire::{Chat, Dialect, Message};

/// Far longer than anything here takes; only a failing test waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const MARKET: &str = r#"
id = "sandbox"
name = { en = "Testing ground", zh = "试验场" }
regions = ["ZZ"]
development = true

[approval]
required = false
text = { en = "No approval is needed.", zh = "无需批准。" }
next_step = { en = "None.", zh = "无。" }
source = { clause = "tests" }

[[rule]]
id = "sandbox.purchase"
features = ["*"]
any = [{ purchase_region = { in = ["ZZ"] } }]
text = { en = "Bought nowhere.", zh = "无购买地。" }
next_step = { en = "None.", zh = "无。" }
source = { clause = "tests" }

[label]
none = true
"#;

const FEATURE: &str = include_str!("../../../../catalog/features/assistant.chat.toml");

/// A screened question, cleared for exactly these models, given as `partner/model`.
pub(crate) fn prompt(models: &[&str]) -> Screened<Prompt, ToPartner> {
    prompt_in(MARKET, models)
}

/// The same in a market whose requests may be processed in mainland China alone. The models are
/// there; where the partners' addresses lead is another question.
pub(crate) fn mainland_prompt(models: &[&str]) -> Screened<Prompt, ToPartner> {
    let residency = "\n[residency]\nprocessing = [\"CN\"]\nsource = { clause = \"tests\" }\n";
    prompt_in(&format!("{MARKET}{residency}"), models)
}

fn prompt_in(market: &str, models: &[&str]) -> Screened<Prompt, ToPartner> {
    let feature = Arc::new(Feature::parse(FEATURE).unwrap());
    let market = Market::parse(market).unwrap();
    let models = models
        .iter()
        .map(|name| {
            let (partner, model) = name.split_once('/').unwrap();
            ModelRef {
                region: Some("CN".parse().unwrap()),
                ..ModelRef::new(partner.parse().unwrap(), model.parse().unwrap(), "1")
            }
        })
        .collect();
    let released = ReleasedFeature { digest: feature.digest(), models };
    let release = Release::new(
        market.id().clone(),
        BTreeMap::from([(feature.id().clone(), released)]),
        Digest::of(b"screen"),
        Digest::of(b"label"),
    );
    let policy = Policy::new(PolicySource {
        markets: vec![market],
        terms: vec![feature.terms().clone()],
        releases: vec![release],
        sandbox: true,
        ..PolicySource::default()
    })
    .unwrap();
    let device: Device = serde_json::from_value(serde_json::json!({
        "purchase_region": "ZZ", "billing_region": "ZZ", "location": ["ZZ"], "class": "phone",
        "platform": "ios", "os_version": "26.1", "language": "en", "assistant_language": "en",
        "capabilities": ["generative"], "age_band": "adult",
    }))
    .unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let verdict = judge(&policy, &device, feature.id(), now);
    let clearance = clear(&policy, verdict, now).expect("the test device is eligible");
    let chat = Chat { messages: vec![Message::user("What is a gate?")], ..Chat::default() };
    let prompt = prepare_chat(clearance, &feature, chat, &Nonce::new([0; 12])).unwrap();
    let screen = Screen::new(Vec::new()).unwrap();
    screen.whole(prompt, ToPartner).unwrap().0
}

/// A partner's configuration whose clocks never run out in a test.
pub(crate) fn config(id: &str, address: SocketAddr) -> PartnerConfig {
    let base_url = format!("http://{address}/v1").parse().unwrap();
    PartnerConfig {
        emulated: true,
        clocks: Clocks {
            connect: PATIENCE,
            headers: PATIENCE,
            first_token: PATIENCE,
            first_token_failover: PATIENCE,
            gap: PATIENCE,
            total: PATIENCE,
            ..Clocks::default()
        },
        ..PartnerConfig::new(id.parse().unwrap(), Dialect::named("openai-chat").unwrap(), base_url)
    }
}

/// This partner alone, routed by default.
pub(crate) fn only(config: PartnerConfig) -> Partners {
    Partners::new(vec![config], Routing::default()).unwrap()
}

/// Several partners, routed by default.
pub(crate) fn all(configs: Vec<PartnerConfig>) -> Partners {
    Partners::new(configs, Routing::default()).unwrap()
}

/// The same partner, speaking a dialect and with a model that can go on from the beginning of an
/// answer.
pub(crate) fn continuing(mut config: PartnerConfig) -> PartnerConfig {
    config.protocol = Dialect::named("dashscope-compatible").unwrap();
    config.models = vec![ModelConfig {
        capabilities: Capabilities { prefix: Some(true), ..Capabilities::default() },
        ..ModelConfig::unknown("m-1".parse().unwrap())
    }];
    config
}

/// How to ask: as a stream, or for all at once.
pub(crate) fn manner(stream: bool) -> Manner<'static> {
    if stream { Manner::stream() } else { Manner::whole() }
}

/// One thing the partner does in answer to a request.
#[derive(Clone)]
pub(crate) enum Step {
    /// Sends these bytes as they are.
    Send(Vec<u8>),
    /// Sends these bytes again and again, with short pauses, until the other side is gone.
    Drip(Vec<u8>),
    /// Says nothing for so long.
    Pause(Duration),
    /// Says nothing more until the other side is gone.
    Silence,
    /// Closes the connection.
    Close,
}

/// A partner on loopback that answers request after request by its scripts; the last one stays.
pub(crate) struct Partner {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: Mutex<usize>,
    requests: Mutex<Vec<String>>,
    gone: Notify,
}

impl Partner {
    pub(crate) async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Seen>::default();
        let scripts: Arc<[Vec<Step>]> = scripts.into();
        let witness = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                *witness.connections.lock().unwrap() += 1;
                tokio::spawn(serve(connection, Arc::clone(&scripts), Arc::clone(&witness)));
            }
        });
        Self { address, seen }
    }

    /// The requests so far, heads and bodies as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.seen.connections.lock().unwrap()
    }

    /// Waits until the other side has closed a connection on which we were answering.
    pub(crate) async fn sees_hang_up(&self) {
        in_time(self.seen.gone.notified()).await;
    }

    /// Waits until a request has come in whole.
    pub(crate) async fn sees_request(&self) {
        in_time(async {
            while self.requests().is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Fails the test when something takes for ever.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it took for ever")
}

async fn serve(mut connection: TcpStream, scripts: Arc<[Vec<Step>]>, seen: Arc<Seen>) {
    while let Some(request) = read_request(&mut connection).await {
        let turn = {
            let mut requests = seen.requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        for step in &scripts[turn.min(scripts.len() - 1)] {
            match step {
                Step::Send(bytes) => connection.write_all(bytes).await.unwrap_or_default(),
                Step::Drip(bytes) => {
                    while connection.write_all(bytes).await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    seen.gone.notify_one();
                    return;
                }
                Step::Pause(pause) => tokio::time::sleep(*pause).await,
                Step::Silence => {
                    let mut more = [0; 64];
                    while connection.read(&mut more).await.is_ok_and(|count| count > 0) {}
                    seen.gone.notify_one();
                    return;
                }
                Step::Close => return,
            }
        }
    }
}

async fn read_request(connection: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.parse().unwrap());
            if body.len() >= length {
                return Some(text.into_owned());
            }
        }
        let count = connection.read(&mut buffer).await.ok().filter(|&count| count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
}

/// A whole answer with a JSON body.
pub(crate) fn json(status: &str, extra: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    vec![Step::Send(
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{extra}content-length: {length}\r\n\r\n{body}"
        )
        .into_bytes(),
    )]
}

/// The whole answer "A gate is a door in a wall."
pub(crate) fn completion() -> Vec<Step> {
    json(
        "200 OK",
        "",
        r#"{"id":"c1","object":"chat.completion","created":1,"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"A gate is a door in a wall."},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14}}"#,
    )
}

/// An error with this code.
pub(crate) fn failure(status: &str, code: &str) -> Vec<Step> {
    let body = format!(r#"{{"error":{{"message":"no","type":"{code}","code":"{code}"}}}}"#);
    json(status, "", &body)
}

/// The stream "A gate is a door in a wall."
pub(crate) fn stream() -> Vec<Step> {
    vec![stream_head(), opening(), text("A gate is "), text("a door in a wall."), ending()]
}

/// A stream that is cut after "A gate is ".
pub(crate) fn cut() -> Vec<Step> {
    vec![stream_head(), opening(), text("A gate is "), Step::Close]
}

/// What goes on with a cut stream.
pub(crate) fn rest() -> Vec<Step> {
    vec![stream_head(), opening(), text("a door in a wall."), ending()]
}

/// The head of a stream.
pub(crate) fn stream_head() -> Step {
    Step::Send(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec(),
    )
}

/// One piece of a stream's body.
pub(crate) fn piece(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

/// An event of a stream whose delta is this JSON.
pub(crate) fn delta(delta: &str) -> Vec<u8> {
    piece(&format!(
        "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}\n\n"
    ))
}

/// The event that opens a stream and says nothing yet.
pub(crate) fn opening() -> Step {
    Step::Send(delta(r#"{"role":"assistant","content":""}"#))
}

/// An event with a piece of text.
pub(crate) fn text(text: &str) -> Step {
    Step::Send(delta(&format!("{{\"content\":\"{text}\"}}")))
}

/// The proper end of a stream.
pub(crate) fn ending() -> Step {
    let mut bytes = piece(
        "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    );
    bytes.extend_from_slice(b"0\r\n\r\n");
    Step::Send(bytes)
}
