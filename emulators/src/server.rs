//! The listening side: sockets, HTTP, counters. What is said is the partners' business.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::claims::{Claimed, Claims};
use crate::delivery::{Delivery, Paced};
use crate::exchange::{Request, Response, Ticket};
use crate::stats::{Attendance, Counters, Stats};
use crate::{dashscope, openai};

/// The largest request body taken, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// How long to wait when the system has no socket to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Where the counters are served.
const STATS_PATH: &str = "/emulator/stats";
/// Where it is read and written what the emulator claims of itself.
const CLAIMS_PATH: &str = "/emulator/claims";

/// Which partner is emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// OpenAI: `/v1/chat/completions`, `/v1/responses`, `/v1/models`.
    OpenAi,
    /// Alibaba's DashScope: `/api/v1/services/aigc/text-generation/generation` and
    /// `/compatible-mode/v1/chat/completions`.
    DashScope,
}

/// How an emulator behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The time between two parts of a streamed answer.
    pub chunk_delay: Duration,
    /// The only key accepted. Without one, every key but `bad-key` is.
    pub key: Option<String>,
}

impl Default for Options {
    /// 15 ms between parts, any key.
    fn default() -> Self {
        Self { chunk_delay: Duration::from_millis(15), key: None }
    }
}

/// A partner emulated on a socket, until it is dropped.
#[derive(Debug)]
pub struct Emulator {
    addr: SocketAddr,
    counters: Arc<Counters>,
    claims: Arc<Claimed>,
    accepting: JoinHandle<()>,
}

impl Emulator {
    /// Starts to listen on `addr` (port 0: any free one). Must be called inside a Tokio runtime.
    pub async fn bind(kind: Kind, addr: SocketAddr, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let counters = Arc::new(Counters::default());
        let claims = Arc::new(Claimed::default());
        let desk = Arc::new(Desk {
            kind,
            options,
            counters: Arc::clone(&counters),
            claims: Arc::clone(&claims),
            started: SystemTime::now(),
            numbers: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, desk));
        Ok(Self { addr, counters, claims, accepting })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it has seen until now.
    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    /// Says `claims` of itself from the next request on.
    pub fn claim(&self, claims: Claims) {
        self.claims.set(claims);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Ends the listener and with it, through the task set, every connection.
        self.accepting.abort();
    }
}

/// What all connections of one emulator share.
struct Desk {
    kind: Kind,
    options: Options,
    counters: Arc<Counters>,
    claims: Arc<Claimed>,
    started: SystemTime,
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
    let first = AtomicBool::new(true);
    let service = service_fn(|request| {
        let is_first = first.swap(false, Ordering::Relaxed);
        serve(&desk, request, is_first)
    });
    // An error here is the client's leaving, or the cut that a fault asked for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn serve(
    desk: &Desk,
    request: hyper::Request<Incoming>,
    is_first: bool,
) -> Result<hyper::Response<Paced>, Infallible> {
    if matches!(request.uri().path(), STATS_PATH | CLAIMS_PATH) {
        if is_first {
            desk.counters.connection_was_ours();
        }
        return Ok(own(desk, request).await);
    }
    desk.counters.request();
    let mut attendance = Attendance::begin(&desk.counters);
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        attendance.finish();
        let headers = vec![("connection", "close".to_owned())];
        let nothing = Delivery::whole(Vec::new(), None);
        return Ok(respond(StatusCode::PAYLOAD_TOO_LARGE, headers, nothing, None, desk));
    };
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
        ticket: Ticket::new(desk.numbers.fetch_add(1, Ordering::Relaxed), desk.started),
        claims: desk.claims.get(),
    };
    let key_fits = request.bearer().is_some_and(|key| {
        key != "bad-key" && desk.options.key.as_deref().is_none_or(|only| only == key)
    });
    let response = match desk.kind {
        Kind::OpenAi => openai::answer(&request, key_fits),
        Kind::DashScope => dashscope::answer(&request, key_fits),
    };
    match response {
        Response::Answer { status, headers, delivery } => {
            Ok(respond(status, headers, delivery, Some(attendance), desk))
        }
        Response::Silence => {
            // Held until the client leaves, which drops this future and the attendance with it.
            std::future::pending::<()>().await;
            unreachable!("a pending future does not end")
        }
    }
}

/// The emulator's own addresses, which no partner has.
async fn own(desk: &Desk, request: hyper::Request<Incoming>) -> hyper::Response<Paced> {
    let (head, body) = request.into_parts();
    let (status, body) = match (head.uri.path(), head.method) {
        (STATS_PATH, Method::GET) => (StatusCode::OK, serde_json::to_vec(&desk.counters.read())),
        (CLAIMS_PATH, Method::GET) => (StatusCode::OK, serde_json::to_vec(&*desk.claims.get())),
        (CLAIMS_PATH, Method::PUT) => {
            let body = Limited::new(body, MAX_BODY).collect().await.ok();
            match body.and_then(|body| serde_json::from_slice(&body.to_bytes()).ok()) {
                Some(claims) => {
                    let told = serde_json::to_vec(&claims);
                    desk.claims.set(claims);
                    (StatusCode::OK, told)
                }
                None => (StatusCode::BAD_REQUEST, Ok(b"null".to_vec())),
            }
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, Ok(b"null".to_vec())),
    };
    // Serialising strings and numbers cannot fail.
    let delivery = Delivery::whole(body.unwrap_or_default(), None);
    respond(status, vec![("content-type", "application/json".to_owned())], delivery, None, desk)
}

fn respond(
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    delivery: Delivery,
    attendance: Option<Attendance>,
    desk: &Desk,
) -> hyper::Response<Paced> {
    let mut response =
        hyper::Response::new(delivery.into_body(desk.options.chunk_delay, attendance));
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
