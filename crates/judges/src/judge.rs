//! One judge over HTTP: bounded, and left alone for a while once it has failed repeatedly.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
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
use crate::memory::{Key, Memory};
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

    /// Whether it says something of the judge, and not of what it was asked about.
    pub fn is_of_the_judge(self) -> bool {
        !matches!(self, Self::Blind | Self::Forbidden | Self::TooLong)
    }

    /// Whether it stays until somebody does something about it.
    pub fn is_lasting(self) -> bool {
        let refused = |status| matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        matches!(self, Self::OutOfMarket) || matches!(self, Self::Refused(s) if refused(s))
    }
}

/// One judge, ready to be asked.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) config: JudgeConfig,
    shape: Shape,
    address: Uri,
    picture_address: Uri,
    connections: Connections,
    under_way: Semaphore,
    breaker: Mutex<Breaker>,
    memory: Mutex<Memory>,
    /// Failures since the last verdict.
    in_a_row: AtomicU32,
    began: Instant,
}

impl Judge {
    pub(crate) fn new(config: JudgeConfig, tls: &TlsSettings) -> Result<Self, JudgesError> {
        config.check()?;
        let shape = Shape::new(&config, key::read(&config.id, &config.key)?)?;
        let join =
            |path| config.base_url.join(path).map_err(|_| JudgesError::Address(config.id.clone()));
        let (address, picture_address) = (join(shape.path())?, join(shape.picture_path())?);
        Ok(Self {
            shape,
            address,
            picture_address,
            connections: connections(tls, HttpVersion::Auto),
            under_way: Semaphore::new(config.concurrency),
            breaker: Mutex::new(Breaker::new(config.breaker)),
            memory: Mutex::new(Memory::new(Duration::from_mins(config.remember_minutes))),
            in_a_row: AtomicU32::new(0),
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

    /// Counts how a question ended, and gives how often in a row it failed by now. What it was asked about is none of its failures.
    pub(crate) fn ended(&self, failure: Option<Failure>) -> u32 {
        match failure {
            None => self.in_a_row.store(0, Ordering::Relaxed),
            Some(failure) if failure.is_of_the_judge() => {
                return self.in_a_row.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            }
            Some(_) => {}
        }
        self.in_a_row.load(Ordering::Relaxed)
    }

    /// Whether it is left alone at the moment, and how often in a row it failed.
    pub(crate) fn standing(&self) -> (bool, u32) {
        let resting =
            matches!(self.breaker().look(self.began.elapsed()), Admit::Resting(_) | Admit::Told(_));
        (resting, self.in_a_row.load(Ordering::Relaxed))
    }

    /// Asks about each of these pictures, beside no more words than a piece of text has, and how many calls that took: none for one
    /// that it was asked about a few minutes ago.
    pub(crate) async fn look(&self, pictures: &[Picture<'_>]) -> (Result<Verdict, Failure>, usize) {
        let most = self.config.max_picture_kib * 1024;
        if pictures.len() > MOST_PICTURES || pictures.iter().any(|p| size(p.url) > most) {
            return (Err(Failure::TooLong), 0);
        }
        let cut = |picture: &Picture<'_>| {
            let beside = picture.beside.char_indices().nth(self.config.max_chars);
            beside.map_or(picture.beside.len(), |(end, _)| end)
        };
        let now = self.began.elapsed();
        let (mut known, mut seen, mut unknown) = (Verdict::default(), HashSet::new(), Vec::new());
        for picture in pictures {
            let picture = Picture { url: picture.url, beside: &picture.beside[..cut(picture)] };
            let key = Key::of(&picture, self.shape.reads_beside());
            match self.memory().recall(key, now) {
                _ if !seen.insert(key) => {}
                Some(verdict) => known = known.and(verdict),
                None => unknown.push(Matter::Picture(picture, key)),
            }
        }
        if unknown.is_empty() {
            return (Ok(known), 0);
        }
        let (verdict, calls) = self.all(unknown).await;
        (verdict.map(|verdict| known.and(verdict)), calls)
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
        let (address, request) = match matter {
            Matter::Text(piece) => (&self.address, self.shape.encode(piece, &now())),
            Matter::Picture(picture, _) => {
                let request = self.shape.encode_picture(picture, &now());
                (&self.picture_address, request.ok_or(Failure::Blind)?)
            }
        };
        let request = request_to(address, request);
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
        let body = body.to_bytes();
        match matter {
            Matter::Text(_) => self.shape.decode(&body).map_err(|_| Failure::Malformed),
            Matter::Picture(_, key) => {
                let verdict = self.shape.decode_picture(&body).map_err(|_| Failure::Malformed)?;
                self.memory().keep(key, &verdict, self.began.elapsed());
                Ok(verdict)
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn request_to(
    address: &Uri,
    Request { headers, body }: Request,
) -> HttpRequest<Full<bytes::Bytes>> {
    let mut request = HttpRequest::new(Full::new(body));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = address.clone();
    for (name, value) in headers {
        // The values are our own constants, dates, digests, or a key of printable characters.
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(name == "authorization");
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    request
}

/// What one call is about.
#[derive(Clone, Copy)]
enum Matter<'m> {
    Text(Piece<'m>),
    Picture(Picture<'m>, Key),
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
    const GIF: &str = "data:image/gif;base64,R0lGODlh";
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
        let (verdict, calls) = judge.look(&[picture(PNG), picture(GIF), picture(PNG)]).await;
        assert_eq!(verdict.unwrap().level, Level::Unsafe);
        assert_eq!((calls, asked.load(SeqCst)), (2, 2));
        // What was just judged is not asked about again, and is no less unsafe; with other words it is.
        let (verdict, calls) = judge.look(&[picture(GIF)]).await;
        assert_eq!((verdict.unwrap().level, calls), (Level::Unsafe, 0));
        let (_, calls) = judge.look(&[Picture { url: GIF, beside: "包裹" }]).await;
        assert_eq!((calls, asked.load(SeqCst)), (1, 3));
        let of = |bytes: usize| format!("data:image/png;base64,{}", "A".repeat(bytes / 3 * 4));
        let (most, more) = (of(1_023), of(1_026));
        assert!(judge.look(&[picture(&most)]).await.0.is_ok());
        assert_eq!(judge.look(&[picture(PNG), picture(&more)]).await, (Err(Failure::TooLong), 0));
        let many = vec![picture(PNG); MOST_PICTURES + 1];
        assert_eq!(judge.look(&many).await, (Err(Failure::TooLong), 0));
        assert_eq!(asked.load(SeqCst), 4);
        let forgetful = super::tests::judge(address, "pictures = true\nremember_minutes = 0");
        for _ in 0..2 {
            assert_eq!(forgetful.look(&[picture(PNG)]).await.1, 1);
        }
    }

    #[tokio::test]
    async fn failures_are_counted_in_a_row_and_only_those_of_the_judge() {
        let (address, _) = server(None).await;
        let judge = judge(address, "");
        assert_eq!(judge.ended(Some(Failure::Timeout)), 1);
        assert_eq!(judge.ended(Some(Failure::TooLong)), 1);
        assert_eq!(judge.ended(Some(Failure::Malformed)), 2);
        assert_eq!(judge.standing(), (false, 2));
        assert_eq!(judge.ended(None), 0);
        assert!(Failure::Refused(StatusCode::UNAUTHORIZED).is_lasting());
        assert!(!Failure::Refused(StatusCode::SERVICE_UNAVAILABLE).is_lasting());
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
                "\"alibaba_guardrail\"\n                base",
                "`model`",
            ),
            ("model = \"m\"", "model = \"m\"\nremember_minutes = 61", "remember_minutes"),
            ("said = \"Violent\"", "said = \"Violent\"\nlevel = \"safe\"", "safe"),
        ] {
            let error = parse((from, to)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
