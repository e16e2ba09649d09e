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

/// A class and what is known of it, as bits above those of the class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Symbol(u32);

impl Symbol {
    /// A term begins with this class, where a word begins or in text without word edges.
    const BEGINS: u32 = 1 << 16;
    /// A term begins with this class also inside a word; the next bit after [`Self::BEGINS`].
    const BEGINS_INSIDE: u32 = 1 << 17;
    /// This class is not passed over.
    const READ: u32 = 1 << 18;
    /// In the lane without views: this class makes a word go on.
    const IN_WORD: u32 = 1 << 19;
    /// This class is that of a Latin letter or digit which occurs in terms.
    const LATIN: u32 = 1 << 20;
    /// A term is only this class.
    const ALONE: u32 = 1 << 21;

    /// What occurs in no term, is passed over, or is to be spelled.
    fn unused(class: Class) -> Self {
        let traits = match class {
            PASSED_OVER => 0,
            UNKNOWN_IN_WORD => Self::READ | Self::IN_WORD,
            _ => Self::READ,
        };
        Self(u32::from(class) | traits)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    fn class(self) -> Class {
        self.0 as Class
    }

    #[inline]
    fn is(self, of: u32) -> bool {
        self.0 & of != 0
    }

    /// Whether a term may begin with it; `inside`: the character before makes a word go on.
    #[inline]
    fn begins(self, inside: bool) -> bool {
        self.is(Self::BEGINS << u32::from(inside))
    }
}

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) views: Views,
    pub(super) writing: Writing,
    pub(super) trie: Trie,
    /// What each character of the basic plane is.
    plane: Box<[Symbol]>,
    beyond: HashMap<char, Symbol>,
    /// What a to z are, for spelling.
    letters: [Symbol; 26],
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

/// A place where a term may begin, in one number: what is known of all places of a piece should lie close together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start(u32);

impl Start {
    const AT: u32 = (1 << 20) - 1;
    const NONE: Self = Self(0);

    /// The place of a symbol among those that are read at a time, of which there are less than 2^20.
    #[inline]
    fn new(at: usize, inside: bool, symbol: Symbol) -> Self {
        let traits = symbol.0 & (Symbol::LATIN | Symbol::ALONE);
        Self(index(at) | traits | u32::from(inside) << 31)
    }

    /// Which of the classes it is.
    #[inline]
    pub(super) fn at(self) -> usize {
        (self.0 & Self::AT) as usize
    }

    /// The character before makes a word go on.
    #[inline]
    pub(super) fn inside(self) -> bool {
        self.0 >> 31 != 0
    }

    /// It is a Latin letter or digit.
    #[inline]
    pub(super) fn is_latin(self) -> bool {
        self.0 & Symbol::LATIN != 0
    }

    /// A term is only this class.
    #[inline]
    pub(super) fn is_alone(self) -> bool {
        self.0 & Symbol::ALONE != 0
    }
}

/// What a lane remembers between two pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    after_word: bool,
    /// The class of the character directly before.
    last: Class,
}

impl Lane {
    /// Compiles the strings of a lane. `None`: they have more than [`MAX_CLASSES`] different characters.
    pub(super) fn new<'t>(
        views: Views,
        writing: Writing,
        strings: &'t [LaneString],
    ) -> Option<Self> {
        let plainly = views.is_empty() && writing == Writing::Plain;
        let mut plane: Box<[Symbol]> = unused(writing).into();
        if plainly {
            for (symbol, c) in plane.iter_mut().zip('\0'..) {
                if symbol.class() == UNKNOWN && is_word(c) {
                    *symbol = Symbol::unused(UNKNOWN_IN_WORD);
                }
            }
        }
        if views.has(View::Separated) {
            for mark in SENTENCE_ENDS {
                plane[mark as usize] = Symbol::unused(PASSED_OVER);
            }
        }
        let mut beyond = HashMap::new();
        let mut classes = usize::from(FIRST_KNOWN);
        let chars = |strings: &'t [LaneString]| strings.iter().flat_map(|string| &string.chars);
        // Folding changes none of these.
        for c in chars(strings) {
            let symbol = known(&mut plane, &mut beyond, *c);
            if symbol.class() == UNKNOWN || symbol.class() == UNKNOWN_IN_WORD {
                let class = Class::try_from(classes).ok()?;
                let in_word = if is_word(*c) { Symbol::IN_WORD } else { 0 };
                let latin = if is_latin(*c) { Symbol::LATIN } else { 0 };
                *symbol = Symbol(u32::from(class) | Symbol::READ | in_word | latin);
                classes += 1;
            }
        }
        for string in strings {
            let alone = if string.chars.len() == 1 { Symbol::ALONE } else { 0 };
            let inside = if string.inside { Symbol::BEGINS_INSIDE } else { 0 };
            known(&mut plane, &mut beyond, string.chars[0]).0 |= Symbol::BEGINS | inside | alone;
        }
        let mut symbol = |c: char| *known(&mut plane, &mut beyond, c);
        let of_string = |string: &LaneString| {
            let classes = string.chars.iter().map(|c| symbol(*c).class()).collect();
            (classes, string.term)
        };
        let strings = strings.iter().map(of_string).collect();
        let mut letters = [Symbol::unused(UNKNOWN); 26];
        for (letter, slot) in ('a'..='z').zip(&mut letters) {
            *slot = symbol(folded(views, letter));
        }
        let stand_ins: Vec<(char, Symbol)> = STAND_INS
            .chars()
            .filter(|c| !passes_over(views, *c) && folded(views, *c) != *c)
            .map(|c| (c, symbol(folded(views, c))))
            .collect();
        for (c, symbol) in stand_ins {
            plane[c as usize] = symbol;
        }
        let mut latin = vec![false; classes];
        for symbol in plane.iter().filter(|symbol| symbol.is(Symbol::LATIN)) {
            latin[usize::from(symbol.class())] = true;
        }
        let trie = Trie::new(strings, classes, |class| latin[usize::from(class)]);
        Some(Self { views, writing, trie, plane, beyond, letters })
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
    #[inline(never)]
    fn read_each<const PLAINLY: bool, const REPEATS: bool>(
        &self,
        glyphs: &[Glyph],
        reading: &mut Reading,
        out: &mut Symbols,
    ) {
        // Written to in place, whether it is kept or not, and cut to length at the end: what is kept cannot be foretold.
        out.classes.resize(glyphs.len(), UNKNOWN);
        out.places.resize(glyphs.len(), 0);
        out.starts.resize(glyphs.len(), Start::NONE);
        let (classes, places, starts) =
            (&mut out.classes[..], &mut out.places[..], &mut out.starts[..]);
        let (mut at, mut started) = (0, 0);
        let Reading { mut after_word, mut last } = *reading;
        for (place, glyph) in (0_u32..).zip(glyphs) {
            let symbol = self.symbol(glyph.c);
            let class = symbol.class();
            let in_word = if PLAINLY { symbol.is(Symbol::IN_WORD) } else { is_word(glyph.c) };
            let inside = std::mem::replace(&mut after_word, in_word);
            if REPEATS && std::mem::replace(&mut last, class) == class && class != UNKNOWN {
                continue;
            }
            classes[at] = class;
            places[at] = place;
            starts[started] = Start::new(at, inside, symbol);
            at += usize::from(symbol.is(Symbol::READ));
            started += usize::from(symbol.begins(inside));
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
            let symbol = self.symbol(glyph.c);
            let inside = std::mem::replace(&mut reading.after_word, is_word(glyph.c));
            match symbol.class() {
                PASSED_OVER => {}
                SPELLED => {
                    let c = if self.views.has(View::Numerals) { numeral(glyph.c) } else { glyph.c };
                    for (i, letter) in pinyin::usual(c).bytes().enumerate() {
                        let symbol = self.letters[usize::from(letter - b'a')];
                        out.add(symbol, place, i == 0, false);
                    }
                }
                _ => out.add(symbol, place, true, inside && is_letter(self.views, glyph.c)),
            }
        }
    }

    /// The class of one character.
    #[inline]
    pub(super) fn class(&self, c: char) -> Class {
        self.symbol(c).class()
    }

    #[inline]
    fn symbol(&self, c: char) -> Symbol {
        match self.plane.get(c as usize) {
            Some(symbol) => *symbol,
            None => self.symbol_beyond(c),
        }
    }

    #[cold]
    fn symbol_beyond(&self, c: char) -> Symbol {
        match self.beyond.get(&c) {
            Some(symbol) => *symbol,
            None if is_passed_over(c) => Symbol::unused(PASSED_OVER),
            None => Symbol::unused(UNKNOWN),
        }
    }

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        let beyond = self.beyond.capacity() * size_of::<(char, Symbol)>();
        self.trie.memory() + size_of_val(&*self.plane) + beyond
    }
}

impl Symbols {
    /// Adds a symbol of the character at a place. `first`: it is the first one of it.
    #[inline]
    fn add(&mut self, symbol: Symbol, place: u32, first: bool, inside: bool) {
        if first && symbol.begins(inside) {
            self.starts.push(Start::new(self.classes.len(), inside, symbol));
        }
        self.classes.push(symbol.class());
        self.places.push(place);
    }
}

/// What is known of a character, to be changed.
fn known<'t>(
    plane: &'t mut [Symbol],
    beyond: &'t mut HashMap<char, Symbol>,
    c: char,
) -> &'t mut Symbol {
    match plane.get_mut(c as usize) {
        Some(symbol) => symbol,
        None => beyond.entry(c).or_insert(Symbol::unused(UNKNOWN)),
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

/// What characters are in a lane without terms: passed over, to be spelled, or unknown.
fn unused(writing: Writing) -> &'static [Symbol] {
    static PLAIN: LazyLock<Box<[Symbol]>> = LazyLock::new(|| {
        let class = |c| if is_passed_over(c) { PASSED_OVER } else { UNKNOWN };
        let class = |code| char::from_u32(code).map_or(UNKNOWN, class);
        (0..0x1_0000).map(|code| Symbol::unused(class(code))).collect()
    });
    static SPELLING: LazyLock<Box<[Symbol]>> = LazyLock::new(|| {
        let symbol = |(code, symbol): (u32, &Symbol)| match char::from_u32(code) {
            Some(c) if !pinyin::usual(c).is_empty() => Symbol::unused(SPELLED),
            _ => *symbol,
        };
        (0..).zip(&*PLAIN).map(symbol).collect()
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
