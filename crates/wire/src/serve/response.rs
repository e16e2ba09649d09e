//! Writing answers: whole, as stream chunks, and as errors, in the shape of OpenAI's API.
//!
//! Chunks are written straight into the caller's buffer: the parts that never change are serialised
//! once per answer, and a piece of text costs one escaping copy.

use bytes::BufMut;
use serde::Serialize;

use crate::answer::{Alternative, Completion, Event, FinishReason, ToolCallDelta, Usage};
use crate::chat::ToolCall;
use crate::wire_chat::ToolCalls;
use crate::written::{Written, put_text};

/// Writes the body of a whole answer.
///
/// `created` is in seconds since 1970; `yumen` goes beside the standard fields. Reasoning is given
/// as `message.reasoning_content`, the name most servers use; each choice has its own.
pub fn completion(
    id: &str,
    created: i64,
    model: &str,
    answer: &Completion,
    yumen: Option<&Written>,
) -> Vec<u8> {
    let room = |text: &str, reasoning: &str| 128 + text.len() + text.len() / 16 + reasoning.len();
    let others: usize = answer.others.iter().map(|other| room(&other.text, &other.reasoning)).sum();
    let beside = yumen.map_or(0, |yumen| yumen.as_bytes().len());
    let room = 384 + room(&answer.text, &answer.reasoning) + others + beside;
    let mut out = Vec::with_capacity(room);
    out.put_slice(b"{\"id\":");
    put_text(&mut out, id);
    out.put_slice(b",\"object\":\"chat.completion\",\"created\":");
    put_json(&mut out, &created);
    out.put_slice(b",\"model\":");
    put_text(&mut out, model);
    out.put_slice(b",\"choices\":[");
    let Completion { text, reasoning, tool_calls, finish, .. } = answer;
    put_choice(&mut out, 0, text, reasoning, tool_calls, finish);
    for (index, other) in (1..).zip(&answer.others) {
        out.put_u8(b',');
        let Alternative { text, reasoning, tool_calls, finish, .. } = other;
        put_choice(&mut out, index, text, reasoning, tool_calls, finish);
    }
    out.put_u8(b']');
    if let Some(usage) = answer.usage {
        out.put_slice(b",\"usage\":");
        put_json(&mut out, &WireUsage::from(usage));
    }
    put_yumen(yumen, &mut out);
    out.put_u8(b'}');
    out
}

fn put_choice(
    out: &mut Vec<u8>,
    index: u32,
    text: &str,
    reasoning: &str,
    calls: &[ToolCall],
    finish: &FinishReason,
) {
    out.put_slice(b"{\"index\":");
    put_json(out, &index);
    out.put_slice(b",\"message\":{\"role\":\"assistant\",\"content\":");
    if text.is_empty() && !calls.is_empty() {
        out.put_slice(b"null");
    } else {
        put_text(out, text);
    }
    out.put_slice(b",\"refusal\":null");
    if !reasoning.is_empty() {
        out.put_slice(b",\"reasoning_content\":");
        put_text(out, reasoning);
    }
    if !calls.is_empty() {
        out.put_slice(b",\"tool_calls\":");
        put_json(out, &ToolCalls(calls));
    }
    out.put_slice(b"},\"logprobs\":null,\"finish_reason\":");
    put_text(out, finish.as_str());
    out.put_u8(b'}');
}

#[derive(Serialize)]
struct WireUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

impl From<Usage> for WireUsage {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.input_tokens,
            completion_tokens: usage.output_tokens,
            total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            prompt_tokens_details: usage
                .cached_input_tokens
                .map(|cached_tokens| PromptDetails { cached_tokens }),
            completion_tokens_details: usage
                .reasoning_tokens
                .map(|reasoning_tokens| CompletionDetails { reasoning_tokens }),
        }
    }
}

/// Writes a streamed answer as complete `data: ...` frames.
///
/// Call [`start`](Self::start) once, [`event`](Self::event) for each event, or what it stands for, and
/// [`end`](Self::end) once; or [`fail`](Self::fail) in place of `end`.
#[derive(Clone, Debug)]
pub struct ChunkEncoder {
    /// `data: {"id":...,"choices":[`
    head: Vec<u8>,
    include_usage: bool,
    usage: Option<Usage>,
    /// The choice that finished last, and why.
    finish: Option<(u32, FinishReason)>,
    /// Whose events come now.
    choice: u32,
    /// The choices beyond the first that have begun.
    begun: Vec<u32>,
}

impl ChunkEncoder {
    /// For one answer. `created` is in seconds since 1970; `include_usage` is what the client asked
    /// for in `stream_options`.
    pub fn new(id: &str, created: i64, model: &str, include_usage: bool) -> Self {
        let mut head = Vec::with_capacity(128 + id.len() + model.len());
        head.put_slice(b"data: {\"id\":");
        put_text(&mut head, id);
        head.put_slice(b",\"object\":\"chat.completion.chunk\",\"created\":");
        put_json(&mut head, &created);
        head.put_slice(b",\"model\":");
        put_text(&mut head, model);
        head.put_slice(b",\"choices\":[");
        Self { head, include_usage, usage: None, finish: None, choice: 0, begun: Vec::new() }
    }

    /// The first chunk: says that the assistant speaks, and carries `yumen` when given.
    pub fn start(&self, yumen: Option<&Written>, out: &mut impl BufMut) {
        self.role(0, yumen, out);
    }

    /// One event. Text, reasoning and tool calls are written at once; usage and the last finish
    /// reason are kept for [`end`](Self::end), which puts them in the order clients expect. The
    /// partner's own id and model ([`Event::Start`], [`Event::Identity`]), what its moderation says and
    /// its extras are not shown.
    pub fn event(&mut self, event: &Event, out: &mut impl BufMut) {
        match event {
            Event::Start { .. }
            | Event::Identity { .. }
            | Event::Moderation(_)
            | Event::Extra(_) => {}
            Event::Choice(choice) => self.choice = *choice,
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Text(text) => self.text(self.choice, text, out),
            Event::Reasoning(text) => self.reasoning(self.choice, text, out),
            Event::ToolCall(call) => self.tool_call(self.choice, call, out),
            Event::Finish(finish) => self.finish(self.choice, finish.clone(), out),
        }
    }

    /// One piece of a choice's text.
    pub fn text(&mut self, choice: u32, text: &str, out: &mut impl BufMut) {
        self.delta(choice, b"{\"content\":", text, out);
    }

    /// One piece of a choice's reasoning: `reasoning_content`, as in whole answers.
    pub fn reasoning(&mut self, choice: u32, text: &str, out: &mut impl BufMut) {
        self.delta(choice, b"{\"reasoning_content\":", text, out);
    }

    /// What the answer cost, all choices together: kept for [`end`](Self::end).
    pub fn usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Why a choice ended. Of several the last is kept for [`end`](Self::end), the others are written.
    pub fn finish(&mut self, choice: u32, reason: FinishReason, out: &mut impl BufMut) {
        self.begin(choice, out);
        self.finish = Some((choice, reason));
    }

    /// The last chunk with the finish reason and, when given, `yumen`; the usage chunk when the
    /// client asked for it and the partner told it; and `data: [DONE]`.
    pub fn end(&mut self, yumen: Option<&Written>, out: &mut impl BufMut) {
        let unstated = || (0, FinishReason::unstated());
        let (choice, finish) = self.finish.take().unwrap_or_else(unstated);
        self.finished(choice, &finish, yumen, out);
        if let Some(usage) = self.usage.take().filter(|_| self.include_usage) {
            out.put_slice(&self.head);
            out.put_slice(b"],\"usage\":");
            put_json(out, &WireUsage::from(usage));
            out.put_slice(b"}\n\n");
        }
        out.put_slice(b"data: [DONE]\n\n");
    }

    /// Ends a stream that failed after it began: an error frame, and no `[DONE]`, so that nobody
    /// takes the answer for complete.
    pub fn fail(&self, failure: &Failure<'_>, out: &mut impl BufMut) {
        out.put_slice(b"data: ");
        out.put_slice(&failure.to_json());
        out.put_slice(b"\n\n");
    }

    /// What comes before anything of a choice: the end of the one that finished, and that the
    /// assistant speaks.
    fn begin(&mut self, choice: u32, out: &mut impl BufMut) {
        if let Some((ended, finish)) = self.finish.take() {
            self.finished(ended, &finish, None, out);
        }
        if choice > 0 && !self.begun.contains(&choice) {
            self.begun.push(choice);
            self.role(choice, None, out);
        }
    }

    fn role(&self, choice: u32, yumen: Option<&Written>, out: &mut impl BufMut) {
        self.open(choice, out);
        out.put_slice(
            br#"{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]"#,
        );
        self.close(yumen, out);
    }

    fn finished(
        &self,
        choice: u32,
        finish: &FinishReason,
        yumen: Option<&Written>,
        out: &mut impl BufMut,
    ) {
        self.open(choice, out);
        out.put_slice(br#"{},"logprobs":null,"finish_reason":"#);
        put_text(out, finish.as_str());
        out.put_slice(b"}]");
        self.close(yumen, out);
    }

    /// A chunk of one choice, up to its delta.
    fn open(&self, choice: u32, out: &mut impl BufMut) {
        out.put_slice(&self.head);
        if choice == 0 {
            out.put_slice(b"{\"index\":0,\"delta\":");
        } else {
            out.put_slice(b"{\"index\":");
            put_json(out, &choice);
            out.put_slice(b",\"delta\":");
        }
    }

    fn delta(&mut self, choice: u32, open: &'static [u8], text: &str, out: &mut impl BufMut) {
        self.begin(choice, out);
        self.open(choice, out);
        out.put_slice(open);
        put_text(out, text);
        out.put_slice(b"},\"logprobs\":null,\"finish_reason\":null}]");
        self.close(None, out);
    }

    /// One piece of a call that a choice makes.
    pub fn tool_call(&mut self, choice: u32, call: &ToolCallDelta, out: &mut impl BufMut) {
        #[derive(Serialize)]
        struct Piece<'a> {
            index: u32,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            r#type: Option<&'static str>,
            function: Function<'a>,
        }
        #[derive(Serialize)]
        struct Function<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<&'a str>,
            arguments: &'a str,
        }
        let piece = Piece {
            index: call.index,
            id: call.id.as_deref(),
            r#type: call.id.is_some().then_some("function"),
            function: Function { name: call.name.as_deref(), arguments: &call.arguments },
        };
        self.begin(choice, out);
        self.open(choice, out);
        out.put_slice(b"{\"tool_calls\":[");
        put_json(out, &piece);
        out.put_slice(b"]},\"logprobs\":null,\"finish_reason\":null}]");
        self.close(None, out);
    }

    /// Ends the chunk object. With usage asked for, every chunk but the last has `"usage":null`.
    fn close(&self, yumen: Option<&Written>, out: &mut impl BufMut) {
        if self.include_usage {
            out.put_slice(b",\"usage\":null");
        }
        put_yumen(yumen, out);
        out.put_slice(b"}\n\n");
    }
}

fn put_yumen(yumen: Option<&Written>, out: &mut impl BufMut) {
    if let Some(yumen) = yumen {
        out.put_slice(b",\"yumen\":");
        out.put_slice(yumen.as_bytes());
    }
}

fn put_json(out: &mut impl BufMut, value: &(impl Serialize + ?Sized)) {
    // The writers behind BufMut grow, and strings, numbers and the structs here always serialise.
    serde_json::to_writer(out.writer(), value).expect("chunks serialise");
}

/// An error in the shape OpenAI clients read: `{"error": {"message", "type", "param", "code"}}`.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// What happened and what to do, in the reader's language.
    pub message: &'a str,
    /// The family, such as `invalid_request_error`; clients choose their exception by HTTP status.
    pub kind: &'a str,
    /// The field at fault.
    pub param: Option<&'a str>,
    /// Stable code.
    pub code: Option<&'a str>,
    /// Goes beside `error`: the verdict, notices.
    pub yumen: Option<&'a Written>,
}

impl Failure<'_> {
    /// The JSON body.
    pub fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Error<'a> {
            message: &'a str,
            r#type: &'a str,
            param: Option<&'a str>,
            code: Option<&'a str>,
        }
        let error =
            Error { message: self.message, r#type: self.kind, param: self.param, code: self.code };
        let mut out = Vec::with_capacity(160 + self.message.len());
        out.put_slice(b"{\"error\":");
        put_json(&mut out, &error);
        put_yumen(self.yumen, &mut out);
        out.put_slice(b"}");
        out
    }
}
