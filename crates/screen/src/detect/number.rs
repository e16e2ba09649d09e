//! Numbers with structure: resident identity numbers, payment cards and mobile numbers.
//!
//! Digits come in groups with up to three spaces or hyphens between them; a candidate is a row of whole groups,
//! so a number inside a longer run of digits is none. Chinese digit words (一三八…) count as digits, but not
//! mixed with Arabic ones in one run. What is undecided never spans more than [`MAX_DIGITS`] digits and the
//! separators between them, so an endless run of digits is not held back.

use std::collections::VecDeque;

use super::Span;
use super::checksum::{MAX_DIGITS, is_bank_card, is_cn_mobile, is_cn_resident_id};
use crate::normal::Glyph;

const MAX_SEPARATORS: u8 = 3;

/// Which rule each kind of number belongs to, at one boundary.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NumberRules {
    pub(crate) bank_card: Option<u32>,
    pub(crate) cn_mobile: Option<u32>,
    pub(crate) cn_resident_id: Option<u32>,
}

impl NumberRules {
    pub(crate) fn any(self) -> bool {
        self.bank_card.is_some() || self.cn_mobile.is_some() || self.cn_resident_id.is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Arabic,
    Han,
}

#[derive(Debug)]
struct Group {
    /// Where the first digit starts, or the `+` before it.
    start: usize,
    /// Where the last digit ends.
    end: usize,
    digits: u8,
    /// Where a check character X after the last digit ends.
    x_end: Option<usize>,
}

/// The digit groups read so far that may still be part of a number.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    groups: VecDeque<Group>,
    /// The digits of all groups, in order.
    digits: VecDeque<u8>,
    script: Option<Script>,
    /// The last group still grows.
    open: bool,
    separators: u8,
    /// Inside a run of digits that is too long to be anything.
    overlong: bool,
    plus: Option<usize>,
}

impl Numbers {
    #[inline]
    pub(crate) fn step(&mut self, rules: NumberRules, glyph: Glyph, out: &mut Vec<Span>) {
        if let Some((digit, script)) = digit(glyph.c) {
            self.digit(rules, glyph, digit, script, out);
        } else if self.is_idle() && glyph.c != '+' {
            // Nothing to end: the common case for every letter.
        } else {
            self.other(rules, glyph, out);
        }
    }

    /// Whether a number can begin with this byte of a text, or it is not for a byte to tell.
    #[inline]
    pub(crate) fn may_begin(byte: u8) -> bool {
        byte.is_ascii_digit() || byte == b'+' || !byte.is_ascii()
    }

    /// The text ends here.
    pub(crate) fn finish(&mut self, rules: NumberRules, out: &mut Vec<Span>) {
        self.end_run(rules, out);
    }

    /// Everything reported from now on starts here or later; `None`: after what was read.
    pub(crate) fn hold(&self) -> Option<usize> {
        self.groups.front().map(|group| group.start).or(self.plus)
    }

    /// Whether nothing is under way, so that a character [`may_begin`](Self::may_begin) denies can be
    /// left out.
    pub(crate) fn is_idle(&self) -> bool {
        self.groups.is_empty() && !self.overlong && self.plus.is_none()
    }

    fn digit(
        &mut self,
        rules: NumberRules,
        glyph: Glyph,
        digit: u8,
        script: Script,
        out: &mut Vec<Span>,
    ) {
        if self.script != Some(script) {
            let plus = self.plus;
            self.end_run(rules, out);
            self.plus = plus;
            self.script = Some(script);
        }
        if self.overlong {
            return;
        }
        match self.groups.back_mut() {
            Some(group) if self.open => {
                group.end = glyph.end;
                group.digits += 1;
            }
            _ => {
                let start = self.plus.take().unwrap_or(glyph.start);
                self.groups.push_back(Group { start, end: glyph.end, digits: 1, x_end: None });
                self.open = true;
            }
        }
        self.separators = 0;
        self.digits.push_back(digit);
        while self.digits.len() > MAX_DIGITS {
            if self.groups.len() == 1 {
                self.forget_groups();
                self.overlong = true;
            } else {
                self.decide_first(rules, out);
            }
        }
    }

    fn other(&mut self, rules: NumberRules, glyph: Glyph, out: &mut Vec<Span>) {
        match glyph.c {
            ' ' | '-' if !self.groups.is_empty() && self.separators < MAX_SEPARATORS => {
                self.separators += 1;
                self.open = false;
            }
            'x' if self.open => {
                if let Some(group) = self.groups.back_mut() {
                    group.x_end = Some(glyph.end);
                }
                self.open = false;
            }
            c => {
                self.end_run(rules, out);
                self.plus = (c == '+').then_some(glyph.start);
            }
        }
    }

    fn end_run(&mut self, rules: NumberRules, out: &mut Vec<Span>) {
        while !self.groups.is_empty() {
            self.decide_first(rules, out);
        }
        self.forget_groups();
        self.overlong = false;
        self.plus = None;
        self.script = None;
    }

    fn forget_groups(&mut self) {
        self.groups.clear();
        self.digits.clear();
        self.open = false;
        self.separators = 0;
    }

    /// Takes the first group, and the groups after it that make a number with it, out of the undecided ones.
    ///
    /// Called only when every number that begins with the first group is complete: at the end of the run, or when
    /// the digits read are more than any number has. In the latter case the last group lies beyond reach, grown or not.
    fn decide_first(&mut self, rules: NumberRules, out: &mut Vec<Span>) {
        let digits: &[u8] = self.digits.make_contiguous();
        let mut best: Option<(usize, usize, u32)> = None;
        let mut taken = 0;
        for (i, group) in self.groups.iter().enumerate() {
            taken += usize::from(group.digits);
            if taken > MAX_DIGITS {
                break;
            }
            let row = self.groups.range(..=i);
            if let Some((end, rule)) = number(rules, row, &digits[..taken]) {
                best = Some((i, end, rule));
                // An identity number is certain: nothing longer is looked for.
                if Some(rule) == rules.cn_resident_id {
                    break;
                }
            }
        }
        let last = best.map_or(0, |(last, ..)| last);
        let start = self.groups.front().map_or(0, |group| group.start);
        for group in self.groups.drain(..=last) {
            self.digits.drain(..usize::from(group.digits));
        }
        if let Some((_, end, rule)) = best {
            out.push(Span { start, end, rule });
        }
        if self.groups.is_empty() {
            self.forget_groups();
        }
    }
}

/// Which number this row of groups is, and where it ends.
fn number<'a>(
    rules: NumberRules,
    row: impl Iterator<Item = &'a Group> + Clone,
    digits: &[u8],
) -> Option<(usize, u32)> {
    let last = row.clone().last()?;
    if let Some(rule) = rules.cn_resident_id {
        if is_cn_resident_id(digits) {
            return Some((last.end, rule));
        }
        if let (Some(end), 17) = (last.x_end, digits.len()) {
            let mut with_x = [10; 18];
            with_x[..17].copy_from_slice(digits);
            if is_cn_resident_id(&with_x) {
                return Some((end, rule));
            }
        }
    }
    if let Some(rule) = rules.bank_card {
        let groups = row.clone().count();
        if is_bank_card(digits) && row.clone().take(groups - 1).all(|group| group.digits >= 4) {
            return Some((last.end, rule));
        }
    }
    if let Some(rule) = rules.cn_mobile {
        let national = match digits {
            [0, 0, 8, 6, rest @ ..] | [8, 6, rest @ ..] => rest,
            _ => digits,
        };
        let mut sizes = row.map(|group| group.digits).peekable();
        // The country code may stand by itself.
        if national.len() < digits.len()
            && sizes.peek().is_some_and(|size| usize::from(*size) == digits.len() - national.len())
        {
            sizes.next();
        }
        if is_cn_mobile(national) && sizes.all(|size| size >= 3) {
            return Some((last.end, rule));
        }
    }
    None
}

#[inline]
fn digit(c: char) -> Option<(u8, Script)> {
    if c.is_ascii_digit() {
        return Some((c as u8 - b'0', Script::Arabic));
    }
    if c < '〇' {
        return None;
    }
    let digit = match c {
        '零' | '〇' => 0,
        '一' | '幺' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    };
    Some((digit, Script::Han))
}
