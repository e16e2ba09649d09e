//! Names of people, places and organisations, and what people do for a living.
//!
//! Where a name may begin, every row of up to six words from there is weighed as each of the four kinds by a linear model: by
//! which lists its words are in, how they are written and end, and what stands around. The best counts if it is above the
//! threshold. The model is trained on made-up sentences (`examples/train_names.rs`).

use super::lexicon::{Kinds, kinds};
use super::model::{Feature, LABELS, Label, UNIT, sum};
use super::token::{Gap, LONGEST, Shape, Token, Tokens};
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

/// The longest name, in words.
pub(super) const MAX_WORDS: usize = 6;

/// How many tokens after a name are looked at: `is a design agency`.
const AFTER: usize = 4;

/// How many times likelier than nothing what is found must be: less than one, since a name that is missed costs more than one
/// too many.
const THRESHOLD: f32 = 0.4;

/// The same for names of people, which are masked where the others are only counted.
const NAME_THRESHOLD: f32 = 0.6;

/// What has a lower score than this counts for nothing.
const FAR: i32 = -80;

pub(in super::super) fn begins(c: char) -> bool {
    c.is_alphabetic() && crate::pii::words::is_joined(c)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, known: &Known<'_>) -> Reading {
    let window = &Tokens::new(window, known.tokens);
    let Some(row) = Row::read(window, at)? else { return Ok(None) };
    let start = sum(row.start().as_slice());
    // How likely it is that anything begins here, whatever it is, against nothing.
    let mut likely = 0.0_f32;
    let mut best: Option<(i32, Label, usize)> = None;
    let mut longest = 0;
    for words in 1..=row.words {
        if !row.may_end(words) {
            continue;
        }
        let with = sum(row.with(words).as_slice());
        for (label, (a, b)) in LABELS.into_iter().zip(start.into_iter().zip(with)) {
            let score = a + b;
            if score > best.map_or(i32::MIN, |best| best.0) {
                best = Some((score, label, row.tokens[words - 1].end));
                longest = words;
            }
            if score > FAR {
                likely += odds(score);
            }
        }
    }
    let Some((_, label, end)) = best else { return Ok(None) };
    let least = if label == Label::Person { NAME_THRESHOLD } else { THRESHOLD };
    if likely < least {
        let likely = if label == Label::Person && longest > 1 && row.may_be_forename() {
            surname(window, row.tokens[1].start, end)?
        } else {
            None
        };
        return Ok(likely.map(|score| Hit { entity: Entity::Name, end, score }));
    }
    let entity = match label {
        Label::Person => Entity::Name,
        Label::Place => Entity::Place,
        Label::Organisation => Entity::Organisation,
        Label::Occupation => Entity::Title,
    };
    Ok(Some(Hit { entity, end, score: likely / (1.0 + likely) }))
}

/// How sure it is that the words from a place to `end` are a name by themselves: what stands before them is part of it then.
fn surname(window: &Tokens<'_>, at: usize, end: usize) -> Result<Option<f32>, Pending> {
    let Some(row) = Row::read(window, at)? else { return Ok(None) };
    let start = sum(row.start().as_slice());
    for words in 1..=row.words {
        if row.tokens[words - 1].end == end && row.may_end(words) {
            let with = sum(row.with(words).as_slice());
            let likely = odds(start[0] + with[0]);
            return Ok((likely >= NAME_THRESHOLD).then_some(likely / (1.0 + likely)));
        }
    }
    Ok(None)
}

/// How much likelier than nothing something with this score is.
fn odds(score: i32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a sum of some sixty bytes")]
    let score = score as f32;
    (score / UNIT).exp()
}

/// The features of one candidate.
#[derive(Debug)]
pub(crate) struct Features {
    list: [Feature; 32],
    length: usize,
}

impl Features {
    fn new() -> Self {
        Self { list: [Feature::of(0, 0, 0); 32], length: 0 }
    }

    fn add(&mut self, kind: u8, a: u64, b: u64) {
        self.list[self.length] = Feature::of(kind, a, b);
        self.length += 1;
    }

    pub(crate) fn as_slice(&self) -> &[Feature] {
        &self.list[..self.length]
    }
}

/// The words from a place on that may be a name together, and what stands around them.
#[derive(Debug)]
pub(crate) struct Row {
    /// The words and the tokens after them.
    tokens: [Token; MAX_WORDS + AFTER],
    pub(crate) words: usize,
    /// The three tokens before, the nearest first.
    before: [Token; 3],
    /// A capital stands somewhere before in sight.
    capitals: bool,
    /// The last two and three letters of each word.
    ends: [[u64; 2]; MAX_WORDS],
    /// The lists that the first words together are in.
    phrases: [Kinds; MAX_WORDS],
}

impl Row {
    /// The row at a place; `None` where no name can begin.
    pub(crate) fn read(window: &Tokens<'_>, at: usize) -> Result<Option<Self>, Pending> {
        // `don't`: the rest of a word after an apostrophe.
        if window.before(at, 1).is_some_and(|glyph| matches!(glyph.c, '\'' | '’'))
            && window.before(at, 2).is_some_and(|glyph| glyph.c.is_alphanumeric())
        {
            return Ok(None);
        }
        let first = Token::next(window, at)?;
        if !may_begin(&first) || is_title(window, &first)? {
            return Ok(None);
        }
        if is_contraction(window, &first) || is_calendar(window, &first) {
            return Ok(None);
        }
        let mut tokens = [Token::NOTHING; MAX_WORDS + AFTER];
        tokens[0] = first;
        let mut words = 1;
        let mut count = 1;
        // The marks between words that are written together, as the point after an initial, are passed over.
        let mut at = after_point(window, &first)?;
        while words < MAX_WORDS {
            let next = Token::next(window, at)?;
            let goes_on =
                next.gap == Gap::Space || (at > tokens[count - 1].end && next.gap == Gap::None);
            let lower = first.shape == Shape::Lower;
            let fits = next.shape.is_capital()
                || next.shape == Shape::Mark('&')
                || (next.shape == Shape::Lower
                    && (is_inside(window, &next)
                        || (lower && words < 4)
                        || (goes_on && words < 4 && leads_to_trade(window, &next)?)));
            // `Reed, Cole and Hart`: a firm.
            let listed = !lower
                && next.shape == Shape::Mark(',')
                && next.gap == Gap::None
                && words + 2 < MAX_WORDS
                && is_firm(window, next.end)?;
            if listed {
                tokens[count] = next;
                count += 1;
                words += 1;
                at = next.end;
                continue;
            }
            if !goes_on || !fits || (next.shape.is_capital() && lower) {
                break;
            }
            tokens[count] = next;
            count += 1;
            words += 1;
            at = after_point(window, &next)?;
        }
        let mut after = tokens[count - 1].end;
        for slot in &mut tokens[count..count + AFTER] {
            *slot = Token::next(window, after)?;
            after = slot.end.max(after);
            if slot.shape == Shape::Nothing {
                break;
            }
        }
        let begin = first.start;
        let before @ [one, _, _] = preceding(window, begin)?;
        if words == 1 && is_label(&one, &first, &tokens[1..]) {
            return Ok(None);
        }
        let sight = &window.glyphs()[begin.saturating_sub(48)..begin];
        let capitals = sight.iter().rev().any(|glyph| glyph.raw.is_uppercase());
        let mut ends = [[0; 2]; MAX_WORDS];
        for (token, ends) in tokens[..words].iter().zip(&mut ends) {
            let glyphs = &window.glyphs()[token.start..token.end];
            for (size, slot) in [2, 3].into_iter().zip(ends) {
                *slot = glyphs[glyphs.len().saturating_sub(size)..]
                    .iter()
                    .fold(size as u64, |sum, glyph| sum << 16 ^ u64::from(glyph.c));
            }
        }
        let mut phrases = [first.kinds; MAX_WORDS];
        let mut key = first.key;
        for (token, phrase) in tokens[..words].iter().zip(&mut phrases).skip(1) {
            let glyphs = &window.glyphs()[token.start..token.end];
            key = glyphs.iter().fold(key.with(' '), |key, glyph| key.with(glyph.c));
            *phrase = kinds(key.number());
        }
        Ok(Some(Self { tokens, words, before, capitals, ends, phrases }))
    }

    /// Where a row of so many words ends.
    #[cfg(feature = "train")]
    pub(crate) fn end(&self, words: usize) -> usize {
        self.tokens[words - 1].end
    }

    /// Whether a name may end with this word: not with `of`.
    pub(crate) fn may_end(&self, words: usize) -> bool {
        let last = &self.tokens[words - 1];
        last.shape.is_capital()
            || (last.shape == Shape::Lower
                && (self.tokens[0].shape == Shape::Lower || last.kinds.any(Kinds::OCCUPATION)))
    }

    /// Whether the first word may be a first name that is in no list, or none that stands here alone.
    fn may_be_forename(&self) -> bool {
        let [first, second, ..] = &self.tokens;
        let written = matches!(first.shape, Shape::Capital | Shape::Upper | Shape::Mixed);
        written && second.shape.is_capital() && !first.kinds.any(Kinds::WORD)
    }

    /// Whether a sentence or line begins at the row.
    fn opens(&self) -> u64 {
        let one = &self.before[0];
        match one.shape {
            Shape::Nothing => 1,
            _ if one.gap == Gap::Break => 2,
            Shape::Mark('.' | '!' | '?') => 3,
            Shape::Mark(':') => 4,
            Shape::Mark('"' | '“' | '\'' | '(' | '>' | '*' | '-') => 5,
            Shape::Mark(_) => 6,
            _ => 0,
        }
    }

    /// What does not depend on where the row ends.
    pub(crate) fn start(&self) -> Features {
        let mut features = Features::new();
        let [one, two, _] = &self.before;
        let [near, second, third] = self.before.map(|token| token.number);
        let first = &self.tokens[0];
        let (opens, kinds) = (self.opens(), u64::from(first.kinds.0));
        let gap = one.gap as u64;
        features.add(1, near, gap);
        features.add(2, near, second);
        features.add(3, second, 0);
        features.add(4, third, second);
        features.add(5, u64::from(one.kinds.0) << 8 ^ one.shape.code(), gap);
        features.add(6, u64::from(two.kinds.0), two.shape.code() << 8 ^ one.shape.code());
        features.add(7, opens, first.shape.code());
        features.add(8, opens << 8 ^ kinds, first.shape.code());
        features.add(9, first.number, 0);
        features.add(10, first.number, opens);
        features.add(11, kinds, near);
        features.add(12, u64::from(self.capitals), first.shape.code());
        features.add(13, u64::from(self.capitals) << 8 ^ kinds, first.shape.code());
        features.add(14, self.ends[0][1], 0);
        features.add(15, 0, 0);
        features.add(16, near ^ second.rotate_left(13), third);
        features.add(17, third, 0);
        features
    }

    /// What depends on it.
    pub(crate) fn with(&self, words: usize) -> Features {
        let mut features = Features::new();
        let near = self.before[0].number;
        let number = |at: usize| self.tokens[at].number;
        let row = &self.tokens[..words];
        let (first, last) = (&row[0], &row[words - 1]);
        let next = &self.tokens[words];
        let ends = &self.ends[words - 1];
        let size = words as u64;
        let last_kinds = u64::from(last.kinds.0);
        let next_gap = next.gap as u64;
        features.add(32, number(words), next_gap);
        features.add(33, number(words), number(words + 1));
        features.add(34, u64::from(next.kinds.0) << 8 ^ next.shape.code(), next_gap);
        features.add(35, next.shape.code(), size);
        features.add(36, number(words - 1), u64::from(words == 1));
        features.add(37, last_kinds, last.shape.code() << 4 ^ size.min(3));
        features.add(38, ends[0], u64::from(words == 1));
        features.add(39, ends[1], u64::from(words == 1));
        features.add(40, last_kinds << 8 ^ u64::from(first.kinds.0), size);
        let pattern = row.iter().fold(0, |sum: u64, token| sum << 5 ^ reduced(token));
        features.add(41, pattern, 0);
        let shapes = row.iter().fold(0, |sum: u64, token| sum << 4 ^ token.shape.code().min(15));
        features.add(42, shapes, self.opens());
        let phrase = if words > 1 { self.phrases[words - 1] } else { first.kinds };
        features.add(43, u64::from(phrase.0), u64::from(words > 1));
        features.add(44, size, self.opens());
        // Whether the row is all of the words with capitals here.
        let whole = u64::from(next.shape.is_capital() && next.gap == Gap::Space) << 1
            ^ u64::from(self.before[0].shape.is_capital() && self.before[0].gap == Gap::Space);
        features.add(45, whole, size);
        features.add(46, near, number(words));
        features.add(47, near, pattern);
        features.add(48, number(words), pattern);
        features.add(49, self.opens() << 8 ^ next_gap, next.shape.code() << 16 ^ pattern);
        features.add(50, next_gap << 4 ^ self.before[0].gap as u64, pattern);
        for token in &row[1..] {
            features.add(51, token.number, 0);
        }
        for token in &self.tokens[words + 2..words + AFTER] {
            features.add(52, token.number, 0);
        }
        features.add(53, number(words), number(words + 2));
        features
    }
}

/// Whether a few capitals are no name: between Chinese characters, `我的QQ是`, or before a number, `QQ: 71346`.
fn is_label(before: &Token, word: &Token, after: &[Token]) -> bool {
    let beside_han = |token: &Token| matches!(token.shape, Shape::Mark(c) if c.is_alphabetic());
    let numbered = after[0].shape == Shape::Mark(':') && after[1].shape == Shape::Number;
    word.shape == Shape::Upper
        && word.end - word.start <= 4
        && (beside_han(before)
            || beside_han(&after[0])
            || (numbered && !word.kinds.any(Kinds::FORENAME)))
}

/// The three tokens before a place, the nearest first.
fn preceding(window: &Tokens<'_>, begin: usize) -> Result<[Token; 3], Pending> {
    let mut one = Token::before(window, begin, begin);
    let mut two = Token::before(window, one.start, begin);
    // The point of `Mr.` ends no sentence.
    if one.shape == Shape::Mark('.') && two.gap == Gap::None && is_title(window, &two)? {
        two.gap = one.gap;
        one = two;
        two = Token::before(window, one.start, begin);
    }
    Ok([one, two, Token::before(window, two.start, begin)])
}

/// Which lists matter most for the pattern of a row.
fn reduced(token: &Token) -> u64 {
    let kinds = token.kinds;
    match token.shape {
        Shape::Initial => 1,
        Shape::Mark(_) => 2,
        Shape::Lower if kinds.any(Kinds::WORD) => 3,
        _ => {
            let bit = |list, value| if kinds.any(list) { value } else { 0 };
            4 + (bit(Kinds::FORENAME, 1)
                | bit(Kinds::SURNAME, 2)
                | bit(Kinds::PLACE | Kinds::COUNTRY, 4)
                | bit(Kinds::WORD, 8))
        }
    }
}

/// Whether a name may begin with a word: with a capital, or in small letters if it is no ordinary word.
fn may_begin(token: &Token) -> bool {
    match token.shape {
        Shape::Capital | Shape::Upper | Shape::Initial | Shape::Mixed => true,
        Shape::Lower => token.end - token.start >= 3 && !token.kinds.any(Kinds::WORD),
        _ => false,
    }
}

/// Whether a word is a form of address, which is no part of the name after it.
fn is_title(window: &Tokens<'_>, token: &Token) -> Result<bool, Pending> {
    Ok(match token.spelling(window, &mut [0; LONGEST]) {
        b"mr" | b"mrs" | b"ms" | b"mx" | b"dr" | b"miss" | b"mme" | b"mlle" => true,
        b"sir" | b"lady" | b"prof" | b"rev" => matches!(window.char(token.end)?, Some(' ' | '.')),
        // Those that are other words, or names, without a point.
        b"sgt" | b"lt" | b"col" | b"capt" | b"gen" | b"maj" | b"hon" | b"gov" | b"sen" | b"rep"
        | b"fr" | b"cpl" | b"insp" | b"supt" | b"adm" | b"cmdr" | b"det" | b"dott" | b"sig"
        | b"ing" | b"atty" => window.char(token.end)? == Some('.'),
        _ => false,
    })
}

/// Whether a word is two in one, `I've`, `C'mon`, and no name.
fn is_contraction(window: &Tokens<'_>, token: &Token) -> bool {
    let glyphs = &window.glyphs()[token.start..token.end];
    let Some(mark) = glyphs.iter().position(|glyph| matches!(glyph.c, '\'' | '’')) else {
        return false;
    };
    let tail = Token { start: token.start + mark + 1, ..*token };
    matches!(
        tail.spelling(window, &mut [0; LONGEST]),
        b"ve"
            | b"m"
            | b"ll"
            | b"re"
            | b"d"
            | b"s"
            | b"t"
            | b"mon"
            | b"all"
            | b"am"
            | b"clock"
            | b"em"
    )
}

/// Whether a word is a month or a day of the week that is no first name too.
fn is_calendar(window: &Tokens<'_>, token: &Token) -> bool {
    matches!(
        token.spelling(window, &mut [0; LONGEST]),
        b"january"
            | b"february"
            | b"march"
            | b"july"
            | b"september"
            | b"october"
            | b"november"
            | b"december"
            | b"monday"
            | b"tuesday"
            | b"wednesday"
            | b"thursday"
            | b"friday"
            | b"saturday"
            | b"sunday"
            | b"tue"
            | b"wed"
            | b"thu"
            | b"fri"
    )
}

/// Whether a word in small letters, or one of the two after it, is what somebody does: `Dairy scientist`.
fn leads_to_trade(window: &Tokens<'_>, token: &Token) -> Result<bool, Pending> {
    let mut token = *token;
    for _ in 0..3 {
        if token.shape != Shape::Lower || token.gap != Gap::Space {
            return Ok(false);
        }
        if token.kinds.any(Kinds::OCCUPATION) {
            return Ok(true);
        }
        token = Token::next(window, token.end)?;
    }
    Ok(false)
}

/// Whether `Cole and` and a name follow.
fn is_firm(window: &Tokens<'_>, at: usize) -> Result<bool, Pending> {
    let name = Token::next(window, at)?;
    if !name.shape.is_capital() || name.gap != Gap::Space {
        return Ok(false);
    }
    let and = Token::next(window, name.end)?;
    let joins = and.shape == Shape::Mark('&') || and.spelling(window, &mut [0; LONGEST]) == b"and";
    Ok(joins && and.gap == Gap::Space && Token::next(window, and.end)?.shape.is_capital())
}

/// Whether a word is one of the small ones inside of names.
fn is_inside(window: &Tokens<'_>, token: &Token) -> bool {
    matches!(
        token.spelling(window, &mut [0; LONGEST]),
        b"of"
            | b"and"
            | b"the"
            | b"de"
            | b"la"
            | b"del"
            | b"da"
            | b"do"
            | b"dos"
            | b"das"
            | b"di"
            | b"du"
            | b"des"
            | b"le"
            | b"van"
            | b"von"
            | b"der"
            | b"den"
            | b"ten"
            | b"ter"
            | b"el"
            | b"al"
            | b"bin"
            | b"ibn"
            | b"y"
            | b"e"
            | b"for"
            | b"in"
            | b"zu"
            | b"af"
            | b"av"
            | b"upon"
            | b"sur"
            | b"am"
            | b"an"
            | b"les"
            | b"dei"
            | b"a"
    )
}

/// The place after a word and the point that belongs to it: `K.`, `St.`, `Dr.`.
fn after_point(window: &Tokens<'_>, token: &Token) -> Result<usize, Pending> {
    let short = token.end - token.start <= 2 && token.shape.is_capital();
    let point = short && window.char(token.end)? == Some('.');
    Ok(if point { token.end + 1 } else { token.end })
}
