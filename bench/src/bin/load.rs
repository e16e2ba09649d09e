//! The load generator: closed loops of whole or streamed chat completions over kept connections.
//!
//! `load whole --url URL --model M --connections N --seconds S [--header 'name: value']...`
//! measures whole answers: every connection asks again as soon as it is answered, until the time is
//! over. `load streams` does the same with streamed answers; with `--rounds R` each connection
//! makes R streams and stops. One JSON object comes out. It runs on one thread, so that its own
//! cost is easy to tell from the gateway's.

use std::{
    cell::RefCell,
    collections::HashMap,
    error::Error,
    fmt::Write as _,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode, Uri,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    task::LocalSet,
    time::{sleep, timeout},
};

type Fault = Box<dyn Error>;

/// No single answer of the bench takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What to do, from the command line.
struct Plan {
    streams: bool,
    address: SocketAddr,
    uri: Uri,
    headers: Vec<(String, String)>,
    body: Bytes,
    connections: usize,
    end: Option<Instant>,
    rounds: Option<u64>,
}

/// What was seen. Times in microseconds.
#[derive(Default)]
struct Seen {
    answers: u64,
    failures: u64,
    first_failure: Option<String>,
    events: u64,
    latencies: Vec<u32>,
    first_tokens: Vec<u32>,
}

impl Seen {
    fn failed(&mut self, fault: String) {
        self.failures += 1;
        self.first_failure.get_or_insert(fault);
    }
}

impl Plan {
    fn read() -> Result<Self, Fault> {
        let mut arguments = std::env::args().skip(1);
        let streams = match arguments.next().as_deref() {
            Some("whole") => false,
            Some("streams") => true,
            _ => return Err("the first argument is `whole` or `streams`".into()),
        };
        let mut named = HashMap::new();
        let mut headers = Vec::new();
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} has no value"))?;
            if name == "--header" {
                let (name, value) = value.split_once(':').ok_or("--header is 'name: value'")?;
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            } else {
                named.insert(name, value);
            }
        }
        let mut take = |name: &str| named.remove(name);
        let uri: Uri = take("--url").ok_or("--url is missing")?.parse()?;
        let address = uri.authority().ok_or("--url has no host")?.as_str().parse()?;
        let model = take("--model").ok_or("--model is missing")?;
        let connections = take("--connections").map_or(Ok(1), |text| text.parse())?;
        let seconds = take("--seconds").map(|text| text.parse::<f64>()).transpose()?;
        let rounds = take("--rounds").map(|text| text.parse()).transpose()?;
        if let Some(unknown) = named.keys().next() {
            return Err(format!("unknown option {unknown}").into());
        }
        if seconds.is_none() && rounds.is_none() {
            return Err("--seconds or --rounds is needed, or it never ends".into());
        }
        let end = seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
        let body = question(&model, streams);
        Ok(Self { streams, address, uri, headers, body, connections, end, rounds })
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, Fault> {
        let mut request = Request::post(self.uri.path())
            .header(HOST, self.uri.authority().map_or("", |host| host.as_str()))
            .header(CONTENT_TYPE, "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Ok(request.body(Full::new(self.body.clone()))?)
    }

    fn is_over(&self, rounds: u64) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
            || self.rounds.is_some_and(|most| rounds >= most)
    }
}

/// A question of about 1 KB, in plain words.
fn question(model: &str, stream: bool) -> Bytes {
    let sentence = "The caravan reached the pass in the evening, and the clerk at the tower asked \
                    for the papers of every wagon before he opened the gate. ";
    let text = sentence.repeat(6);
    let options =
        if stream { "\"stream\":true,\"stream_options\":{\"include_usage\":true}," } else { "" };
    Bytes::from(format!(
        "{{\"model\":\"{model}\",{options}\"messages\":[{{\"role\":\"system\",\"content\":\"You tell stories \
         briefly.\"}},{{\"role\":\"user\",\"content\":\"{}\"}}],\"temperature\":0.5}}",
        text.trim_end()
    ))
}

/// Asks over one connection until the plan is over, opening it anew when it was closed.
async fn connection(plan: Rc<Plan>, seen: Rc<RefCell<Seen>>) {
    let mut sender: Option<SendRequest<Full<Bytes>>> = None;
    let mut rounds = 0;
    while !plan.is_over(rounds) {
        rounds += 1;
        if let Err(fault) = once(&plan, &seen, &mut sender).await {
            sender = None;
            seen.borrow_mut().failed(fault.to_string());
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// One question and its answer.
async fn once(
    plan: &Plan,
    seen: &RefCell<Seen>,
    kept: &mut Option<SendRequest<Full<Bytes>>>,
) -> Result<(), Fault> {
    let begun = Instant::now();
    let mut sender = match kept.take() {
        Some(sender) if !sender.is_closed() => sender,
        _ => open(plan.address).await?,
    };
    sender.ready().await?;
    let response = timeout(PATIENCE, sender.send_request(plan.request()?)).await??;
    let status = response.status();
    let mut body = response.into_body();
    if status != StatusCode::OK {
        let text = body.collect().await?.to_bytes();
        let text = String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned();
        return Err(format!("{status}: {text}").into());
    }
    if plan.streams {
        if !read_stream(plan, seen, &mut body, begun).await? {
            return Ok(()); // the time is over; the connection is dropped with its stream
        }
    } else {
        while let Some(frame) = timeout(PATIENCE, body.frame()).await? {
            frame?;
        }
    }
    let mut seen = seen.borrow_mut();
    seen.answers += 1;
    seen.latencies.push(micros(begun));
    *kept = Some(sender);
    Ok(())
}

async fn open(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Fault> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(async move {
        // How it ended is seen by who asked over it.
        let _ = connection.await;
    });
    Ok(sender)
}

/// Reads a stream to its end; `false` when the time was over before.
async fn read_stream(
    plan: &Plan,
    seen: &RefCell<Seen>,
    body: &mut Incoming,
    begun: Instant,
) -> Result<bool, Fault> {
    let mut text_seen = false;
    let mut last = [0; 16]; // the end of what came, to see frames and [DONE] across pieces
    while let Some(frame) = timeout(PATIENCE, body.frame()).await? {
        let Ok(piece) = frame?.into_data() else { continue };
        if !text_seen && holds_text(&piece) {
            text_seen = true;
            seen.borrow_mut().first_tokens.push(micros(begun));
        }
        let mut before = last[15];
        let mut events = 0;
        for &byte in &piece {
            events += u64::from(byte == b'\n' && before == b'\n');
            before = byte;
        }
        seen.borrow_mut().events += events;
        for &byte in &piece[piece.len().saturating_sub(16)..] {
            last.rotate_left(1);
            last[15] = byte;
        }
        if plan.rounds.is_none() && plan.is_over(0) {
            return Ok(false);
        }
    }
    if last.ends_with(b"data: [DONE]\n\n") {
        Ok(true)
    } else {
        Err("a stream ended without [DONE]".into())
    }
}

/// Whether a piece has a delta with text that is not empty.
fn holds_text(piece: &[u8]) -> bool {
    const FIELD: &[u8] = b"\"content\":\"";
    piece
        .windows(FIELD.len() + 1)
        .any(|window| window.starts_with(FIELD) && !window.ends_with(b"\""))
}

fn micros(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)
}

/// A percentile in milliseconds; 0 without samples.
fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |&micros| f64::from(micros) / 1000.0)
}

fn report(mut seen: Seen, seconds: f64) -> String {
    seen.latencies.sort_unstable();
    seen.first_tokens.sort_unstable();
    let mut out = format!(
        "{{\"seconds\":{seconds:.3},\"answers\":{},\"failures\":{},\"events\":{}",
        seen.answers, seen.failures, seen.events
    );
    for (name, sorted) in [("latency", &seen.latencies), ("first_token", &seen.first_tokens)] {
        for percent in [50, 99] {
            // Writing to a String does not fail.
            let _ = write!(out, ",\"{name}_p{percent}_ms\":{:.3}", percentile(sorted, percent));
        }
    }
    let failure = seen.first_failure.unwrap_or_default();
    let plain: String = failure
        .chars()
        .map(|c| if c.is_control() || "\"\\".contains(c) { '\'' } else { c })
        .collect();
    let _ = write!(out, ",\"first_failure\":\"{plain}\"}}");
    out
}

fn main() -> Result<(), Fault> {
    let plan = Rc::new(Plan::read()?);
    let seen = Rc::new(RefCell::new(Seen::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    LocalSet::new().block_on(&runtime, async {
        let running: Vec<_> = (0..plan.connections)
            .map(|_| tokio::task::spawn_local(connection(Rc::clone(&plan), Rc::clone(&seen))))
            .collect();
        for connection in running {
            connection.await?;
        }
        Ok::<_, Fault>(())
    })?;
    println!("{}", report(seen.take(), begun.elapsed().as_secs_f64()));
    Ok(())
}
