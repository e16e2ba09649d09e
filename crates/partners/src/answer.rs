//! What a partner answers: a whole completion, or a stream of events that is pulled.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use yumen_policy::ModelRef;
use yumen_wire::{Completion, Event};

use crate::{
    AfterFirst, AskError, Attempt,
    call::Streamed,
    chain::Chain,
    conduct::{Then, conduct},
    reading::Reading,
};

/// A partner's answer.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is moved twice and kept nowhere")]
pub enum Answer {
    /// All of it at once.
    Whole(Whole),
    /// Piece by piece.
    Stream(AnswerStream),
}

/// A whole answer, and who gave it.
#[derive(Debug)]
pub struct Whole {
    /// The answer.
    pub completion: Completion,
    /// What it took, the attempt that gave it last.
    pub attempts: Vec<Attempt>,
    pub(crate) models: Arc<[ModelRef]>,
    pub(crate) chosen: usize,
    pub(crate) emulated: bool,
}

impl Whole {
    /// The model that answered.
    pub fn model(&self) -> &ModelRef {
        &self.models[self.chosen]
    }

    /// Whether an emulator answered in the partner's place.
    pub fn emulated(&self) -> bool {
        self.emulated
    }
}

/// What [`AnswerStream::next`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Go on.
    More,
    /// Another attempt, perhaps at another model, goes on with the same text: what was appended in
    /// this call comes from it, and [`AnswerStream::model`] names it.
    Switched,
    /// All that came before this call is void: what was appended in this call is the beginning of
    /// the answer anew, and [`AnswerStream::model`] names who gives it.
    Restarted,
    /// The answer has ended properly; nothing was appended.
    End,
}

/// The events of a streamed answer.
///
/// It has no task and no queue: nothing is read from the partner but when [`AnswerStream::next`]
/// is awaited, so a slow reader slows the partner down, and dropping the stream before its end
/// closes the connection to the partner. After the end the connection is kept for the next request.
pub struct AnswerStream {
    within: Box<Within>, // small to move, whatever the protocol's decoder holds
}

struct Within {
    /// What is being read; none while another attempt is being made, and after the end.
    reading: Option<Reading>,
    /// Events that were read before anybody asked for them.
    ahead: Vec<Event>,
    said: Said,
    after_first: AfterFirst,
    /// Away while another attempt is being made.
    chain: Option<Chain>,
    switching: Option<Switching>,
    /// Stands in for the chain's own while it is away.
    attempts: Vec<Attempt>,
    models: Arc<[ModelRef]>,
    chosen: usize,
    emulated: bool,
}

type Switching = Pin<Box<dyn Future<Output = Switched> + Send>>;

/// Another attempt that was made, and what it came to.
struct Switched {
    chain: Chain,
    outcome: Result<(Step, Vec<Event>, Reading), AskError>,
}

/// What was given out of an answer, as far as it matters for going on.
#[derive(Default)]
struct Said {
    text: String,
    /// Whether anything was given out that a reader would miss.
    begun: bool,
    /// Whether there was more than one text, so that nobody can go on from it.
    more_than_text: bool,
    /// Whether reasoning is given out, too: it was asked for.
    reasons: bool,
}

/// The longest beginning of an answer that is sent along to be gone on from, in bytes.
const LONGEST_PREFIX: usize = 256 * 1024;

impl AnswerStream {
    pub(crate) fn new(
        chain: Chain,
        after_first: AfterFirst,
        ahead: Vec<Event>,
        reading: Reading,
    ) -> Self {
        let (models, chosen) = chain.place();
        let emulated = chain.emulated();
        let said = Said { reasons: chain.gives_reasoning(), ..Said::default() };
        Self {
            within: Box::new(Within {
                reading: Some(reading),
                ahead,
                said,
                after_first,
                chain: Some(chain),
                switching: None,
                attempts: Vec::new(),
                models,
                chosen,
                emulated,
            }),
        }
    }

    /// Appends the events that come next to `out`, and says what they are. When an attempt breaks
    /// off, this is where the next one is made, within what [`crate::Manner::after_first`] allows.
    /// The future may be dropped and made anew without loss.
    ///
    /// # Errors
    /// [`AskError`] when a clock ran out, the connection broke, the partner reported an error, or
    /// the stream ended before it was finished, or went on as another model's than the approved
    /// one, and nobody could or may take over. Events before the error have been given out. After an
    /// error the connection is closed and the stream has ended.
    pub async fn next(&mut self, out: &mut Vec<Event>) -> Result<Step, AskError> {
        self.within.next(out).await
    }

    /// The model that answers now.
    pub fn model(&self) -> &ModelRef {
        &self.within.models[self.within.chosen]
    }

    /// Whether an emulator answers now in the partner's place.
    pub fn emulated(&self) -> bool {
        self.within.emulated
    }

    /// What was tried so far and has ended, in order; after the last event, all.
    pub fn attempts(&self) -> &[Attempt] {
        self.within.chain.as_ref().map_or(&self.within.attempts, Chain::attempts)
    }

    /// The answer put together of what was given out.
    pub(crate) fn into_whole(self, completion: Completion) -> Whole {
        let (models, chosen) = (Arc::clone(&self.within.models), self.within.chosen);
        let emulated = self.within.emulated;
        Whole { completion, attempts: self.close(), models, chosen, emulated }
    }

    /// All that was tried; the accounts are settled.
    pub(crate) fn close(mut self) -> Vec<Attempt> {
        self.within.chain.as_mut().map(Chain::close).unwrap_or_default()
    }
}

impl Within {
    async fn next(&mut self, out: &mut Vec<Event>) -> Result<Step, AskError> {
        loop {
            if let Some(switching) = &mut self.switching {
                let switched = switching.as_mut().await;
                self.switching = None;
                return self.switched(switched, out);
            }
            if !self.ahead.is_empty() {
                self.said.hear(&self.ahead, self.after_first);
                out.append(&mut self.ahead);
                self.look_whether_complete();
                return Ok(Step::More);
            }
            let Some(reading) = &mut self.reading else { return Ok(Step::End) };
            let before = out.len();
            match reading.pull(out).await {
                Ok(true) => {
                    self.said.hear(&out[before..], self.after_first);
                    self.look_whether_complete();
                    return Ok(Step::More);
                }
                Ok(false) => {
                    self.look_whether_complete();
                    self.reading = None;
                    return Ok(Step::End);
                }
                Err(error) => self.broken(error)?,
            }
        }
    }

    /// Once the last event was given out, the answer counts as complete, whether or not anybody asks
    /// for more.
    fn look_whether_complete(&mut self) {
        if let (Some(reading), Some(chain)) = (&self.reading, &mut self.chain)
            && reading.is_over()
        {
            chain.note(reading.tally());
            chain.complete();
            chain.settle();
        }
    }

    /// Draws the consequences of a failure: another attempt, if there may be one.
    fn broken(&mut self, error: AskError) -> Result<(), AskError> {
        let (Some(reading), Some(mut chain)) = (self.reading.take(), self.chain.take()) else {
            return Err(error);
        };
        chain.note(reading.tally());
        drop(reading); // closes the connection before another is opened
        let then = chain.failed(&error);
        let plan = self.said.plan(self.after_first, chain.may_continue());
        if then == Then::Stop || plan == Plan::Fail {
            chain.voided();
            chain.settle();
            self.chain = Some(chain);
            return Err(error);
        }
        self.attempts = chain.attempts().to_vec();
        let said = if plan == Plan::Anew || plan == Plan::Restart {
            String::new()
        } else {
            self.said.text.clone()
        };
        self.switching = Some(Box::pin(switch(chain, plan, said, error)));
        Ok(())
    }

    fn switched(&mut self, switched: Switched, out: &mut Vec<Event>) -> Result<Step, AskError> {
        let Switched { mut chain, outcome } = switched;
        match outcome {
            Ok((step, events, reading)) => {
                (self.models, self.chosen) = chain.place();
                self.emulated = chain.emulated();
                self.chain = Some(chain);
                self.reading = Some(reading);
                if step == Step::Restarted {
                    self.said = Said { reasons: self.said.reasons, ..Said::default() };
                }
                self.said.hear(&events, self.after_first);
                out.extend(events);
                self.look_whether_complete();
                Ok(step)
            }
            Err(error) => {
                chain.voided();
                chain.settle();
                self.chain = Some(chain);
                Err(error)
            }
        }
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        if let (Some(reading), Some(chain)) = (&self.reading, &mut self.chain) {
            chain.note(reading.tally());
        }
    }
}

/// How an answer that broke off may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    /// Nothing was given out that matters: from the beginning, and nobody is told to forget.
    Anew,
    /// From where it broke off.
    Continue,
    /// From where it broke off; where nobody can, from the beginning.
    ContinueOrRestart,
    /// From the beginning.
    Restart,
    /// Not at all.
    Fail,
}

impl Said {
    /// Takes note of what is given out.
    fn hear(&mut self, events: &[Event], rule: AfterFirst) {
        let keeps = matches!(rule, AfterFirst::Continue | AfterFirst::ContinueOrRestart);
        for event in events {
            match event {
                Event::Text(text) => {
                    self.begun = true;
                    if keeps && !self.more_than_text {
                        self.text.push_str(text);
                        if self.text.len() > LONGEST_PREFIX {
                            self.more_than_text = true;
                            self.text = String::new();
                        }
                    }
                }
                Event::ToolCall(_) | Event::Moderation(_) => {
                    self.begun = true;
                    self.more_than_text = true;
                }
                Event::Reasoning(_) => self.begun |= self.reasons,
                Event::Choice(_) => self.more_than_text = true,
                _ => {}
            }
        }
    }

    fn plan(&self, rule: AfterFirst, may_continue: bool) -> Plan {
        // From thoughts alone nobody goes on.
        let may_continue = may_continue && !self.more_than_text && !self.text.is_empty();
        match rule {
            _ if !self.begun => Plan::Anew,
            AfterFirst::Continue if may_continue => Plan::Continue,
            AfterFirst::ContinueOrRestart if may_continue => Plan::ContinueOrRestart,
            AfterFirst::ContinueOrRestart | AfterFirst::Restart => Plan::Restart,
            AfterFirst::Continue | AfterFirst::Fail => Plan::Fail,
        }
    }
}

/// Makes another attempt in place of the one that broke off with `error`.
async fn switch(mut chain: Chain, plan: Plan, said: String, error: AskError) -> Switched {
    let broken = chain.attempts().len().saturating_sub(1);
    let outcome = match plan {
        Plan::Anew => {
            let begun = chain.begin::<Streamed>("", Some(error)).await;
            begun.map(|(events, reading)| (Step::Switched, events, reading))
        }
        Plan::Continue | Plan::ContinueOrRestart => {
            match chain.begin::<Streamed>(&said, None).await {
                Ok((events, reading)) => {
                    chain.continued(broken);
                    Ok((Step::Switched, events, reading))
                }
                Err(last) if is_final(&last) => Err(last),
                Err(_) if plan == Plan::ContinueOrRestart => restart(&mut chain, error).await,
                Err(_) => Err(error),
            }
        }
        Plan::Restart => restart(&mut chain, error).await,
        Plan::Fail => Err(error),
    };
    Switched { chain, outcome }
}

/// Begins anew; where nobody can, the first error stands.
async fn restart(
    chain: &mut Chain,
    error: AskError,
) -> Result<(Step, Vec<Event>, Reading), AskError> {
    chain.prefer_others();
    match chain.begin::<Streamed>("", None).await {
        Ok((events, reading)) => {
            chain.voided();
            Ok((Step::Restarted, events, reading))
        }
        Err(last) if is_final(&last) => Err(last),
        Err(_) => Err(error),
    }
}

/// Whether an error says more than the one before it: a refusal, another model than the approved one.
fn is_final(error: &AskError) -> bool {
    conduct(error, true).1 == Then::Stop
}

impl fmt::Debug for AnswerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerStream")
            .field("model", &self.model().model)
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}
