//! The contents of a built pack: its source in parts, the TOML to the letter and the terms in tables.
//!
//! One byte says what a part is, then come the length of its name, the name, the length of the part, the part:
//!
//! - 1, without a name: the TOML.
//! - 3, by the name of the file: a model of a classifier, as it reads and writes itself.
//! - 2, by the name of the file: its terms. The length of the traits, the traits (JSON), how many terms there are; for each the
//!   length of its letters and the place of its traits, both as LEB128; then the letters of all.
//!
//! Whatever is read: nothing panics, and no number in the file makes more memory be taken than the file has bytes for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::file::number;
use super::limits::MAX_TERMS;
use super::sheet::{Sheet, Traits};
use super::source::{PackSource, RawPack};
use crate::classify::Model;
use crate::error::ScreenError;

const TOML: u8 = 1;
const TERMS: u8 = 2;
const MODEL: u8 = 3;

/// The source in parts, without its candidates.
pub(super) fn write(source: &PackSource) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, TOML, "", source.toml.as_bytes());
    for (file, sheet) in &source.sheets {
        put(&mut out, TERMS, file, &terms(&sheet.active()));
    }
    for (file, model) in &source.models {
        put(&mut out, MODEL, file, &model.to_bytes());
    }
    out
}

/// The source of the parts.
pub(super) fn read(mut bytes: &[u8]) -> Result<PackSource, ScreenError> {
    let mut toml = None;
    let (mut sheets, mut models) = (BTreeMap::new(), BTreeMap::new());
    while !bytes.is_empty() {
        let (kind, name, part, rest) = part(bytes).ok_or_else(|| broken("a part is cut"))?;
        bytes = rest;
        match kind {
            TOML if name.is_empty() && toml.is_none() => {
                let text =
                    std::str::from_utf8(part).map_err(|_| broken("the TOML is not UTF-8"))?;
                toml = Some(text.to_owned());
            }
            TERMS => {
                let sheet = sheet(part).ok_or_else(|| broken("a table of terms is broken"))?;
                if sheets.insert(name.to_owned(), sheet).is_some() {
                    return Err(broken("a table of terms is there twice"));
                }
            }
            MODEL => {
                let model = Model::from_bytes(part)?;
                if models.insert(name.to_owned(), Arc::new(model)).is_some() {
                    return Err(broken("a model is there twice"));
                }
            }
            _ => return Err(broken("it has a part that is not known")),
        }
    }
    let toml = toml.ok_or_else(|| broken("it has no rules"))?;
    let raw = RawPack::parse(&toml)?;
    let tables: BTreeSet<&str> =
        raw.rules.iter().filter_map(|rule| rule.terms.as_deref()).collect();
    let classifiers = raw.rules.iter().filter_map(|rule| rule.classifier.as_ref());
    let classifiers: BTreeSet<&str> = classifiers.map(|named| named.model.as_str()).collect();
    if !tables.into_iter().eq(sheets.keys()) || !classifiers.into_iter().eq(models.keys()) {
        return Err(broken("its rules and the files beside them do not go together"));
    }
    Ok(PackSource { toml, raw, sheets, models })
}

fn broken(what: &str) -> ScreenError {
    ScreenError::PackForm(what.to_owned())
}

fn put(out: &mut Vec<u8>, kind: u8, name: &str, part: &[u8]) {
    out.push(kind);
    // No name has more than 128 characters, and no file more than a few hundred MiB.
    for bytes in [name.as_bytes(), part] {
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(bytes);
    }
}

/// What is at the front: its kind, its name, itself, and the rest.
fn part(bytes: &[u8]) -> Option<(u8, &str, &[u8], &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (name, rest) = run(rest)?;
    let (part, rest) = run(rest)?;
    Some((*kind, std::str::from_utf8(name).ok()?, part, rest))
}

/// As many bytes as the number at the front says, and the rest.
fn run(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// A table of terms.
fn terms(sheet: &Sheet) -> Vec<u8> {
    let mut out = Vec::with_capacity(sheet.letters.len() + 3 * sheet.len());
    // Texts, numbers and days: nothing of it fails to be written.
    let traits = serde_json::to_vec(&sheet.traits).unwrap_or_default();
    for bytes in [u32::try_from(traits.len()), u32::try_from(sheet.len())] {
        out.extend_from_slice(&bytes.unwrap_or(u32::MAX).to_le_bytes());
    }
    out.extend_from_slice(&traits);
    let mut start = 0;
    for (end, of) in sheet.ends.iter().zip(&sheet.of) {
        leb128(&mut out, end - start);
        leb128(&mut out, *of);
        start = *end;
    }
    out.extend_from_slice(sheet.letters.as_bytes());
    out
}

/// The terms of a table; `None` where it is broken.
fn sheet(bytes: &[u8]) -> Option<Sheet> {
    let (traits, rest) = number(bytes)?;
    let (count, rest) = number(rest)?;
    let (traits, mut rest) = rest.split_at_checked(usize::try_from(traits).ok()?)?;
    let traits: Vec<Traits> = serde_json::from_slice(traits).ok()?;
    let count = usize::try_from(count).ok()?;
    // Two bytes at least for each.
    if count > MAX_TERMS || count > rest.len() / 2 {
        return None;
    }
    let (mut ends, mut of) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut end = 0_u32;
    for _ in 0..count {
        end = end.checked_add(read_leb128(&mut rest)?)?;
        ends.push(end);
        let place = read_leb128(&mut rest)?;
        if usize::try_from(place).ok()? >= traits.len() {
            return None;
        }
        of.push(place);
    }
    let letters = std::str::from_utf8(rest).ok()?;
    let fits = letters.len() == end as usize;
    if !fits || !ends.iter().all(|end| letters.is_char_boundary(*end as usize)) {
        return None;
    }
    Some(Sheet { traits, letters: letters.to_owned(), ends, of })
}

fn leb128(out: &mut Vec<u8>, mut number: u32) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn read_leb128(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u32;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u32::from(byte & 0x7f);
        number |= low.checked_shl(shift).filter(|shifted| shifted >> shift == low)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
