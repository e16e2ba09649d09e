//! An Ollama server, as its Python client and its API description show it: lines of JSON at
//! `/api/chat`.
//!
//! It knows no keys, unless one is named; and no moderation: what asks for a moderated answer gets
//! an error of the runner instead.

mod answer;
mod question;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::delivery::Delivery;
use crate::exchange::{Request, Response, Ticket};
use crate::fault::Why;
use crate::fields::Problem;

const JSON: &str = "application/json; charset=utf-8";
const LINES: &str = "application/x-ndjson";

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    match route(request) {
        Ok(response) => response,
        Err(refusal) => refusal.response(),
    }
}

fn route(request: &Request) -> Result<Response, Refusal> {
    let (expected, path) = (&request.method, request.path.as_str());
    if request.keys.named().is_some() && !request.has_good_bearer() {
        return Err(Refusal::new(401, "unauthorized"));
    }
    match (path, expected) {
        ("/api/chat", &Method::POST) => {
            let Some(body) = request.json() else {
                return Err(Refusal::new(400, "invalid JSON in the request body"));
            };
            answer::answer(&body, request)
        }
        ("/api/tags", &Method::GET) => Ok(plain(JSON, tags(&request.ticket).to_string())),
        ("/api/version", &Method::GET) => {
            Ok(plain(JSON, json!({"version": "0.0.0-emulated"}).to_string()))
        }
        ("/", &Method::GET) => Ok(plain("text/plain; charset=utf-8", "Ollama is running".into())),
        ("/api/chat" | "/api/tags" | "/api/version", _) => {
            Err(Refusal { status: 405, text: "405 method not allowed".to_owned(), plain: true })
        }
        _ => Err(Refusal { status: 404, text: "404 page not found".to_owned(), plain: true }),
    }
}

fn plain(content_type: &str, body: String) -> Response {
    Response::Answer {
        status: StatusCode::OK,
        headers: vec![("content-type", content_type.to_owned())],
        delivery: Delivery::whole(body.into_bytes(), None),
    }
}

/// The models that were pulled.
fn tags(ticket: &Ticket) -> Value {
    let models = question::MODELS.iter().map(|(name, _)| {
        let name = format!("{name}:latest");
        json!({"name": name, "model": name, "modified_at": created_at(ticket), "size": 1})
    });
    json!({"models": models.collect::<Vec<_>>()})
}

/// When the answer was made, in RFC 3339 with nanoseconds.
fn created_at(ticket: &Ticket) -> String {
    Timestamp::try_from(ticket.arrived)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string())
        .unwrap_or_default()
}

/// A refusal to answer: `{"error": "text"}`.
struct Refusal {
    status: u16,
    text: String,
    /// The router's own answers are no JSON.
    plain: bool,
}

impl Refusal {
    fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), plain: false }
    }

    fn model(model: &str) -> Self {
        Self::new(404, format!("model '{model}' not found"))
    }

    /// The runner broke down, which in a stream is said in a line of its own.
    fn runner() -> Self {
        Self::new(500, "an error was encountered while running the model")
    }

    /// The refusal for `why`.
    fn asked_for(why: Why) -> Self {
        match why {
            Why::RateLimit | Why::Overloaded => {
                Self::new(503, "server busy, please try again.  maximum pending requests exceeded")
            }
            Why::Quota => Self::new(429, "usage limit reached"),
            Why::Key => Self::new(401, "unauthorized"),
            Why::ContextLength => Self::new(400, "the input length exceeds the context length"),
            Why::Prefix => Self::new(400, "the last message must not be the assistant's"),
            Why::Server | Why::Moderation | Why::Under200 => Self::runner(),
            Why::Status(status) => Self::new(status, "refused on demand"),
        }
    }

    fn line(&self) -> String {
        format!("{}\n", json!({"error": self.text}))
    }

    fn response(&self) -> Response {
        let (content_type, body) = if self.plain {
            ("text/plain; charset=utf-8", self.text.clone())
        } else {
            (JSON, json!({"error": self.text}).to_string())
        };
        Response::Answer {
            // Every status here is between 400 and 599.
            status: StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST),
            headers: vec![("content-type", content_type.to_owned())],
            delivery: Delivery::whole(body.into_bytes(), None),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::new(400, problem.message)
    }
}
