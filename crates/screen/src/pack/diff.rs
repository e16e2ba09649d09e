//! What is different between two packs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use yumen_policy::Digest;

use super::category::Status;
use super::entry::{Entry, checked};
use super::source::PackSource;
use crate::error::ScreenError;

/// What is different between an older and a newer pack. The terms themselves are in it; whoever shows it decides whether they
/// are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PackDiff {
    /// Rules that are new, by their ids.
    pub rules_added: Vec<String>,
    /// Rules that are gone.
    pub rules_removed: Vec<String>,
    /// Rules that do or say something else, their terms aside.
    pub rules_changed: Vec<String>,
    /// Categories that are new, gone, or say something else.
    pub categories_changed: Vec<String>,
    /// The terms, by their categories; those of none stand under an empty name.
    pub terms: BTreeMap<String, TermDiff>,
}

/// What is different about the terms of a category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TermDiff {
    /// Terms of which no variant was looked for before.
    pub added: BTreeSet<String>,
    /// Terms that are not looked for any more.
    pub removed: BTreeSet<String>,
    /// Terms that now have another category, severity, action or view; they stand with their new category.
    pub changed: BTreeSet<String>,
}

impl PackDiff {
    /// What is different. Terms are compared in their canonical form; candidates are not compared.
    ///
    /// # Errors
    /// A pack that cannot be used, and why.
    pub fn between(older: &PackSource, newer: &PackSource) -> Result<Self, ScreenError> {
        let mut diff = Self::default();
        let [old_categories, new_categories] = [checked(older)?, checked(newer)?];
        for id in old_categories.keys().chain(new_categories.keys()).collect::<BTreeSet<_>>() {
            if old_categories.get(id) != new_categories.get(id) {
                diff.categories_changed.push(id.clone());
            }
        }
        let [old_rules, new_rules] = [rules(older), rules(newer)];
        for id in old_rules.keys().chain(new_rules.keys()).collect::<BTreeSet<_>>() {
            match (old_rules.get(id), new_rules.get(id)) {
                (None, _) => diff.rules_added.push(id.clone()),
                (_, None) => diff.rules_removed.push(id.clone()),
                (old, new) if old != new => diff.rules_changed.push(id.clone()),
                _ => {}
            }
        }
        let [old, new] = [terms(older), terms(newer)];
        for (form, entries) in &new {
            let before = old.get(form);
            let Some(entry) = entries.first() else { continue };
            let category = diff.terms.entry(entry.category.unwrap_or_default().to_owned());
            match before {
                None => category.or_default().added.insert(entry.term.to_owned()),
                Some(before) if treated(before) != treated(entries) => {
                    category.or_default().changed.insert(entry.term.to_owned())
                }
                Some(_) => false,
            };
        }
        for (form, entries) in &old {
            if !new.contains_key(form)
                && let Some(entry) = entries.first()
            {
                let category = diff.terms.entry(entry.category.unwrap_or_default().to_owned());
                category.or_default().removed.insert(entry.term.to_owned());
            }
        }
        Ok(diff)
    }

    /// Whether both do the same.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The active terms by their canonical form.
fn terms(source: &PackSource) -> HashMap<String, Vec<Entry<'_>>> {
    let mut terms: HashMap<String, Vec<Entry<'_>>> = HashMap::new();
    for entry in source.entries().filter(|entry| entry.status == Status::Active) {
        terms.entry(entry.canonical()).or_default().push(entry);
    }
    terms
}

/// How the entries of one term are treated.
fn treated<'e>(entries: &'e [Entry<'_>]) -> BTreeSet<(Option<&'e str>, u8, &'e str, &'e str)> {
    let treated = entries.iter();
    treated.map(|one| (one.category, one.severity.into(), one.action, one.views)).collect()
}

/// The rules by their ids, with what they do and say: the digest of their TOML without the phrases.
fn rules(source: &PackSource) -> BTreeMap<String, Digest> {
    let table: toml::Table = toml::from_str(&source.toml).unwrap_or_default();
    let rules = table.get("rule").and_then(toml::Value::as_array).into_iter().flatten();
    let rules = rules.filter_map(|rule| {
        let mut rule = rule.as_table()?.clone();
        rule.remove("phrases");
        let id = rule.get("id")?.as_str()?.to_owned();
        // Keys of a table are sorted.
        Some((id, Digest::of(format!("{rule:?}").as_bytes())))
    });
    rules.collect()
}
