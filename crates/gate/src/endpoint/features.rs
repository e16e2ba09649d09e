//! `GET /v1/features` and `POST /v1/features/{id}`: the typed features, whole or as events.

use std::sync::Arc;

use http::{HeaderMap, Request, header};
use hyper::body::Incoming;
use serde::Serialize;
use yumen_device::Output;
use yumen_features::{Feature, FeatureRequest, Task, prepare};
use yumen_label::{Label, Labelled};
use yumen_ledger::Admitted;
use yumen_policy::{Timestamp, UiLanguage};
use yumen_screen::Notice;
use yumen_wire::{FinishReason, Usage};

use crate::answer::{AnswerBody, Encoder, Piece, Pieces};
use crate::caller::{self, Caller, app_key};
use crate::gate::{Gate, Mode};
use crate::intake;
use crate::pipeline::{Content, Delivery, Served, Way};
use crate::problem::Problem;
use crate::receipt::{Receipt, Record, ServedBy};
use crate::reply::{self, EVENT_STREAM, JSON, Reply};
use crate::router::Refused;
use crate::sse;

/// What every feature is: names, languages, limits, schemas. What a device may have of them is
/// `POST /v1/eligibility`'s to say.
pub(crate) fn list(gate: &Gate, request: &Request<Incoming>) -> Result<Reply, Refused> {
    let snapshot = gate.snapshot.load();
    app_key(request.headers(), &snapshot.keys)?;
    let features: Vec<_> = gate
        .catalogue
        .iter()
        .map(|feature| {
            let languages: Vec<_> = feature.languages().iter().map(|l| l.as_str()).collect();
            serde_json::json!({
                "id": feature.id(),
                "version": feature.version(),
                "name": feature.name(),
                "about": feature.about(),
                "tier": feature.tier().as_str(),
                "languages": languages,
                "limits": {"max_input_bytes": feature.limits().max_input_bytes},
                "input": feature.input_schema(),
                "output": feature.output_schema(),
            })
        })
        .collect();
    Ok(reply::json(&serde_json::json!({
        "features": features,
        "demo": gate.mode == Mode::Demo,
    })))
}

/// Runs one feature.
pub(crate) async fn run(
    gate: &Gate,
    request: Request<Incoming>,
    id: &str,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let snapshot = gate.snapshot.load_full();
    let (parts, body) = request.into_parts();
    let key = app_key(&parts.headers, &snapshot.keys)?;
    let language = caller::language(&parts.headers, Some(key));
    let refused = |problem: Problem| Refused::told_in(language, problem);
    let caller =
        Caller::identify(&parts.headers, &snapshot.keys, &gate.believed, now).map_err(refused)?;
    let feature = gate.catalogue.get(id).ok_or_else(|| {
        refused(Problem::new(
            "feature_unknown",
            format!("There is no feature {id:?}; GET /v1/features lists them."),
            format!("没有功能 {id:?}；GET /v1/features 列出全部功能。"),
        ))
    })?;
    let way = Way { gate, snapshot: &snapshot, caller: &caller, now, language };
    // The verdict comes before the body: a device that may not have the feature sends nothing.
    let clearance = way.clear(feature).await.map_err(refused)?;
    let body = intake::json_body(&parts.headers, body).await.map_err(refused)?;
    let question = FeatureRequest::parse(feature, &body, yumen_device::detect)
        .map_err(|error| refused(error.into()))?;
    drop(body);
    let streamed = wants_events(&parts.headers);
    let delivery = if streamed { Delivery::Streamed } else { Delivery::Whole };
    let served = way
        .serve(feature, clearance, |clearance| prepare(clearance, feature, question), delivery)
        .await
        .map_err(refused)?;
    let open = gate.metrics.counters().open_answer();
    Ok(if streamed {
        let (admitted, pieces, encoder) = events(served, feature, language);
        reply::answer(EVENT_STREAM, AnswerBody::stream(admitted, pieces, encoder), open)
    } else {
        let body = whole(served, feature).map_err(refused)?;
        reply::answer(JSON, body, open)
    })
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains(EVENT_STREAM))
}

/// The whole answer, and the last event of a streamed one.
#[derive(Serialize)]
struct WholeAnswer<'a> {
    feature: &'a str,
    output: OutputRef<'a>,
    served_by: &'a ServedBy,
    label: &'a Label,
    notices: &'a [Notice],
    usage: Option<Usage>,
    finish: &'a str,
    receipt: Receipt<'a>,
}

/// A feature's typed output.
#[derive(Serialize)]
#[serde(untagged)]
enum OutputRef<'a> {
    Chat { message: ChatOutput<'a> },
    Device(&'a Output),
    Rewrite { text: &'a str },
}

#[derive(Serialize)]
struct ChatOutput<'a> {
    role: &'static str,
    content: &'a str,
}

impl<'a> OutputRef<'a> {
    fn of_text(task: Task, text: &'a str) -> Self {
        match task {
            Task::Rewrite => Self::Rewrite { text },
            Task::Chat | Task::Device(_) => {
                Self::Chat { message: ChatOutput { role: "assistant", content: text } }
            }
        }
    }
}

fn whole(served: Served, feature: &Feature) -> Result<AnswerBody, Problem> {
    let Served { mut record, admitted, content } = served;
    match content {
        Content::Device(output) => Ok(AnswerBody::whole(&admitted, &output, |output, admitted| {
            encode(&record, feature, OutputRef::Device(output), None, &FinishReason::Stop, admitted)
        })),
        Content::Whole(completion, notices) => {
            record.notices.extend(notices);
            Ok(AnswerBody::whole(&admitted, &completion, |completion, admitted| {
                let output = OutputRef::of_text(feature.task(), &completion.text);
                encode(&record, feature, output, completion.usage, &completion.finish, admitted)
            }))
        }
        Content::Stream(_) => Err(Problem::new(
            "internal",
            "A stream came where a whole answer was asked.",
            "内部错误。",
        )),
    }
}

fn encode(
    record: &Record,
    feature: &Feature,
    output: OutputRef<'_>,
    usage: Option<Usage>,
    finish: &FinishReason,
    admitted: &Admitted,
) -> Vec<u8> {
    let answer = WholeAnswer {
        feature: feature.id().as_str(),
        output,
        served_by: &record.served_by,
        label: &record.label,
        notices: &record.notices,
        usage,
        finish: finish.as_str(),
        receipt: record.receipt(admitted),
    };
    // Strings and numbers cannot fail to serialise.
    serde_json::to_vec(&answer).unwrap_or_default()
}

/// The parts of a streamed answer, from the partner or, at once, from the engine.
enum Parts {
    Device(Option<Labelled<Output>>),
    Partner(Box<crate::stream::LabelledStream>),
}

impl Pieces for Parts {
    async fn next(&mut self, out: &mut Vec<Piece>) -> bool {
        match self {
            Self::Partner(stream) => stream.next(out).await,
            Self::Device(output) => {
                if let Some(output) = output.take() {
                    out.push(Piece::Device(output));
                    out.push(Piece::Finish(FinishReason::Stop));
                }
                false
            }
        }
    }
}

fn events(
    served: Served,
    feature: &Arc<Feature>,
    language: UiLanguage,
) -> (Admitted, Parts, Events) {
    let Served { record, admitted, content } = served;
    let parts = match content {
        Content::Device(output) => Parts::Device(Some(output)),
        Content::Stream(stream) => Parts::Partner(stream),
        Content::Whole(..) => Parts::Device(None),
    };
    let encoder = Events {
        record,
        feature: Arc::clone(feature),
        language,
        text: String::new(),
        output: None,
        usage: None,
        finish: FinishReason::Stop,
        failed: false,
    };
    (admitted, parts, encoder)
}

/// The text a person reads while the rest of a device answer is taken in.
fn main_text(output: &Output) -> Option<&str> {
    match output {
        Output::Summary { summary, .. } => Some(summary),
        Output::Proofread(proofread) => Some(&proofread.corrected),
        Output::KeyPoints { .. } => None,
    }
}

/// Writes the design's events: `start`, `delta`, `restart`, `notice`, `end`, `error`.
struct Events {
    record: Record,
    feature: Arc<Feature>,
    language: UiLanguage,
    text: String,
    output: Option<Labelled<Output>>,
    usage: Option<Usage>,
    finish: FinishReason,
    failed: bool,
}

#[derive(Serialize)]
struct Start<'a> {
    feature: &'a str,
    receipt: ReceiptId<'a>,
    served_by: &'a ServedBy,
    label: &'a Label,
}

#[derive(Serialize)]
struct ReceiptId<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Delta<'a> {
    text: &'a str,
}

impl Encoder for Events {
    fn start(&mut self, buffer: &mut Vec<u8>) {
        let start = Start {
            feature: self.feature.id().as_str(),
            receipt: ReceiptId { id: &self.record.receipt_id },
            served_by: &self.record.served_by,
            label: &self.record.label,
        };
        sse::event(buffer, "start", &start);
        for notice in &self.record.notices {
            sse::event(buffer, "notice", notice);
        }
    }

    fn piece(&mut self, piece: Piece, buffer: &mut Vec<u8>) {
        match piece {
            Piece::Text(text) => {
                sse::event(buffer, "delta", &Delta { text: text.get() });
                self.text.push_str(text.get());
            }
            Piece::Device(output) => {
                if let Some(text) = main_text(output.get()) {
                    sse::event(buffer, "delta", &Delta { text });
                }
                self.output = Some(output);
            }
            Piece::Notice(notice) => {
                sse::event(buffer, "notice", &notice);
                self.record.notices.push(notice);
            }
            Piece::Restart => {
                sse::event(buffer, "restart", &serde_json::json!({}));
                self.text.clear();
            }
            Piece::Problem(problem) => {
                sse::event_bytes(buffer, "error", &problem.to_json(self.language));
                self.failed = true;
            }
            Piece::Usage(usage) => self.usage = Some(usage),
            Piece::Finish(reason) => self.finish = reason,
            // No typed feature offers tools.
            Piece::ToolCall(_) => {}
        }
    }

    fn end(&mut self, admitted: &Admitted, buffer: &mut Vec<u8>) {
        if self.failed {
            return;
        }
        let output = match &self.output {
            Some(output) => OutputRef::Device(output.get()),
            None => OutputRef::of_text(self.feature.task(), &self.text),
        };
        let body = encode(&self.record, &self.feature, output, self.usage, &self.finish, admitted);
        sse::event_bytes(buffer, "end", &body);
    }
}
