//! One combination of views: what it makes of a text, and the trie of the terms that are looked for in it.
//!
//! A lane reads normalised characters as classes. What it folds further (digits to letters, Chinese characters to pinyin) is
//! in its table, so a view costs nothing more for each character; only pinyin gives several classes for one.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::letters::{
    SENTENCE_ENDS, STAND_INS, ends_sentence, is_latin, is_passed_over, is_word, leet, numeral,
};
use super::pinyin;
use super::term::{View, Views};
use super::trie::{Class, Trie, UNKNOWN, index};
use crate::normal::Glyph;

/// In which letters a term is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Writing {
    /// Its own.
    Plain,
    /// Chinese characters, some or all of them, in pinyin.
    Spelled,
    /// Chinese characters, all of them, by the first letter of their pinyin.
    Initials,
}

/// The class of what is passed over.
const PASSED_OVER: Class = 1;

/// The class of a Chinese character that is to be spelled.
const SPELLED: Class = 2;

/// In the lane without views, the class of characters that occur in no term and make a word go on.
const UNKNOWN_IN_WORD: Class = 3;

/// The first class of characters that occur in terms.
const FIRST_KNOWN: Class = 4;

/// The most classes of a lane.
pub(super) const MAX_CLASSES: usize = 1 << 16;

/// A term begins with this class, where a word begins or in text without word edges.
const BEGINS: u8 = 1;

/// A term begins with this class also inside a word; the next bit after [`BEGINS`].
const BEGINS_INSIDE: u8 = 2;

/// A term is only this class.
const ALL_OF_ONE: u8 = 4;

/// This class is not passed over.
const READ: u8 = 8;

/// In the lane without views: this class makes a word go on.
const IN_WORD: u8 = 16;

/// This class is that of a Latin letter or digit which occurs in terms.
const LATIN: u8 = 32;

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) views: Views,
    pub(super) writing: Writing,
    pub(super) trie: Trie,
    /// The class of each character of the basic plane.
    plane: Box<[Class]>,
    beyond: HashMap<char, Class>,
    /// The classes of a to z, for spelling.
    letters: [Class; 26],
    /// What is known of each class.
    traits: Vec<u8>,
}

/// A string of a lane: what a term, or one way to read it, is folded to.
pub(super) struct LaneString {
    pub(super) chars: Vec<char>,
    pub(super) term: u32,
    /// It may begin inside a word.
    pub(super) inside: bool,
}

/// A piece of text as a lane reads it.
#[derive(Clone, Debug, Default)]
pub(super) struct Symbols {
    pub(super) classes: Vec<Class>,
    /// For each class the place of its character, counted from the start of the piece.
    pub(super) places: Vec<u32>,
    /// Where a term may begin.
    pub(super) starts: Vec<Start>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// Which of the classes it is.
    pub(super) at: u32,
    /// The character before makes a word go on.
    pub(super) inside: bool,
    /// It is a Latin letter or digit.
    pub(super) latin: bool,
}

const NO_START: Start = Start { at: 0, inside: false, latin: false };

/// What a lane remembers between two pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    after_word: bool,
    /// The class of the character directly before.
    last: Class,
}

impl Lane {
    /// Compiles the strings of a lane. `None`: they have more than [`MAX_CLASSES`] different characters.
    pub(super) fn new(views: Views, writing: Writing, strings: &[LaneString]) -> Option<Self> {
        let plainly = views.is_empty() && writing == Writing::Plain;
        let mut plane: Box<[Class]> = unused(writing).into();
        if plainly {
            for (class, c) in plane.iter_mut().zip('\0'..) {
                if *class == UNKNOWN && is_word(c) {
                    *class = UNKNOWN_IN_WORD;
                }
            }
        }
        if views.has(View::Separated) {
            for mark in SENTENCE_ENDS {
                plane[mark as usize] = PASSED_OVER;
            }
        }
        let mut beyond = HashMap::new();
        let mut classes = usize::from(FIRST_KNOWN);
        // Folding changes none of these.
        for c in strings.iter().flat_map(|string| &string.chars) {
            let slot = match plane.get_mut(*c as usize) {
                Some(slot) => slot,
                None => beyond.entry(*c).or_insert(UNKNOWN),
            };
            if *slot == UNKNOWN || *slot == UNKNOWN_IN_WORD {
                *slot = Class::try_from(classes).ok()?;
                classes += 1;
            }
        }
        let class = |c: char| match plane.get(c as usize) {
            Some(class) => *class,
            None => beyond.get(&c).copied().unwrap_or(UNKNOWN),
        };
        let of_string =
            |string: &LaneString| (string.chars.iter().map(|c| class(*c)).collect(), string.term);
        let mut traits = vec![READ; classes];
        traits[usize::from(PASSED_OVER)] = 0;
        traits[usize::from(UNKNOWN_IN_WORD)] |= IN_WORD;
        for string in strings {
            let alone = if string.chars.len() == 1 { ALL_OF_ONE } else { 0 };
            let inside = if string.inside { BEGINS_INSIDE } else { 0 };
            traits[usize::from(class(string.chars[0]))] |= BEGINS | inside | alone;
            for c in string.chars.iter().filter(|c| is_word(**c)) {
                traits[usize::from(class(*c))] |= IN_WORD;
            }
            for c in string.chars.iter().filter(|c| is_latin(**c)) {
                traits[usize::from(class(*c))] |= LATIN;
            }
        }
        let latin = |class: Class| traits[usize::from(class)] & LATIN != 0;
        let trie = Trie::new(strings.iter().map(of_string).collect(), classes, latin);
        let mut letters = [UNKNOWN; 26];
        for (letter, slot) in ('a'..='z').zip(&mut letters) {
            *slot = class(folded(views, letter));
        }
        let stand_ins: Vec<(char, Class)> = STAND_INS
            .chars()
            .filter(|c| !passes_over(views, *c) && folded(views, *c) != *c)
            .map(|c| (c, class(folded(views, c))))
            .collect();
        for (c, class) in stand_ins {
            plane[c as usize] = class;
        }
        Some(Self { views, writing, trie, plane, beyond, letters, traits })
    }

    /// Reads the next piece of a text into `out`.
    pub(super) fn read(&self, glyphs: &[Glyph], reading: &mut Reading, out: &mut Symbols) {
        match self.writing {
            Writing::Spelled => self.read_spelled(glyphs, reading, out),
            Writing::Plain if self.views.is_empty() => {
                self.read_each::<true, false>(glyphs, reading, out);
            }
            _ if self.views.has(View::Repeats) => {
                self.read_each::<false, true>(glyphs, reading, out);
            }
            _ => self.read_each::<false, false>(glyphs, reading, out),
        }
    }

    /// Reads characters that have one class each. `PLAINLY`: this is the lane without views, whose classes say whether a word
    /// goes on; in others a class may be that of characters of both kinds.
    #[inline]
    fn read_each<const PLAINLY: bool, const REPEATS: bool>(
        &self,
        glyphs: &[Glyph],
        reading: &mut Reading,
        out: &mut Symbols,
    ) {
        // Written to in place, whether it is kept or not, and cut to length at the end: what is kept cannot be foretold.
        out.classes.resize(glyphs.len(), UNKNOWN);
        out.places.resize(glyphs.len(), 0);
        out.starts.resize(glyphs.len(), NO_START);
        let (classes, places, starts) =
            (&mut out.classes[..], &mut out.places[..], &mut out.starts[..]);
        let (mut at, mut started) = (0, 0);
        let Reading { mut after_word, mut last } = *reading;
        for (place, glyph) in (0_u32..).zip(glyphs) {
            let class = self.class(glyph.c);
            let traits = self.traits[usize::from(class)];
            let in_word = if PLAINLY { traits & IN_WORD != 0 } else { is_word(glyph.c) };
            let inside = std::mem::replace(&mut after_word, in_word);
            if REPEATS && std::mem::replace(&mut last, class) == class && class != UNKNOWN {
                continue;
            }
            classes[at] = class;
            places[at] = place;
            starts[started] = Start { at: index(at), inside, latin: traits & LATIN != 0 };
            at += usize::from(traits & READ != 0);
            started += usize::from(traits & (BEGINS << u8::from(inside)) != 0);
        }
        *reading = Reading { after_word, last };
        out.classes.truncate(at);
        out.places.truncate(at);
        out.starts.truncate(started);
    }

    fn read_spelled(&self, glyphs: &[Glyph], reading: &mut Reading, out: &mut Symbols) {
        out.classes.clear();
        out.places.clear();
        out.starts.clear();
        for (place, glyph) in (0_u32..).zip(glyphs) {
            let class = self.class(glyph.c);
            let inside = std::mem::replace(&mut reading.after_word, is_word(glyph.c));
            match class {
                PASSED_OVER => {}
                SPELLED => {
                    let c = if self.views.has(View::Numerals) { numeral(glyph.c) } else { glyph.c };
                    for (i, letter) in pinyin::usual(c).bytes().enumerate() {
                        let class = self.letters[usize::from(letter - b'a')];
                        if i == 0 {
                            self.add(class, place, false, out);
                        } else {
                            out.classes.push(class);
                            out.places.push(place);
                        }
                    }
                }
                _ => self.add(class, place, inside && is_letter(self.views, glyph.c), out),
            }
        }
    }

    #[inline]
    fn add(&self, class: Class, place: u32, inside: bool, out: &mut Symbols) {
        let traits = self.traits[usize::from(class)];
        if traits & (BEGINS << u8::from(inside)) != 0 {
            let at = index(out.classes.len());
            out.starts.push(Start { at, inside, latin: traits & LATIN != 0 });
        }
        out.classes.push(class);
        out.places.push(place);
    }

    /// Whether a term is this one class alone.
    #[inline]
    pub(super) fn is_one(&self, class: Class) -> bool {
        self.traits[usize::from(class)] & ALL_OF_ONE != 0
    }

    /// The class of one character.
    #[inline]
    pub(super) fn class(&self, c: char) -> Class {
        match self.plane.get(c as usize) {
            Some(class) => *class,
            None => self.class_beyond(c),
        }
    }

    #[cold]
    fn class_beyond(&self, c: char) -> Class {
        match self.beyond.get(&c) {
            Some(class) => *class,
            None if is_passed_over(c) => PASSED_OVER,
            None => UNKNOWN,
        }
    }

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        let beyond = self.beyond.capacity() * size_of::<(char, Class)>();
        self.trie.memory() + size_of_val(&*self.plane) + self.traits.len() + beyond
    }
}

/// What the views of shapes make of one character that is not passed over.
pub(super) fn folded(views: Views, c: char) -> char {
    let c = if views.has(View::Numerals) { numeral(c) } else { c };
    if views.has(View::Leet) { leet(c).unwrap_or(c) } else { c }
}

/// Whether a character is passed over in these views.
pub(super) fn passes_over(views: Views, c: char) -> bool {
    if views.has(View::Leet) && leet(c).is_some() {
        return false;
    }
    is_passed_over(c) || views.has(View::Separated) && ends_sentence(c)
}

/// Whether a character is read as a Latin letter or digit in these views, and so may have to begin or end a word.
pub(super) fn is_letter(views: Views, c: char) -> bool {
    is_latin(c) || views.has(View::Leet) && leet(c).is_some()
}

/// The classes of a lane without terms: what is passed over, and what is to be spelled.
fn unused(writing: Writing) -> &'static [Class] {
    static PLAIN: LazyLock<Box<[Class]>> = LazyLock::new(|| {
        let class = |c| if is_passed_over(c) { PASSED_OVER } else { UNKNOWN };
        (0..0x1_0000).map(|code| char::from_u32(code).map_or(UNKNOWN, class)).collect()
    });
    static SPELLING: LazyLock<Box<[Class]>> = LazyLock::new(|| {
        let class = |(code, class): (u32, &Class)| match char::from_u32(code) {
            Some(c) if !pinyin::usual(c).is_empty() => SPELLED,
            _ => *class,
        };
        (0..).zip(&*PLAIN).map(class).collect()
    });
    match writing {
        Writing::Plain | Writing::Initials => &PLAIN,
        Writing::Spelled => &SPELLING,
    }
}

/// The characters of a term as its views read them: what is passed over is left out, and numerals are digits.
pub(super) fn form(views: Views, folded_term: &str) -> Vec<char> {
    let numerals = views.has(View::Numerals);
    let chars = folded_term.chars().filter(|c| !passes_over(views, *c));
    chars.map(|c| if numerals { numeral(c) } else { c }).collect()
}

/// The most strings by which one term is looked for in a lane, about.
const MAX_STRINGS: usize = 128;

/// The strings by which a lane finds a term of this form. There are several where it may be read in several ways, where an
/// l may be written as an i would be, and where two equal characters may be one run or two. Of a term with very many ways
/// some are not looked for.
pub(super) fn strings(views: Views, writing: Writing, form: &[char]) -> Vec<Vec<char>> {
    let readings = match writing {
        Writing::Plain => vec![Vec::new(); form.len()],
        Writing::Spelled | Writing::Initials => pinyin::of_term(form),
    };
    let letters = if writing == Writing::Initials { 1 } else { usize::MAX };
    let mut ways = vec![Vec::new()];
    for (c, readings) in form.iter().zip(readings) {
        if readings.is_empty() {
            ways = longer(views, writing, &ways, std::iter::once(*c));
            continue;
        }
        let with = |reading: &&str| longer(views, writing, &ways, reading.chars().take(letters));
        ways = readings.iter().flat_map(with).collect();
    }
    ways.sort_unstable();
    ways.dedup();
    ways
}

/// All ways, each longer by some characters.
fn longer(
    views: Views,
    writing: Writing,
    ways: &[Vec<char>],
    more: impl Iterator<Item = char>,
) -> Vec<Vec<char>> {
    let mut ways = ways.to_vec();
    for c in more {
        let many = ways.len() >= MAX_STRINGS;
        let as_i = (views.has(View::Leet) && c == 'l' && !many).then_some('i');
        let repeats = writing == Writing::Plain && views.has(View::Repeats);
        let mut next = Vec::with_capacity(ways.len());
        for way in ways {
            for c in std::iter::once(folded(views, c)).chain(as_i) {
                let one_run = repeats && way.last() == Some(&c);
                if one_run {
                    next.push(way.clone());
                }
                if !one_run || !many {
                    let mut way = way.clone();
                    way.push(c);
                    next.push(way);
                }
            }
        }
        ways = next;
    }
    ways
}
