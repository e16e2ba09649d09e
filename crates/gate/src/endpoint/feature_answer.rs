//! How a typed feature's answer is written: whole, or as the events `start`, `delta`, `revise`,
//! `restart`, `notice`, `end` and `error`.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use yumen_device::Output;
use yumen_features::{Feature, Task};
use yumen_label::{Label, Labelled};
use yumen_ledger::Admitted;
use yumen_policy::UiLanguage;
use yumen_screen::Notice;
use yumen_wire::{FinishReason, Usage};

use crate::answer::{AnswerBody, Encoder, Piece, Pieces, Revised};
use crate::attempts::AttemptTold;
use crate::pipeline::{Content, Served};
use crate::problem::Problem;
use crate::receipt::{Receipt, Record, ServedBy};
use crate::sse;

/// The whole answer, and the last event of a streamed one.
#[derive(Serialize)]
struct WholeAnswer<'a> {
    feature: &'a str,
    output: OutputRef<'a>,
    served_by: &'a ServedBy,
    label: &'a Label,
    notices: &'a [Notice],
    #[serde(skip_serializing_if = "<[AttemptTold]>::is_empty")]
    attempts: &'a [AttemptTold],
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

/// A whole answer in JSON.
pub(super) async fn whole(served: Served, feature: &Feature) -> Result<AnswerBody, Problem> {
    let Served { mut record, admission, content } = served;
    let admitted = admission.durable().await?;
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
        Content::Stream(_) => Err(other_delivery()),
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
        attempts: &record.attempts,
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
    Partner(Box<crate::judging::JudgedStream>),
}

impl Pieces for Parts {
    async fn next(&mut self, out: &mut Vec<Piece>) -> bool {
        match self {
            Self::Partner(stream) => stream.next(out).await,
            Self::Device(output) => {
                if let Some(output) = output.take() {
                    out.push(Piece::Device(output));
                    out.push(Piece::Finish { choice: 0, reason: FinishReason::Stop });
                }
                false
            }
        }
    }
}

/// An answer as the design's events.
pub(super) fn events(
    served: Served,
    feature: &Arc<Feature>,
    language: UiLanguage,
) -> Result<AnswerBody, Problem> {
    let Served { record, admission, content } = served;
    let parts = match content {
        Content::Device(output) => Parts::Device(Some(output)),
        Content::Stream(stream) => Parts::Partner(stream),
        Content::Whole(..) => return Err(other_delivery()),
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
    Ok(AnswerBody::stream(admission, parts, encoder))
}

/// A partner's answer that came in the other delivery than was asked of it.
fn other_delivery() -> Problem {
    Problem::new(
        "internal",
        "The answer came in a way that was not asked for.",
        "回答的返回方式与请求不符。",
    )
}

/// The text a person reads while the rest of a device answer is taken in.
fn main_text(output: &Output) -> Option<&str> {
    match output {
        Output::Summary { summary, .. } => Some(summary),
        Output::Proofread(proofread) => Some(&proofread.corrected),
        Output::KeyPoints { .. } => None,
    }
}

/// Writes the design's events: `start`, `delta`, `revise`, `restart`, `notice`, `end`, `error`.
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

/// The part of the text so far that is replaced.
#[derive(Serialize)]
struct Revise<'a> {
    range: RevisedRange,
    text: &'a str,
}

/// In Unicode characters, and for clients that count so in UTF-16 code units.
#[derive(Serialize)]
struct RevisedRange {
    #[serde(flatten)]
    chars: Range<usize>,
    utf16: Range<usize>,
}

impl Events {
    fn begin(&self, buffer: &mut Vec<u8>) {
        let start = Start {
            feature: self.feature.id().as_str(),
            receipt: ReceiptId { id: &self.record.receipt_id },
            served_by: &self.record.served_by,
            label: &self.record.label,
        };
        sse::event(buffer, "start", &start);
    }

    fn revise(&mut self, revised: &Revised, buffer: &mut Vec<u8>) {
        let Revised { chars, utf16, text } = revised;
        let range = RevisedRange { chars: chars.clone(), utf16: utf16.clone() };
        sse::event(buffer, "revise", &Revise { range, text: text.get() });
        let mut places = self.text.char_indices().map(|(byte, _)| byte).chain([self.text.len()]);
        let start = places.nth(chars.start);
        let end = if chars.is_empty() { start } else { places.nth(chars.len() - 1) };
        if let (Some(start), Some(end)) = (start, end) {
            self.text.replace_range(start..end, text.get());
        }
    }
}

impl Encoder for Events {
    fn start(&mut self, buffer: &mut Vec<u8>) {
        self.begin(buffer);
        for notice in &self.record.notices {
            sse::event(buffer, "notice", notice);
        }
    }

    fn piece(&mut self, piece: Piece, buffer: &mut Vec<u8>) {
        match piece {
            // A typed feature asks for one choice.
            Piece::Text { text, .. } => {
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
            Piece::Revise(revised) => self.revise(&revised, buffer),
            Piece::Restart => {
                sse::event(buffer, "restart", &serde_json::json!({}));
                self.text.clear();
            }
            Piece::Problem(problem) if !self.failed => {
                sse::event_bytes(buffer, "error", &problem.to_json(self.language));
                self.failed = true;
            }
            Piece::Answering(served_by) => self.record.served_by = served_by,
            Piece::Anew(served_by) => {
                self.record.served_by = served_by;
                self.begin(buffer);
            }
            Piece::Attempts(attempts) => self.record.attempts = attempts,
            Piece::Usage(usage) => self.usage = Some(usage),
            Piece::Finish { reason, .. } => self.finish = reason,
            // No typed feature offers tools or asks for reasoning, and one error ends an answer.
            Piece::ToolCall(_) | Piece::Reasoning { .. } | Piece::Problem(_) => {}
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
