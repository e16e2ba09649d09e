//! JSON that is written by hand: strings, of which an answer is made, and values that were written before.
//!
//! A string is looked through eight bytes at a time for what must be escaped; what comes of it is what `serde_json` writes.

use bytes::BufMut;
use serde::Serialize;

/// A value that is written already, to stand in another: one line of JSON.
#[derive(Clone, Debug)]
pub struct Written(Vec<u8>);

impl Written {
    /// Writes a value. `room`: how many bytes it is likely to take.
    ///
    /// # Errors
    /// The value is none that JSON has: a map whose keys are no strings.
    pub fn of(value: &impl Serialize, room: usize) -> Result<Self, serde_json::Error> {
        let mut written = Vec::with_capacity(room);
        serde_json::to_writer(&mut written, value)?;
        Ok(Self(written))
    }

    /// The JSON.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Writes a string in its quotation marks.
pub(crate) fn put_text(out: &mut impl BufMut, text: &str) {
    out.put_u8(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = first_escaped(rest) {
        out.put_slice(&rest[..at]);
        put_escaped(out, rest[at]);
        rest = &rest[at + 1..];
    }
    out.put_slice(rest);
    out.put_u8(b'"');
}

/// Where the first byte stands that is not written as it is.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHEST: u64 = ONES << 7;
    // Sets the highest bit of each byte below `limit`. A borrow can set that of a byte above such a one, never below it.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = (below(word, b' ') | quote | backslash) & HIGHEST;
        if found != 0 {
            return Some(8 * at + found.trailing_zeros() as usize / 8);
        }
    }
    let escaped = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    rest.iter().position(escaped).map(|at| 8 * words.len() + at)
}

fn put_escaped(out: &mut impl BufMut, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        byte if byte >= b' ' => byte,
        byte => {
            out.put_slice(b"\\u00");
            out.put_u8(DIGITS[usize::from(byte >> 4)]);
            return out.put_u8(DIGITS[usize::from(byte & 15)]);
        }
    };
    out.put_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) {
        let mut out = Vec::new();
        put_text(&mut out, text);
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(text).unwrap());
    }

    #[test]
    fn every_character_is_written_as_serde_json_writes_it_wherever_it_stands() {
        for character in (0..=0x100_u32).chain([0x2028, 0x73a9, 0x1f600]).filter_map(char::from_u32)
        {
            for before in 0..20 {
                check(&format!("{}{character}{character}玩偶", "x".repeat(before)));
            }
        }
    }

    proptest! {
        #[test]
        fn strings_are_written_as_serde_json_writes_them(
            text in "([a-z ]{0,9}|[\\x00-\\x7f]|[\"\\\\\n]|\\PC){0,40}",
        ) {
            check(&text);
        }
    }
}
