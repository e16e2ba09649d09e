//! Which address is answered by what. [`ROUTES`] and the desk's are the whole surface; a test holds the
//! document at `/openapi.json` to them.

use http::{Method, Request, StatusCode, header};
use hyper::body::Incoming;
use yumen_policy::{HighWater, Timestamp, UiLanguage};

use crate::alarm::{About, AlarmKind};
use crate::endpoint::{admin, chat, eligibility, features, health, ledger, models, phone, reports};
use crate::gate::Gate;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::visit::{self, Visit};

/// Method, path and, in braces, the one variable segment of each address. The desk's come to them
/// ([`yumen_desk::ROUTES`]).
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", admin::ALARMS),
    ("GET", admin::TRANSPARENCY),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/phone"),
    ("GET", "/phone/{file}"),
    ("GET", "/readyz"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/eligibility"),
    ("GET", "/v1/features"),
    ("POST", "/v1/features/{id}"),
    ("GET", "/v1/ledger/key"),
    ("GET", "/v1/models"),
    ("POST", "/v1/reports"),
    ("GET", "/v1/reports/{id}"),
    ("GET", "/v1/transparency"),
];

/// How a problem is told: the design's own surface speaks RFC 9457, the OpenAI surface its clients'.
#[derive(Clone, Copy)]
enum Dialect {
    OpenAi,
    ProblemDetails,
}

/// Answers one request.
pub(crate) async fn answer(gate: &Gate, request: Request<Incoming>) -> Reply {
    let now = Timestamp::now();
    let language = visit::language(request.headers(), None);
    let (surface, dialect, result) = dispatch(gate, request, now).await;
    match result {
        Ok(reply) => {
            gate.metrics.counters().request(surface, "ok");
            reply
        }
        Err(refused) => {
            gate.metrics.counters().request(surface, refused.problem.code());
            tell(&refused.problem, refused.language.unwrap_or(language), dialect)
        }
    }
}

/// A problem, and the person's language once it is known better than from the request alone.
pub(crate) struct Refused {
    problem: Box<Problem>,
    language: Option<UiLanguage>,
}

impl<P: Into<Problem>> From<P> for Refused {
    fn from(problem: P) -> Self {
        Self { problem: Box::new(problem.into()), language: None }
    }
}

impl Refused {
    /// A problem to be told in this language.
    fn told_in(language: UiLanguage, problem: Problem) -> Self {
        Self { problem: Box::new(problem), language: Some(language) }
    }
}

async fn dispatch(
    gate: &Gate,
    request: Request<Incoming>,
    now: Timestamp,
) -> (&'static str, Dialect, Result<Reply, Refused>) {
    use Dialect::{OpenAi, ProblemDetails};
    let path = request.uri().path().to_owned();
    let get = request.method() == Method::GET || request.method() == Method::HEAD;
    let post = request.method() == Method::POST;
    match path.as_str() {
        "/v1/chat/completions" if post => (
            "chat_completions",
            OpenAi,
            let_in(gate, request, now, async |visit| chat::completions(gate, visit, now).await)
                .await,
        ),
        "/v1/eligibility" if post => (
            "eligibility",
            ProblemDetails,
            let_in(gate, request, now, async |visit| eligibility::answer(gate, visit, now).await)
                .await,
        ),
        "/v1/features" if get => (
            "features",
            ProblemDetails,
            let_in(gate, request, now, async |visit| Ok(features::list(gate, &visit, now))).await,
        ),
        "/v1/models" if get => (
            "models",
            OpenAi,
            let_in(gate, request, now, async |_| Ok(models::list(gate, now))).await,
        ),
        "/v1/ledger/key" if get => ("ledger", ProblemDetails, Ok(ledger::key(gate))),
        "/v1/reports" if post => (
            "reports",
            ProblemDetails,
            let_in(gate, request, now, async |visit| reports::post(gate, visit, now).await).await,
        ),
        "/v1/transparency" if get => {
            ("transparency", ProblemDetails, Ok(reports::transparency(gate, now)))
        }
        "/healthz" if get => ("health", ProblemDetails, Ok(health::live(gate))),
        "/readyz" if get => ("health", ProblemDetails, health::ready(gate)),
        "/metrics" if get => ("metrics", ProblemDetails, Ok(health::metrics(gate))),
        "/openapi.json" if get => (
            "openapi",
            ProblemDetails,
            Ok(reply::own(StatusCode::OK, reply::JSON, gate.openapi.clone())),
        ),
        "/" | "/phone" if get => ("phone", ProblemDetails, phone::file("index.html")),
        path => {
            if let Some(id) = path.strip_prefix("/v1/features/").filter(|_| post) {
                let run = async |visit| features::run(gate, visit, id, now).await;
                ("feature", ProblemDetails, let_in(gate, request, now, run).await)
            } else if let Some(id) = path.strip_prefix("/v1/reports/").filter(|_| get) {
                let look = async |visit| reports::get(gate, visit, id).await;
                ("reports", ProblemDetails, let_in(gate, request, now, look).await)
            } else if let Some(file) = path.strip_prefix("/phone/").filter(|_| get) {
                ("phone", ProblemDetails, phone::file(file))
            } else if path.starts_with("/admin/v1/") {
                ("admin", ProblemDetails, admin::answer(gate, request).await.map_err(Refused::from))
            } else {
                ("unknown", ProblemDetails, Err(no_route(path).into()))
            }
        }
    }
}

/// Lets a request in by its app key; what is refused inside is told in the person's language.
async fn let_in(
    gate: &Gate,
    request: Request<Incoming>,
    now: Timestamp,
    inside: impl AsyncFnOnce(Visit) -> Result<Reply, Problem>,
) -> Result<Reply, Refused> {
    if gate.clock.is_backwards(now) {
        gate.alarms.raise(AlarmKind::ClockBackwards, About::default(), format!("it reads {now}"));
        let (text, next) = (HighWater::text(), HighWater::next_step());
        let en = format!("{} {}", text.en, next.en);
        return Err(Problem::new("clock_backwards", en, text.zh + &next.zh).into());
    }
    let visit = Visit::enter(gate, request)?;
    let language = visit.language;
    inside(visit).await.map_err(|problem| Refused::told_in(language, problem))
}

fn no_route(path: &str) -> Problem {
    let matches = |route: &str| match route.split_once('{') {
        Some((before, _)) => path.strip_prefix(before).is_some_and(|rest| !rest.is_empty()),
        None => route == path,
    };
    let allowed: Vec<_> =
        ROUTES.iter().filter(|(_, route)| matches(route)).map(|(method, _)| *method).collect();
    if allowed.is_empty() {
        return Problem::new(
            "not_found",
            "See /openapi.json for the addresses.",
            "可用地址见 /openapi.json。",
        );
    }
    let allowed = allowed.join(", ");
    Problem::new("method_not_allowed", format!("Use {allowed}."), format!("请使用 {allowed}。"))
}

fn tell(problem: &Problem, language: UiLanguage, dialect: Dialect) -> Reply {
    let (content_type, body) = match dialect {
        Dialect::OpenAi => (reply::JSON, problem.to_openai_json(language)),
        Dialect::ProblemDetails => (reply::PROBLEM, problem.to_json(language)),
    };
    let mut reply = reply::own(problem.status(), content_type, body);
    let tag = match language {
        UiLanguage::En => "en",
        UiLanguage::Zh => "zh",
    };
    reply.headers_mut().insert(header::CONTENT_LANGUAGE, http::HeaderValue::from_static(tag));
    if problem.status() == StatusCode::UNAUTHORIZED {
        reply
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
    }
    reply
}
