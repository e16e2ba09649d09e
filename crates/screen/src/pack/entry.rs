//! The terms of a pack one by one, as its makers wrote them: for counting and comparing, not for screening.

use std::borrow::Cow;

use jiff::civil::Date;

use super::category::{Severity, Status};
use super::source::{PackSource, RawRule};
use crate::error::ScreenError;
use crate::expand::expand;
use crate::matcher::{leet, numeral};
use crate::normal::folded;

/// A term as it stands in a pack: a phrase of the TOML, or a row of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry<'s> {
    pub(super) term: &'s str,
    pub(super) category: Option<&'s str>,
    pub(super) severity: Severity,
    /// What it says of its actions, where they are not its rule's.
    pub(super) action: &'s str,
    pub(super) views: &'s str,
    pub(super) status: Status,
    pub(super) added: Option<Date>,
    /// A phrase may stand for several, `(lose|drop) the parcel`; a row never does.
    pub(super) is_phrase: bool,
}

impl Entry<'_> {
    /// What stays of it when what makes only variants is taken away: width, case, accents, script, white space and punctuation.
    /// Two terms with one canonical form are one term. Of a phrase it is the first of what it stands for.
    pub(super) fn canonical(&self) -> String {
        canonical(&self.first())
    }

    /// Under what it is counted: also digits for letters, numerals and repeated characters make only variants. What is one
    /// term to the matcher in these views is counted once.
    pub(super) fn counted(&self) -> String {
        let term = folded(&self.first());
        let latin = term.chars().any(|c| c.is_ascii_alphabetic());
        let mut form = String::with_capacity(term.len());
        for c in term.chars().filter(|c| c.is_alphanumeric() || matches!(c, '@' | '$')) {
            let c = if latin { leet(c).unwrap_or(c) } else { numeral(c) };
            // 1 is written for i and for l.
            let c = if latin && c == 'l' { 'i' } else { c };
            if c.is_alphanumeric() && !form.ends_with(c) {
                form.push(c);
            }
        }
        form
    }

    /// The first of what it stands for.
    fn first(&self) -> Cow<'_, str> {
        let first = |written: Vec<String>| written.into_iter().next();
        match expand(self.term).ok().filter(|_| self.is_phrase).and_then(first) {
            Some(first) => Cow::Owned(first),
            None => Cow::Borrowed(self.term),
        }
    }
}

/// The canonical form of a term.
pub(super) fn canonical(term: &str) -> String {
    let mut form = folded(term);
    form.retain(char::is_alphanumeric);
    form
}

impl PackSource {
    /// Every term, candidates too.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.raw.rules.iter().flat_map(move |rule| {
            let phrases = rule.phrases.iter().flatten().map(|phrase| of_phrase(rule, phrase));
            phrases.chain(self.rows_of(rule))
        })
    }

    fn rows_of<'s>(&'s self, rule: &'s RawRule) -> impl Iterator<Item = Entry<'s>> {
        let sheet = rule.terms.as_ref().and_then(|file| self.sheets.get(file));
        sheet.into_iter().flat_map(move |sheet| {
            sheet.rows().map(move |(term, of)| {
                let traits = &sheet.traits()[of];
                let own = Some(traits.category.as_str()).filter(|category| !category.is_empty());
                Entry {
                    term,
                    category: own.or(rule.category.as_deref()),
                    severity: traits.severity.or(rule.severity).unwrap_or(Severity::Medium),
                    action: &traits.action,
                    views: &traits.views,
                    status: traits.status.max(rule.status),
                    added: traits.added.or(rule.added),
                    is_phrase: false,
                }
            })
        })
    }
}

fn of_phrase<'s>(rule: &'s RawRule, phrase: &'s str) -> Entry<'s> {
    Entry {
        term: phrase,
        category: rule.category.as_deref(),
        severity: rule.severity.unwrap_or(Severity::Medium),
        action: "",
        views: "",
        status: rule.status,
        added: rule.added,
        is_phrase: true,
    }
}

/// That the categories and rules are in order, before they are counted.
pub(super) fn checked(source: &PackSource) -> Result<super::source::Categories, ScreenError> {
    source.pack()?;
    source.raw.categories()
}
