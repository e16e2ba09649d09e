//! The mock partner: a server that speaks OpenAI chat completions with fixed answers, as fast as it
//! can or at a set pace.
//!
//! It counts the answers it served, the frames it streamed and the streams that are open, and is told its pace at run time:
//! `GET /control?chunks=60&chunk_us=100000&first_us=0`, `GET /stats`. Its address is the one
//! argument (default `127.0.0.1:9100`). It checks nothing of a request but whether it asks for a
//! stream; whether a gateway speaks properly is a matter of tests, not of this.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Frame, Incoming},
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpSocket,
    time::{Instant, Sleep, sleep_until},
};

type Answer = Response<Either<Full<Bytes>, Stream>>;

/// The text of a whole answer; about 700 bytes, so that the answer has about 1.1 KB.
const TEXT: &str = "The gate was built where the road leaves the mountains. A caravan that wished to \
pass showed its papers at the tower, named its goods and its destination, and waited in the yard \
until the clerk had written both into his book. The book was kept in two copies. One stayed at the \
gate; the other went east with the next courier, so that nobody could later change a line without \
the difference being seen. A traveller who had everything in order was through in the time it takes \
to water a horse. Whoever had not was told which paper was missing and where to get it, and found, \
when he came back with it, that the clerk remembered him and had kept his place in the line.";

const WORDS: [&str; 6] = [" gate", " road", " paper", " traveller", " tower", " book"];

/// What every request shares.
struct Mock {
    pace: Pace,
    served: AtomicU64,
    streams: Arc<Streams>,
    answer: Bytes,
    frames: Frames,
}

/// What is counted over all streams.
#[derive(Default)]
struct Streams {
    open: AtomicU64,
    frames: AtomicU64,
}

/// The pace of a stream: how many chunks, and the microseconds before the first and before each.
struct Pace {
    chunks: AtomicU64,
    chunk_us: AtomicU64,
    first_us: AtomicU64,
}

/// The frames of a stream, written once.
#[derive(Clone)]
struct Frames {
    open: Bytes,
    words: [Bytes; WORDS.len()],
    finish: Bytes,
    usage: Bytes,
    done: Bytes,
}

impl Frames {
    fn new() -> Self {
        let frame = |choices: &str, usage: &str| {
            Bytes::from(format!(
                "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\
                 \"model\":\"gpt-5.4-mini\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\
                 \"choices\":[{choices}],\"usage\":{usage}}}\n\n"
            ))
        };
        let choice = |delta: &str, finish: &str| {
            format!(
                "{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}"
            )
        };
        Self {
            open: frame(&choice("{\"role\":\"assistant\",\"content\":\"\"}", "null"), "null"),
            words: WORDS
                .map(|word| frame(&choice(&format!("{{\"content\":\"{word}\"}}"), "null"), "null")),
            finish: frame(&choice("{}", "\"stop\""), "null"),
            usage: frame(
                "",
                "{\"prompt_tokens\":200,\"completion_tokens\":60,\"total_tokens\":260}",
            ),
            done: Bytes::from_static(b"data: [DONE]\n\n"),
        }
    }
}

/// One streamed answer.
struct Stream {
    frames: Frames,
    all: Arc<Streams>,
    chunks: u64,
    usage: bool,
    sent: u64,
    chunk_time: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    /// The frame at a place in the stream: opening, words, finish, usage if asked for, done.
    fn frame_at(&self, at: u64) -> Option<Bytes> {
        let place = match at {
            0 => return Some(self.frames.open.clone()),
            at if at <= self.chunks => {
                let word = usize::try_from(at % WORDS.len() as u64).unwrap_or(0);
                return Some(self.frames.words[word].clone());
            }
            at => at - self.chunks,
        };
        match (place, self.usage) {
            (1, _) => Some(self.frames.finish.clone()),
            (2, true) => Some(self.frames.usage.clone()),
            (2, false) | (3, true) => Some(self.frames.done.clone()),
            _ => None,
        }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        let at = this.sent;
        if at <= this.chunks
            && let Some(sleep) = &mut this.sleep
        {
            ready!(sleep.as_mut().poll(cx));
            // The schedule is absolute: a late chunk does not make the next one late.
            if at > 0 {
                let next = sleep.deadline() + this.chunk_time;
                sleep.as_mut().reset(next);
            }
        }
        let Some(frame) = this.frame_at(at) else { return Poll::Ready(None) };
        this.sent += 1;
        this.all.frames.fetch_add(1, Relaxed);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.all.open.fetch_sub(1, Relaxed);
    }
}

impl Mock {
    fn new() -> Self {
        let answer = format!(
            "{{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1790000000,\
             \"model\":\"gpt-5.4-mini\",\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\
             \"content\":\"{TEXT}\",\"refusal\":null}},\"logprobs\":null,\"finish_reason\":\"stop\"}}],\
             \"usage\":{{\"prompt_tokens\":200,\"completion_tokens\":150,\"total_tokens\":350}},\
             \"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\"}}"
        );
        Self {
            pace: Pace {
                chunks: AtomicU64::new(60),
                chunk_us: AtomicU64::new(0),
                first_us: AtomicU64::new(0),
            },
            served: AtomicU64::new(0),
            streams: Arc::default(),
            answer: answer.into(),
            frames: Frames::new(),
        }
    }

    async fn serve(&self, request: Request<Incoming>) -> Answer {
        if request.method() == Method::POST && request.uri().path().ends_with("/chat/completions") {
            let Ok(body) = request.into_body().collect().await else {
                return json(StatusCode::BAD_REQUEST, "{}".into());
            };
            let body = body.to_bytes();
            self.served.fetch_add(1, Relaxed);
            return if asks(&body, "stream") {
                self.stream(asks(&body, "include_usage"))
            } else {
                json(StatusCode::OK, self.answer.clone())
            };
        }
        match request.uri().path() {
            "/control" => {
                for (name, value) in request
                    .uri()
                    .query()
                    .unwrap_or_default()
                    .split('&')
                    .filter_map(|pair| pair.split_once('='))
                {
                    let setting = match name {
                        "chunks" => &self.pace.chunks,
                        "chunk_us" => &self.pace.chunk_us,
                        "first_us" => &self.pace.first_us,
                        _ => return json(StatusCode::BAD_REQUEST, "{}".into()),
                    };
                    let Ok(value) = value.parse() else {
                        return json(StatusCode::BAD_REQUEST, "{}".into());
                    };
                    setting.store(value, Relaxed);
                }
                json(StatusCode::OK, "{}".into())
            }
            "/stats" => {
                let served = self.served.load(Relaxed);
                let Streams { open, frames } = &*self.streams;
                let (open, frames) = (open.load(Relaxed), frames.load(Relaxed));
                let stats = format!("{{\"served\":{served},\"open\":{open},\"frames\":{frames}}}");
                json(StatusCode::OK, stats.into())
            }
            _ => json(StatusCode::NOT_FOUND, "{\"error\":{\"message\":\"no such path\"}}".into()),
        }
    }

    fn stream(&self, usage: bool) -> Answer {
        self.streams.open.fetch_add(1, Relaxed);
        let micros = |setting: &AtomicU64| Duration::from_micros(setting.load(Relaxed));
        let (first, chunk_time) = (micros(&self.pace.first_us), micros(&self.pace.chunk_us));
        let paced = !first.is_zero() || !chunk_time.is_zero();
        let stream = Stream {
            frames: self.frames.clone(),
            all: Arc::clone(&self.streams),
            chunks: self.pace.chunks.load(Relaxed),
            usage,
            sent: 0,
            chunk_time,
            sleep: paced.then(|| Box::pin(sleep_until(Instant::now() + first))),
        };
        let mut response = Response::new(Either::Right(stream));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

fn json(status: StatusCode, body: Bytes) -> Answer {
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Whether a body says `"name": true` anywhere; no JSON is parsed here, so that the mock costs little.
fn asks(body: &[u8], name: &str) -> bool {
    let needle = format!("\"{name}\":");
    body.windows(needle.len())
        .enumerate()
        .filter(|(_, window)| *window == needle.as_bytes())
        .any(|(at, _)| body[at + needle.len()..].trim_ascii_start().starts_with(b"true"))
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9100".to_owned());
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address.parse()?)?;
    let listener = socket.listen(4096)?;
    let mock = Arc::new(Mock::new());
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: wait until some are given back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = connection.set_nodelay(true);
        let mock = Arc::clone(&mock);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let mock = Arc::clone(&mock);
                async move { Ok::<_, Infallible>(mock.serve(request).await) }
            });
            // A client that goes away in the middle is not the mock's trouble.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
        });
    }
}
