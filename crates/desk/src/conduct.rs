//! People whose inputs were refused again and again: who is limited or suspended, and lifting it.
//!
//! A person is a pseudonym here; whose it is only the app knows that named them.

use jiff::Timestamp;
use serde_json::{Value, json};
use yumen_ledger::{Canonical, Entry, SanctionStep};
use yumen_policy::{Conduct, Text};
use yumen_store::{StoredDeed, StoredPerson};

use crate::holdings::parsed;
use crate::{Actor, Desk, DeskError, Done};

/// What a change at the desk means for what a running gate counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// A person is free again.
    Freed {
        /// Their pseudonym.
        person: String,
    },
    /// Something was done that is counted; the store has it already.
    Done(StoredDeed),
}

impl Desk {
    /// What the changes since the last look mean for what a running gate counts.
    pub fn take_aftermath(&mut self) -> Vec<Aftermath> {
        std::mem::take(&mut self.aftermath)
    }

    /// Keeps what a running gate counted: how people stand, and how often what was done. All of it or nothing.
    ///
    /// # Errors
    /// [`DeskError::Store`].
    pub fn keep(
        &mut self,
        people: &[StoredPerson],
        forgotten: &[(String, String)],
        deeds: &[StoredDeed],
    ) -> Result<(), DeskError> {
        let mut change = self.store.change()?;
        for person in people {
            change.keep_person(person)?;
        }
        for (market, person) in forgotten {
            change.forget_person(market, person)?;
        }
        for deed in deeds {
            change.add_deed(deed)?;
        }
        change.commit_aside()?;
        Ok(())
    }

    pub(crate) fn people(&self, now: Timestamp) -> Result<Done, DeskError> {
        let mut held = Vec::new();
        for person in self.store.list_people()? {
            let conduct: Conduct = parsed("standing of a person", &person.standing)?;
            held.push(shown(&person, &conduct, now));
        }
        let count = held.len();
        Ok(Done::found(&held, Text::new(format!("{count} people"), format!("{count} 人"))))
    }

    pub(crate) fn person(&self, id: &str, now: Timestamp) -> Result<Done, DeskError> {
        let people = self.store.list_people()?;
        let person = people.iter().find(|person| person.id == id).ok_or_else(|| unknown(id))?;
        let conduct: Conduct = parsed("standing of a person", &person.standing)?;
        let shown = shown(person, &conduct, now);
        let text = Text::new(shown["state"].as_str().unwrap_or_default(), id);
        Ok(Done::found(&shown, text))
    }

    pub(crate) fn lift_person(
        &mut self,
        actor: &Actor,
        id: &str,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let people = self.store.list_people()?;
        let person =
            people.into_iter().find(|person| person.id == id).ok_or_else(|| unknown(id))?;
        let entry = lifted(actor, &person.market, id, now);
        let ((), index) = self.change_aside(|change| {
            change.forget_person(&person.market, id)?;
            Ok(((), vec![entry]))
        })?;
        self.aftermath.push(Aftermath::Freed { person: id.to_owned() });
        let text = Text::new(
            format!("{id} is free again in {}", person.market),
            format!("已解除 {id} 在 {} 的限制", person.market),
        );
        Ok(Done::changed(json!({"person": id, "market": person.market}), index, text))
    }
}

fn unknown(id: &str) -> DeskError {
    DeskError::Unknown { what: "counted person", zh: "有记录的人员", name: id.into() }
}

fn shown(person: &StoredPerson, conduct: &Conduct, now: Timestamp) -> Value {
    let sanction = conduct.sanction(now);
    json!({
        "person": person.id,
        "market": person.market,
        "state": sanction.map_or("free", |sanction| sanction.measure.done()),
        "since": sanction.map(|sanction| sanction.since),
        "until": sanction.map(|sanction| sanction.until),
        "changed_at": Timestamp::from_second(person.updated_at).ok(),
    })
}

/// The record that somebody is free again.
pub(crate) fn lifted(actor: &Actor, market: &str, person: &str, now: Timestamp) -> Canonical {
    Canonical::from(Entry::Sanction(SanctionStep {
        at: "lifted".into(),
        by: Some(actor.id().into()),
        id: person.to_owned().into(),
        market: market.to_owned().into(),
        time: now,
        until: None,
    }))
}
