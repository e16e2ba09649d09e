//! The vault of one request: which token stands for which value.

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroizing;

use super::key::ConversationKey;
use super::token::{self, CLOSE, Code, DOT, OPEN};
use crate::normal::folded;

/// How many values one request may have; what comes after them is masked without a way back.
const MOST: usize = 10_000;

/// The values of one request and their tokens. Filled while the prompt is screened, read while the answer is.
///
/// The values are nowhere else but in the request itself; they are overwritten when the vault is dropped.
pub struct Vault {
    key: ConversationKey,
    entries: Vec<Entry>,
    by_code: HashMap<Code, usize>,
    labels: Vec<Vec<char>>,
}

/// One value.
pub(super) struct Entry {
    pub(super) code: Code,
    /// The kind's word, as masks have it.
    pub(super) kind: Box<str>,
    /// How the kind is called in this token.
    pub(super) label: Box<str>,
    token: Box<str>,
    /// As it was first written.
    pub(super) value: Zeroizing<String>,
    normal: Zeroizing<String>,
}

impl Vault {
    /// An empty vault for a request of the conversation that has this key.
    pub fn new(key: ConversationKey) -> Self {
        Self { key, entries: Vec::new(), by_code: HashMap::new(), labels: Vec::new() }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none: then no answer can hold a token that is resolved.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The token of a value of a kind, in a Chinese text or another; `None` when there are too many values. A value that
    /// is there already, however it was spaced or capitalised, keeps its first token.
    pub(crate) fn token(&mut self, kind: &str, value: &str, chinese: bool) -> Option<&str> {
        let normal = normal(value);
        // No sequence of attempts is longer than the vault: each failed one met a value in it.
        let at = (0..).find_map(|attempt| {
            let code = token::code(self.key.number(kind, &normal, attempt));
            match self.by_code.get(&code) {
                None => Some(Err(code)),
                Some(&at) => {
                    let entry = &self.entries[at];
                    (*entry.kind == *kind && *entry.normal == *normal).then_some(Ok(at))
                }
            }
        })?;
        let at = match at {
            Ok(at) => at,
            Err(_) if self.entries.len() >= MOST => return None,
            Err(code) => {
                self.add(code, kind, value, normal, chinese);
                self.entries.len() - 1
            }
        };
        Some(&self.entries[at].token)
    }

    fn add(
        &mut self,
        code: Code,
        kind: &str,
        value: &str,
        normal: Zeroizing<String>,
        chinese: bool,
    ) {
        let zh = token::in_chinese(kind);
        let label = if chinese { zh } else { kind };
        let written: String = code.iter().map(|byte| char::from(*byte)).collect();
        for word in [kind, zh] {
            let word: Vec<char> = word.chars().map(|c| c.to_ascii_lowercase()).collect();
            if !self.labels.contains(&word) {
                self.labels.push(word);
            }
        }
        self.by_code.insert(code, self.entries.len());
        self.entries.push(Entry {
            code,
            kind: kind.into(),
            label: label.into(),
            token: format!("{OPEN}{label}{DOT}{written}{CLOSE}").into(),
            value: Zeroizing::new(value.to_owned()),
            normal,
        });
    }

    pub(super) fn entry(&self, at: usize) -> &Entry {
        &self.entries[at]
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The value with exactly this code.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "codes stand in other values")]
    pub(super) fn by_code(&self, code: &Code) -> Option<usize> {
        self.by_code.get(code).copied()
    }

    /// The words, in small letters, by which the kinds of its values are called.
    pub(super) fn labels(&self) -> &[Vec<char>] {
        &self.labels
    }
}

/// The same for all spellings of one value: folded, without white space.
fn normal(value: &str) -> Zeroizing<String> {
    let folded = Zeroizing::new(folded(value));
    Zeroizing::new(folded.chars().filter(|c| !c.is_whitespace()).collect())
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("values", &self.entries.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::PseudonymSecret;
    use super::*;

    fn vault(conversation: &str) -> Vault {
        Vault::new(PseudonymSecret::new([1; 32]).conversation(&[conversation]))
    }

    #[test]
    fn one_value_has_one_token_in_one_conversation() {
        let mut first = vault("one");
        let token = first.token("name", "Li Lei", false).unwrap().to_owned();
        assert!(token.starts_with("⟦name·") && token.ends_with('⟧'), "{token}");
        assert_eq!(first.token("name", "li  ｌｅｉ", true), Some(&*token));
        assert_ne!(first.token("organisation", "Li Lei", false), Some(&*token));
        assert_eq!(first.len(), 2);
        assert_eq!(vault("one").token("name", "Li Lei", false), Some(&*token));
        assert_ne!(vault("two").token("name", "Li Lei", false), Some(&*token));
        assert!(vault("one").token("name", "李雷", true).unwrap().starts_with("⟦人名·"));
    }

    #[test]
    fn ten_thousand_values_keep_apart_and_no_more_are_taken() {
        let mut vault = vault("many");
        let mut tokens = std::collections::HashSet::new();
        for number in 0..MOST {
            let token = vault.token("phone", &format!("1380{number:07}"), false).unwrap();
            assert!(tokens.insert(token.to_owned()));
        }
        assert_eq!(vault.token("phone", "13900000000", false), None);
        assert!(vault.token("phone", "13800000000", false).is_some());
    }

    #[test]
    fn a_value_is_in_no_debug_output() {
        let mut vault = vault("one");
        vault.token("name", "Li Lei", false);
        assert!(!format!("{vault:?}").contains("Lei"));
    }
}
