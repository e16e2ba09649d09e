//! From a file of terms to rules: one for each set of rows that are about the same and are treated the same.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as Unknown, StrDeserializer};

use super::action::{Action, Actions, Boundary};
use super::category::Status;
use super::rule::{Kind, Phrases, Rule};
use super::sheet::{Sheet, Traits, at};
use super::source::{Categories, RawRule};
use crate::error::ScreenError;
use crate::matcher::{View, Views};

/// The terms of one rule.
pub(super) struct Terms<'s> {
    pub(super) file: &'s str,
    pub(super) sheet: &'s Sheet,
    pub(super) raw: &'s RawRule,
}

impl Terms<'_> {
    /// The rules that the rows make, from what the rule that names the file says. Each has the rule's id, behind it what
    /// its rows say otherwise: `lexicon.parcels.s3`.
    pub(super) fn rules(
        &self,
        base: &Rule,
        categories: &Categories,
    ) -> Result<Vec<(Rule, Kind)>, ScreenError> {
        let mut rules: Vec<(Rule, Views, Vec<String>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut place_of = Vec::with_capacity(self.sheet.traits().len());
        for traits in self.sheet.traits() {
            if traits.status == Status::Candidate {
                place_of.push(None);
                continue;
            }
            let (rule, views) = self.rule(base, traits, categories)?;
            let place = *known.entry(rule.id.clone()).or_insert_with(|| {
                rules.push((rule, views, Vec::new()));
                rules.len() - 1
            });
            place_of.push(Some(place));
        }
        for (term, traits) in self.sheet.rows() {
            if let Some(place) = place_of[traits] {
                rules[place].2.push(term.to_owned());
            }
        }
        let kind =
            |views, phrases| Kind::Phrases(Phrases { views, ..self.raw.terms(phrases) }.into());
        Ok(rules.into_iter().map(|(rule, views, phrases)| (rule, kind(views, phrases))).collect())
    }

    /// The rule of rows with these traits.
    fn rule(
        &self,
        base: &Rule,
        traits: &Traits,
        categories: &Categories,
    ) -> Result<(Rule, Views), ScreenError> {
        let wrong = |reason: String| at(self.file, traits.line, reason);
        let mut rule = base.clone();
        let own = base.category.as_ref().map(|category| category.id.as_str());
        if !traits.category.is_empty() && own != Some(&traits.category) {
            let category = categories
                .get(&traits.category)
                .ok_or_else(|| wrong(format!("the pack has no category `{}`", traits.category)))?;
            rule.id = format!("{}.{}", rule.id, category.id);
            if self.raw.text.is_none() {
                rule.text = category.told().clone();
                rule.text_in = category.notice_in.clone();
            }
            rule.appeal = category.appeal.clone().or(rule.appeal);
            rule.category = Some(Arc::clone(category));
        }
        if !rule.text.is_complete() {
            return Err(wrong(
                "it has no category, and its rule neither a category nor a text".into(),
            ));
        }
        let actions = overridden(base.actions, &traits.action).map_err(wrong)?;
        if actions != base.actions {
            let word = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
            let name: String = traits.action.chars().map(word).collect();
            rule.id = format!("{}.{name}", rule.id);
            rule.actions = actions;
        }
        if let Some(severity) = traits.severity.filter(|severity| *severity != base.severity) {
            rule.id = format!("{}.s{}", rule.id, u8::from(severity));
            rule.severity = severity;
        }
        let base: Views = self.raw.views.iter().copied().collect();
        let views = match views_of(&traits.views).map_err(wrong)? {
            Some(views) if views != base => {
                let names = traits.views.split_whitespace().collect::<Vec<_>>().join("-");
                rule.id = format!("{}.{names}", rule.id);
                views
            }
            _ => base,
        };
        Ok((rule, views))
    }
}

/// The views where a row has its own: their names with spaces between them; `none` for only as it is written.
fn views_of(written: &str) -> Result<Option<Views>, String> {
    match written {
        "" => Ok(None),
        "none" => Ok(Some(Views::NONE)),
        words => {
            let view =
                |word| View::deserialize(named(word)).map_err(|_| format!("`{word}` is no view"));
            words.split_whitespace().map(view).collect::<Result<_, _>>().map(Some)
        }
    }
}

/// The actions where a row has its own: one word, for every border at which the rule looks, or `border=action` for each.
fn overridden(actions: Actions, written: &str) -> Result<Actions, String> {
    let mut own = actions;
    for word in written.split([' ', ';']).filter(|word| !word.is_empty()) {
        let at = |own: &mut Actions, boundary, action| match boundary {
            Boundary::ToPartner => own.to_partner = action,
            Boundary::FromPartner => own.from_partner = action,
            Boundary::ToDevice => own.to_device = action,
            Boundary::FromDevice => own.from_device = action,
        };
        if let Some((border, action)) = word.split_once('=') {
            let known = Boundary::deserialize(named(border));
            let boundary = known.map_err(|_| format!("`{border}` is no border"))?;
            at(&mut own, boundary, action_of(action)?);
        } else {
            let action = action_of(word)?;
            for boundary in Boundary::ALL {
                if actions.at(boundary) != Action::Allow {
                    at(&mut own, boundary, action);
                }
            }
        }
    }
    Ok(own)
}

fn action_of(word: &str) -> Result<Action, String> {
    Action::deserialize(named(word)).map_err(|_| format!("`{word}` is no action"))
}

fn named(word: &str) -> StrDeserializer<'_, Unknown> {
    word.into_deserializer()
}
