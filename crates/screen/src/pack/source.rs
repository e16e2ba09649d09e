//! The source form of a pack: TOML that a person writes and reads, and the files beside it.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use yumen_policy::{Digest, MarketId, Text};

use super::action::{Action, Actions, Boundary};
use super::category::{Category, Severity, Status};
use super::header::PackCounts;
use super::limits::{MAX_FILE, MAX_PHRASE, MAX_TOML, MAX_WRITTEN_OUT};
use super::rule::{Kind, Phrases, Rule, Together};
use super::sheet::Sheet;
use super::{Pack, rows};
use crate::classify::Model;
use crate::combine::{MAX_SETS, MAX_WITHIN};
use crate::error::ScreenError;
use crate::expand::expand;
use crate::injection::Sign;
use crate::matcher::View;
use crate::pii::Entity;

/// A pack as its makers wrote it: the TOML, and the terms in files beside it.
#[derive(Debug)]
pub struct PackSource {
    pub(super) toml: String,
    pub(super) raw: RawPack,
    pub(super) sheets: BTreeMap<String, Sheet>,
    pub(super) models: BTreeMap<String, Arc<Model>>,
}

impl Pack {
    /// Reads and checks a pack that is one TOML file, without files beside it.
    pub fn parse(toml: &str) -> Result<Self, ScreenError> {
        let nothing = |_: &str| -> std::io::Result<std::io::Empty> {
            Err(std::io::Error::other("a pack that is only TOML has no files beside it"))
        };
        PackSource::read(toml.to_owned(), nothing)?.pack()
    }
}

impl PackSource {
    /// Reads a pack. `open` opens a file beside it by its name, which has no folder in it.
    ///
    /// # Errors
    /// What is wrong, with the line, and the file where it is not the TOML.
    pub fn read<R: Read>(
        toml: String,
        mut open: impl FnMut(&str) -> std::io::Result<R>,
    ) -> Result<Self, ScreenError> {
        let raw = RawPack::parse(&toml)?;
        let mut open = |file: &str| {
            let wrong = |reason: String| ScreenError::Beside { file: file.to_owned(), reason };
            if !is_file_name(file) {
                return Err(wrong("write a file's name, without a folder".into()));
            }
            open(file)
                .map(|read| read.take(MAX_FILE as u64))
                .map_err(|error| wrong(error.to_string()))
        };
        let (mut sheets, mut models) = (BTreeMap::new(), BTreeMap::new());
        for rule in &raw.rules {
            if let Some(file) = &rule.terms
                && !sheets.contains_key(file)
            {
                sheets.insert(file.clone(), Sheet::read(file, open(file)?)?);
            }
            if let Some(Classifier { model: file, .. }) = &rule.classifier
                && !models.contains_key(file)
            {
                let mut bytes = Vec::new();
                open(file)?.read_to_end(&mut bytes).map_err(|error| ScreenError::Beside {
                    file: file.clone(),
                    reason: error.to_string(),
                })?;
                models.insert(file.clone(), Arc::new(Model::from_bytes(&bytes)?));
            }
        }
        Ok(Self { toml, raw, sheets, models })
    }

    /// The name of the pack.
    pub fn id(&self) -> &str {
        &self.raw.id
    }

    /// The version its makers gave it.
    pub fn version(&self) -> &str {
        &self.raw.version
    }

    /// The day it was issued, if it says so.
    pub fn issued(&self) -> Option<Date> {
        self.raw.issued
    }

    /// How much is in it.
    pub fn counts(&self) -> PackCounts {
        let mut counts = PackCounts::default();
        for rule in &self.raw.rules {
            let phrases = rule.phrases.as_ref().map_or(0, Vec::len);
            let rows = rule.terms.as_ref().and_then(|file| self.sheets.get(file));
            let active = rows.map_or(0, |sheet| {
                sheet.rows().filter(|row| sheet.traits()[row.1].status == Status::Active).count()
            });
            let rows = rows.map_or(0, Sheet::len);
            if rule.status == Status::Active {
                counts.rules += 1;
                counts.terms += phrases + active;
                counts.candidates += rows - active;
            } else {
                counts.candidates += phrases + rows;
            }
        }
        counts
    }

    /// The pack that a screen is made of.
    ///
    /// # Errors
    /// The rule that cannot be used, and why.
    pub fn pack(&self) -> Result<Pack, ScreenError> {
        let raw = &self.raw;
        let categories = raw.categories()?;
        let mut rules = Vec::new();
        let mut room = MAX_WRITTEN_OUT;
        for rule in raw.rules.iter().filter(|rule| rule.status == Status::Active) {
            let line = line_of(&self.toml, rule.id.span().start);
            let located = |error| ScreenError::At { line, error: Box::new(error) };
            let checked = rule.check(&categories).map_err(located)?;
            match rule.finds(&mut room).map_err(located)? {
                Finds::Here(kind) => rules.push((checked, kind)),
                Finds::Rows(file) => {
                    let terms = rows::Terms { file, sheet: &self.sheets[file], raw: rule };
                    rules.extend(terms.rules(&checked, &categories).map_err(located)?);
                }
                Finds::Model(named) => {
                    let model = &self.models[&named.model];
                    rules.push((checked, rule.classified(named, model).map_err(located)?));
                }
            }
        }
        Ok(Pack {
            id: raw.id.clone(),
            version: raw.version.clone(),
            issued: raw.issued,
            expires: raw.expires,
            owner: raw.owner.clone(),
            markets: raw.markets.clone(),
            digest: Digest::of(self.toml.as_bytes()),
            signer: None,
            rules,
        })
    }
}

const ONE_KIND: &str = "give one of `detector`, `material`, `phrases`, `terms`, `classifier` and `combination`; `views`, `exceptions`, `not_after` and `not_before` go with phrases and terms";

/// Where it stands what a rule looks for.
enum Finds<'r> {
    /// In the TOML.
    Here(Kind),
    /// In a file of terms.
    Rows(&'r str),
    /// In a model.
    Model(&'r Classifier),
}

/// Rules of the pack whose terms mean something together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Combined {
    all: Vec<String>,
    within: Option<usize>,
    #[serde(default)]
    none: Vec<String>,
}

/// What of a model a rule goes by.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Classifier {
    /// The file of the model, as `yumen pack train` writes it.
    pub(super) model: String,
    label: String,
    /// The probability from which on it counts; where none is named, the one that training found best.
    threshold: Option<f32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPack {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) issued: Option<Date>,
    pub(super) expires: Option<Date>,
    pub(super) owner: Option<String>,
    #[serde(default)]
    pub(super) markets: Vec<MarketId>,
    /// Read by people; its presence is what the parser insists on.
    #[serde(rename = "source")]
    _source: String,
    #[serde(default, rename = "category")]
    categories: Vec<Category>,
    #[serde(default, rename = "rule")]
    pub(super) rules: Vec<RawRule>,
}

/// The categories of a pack by their names.
pub(super) type Categories = BTreeMap<String, Arc<Category>>;

impl RawPack {
    pub(super) fn parse(toml: &str) -> Result<Self, ScreenError> {
        if toml.len() > MAX_TOML {
            let most = MAX_TOML >> 20;
            return Err(ScreenError::Toml(format!(
                "it is larger than {most} MiB: put terms into a CSV file"
            )));
        }
        toml::from_str(toml).map_err(|error| ScreenError::Toml(error.to_string()))
    }

    pub(super) fn categories(&self) -> Result<Categories, ScreenError> {
        let mut categories = BTreeMap::new();
        for category in &self.categories {
            let wrong =
                |reason: &str| ScreenError::Pack(format!("category `{}`: {reason}", category.id));
            if !is_id(&category.id) {
                return Err(wrong(ID));
            }
            if !category.texts().all(Text::is_complete) {
                return Err(wrong("its texts are in English and in Chinese"));
            }
            if categories.insert(category.id.clone(), Arc::new(category.clone())).is_some() {
                return Err(wrong("it is given twice"));
            }
        }
        Ok(categories)
    }
}

/// What is looked for in material that a model works on, and not in what a person says to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Material {
    /// Sentences that speak to the model; where no rule has one of the others, those too.
    Instructions,
    /// Markup of conversations, turns of other roles, calls of tools.
    Forged,
    /// Instructions in writing that has to be decoded.
    Encoded,
    /// Instructions where nobody sees them.
    Hidden,
}

impl Material {
    fn sign(self) -> Sign {
        match self {
            Self::Instructions => Sign::Said,
            Self::Forged => Sign::Forged,
            Self::Encoded => Sign::Encoded,
            Self::Hidden => Sign::Hidden,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) id: Spanned<String>,
    detector: Option<Entity>,
    material: Option<Material>,
    pub(super) phrases: Option<Vec<String>>,
    pub(super) terms: Option<String>,
    pub(super) classifier: Option<Classifier>,
    combination: Option<Combined>,
    replacement: Option<String>,
    #[serde(default)]
    not_after: Vec<String>,
    #[serde(default)]
    not_before: Vec<String>,
    #[serde(default)]
    exceptions: Vec<String>,
    #[serde(default)]
    pub(super) views: Vec<View>,
    #[serde(default = "withheld")]
    placeholder: String,
    pub(super) actions: Actions,
    pub(super) category: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) text: Option<Text>,
    #[serde(default)]
    text_in: BTreeMap<MarketId, Text>,
    appeal: Option<Text>,
    #[serde(default)]
    pub(super) status: Status,
    /// Read by people, as its source is.
    #[serde(rename = "owner")]
    _owner: Option<String>,
    pub(super) added: Option<Date>,
    expires: Option<Date>,
    #[serde(rename = "source")]
    _source: String,
}

fn withheld() -> String {
    "withheld".to_owned()
}

impl RawRule {
    pub(super) fn wrong(&self, reason: &str) -> ScreenError {
        ScreenError::Rule { rule: self.id.get_ref().clone(), reason: reason.to_owned() }
    }

    /// What the rule does and says.
    fn check(&self, categories: &Categories) -> Result<Rule, ScreenError> {
        if !is_id(self.id.get_ref()) {
            return Err(self.wrong(ID));
        }
        if self.placeholder.is_empty()
            || !self.placeholder.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            return Err(self.wrong("a placeholder is one word of a-z and `_`"));
        }
        let category = self.category.as_ref().map(|id| {
            let known = categories.get(id).cloned();
            known.ok_or_else(|| self.wrong(&format!("the pack has no category `{id}`")))
        });
        let category = category.transpose()?;
        let of_category = category.as_ref().filter(|_| self.text.is_none());
        let text = self.text.as_ref().or_else(|| Some(of_category?.told()));
        // Rows of terms bring the texts of their categories along: that each has one is looked at there.
        let of_rows = Text::new("", "");
        let text = text.or_else(|| self.terms.is_some().then_some(&of_rows));
        let text = text.ok_or_else(|| self.wrong(TEXTS))?;
        let mut text_in = of_category.map_or_else(BTreeMap::new, |one| one.notice_in.clone());
        text_in.extend(self.text_in.clone());
        let told = Some(text).filter(|_| self.terms.is_none() || self.text.is_some());
        let texts = self.text_in.values().chain(&self.appeal).chain(told);
        if !texts.into_iter().all(Text::is_complete) {
            return Err(self.wrong(TEXTS));
        }
        let actions = self.actions;
        let replaces = Boundary::ALL.iter().any(|place| actions.at(*place) == Action::Replace);
        if replaces == self.replacement.as_ref().is_none_or(|text| text.trim().is_empty()) {
            return Err(
                self.wrong("`replacement` goes with the action `replace`, and is not empty")
            );
        }
        Ok(Rule {
            id: self.id.get_ref().clone(),
            actions: self.actions,
            placeholder: format!("⟦{}⟧", self.placeholder),
            replacement: self.replacement.clone(),
            text: text.clone(),
            text_in,
            appeal: self.appeal.clone().or_else(|| category.as_ref()?.appeal.clone()),
            severity: self.severity.unwrap_or(Severity::Medium),
            expires: self.expires,
            category,
        })
    }

    /// What the rule looks for. `room` is how many bytes phrases may still have with their alternatives written out.
    fn finds(&self, room: &mut usize) -> Result<Finds<'_>, ScreenError> {
        if let Some(combined) = &self.combination {
            return self.together(combined);
        }
        if let Some(material) = self.material {
            let others = [self.detector.is_some(), self.phrases.is_some(), self.terms.is_some()];
            if others.contains(&true) || self.classifier.is_some() || self.has_terms_keys() {
                return Err(self.wrong(ONE_KIND));
            }
            return Ok(Finds::Here(Kind::Material(material.sign())));
        }
        match (self.detector, &self.phrases, &self.terms, &self.classifier) {
            (Some(detector), None, None, None) if !self.has_terms_keys() => {
                Ok(Finds::Here(Kind::Detector(detector)))
            }
            (None, Some(phrases), None, None) if !phrases.is_empty() => {
                let terms = self.terms(self.written_out(phrases, room)?);
                Ok(Finds::Here(Kind::Phrases(terms.into())))
            }
            (None, None, Some(file), None) => Ok(Finds::Rows(file)),
            (None, None, None, Some(named)) if !self.has_terms_keys() => Ok(Finds::Model(named)),
            _ => Err(self.wrong(ONE_KIND)),
        }
    }

    /// Terms with what the rule says of how and where they count.
    pub(super) fn terms(&self, phrases: Vec<String>) -> Phrases {
        Phrases {
            phrases,
            not_after: self.not_after.clone(),
            not_before: self.not_before.clone(),
            exceptions: self.exceptions.clone(),
            views: self.views.iter().copied().collect(),
        }
    }

    /// What the rule means together.
    fn together(
        &self,
        Combined { all, within, none }: &Combined,
    ) -> Result<Finds<'_>, ScreenError> {
        let found = [self.detector.is_some(), self.phrases.is_some(), self.terms.is_some()];
        if found.contains(&true)
            || self.material.is_some()
            || self.classifier.is_some()
            || self.has_terms_keys()
        {
            return Err(self.wrong(ONE_KIND));
        }
        // One alone is a combination where another takes it back.
        let least = if none.is_empty() { 2 } else { 1 };
        if !(least..=MAX_SETS).contains(&all.len()) || none.len() > MAX_SETS {
            return Err(self.wrong(&format!(
                "a combination is of 2 to {MAX_SETS} rules, or of one and what takes it back (`none`)"
            )));
        }
        if within.is_some_and(|within| !(1..=MAX_WITHIN).contains(&within)) {
            return Err(self.wrong(&format!("`within` is 1 to {MAX_WITHIN} characters")));
        }
        let together = Together { all: all.clone(), within: *within, none: none.clone() };
        Ok(Finds::Here(Kind::Combination(together)))
    }

    fn has_terms_keys(&self) -> bool {
        let lists = [&self.not_after, &self.not_before, &self.exceptions];
        !self.views.is_empty() || lists.iter().any(|list| !list.is_empty())
    }

    fn written_out(
        &self,
        phrases: &[String],
        room: &mut usize,
    ) -> Result<Vec<String>, ScreenError> {
        let mut variants = Vec::new();
        for phrase in phrases {
            let wrong = |reason: String| ScreenError::Phrase {
                rule: self.id.get_ref().clone(),
                phrase: phrase.clone(),
                reason,
            };
            if phrase.len() > MAX_PHRASE {
                return Err(wrong(format!("it has more than {MAX_PHRASE} bytes")));
            }
            let written_out = expand(phrase).map_err(wrong)?;
            let bytes = written_out.iter().map(String::len).sum();
            *room = room.checked_sub(bytes).ok_or_else(|| {
                wrong("the pack has too many alternatives: put terms into a CSV file".into())
            })?;
            variants.extend(written_out);
        }
        Ok(variants)
    }

    fn classified(&self, named: &Classifier, model: &Arc<Model>) -> Result<Kind, ScreenError> {
        let label = model.label(&named.label);
        let label = label.ok_or_else(|| {
            let known = model.labels().collect::<Vec<_>>().join("`, `");
            self.wrong(&format!("the model tells `{known}`, and not `{}`", named.label))
        })?;
        let threshold = named.threshold.or_else(|| model.threshold(label)).unwrap_or(0.5);
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(self.wrong("a threshold is above 0 and at most 1"));
        }
        Ok(Kind::Classifier { model: Arc::clone(model), label, threshold })
    }
}

const ID: &str = "an id is made of a-z, 0-9, `.`, `_` and `-`";
const TEXTS: &str =
    "the notice needs its text in English and in Chinese, of the rule or of its category";

pub(super) fn is_id(id: &str) -> bool {
    let part =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    !id.is_empty() && id.bytes().all(part)
}

fn is_file_name(name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.chars().all(part)
}

/// The line in which a byte stands, from 1.
fn line_of(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.matches('\n').count()) + 1
}
