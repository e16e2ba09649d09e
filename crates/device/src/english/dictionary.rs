//! harper's dictionary, searched where it lies in the binary: see `build.rs`.

use std::cmp::Ordering;
use std::sync::{LazyLock, OnceLock};

use harper_core::spell::FuzzyMatchResult;
use harper_core::{CharStringExt, Dictionary, WordId, WordMetadata};

static WORDS: &str = include_str!(concat!(env!("OUT_DIR"), "/words.txt"));
static OFFSETS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/offsets.bin"));
static KINDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kinds.bin"));
static KIND_TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/kinds.json"));

/// The English dictionary.
pub(super) static FLAT: LazyLock<FlatDictionary> = LazyLock::new(|| FlatDictionary {
    kinds: serde_json::from_str(KIND_TABLE).expect("written by the build script from these types"),
    spellings: OnceLock::new(),
});

/// Words sorted by their lower-case form.
pub(super) struct FlatDictionary {
    /// The distinct metadata of all words.
    kinds: Vec<WordMetadata>,
    /// All words as characters, one after the other, with the offset of each: harper's trait
    /// hands out slices of `char`, but none of the rules in use asks for them.
    spellings: OnceLock<(Vec<char>, Vec<usize>)>,
}

impl FlatDictionary {
    /// What is known about a word in lower case.
    pub(super) fn metadata(&self, lower: &str) -> Option<&WordMetadata> {
        find(lower).map(|index| self.kind(index))
    }

    fn kind(&self, index: usize) -> &WordMetadata {
        let number = u16::from_le_bytes([KINDS[2 * index], KINDS[2 * index + 1]]);
        &self.kinds[usize::from(number)]
    }

    fn slice(&self, index: usize) -> &[char] {
        let (chars, starts) = self.spellings.get_or_init(|| {
            let (mut chars, mut starts) = (Vec::new(), vec![0]);
            for index in 0..count() {
                chars.extend(word(index).chars());
                starts.push(chars.len());
            }
            (chars, starts)
        });
        &chars[starts[index]..starts[index + 1]]
    }
}

/// Whether a word in lower case is known in any capitalisation.
pub(super) fn contains(lower: &str) -> bool {
    find(lower).is_some()
}

/// How a word in lower case is properly written: `monday` is `Monday`.
pub(super) fn spelling(lower: &str) -> Option<&'static str> {
    find(lower).map(word)
}

fn find_chars(chars: &[char]) -> Option<usize> {
    find(&lower(chars))
}

/// The place of a word given in lower case.
fn find(lower: &str) -> Option<usize> {
    let (mut low, mut high) = (0, count());
    while low < high {
        let middle = low.midpoint(high);
        match compare(word(middle), lower) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}

fn count() -> usize {
    KINDS.len() / 2
}

fn offset(index: usize) -> usize {
    let bytes = [0, 1, 2, 3].map(|i| OFFSETS[4 * index + i]);
    u32::from_le_bytes(bytes) as usize
}

fn word(index: usize) -> &'static str {
    &WORDS[offset(index)..offset(index + 1)]
}

fn lower(chars: &[char]) -> String {
    chars.normalized().to_lower().iter().collect()
}

/// Compares a stored word, in whatever case, with one in lower case.
fn compare(stored: &str, lower: &str) -> Ordering {
    if stored.is_ascii() {
        return stored.bytes().map(|b| b.to_ascii_lowercase()).cmp(lower.bytes());
    }
    let stored: Vec<char> = stored.chars().collect();
    stored.normalized().to_lower().iter().copied().cmp(lower.chars())
}

impl Dictionary for FlatDictionary {
    fn contains_word(&self, word: &[char]) -> bool {
        find_chars(word).is_some()
    }

    fn contains_word_str(&self, word: &str) -> bool {
        self.contains_word(&word.chars().collect::<Vec<_>>())
    }

    fn contains_exact_word(&self, chars: &[char]) -> bool {
        find_chars(chars)
            .is_some_and(|index| word(index).chars().eq(chars.normalized().iter().copied()))
    }

    fn contains_exact_word_str(&self, word: &str) -> bool {
        self.contains_exact_word(&word.chars().collect::<Vec<_>>())
    }

    fn fuzzy_match(
        &self,
        word: &[char],
        max_distance: u8,
        max_results: usize,
    ) -> Vec<FuzzyMatchResult<'_>> {
        let wanted = word.normalized().to_lower().into_owned();
        let mut found: Vec<FuzzyMatchResult<'_>> = (0..count())
            .filter(|&index| self::word(index).len().abs_diff(wanted.len()) <= max_distance.into())
            .filter_map(|index| {
                let stored: Vec<char> = self::word(index).to_lowercase().chars().collect();
                let edit_distance = u8::try_from(distance(&stored, &wanted)).ok()?;
                (edit_distance <= max_distance).then(|| FuzzyMatchResult {
                    word: self.slice(index),
                    edit_distance,
                    metadata: self.kind(index),
                })
            })
            .collect();
        found.sort_by_key(|result| result.edit_distance);
        found.truncate(max_results);
        found
    }

    fn fuzzy_match_str(
        &self,
        word: &str,
        max_distance: u8,
        max_results: usize,
    ) -> Vec<FuzzyMatchResult<'_>> {
        self.fuzzy_match(&word.chars().collect::<Vec<_>>(), max_distance, max_results)
    }

    fn get_correct_capitalization_of(&self, word: &[char]) -> Option<&'_ [char]> {
        find_chars(word).map(|index| self.slice(index))
    }

    fn get_word_metadata(&self, word: &[char]) -> Option<&WordMetadata> {
        find_chars(word).map(|index| self.kind(index))
    }

    fn get_word_metadata_str(&self, word: &str) -> Option<&WordMetadata> {
        self.get_word_metadata(&word.chars().collect::<Vec<_>>())
    }

    fn words_iter(&self) -> Box<dyn Iterator<Item = &'_ [char]> + Send + '_> {
        Box::new((0..count()).map(|index| self.slice(index)))
    }

    fn word_count(&self) -> usize {
        count()
    }

    fn get_word_from_id(&self, id: &WordId) -> Option<&[char]> {
        (0..count())
            .find(|&index| WordId::from_word_str(word(index)) == *id)
            .map(|index| self.slice(index))
    }
}

/// The Levenshtein distance of two words.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (above + 1).min(row[j] + 1).min(diagonal + usize::from(x != y));
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sorted_and_finds_each_of_its_words() {
        assert!(count() > 100_000);
        for index in 0..count() {
            let chars: Vec<char> = word(index).chars().collect();
            assert_eq!(find_chars(&chars), Some(index), "{}", word(index));
        }
    }

    #[test]
    fn answers_like_harper() {
        let chars = |s: &str| s.chars().collect::<Vec<_>>();
        assert!(FLAT.contains_word(&chars("MONDAY")));
        assert!(!FLAT.contains_exact_word(&chars("monday")));
        assert!(FLAT.contains_exact_word(&chars("Monday")));
        assert!(FLAT.contains_exact_word(&chars("don’t")));
        assert_eq!(FLAT.get_correct_capitalization_of(&chars("monday")), Some(&*chars("Monday")));
        assert_eq!(FLAT.fuzzy_match_str("goverment", 1, 5)[0].word, chars("government"));
        let id = WordId::from_word_str("house");
        assert_eq!(FLAT.get_word_from_id(&id), Some(&*chars("house")));
        assert!(FLAT.get_word_metadata_str("houses").is_some_and(WordMetadata::is_plural_noun));
    }
}
