//! `POST /v1/chat/completions`: what OpenAI's clients speak, on the same way as everything else.
//!
//! Receipt, label and notices come back in a `yumen` object: beside the standard fields of a whole
//! answer, and in the first and last chunk of a stream. A notice in the middle of a stream is in
//! the last chunk.

use serde::Serialize;
use serde_json::value::RawValue;
use yumen_features::{Feature, Task, prepare_chat};
use yumen_label::{Label, Labelled};
use yumen_ledger::Admitted;
use yumen_policy::{Timestamp, UiLanguage};
use yumen_screen::Notice;
use yumen_wire::serve::{ChatCompletionRequest, ChunkEncoder, completion};
use yumen_wire::{Event, ToolCallDelta, WireError};

use crate::answer::{AnswerBody, Encoder, Piece};
use crate::caller::Caller;
use crate::gate::Gate;
use crate::intake;
use crate::pipeline::{Content, Delivery, Served, Way};
use crate::problem::Problem;
use crate::receipt::{Receipt, Record, ServedBy};
use crate::reply::{self, EVENT_STREAM, JSON, Reply};
use crate::visit::Visit;

pub(crate) async fn completions(
    gate: &Gate,
    visit: Visit,
    now: Timestamp,
) -> Result<Reply, Problem> {
    let caller = Caller::identify(gate, &visit, now)?;
    let Visit { snapshot, headers, body, language, .. } = visit;
    let body = intake::json_body(&headers, body).await?;
    let asked = ChatCompletionRequest::parse(&body).map_err(|error| {
        let code = match error {
            WireError::Json { .. } => "body_not_json",
            _ => "input_invalid",
        };
        Problem::new(code, format!("{error}."), error.zh()).at(error.param())
    })?;
    drop(body);
    let feature = chat_feature(gate, &asked.model)?;
    let way = Way { gate, snapshot: &snapshot, caller: &caller, now, language };
    let clearance = way.clear(feature).await?;
    let delivery = if asked.stream { Delivery::Streamed } else { Delivery::Whole };
    let ChatCompletionRequest { chat, include_usage, .. } = asked;
    let served = way
        .serve(feature, clearance, |clearance| prepare_chat(clearance, feature, chat), delivery)
        .await?;
    let open = gate.metrics.counters().open_answer();
    let Served { mut record, admission, content } = served;
    let created = now.as_second();
    match content {
        Content::Whole(answer, notices) => {
            record.notices.extend(notices);
            let admitted = admission.durable().await?;
            let body = AnswerBody::whole(&admitted, &answer, |answer, admitted| {
                let about = record.whole(admitted);
                completion(
                    &record.receipt_id,
                    created,
                    record.served_by.model.as_str(),
                    answer,
                    about.as_deref(),
                )
            });
            Ok(reply::answer(JSON, body, open))
        }
        Content::Stream(stream) => {
            let chunks = ChunkEncoder::new(
                &record.receipt_id,
                created,
                record.served_by.model.as_str(),
                include_usage,
            );
            let encoder = ChunkWriter { record, chunks, language, failed: false };
            Ok(reply::answer(EVENT_STREAM, AnswerBody::stream(admission, *stream, encoder), open))
        }
        Content::Device(_) => {
            Err(Problem::new("internal", "A chat ran on the device.", "对话不在设备端运行。"))
        }
    }
}

/// The feature a client means by `model`: a chat feature's id, or an alias of the operator's.
fn chat_feature<'g>(gate: &'g Gate, model: &str) -> Result<&'g std::sync::Arc<Feature>, Problem> {
    let id = gate.aliases.get(model).map_or(model, |feature| feature.as_str());
    gate.catalogue.get(id).filter(|feature| feature.task() == Task::Chat).ok_or_else(|| {
        Problem::new(
            "model_unknown",
            format!("There is no model {model:?}; use `assistant.chat` or one of GET /v1/models."),
            format!("没有模型 {model:?}；请使用 `assistant.chat` 或 GET /v1/models 所列的名称。"),
        )
    })
}

/// The `yumen` object.
#[derive(Serialize)]
struct Yumen<'a> {
    served_by: &'a ServedBy,
    label: &'a Label,
    notices: &'a [Notice],
    receipt: ReceiptState<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ReceiptState<'a> {
    Id { id: &'a str },
    Whole(Receipt<'a>),
}

impl Record {
    /// What is known before the first word.
    fn opening(&self) -> Option<Box<RawValue>> {
        self.about(ReceiptState::Id { id: &self.receipt_id })
    }

    /// All there is to say, at the end.
    fn whole(&self, admitted: &Admitted) -> Option<Box<RawValue>> {
        self.about(ReceiptState::Whole(self.receipt(admitted)))
    }

    fn about(&self, receipt: ReceiptState<'_>) -> Option<Box<RawValue>> {
        let about = Yumen {
            served_by: &self.served_by,
            label: &self.label,
            notices: &self.notices,
            receipt,
        };
        serde_json::value::to_raw_value(&about).ok()
    }
}

/// Writes chunks as OpenAI does.
struct ChunkWriter {
    record: Record,
    chunks: ChunkEncoder,
    language: UiLanguage,
    failed: bool,
}

impl Encoder for ChunkWriter {
    fn start(&mut self, buffer: &mut Vec<u8>) {
        self.chunks.start(self.record.opening().as_deref(), buffer);
    }

    fn piece(&mut self, piece: Piece, buffer: &mut Vec<u8>) {
        match piece {
            Piece::Text(text) => self.chunks.text(text.get(), buffer),
            Piece::ToolCall(part) => {
                let delta = ToolCallDelta {
                    index: part.index,
                    id: part.id,
                    name: part.name,
                    arguments: part.arguments.map(Labelled::into_inner).unwrap_or_default(),
                };
                self.chunks.event(&Event::ToolCall(delta), buffer);
            }
            Piece::Usage(usage) => self.chunks.event(&Event::Usage(usage), buffer),
            Piece::Finish(reason) => self.chunks.event(&Event::Finish(reason), buffer),
            Piece::Notice(notice) => self.record.notices.push(notice),
            Piece::Problem(problem) if !self.failed => {
                buffer.extend_from_slice(b"data: ");
                buffer.extend_from_slice(&problem.to_openai_json(self.language));
                buffer.extend_from_slice(b"\n\n");
                self.failed = true;
            }
            // A chat does not run on the device, OpenAI's clients know no withdrawal (the error that
            // follows it ends the answer), and one error ends it.
            Piece::Device(_) | Piece::Restart | Piece::Problem(_) => {}
        }
    }

    fn end(&mut self, admitted: &Admitted, buffer: &mut Vec<u8>) {
        if !self.failed {
            self.chunks.end(self.record.whole(admitted).as_deref(), buffer);
        }
    }
}
