//! Putting values back in place of tokens, over whole answers and over streams.
//!
//! The restorer comes after the screen: what it reads was screened on its way to the person, and what it puts in is
//! what the person wrote. So what it gives keeps the proof of the screening.

use std::sync::Arc;

use super::context::Context;
use super::read::{Held, Seen, Unit, What, opens, read};
use super::token::{CLOSE, OPEN, has_bracket};
use super::vault::Vault;
use crate::measure::Measure;
use crate::normal::Pending;

/// What became of the tokens of an answer.
#[expect(clippy::struct_field_names, reason = "the field is what the struct is named for")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Restored {
    /// Tokens in whose place the value stands again.
    pub restored: u32,
    /// Tokens that stayed words because of where they stood: in an address, in code, in a call of somebody else's tool.
    pub withheld: u32,
    /// Tokens that stand for nothing known, and show as their kind.
    pub unresolved: u32,
}

impl Restored {
    /// The sum with what became of the tokens of another text.
    pub(crate) fn add(&mut self, other: Self) {
        self.restored = self.restored.saturating_add(other.restored);
        self.withheld = self.withheld.saturating_add(other.withheld);
        self.unresolved = self.unresolved.saturating_add(other.unresolved);
    }
}

/// What an answer's text is, and so how a value is written into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people, Markdown perhaps.
    Text,
    /// JSON: values are escaped, and tokens are found however they were.
    Json,
    /// JSON that somebody else gets: no value is written.
    Foreign,
}

/// For how many characters room is kept from piece to piece.
const KEPT_UNITS: usize = 128;

/// Restores the tokens of one text that comes in pieces.
#[derive(Debug)]
pub(crate) struct Restorer {
    vault: Arc<Vault>,
    form: Form,
    /// What may still become a token.
    held: String,
    /// Its characters: kept for their room from piece to piece.
    units: Vec<Unit>,
    context: Context,
    in_string: bool,
    count: Restored,
    /// How much of what went in was decided.
    decided: Measure,
    shifts: Vec<Shift>,
    /// The ASCII characters with which something readable may begin.
    first: [bool; 128],
}

/// A place where what came out is not what went in.
#[derive(Clone, Copy, Debug)]
struct Shift {
    /// Where it stands in what went in.
    at: Measure,
    taken: Measure,
    given: Measure,
}

impl Shift {
    fn end(&self) -> Measure {
        self.at + self.taken
    }
}

impl Restorer {
    pub(crate) fn new(vault: Arc<Vault>, form: Form) -> Self {
        let mut first = [false; 128];
        let letters = vault.labels().iter().filter_map(|label| label.first().copied());
        let codes = vault.entries().iter().map(|entry| char::from(entry.code[0]));
        for c in letters.chain(codes).filter(char::is_ascii) {
            first[c as usize] = true;
            first[c.to_ascii_uppercase() as usize] = true;
        }
        Self {
            vault,
            form,
            held: String::new(),
            units: Vec::new(),
            context: Context::default(),
            in_string: false,
            count: Restored::default(),
            decided: Measure::default(),
            shifts: Vec::new(),
            first,
        }
    }

    /// Takes the next piece and gives what is decided.
    pub(crate) fn push(&mut self, text: String) -> String {
        if self.vault.is_empty() && self.held.is_empty() && !may_hold_a_token(&text) {
            self.decided += Measure::of(&text);
            return text;
        }
        self.held.push_str(&text);
        self.advance(false)
    }

    /// Gives what is left: the text ends here.
    pub(crate) fn finish(&mut self) -> String {
        self.advance(true)
    }

    /// What became of the tokens since the last call.
    pub(crate) fn take_count(&mut self) -> Restored {
        std::mem::take(&mut self.count)
    }

    /// How many characters are held back.
    pub(crate) fn held_chars(&self) -> usize {
        self.held.chars().count()
    }

    /// Replaces a part of what went in, given in characters and in UTF-16 units of all of it, by a text that is not looked at.
    /// Gives the part of what came out that it is in place of; a token that it touches goes whole.
    pub(super) fn revise(
        &mut self,
        from: Measure,
        to: Measure,
        text: &str,
    ) -> Option<(Measure, Measure)> {
        let new = Measure::of(text);
        // What of it is still held back is changed where it is.
        let held_from = from.chars.max(self.decided.chars);
        if to.chars > held_from {
            let at = |chars: usize| {
                let mut places = self.held.char_indices().map(|(place, _)| place);
                places.nth(chars - self.decided.chars).unwrap_or(self.held.len())
            };
            let range = at(held_from)..at(to.chars);
            let inserted = if from.chars >= self.decided.chars { text } else { "" };
            self.held.replace_range(range, inserted);
        }
        if from.chars >= self.decided.chars {
            return None;
        }
        let to = if to.chars > self.decided.chars { self.decided } else { to };
        let touched = self
            .shifts
            .iter()
            .filter(|shift| shift.end().chars > from.chars && shift.at.chars < to.chars);
        let (mut start, mut end) = (from, to);
        for shift in touched {
            if shift.at.chars < start.chars {
                start = shift.at;
            }
            if shift.end().chars > end.chars {
                end = shift.end();
            }
        }
        let (out_start, out_end) = (self.out(start), self.out(end));
        let length = (end - start) - (to - from) + new;
        self.shifts.retain(|shift| shift.end().chars <= start.chars || shift.at.chars >= end.chars);
        for shift in &mut self.shifts {
            if shift.at.chars >= end.chars {
                shift.at = shift.at - end + start + length;
            }
        }
        if length != new {
            let at = self.shifts.partition_point(|shift| shift.at.chars < start.chars);
            self.shifts.insert(at, Shift { at: start, taken: length, given: new });
        }
        self.decided = self.decided - (to - from) + new;
        Some((out_start, out_end))
    }

    /// Where a place of what went in, which is in no token, is in what came out.
    fn out(&self, at: Measure) -> Measure {
        let before = self.shifts.iter().take_while(|shift| shift.end().chars <= at.chars);
        let (taken, given) = before.fold(Default::default(), |(taken, given), shift| {
            (taken + shift.taken, given + shift.given)
        });
        at - taken + given
    }

    fn advance(&mut self, ended: bool) -> String {
        let mut units = std::mem::take(&mut self.units);
        self.read_units(&mut units);
        let read_to = units.last().map_or(0, |unit| unit.end);
        let held = Held { units: &units, ended };
        let mut out = String::with_capacity(self.held.len());
        let mut at = 0;
        while let Some(unit) = units.get(at) {
            match self.token(held, at) {
                Err(Pending) => break,
                Ok(Some((seen, is_followed))) => {
                    let given = self.write(&seen, is_followed);
                    let raw = &self.held[unit.start..units[seen.end - 1].end];
                    let taken = Measure::of(raw);
                    let given_length = Measure::of(&given);
                    self.shifts.push(Shift { at: self.decided, taken, given: given_length });
                    self.decided += taken;
                    out.push_str(&given);
                    at = seen.end;
                }
                Ok(None) => {
                    let raw = &self.held[unit.start..unit.end];
                    if self.form != Form::Text && raw == "\"" {
                        self.in_string = !self.in_string;
                        self.context = Context::default();
                    } else {
                        self.context.feed(unit.c);
                    }
                    // An escape is several characters of what went in.
                    self.decided += if raw.len() == unit.c.len_utf8() {
                        Measure { chars: 1, utf16: unit.c.len_utf16() }
                    } else {
                        Measure::of(raw)
                    };
                    out.push_str(raw);
                    at += 1;
                }
            }
        }
        let mut done = units.get(at).map_or(read_to, |unit| unit.start);
        if ended {
            out.push_str(&self.held[done..]);
            done = self.held.len();
        }
        self.held.drain(..done);
        // What a long piece took is not kept for short ones.
        if units.capacity() <= KEPT_UNITS {
            units.clear();
            self.units = units;
        }
        out
    }

    /// The token at a place, and whether what follows makes an address of it.
    fn token(&self, held: Held<'_>, at: usize) -> Result<Option<(Seen, bool)>, Pending> {
        let c = held.units[at].c;
        let may_begin = c == OPEN
            || c == '〚'
            || (!self.vault.is_empty()
                && if c.is_ascii() {
                    self.first[c as usize] || opens(c)
                } else {
                    opens(c) || self.vault.labels().iter().any(|label| label.first() == Some(&c))
                });
        if !may_begin {
            return Ok(None);
        }
        let Some(seen) = read(held, at, self.context.after_word(), &self.vault)? else {
            return Ok(None);
        };
        let is_followed = matches!(held.get(seen.end)?, Some('.' | '@'))
            && held.get(seen.end + 1)?.is_some_and(|c| c.is_ascii_alphanumeric() || c == OPEN);
        Ok(Some((seen, is_followed)))
    }

    /// What stands in a token's place.
    fn write(&mut self, seen: &Seen, is_followed: bool) -> String {
        let written = match &seen.what {
            What::Live(at) => {
                let entry = self.vault.entry(*at);
                let may = match self.form {
                    Form::Text => true,
                    Form::Json => self.in_string,
                    Form::Foreign => false,
                };
                if may && !is_followed && self.context.is_open() {
                    self.count.restored += 1;
                    for c in entry.value.chars() {
                        self.context.feed(c);
                    }
                    return match self.form {
                        Form::Text => entry.value.to_string(),
                        Form::Json | Form::Foreign => escaped(&entry.value),
                    };
                }
                self.count.withheld += 1;
                format!("{OPEN}{}{CLOSE}", entry.label)
            }
            What::Stray(kind) => {
                self.count.unresolved += 1;
                format!("{OPEN}{}{CLOSE}", kind.as_deref().unwrap_or("…"))
            }
        };
        for c in written.chars() {
            self.context.feed(c);
        }
        written
    }

    /// The held text as characters; an escape that has not come whole is left out.
    fn read_units(&self, units: &mut Vec<Unit>) {
        let plain = |(start, c): (usize, char)| Unit { c, start, end: start + c.len_utf8() };
        if self.form == Form::Text {
            units.extend(self.held.char_indices().map(plain));
            return;
        }
        let mut start = 0;
        while let Some(c) = self.held[start..].chars().next() {
            let (c, length) = if c == '\\' {
                let Some(escape) = escape(&self.held[start..]) else { break };
                escape
            } else {
                (c, c.len_utf8())
            };
            units.push(Unit { c, start, end: start + length });
            start += length;
        }
    }
}

/// The character an escape stands for and how long it is; `None` when it has not come whole. Half of a pair of surrogates is
/// a character of its own here: no token has one.
fn escape(text: &str) -> Option<(char, usize)> {
    let c = text[1..].chars().next()?;
    Some(match c {
        'n' => ('\n', 2),
        't' => ('\t', 2),
        'r' => ('\r', 2),
        'u' => {
            let digits = text.get(2..6);
            match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
                Some(number) => (char::from_u32(number).unwrap_or('\u{fffd}'), 6),
                None if text[2..].len() < 4 && text[2..].bytes().all(|b| b.is_ascii_hexdigit()) => {
                    return None;
                }
                None => ('\\', 1),
            }
        }
        c => (c, 1 + c.len_utf8()),
    })
}

/// A text as it stands between the quotation marks of a JSON string.
fn escaped(text: &str) -> String {
    // A string cannot fail to serialise.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// Whether a text has a bracket of tokens, also as an escape.
fn may_hold_a_token(text: &str) -> bool {
    has_bracket(text) || text.as_bytes().contains(&b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::PseudonymSecret;
    use super::*;

    /// Where characters of a text are in bytes.
    fn bytes(text: &str, from: usize, to: usize) -> std::ops::Range<usize> {
        let at = |chars| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
        at(from)..at(to)
    }

    proptest! {
        /// What is revised is what stood there, and what is revised again is what stands there then.
        #[test]
        fn a_revision_finds_its_place_beyond_restored_tokens(
            words in prop::collection::vec(0..4_usize, 0..10),
            revisions in prop::collection::vec((any::<usize>(), 0..6_usize, "[😀x]{0,3}"), 0..5),
        ) {
            let mut vault = Vault::new(PseudonymSecret::new([9; 32]).conversation(&["one"]));
            let long = vault.token("name", "A name that is longer than its token", false).unwrap().to_owned();
            let short = vault.token("name", "😀", false).unwrap().to_owned();
            let mut went_in: String =
                words.iter().map(|word| [&*long, &*short, "and ", "，"][*word]).collect();
            went_in.push(' ');
            let mut restorer = Restorer::new(Arc::new(vault), Form::Text);
            let mut came_out = restorer.push(went_in.clone());
            came_out.push_str(&restorer.finish());
            let same = |went_in: &str| {
                went_in.replace(&long, "A name that is longer than its token").replace(&short, "😀")
            };
            prop_assert_eq!(&came_out, &same(&went_in));
            for (from, length, text) in revisions {
                let all = went_in.chars().count();
                let from = from % (all + 1);
                let to = (from + length).min(all);
                let range = bytes(&went_in, from, to);
                let before = &went_in[..range.start];
                let place = |text: &str| Measure::of(text);
                let (start, end) =
                    (place(before), place(&went_in[..range.end]));
                // Only cuts that go through no token are compared: one that does takes the token whole.
                let cuts = |at: usize| {
                    [&long, &short].iter().any(|token| {
                        went_in.match_indices(token.as_str())
                            .any(|(begin, _)| begin < at && at < begin + token.len())
                    })
                };
                if cuts(range.start) || cuts(range.end) {
                    continue;
                }
                let Some((a, b)) = restorer.revise(start, end, &text) else {
                    prop_assert_eq!(start.chars, all);
                    continue;
                };
                let out = bytes(&came_out, a.chars, b.chars);
                prop_assert_eq!(came_out[..out.start].encode_utf16().count(), a.utf16);
                came_out.replace_range(out, &text);
                went_in.replace_range(range, &text);
                prop_assert_eq!(&came_out, &same(&went_in));
            }
        }
    }
}
