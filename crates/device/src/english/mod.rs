//! Proofreading of English: harper's rules where they are certain, a spell check of our own that
//! leaves names alone, and fixed phrases from the catalogue.

mod comparison;
mod dictionary;
mod grammar;
mod phrases;
mod spelling;
mod words;

use yumen_features::TextLanguage;

use crate::DeviceError;
use crate::output::Proofread;
use crate::review;

/// From how many words on the share of unknown ones says that this is another language.
const ENOUGH_WORDS: usize = 8;

/// Proofreads an English text; an error if it is another language in Latin letters.
pub(crate) fn proofread(text: &str) -> Result<Proofread, DeviceError> {
    let words = words::find(text);
    let plain: Vec<&words::Word> = words.iter().filter(|w| w.is_plain_lower()).collect();
    let unknown = plain.iter().filter(|w| !dictionary::contains(&w.lower)).count();
    if plain.len() >= ENOUGH_WORDS && unknown * 5 > plain.len() * 2 {
        return Err(DeviceError::WrongLanguage { expected: TextLanguage::En, found: None });
    }
    let mut findings = Vec::new();
    phrases::check(text, &words, &mut findings);
    comparison::check(&words, &mut findings);
    spelling::check(&words, &mut findings);
    grammar::check(text, &mut findings);
    Ok(review::settle(text, findings))
}
