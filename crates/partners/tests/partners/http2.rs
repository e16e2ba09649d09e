//! Partners over HTTP/2: many answers on few connections, and a hang-up that ends one answer and not
//! the connection.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpListener, sync::Notify};

use crate::support::{config, in_time, only, prompt};
use yumen_partners::{Answer, AnswerStream, HttpVersion, Manner, Partners, Step as Went};
use yumen_wire::Event;

const FIRST: &str = "data: {\"id\":\"c1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A door\"}}]}\n\n";
const LAST: &str = "data: {\"id\":\"c1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
const WHOLE: &str = r#"{"id":"c1","object":"chat.completion","created":1,"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"A door"},"finish_reason":"stop"}]}"#;

/// A partner that speaks HTTP/2 alone.
struct Partner {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: AtomicUsize,
    /// Streams that were given up before their end.
    gone: AtomicUsize,
    left: Notify,
    /// Lets held streams end.
    go_on: Notify,
    /// Whether whole answers are held back, too.
    holds: AtomicBool,
}

/// A body that says something, and then holds until it is let go on.
struct Held {
    pieces: Vec<&'static str>,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    seen: Arc<Seen>,
    over: bool,
}

impl Body for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if let Some(waiting) = &mut this.waiting
            && this.pieces.len() == 1
        {
            if waiting.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.waiting = None;
        }
        let Some(piece) = this.pieces.pop() else {
            this.over = true;
            return Poll::Ready(None);
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece.as_bytes())))))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.over {
            self.seen.gone.fetch_add(1, SeqCst);
            self.seen.left.notify_one();
        }
    }
}

async fn answer(request: Request<Incoming>, seen: Arc<Seen>) -> Response<Held> {
    assert_eq!(request.version(), Version::HTTP_2);
    let body = request.into_body().collect().await.unwrap().to_bytes();
    seen.requests.fetch_add(1, SeqCst);
    let streams = serde_json::from_slice::<serde_json::Value>(&body).unwrap()["stream"] == true;
    let waiting = {
        let seen = Arc::clone(&seen);
        let go_on: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(async move { seen.go_on.notified().await });
        streams.then_some(go_on)
    };
    if !streams && seen.holds.load(SeqCst) {
        let _held =
            Held { pieces: Vec::new(), waiting: None, seen: Arc::clone(&seen), over: false };
        std::future::pending::<()>().await;
    }
    let pieces = if streams { vec![LAST, FIRST] } else { vec![WHOLE] };
    Response::new(Held { pieces, waiting, seen, over: false })
}

impl Partner {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::<Seen>::default());
        let witness = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                witness.connections.fetch_add(1, SeqCst);
                let witness = Arc::clone(&witness);
                let service = service_fn(move |request| {
                    let seen = Arc::clone(&witness);
                    async move { Ok::<_, Infallible>(answer(request, seen).await) }
                });
                tokio::spawn(
                    http2::Builder::new(TokioExecutor::new())
                        .max_concurrent_streams(100)
                        .serve_connection(TokioIo::new(connection), service),
                );
            }
        });
        Self { address, seen }
    }

    fn partners(&self) -> Partners {
        let mut config = config("acme", self.address);
        config.http = HttpVersion::Http2;
        only(config)
    }

    fn connections(&self) -> usize {
        self.seen.connections.load(SeqCst)
    }
}

async fn open(partners: &Partners) -> AnswerStream {
    let route = partners.route(prompt(&["acme/m-1"]), Manner::stream()).unwrap();
    match in_time(partners.ask(route)).await.unwrap() {
        Answer::Stream(stream) => stream,
        Answer::Whole(_) => panic!("a whole answer came"),
    }
}

async fn whole(partners: &Partners) -> String {
    let route = partners.route(prompt(&["acme/m-1"]), Manner::whole()).unwrap();
    match in_time(partners.ask(route)).await.unwrap() {
        Answer::Whole(whole) => whole.completion.text,
        Answer::Stream(_) => panic!("a stream came"),
    }
}

#[tokio::test]
async fn many_answers_come_over_one_connection_at_once() {
    let partner = Partner::start().await;
    let partners = partner.partners();
    assert_eq!(whole(&partners).await, "A door");
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(open(&partners).await);
    }
    assert_eq!(whole(&partners).await, "A door");
    assert_eq!(partner.connections(), 1);
    for mut stream in streams {
        partner.seen.go_on.notify_waiters();
        let mut events = Vec::new();
        while in_time(stream.next(&mut events)).await.unwrap() != Went::End {
            partner.seen.go_on.notify_waiters();
        }
        assert!(matches!(events.last(), Some(Event::Finish(_))));
    }
    assert_eq!(partner.seen.gone.load(SeqCst), 0);
}

#[tokio::test]
async fn more_than_a_connection_takes_go_over_another() {
    let partner = Partner::start().await;
    let partners = partner.partners();
    let mut streams = Vec::new();
    for _ in 0..250 {
        streams.push(open(&partners).await);
    }
    assert_eq!(partner.connections(), 3, "none waits unseen for a place");
}

#[tokio::test]
async fn hanging_up_ends_the_answer_and_not_the_connection() {
    let partner = Partner::start().await;
    let partners = partner.partners();
    let (kept, dropped) = (open(&partners).await, open(&partners).await);
    drop(dropped);
    in_time(partner.seen.left.notified()).await;
    assert_eq!(partner.seen.gone.load(SeqCst), 1);
    assert_eq!(whole(&partners).await, "A door");
    assert_eq!(partner.connections(), 1);
    drop(kept);
    in_time(partner.seen.left.notified()).await;

    partner.seen.holds.store(true, SeqCst);
    let asking = tokio::spawn({
        let partners = partners.clone();
        async move { whole(&partners).await }
    });
    let asked = partner.seen.requests.load(SeqCst) + 1;
    in_time(async {
        while partner.seen.requests.load(SeqCst) < asked {
            tokio::task::yield_now().await;
        }
    })
    .await;
    asking.abort();
    in_time(partner.seen.left.notified()).await;
    assert_eq!((partner.seen.gone.load(SeqCst), partner.connections()), (3, 1));
}
