//! The terms of a pack one by one, as its makers wrote them: for counting and comparing, not for screening.

use jiff::civil::Date;

use super::category::{Severity, Status};
use super::source::{PackSource, RawRule};
use crate::error::ScreenError;
use crate::expand::expand;
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
        if self.is_phrase
            && let Ok(written_out) = expand(self.term)
            && let Some(first) = written_out.first()
        {
            return canonical(first);
        }
        canonical(self.term)
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
