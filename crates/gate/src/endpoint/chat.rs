//! `POST /v1/chat/completions`: what OpenAI's clients speak, on the same way as everything else.
//!
//! Receipt, label and notices come back in a `yumen` object: beside the standard fields of a whole
//! answer, and in the first and last chunk of a stream. A notice in the middle of a stream is in
//! the last chunk. The label is that of every choice, and of its reasoning.

use std::sync::Arc;

use serde::Serialize;
use yumen_features::{Feature, Nonce, Task, prepare_chat};
use yumen_label::{Label, Labelled};
use yumen_ledger::Admitted;
use yumen_policy::{Timestamp, UiLanguage};
use yumen_screen::{Gazetteer, Notice};
use yumen_wire::serve::{ChatCompletionRequest, ChunkEncoder, Written, completion};
use yumen_wire::{ToolCallDelta, WireError};

use crate::answer::{AnswerBody, Encoder, Piece};
use crate::attempts::AttemptTold;
use crate::caller::Caller;
use crate::conversation::Conversation;
use crate::gate::Gate;
use crate::intake;
use crate::pictures;
use crate::pipeline::{Content, Delivery, Served, Way};
use crate::problem::Problem;
use crate::random::random;
use crate::receipt::{Receipt, Record, ServedBy};
use crate::reply::{self, EVENT_STREAM, JSON, Reply};
use crate::restoring::OwnTools;
use crate::visit::Visit;

pub(crate) async fn completions(
    gate: &Gate,
    visit: Visit,
    now: Timestamp,
) -> Result<Reply, Problem> {
    let caller = Caller::identify(gate, &visit, now)?;
    let Visit { snapshot, headers, body, language, uri, .. } = visit;
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
    let ChatCompletionRequest { mut chat, include_usage, stream, conversation, .. } = asked;
    let own_tools = OwnTools::of(&headers)?;
    let named = Conversation::of(&headers)?;
    // All that came is read: the room it came in, 8 KiB, is free while the partner is asked.
    drop((headers, uri));
    let way = Way {
        gate,
        snapshot: &snapshot,
        caller: &caller,
        now,
        language,
        conversation: named.or(conversation),
        own_tools,
        contacts: Gazetteer::default(),
    };
    let clearance = way.clear(feature).await?;
    let delivery = if stream { Delivery::Chunks } else { Delivery::Whole };
    pictures::check(gate, &snapshot, &clearance, &chat)?;
    pictures::clean(&mut chat)?;
    let nonce = Nonce::new(random()?);
    let prepare = |clearance| prepare_chat(clearance, feature, chat, &nonce);
    let served = way.serve(feature, clearance, prepare, delivery).await?;
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
                    about.as_ref(),
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
            let encoder = ChunkWriter {
                record,
                chunks,
                created,
                include_usage,
                language,
                shown: false,
                failed: false,
            };
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

/// How long the `yumen` object mostly is, in bytes.
const USUAL_ABOUT: usize = 3 * 1024;

/// The `yumen` object.
#[derive(Serialize)]
struct Yumen<'a> {
    served_by: &'a ServedBy,
    label: &'a Label,
    notices: &'a [Notice],
    #[serde(skip_serializing_if = "<[AttemptTold]>::is_empty")]
    attempts: &'a [AttemptTold],
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
    fn opening(&self) -> Option<Written> {
        self.about(ReceiptState::Id { id: &self.receipt_id })
    }

    /// All there is to say, at the end.
    fn whole(&self, admitted: &Admitted) -> Option<Written> {
        self.about(ReceiptState::Whole(self.receipt(admitted)))
    }

    fn about(&self, receipt: ReceiptState<'_>) -> Option<Written> {
        let about = Yumen {
            served_by: &self.served_by,
            label: &self.label,
            notices: &self.notices,
            attempts: &self.attempts,
            receipt,
        };
        Written::of(&about, USUAL_ABOUT).ok()
    }
}

fn cannot_restart() -> Problem {
    Problem::new(
        "partner_truncated",
        "The answer broke off, and nobody could go on with it.",
        "回答中断，且没有模型能够接续。",
    )
}

/// Writes chunks as OpenAI does.
struct ChunkWriter {
    record: Record,
    chunks: ChunkEncoder,
    created: i64,
    include_usage: bool,
    language: UiLanguage,
    /// Whether any of the answer was written.
    shown: bool,
    failed: bool,
}

impl ChunkWriter {
    /// Another model answers: from here on each chunk names it.
    fn answering(&mut self, served_by: Arc<ServedBy>) {
        self.record.served_by = served_by;
        self.chunks = ChunkEncoder::new(
            &self.record.receipt_id,
            self.created,
            self.record.served_by.model.as_str(),
            self.include_usage,
        );
    }

    fn fail(&mut self, problem: &Problem, buffer: &mut Vec<u8>) {
        if !self.failed {
            buffer.extend_from_slice(b"data: ");
            buffer.extend_from_slice(&problem.to_openai_json(self.language));
            buffer.extend_from_slice(b"\n\n");
            self.failed = true;
        }
    }
}

impl Encoder for ChunkWriter {
    fn start(&mut self, buffer: &mut Vec<u8>) {
        self.chunks.start(self.record.opening().as_ref(), buffer);
    }

    fn piece(&mut self, piece: Piece, buffer: &mut Vec<u8>) {
        if self.failed {
            return;
        }
        match piece {
            Piece::Text { choice, text } => {
                self.shown = true;
                self.chunks.text(choice, text.get(), buffer);
            }
            Piece::Reasoning { choice, text } => {
                self.shown = true;
                self.chunks.reasoning(choice, text.get(), buffer);
            }
            Piece::ToolCall(part) => {
                self.shown = true;
                let delta = ToolCallDelta {
                    index: part.index,
                    id: part.id,
                    name: part.name,
                    arguments: part.arguments.map(Labelled::into_inner).unwrap_or_default(),
                };
                self.chunks.tool_call(part.choice, &delta, buffer);
            }
            Piece::Usage(usage) => self.chunks.usage(usage),
            Piece::Finish { choice, reason } => self.chunks.finish(choice, reason, buffer),
            Piece::Notice(notice) => self.record.notices.push(notice),
            Piece::Attempts(attempts) => self.record.attempts = attempts,
            Piece::Problem(problem) => self.fail(&problem, buffer),
            // Two beginnings are no answer, and OpenAI's clients know no withdrawal.
            Piece::Anew(_) if self.shown => self.fail(&cannot_restart(), buffer),
            Piece::Answering(served_by) | Piece::Anew(served_by) => self.answering(served_by),
            // A chat does not run on the device; what follows a withdrawal ends the answer.
            // Its stream is screened as one that cannot be revised.
            Piece::Device(_) | Piece::Restart | Piece::Revise(_) => {}
        }
    }

    fn end(&mut self, admitted: &Admitted, buffer: &mut Vec<u8>) {
        if !self.failed {
            self.chunks.end(self.record.whole(admitted).as_ref(), buffer);
        }
    }
}
