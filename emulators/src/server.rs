//! The listening side: sockets, HTTP, counters. What is said is the partners' business.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt as _, Collected, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::asked::Asked;
use crate::claims::{Claimed, Claims};
use crate::delivery::{Cut, Delivery, Paced};
use crate::exchange::{Keys, Request, Response, Ticket, seed_of};
use crate::kind::Kind;
use crate::line::{Line, Reset};
use crate::log::{Ended, Log, LogEntry};
use crate::partner;
use crate::prices::Prices;
use crate::schedule::{FaultRule, Schedule};
use crate::script::{Answer, Script};
use crate::stats::{Attendance, Counters, Stats};

/// The largest request body taken, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// How long to wait when the system has no socket to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Where the counters are served.
const STATS_PATH: &str = "/emulator/stats";
/// Where it is read and written what the emulator claims of itself.
const CLAIMS_PATH: &str = "/emulator/claims";
/// Where prices are read and written.
const PRICES_PATH: &str = "/emulator/prices";
/// Where answers are given in advance.
const ANSWERS_PATH: &str = "/emulator/answers";
/// Where the schedule of faults is read and written.
const FAULTS_PATH: &str = "/emulator/faults";
/// Where the log is read and cleared.
const LOG_PATH: &str = "/emulator/log";
/// Where the last requests are read as they came.
const ASKED_PATH: &str = "/emulator/asked";
/// What all of them begin with.
const OWN_PATHS: &str = "/emulator/";

/// How an emulator behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The time between two parts of a streamed answer.
    pub chunk_delay: Duration,
    /// The only key accepted. Without one, every key but `bad-key` is.
    pub key: Option<String>,
    /// What ids, and the chance in a schedule of faults, are drawn from: with the same seed the
    /// same requests in the same order get the same answers, but for the dates in them. Without
    /// one, the clock is.
    pub seed: Option<u64>,
}

impl Default for Options {
    /// 15 ms between parts, any key, no seed.
    fn default() -> Self {
        Self { chunk_delay: Duration::from_millis(15), key: None, seed: None }
    }
}

/// A partner emulated on a socket, until it is dropped.
#[derive(Debug)]
pub struct Emulator {
    addr: SocketAddr,
    kind: Kind,
    desk: Arc<Desk>,
    accepting: JoinHandle<()>,
}

impl Emulator {
    /// Starts to listen on `addr` (port 0: any free one). Must be called inside a Tokio runtime.
    pub async fn bind(kind: Kind, addr: SocketAddr, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let desk = Arc::new(Desk {
            kind,
            chunk_delay: options.chunk_delay,
            keys: Keys::only(options.key.as_deref()),
            seed: options.seed.unwrap_or_else(|| seed_of(SystemTime::now())),
            counters: Arc::default(),
            claims: Claimed::default(),
            schedule: Arc::default(),
            script: Arc::default(),
            prices: Arc::default(),
            log: Log::default(),
            asked: Asked::default(),
            numbers: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&desk)));
        Ok(Self { addr, kind, desk, accepting })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Which partner it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it has seen until now.
    pub fn stats(&self) -> Stats {
        self.desk.counters.read()
    }

    /// Gives these answers next, one each; what was left of others is forgotten.
    pub fn script(&self, answers: Vec<Answer>) {
        self.desk.script.set(answers);
    }

    /// Says `claims` of itself from the next request on.
    pub fn claim(&self, claims: Claims) {
        self.desk.claims.set(claims);
    }

    /// Has the faults of `rules` from the next request on, in place of all before. Gives what is
    /// wrong with a rule, and then changes nothing.
    pub fn plan(&self, rules: Vec<FaultRule>) -> Result<(), String> {
        self.desk.schedule.set(rules)
    }

    /// The rules of its faults, and how often each has fired.
    pub fn planned(&self) -> Vec<FaultRule> {
        self.desk.schedule.get()
    }

    /// The last requests, oldest first; ten thousand at most.
    pub fn log(&self) -> Vec<LogEntry> {
        self.desk.log.read()
    }

    /// Forgets the requests so far; the counters stay.
    pub fn clear_log(&self) {
        self.desk.log.clear();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Ends the listener and with it, through the task set, every connection.
        self.accepting.abort();
    }
}

/// What all connections of one emulator share.
#[derive(Debug)]
struct Desk {
    kind: Kind,
    chunk_delay: Duration,
    keys: Keys,
    seed: u64,
    counters: Arc<Counters>,
    claims: Claimed,
    schedule: Arc<Schedule>,
    script: Arc<Script>,
    prices: Arc<Prices>,
    log: Log,
    asked: Asked,
    numbers: AtomicU64,
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                desk.counters.connection_opened();
                connections.spawn(connection(stream, Arc::clone(&desk)));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, desk: Arc<Desk>) {
    if stream.set_nodelay(true).is_err() {
        return; // the client has gone already
    }
    let (line, reset) = Line::of(stream);
    let first = AtomicBool::new(true);
    let service = service_fn(move |request| {
        let is_first = first.swap(false, Ordering::Relaxed);
        serve(Arc::clone(&desk), request, is_first, reset.clone())
    });
    // Either version of HTTP, as the client's first bytes say: 2 only with prior knowledge. An
    // error here is the client's leaving, or the cut that a fault asked for.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(line), service)
        .await;
}

async fn serve(
    desk: Arc<Desk>,
    request: hyper::Request<Incoming>,
    is_first: bool,
    reset: Reset,
) -> Result<hyper::Response<Paced>, Cut> {
    if request.uri().path().starts_with(OWN_PATHS) {
        if is_first {
            desk.counters.connection_was_ours();
        }
        return Ok(own(&desk, request).await);
    }
    desk.counters.request();
    let (head, body) = request.into_parts();
    let ticket = Ticket::new(desk.numbers.fetch_add(1, Ordering::Relaxed), desk.seed);
    let record = desk.log.open(entry(&ticket, &head));
    let mut attendance = Attendance::begin(&desk.counters, &record);
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        record.note(|entry| entry.status = Some(StatusCode::PAYLOAD_TOO_LARGE.as_u16()));
        attendance.finish(Ended::Complete);
        let headers = vec![("connection", "close".to_owned())];
        let nothing = Delivery::whole(Vec::new(), None);
        return Ok(respond(StatusCode::PAYLOAD_TOO_LARGE, headers, nothing, None, &desk));
    };
    let body = body.to_bytes();
    desk.asked.take(&body);
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        headers: head.headers,
        body,
        ticket,
        claims: desk.claims.get(),
        keys: desk.keys.clone(),
        schedule: Arc::clone(&desk.schedule),
        script: Arc::clone(&desk.script),
        prices: Arc::clone(&desk.prices),
        record: Arc::clone(&record),
    };
    match partner::answer(desk.kind, &request) {
        Response::Answer { status, headers, delivery } => {
            if !delivery.late.is_zero() {
                tokio::time::sleep(delivery.late).await;
            }
            record.note(|entry| entry.status = Some(status.as_u16()));
            Ok(respond(status, headers, delivery, Some(attendance), &desk))
        }
        Response::Silence => {
            // Held until the client leaves, which drops this future and the attendance with it.
            std::future::pending::<()>().await;
            unreachable!("a pending future does not end")
        }
        Response::Reset => {
            reset.demand();
            attendance.finish(Ended::Cut);
            Err(Cut)
        }
    }
}

/// What the log knows when a request arrives.
fn entry(ticket: &Ticket, head: &http::request::Parts) -> LogEntry {
    LogEntry {
        number: ticket.number,
        at_ms: u64::try_from(ticket.unix_millis()).unwrap_or(u64::MAX),
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        http: format!("{:?}", head.version),
        model: None,
        key: key_id(&head.headers),
        stream: None,
        prefixed: false,
        fault: None,
        status: None,
        parts: 0,
        ended: Ended::Open,
        usage: None,
        cost_micros: None,
    }
}

/// The start of the hash of what the request authenticates with.
fn key_id(headers: &HeaderMap) -> Option<String> {
    let key =
        ["authorization", "x-api-key", "api-key"].iter().find_map(|name| headers.get(*name))?;
    let key = key.as_bytes();
    let key = match key.strip_prefix(b"TC3-HMAC-SHA256 Credential=") {
        // What follows the id differs from request to request.
        Some(signed) => signed.split(|byte| *byte == b'/').next().unwrap_or(signed),
        None => key.strip_prefix(b"Bearer ").unwrap_or(key),
    };
    let hash = Sha256::digest(key);
    Some(hash.iter().take(6).fold(String::new(), |id, byte| id + &format!("{byte:02x}")))
}

/// The emulator's own addresses, which no partner has.
async fn own(desk: &Desk, request: hyper::Request<Incoming>) -> hyper::Response<Paced> {
    let (head, body) = request.into_parts();
    let (path, method) = (head.uri.path(), head.method);
    let (status, body) = if method == Method::PUT {
        let body = Limited::new(body, MAX_BODY).collect().await;
        let body = body.map(Collected::to_bytes).unwrap_or_default();
        match set(desk, path, &body) {
            Ok(told) => (StatusCode::OK, told),
            Err(error) => (StatusCode::BAD_REQUEST, json!({ "error": error })),
        }
    } else {
        match (path, method) {
            (STATS_PATH, Method::GET) => (StatusCode::OK, json!(desk.counters.read())),
            (CLAIMS_PATH, Method::GET) => (StatusCode::OK, json!(*desk.claims.get())),
            (ANSWERS_PATH, Method::GET) => (StatusCode::OK, json!(desk.script.left())),
            (PRICES_PATH, Method::GET) => (StatusCode::OK, json!(desk.prices.get())),
            (FAULTS_PATH, Method::GET) => (StatusCode::OK, json!(desk.schedule.get())),
            (LOG_PATH, Method::GET) => (StatusCode::OK, json!(desk.log.read())),
            (ASKED_PATH, Method::GET) => (StatusCode::OK, json!(desk.asked.read())),
            (LOG_PATH, Method::DELETE) => {
                desk.log.clear();
                (StatusCode::OK, json!([]))
            }
            (
                STATS_PATH | CLAIMS_PATH | ANSWERS_PATH | PRICES_PATH | FAULTS_PATH | LOG_PATH
                | ASKED_PATH,
                _,
            ) => (StatusCode::METHOD_NOT_ALLOWED, Value::Null),
            _ => (StatusCode::NOT_FOUND, Value::Null),
        }
    };
    let delivery = Delivery::whole(body.to_string().into_bytes(), None);
    respond(status, vec![("content-type", "application/json".to_owned())], delivery, None, desk)
}

/// Takes a setting over; gives it back as it now is, or says what is wrong with it.
fn set(desk: &Desk, path: &str, body: &[u8]) -> Result<Value, String> {
    let wrong = |error: serde_json::Error| error.to_string();
    match path {
        CLAIMS_PATH => {
            let claims: Claims = serde_json::from_slice(body).map_err(wrong)?;
            let told = json!(claims);
            desk.claims.set(claims);
            Ok(told)
        }
        ANSWERS_PATH => {
            desk.script.set(serde_json::from_slice(body).map_err(wrong)?);
            Ok(json!(desk.script.left()))
        }
        PRICES_PATH => {
            desk.prices.set(serde_json::from_slice(body).map_err(wrong)?)?;
            Ok(json!(desk.prices.get()))
        }
        FAULTS_PATH => {
            desk.schedule.set(serde_json::from_slice(body).map_err(wrong)?)?;
            Ok(json!(desk.schedule.get()))
        }
        _ => Err(format!("nothing is set at {path}")),
    }
}

fn respond(
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    delivery: Delivery,
    attendance: Option<Attendance>,
    desk: &Desk,
) -> hyper::Response<Paced> {
    let mut response = hyper::Response::new(delivery.into_body(desk.chunk_delay, attendance));
    *response.status_mut() = status;
    let map = response.headers_mut();
    for (name, value) in headers {
        // Values with bytes no header may hold (a client's odd field name) are left out.
        if let Ok(value) = HeaderValue::from_str(&value) {
            map.insert(HeaderName::from_static(name), value);
        }
    }
    map.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    map.insert("x-emulated", HeaderValue::from_static("yumen"));
    response
}
