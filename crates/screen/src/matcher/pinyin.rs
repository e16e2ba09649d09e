//! Readings of Chinese characters, as pinyin without tones; ü is written v, as on a keyboard.
//!
//! `data/pinyin.txt` has a line for each syllable: the syllable, the characters whose usual reading it is, and those
//! that may be read so too. It is made of the data of pinyin-data (MIT), readings beyond a character's third left out.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::letters::is_hanzi;

const DATA: &str = include_str!("../../data/pinyin.txt");

struct Readings {
    /// For each character from U+4E00 on the place of its usual reading in `syllables`; 0 for none.
    usual: Vec<u16>,
    also: HashMap<char, Vec<&'static str>>,
    syllables: Vec<&'static str>,
}

fn readings() -> &'static Readings {
    static READINGS: LazyLock<Readings> = LazyLock::new(|| {
        let mut syllables = vec![""];
        let mut usual = vec![0_u16; 0x5200];
        let mut also: HashMap<char, Vec<&'static str>> = HashMap::new();
        for line in DATA.lines() {
            let mut fields = line.split('\t');
            let syllable = fields.next().unwrap_or_default();
            // There are about 400 syllables.
            let at = u16::try_from(syllables.len()).unwrap_or(0);
            syllables.push(syllable);
            for c in fields.next().unwrap_or_default().chars().filter(|c| is_hanzi(*c)) {
                usual[u32::from(c) as usize - 0x4e00] = at;
            }
            for c in fields.next().unwrap_or_default().chars() {
                also.entry(c).or_default().push(syllable);
            }
        }
        Readings { usual, also, syllables }
    });
    &READINGS
}

/// The usual reading of a character; empty for what is no Chinese character or has none.
pub(super) fn usual(c: char) -> &'static str {
    if !is_hanzi(c) {
        return "";
    }
    let readings = readings();
    readings.syllables[usize::from(readings.usual[u32::from(c) as usize - 0x4e00])]
}

/// All readings of a character, the usual one first.
pub(super) fn all(c: char) -> impl Iterator<Item = &'static str> {
    let usual = Some(usual(c)).filter(|reading| !reading.is_empty());
    let also = usual.and_then(|_| readings().also.get(&c));
    usual.into_iter().chain(also.into_iter().flatten().copied())
}

/// The most ways of reading one term that are looked for.
const MAX_VARIANTS: usize = 16;

/// For each character of a term the readings that are looked for: none for what is no Chinese character. Where the ways to
/// read the whole term would be more than 16, the later characters have only their usual reading.
pub(super) fn of_term(term: &[char]) -> Vec<Vec<&'static str>> {
    let mut ways = 1;
    let of_character = |c: &char| {
        let mut readings: Vec<&str> = all(*c).collect();
        if ways * readings.len() > MAX_VARIANTS {
            readings.truncate(1);
        }
        ways *= readings.len().max(1);
        readings
    };
    term.iter().map(of_character).collect()
}

#[cfg(test)]
mod tests {
    use super::{all, of_term, usual};

    #[test]
    fn characters_have_their_usual_reading_first() {
        assert_eq!(
            ["包", "裹", "灯", "笼", "绿"].map(|c| usual(c.chars().next().unwrap())),
            ["bao", "guo", "deng", "long", "lv"]
        );
        assert_eq!(all('行').collect::<Vec<_>>()[0], "xing");
        assert!(all('行').any(|reading| reading == "hang"));
        assert!(all('长').any(|reading| reading == "zhang"));
        assert_eq!((usual('a'), all('。').count()), ("", 0));
    }

    #[test]
    fn a_long_term_has_a_bounded_number_of_ways_to_be_read() {
        let ways: usize = of_term(&['行'; 100]).iter().map(Vec::len).product();
        assert!((2..=16).contains(&ways), "{ways}");
    }
}
