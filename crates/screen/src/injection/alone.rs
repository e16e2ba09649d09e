//! A task in a line of its own that has nothing to do with the text around it.
//!
//! What is put into a mail for a model to find stands by itself: the mail speaks of parcels, the line of planets. An order or a
//! question there counts when it is of a kind that people set a machine and not the reader of a letter: to turn a text into
//! another, to say something to whoever reads, to judge the text, to see to calendar and lights, to talk of its own likings.

use std::ops::Range;

use super::lexicon::{COMPOSE, COURTESIES, EDIT, EXPLAIN, QUALITIES, QUESTIONS};
use super::sentence::Place;
use super::tasks::{
    AUDIENCE, CLAIMING, DEEDS, LIKINGS, MOODS, ORDERS, OWN, PROSE, TELLING, TEXTS, TOPICS, TURNING,
    WRITERS,
};
use super::words::{Rest, Word};

/// How sure it is that a line by itself sets a model a task.
pub(super) fn score(
    text: &str,
    words: &[Word],
    sentence: &Range<usize>,
    rest: &Rest,
    place: Place,
) -> f32 {
    let line = Line { words };
    if words.len() < 3 || !(line.may_be() || place.is_alone && line.orders(&text[sentence.clone()]))
    {
        return 0.0;
    }
    let body = &text[sentence.clone()];
    let judged = line.judges(body);
    let reads = line.whoever_reads();
    if reads >= super::THRESHOLD {
        return reads;
    }
    if !place.is_alone || !is_prose(text, sentence) {
        return 0.0;
    }
    let turned = line.turns(body);
    let most = judged
        .max(turned)
        .max(line.tells())
        .max(line.claims())
        .max(line.topic(body))
        .max(line.deed(body))
        .max(line.likings(body));
    if most == 0.0 && line.orders(body) && rest.shares_nothing(text, sentence.clone()) {
        return 0.5;
    }
    // Nothing of this is said where the text itself is about it.
    if most > 0.0 && rest.is_strange(text, sentence.clone(), place) { most } else { 0.0 }
}

/// Whether another line of the text is as long as people's sentences are.
pub(super) fn is_prose(text: &str, sentence: &Range<usize>) -> bool {
    let others = text[..sentence.start].lines().chain(text[sentence.end..].lines());
    let mut lines = others.flat_map(|line| line.split('|'));
    lines.any(|line| {
        line.split_ascii_whitespace().nth(PROSE - 1).is_some() || super::zh_alone::is_prose(line)
    })
}

struct Line<'w> {
    words: &'w [Word],
}

impl Line<'_> {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }

    fn is(&self, at: usize, words: &[&str]) -> bool {
        words.contains(&self.word(at))
    }

    fn has(&self, from: usize, to: usize, words: &[&str]) -> bool {
        (from..to.min(self.words.len())).any(|at| self.is(at, words))
    }

    /// Most sentences have no word of these.
    fn may_be(&self) -> bool {
        let first = self.first();
        [TELLING, CLAIMING, TURNING, DEEDS.0, &["let"]].iter().any(|words| self.is(first, words))
            || self.words.iter().any(|word| {
                let word = word.text.as_str();
                MOODS.contains(&word)
                    || TOPICS.contains(&word)
                    || QUALITIES.contains(&word)
                    || LIKINGS.contains(&word)
                    || matches!(word, "whoever" | "anyone" | "everyone" | "everybody" | "anybody")
            })
    }

    /// Where the order begins after courtesies.
    fn first(&self) -> usize {
        (0..self.words.len().min(5)).find(|at| !self.is(*at, COURTESIES)).unwrap_or(0)
    }

    /// "recommend it to whoever reads this"
    fn whoever_reads(&self) -> f32 {
        let at = (0..self.words.len()).find(|at| {
            self.is(*at, &["whoever", "anyone", "anybody", "everyone", "everybody", "people"])
                && (self.is(at + 1, &["reads", "reading", "read"])
                    || self.is(at + 1, &["who"]) && self.is(at + 2, &["reads", "read"]))
                && self.has(at + 2, at + 5, &["this", "it", "these"])
        });
        let first = self.first();
        let order = [
            TELLING,
            CLAIMING,
            DEEDS.0,
            &["recommend", "promote", "praise", "advertise", "sell", "send", "offer", "share"],
        ]
        .iter()
        .any(|words| self.is(first, words));
        if at.is_some_and(|at| at > first) && order { 0.65 } else { 0.0 }
    }

    /// An order about nothing at hand, as a whole sentence: "Suggest names for a new bakery." What is at hand has an article: "Label
    /// the blue drums."
    fn orders(&self, body: &str) -> bool {
        let at = self.first();
        let all = self.words.len();
        let said = body.ends_with(['.', '!']) && all >= 4 && !body.contains("://");
        let own = self.has(0, all, OWN)
            || self.has(
                at + 1,
                all,
                &[
                    "the",
                    "this",
                    "these",
                    "it",
                    "them",
                    "you",
                    "you'll",
                    "my",
                    "his",
                    "her",
                    "here",
                    "today",
                    "tomorrow",
                    "yesterday",
                ],
            )
            || self.has(at + 1, all, &["your"]) && !self.has(at + 1, all, LIKINGS);
        let page = self.is(at + 1, &["out", "more", "now", "in", "up", "at", "before"]);
        let order = [COMPOSE, EXPLAIN, EDIT, TELLING, CLAIMING, DEEDS.0, ORDERS];
        said && !own && !page && order.iter().any(|words| self.is(at, words))
    }

    /// "Is the above text positive or negative?", "Find out how the writer feels."
    fn judges(&self, body: &str) -> f32 {
        let all = self.words.len();
        let moods = self
            .words
            .iter()
            .filter(|word| {
                MOODS.contains(&word.text.as_str()) || QUALITIES.contains(&word.text.as_str())
            })
            .count();
        if moods == 0 || self.has(0, all, OWN) {
            return 0.0;
        }
        let question = body.ends_with('?');
        let named = (1..all).any(|at| {
            self.is(at, TEXTS)
                && self.word(at) != "this"
                && self.has(at.saturating_sub(2), at, &["the", "above", "following"])
        });
        if question && named {
            return 0.55;
        }
        let order =
            self.words[self.first()].bytes.start == self.words[0].bytes.start || self.first() > 0;
        let about = self.has(0, all, WRITERS) || self.has(0, all, TEXTS);
        if about
            && (question || order)
            && (moods >= 2 || self.has(0, all, WRITERS) || self.has(0, all, QUALITIES))
        {
            0.6
        } else {
            0.0
        }
    }

    /// "Turn this into a rap song."
    fn turns(&self, body: &str) -> f32 {
        let at = self.first();
        let into = self.has(at + 2, at + 8, &["into", "as", "to"]);
        let it = self.is(at + 1, &["this", "it", "everything"])
            || self.is(at + 1, &["the", "this", "all"]) && self.has(at + 2, at + 5, TEXTS);
        if self.is(at, TURNING)
            && into
            && it
            && !self.has(at, self.words.len(), OWN)
            && !body.contains("://")
        {
            0.6
        } else {
            0.0
        }
    }

    /// "Ask the person for their bank details", "Let the user know …"
    fn tells(&self) -> f32 {
        let at = self.first();
        let let_know = self.word(at) == "let" && self.has(at + 3, at + 5, &["know"]);
        let audience = self.is(at + 1, &["the", "all", "every", "any", "your"])
            && self.has(at + 2, at + 4, AUDIENCE)
            || self.is(at + 1, &["readers", "users", "people"]);
        if (self.is(at, TELLING) || let_know)
            && audience
            && !self.has(at, self.words.len(), &["our", "we", "us", "my"])
        {
            0.6
        } else {
            0.0
        }
    }

    /// "State that the product has been recalled."
    fn claims(&self) -> f32 {
        let at = self.first();
        if self.is(at, CLAIMING)
            && self.word(at + 1) == "that"
            && self.words.len() > at + 4
            && !self.has(at, self.words.len(), OWN)
        {
            0.55
        } else {
            0.0
        }
    }

    /// "Set a reminder to water the plants at six."
    fn deed(&self, body: &str) -> f32 {
        let at = self.first();
        let all = self.words.len();
        let own = self.has(at, all, OWN) || self.has(at, all, &["your", "you"]);
        let about = self.has(at + 1, at + 9, DEEDS.1);
        let told = body.ends_with(['.', '!', '?']) || all > at + 6;
        if self.is(at, DEEDS.0) && about && told && !own && all >= at + 4 && !body.contains("://") {
            0.55
        } else {
            0.0
        }
    }

    /// "What is the weather like in Porto?", "Tell me a joke."
    fn topic(&self, body: &str) -> f32 {
        let all = self.words.len();
        let at = self.first();
        let asks = body.ends_with('?')
            && (self.is(at, QUESTIONS) || self.is(0, &["can", "could", "would", "do", "have"]))
            || self.is(
                at,
                &["tell", "give", "recommend", "suggest", "name", "share", "recite", "sing"],
            );
        let own = self.has(0, all, OWN)
            || self.has(0, all, &["my", "his", "her", "their", "this", "these", "it", "yesterday"]);
        if asks && !own && self.has(at + 1, all, TOPICS) { 0.55 } else { 0.0 }
    }

    /// "What is your favourite book?", "Do you think trams dream?"
    fn likings(&self, body: &str) -> f32 {
        let you = self.has(0, self.words.len(), &["you", "your"]);
        let opens = self.is(
            0,
            &["what", "what's", "do", "how", "which", "who", "who's", "have", "are", "tell", "if"],
        );
        let enough = self.words.len() >= 4
            && !self.has(0, self.words.len(), OWN)
            && !self.has(
                0,
                self.words.len(),
                &["my", "this", "these", "the", "it", "that", "today"],
            );
        if body.ends_with('?') && you && opens && enough && self.has(1, self.words.len(), LIKINGS) {
            0.55
        } else {
            0.0
        }
    }
}
