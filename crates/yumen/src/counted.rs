//! What a running gate counts, kept in the store and read back at the start: how people stand whose inputs were
//! refused, and how often what was done.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use yumen_desk::{Desk, DeskError, StoredPerson};
use yumen_gate::{Counted, Gate, PersonKept};
use yumen_store::Store;

use crate::failure::{Context as _, Failure};

/// How far back the counts of a market are told.
const MEMORY: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What was kept before.
pub(crate) fn read(store: &Store, now: Timestamp) -> Result<Counted, Failure> {
    let mut counted = Counted::default();
    for person in store.list_people().context("cannot read how people stand")? {
        let conduct = serde_json::from_str(&person.standing)
            .context(format!("cannot read how {} stands", person.id))?;
        let market = person.market.parse().context("a person is of no market")?;
        counted.people.push(PersonKept { market, id: person.id, conduct: Some(conduct) });
    }
    let since = now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN).to_zoned(TimeZone::UTC).date();
    counted.deeds = store.list_deeds(&since.to_string()).context("cannot read what was counted")?;
    Ok(counted)
}

/// Keeps what the gate counted since the last time. What cannot be kept now is kept the next time.
pub(crate) fn keep(gate: &Gate, desk: &mut Desk, now: Timestamp) {
    let counted = gate.take_counted(now);
    if counted.is_empty() {
        return;
    }
    match kept(&counted, desk, now) {
        Ok(()) => gate.kept(counted),
        Err(error) => {
            tracing::error!(%error, "what was counted is not kept yet");
            gate.not_kept(counted);
        }
    }
}

fn kept(counted: &Counted, desk: &mut Desk, now: Timestamp) -> Result<(), DeskError> {
    let (mut people, mut forgotten) = (Vec::new(), Vec::new());
    for PersonKept { market, id, conduct } in &counted.people {
        let (market, id) = (market.to_string(), id.clone());
        match conduct {
            None => forgotten.push((market, id)),
            Some(conduct) => {
                let standing = serde_json::to_string(conduct)
                    .map_err(|error| DeskError::Invalid(error.to_string()))?;
                people.push(StoredPerson { market, id, standing, updated_at: now.as_second() });
            }
        }
    }
    desk.keep(&people, &forgotten, &counted.deeds)
}
