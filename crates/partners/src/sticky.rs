//! Which model served a conversation last, so that it is asked again: its partner may still hold the
//! conversation in its prompt cache.
//!
//! A table of fixed size, of hashes and short numbers: it knows no conversation, forgets each ten
//! minutes after its last turn, and two that fall on one place forget the older. It is only a
//! preference; what may serve is decided elsewhere.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Conversations remembered. 64 KiB.
const PLACES: usize = 8192;
/// How long after its last turn.
const FOR: Duration = Duration::from_mins(10);

/// A conversation by its hash: of what the caller named it, under a seed of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conversation(u64);

/// The memory of who served what.
#[derive(Debug, Default)]
pub(crate) struct Sticky {
    seed: RandomState,
    /// Each the upper half of a hash, a time in seconds (16 bits), and a model's number (16 bits).
    places: OnceLock<Box<[AtomicU64]>>,
}

impl Sticky {
    /// The conversation a caller names.
    pub(crate) fn conversation(&self, name: &str) -> Conversation {
        Conversation(self.seed.hash_one(name))
    }

    /// The number of the model that served it last.
    pub(crate) fn recall(&self, conversation: Conversation, now: Duration) -> Option<u16> {
        let kept = self.places.get()?[place(conversation)].load(Relaxed);
        let [high, low] = halves(kept);
        let [time, model] = [low >> 16, low & 0xFFFF];
        let age = seconds(now).wrapping_sub(time) & 0xFFFF;
        (kept != 0 && high == halves(conversation.0)[0] && u64::from(age) < FOR.as_secs())
            .then(|| u16::try_from(model).ok())
            .flatten()
    }

    /// Notes who served it.
    pub(crate) fn note(&self, conversation: Conversation, model: u16, now: Duration) {
        let places = self.places.get_or_init(|| (0..PLACES).map(|_| AtomicU64::new(0)).collect());
        let low = ((seconds(now) & 0xFFFF) << 16) | u32::from(model);
        let kept = (u64::from(halves(conversation.0)[0]) << 32) | u64::from(low);
        places[place(conversation)].store(kept, Relaxed);
    }
}

impl Conversation {
    /// A number that stays the same over the conversation.
    pub(crate) fn number(self) -> usize {
        usize::try_from(self.0 & 0xFFFF_FFFF).unwrap_or(0)
    }
}

fn place(conversation: Conversation) -> usize {
    conversation.number() % PLACES
}

fn halves(number: u64) -> [u32; 2] {
    [number >> 32, number & 0xFFFF_FFFF].map(|half| u32::try_from(half).unwrap_or(u32::MAX))
}

fn seconds(now: Duration) -> u32 {
    // One more, so that what is kept is never 0.
    u32::try_from((now.as_secs() + 1) & 0xFFFF_FFFF).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_conversation_is_remembered_for_a_while() {
        let sticky = Sticky::default();
        let talk = sticky.conversation("talk-1");
        let at = Duration::from_secs;
        assert_eq!(sticky.recall(talk, at(0)), None);
        sticky.note(talk, 7, at(0));
        assert_eq!(sticky.recall(talk, at(599)), Some(7));
        assert_eq!(sticky.recall(talk, at(601)), None);
        sticky.note(talk, 0, at(70_000));
        assert_eq!(sticky.recall(talk, at(70_001)), Some(0));
        assert_eq!(sticky.recall(sticky.conversation("talk-2"), at(70_001)), None);
    }

    proptest! {
        #[test]
        fn nobody_is_recalled_who_was_not_noted_for_this_conversation(
            turns in proptest::collection::vec((0..40_u32, 0..9_u16), 1..200)
        ) {
            let sticky = Sticky::default();
            let mut last = std::collections::BTreeMap::new();
            for (talk, model) in turns {
                sticky.note(sticky.conversation(&talk.to_string()), model, Duration::ZERO);
                last.insert(talk, model);
            }
            for (talk, model) in last {
                let recalled =
                    sticky.recall(sticky.conversation(&talk.to_string()), Duration::ZERO);
                prop_assert!(recalled.is_none_or(|recalled| recalled == model));
            }
        }
    }
}
