//! The arguments of a tool call as a text: the strings of a JSON document with their escapes read, and its numbers.
//!
//! Each character knows which bytes of the document it came from, so that what is found is replaced there and the rest passes
//! as it came. Between two values stands a mark that ends sentences and words, so that nothing is found across them. A
//! number is one thing: where a part of it is replaced, all of it is, by a string. What is no JSON is read all the same,
//! and passes.

use crate::mask::Outgoing;
use crate::normal::{Glyph, MAX_INVISIBLE, fold};

/// The most bytes of a number that are read as one; what is longer is none that anybody means.
const MAX_NUMBER: usize = 64;

/// Stands between two values. No escape gives this character a glyph, so that it is known by it.
pub(crate) const BETWEEN: char = '\0';

/// Stands, as what was written, for what is outside strings, where no placeholder can stand but a string.
pub(crate) const BARE: char = '\u{1}';

/// What a [`BETWEEN`] is read as: it ends every word and sentence.
const END: char = '。';

/// Reads a document that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// The beginning of an escape or a number, of which the rest has not come.
    pending: String,
    in_string: bool,
    /// Bytes passed on.
    position: usize,
    invisible: usize,
    shortened: u32,
}

/// What one character of the document was read as.
enum Unit {
    /// Between two values.
    Between,
    /// A character, from so many bytes.
    Char(char, usize),
    /// A number of so many bytes.
    Number(usize),
    /// More is needed to tell.
    Pending,
}

impl Document {
    /// Reads on; what was read goes into `glyphs` and `outgoing`.
    pub(crate) fn push(
        &mut self,
        text: &str,
        ended: bool,
        glyphs: &mut Vec<Glyph>,
        outgoing: &mut Outgoing,
    ) {
        let joined;
        let text = if self.pending.is_empty() {
            text
        } else {
            joined = std::mem::take(&mut self.pending) + text;
            joined.as_str()
        };
        let (mut at, mut kept_from) = (0, 0);
        while let Some(c) = text[at..].chars().next() {
            let start = self.position;
            let length = match self.unit(c, &text[at..], ended) {
                Unit::Pending => break,
                Unit::Between => {
                    self.invisible = 0;
                    glyphs.push(Glyph { c: END, raw: BETWEEN, start, end: start + 1 });
                    1
                }
                Unit::Number(length) => {
                    self.invisible = 0;
                    let end = start + length;
                    let digits = text[at..at + length].chars().map(|c| c.to_ascii_lowercase());
                    glyphs.extend(digits.map(|c| Glyph { c, raw: BARE, start, end }));
                    length
                }
                Unit::Char(written, length) => {
                    let before = glyphs.len();
                    let end = start + length;
                    let raw = if self.in_string { written } else { BARE };
                    fold(written, |c| glyphs.push(Glyph { c, raw, start, end }));
                    if glyphs.len() > before {
                        self.invisible = 0;
                    } else if self.invisible < MAX_INVISIBLE {
                        self.invisible += 1;
                    } else {
                        self.shortened += u32::from(self.invisible == MAX_INVISIBLE);
                        self.invisible = MAX_INVISIBLE + 1;
                        outgoing.push(&text[kept_from..at]);
                        outgoing.removed(&text[at..at + length]);
                        at += length;
                        kept_from = at;
                        continue;
                    }
                    length
                }
            };
            at += length;
            self.position += length;
        }
        outgoing.push(&text[kept_from..at]);
        self.pending.push_str(&text[at..]);
    }

    /// How many bytes were passed on.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// What waits for its rest.
    pub(crate) fn pending(&self) -> &str {
        &self.pending
    }

    /// How many runs of invisible characters were cut short since this was last asked.
    pub(crate) fn take_shortened(&mut self) -> u32 {
        std::mem::take(&mut self.shortened)
    }

    fn unit(&mut self, c: char, rest: &str, ended: bool) -> Unit {
        match (self.in_string, c) {
            (_, '"') => {
                self.in_string = !self.in_string;
                Unit::Between
            }
            (true, '\\') => escape(rest, ended),
            (false, '{' | '}' | '[' | ']' | ',' | ':') => Unit::Between,
            (false, '-' | '0'..='9') => {
                let part = |b: &u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let length = rest.bytes().take(MAX_NUMBER).take_while(part).count();
                if length == rest.len() && length < MAX_NUMBER && !ended {
                    Unit::Pending
                } else {
                    Unit::Number(length)
                }
            }
            _ => Unit::Char(c, c.len_utf8()),
        }
    }
}

/// The character that an escape stands for (RFC 8259 §7). What is no escape stands for itself.
fn escape(rest: &str, ended: bool) -> Unit {
    let Some(c) = rest[1..].chars().next() else {
        return if ended { Unit::Char('\\', 1) } else { Unit::Pending };
    };
    let stands_for = match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => return code_unit(rest, ended),
        _ => c,
    };
    Unit::Char(stands_for, 1 + c.len_utf8())
}

/// A `\uXXXX`, or the two of a surrogate pair.
fn code_unit(rest: &str, ended: bool) -> Unit {
    let first = match hex(&rest[2..]) {
        Hex::Value(value) => value,
        Hex::More if !ended => return Unit::Pending,
        Hex::More | Hex::None => return Unit::Char('\\', 1),
    };
    if let Some(c) = char::from_u32(first) {
        return Unit::Char(c, 6);
    }
    let alone = Unit::Char(char::REPLACEMENT_CHARACTER, 6);
    let after = &rest[6..];
    if first >= 0xdc00 {
        return alone;
    }
    let Some(digits) = after.strip_prefix("\\u") else {
        let may_come = !ended && "\\u".starts_with(after);
        return if may_come { Unit::Pending } else { alone };
    };
    match hex(digits) {
        Hex::Value(second @ 0xdc00..=0xdfff) => {
            let pair = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            Unit::Char(char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        Hex::More if !ended => Unit::Pending,
        _ => alone,
    }
}

enum Hex {
    Value(u32),
    /// Fewer than four digits, and nothing else so far.
    More,
    None,
}

fn hex(text: &str) -> Hex {
    let digits = text.bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
    match digits {
        4 => u32::from_str_radix(&text[..4], 16).map_or(Hex::None, Hex::Value),
        _ if digits == text.len() => Hex::More,
        _ => Hex::None,
    }
}
