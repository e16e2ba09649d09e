//! One answer, over as many attempts as it takes: who is asked, what follows when it fails, and the
//! account of it all.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};
use yumen_features::{Body, Prompt};
use yumen_policy::ModelRef;
use yumen_screen::{Screened, ToPartner};
use yumen_wire::{Chat, Message, Usage};

use crate::{
    AskError, Attempt, Outcome, Price, Route, Settle, backoff,
    breaker::{self, Admit},
    budget::{self, Budget},
    call::{Call, Delivery},
    candidate::Candidate,
    capabilities::Needs,
    conduct::{Blame, Then, conduct},
    expected::Expected,
    keys::{BARRED_REST, DEAD_REST, LIMITED_REST, LONGEST_TOLD, Pick},
    lane::Turn,
    limit::Place,
    partners::Shared,
    plan::{self, Next, Seat},
    reading::Tally,
    route::{Encoded, encode},
    sticky::Conversation,
    wait::{Clock, Due},
};

/// One answer in the making. When it is dropped, the attempt under way counts as cancelled, and
/// whoever keeps the accounts is told.
pub(crate) struct Chain {
    shared: Arc<Shared>,
    prompt: Screened<Prompt, ToPartner>,
    needs: Needs,
    models: Arc<[ModelRef]>,
    /// Who may be asked, in order.
    first: Candidate,
    rest: Vec<Candidate>,
    /// What the first is asked, already written; gone once it was sent.
    encoded: Option<Encoded>,
    conversation: Option<Conversation>,
    hint: Option<String>,
    deadline: Instant,
    /// Requests sent.
    made: u32,
    /// Who was asked last.
    last: usize,
    /// Who failed last, in a way that a second try may mend.
    again: Option<usize>,
    budget: Budget,
    attempts: Vec<Attempt>,
    /// From where on the attempts belong to the text as it stands.
    standing_from: usize,
    current: Option<Current>,
    settle: Option<Settle>,
}

/// The attempt under way.
struct Current {
    at: usize,
    key: usize,
    turn: Turn,
    begun: Instant,
    /// Whether it goes on from the beginning of an answer.
    continues: bool,
    tally: Tally,
}

/// Leave to ask one candidate now.
struct Grant {
    at: usize,
    key: usize,
    probe: bool,
    place: Place,
}

/// Requests that lost a race for a place or a probe look again so often.
const MOST_LOOKS: u32 = 64;

impl Chain {
    pub(crate) fn of(shared: &Arc<Shared>, route: Route) -> Self {
        let Route { prompt, needs, first, rest, encoded, conversation, hint, settle, .. } = route;
        Self {
            models: prompt.get().clearance().shared_models(),
            shared: Arc::clone(shared),
            prompt,
            needs,
            first,
            rest,
            encoded: Some(encoded),
            conversation,
            hint,
            deadline: Instant::now() + shared.routing.deadline,
            made: 0,
            last: 0,
            again: None,
            budget: Budget::of(shared.routing.cost_budget),
            attempts: Vec::new(),
            standing_from: 0,
            current: None,
            settle,
        }
    }

    /// The models, and which of them is asked now or was asked last.
    pub(crate) fn place(&self) -> (Arc<[ModelRef]>, usize) {
        (Arc::clone(&self.models), self.candidate(self.last).chosen)
    }

    /// Whether an emulator answers now.
    pub(crate) fn emulated(&self) -> bool {
        self.candidate(self.last).partner.emulated
    }

    /// What was tried and has ended.
    pub(crate) fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Whether some candidate could go on from the beginning of an answer. Where the form of the
    /// answer is fixed, none: half a JSON text is no text to go on from.
    pub(crate) fn may_continue(&self) -> bool {
        !self.needs.json_object
            && !self.needs.json_schema
            && (self.first.continues() || self.rest.iter().any(Candidate::continues))
    }

    /// Whether the reasoning is wanted, and so given out.
    pub(crate) fn gives_reasoning(&self) -> bool {
        self.needs.reasoning
    }

    /// Asks one candidate after the other until one begins to answer. `said`: the beginning of the
    /// answer that is to be gone on from; empty for none.
    ///
    /// Gives the failure of the last attempt, or `before` where none was made.
    pub(crate) async fn begin<D: Delivery>(
        &mut self,
        said: &str,
        before: Option<AskError>,
    ) -> Result<D::Got, AskError> {
        let continues = !said.is_empty();
        let mut why = before;
        loop {
            let Some(grant) = self.grant(continues).await else {
                return Err(why.unwrap_or_else(|| self.unavailable()));
            };
            let Some(encoded) = self.take_encoded(grant.at, said, D::STREAMS) else {
                let candidate = self.candidate_mut(grant.at);
                if continues {
                    candidate.refuses_prefix = true;
                } else {
                    candidate.out = true;
                }
                continue;
            };
            let error = match self.attempt::<D>(grant, encoded, continues).await {
                Ok(got) => return Ok(got),
                Err(error) => error,
            };
            match self.failed(&error) {
                Then::Stop => return Err(error),
                // That a model does not take a beginning is nothing the caller asked about.
                Then::WithoutPrefix => {}
                _ => why = Some(error),
            }
        }
    }

    /// Leave to ask the next candidate, waited for; none when there is no next one.
    async fn grant(&mut self, continues: bool) -> Option<Grant> {
        if self.made == 0
            && let Some(grant) = self.take(0, false)
        {
            return Some(grant);
        }
        for _ in 0..MOST_LOOKS {
            let now = Instant::now();
            if self.made >= self.shared.routing.attempts.max(1) || now >= self.deadline {
                return None;
            }
            let since = self.shared.since(now);
            let seats = self.seats(continues, since);
            match plan::next(&seats, self.again, since) {
                Next::Ask(at) => match self.take(at, seats[at].resting) {
                    Some(grant) => return Some(grant),
                    None => tokio::task::yield_now().await,
                },
                Next::Wait(until) => {
                    let until = now + until.saturating_sub(since);
                    if until >= self.deadline {
                        return None;
                    }
                    sleep_until(until).await;
                }
                Next::Queue(at) => {
                    let partner = self.candidate(at).partner.clone();
                    let place = timeout_at(self.deadline, partner.limit.take()).await.ok()?;
                    if let Some(grant) = self.take_in(at, seats[at].resting, place) {
                        return Some(grant);
                    }
                }
                Next::GiveUp => return None,
            }
        }
        None
    }

    fn seats(&self, continues: bool, now: Duration) -> Vec<Seat> {
        let question = Usage { input_tokens: self.question_tokens(), ..Usage::default() };
        std::iter::once(&self.first)
            .chain(&self.rest)
            .map(|candidate| {
                let (resting, from) = candidate.standing(now);
                let affordable =
                    self.made == 0 || self.budget.allows(candidate.lane.price.as_ref(), &question);
                Seat {
                    tries: candidate.tries,
                    out: candidate.out || !affordable || continues && !candidate.continues(),
                    from,
                    resting,
                    full: candidate.partner.limit.is_full(),
                }
            })
            .collect()
    }

    fn take(&self, at: usize, anyway: bool) -> Option<Grant> {
        let place = self.candidate(at).partner.limit.try_take()?;
        self.take_in(at, anyway, place)
    }

    fn take_in(&self, at: usize, anyway: bool, place: Place) -> Option<Grant> {
        let (candidate, now) = (self.candidate(at), self.shared.now());
        let (partner, lane) = (&candidate.partner, &candidate.lane);
        let Pick::Key(key) = partner.pick(lane, self.conversation, now, anyway) else {
            return None;
        };
        let probe = match lane.admit(now) {
            Admit::Free => false,
            Admit::Probe => true,
            Admit::Resting(_) if anyway => false,
            Admit::Resting(_) | Admit::Told(_) => return None,
        };
        Some(Grant { at, key, probe, place })
    }

    /// What a candidate is asked; none when its protocol cannot say it.
    fn take_encoded(&mut self, at: usize, said: &str, streams: bool) -> Option<Encoded> {
        if at == 0
            && said.is_empty()
            && let Some(encoded) = self.encoded.take()
        {
            return Some(encoded);
        }
        let Body::Chat(chat) = self.prompt.get().body() else { return None };
        let candidate = self.candidate(at);
        let encode = |chat| encode(chat, candidate, streams, self.hint.as_deref());
        let encoded = if said.is_empty() { encode(chat) } else { encode(&going_on(chat, said)) };
        encoded
            .inspect_err(|error| {
                tracing::debug!(partner = %candidate.partner.id, code = error.code(), "passed over");
            })
            .ok()
    }

    async fn attempt<D: Delivery>(
        &mut self,
        grant: Grant,
        encoded: Encoded,
        continues: bool,
    ) -> Result<D::Got, AskError> {
        let Grant { at, key, probe, place } = grant;
        let begun = Instant::now();
        self.made += 1;
        self.again = None;
        self.last = at;
        self.candidate_mut(at).tries += 1;
        let candidate = self.candidate(at);
        let partner = candidate.partner.clone();
        if self.made > 1 {
            tracing::debug!(partner = %partner.id, model = %candidate.lane.model, "asking next");
        }
        let turn = Turn::begin(&candidate.lane, self.shared.since(begun), probe, place);
        let clocks = &partner.clocks;
        let first_token = if self.is_dispensable(at) {
            clocks.first_token.min(clocks.first_token_failover)
        } else {
            clocks.first_token
        };
        let left = self.deadline.saturating_duration_since(begun);
        let call = Call {
            partner: &partner,
            key,
            address: encoded.address,
            outgoing: encoded.outgoing,
            expected: Expected::of(self.prompt.get().clearance(), candidate.chosen),
            first_token,
            total: Due::after(begun, clocks.total.min(left), Clock::Total),
        };
        self.current = Some(Current { at, key, turn, begun, continues, tally: Tally::default() });
        let got = D::make(call).await?;
        if let Some(current) = &mut self.current {
            current.tally = D::tally(&got);
            if let Some(first) = current.tally.first_token {
                current.turn.first_token(self.shared.since(first), first - current.begun);
            }
        }
        Ok(got)
    }

    /// Whether another could be asked at once instead of this one. Who asked for reasoning asked for
    /// patience.
    fn is_dispensable(&self, at: usize) -> bool {
        if self.rest.is_empty() || self.needs.reasoning {
            return false;
        }
        let now = self.shared.now();
        (0..=self.rest.len()).filter(|other| *other != at).any(|other| {
            let candidate = self.candidate(other);
            let (resting, from) = candidate.standing(now);
            !candidate.out && candidate.tries == 0 && !resting && from <= now
        })
    }

    /// Takes note of what came of the attempt under way.
    pub(crate) fn note(&mut self, tally: Tally) {
        if let Some(current) = &mut self.current {
            current.tally = tally;
        }
    }

    /// The attempt under way has answered.
    pub(crate) fn complete(&mut self) {
        let Some(current) = self.current.take() else { return };
        let now = self.shared.now();
        self.record(&current, Outcome::Complete, true);
        if let Some(conversation) = self.conversation {
            self.shared.sticky.note(conversation, self.candidate(current.at).lane.number, now);
        }
        current.turn.succeeded(now);
    }

    /// The attempt under way has failed: draws the consequences, and says what may follow.
    pub(crate) fn failed(&mut self, error: &AskError) -> Then {
        let Some(current) = self.current.take() else { return Then::Stop };
        self.record(&current, Outcome::Failed(error.code()), false);
        self.spend(&current, error);
        let now = self.shared.now();
        let (blame, then) = conduct(error, current.continues);
        let Current { at, key, turn, .. } = current;
        let candidate = self.candidate(at);
        let (partner, lane) = (&candidate.partner, &candidate.lane);
        match blame {
            Blame::Model => {
                let told = match then {
                    Then::Again(told) => told,
                    _ => None,
                };
                turn.failed(now, told);
            }
            // It answered, if only to say no: the model is there.
            Blame::Nobody if matches!(error, AskError::Partner { .. }) => turn.succeeded(now),
            Blame::Nobody => drop(turn),
            Blame::DeadKey => partner.dead.rest(key, now, DEAD_REST),
            Blame::BarredKey => lane.barred.rest(key, now, BARRED_REST),
            Blame::LimitedKey(Some(told)) => lane.limited.rest(key, now, told.min(LONGEST_TOLD)),
            Blame::LimitedKey(None) if partner.keys() > 1 => {
                lane.limited.rest(key, now, LIMITED_REST);
            }
            Blame::LimitedKey(None) => {}
        }
        self.consequences(at, then, blame, now);
        then
    }

    fn consequences(&mut self, at: usize, then: Then, blame: Blame, now: Duration) {
        let fraction = self.shared.chance.fraction();
        let context = self.candidate(at).lane.can.context_tokens;
        let candidate = self.candidate_mut(at);
        let other_key = candidate.partner.keys() > 1
            && candidate.partner.keys_rest(&candidate.lane, now).is_none();
        match then {
            Then::OtherKey if other_key => {
                candidate.tries -= 1;
                self.again = Some(at);
            }
            Then::Stop | Then::Elsewhere | Then::OtherKey => candidate.out = true,
            Then::WithoutPrefix => {
                candidate.refuses_prefix = true;
                candidate.tries -= 1;
            }
            Then::Larger => {
                candidate.out = true;
                let least = context.unwrap_or(0);
                for other in std::iter::once(&mut self.first).chain(&mut self.rest) {
                    other.out |= other.lane.can.context_tokens.is_some_and(|most| most <= least);
                }
            }
            Then::Again(_) if other_key && matches!(blame, Blame::LimitedKey(_)) => {
                candidate.tries -= 1;
                self.again = Some(at);
            }
            Then::Again(told) => {
                let pause = match told {
                    Some(told) => backoff::asked_pause(told.min(breaker::LONGEST_TOLD), fraction),
                    None => backoff::pause(u32::from(candidate.tries), fraction),
                };
                candidate.from = now + pause;
                self.again = Some(at);
            }
        }
    }

    /// Whoever failed last is asked again only after all others: a reader who must begin anew is not
    /// made to do so twice.
    pub(crate) fn prefer_others(&mut self) {
        self.again = None;
    }

    /// The text so far stands, and the attempt that broke off is part of it.
    pub(crate) fn continued(&mut self, broken: usize) {
        if let Some(attempt) = self.attempts.get_mut(broken) {
            attempt.billed = attempt.came > 0;
        }
    }

    /// The text so far is void.
    pub(crate) fn voided(&mut self) {
        for attempt in &mut self.attempts[self.standing_from..] {
            attempt.billed = false;
        }
        self.standing_from = self.attempts.len();
    }

    /// Says what became of it all, and gives it. Nothing may follow.
    pub(crate) fn close(&mut self) -> Vec<Attempt> {
        self.settle();
        std::mem::take(&mut self.attempts)
    }

    /// Tells whoever keeps the accounts, once.
    pub(crate) fn settle(&mut self) {
        if let Some(settle) = self.settle.take() {
            settle(&self.attempts);
        }
    }

    fn record(&mut self, current: &Current, outcome: Outcome, billed: bool) {
        let Tally { came, usage, first_token } = current.tally;
        self.attempts.reserve_exact(1); // mostly there is only this one
        self.attempts.push(Attempt {
            models: Arc::clone(&self.models),
            chosen: self.candidate(current.at).chosen,
            outcome,
            first_token: first_token.map(|first| first - current.begun),
            took: current.begun.elapsed(),
            usage,
            came,
            billed,
        });
    }

    /// Counts a failed attempt against the budget: by what the partner says, else by what came.
    fn spend(&mut self, current: &Current, error: &AskError) {
        let tally = current.tally;
        let priced: Option<Price> = self.candidate(current.at).lane.price;
        // Who said no, or was not reached, has done nothing to be paid for.
        let worked = tally.came > 0 || error.is_timeout();
        if priced.is_none() || !worked && tally.usage.is_none() {
            return;
        }
        let usage = tally.usage.unwrap_or_else(|| Usage {
            input_tokens: self.question_tokens(),
            output_tokens: budget::tokens(tally.came),
            ..Usage::default()
        });
        self.budget.spend(priced.as_ref(), &usage);
    }

    fn question_tokens(&self) -> u64 {
        budget::tokens(self.needs.bytes)
    }

    fn unavailable(&self) -> AskError {
        let now = self.shared.now();
        let wait = self.candidate(0).standing(now).1.saturating_sub(now);
        AskError::Unavailable {
            partner: self.first.partner.id.clone(),
            retry_after: (!wait.is_zero()).then_some(wait),
        }
    }

    fn candidate(&self, at: usize) -> &Candidate {
        at.checked_sub(1).and_then(|at| self.rest.get(at)).unwrap_or(&self.first)
    }

    fn candidate_mut(&mut self, at: usize) -> &mut Candidate {
        match at.checked_sub(1) {
            Some(at) if at < self.rest.len() => &mut self.rest[at],
            _ => &mut self.first,
        }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        if let Some(current) = self.current.take() {
            self.record(&current, Outcome::Cancelled, current.tally.came > 0);
        }
        self.settle();
    }
}

/// The conversation with the beginning of its answer, to be gone on from; what the answer has
/// already taken is not granted again.
fn going_on(chat: &Chat, said: &str) -> Chat {
    let mut chat = chat.clone();
    let used = u32::try_from(budget::tokens(said.len())).unwrap_or(u32::MAX);
    chat.params.max_tokens = chat.params.max_tokens.map(|most| most.saturating_sub(used).max(1));
    // A conversation that ended in a beginning of its own has a longer one now.
    match chat.messages.last_mut() {
        Some(Message::Assistant { content, prefix: true, .. }) => content.push_str(said),
        _ => chat.messages.push(Message::prefix(said)),
    }
    chat
}
