//! One judge over HTTP: bounded, and left alone for a while once it has failed repeatedly.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::header::{HeaderName, HeaderValue};
use http::{Request as HttpRequest, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use yumen_partners::{Admit, Breaker, Connections, HttpVersion, TlsSettings, connections};

use crate::config::JudgeConfig;
use crate::judges::Question;
use crate::key;
use crate::pieces::pieces;
use crate::shape::{Moment, Picture, Piece, Request, Shape};
use crate::verdict::Verdict;

/// The most of an answer that is read, in bytes.
const MOST_ANSWER: usize = 256 * 1024;
/// The most pieces of one text; a longer text is not judged, which is a failure.
const MOST_PIECES: usize = 64;
/// The most pictures of one request; where there are more, they are not judged, which is a failure.
const MOST_PICTURES: usize = 32;
/// Pieces of one text, or pictures of one request, under way at once.
const AT_ONCE: usize = 4;

/// A set of judges that cannot be used; every variant names what to change.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JudgesError {
    /// The address does not take the protocol's path.
    #[error("judge `{0}`: its `base_url` leads to no address")]
    Address(String),
    /// Something in its table.
    #[error("judge `{judge}`: {what}")]
    Config {
        /// Which judge.
        judge: String,
        /// What is wrong.
        what: String,
    },
    /// Its key cannot be read.
    #[error("the key of judge `{judge}`: {what}")]
    Key {
        /// Which judge.
        judge: String,
        /// What is wrong; nothing of the key.
        what: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// Two judges have the same id.
    #[error("the judge `{0}` is given twice")]
    Twice(String),
}

/// Why there is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// As many questions are under way as may be.
    #[error("too many questions are under way")]
    Busy,
    /// The screen lets the text go to nobody, so it was not asked.
    #[error("the text may not be sent to it")]
    Forbidden,
    /// It takes no pictures.
    #[error("it takes no pictures")]
    Blind,
    /// Its answer is not what the documentation says.
    #[error("its answer could not be read")]
    Malformed,
    /// It lies outside the market's residency, and was not asked.
    #[error("it lies outside the market's residency")]
    OutOfMarket,
    /// It answered with another status than 200.
    #[error("it answered with status {0}")]
    Refused(StatusCode),
    /// It failed repeatedly and is left alone.
    #[error("it failed repeatedly and is left alone for a while")]
    Resting,
    /// It did not answer in time.
    #[error("it did not answer in time")]
    Timeout,
    /// The text has too many pieces, or there are too many pictures or too large ones.
    #[error("what it is asked about is too large for it")]
    TooLong,
    /// It could not be reached, or the connection broke.
    #[error("it could not be reached")]
    Unreachable,
}

impl Failure {
    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::Busy => "busy",
            Self::Forbidden => "forbidden",
            Self::Malformed => "malformed",
            Self::OutOfMarket => "out_of_market",
            Self::Refused(_) => "refused",
            Self::Resting => "resting",
            Self::Timeout => "timeout",
            Self::TooLong => "too_long",
            Self::Unreachable => "unreachable",
        }
    }
}

/// One judge, ready to be asked.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) config: JudgeConfig,
    shape: Shape,
    address: Uri,
    connections: Connections,
    under_way: Semaphore,
    breaker: Mutex<Breaker>,
    began: Instant,
}

impl Judge {
    pub(crate) fn new(config: JudgeConfig, tls: &TlsSettings) -> Result<Self, JudgesError> {
        config.check()?;
        let shape = Shape::new(&config, key::read(&config.id, &config.key)?)?;
        let path = shape.path();
        let address =
            config.base_url.join(path).map_err(|_| JudgesError::Address(config.id.clone()))?;
        Ok(Self {
            shape,
            address,
            connections: connections(tls, HttpVersion::Auto),
            under_way: Semaphore::new(config.concurrency),
            breaker: Mutex::new(Breaker::new(config.breaker)),
            began: Instant::now(),
            config,
        })
    }

    /// Asks about a text, and how many calls that took. Dropping the future closes the connections.
    pub(crate) async fn ask(&self, question: Question<'_>) -> (Result<Verdict, Failure>, usize) {
        let pieces = pieces(question.text, self.config.max_chars, self.config.overlap_chars);
        if pieces.len() > MOST_PIECES {
            return (Err(Failure::TooLong), 0);
        }
        let piece = |text| Piece { direction: question.direction, text, asked: question.asked };
        self.all(pieces.into_iter().map(|text| Matter::Text(piece(text))).collect()).await
    }

    /// Asks about each of these pictures, beside no more words than a piece of text has, and how many calls that took.
    pub(crate) async fn look(&self, pictures: &[Picture<'_>]) -> (Result<Verdict, Failure>, usize) {
        let most = self.config.max_picture_kib * 1024;
        if pictures.len() > MOST_PICTURES || pictures.iter().any(|p| size(p.url) > most) {
            return (Err(Failure::TooLong), 0);
        }
        let cut = |picture: &Picture<'_>| {
            let beside = picture.beside.char_indices().nth(self.config.max_chars);
            beside.map_or(picture.beside.len(), |(end, _)| end)
        };
        let pictures = pictures.iter().map(|p| Picture { url: p.url, beside: &p.beside[..cut(p)] });
        self.all(pictures.map(Matter::Picture).collect()).await
    }

    /// All of these as one question.
    async fn all(&self, matters: Vec<Matter<'_>>) -> (Result<Verdict, Failure>, usize) {
        let Ok(_permit) = self.under_way.try_acquire() else { return (Err(Failure::Busy), 0) };
        let begun = self.began.elapsed();
        let admitted = self.breaker().admit(begun);
        if !matches!(admitted, Admit::Free | Admit::Probe) {
            return (Err(Failure::Resting), 0);
        }
        let calls = matters.len();
        // Made before they are put in a stream, which would not be `Send` with a closure of any lifetime in it.
        let questions: Vec<_> = matters.into_iter().map(|matter| self.call(matter)).collect();
        let all = stream::iter(questions).buffer_unordered(AT_ONCE);
        let all = all.try_fold(Verdict::default(), async |all, verdict| Ok(all.and(verdict)));
        let told = Told { judge: self, begun, probe: admitted == Admit::Probe };
        let verdict = timeout(self.config.timeout(), all).await.unwrap_or(Err(Failure::Timeout));
        told.tell(verdict.is_ok());
        (verdict, calls)
    }

    async fn call(&self, matter: Matter<'_>) -> Result<Verdict, Failure> {
        let request = match matter {
            Matter::Text(piece) => self.shape.encode(piece, &now()),
            Matter::Picture(picture) => self.shape.encode_picture(picture).ok_or(Failure::Blind)?,
        };
        let request = self.request(request);
        let answer = self.connections.request(request).await.map_err(|_| Failure::Unreachable)?;
        let status = answer.status();
        if status != StatusCode::OK {
            return Err(Failure::Refused(status));
        }
        let body = Limited::new(answer.into_body(), MOST_ANSWER).collect().await;
        let body = body.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                Failure::Malformed
            } else {
                Failure::Unreachable
            }
        })?;
        self.shape.decode(&body.to_bytes()).map_err(|_| Failure::Malformed)
    }

    fn request(&self, Request { headers, body }: Request) -> HttpRequest<Full<bytes::Bytes>> {
        let mut request = HttpRequest::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.address.clone();
        for (name, value) in headers {
            // The values are our own constants, dates, digests, or a key of printable characters.
            if let Ok(mut value) = HeaderValue::try_from(value) {
                value.set_sensitive(name == "authorization");
                request.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        request
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one call is about.
#[derive(Clone, Copy)]
enum Matter<'m> {
    Text(Piece<'m>),
    Picture(Picture<'m>),
}

/// What the breaker is still to be told of one question: also when nobody waits for the verdict any longer.
struct Told<'j> {
    judge: &'j Judge,
    begun: Duration,
    probe: bool,
}

impl Told<'_> {
    fn tell(self, answered: bool) {
        let now = self.judge.began.elapsed();
        let mut breaker = self.judge.breaker();
        if answered {
            breaker.succeeded(now, self.begun);
        } else {
            breaker.failed(now, self.begun, self.probe);
        }
        drop(breaker);
        std::mem::forget(self);
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.judge.breaker().probe_returned();
        }
    }
}

/// The bytes of a picture that is a `data:` address in base64.
fn size(url: &str) -> usize {
    let data = url.split_once(',').map_or(url, |(_, data)| data);
    data.trim_end_matches('=').len() * 3 / 4
}

fn now() -> Moment {
    let utc = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let nonce = getrandom::u64().unwrap_or_default();
    let more = getrandom::u64().unwrap_or_default();
    Moment { utc, nonce: format!("{nonce:016x}{more:016x}") }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use yumen_partners::tls;

    use super::*;
    use crate::config::Direction;
    use crate::verdict::Level;

    /// A server that answers every connection with the same bytes, or not at all; and how often it was asked.
    async fn server(answer: Option<&'static str>) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, SeqCst);
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = stream.read(&mut request).await;
                    match answer {
                        Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                        None => std::future::pending().await,
                    }
                });
            }
        });
        (address, asked)
    }

    fn judge(address: SocketAddr, more: &str) -> Judge {
        let config = format!(
            r#"id = "guard"
            kind = "guard"
            base_url = "http://{address}/v1"
            region = "CN"
            model = "guard"
            {more}
            [[rule]]
            said = "*"
            category = "risk"
            action = "refuse""#
        );
        Judge::new(toml::from_str(&config).unwrap(), &tls().unwrap()).unwrap()
    }

    fn question(text: &str) -> Question<'_> {
        Question { direction: Direction::Input, text, asked: None }
    }

    const UNSAFE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 80\r\n\r\n\
        {\"choices\": [{\"message\": {\"content\": \"Safety: Unsafe\\nCategories: Violent\"}}]}   ";
    const PNG: &str = "data:image/png;base64,iVBORw0KGgo=";
    const BUSY: &str =
        "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const CHATTY: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 70\r\n\r\n\
        {\"choices\": [{\"message\": {\"content\": \"Certainly! This is safe.\"}}]}        ";

    #[tokio::test]
    async fn a_long_text_is_judged_in_pieces_and_the_worst_counts() {
        let (address, asked) = server(Some(UNSAFE)).await;
        let judge = judge(address, "max_chars = 10\nmin_chars = 1\noverlap_chars = 2");
        let (verdict, calls) = judge.ask(question("一二三四五六七八九十一二三四五六七八")).await;
        assert_eq!(verdict.unwrap().level, Level::Unsafe);
        assert_eq!((calls, asked.load(SeqCst)), (2, 2));
    }

    #[tokio::test]
    async fn each_picture_is_judged_and_none_that_is_too_large_or_one_too_many() {
        let (address, asked) = server(Some(UNSAFE)).await;
        let judge = judge(address, "pictures = true\nmax_picture_kib = 1");
        let picture = |url| Picture { url, beside: "灯笼" };
        let (verdict, calls) = judge.look(&[picture(PNG), picture(PNG)]).await;
        assert_eq!(verdict.unwrap().level, Level::Unsafe);
        assert_eq!((calls, asked.load(SeqCst)), (2, 2));
        let of = |bytes: usize| format!("data:image/png;base64,{}", "A".repeat(bytes / 3 * 4));
        let (most, more) = (of(1_023), of(1_026));
        assert!(judge.look(&[picture(&most)]).await.0.is_ok());
        assert_eq!(judge.look(&[picture(PNG), picture(&more)]).await, (Err(Failure::TooLong), 0));
        let many = vec![picture(PNG); MOST_PICTURES + 1];
        assert_eq!(judge.look(&many).await, (Err(Failure::TooLong), 0));
        assert_eq!(asked.load(SeqCst), 3);
    }

    #[tokio::test]
    async fn silence_and_answers_that_are_none_are_failures() {
        let (address, _) = server(None).await;
        let silent = judge(address, "timeout_ms = 30");
        assert_eq!(silent.ask(question("a")).await.0, Err(Failure::Timeout));
        let (address, _) = server(Some(BUSY)).await;
        let refusing = judge(address, "").ask(question("a")).await.0;
        assert_eq!(refusing, Err(Failure::Refused(StatusCode::SERVICE_UNAVAILABLE)));
        let (address, _) = server(Some(CHATTY)).await;
        assert_eq!(judge(address, "").ask(question("a")).await.0, Err(Failure::Malformed));
    }

    #[tokio::test]
    async fn who_failed_repeatedly_is_not_asked_for_a_while() {
        let (address, asked) = server(Some(BUSY)).await;
        let judge = judge(address, "breaker = { failures = 3 }");
        for _ in 0..3 {
            assert!(matches!(judge.ask(question("a")).await.0, Err(Failure::Refused(_))));
        }
        assert_eq!(judge.ask(question("a")).await.0, Err(Failure::Resting));
        assert_eq!(asked.load(SeqCst), 3);
    }

    #[test]
    fn what_does_not_fit_together_is_said() {
        let parse = |change: (&str, &str)| {
            let config = r#"id = "guard"
                kind = "guard"
                base_url = "https://guard.example.cn/v1"
                region = "CN"
                model = "m"
                [[rule]]
                said = "Violent"
                category = "violence"
                action = "refuse""#;
            let config: JudgeConfig = toml::from_str(&config.replace(change.0, change.1)).unwrap();
            config.check()
        };
        parse(("", "")).unwrap();
        parse(("model = \"m\"", "model = \"m\"\npictures = true\ndirections = []")).unwrap();
        for (from, to, says) in [
            ("\"guard\"\n                kind", "\"Guard!\"\n                kind", "`id`"),
            ("model = \"m\"", "", "`model`"),
            ("model = \"m\"", "model = \"m\"\nmax_chars = 100\noverlap_chars = 60", "half"),
            ("\"refuse\"", "\"mask\"", "cannot mask"),
            ("\"violence\"", "\"\"", "category"),
            ("model = \"m\"", "model = \"m\"\nmax_picture_kib = 0", "max_picture_kib"),
            ("model = \"m\"", "model = \"m\"\ndirections = []", "`directions`"),
            ("model = \"m\"", "model = \"m\"\ninstruction = \"Look.\"", "`instruction`"),
            (
                "\"guard\"\n                base",
                "\"alibaba_guardrail\"\npictures = true\n                base",
                "`pictures`",
            ),
            ("said = \"Violent\"", "said = \"Violent\"\nlevel = \"safe\"", "safe"),
        ] {
            let error = parse((from, to)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
