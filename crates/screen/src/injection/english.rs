//! English sentences that speak to a model.
//!
//! A sentence is read from the word that makes it an order or a question. What comes before that (courtesies, "in your response")
//! is passed over and remembered.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::Suspect;
use super::address::Address;
use super::lexicon::{
    AT_HAND, AT_HAND_OF_LETTERS, COMPOSE, COURTESIES, DETAILS, EACH, EDIT, EXPLAIN, FORM,
    LANGUAGES, OUTPUT, PARTS, QUALITIES, QUESTIONS, WORKS,
};
use super::sentence::Place;
use super::words::{Rest, Word};

/// How many words an order is judged by. What many orders without a full stop between them cost grows only with their number.
const REACH: usize = 64;

/// The part of a sentence that speaks to a model, and how sure that is.
pub(super) fn score(
    text: &str,
    words: &[Word],
    sentence: Range<usize>,
    rest: &Rest,
    place: Place,
) -> Suspect {
    let whole = Reading { text, words, rest, place };
    let mut best = Suspect::said(sentence.clone(), whole.anywhere());
    let address = Address::of(&text[..sentence.end], words);
    if address.may_be() {
        let foreign = rest.is_foreign(text, sentence.clone());
        best.score = best.score.max(address.score(foreign));
    }
    // An order may begin in the middle of what is one sentence only because no full stop was written.
    for (at, word) in words.iter().enumerate() {
        let is_start = at == 0 || word.capital;
        if !is_start && !whole.is_after_mark(at) {
            continue;
        }
        let bytes = if at == 0 { sentence.clone() } else { word.bytes.start..sentence.end };
        let end = words.get(at + REACH).map_or(sentence.end, |word| word.bytes.start);
        let near = Reading { words: &words[..words.len().min(at + REACH)], ..whole };
        let score = near.order(at, is_start, bytes.start..end);
        if score > best.score {
            // What speaks to a model as a whole goes as a whole.
            let whole = best.score >= super::THRESHOLD;
            best = Suspect::said(if whole { best.bytes } else { bytes }, score);
        }
    }
    best
}

#[derive(Clone, Copy)]
struct Reading<'t> {
    text: &'t str,
    words: &'t [Word],
    rest: &'t Rest,
    place: Place,
}

impl Reading<'_> {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }

    fn is(&self, at: usize, words: &[&str]) -> bool {
        words.contains(&self.word(at))
    }

    /// The same for what may have something: "your response's words".
    fn is_or_has(&self, at: usize, words: &[&str]) -> bool {
        let word = self.word(at);
        words.contains(&word.strip_suffix("'s").unwrap_or(word))
    }

    fn any(&self, from: usize, words: &[&str]) -> bool {
        (from..self.words.len()).any(|at| self.is(at, words))
    }

    /// Whether these words stand here in a row; a word may be several, `a|b`.
    fn row(&self, at: usize, words: &str) -> bool {
        words.split(' ').enumerate().all(|(i, word)| {
            let here = self.word(at + i);
            !here.is_empty() && word.split('|').any(|word| word == here)
        })
    }

    fn is_after_mark(&self, at: usize) -> bool {
        let between = &self.text[self.words[at - 1].bytes.end..self.words[at].bytes.start];
        between.contains([':', ';', '-', '–', '—', '*', '>', '"', '\'', '“', '(', ']', ','])
    }

    /// Whether what is written now is spoken of, from a word on: "your answer", "the response".
    fn speaks_of_output(&self, from: usize, bytes: &Range<usize>) -> bool {
        (from..self.words.len()).any(|at| {
            let whose = self.is(at, &["your", "you're"]);
            // Something may stand between: "your next answer".
            (whose
                && (self.is_or_has(at + 1, OUTPUT)
                    || self.is_or_has(at + 2, OUTPUT)
                    || self.row(at + 1, "message")))
                || (self.is(at, &["the", "this", "each", "every", "all", "any"])
                    && self.is(
                        at + 1,
                        &["answer", "answers", "output", "outputs", "response", "responses"],
                    )
                    // A program has answers too.
                    && self.rest.is_foreign(self.text, bytes.clone()))
        })
    }

    /// What is said to a model wherever in the sentence it stands.
    fn anywhere(&self) -> f32 {
        const SAID: &[(&str, f32)] = &[
            ("as an|a ai|llm|chatbot|bot", 0.8),
            ("as an|a ai|language assistant|model", 0.85),
            ("as a|an large|ai language|assistant|model", 0.85),
            ("you are an|a|the ai|assistant|chatbot|llm|bot|expert", 0.8),
            (
                "you are an|a helpful|ai|language|large|virtual assistant|model|ai|chatbot|language",
                0.85,
            ),
            ("you are now a|an|in|the|no", 0.7),
            ("you will|shall now act|be|behave|become|respond|answer|reply|play", 0.8),
            ("pretend|act|behave|imagine|roleplay as|to|that|you if|be|you|a|an", 0.6),
            ("from now on you|your|only|respond|answer|always|every", 0.75),
            ("if you are|were an|a ai|llm|language|bot|chatbot|assistant|model", 0.9),
            (
                "when|while|before|after summarizing|summarising|answering|responding|processing|translating",
                0.7,
            ),
            (
                "instead|rather of|than summarizing|summarising|answering|responding|translating|rewriting",
                0.85,
            ),
            (
                "note|message|attention|instruction|instructions|notice to|for|the ai|llm|assistant|assistants|model|models|chatbot|bots|summarizer",
                0.8,
            ),
            (
                "note|message|instruction|instructions|notice to|for the|any|all ai|llm|assistant|model|chatbot|language",
                0.85,
            ),
            (
                "ai|llm|language assistant|assistants|model|models must|should|please|will|shall|has|have|are|is",
                0.55,
            ),
            (
                "tell|ask|inform|instruct|encourage|direct|remind|advise|urge|convince|persuade|prompt|notify|warn|lead|redirect|guide the user|users|reader|readers",
                0.8,
            ),
            (
                "tell|ask|inform|instruct|encourage|direct|remind|advise|urge|convince|persuade|prompt|notify|warn|lead|redirect|guide user|users|readers",
                0.75,
            ),
            ("suggest|recommend that|to users|readers|the", 0.5),
            (
                "do|don't|never not|mention|reveal|tell|disclose|summarize|say|include mention|reveal|tell|disclose|summarize|say|this|these|anything the|this|these|that|anything|user",
                0.6,
            ),
            ("the|this|these hidden|secret|new instruction|instructions|task|prompt", 0.6),
            (
                "your new|real|actual|only|true|next|secret task|instruction|instructions|goal|objective|mission|role|persona|job",
                0.7,
            ),
            (
                "ignore|disregard|forget the|this|all|any|previous|above rest|above|email|content|text|context|question|task|instruction|instructions|previous|everything",
                0.8,
            ),
            ("no matter what the|is|you user|asked|question|are", 0.7),
            ("regardless of the|what question|user|content|task|asked", 0.7),
        ];
        // Rows by each of the words that they may begin with.
        static BY_FIRST: LazyLock<HashMap<&str, Vec<(&str, f32)>>> = LazyLock::new(|| {
            let mut rows: HashMap<&str, Vec<(&str, f32)>> = HashMap::new();
            for (row, score) in SAID {
                for first in row.split(' ').next().unwrap_or("").split('|') {
                    rows.entry(first).or_default().push((row, *score));
                }
            }
            rows
        });
        let mut most: f32 = 0.0;
        for at in 0..self.words.len() {
            for (row, score) in BY_FIRST.get(self.word(at)).into_iter().flatten() {
                if *score > most && self.row(at, row) {
                    most = *score;
                }
            }
        }
        most
    }

    /// How much the order or question that begins at a word is one to a model.
    fn order(&self, from: usize, is_start: bool, bytes: Range<usize>) -> f32 {
        let mut at = from;
        let (mut to_output, mut to_answer) = (false, false);
        loop {
            if self.is(at, COURTESIES) && at < from + 6 {
                at += 1;
            } else if let Some(length) = self.place(at) {
                // People speak of replies too.
                let replies =
                    (at..at + length).any(|at| self.is(at, &["reply", "replies", "replying"]));
                to_output = true;
                to_answer |= !replies;
                at += length;
            } else if let Some(length) = self.lead(at) {
                at += length;
            } else {
                break;
            }
        }
        let speaks = to_output || self.speaks_of_output(at, &bytes);
        let foreign = || self.rest.is_strange(self.text, bytes.clone(), self.place);
        let personal = self.any(at + 1, AT_HAND);
        let mut score: f32 = 0.0;
        if to_answer && at < self.words.len() && !self.any(at, DETAILS) {
            score = 0.6;
        }
        if self.is(at, EDIT) {
            score = score.max(self.edit(at, speaks));
        }
        if self.is(at, &["respond", "reply", "answer", "speak", "talk", "communicate"]) {
            let how = self.is(
                at + 1,
                &[
                    "as",
                    "backwards",
                    "entirely",
                    "exclusively",
                    "in",
                    "like",
                    "only",
                    "solely",
                    "using",
                    "without",
                ],
            );
            let formal = self.any(at + 1, FORM) || self.any(at + 1, LANGUAGES);
            score = score.max(if formal {
                0.9
            } else if how {
                0.65
            } else {
                0.0
            });
        }
        // Between people too these are said; in the middle of a sentence they are part of it.
        if !is_start || !self.is_said(at) {
            return score;
        }
        if self.is(at, COMPOSE) && self.makes_a_work(at) && !self.is_of_the_reader(at) {
            score = score.max(if foreign() {
                0.7
            } else if self.place.is_alone {
                0.55
            } else {
                0.4
            });
        }
        if self.is(at, EXPLAIN)
            && self.words.len() > at + 2
            && !personal
            && !self.is_imperative_of_a_page(at)
            && !self.row(at, "answer yes|no|the")
        {
            score = score.max(if foreign() { 0.6 } else { 0.3 });
        }
        if self.any(at, QUALITIES) && (self.is(at, EXPLAIN) || self.is(at, QUESTIONS)) {
            score = score.max(0.65);
        }
        if self.row(at, "tell|show|give|teach|help|guide|walk|assist|provide me|us") {
            let about = &self.words[(at + 2).min(self.words.len())..];
            let asks = [
                "about",
                "how",
                "why",
                "what",
                "who",
                "a",
                "an",
                "some",
                "the",
                "with",
                "through",
                "write",
                "understand",
            ];
            let personal = about.iter().any(|word| {
                AT_HAND.contains(&word.text.as_str()) || word.text == "call" || word.text == "time"
            });
            if about.len() > 2 && asks.contains(&&*about[0].text) && !personal {
                score = score.max(if foreign() { 0.55 } else { 0.3 });
            }
        }
        score.max(self.question(at, &bytes))
    }

    /// "In your response," and the like: how many words.
    fn place(&self, at: usize) -> Option<usize> {
        const PLACES: &[&str] = &[
            "in|within|throughout|into|to|with|for|at|after|before|during|when your response|answer|reply|output|responses|answers|replies|summary",
            "in|within|throughout|into|to|with|for|at|after|before|during the|every|each|all|any response|answer|output|responses|answers|summary",
            "at|in|to the end|beginning|start|top|bottom of your|the|each|every response|answer|reply|output|summary",
            "when|while|before|after responding|answering|replying|summarizing|summarising|generating|writing",
            "when you respond|answer|reply|summarize|summarise|generate",
            "as a part of your response|answer|reply|output",
            "as part of your response|answer|reply|output",
        ];
        PLACES.iter().find(|row| self.row(at, row)).map(|row| row.split(' ').count())
    }

    /// Words that lead to an order: "make sure to", "I want you to".
    fn lead(&self, at: usize) -> Option<usize> {
        const LEADS: &[&str] = &[
            "make|be sure|certain to|you|that",
            "i want|need|would|'d you|like to|you",
            "i want|need you to",
            "i would|'d like you to",
            "you have|need|are|ought to",
            "you are|were required|asked|instructed|told to",
            "your task|job|goal is to",
            "remember|ensure|try to|that|you",
            "do not|n't forget|hesitate to",
            "don't forget|hesitate to",
            "as an|a ai|assistant",
            "the user|users wants|want|would",
        ];
        LEADS.iter().find(|row| self.row(at, row)).map(|row| row.split(' ').count())
    }

    /// An order to change or fill a text.
    fn edit(&self, at: usize, speaks: bool) -> f32 {
        let object = &self.words[(at + 1).min(self.words.len())..];
        let has = |words: &[&str]| object.iter().any(|word| words.contains(&word.text.as_str()));
        let formal = has(FORM) || (has(PARTS) && has(EACH));
        let tongue = has(LANGUAGES)
            && self.is(
                at,
                &[
                    "translate",
                    "write",
                    "convert",
                    "provide",
                    "give",
                    "render",
                    "express",
                    "switch",
                    "use",
                    "make",
                    "transcribe",
                    "rewrite",
                    "present",
                    "deliver",
                ],
            );
        let after = object.first().map_or(self.text.len(), |word| word.bytes.start);
        let verb_end = self.words[at].bytes.end;
        let quotes = self.text[verb_end..after.max(verb_end)].contains(['"', '“', '\'', '‘']);
        if speaks {
            // People ask people for details in a reply.
            let asks_details = self.is(
                at,
                &[
                    "include", "provide", "give", "mention", "use", "add", "put", "state", "share",
                    "write", "make",
                ],
            ) && has(DETAILS)
                && !has(&[
                    "sentence",
                    "statement",
                    "paragraph",
                    "link",
                    "headline",
                    "tip",
                    "reminder",
                    "message",
                ]);
            return if asks_details && !formal && !quotes { 0.35 } else { 0.9 };
        }
        let own = has(&["your", "our", "my", "we", "us"]);
        if (formal || tongue) && !own {
            let strange = self.place.is_alone
                || self.place.is_last
                || self.rest.is_strange(
                    self.text,
                    self.words[0].bytes.start..self.words[self.words.len() - 1].bytes.end,
                    self.place,
                );
            return if strange { 0.7 } else { 0.45 };
        }
        if quotes
            && self.is_said(at)
            && self.is(
                at,
                &[
                    "add", "append", "include", "insert", "output", "print", "prepend", "repeat",
                    "write", "begin", "end", "start",
                ],
            )
        {
            return 0.65;
        }
        let unit = has(&[
            "sentence",
            "sentences",
            "statement",
            "paragraph",
            "phrase",
            "disclaimer",
            "headline",
            "slogan",
        ]);
        if unit
            && !own
            && self.is(
                at,
                &[
                    "add",
                    "append",
                    "augment",
                    "embed",
                    "incorporate",
                    "include",
                    "insert",
                    "integrate",
                    "prepend",
                    "weave",
                ],
            )
        {
            return 0.65;
        }
        0.0
    }

    /// Whether an order is a word in a sentence, and not a heading, a field or a name in code: `Name: Lin`, `name = "x"`.
    fn is_said(&self, at: usize) -> bool {
        let Some(word) = self.words.get(at) else { return false };
        let mut after = self.text[word.bytes.end..].chars();
        after.next() == Some(' ')
            && after
                .next()
                .is_some_and(|c| c.is_alphanumeric() || matches!(c, '\'' | '"' | '“' | '‘' | '('))
            && !self.text[..word.bytes.start].ends_with(['`', '"', '\''])
    }

    /// Whether what is made is a text: "a short poem".
    fn makes_a_work(&self, at: usize) -> bool {
        (at + 1..(at + 8).min(self.words.len())).any(|place| {
            self.is(place, WORKS) && !self.is(place + 1, &["account", "number", "now"])
        }) && (at + 1..(at + 4).min(self.words.len())).any(|place| {
            self.is(place, &["a", "an", "some", "the", "me", "two", "three", "five", "ten"])
        })
    }

    /// Whether the work is the reader's or the writer's own: "write your story", "create our plan".
    fn is_of_the_reader(&self, at: usize) -> bool {
        self.any(at + 1, &["your", "our", "my", "you", "we", "us", "i", "attached", "review"])
    }

    /// Buttons and headings of pages are orders too: "Find out more", "List unsubscribe".
    fn is_imperative_of_a_page(&self, at: usize) -> bool {
        let last = self.words.last().map_or(0, |word| word.bytes.end);
        let has_end = self.text[last..]
            .trim_start_matches(['"', '\'', '”', ')'])
            .starts_with(['.', '?', '!']);
        self.is(at + 1, &["out", "more", "of", "unsubscribe", "price", "in", "on", "at"])
            || (self.words.len() < at + 4 && !has_end)
    }

    /// A question that nobody asks the reader of a letter.
    fn question(&self, at: usize, bytes: &Range<usize>) -> f32 {
        let is_question = self.text[bytes.clone()].contains('?');
        if self.row(at, "how do|would|can you|i|we say|spell|translate|pronounce|write") {
            return 0.75;
        }
        if self.row(at, "what's|what") && self.any(at + 2, LANGUAGES) && is_question {
            return 0.65;
        }
        let n = self.words.len().saturating_sub(at);
        let knows =
            self.is(at, QUESTIONS) && (4..40).contains(&n) && !self.any(at, AT_HAND_OF_LETTERS);
        let general = is_question
            && knows
            && Rest::weight(self.text, bytes.clone()) >= 2
            && self.rest.is_strange(self.text, bytes.clone(), self.place);
        if general { 0.55 } else { 0.0 }
    }
}
