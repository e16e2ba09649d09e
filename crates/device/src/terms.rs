//! The words of a sentence that carry its subject, for comparing sentences.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;
use yumen_features::TextLanguage;

use crate::chinese;
use crate::language::is_han;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StopWords {
    en: String,
    zh: String,
}

static STOP_WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lists: StopWords = toml::from_str(include_str!("../../../catalog/device/stop-words.toml"))
        .expect("embedded at build time and parsed by a test");
    lists.en.split_whitespace().chain(lists.zh.split_whitespace()).map(str::to_owned).collect()
});

/// Numbers the distinct terms of a text.
#[derive(Default)]
pub(crate) struct Terms {
    ids: HashMap<String, u32>,
    /// In how many sentences each term occurs.
    frequency: Vec<u32>,
}

impl Terms {
    /// The terms of one sentence, sorted, each once. Call it once for each sentence of the text:
    /// it counts.
    pub(crate) fn of(&mut self, sentence: &str, language: TextLanguage) -> Vec<u32> {
        let mut ids = Vec::new();
        match language {
            TextLanguage::En => latin_words(sentence, &mut |word| ids.extend(self.id(&word))),
            TextLanguage::Zh => {
                for token in chinese::words(sentence) {
                    if token.chars().all(is_han) {
                        // A single character says too little about the subject.
                        if token.chars().nth(1).is_some() {
                            ids.extend(self.id(token));
                        }
                    } else {
                        latin_words(token, &mut |word| ids.extend(self.id(&word)));
                    }
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        for &id in &ids {
            self.frequency[id as usize] += 1;
        }
        ids
    }

    /// How much a term tells, given the number of sentences: rare terms tell more.
    pub(crate) fn weights(&self, sentences: usize) -> Vec<f32> {
        #[expect(clippy::cast_precision_loss, reason = "counts of sentences, far below 2^24")]
        let total = sentences as f32;
        #[expect(clippy::cast_precision_loss, reason = "counts of sentences, far below 2^24")]
        self.frequency.iter().map(|&f| (1.0 + total / (0.5 + f as f32)).ln()).collect()
    }

    fn id(&mut self, term: &str) -> Option<u32> {
        if STOP_WORDS.contains(term) {
            return None;
        }
        if let Some(&id) = self.ids.get(term) {
            return Some(id);
        }
        let id = u32::try_from(self.frequency.len()).ok()?;
        self.ids.insert(term.to_owned(), id);
        self.frequency.push(0);
        Some(id)
    }
}

/// The words of a Latin text in lower case, with plural and possessive endings taken off.
fn latin_words(text: &str, each: &mut dyn FnMut(String)) {
    for raw in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’'))) {
        let mut word = raw.replace('’', "'").to_lowercase();
        if let Some(owner) = word.strip_suffix("'s") {
            word.truncate(owner.len());
        }
        if STOP_WORDS.contains(&word) {
            continue;
        }
        word.retain(|c| c != '\'');
        if word.len() > 4 && word.ends_with("ies") {
            word.truncate(word.len() - 3);
            word.push('y');
        } else if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
            word.pop();
        }
        if word.chars().count() > 1 || word.chars().all(char::is_numeric) && !word.is_empty() {
            each(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_parse_and_count() {
        assert!(STOP_WORDS.len() > 200);
        assert!(STOP_WORDS.contains("the") && STOP_WORDS.contains("我们"));
    }

    #[test]
    fn finds_the_same_term_in_other_forms() {
        let mut terms = Terms::default();
        let one = terms.of("The company’s partners agree.", TextLanguage::En);
        let two = terms.of("Companies need a partner.", TextLanguage::En);
        assert_eq!(one.iter().filter(|id| two.contains(id)).count(), 2);
    }

    #[test]
    fn segments_chinese() {
        let mut terms = Terms::default();
        let one = terms.of("北京的天气很好。", TextLanguage::Zh);
        let two = terms.of("明天北京天气如何？", TextLanguage::Zh);
        assert_eq!(one.iter().filter(|id| two.contains(id)).count(), 2);
    }
}
