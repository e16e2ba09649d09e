//! Who sends what the screen refuses again and again, counted in memory and kept by the desk.
//!
//! A person is a pseudonym: a keyed hash, made anew for each market, of what the app calls them, else of their device's
//! key. Whoever has neither is not counted: an app's key alone is of many people, and none may be stopped for another.
//! Of somebody who was never refused nothing is known, and their requests lock nothing: one atomic word tells that there
//! is nothing to look up.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use sha2::Sha256;
use yumen_policy::{Conduct, MarketId, Sanction, StrikeRules, Thumbprint, Timestamp};

use crate::problem::Problem;

/// The header in which an app names a person, by whatever name of its own means one and always the same.
pub(crate) const PERSON_HEADER: &str = "yumen-person";

/// The longest such name, in bytes.
const MAX_NAME: usize = 256;

/// People are spread over so many locks.
const SHARDS: usize = 64;

/// How many words of 64 bits tell whether anything may be known of somebody.
const WORDS: usize = 1 << 14;

/// What a caller says of who is behind it.
#[derive(Clone, Debug)]
pub(crate) enum Naming {
    /// What the app with this key calls them.
    App { key: String, name: String },
    /// The thumbprint of their device's key.
    Device(Thumbprint),
}

impl Naming {
    /// What the app says, else what the device showed.
    pub(crate) fn of(
        headers: &HeaderMap,
        key: &str,
        device: Option<Thumbprint>,
    ) -> Result<Option<Self>, Problem> {
        let Some(name) = headers.get(PERSON_HEADER) else { return Ok(device.map(Self::Device)) };
        match name.to_str() {
            Ok(name) if (1..=MAX_NAME).contains(&name.len()) => {
                Ok(Some(Self::App { key: key.to_owned(), name: name.to_owned() }))
            }
            _ => Err(Problem::new(
                "input_invalid",
                format!("`Yumen-Person` is 1 to {MAX_NAME} visible ASCII characters."),
                format!("`Yumen-Person` 须为 1 至 {MAX_NAME} 个可见 ASCII 字符。"),
            )),
        }
    }
}

/// A person in one market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    id: Box<str>,
    market: MarketId,
}

impl Person {
    /// The pseudonym: `psn_` and 32 hexadecimal digits.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

/// How one person stands, to be kept; `conduct` is none for one of whom nothing counts any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonKept {
    /// The market.
    pub market: MarketId,
    /// The pseudonym.
    pub id: String,
    /// What is remembered of them.
    pub conduct: Option<Conduct>,
}

/// Everybody of whom anything is remembered.
pub(crate) struct People {
    secret: [u8; 32],
    known: Box<[AtomicU64]>,
    shards: [Mutex<HashMap<Box<str>, Known>>; SHARDS],
    /// Whose state is not kept yet.
    changed: Mutex<HashSet<Box<str>>>,
}

struct Known {
    market: MarketId,
    conduct: Conduct,
}

impl People {
    pub(crate) fn new(secret: [u8; 32], kept: Vec<PersonKept>) -> Self {
        let people = Self {
            secret,
            known: (0..WORDS).map(|_| AtomicU64::new(0)).collect(),
            shards: std::array::from_fn(|_| Mutex::default()),
            changed: Mutex::default(),
        };
        for PersonKept { market, id, conduct } in kept {
            let Some(conduct) = conduct else { continue };
            let id: Box<str> = id.into();
            people.mark(&id);
            locked(people.shard(&id)).insert(id, Known { market, conduct });
        }
        people
    }

    /// The person behind a caller, in a market.
    pub(crate) fn person(&self, market: &MarketId, naming: &Naming) -> Person {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        // Any length of key is taken.
        let keyed = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
        let mut of_market = keyed(&self.secret);
        of_market.update(market.as_str().as_bytes());
        let mut hash = keyed(&of_market.finalize().into_bytes());
        match naming {
            Naming::App { key, name } => {
                hash.update(b"app\0");
                hash.update(key.as_bytes());
                hash.update(b"\0");
                hash.update(name.as_bytes());
            }
            Naming::Device(thumbprint) => {
                hash.update(b"device\0");
                hash.update(thumbprint.as_bytes());
            }
        }
        let mut id = String::with_capacity(36);
        id.push_str("psn_");
        for byte in &hash.finalize().into_bytes()[..16] {
            id.push(HEX[usize::from(byte >> 4)].into());
            id.push(HEX[usize::from(byte & 15)].into());
        }
        Person { id: id.into(), market: market.clone() }
    }

    /// What is in force against a person.
    pub(crate) fn sanction(&self, person: &Person, now: Timestamp) -> Option<Sanction> {
        if !self.may_be_known(&person.id) {
            return None;
        }
        let shard = locked(self.shard(&person.id));
        shard.get(&person.id)?.conduct.sanction(now).cloned()
    }

    /// An input of this person was refused.
    pub(crate) fn strike(
        &self,
        person: &Person,
        rules: &StrikeRules,
        weight: u32,
        now: Timestamp,
    ) -> Option<Sanction> {
        if weight == 0 {
            return None;
        }
        self.mark(&person.id);
        let sanction = {
            let mut shard = locked(self.shard(&person.id));
            let fresh = || Known { market: person.market.clone(), conduct: Conduct::default() };
            let known = shard.entry(person.id.clone()).or_insert_with(fresh);
            known.conduct.strike(rules, weight, now)
        };
        locked(&self.changed).insert(person.id.clone());
        sanction
    }

    /// An input of this person was in order.
    pub(crate) fn pass(&self, person: &Person) {
        if !self.may_be_known(&person.id) {
            return;
        }
        let ended = locked(self.shard(&person.id))
            .get_mut(&person.id)
            .is_some_and(|known| known.conduct.pass());
        if ended {
            locked(&self.changed).insert(person.id.clone());
        }
    }

    /// Nothing is held against this person any longer.
    pub(crate) fn free(&self, id: &str) {
        locked(self.shard(id)).remove(id);
        locked(&self.changed).remove(id);
    }

    /// What changed since the last call. Whom nothing counts against any longer is forgotten.
    pub(crate) fn take_changed(&self, now: Timestamp) -> Vec<PersonKept> {
        let changed = std::mem::take(&mut *locked(&self.changed));
        changed
            .into_iter()
            .filter_map(|id| {
                let mut shard = locked(self.shard(&id));
                let known = shard.get(&id)?;
                let market = known.market.clone();
                let conduct = (!known.conduct.is_over(now)).then(|| known.conduct.clone());
                if conduct.is_none() {
                    shard.remove(&id);
                }
                Some(PersonKept { market, id: id.into(), conduct })
            })
            .collect()
    }

    /// Looks for people whom nothing counts against any longer: the next [`take_changed`](Self::take_changed) gives them.
    pub(crate) fn sweep(&self, now: Timestamp) {
        for shard in &self.shards {
            let over: Vec<_> = locked(shard)
                .iter()
                .filter(|(_, known)| known.conduct.is_over(now))
                .map(|(id, _)| id.clone())
                .collect();
            locked(&self.changed).extend(over);
        }
    }

    /// What could not be kept is given again.
    pub(crate) fn again(&self, kept: Vec<PersonKept>) {
        locked(&self.changed).extend(kept.into_iter().map(|kept| kept.id.into()));
    }

    fn shard(&self, id: &str) -> &Mutex<HashMap<Box<str>, Known>> {
        &self.shards[place(id) % SHARDS]
    }

    /// Whether anything may be known of somebody: never wrongly no.
    fn may_be_known(&self, id: &str) -> bool {
        let place = place(id);
        self.known[place / 64 % WORDS].load(Ordering::Acquire) & 1 << (place % 64) != 0
    }

    fn mark(&self, id: &str) {
        let place = place(id);
        self.known[place / 64 % WORDS].fetch_or(1 << (place % 64), Ordering::AcqRel);
    }
}

/// Where a pseudonym belongs: its digits are as good as random.
fn place(id: &str) -> usize {
    let digits = id.get(4..12).and_then(|digits| usize::from_str_radix(digits, 16).ok());
    digits.unwrap_or_default()
}

/// A thread that panicked left a whole map.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use yumen_policy::{Market, Measure};

    use super::*;

    fn rules() -> StrikeRules {
        let cn = Market::parse(include_str!("../../../catalog/markets/cn.toml")).unwrap();
        cn.strikes().unwrap().clone()
    }

    fn naming(name: &str) -> Naming {
        Naming::App { key: "key_1".into(), name: name.into() }
    }

    fn market(id: &str) -> MarketId {
        id.parse().unwrap()
    }

    #[test]
    fn a_person_is_another_in_each_market_and_app_and_never_their_name() {
        let people = People::new([1; 32], Vec::new());
        let wei = people.person(&market("cn"), &naming("wei@lanterns.example"));
        assert_eq!(wei, people.person(&market("cn"), &naming("wei@lanterns.example")));
        assert!(wei.id().starts_with("psn_") && wei.id().len() == 36 && !wei.id().contains("wei"));
        let others = [
            people.person(&market("us"), &naming("wei@lanterns.example")),
            people.person(&market("cn"), &naming("li")),
            people.person(
                &market("cn"),
                &Naming::App { key: "key_2".into(), name: "wei@lanterns.example".into() },
            ),
            People::new([2; 32], Vec::new()).person(&market("cn"), &naming("wei@lanterns.example")),
        ];
        assert!(others.iter().all(|other| other.id() != wei.id()));
    }

    #[test]
    fn what_is_kept_is_there_after_a_restart_and_what_is_over_is_forgotten() {
        let now = Timestamp::now();
        let people = People::new([1; 32], Vec::new());
        let person = people.person(&market("cn"), &naming("wei"));
        assert_eq!(people.sanction(&person, now), None);
        for _ in 0..3 {
            people.strike(&person, &rules(), 1, now);
        }
        assert_eq!(people.sanction(&person, now).unwrap().measure, Measure::Limit);
        let kept = people.take_changed(now);
        assert_eq!(kept.len(), 1);
        assert!(people.take_changed(now).is_empty());
        people.again(kept.clone());
        assert_eq!(people.take_changed(now), kept);

        let later = People::new([1; 32], kept);
        assert_eq!(later.sanction(&person, now).unwrap().measure, Measure::Limit);
        later.free(person.id());
        assert_eq!(later.sanction(&person, now), None);
        assert!(later.take_changed(now).is_empty());

        let long = now + jiff::SignedDuration::from_hours(24 * 60);
        people.sweep(long);
        let over = people.take_changed(long);
        assert_eq!((over.len(), over[0].conduct.as_ref()), (1, None));
    }
}
