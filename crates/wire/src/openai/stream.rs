//! Answers in the shape of OpenAI's chat completions, and of DashScope's own generation: streams,
//! and whole answers, which are read as a stream of one chunk.
//!
//! A streamed answer is complete when the partner said so: by `[DONE]`, or by a finish reason of
//! every choice before the bytes ended (DashScope's own protocol has no `[DONE]`).
//! [`Event::Finish`] therefore waits for the end of the stream: an error frame may still follow the
//! last good chunk, and then the answer must not count as finished.
//!
//! A model's own refusal (OpenAI's `refusal`) is given as text, so that the person reads the
//! partner's words, and the answer then ends in [`FinishReason::ContentFilter`].

use super::choice::ChoiceState;
use super::moderation::{Effect, Finding, findings};
use crate::answer::{Completion, Event, FinishReason, Moderation, ModerationAt, Usage};
use crate::collect::Collector;
use crate::dialect::{Counted, Dialect, Done, Ending};
use crate::extra::Extra;
use crate::head::Head;
use crate::partner_error::{PartnerError, PartnerErrorKind, strip_bom};
use crate::sse::Frame;
use crate::told::Told;
use crate::wire_answer::{Answer, Choice, Str, Unknown, given};

/// Most choices of one answer, OpenAI's limit.
const MOST_CHOICES: usize = 128;

/// Reads a whole answer with status 2xx.
pub(crate) fn decode(
    dialect: &Dialect,
    head: &Head<'_>,
    body: &[u8],
) -> Result<Completion, PartnerError> {
    let status = Some(head.status);
    let text = str::from_utf8(strip_bom(body))
        .map_err(|_| PartnerError::malformed(status, "the answer is not UTF-8"))?;
    let answer: Answer<'_> = serde_json::from_str(text)
        .map_err(|error| PartnerError::unreadable(status, "the answer", &error))?;
    if let Some(error) = answer.error(dialect, status, text) {
        return Err(error);
    }
    let mut state = StreamState::default();
    let mut events = Vec::new();
    let outcome = state.answer(dialect, answer, &mut events);
    let outcome = outcome.and_then(|()| {
        if state.choices.is_empty() {
            return Err(PartnerError::malformed(status, "the answer has no choices"));
        }
        state.complete(&mut events)
    });
    outcome.map_err(|error| PartnerError {
        status: error.status.or(status),
        request_id: error.request_id.or_else(|| state.request_id.take()),
        ..error
    })?;
    let mut collector = Collector::default();
    for event in events {
        collector.push(event);
    }
    // `complete` finished the first choice, and every other that the events speak of.
    Ok(collector.finish().expect("each choice is finished"))
}

/// What is known of the answer so far.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    /// [`Event::Start`] was told.
    started: bool,
    done: bool,
    usage: Option<Usage>,
    request_id: Option<String>,
    /// The model last named.
    model: Option<String>,
    /// The configuration last named.
    fingerprint: Option<String>,
    /// By number, in the order they began.
    choices: Vec<(u32, ChoiceState)>,
    /// Whose events come now.
    current: u32,
    told: Told,
    /// [`Event::Moderation`] was told.
    moderated: bool,
    /// What explains a finish reason of moderation, if one comes.
    explained: Option<Moderation>,
}

impl StreamState {
    /// Takes the next server-sent event.
    pub(crate) fn frame(
        &mut self,
        dialect: &Dialect,
        frame: Frame<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let data = frame.data.trim_ascii();
        if data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            if self.choices.is_empty() {
                return Err(PartnerError::malformed(None, "the stream has no answer in it"));
            }
            return self.complete(out);
        }
        if frame.event == "error" {
            return Err(self.error_frame(dialect, frame));
        }
        let answer: Answer<'_> = serde_json::from_str(data).map_err(|error| {
            let error = PartnerError::unreadable(None, "a chunk of the stream", &error);
            PartnerError::malformed(None, error.message)
        })?;
        if let Some(mut error) = answer.error(dialect, None, data) {
            error.request_id = error.request_id.or_else(|| self.request_id.take());
            return Err(error);
        }
        self.answer(dialect, answer, out)
    }

    /// The body ended without `[DONE]`.
    pub(crate) fn end(
        &mut self,
        dialect: &Dialect,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let done_wanted = dialect.quirks().answer.done == Done::Required;
        let finished = self.choices.iter().all(|(_, choice)| choice.finish.is_some());
        if self.choices.is_empty() || !finished || done_wanted {
            let message = if self.choices.is_empty() {
                "the stream ended before the answer began"
            } else {
                "the stream ended before the answer did"
            };
            return Err(PartnerError::truncated(message, self.request_id.take()));
        }
        self.complete(out)
    }

    /// Whether the answer is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The usage told so far and not yet given out, when the answer failed.
    pub(crate) fn spent(&mut self) -> Option<Usage> {
        let each = self.choices.iter_mut().filter_map(|(_, choice)| choice.usage.take());
        self.usage.take().or_else(|| each.reduce(Usage::with_choice))
    }

    /// Takes a chunk, or a whole answer.
    fn answer(
        &mut self,
        dialect: &Dialect,
        mut answer: Answer<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        // Counts are of all so far, never of the chunk.
        let usage = answer.usage.and_then(|counts| counts.0);
        let choices = answer.take_choices();
        match (dialect.quirks().answer.usage, choices.alone()) {
            (Counted::Choice, Some(choice)) => {
                let number = choice.index.unwrap_or(0);
                let state = self.state(number)?;
                state.usage = usage.or(state.usage);
            }
            _ => self.usage = usage.or(self.usage),
        }
        if !choices.is_empty() || !answer.unknown.is_empty() {
            self.identity(&mut answer, out);
            self.beside(dialect, &answer, choices.is_empty(), out)?;
        }
        for (place, choice) in (0..).zip(choices.into_iter()) {
            self.choice(dialect, place, choice, out)?;
        }
        Ok(())
    }

    /// Tells who answers: at the beginning, and when another name comes.
    fn identity(&mut self, answer: &mut Answer<'_>, out: &mut Vec<Event>) {
        if self.started {
            let model = anew(&mut self.model, answer.model.take());
            let fingerprint = anew(&mut self.fingerprint, answer.system_fingerprint.take());
            if model.is_some() || fingerprint.is_some() {
                out.push(Event::Identity { model, fingerprint });
            }
            return;
        }
        self.started = true;
        self.request_id = given(answer.request_id.take());
        let id = given(answer.id.take()).or_else(|| self.request_id.clone());
        self.model = given(answer.model.take());
        self.fingerprint = given(answer.system_fingerprint.take());
        out.push(Event::Start {
            id,
            model: self.model.clone(),
            fingerprint: self.fingerprint.clone(),
            request_id: self.request_id.clone(),
        });
    }

    /// What the top of a chunk says beside the answer itself.
    fn beside(
        &mut self,
        dialect: &Dialect,
        answer: &Answer<'_>,
        alone: bool,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let output = answer.output.as_ref().map(|output| &output.unknown);
        if answer.unknown.is_empty() && output.is_none_or(Unknown::is_empty) {
            return Ok(());
        }
        let mut extra = Extra::new();
        self.told.news(0, "", &answer.unknown, &mut extra);
        if let Some(output) = output {
            self.told.news(0, "", output, &mut extra);
        }
        if !extra.is_empty() {
            out.push(Event::Extra(extra));
        }
        let rows = &dialect.quirks().moderation;
        for finding in findings(rows, "", &answer.unknown) {
            let declines = finding.effect == Effect::Declines;
            // What was asked is declined, and no answer comes with it (MiniMax).
            if declines && alone && self.choices.is_empty() {
                let error = PartnerError::new(
                    PartnerErrorKind::Refused,
                    None,
                    "the partner's moderation declined",
                );
                return Err(PartnerError {
                    moderation: Some(Box::new(finding.moderation)),
                    ..error
                });
            }
            if declines {
                self.state(0)?.declined = true;
            }
            self.moderated(finding, out);
        }
        Ok(())
    }

    fn moderated(&mut self, finding: Finding, out: &mut Vec<Event>) {
        if finding.effect == Effect::Explains {
            self.explained = Some(finding.moderation);
        } else {
            self.moderated = true;
            out.push(Event::Moderation(finding.moderation));
        }
    }

    fn choice(
        &mut self,
        dialect: &Dialect,
        place: u32,
        choice: Choice<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let Choice { index, turn, finish_reason, usage, unknown } = choice;
        let number = index.unwrap_or(place);
        if let Some(usage) = usage.and_then(|counts| counts.0) {
            self.usage = Some(usage);
        }
        self.state(number)?;
        if number != self.current {
            self.current = number;
            out.push(Event::Choice(number));
        }
        let turn = turn.unwrap_or_default();
        if !unknown.is_empty() || !turn.unknown.is_empty() {
            let mut extra = Extra::new();
            self.told.news(number, "choice.", &unknown, &mut extra);
            self.told.news(number, "message.", &turn.unknown, &mut extra);
            if !extra.is_empty() {
                out.push(Event::Extra(extra));
            }
            for finding in findings(&dialect.quirks().moderation, "choice.", &unknown) {
                if finding.effect == Effect::Declines {
                    self.state(number)?.declined = true;
                }
                self.moderated(finding, out);
            }
        }
        let pieces = dialect.quirks().answer.pieces;
        let state = self.state(number)?;
        state.turn(turn, pieces, out)?;
        if let Some(reason) = finish_reason {
            match dialect.quirks().finish.get(&*reason.0) {
                None => state.finish = FinishReason::from_wire(&reason.0).or(state.finish.take()),
                Some(Ending::Finish(finish)) => state.finish = Some(finish.clone()),
                Some(Ending::Failed(kind)) => {
                    let message = "the partner ended the answer without completing it";
                    let code = Some(reason.0.into_owned());
                    let request_id = self.request_id.take();
                    let error = PartnerError::new(*kind, None, message);
                    return Err(PartnerError { code, request_id, ..error });
                }
            }
        }
        Ok(())
    }

    fn state(&mut self, number: u32) -> Result<&mut ChoiceState, PartnerError> {
        let found = self.choices.iter().position(|(known, _)| *known == number);
        let at = match found {
            Some(at) => at,
            None if self.choices.len() == MOST_CHOICES => {
                let message = format!("the answer has more than {MOST_CHOICES} choices");
                return Err(PartnerError::malformed(None, message));
            }
            None => {
                self.choices.push((number, ChoiceState::default()));
                self.choices.len() - 1
            }
        };
        Ok(&mut self.choices[at].1)
    }

    /// DashScope's `event:error`, with its status in a comment. Its data need not be JSON.
    fn error_frame(&mut self, dialect: &Dialect, frame: Frame<'_>) -> PartnerError {
        let status = frame.comment.trim().strip_prefix("HTTP_STATUS/").and_then(|s| s.parse().ok());
        let json = serde_json::from_str(frame.data)
            .unwrap_or_else(|_| serde_json::json!({ "message": frame.data }));
        let mut error = PartnerError::from_json(dialect, status, &json);
        error.request_id = error.request_id.or_else(|| self.request_id.take());
        error
    }

    /// Tells why each choice ended; one that gave no reason ended all the same.
    fn complete(&mut self, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        self.choices.sort_by_key(|(number, _)| *number);
        if self.choices.first().is_none_or(|(number, _)| *number != 0) {
            return Err(PartnerError::malformed(None, "the answer has no first choice"));
        }
        if self.choices.iter().any(|(_, choice)| choice.is_unreadable()) {
            let message = "the answer's words are not where they were";
            return Err(PartnerError::malformed(None, message));
        }
        let filtered = |(_, choice): &(u32, ChoiceState)| {
            !choice.refused && choice.finish == Some(FinishReason::ContentFilter)
        };
        if !self.moderated && self.choices.iter().any(filtered) {
            let bare = Moderation { at: ModerationAt::Output, categories: vec![], message: None };
            out.push(Event::Moderation(self.explained.take().unwrap_or(bare)));
        }
        out.extend(self.spent().map(Event::Usage));
        for (number, choice) in &mut self.choices {
            if *number != self.current {
                self.current = *number;
                out.push(Event::Choice(*number));
            }
            out.push(Event::Finish(choice.ending()));
        }
        self.done = true;
        Ok(())
    }
}

/// The name in `now` if it is another than the `known` one, which it then becomes.
fn anew(known: &mut Option<String>, now: Option<Str<'_>>) -> Option<String> {
    let differs = |name: &Str<'_>| !name.is_empty() && known.as_deref() != Some(&*name.0);
    let name = given(now.filter(differs))?;
    *known = Some(name.clone());
    Some(name)
}
