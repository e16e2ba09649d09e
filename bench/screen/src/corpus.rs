//! The text that is read and the terms that are looked for.

use std::collections::BTreeSet;

/// Mixed text in Chinese and English, and the halves of its sources that no text was taken from.
pub(crate) struct Corpus {
    pub(crate) text: String,
    /// Chinese text, and its characters once each.
    zh: Vec<char>,
    hanzi: Vec<char>,
    en: Vec<String>,
}

impl Corpus {
    /// Builds a text of so many bytes from lines of the files by turns, as much Chinese as English. Every fourth line is kept
    /// back for terms.
    pub(crate) fn read(zh: &[String], en: &[String], bytes: usize) -> Result<Self, String> {
        let (zh_lines, zh_kept) = lines(zh)?;
        let (en_lines, en_kept) = lines(en)?;
        let mut text = String::with_capacity(bytes + 4096);
        let (mut zh_bytes, mut en_bytes) = (0, 0);
        let (mut zh_next, mut en_next) = (zh_lines.iter().cycle(), en_lines.iter().cycle());
        while text.len() < bytes {
            // As much of the one as of the other.
            let (next, of_language) = if zh_bytes <= en_bytes {
                (zh_next.next(), &mut zh_bytes)
            } else {
                (en_next.next(), &mut en_bytes)
            };
            let line = next.ok_or("the files have no lines")?;
            text.push_str(line);
            text.push('\n');
            *of_language += line.len() + 1;
        }
        let is_hanzi = |c: &char| matches!(c, '\u{4e00}'..='\u{9fff}');
        let zh: Vec<char> = zh_kept.concat().chars().filter(is_hanzi).collect();
        let hanzi = zh.iter().copied().collect::<BTreeSet<char>>().into_iter().collect();
        let words = |line: &String| -> Vec<String> {
            let words = line.split(|c: char| !c.is_ascii_alphabetic());
            words.filter(|word| word.len() > 2).map(str::to_ascii_lowercase).collect()
        };
        let en = en_kept.iter().flat_map(words).collect();
        Ok(Self { text, zh, hanzi, en })
    }

    /// Half of the terms Chinese, half English. Half of each are drawn from running text, of three characters or two words at
    /// least, so that some are found; half are put together at random and are found by chance.
    pub(crate) fn terms(&self, count: usize) -> Result<Vec<String>, String> {
        let mut dice = Dice(7);
        let mut terms = BTreeSet::new();
        let mut tries = 0;
        while terms.len() < count {
            tries += 1;
            if tries > 20 * count {
                return Err(format!("the files have too few words for {count} different terms"));
            }
            let drawn = dice.below(2) == 0;
            let term = if terms.len() % 2 == 0 {
                self.zh(&mut dice, drawn)
            } else {
                self.en(&mut dice, drawn)
            };
            terms.insert(crate::normal::folded(&term));
        }
        Ok(terms.into_iter().collect())
    }

    fn zh(&self, dice: &mut Dice, drawn: bool) -> String {
        if drawn {
            let length = 3 + dice.below(4);
            let from = dice.below(self.zh.len() - length);
            return self.zh[from..from + length].iter().collect();
        }
        (0..2 + dice.below(5)).map(|_| self.hanzi[dice.below(self.hanzi.len())]).collect()
    }

    fn en(&self, dice: &mut Dice, drawn: bool) -> String {
        if drawn {
            let length = 2 + dice.below(2);
            let from = dice.below(self.en.len() - length);
            return self.en[from..from + length].join(" ");
        }
        let word = |dice: &mut Dice| &self.en[dice.below(self.en.len())];
        let (head, tail) = (word(dice), word(dice));
        format!("{head}{}", &tail[tail.len() / 2..])
    }
}

/// The lines of all files: those for the text, and every fourth for the terms.
fn lines(files: &[String]) -> Result<(Vec<String>, Vec<String>), String> {
    let (mut text, mut kept) = (Vec::new(), Vec::new());
    for file in files {
        let content = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        for line in content.lines().filter(|line| !line.trim().is_empty()) {
            if (text.len() + kept.len()) % 4 == 3 {
                kept.push(line.to_owned());
            } else {
                text.push(line.to_owned());
            }
        }
    }
    Ok((text, kept))
}

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % limit as u64) as usize
    }
}
