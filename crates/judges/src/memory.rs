//! What a judge said of pictures, remembered for some minutes: a conversation is sent again with each of its turns, and each time
//! with all of its pictures.
//!
//! Verdicts are remembered, not what follows from them, and failures are not. A picture is known by a digest of its bytes and of the words
//! that were judged with it; neither is kept. Only in memory, no more than [`MOST`] of them in no more than [`MOST_BYTES`], the oldest going
//! first. Sans-I/O: the time, since any beginning, is an argument.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::shape::Picture;
use crate::verdict::{Said, Verdict};

/// The most verdicts that are remembered.
const MOST: usize = 4_096;
/// The most bytes they take together, in all.
const MOST_BYTES: usize = 1 << 20;
/// The most bytes of one; a longer one is not remembered.
const MOST_BYTES_EACH: usize = 4_096;

/// What a picture is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// Of a cleaned picture, and of the words beside it where they are judged with it.
    pub(crate) fn of(picture: &Picture<'_>, reads_beside: bool) -> Self {
        let mut hash = Sha256::new_with_prefix(picture.url.as_bytes());
        // No address has a zero in it, so nothing else makes the same bytes.
        hash.update([0]);
        if reads_beside {
            without_codes(picture.beside, |part| hash.update(part.as_bytes()));
        }
        Self(hash.finalize().into())
    }
}

/// The words but for the codes of tokens (`⟦phone·A7K2QX⟧`): in a conversation without a name they are others with each turn, and
/// they say nothing.
fn without_codes<'w>(mut words: &'w str, mut part: impl FnMut(&'w str)) {
    while let Some(open) = words.find('⟦') {
        let (before, token) = words.split_at(open);
        part(before);
        let inside = token.find('⟧').map(|end| &token[..end]);
        if let Some((end, code)) = inside.and_then(|all| Some((all.len(), all.find('·')?))) {
            part(&token[..code]);
            words = &token[end..];
        } else {
            part("⟦");
            words = &token['⟦'.len_utf8()..];
        }
    }
    part(words);
}

/// The verdicts of one judge.
#[derive(Debug)]
pub(crate) struct Memory {
    lasts: Duration,
    kept: HashMap<Key, Verdict>,
    /// When each was kept and how many bytes it takes, the oldest first.
    order: VecDeque<(Duration, Key, usize)>,
    bytes: usize,
}

impl Memory {
    /// One that forgets after so long; at once, where that is no time.
    pub(crate) fn new(lasts: Duration) -> Self {
        Self { lasts, kept: HashMap::new(), order: VecDeque::new(), bytes: 0 }
    }

    pub(crate) fn recall(&mut self, key: Key, now: Duration) -> Option<Verdict> {
        self.forget(now);
        self.kept.get(&key).cloned()
    }

    pub(crate) fn keep(&mut self, key: Key, verdict: &Verdict, now: Duration) {
        self.forget(now);
        let said: usize =
            verdict.said.iter().map(|said| size_of::<Said>() + said.category.len()).sum();
        let bytes = size_of::<(Key, Verdict)>() + said;
        if self.lasts.is_zero() || bytes > MOST_BYTES_EACH || self.kept.contains_key(&key) {
            return;
        }
        self.kept.insert(key, verdict.clone());
        self.order.push_back((now, key, bytes));
        self.bytes += bytes;
        self.forget(now);
    }

    fn forget(&mut self, now: Duration) {
        while let Some((at, key, bytes)) = self.order.front().copied() {
            let old = now.saturating_sub(at) >= self.lasts;
            if !old && self.order.len() <= MOST && self.bytes <= MOST_BYTES {
                return;
            }
            self.order.pop_front();
            self.kept.remove(&key);
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::Level;

    const MINUTE: Duration = Duration::from_mins(1);

    fn key(url: &str, beside: &str) -> Key {
        Key::of(&Picture { url, beside }, true)
    }

    fn found(category: &str) -> Verdict {
        let said = Said { category: category.to_owned(), level: Level::Unsafe, score: None };
        Verdict { level: Level::Unsafe, said: vec![said] }
    }

    #[test]
    fn a_picture_is_known_with_its_words_but_not_by_the_codes_of_tokens() {
        let one = key("data:a", "请看 ⟦phone·A7K2QX⟧。");
        assert_eq!(one, key("data:a", "请看 ⟦phone·B8L3RY⟧。"));
        assert_ne!(one, key("data:a", "请看 ⟦email·A7K2QX⟧。"));
        assert_ne!(one, key("data:a", "请看 ⟦phone·A7K2QX⟧！"));
        assert_ne!(one, key("data:b", "请看 ⟦phone·A7K2QX⟧。"));
        assert_eq!(key("data:a", "⟦ ⟦⟧"), key("data:a", "⟦ ⟦⟧"));
        assert_ne!(key("data:a", "⟦a"), key("data:a", "a"));
        let alone = |beside| Key::of(&Picture { url: "data:a", beside }, false);
        assert_eq!(alone("one"), alone("other"));
    }

    #[test]
    fn it_lasts_for_its_minutes_and_no_longer_however_often_it_is_recalled() {
        let mut memory = Memory::new(10 * MINUTE);
        let (known, unknown) = (key("data:a", ""), key("data:b", ""));
        memory.keep(known, &found("storms"), MINUTE);
        for minutes in 1..11 {
            assert_eq!(memory.recall(known, minutes * MINUTE), Some(found("storms")));
            assert_eq!(memory.recall(unknown, minutes * MINUTE), None);
        }
        assert_eq!(memory.recall(known, 11 * MINUTE), None);
        assert_eq!((memory.bytes, memory.kept.len()), (0, 0));
        let mut never = Memory::new(Duration::ZERO);
        never.keep(known, &found("storms"), MINUTE);
        assert_eq!(never.recall(known, MINUTE), None);
        memory.keep(known, &found(&"s".repeat(MOST_BYTES_EACH)), MINUTE);
        assert_eq!(memory.recall(known, MINUTE), None);
    }

    #[test]
    fn the_oldest_go_first_and_there_are_never_too_many() {
        let mut memory = Memory::new(10 * MINUTE);
        let of = |n: usize| key(&format!("data:{n}"), "");
        for n in 0..=MOST {
            memory.keep(of(n), &Verdict::default(), MINUTE);
        }
        assert_eq!(memory.kept.len(), MOST);
        assert_eq!(memory.recall(of(0), MINUTE), None);
        assert!(
            memory.recall(of(1), MINUTE).is_some() && memory.recall(of(MOST), MINUTE).is_some()
        );
        for n in 0..2_000 {
            memory.keep(of(MOST + n), &found(&"s".repeat(3_000)), MINUTE);
        }
        assert!(memory.bytes <= MOST_BYTES && memory.kept.len() < MOST);
    }

    proptest! {
        #[test]
        fn what_it_holds_is_what_it_says_it_holds(
            steps in prop::collection::vec((0..40_u8, 0..900_usize, 0..3_u32), 0..200),
        ) {
            let mut memory = Memory::new(10 * MINUTE);
            let mut now = Duration::ZERO;
            for (name, length, minutes) in steps {
                now += minutes * MINUTE;
                memory.keep(key(&name.to_string(), ""), &found(&"s".repeat(length)), now);
                prop_assert_eq!(memory.kept.len(), memory.order.len());
                prop_assert_eq!(memory.bytes, memory.order.iter().map(|(.., bytes)| bytes).sum::<usize>());
                let fresh = |at: Duration| now.saturating_sub(at) < 10 * MINUTE;
                let all_fresh = memory.order.iter().all(|(at, key, _)| memory.kept.contains_key(key) && fresh(*at));
                prop_assert!(all_fresh);
            }
        }
    }
}
