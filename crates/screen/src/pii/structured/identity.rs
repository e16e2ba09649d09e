//! Identity numbers of people and of companies in mainland China, and payment cards: what carries a check digit.

use super::checks;
use super::context::Left;
use super::run::{Run, closes, is_digit, opens};
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

pub(in super::super) fn begins(c: char) -> bool {
    is_digit(c)
}

/// A resident identity number of 18 characters; of 15 digits, as issued until 1999, where the words before say so.
pub(in super::super) fn resident(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let Some(run) = opening(window, at)? else { return Ok(None) };
    for group in run.groups() {
        let digits = run.digits(group);
        if checks::is_cn_resident_id(digits) && closes(window, group.end)? {
            return Ok(certain(Entity::CnResidentId, group.end));
        }
        if digits.len() == 17 && window.char(group.end)? == Some('x') {
            let mut with_x = [10; 18];
            with_x[..17].copy_from_slice(digits);
            if checks::is_cn_resident_id(&with_x) && closes(window, group.end + 1)? {
                return Ok(certain(Entity::CnResidentId, group.end + 1));
            }
        }
        if checks::is_old_resident_id(digits)
            && closes(window, group.end)?
            && Left::of(window, at).says(&[
                "身份证",
                "身份证件",
                "证件",
                "居民证",
                "idcard",
                "id card",
                "sfz",
                "老身份证",
            ])
        {
            return Ok(Some(Hit { entity: Entity::CnResidentId, end: group.end, score: 0.9 }));
        }
    }
    Ok(None)
}

/// A payment card.
pub(in super::super) fn card(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let Some(run) = opening(window, at)? else { return Ok(None) };
    // One number in ten passes the check by chance.
    if Left::of(window, at).says(&["订单", "order"]) {
        return Ok(None);
    }
    let mut best = None;
    let mut whole = true;
    for group in run.groups() {
        if whole && checks::is_bank_card(run.digits(group)) && closes(window, group.end)? {
            best = certain(Entity::BankCard, group.end);
        }
        whole &= group.length >= 4;
    }
    Ok(best)
}

/// A unified social credit code, in one row or in groups of two characters and more with a space or hyphen between them.
pub(in super::super) fn uscc(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let before = window.before(at, 1);
    if before.is_some_and(|before| before.c.is_ascii_alphanumeric() || before.c == '_') {
        return Ok(None);
    }
    let mut code = ['\0'; 18];
    let (mut place, mut group) = (at, 0);
    for slot in &mut code {
        if group >= 2 && matches!(window.char(place)?, Some(' ' | '-')) {
            place += 1;
            group = 0;
        }
        match window.char(place)? {
            Some(c) if c.is_ascii_alphanumeric() => *slot = c,
            _ => return Ok(None),
        }
        place += 1;
        group += 1;
    }
    let ends = !window.char(place)?.is_some_and(|c| c.is_ascii_alphanumeric());
    Ok(if ends && checks::is_uscc(&code) { certain(Entity::Uscc, place) } else { None })
}

pub(in super::super) fn uscc_begins(c: char) -> bool {
    matches!(c, '1'..='9' | 'a' | 'n' | 'y')
}

fn opening(window: &Window<'_>, at: usize) -> Result<Option<Run>, Pending> {
    if opens(window, at) { Run::at(window, at) } else { Ok(None) }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a reader says")]
fn certain(entity: Entity, end: usize) -> Option<Hit> {
    Some(Hit { entity, end, score: 1.0 })
}
