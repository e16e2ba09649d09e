//! Recognising a token at a place of an answer, also one that was copied with a slip.
//!
//! A model is told to copy tokens as they are, and mostly does. It also writes other brackets, small letters, spaces, the
//! kind in another language, or leaves brackets or kind out. The check character says whether a code was copied rightly: one that
//! checks and is not in the vault is somebody else's and is never taken for a neighbour; one that does not check is taken for
//! the only value whose code it is a slip of, if there is just one.
//!
//! Each function here is a pure function of a place, and passes on [`Pending`] when what decides has not come.

use super::token::{self, CODE, Code, OPEN};
use super::vault::Vault;
use crate::normal::Pending;

/// The longest text between the brackets of a token that is looked at, in characters.
const LONGEST_BODY: usize = 40;

/// One character of an answer: as it is read, and the bytes of the held text it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) c: char,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The characters of an answer from the first undecided one on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<'t> {
    pub(super) units: &'t [Unit],
    /// Nothing follows.
    pub(super) ended: bool,
}

impl Held<'_> {
    /// The character at a place, `None` after the end.
    pub(super) fn get(&self, at: usize) -> Result<Option<char>, Pending> {
        match self.units.get(at) {
            Some(unit) => Ok(Some(unit.c)),
            None if self.ended => Ok(None),
            None => Err(Pending),
        }
    }

    fn is_word(&self, at: usize) -> Result<bool, Pending> {
        Ok(self.get(at)?.is_some_and(|c| c.is_ascii_alphanumeric()))
    }
}

/// A token at a place.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    /// The place after it.
    pub(super) end: usize,
    pub(super) what: What,
}

#[derive(Debug, PartialEq)]
pub(super) enum What {
    /// It stands for this value of the vault.
    Live(usize),
    /// It stands for nothing known; the kind it names, if that is a kind.
    Stray(Option<String>),
}

/// The token that begins at a place; `word_before` says that a Latin letter or digit stands directly before it.
pub(super) fn read(
    held: Held<'_>,
    at: usize,
    word_before: bool,
    vault: &Vault,
) -> Result<Option<Seen>, Pending> {
    let Some(c) = held.get(at)? else { return Ok(None) };
    if c == OPEN || c == '〚' {
        return bracketed(held, at, vault);
    }
    if vault.is_empty() {
        return Ok(None);
    }
    if opens(c) {
        return quoted(held, at, vault);
    }
    if word_before && c.is_ascii_alphanumeric() {
        return Ok(None);
    }
    if let Some(seen) = named(held, at, vault)? {
        return Ok(Some(seen));
    }
    let Some((code, end)) = bare_code(held, at, vault)? else { return Ok(None) };
    Ok(Some(Seen { end: closed(held, end)?, what: What::Live(code) }))
}

/// `⟦name·A7K2QX⟧` and what a model makes of it.
fn bracketed(held: Held<'_>, at: usize, vault: &Vault) -> Result<Option<Seen>, Pending> {
    let mut body = String::new();
    for end in at + 1..=at + LONGEST_BODY {
        match held.get(end)? {
            Some(c) if closes(c) => {
                let what = interpret(&body, vault);
                return Ok(what.map(|what| Seen { end: end + 1, what }));
            }
            Some(c) if c.is_alphanumeric() || is_dot(c) || c == ' ' => body.push(c),
            _ => break,
        }
    }
    // It was not closed: then it ends with its code.
    let mut length = 0;
    let mut code_from = None;
    for (i, c) in body.char_indices() {
        length += 1;
        if is_dot(c) {
            code_from.get_or_insert((i + c.len_utf8(), length));
        }
    }
    let Some((from, before)) = code_from else { return Ok(None) };
    let code: String = body[from..].chars().take_while(char::is_ascii_alphanumeric).collect();
    if code.len() != CODE {
        return Ok(None);
    }
    let what = interpret(&body[..from + CODE], vault);
    Ok(what.map(|what| Seen { end: at + 1 + before + CODE, what }))
}

/// What stands between the brackets of a token: a kind and a code, either of which may be missing.
fn interpret(body: &str, vault: &Vault) -> Option<What> {
    let body = body.trim();
    let from = body.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let (before, written) = body.split_at(from);
    let label = before.trim_matches(|c| is_dot(c) || c == ' ');
    let capitals = written.to_ascii_uppercase();
    let code: Option<Code> = capitals.as_bytes().try_into().ok();
    if let Some(at) = code.and_then(|code| vault.by_code(&code)) {
        return Some(What::Live(at));
    }
    if !code.is_some_and(|code| token::checks(&code))
        && let Some(at) = slip(capitals.as_bytes(), label, vault)
    {
        return Some(What::Live(at));
    }
    let kind = token::is_kind(label).then(|| label.to_owned());
    let like_a_code = (CODE - 1..=CODE + 1).contains(&written.len())
        && (written == capitals || (kind.is_some() && code.is_some()));
    let checks = code.is_some_and(|code| token::checks(&code));
    (like_a_code && (checks || !label.is_empty())).then_some(What::Stray(kind))
}

/// The one value whose code this is a slip of: of the kind that is named, if it is the kind of any.
fn slip(written: &[u8], label: &str, vault: &Vault) -> Option<usize> {
    if !(CODE - 1..=CODE + 1).contains(&written.len()) {
        return None;
    }
    let of_kind = |kind: &str| {
        label.eq_ignore_ascii_case(kind) || label.eq_ignore_ascii_case(token::in_chinese(kind))
    };
    let named = vault.entries().iter().any(|entry| of_kind(&entry.kind));
    let mut slips = vault.entries().iter().enumerate().filter(|(_, entry)| {
        (!named || of_kind(&entry.kind)) && token::is_slip(written, &entry.code)
    });
    let (at, _) = slips.next()?;
    slips.next().is_none().then_some(at)
}

/// `[name·A7K2QX]`, `【人名·A7K2QX】`: in brackets that mean other things too, so only what is in the vault.
fn quoted(held: Held<'_>, at: usize, vault: &Vault) -> Result<Option<Seen>, Pending> {
    let Some(label) = label(held, at + 1, vault)? else { return Ok(None) };
    let Some(from) = dot(held, label)? else { return Ok(None) };
    let mut end = from;
    while end - from <= CODE + 1 && held.is_word(end)? {
        end += 1;
    }
    if !held.get(end)?.is_some_and(closes) {
        return Ok(None);
    }
    let body: String = held.units[at + 1..end].iter().map(|unit| unit.c).collect();
    Ok(match interpret(&body, vault) {
        Some(what @ What::Live(_)) => Some(Seen { end: end + 1, what }),
        _ => None,
    })
}

/// `name·A7K2QX` without brackets.
fn named(held: Held<'_>, at: usize, vault: &Vault) -> Result<Option<Seen>, Pending> {
    let Some(label) = label(held, at, vault)? else { return Ok(None) };
    let Some(from) = dot(held, label)? else { return Ok(None) };
    let Some((code, end)) = bare_code(held, from, vault)? else { return Ok(None) };
    Ok(Some(Seen { end: closed(held, end)?, what: What::Live(code) }))
}

/// The place after a word for a kind of the vault; the longest, where several are written here.
fn label(held: Held<'_>, at: usize, vault: &Vault) -> Result<Option<usize>, Pending> {
    let mut longest = None;
    'labels: for label in vault.labels() {
        for (i, expected) in label.iter().enumerate() {
            if held.get(at + i)?.is_none_or(|c| c.to_ascii_lowercase() != *expected) {
                continue 'labels;
            }
        }
        longest = longest.max(Some(at + label.len()));
    }
    Ok(longest)
}

/// The place after what stands between kind and code.
fn dot(held: Held<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let mut end = at;
    if held.get(end)? == Some(' ') {
        end += 1;
    }
    if held.get(end)?.is_some_and(is_dot) {
        end += 1;
    }
    if end > at && held.get(end)? == Some(' ') {
        end += 1;
    }
    Ok((end > at).then_some(end))
}

/// A code exactly as it is in the vault, not a part of a longer word, and not a word itself.
fn bare_code(held: Held<'_>, at: usize, vault: &Vault) -> Result<Option<(usize, usize)>, Pending> {
    let mut code = [0; CODE];
    for i in 0..CODE {
        match held.get(at + i)? {
            Some(c) if c.is_ascii_uppercase() || c.is_ascii_digit() => {
                // Just checked to be ASCII.
                code[i] = c as u8;
            }
            _ => return Ok(None),
        }
        if !vault.entries().iter().any(|entry| entry.code[..=i] == code[..=i]) {
            return Ok(None);
        }
    }
    let mixed = code.iter().any(u8::is_ascii_digit) && code.iter().any(u8::is_ascii_uppercase);
    if !mixed || held.is_word(at + CODE)? {
        return Ok(None);
    }
    Ok(vault.by_code(&code).map(|found| (found, at + CODE)))
}

/// The place after a closing bracket that was left behind.
fn closed(held: Held<'_>, at: usize) -> Result<usize, Pending> {
    Ok(if held.get(at)? == Some(token::CLOSE) { at + 1 } else { at })
}

/// Brackets that models write for ours, and that mean other things too.
pub(super) fn opens(c: char) -> bool {
    matches!(c, '[' | '［' | '【' | '〖' | '〔' | '{' | '<')
}

fn closes(c: char) -> bool {
    matches!(c, '⟧' | '〛' | ']' | '］' | '】' | '〗' | '〕' | '}' | '>')
}

fn is_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '・' | '‧' | '∙' | '⋅' | '-' | '_' | ':' | '：' | '.' | '#')
}

#[cfg(test)]
mod tests {
    use super::super::PseudonymSecret;
    use super::*;

    fn vault() -> (Vault, String) {
        let mut vault = Vault::new(PseudonymSecret::new([3; 32]).conversation(&["one"]));
        vault.token("phone", "13800138000", false);
        let token = vault.token("name", "Li Lei", false).unwrap().to_owned();
        (vault, token)
    }

    fn first(text: &str, vault: &Vault) -> Option<Seen> {
        let units: Vec<Unit> = text.chars().map(|c| Unit { c, start: 0, end: 0 }).collect();
        read(Held { units: &units, ended: true }, 0, false, vault).unwrap()
    }

    #[test]
    fn what_models_make_of_a_token_is_still_it() {
        let (vault, token) = vault();
        let code = &token[token.len() - CODE - 3..token.len() - 3];
        let forms = [
            token.clone(),
            token.to_lowercase(),
            format!("⟦人名·{code}⟧"),
            format!("⟦ name : {code} ⟧"),
            format!("⟦Names·{code}⟧"),
            format!("⟦{code}⟧"),
            format!("⟦name·{code} wrote"),
            format!("[name·{code}]"),
            format!("【人名 {code}】"),
            format!("name·{code}"),
            format!("人名·{code}⟧"),
            code.to_owned(),
            // One character too few, one too many, two exchanged.
            format!("⟦name·{}⟧", &code[1..]),
            format!("⟦name·{code}Z⟧"),
            format!("⟦name·{}{}{}⟧", &code[1..2], &code[..1], &code[2..]),
        ];
        for form in forms {
            let seen = first(&form, &vault);
            assert!(matches!(seen, Some(Seen { what: What::Live(1), .. })), "{form}: {seen:?}");
        }
    }

    #[test]
    fn what_is_not_of_this_vault_is_never_resolved() {
        let (vault, token) = vault();
        let mut other = Vault::new(PseudonymSecret::new([4; 32]).conversation(&["one"]));
        let foreign = other.token("name", "Li Lei", false).unwrap();
        assert_ne!(foreign, token);
        let stray = first(foreign, &vault).unwrap();
        assert_eq!(stray.what, What::Stray(Some("name".to_owned())));
        for harmless in ["⟦name⟧", "⟦x⟧", "[name]", "name", "[1]", "ABCDEF", "⟦a b c⟧", "⟦"]
        {
            assert_eq!(first(harmless, &vault), None, "{harmless}");
        }
    }
}
