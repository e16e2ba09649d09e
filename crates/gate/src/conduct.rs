//! What a person's earlier inputs mean for this one: nothing, or that they are limited or suspended for a time; and what
//! this one means for the next.
//!
//! Which refusals count, and what follows, is the market's file to say (`[strikes]`). The person is told in the answer,
//! until when it holds, and how to object.
//!
//! A conversation comes whole with each request: what was refused in it once is refused again, and counts only where it
//! is what the person says now.

use yumen_features::{Body, Feature, Prompt, Task, Tier};
use yumen_ledger::{Canonical, Entry, SanctionStep};
use yumen_policy::{MarketId, Measure, Sanction, Surface};
use yumen_screen::{Refusal, Screen, ToPartner};
use yumen_wire::Message;

use crate::journal::Journal;
use crate::people::Person;
use crate::pipeline::Way;
use crate::problem::Problem;

/// What of an input is new with this request.
pub(crate) enum Said {
    /// All of it.
    Whole,
    /// In a conversation, the last that the person says.
    Last(String),
}

impl Way<'_> {
    /// What of a prompt is to count if it is refused. Of somebody whom nobody names nothing counts, so nothing is copied.
    pub(crate) fn said(&self, prompt: &Prompt) -> Said {
        match prompt.body() {
            Body::Chat(chat)
                if prompt.feature().task() == Task::Chat && self.caller.naming().is_some() =>
            {
                let is_user = |message: &&Message| matches!(message, Message::User { .. });
                let last = chat.messages.iter().rfind(is_user).map(Message::text);
                Said::Last(last.map(Into::into).unwrap_or_default())
            }
            Body::Chat(_) | Body::Device(_) => Said::Whole,
        }
    }

    /// The person behind this request in a market, if the app or the device says who it is.
    fn person(&self, market: &MarketId) -> Option<Person> {
        self.caller.naming().map(|naming| self.gate.people.person(market, naming))
    }

    /// That nothing is in force against the person that stops this feature.
    pub(crate) fn must_be_free(&self, market: &MarketId, feature: &Feature) -> Result<(), Problem> {
        let Some(person) = self.person(market) else { return Ok(()) };
        let Some(sanction) = self.gate.people.sanction(&person, self.now) else { return Ok(()) };
        let surface = match feature.tier() {
            Tier::Device => Surface::Device,
            Tier::Partner => Surface::Cloud,
        };
        if !sanction.measure.stops(surface) {
            return Ok(());
        }
        let code = match sanction.measure {
            Measure::Suspend => "person_suspended",
            Measure::Warn | Measure::Limit => "person_limited",
        };
        let text = sanction.text.clone();
        Err(Problem::new(code, text.en, text.zh).with_sanction(sanction))
    }

    /// What came of screening what the person sent.
    pub(crate) fn input<T>(
        &self,
        market: &MarketId,
        journal: &Journal,
        screen: &Screen,
        said: Said,
        screened: Result<T, Refusal>,
    ) -> Result<T, Problem> {
        self.gate.deeds.screened(market);
        match screened {
            Ok(passed) => {
                if let Some(person) = self.person(market) {
                    self.gate.people.pass(&person);
                }
                Ok(passed)
            }
            Err(refusal) => {
                let sanction = match said {
                    Said::Whole => self.strike(market, &refusal),
                    Said::Last(text) => match screen.whole(text, ToPartner) {
                        Ok(_) => None,
                        Err(new) => self.strike(market, &new),
                    },
                };
                if let Some((person, sanction)) = &sanction {
                    self.sanctioned(market, person, sanction, journal);
                }
                let problem = Problem::from(refusal);
                Err(match sanction {
                    Some((_, sanction)) => problem.with_sanction(sanction),
                    None => problem,
                })
            }
        }
    }

    /// Counts a refused input once, by its weightiest reason.
    fn strike(&self, market: &MarketId, refusal: &Refusal) -> Option<(Person, Sanction)> {
        let rules = self.snapshot.policy.market(market)?.strikes()?;
        let weight = |notice: &yumen_screen::Notice| {
            let category = notice.category.as_deref().map(|category| category.id.as_str());
            rules.weight(category, notice.severity.into())
        };
        let weight = refusal.notices.iter().map(weight).max()?;
        let person = self.person(market)?;
        let sanction = self.gate.people.strike(&person, rules, weight, self.now)?;
        Some((person, sanction))
    }

    fn sanctioned(
        &self,
        market: &MarketId,
        person: &Person,
        sanction: &Sanction,
        journal: &Journal,
    ) {
        let done = sanction.measure.done();
        self.gate.deeds.add(market, done, "", 1);
        let until = (sanction.measure > Measure::Warn).then_some(sanction.until);
        journal.also(Canonical::from(Entry::Sanction(SanctionStep {
            at: done.into(),
            by: None,
            id: person.id().into(),
            market: market.as_str().into(),
            time: self.now,
            until,
        })));
    }
}
