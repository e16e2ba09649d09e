//! What is different between two releases, in words, and whether it needs a new decision.
//!
//! Two releases that differ differ in words too: there is no change of the digest that this does not
//! name. A change is material unless a verified rule of the procedure says that it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Basis, Digest, FeatureId, ModelId, ModelRef, PartnerId, Procedure, Release, Text};

/// A kind of change between releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// They are for different markets.
    Market,
    /// A feature came.
    FeatureAdded,
    /// A feature went.
    FeatureRemoved,
    /// The prompts of a feature changed.
    Prompt,
    /// Something else in the definition of a feature changed.
    Definition,
    /// A model came.
    ModelAdded,
    /// A model went.
    ModelRemoved,
    /// A model has another version.
    ModelVersion,
    /// Another model is preferred.
    ModelOrder,
    /// A model processes elsewhere.
    ModelRegion,
    /// A model may report other ids.
    ModelReports,
    /// A model may report other fingerprints of its system.
    ModelFingerprints,
    /// A model is filed under another number.
    ModelFiling,
    /// The screen changed.
    Screen,
    /// The label rules changed.
    Label,
    /// The settings of retrieval changed.
    Retrieval,
    /// The external judges changed: who judges, what, and what follows from it.
    Judges,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Market,
        Self::FeatureAdded,
        Self::FeatureRemoved,
        Self::Prompt,
        Self::Definition,
        Self::ModelAdded,
        Self::ModelRemoved,
        Self::ModelVersion,
        Self::ModelOrder,
        Self::ModelRegion,
        Self::ModelReports,
        Self::ModelFingerprints,
        Self::ModelFiling,
        Self::Screen,
        Self::Label,
        Self::Retrieval,
        Self::Judges,
    ];

    /// The kind as it is written: `model_version`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::FeatureAdded => "feature_added",
            Self::FeatureRemoved => "feature_removed",
            Self::Prompt => "prompt",
            Self::Definition => "definition",
            Self::ModelAdded => "model_added",
            Self::ModelRemoved => "model_removed",
            Self::ModelVersion => "model_version",
            Self::ModelOrder => "model_order",
            Self::ModelRegion => "model_region",
            Self::ModelReports => "model_reports",
            Self::ModelFingerprints => "model_fingerprints",
            Self::ModelFiling => "model_filing",
            Self::Screen => "screen",
            Self::Label => "label",
            Self::Retrieval => "retrieval",
            Self::Judges => "judges",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// On whose say a change is material or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeBasis {
    /// The reason, to people.
    pub text: Text,
    /// The law and the clause, where a rule speaks of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Whether anybody vouches for that.
    pub basis: Basis,
}

/// One difference between two releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What kind it is.
    pub what: ChangeKind,
    /// The feature it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<FeatureId>,
    /// The difference, to people.
    pub text: Text,
    /// Whether it needs a new decision of the authority.
    pub material: bool,
    /// On whose say.
    pub basis: ChangeBasis,
}

impl Release {
    /// What is different in `new`, and what of it the procedure calls material; without a procedure
    /// everything is. Empty exactly when the two have one digest.
    pub fn diff(&self, new: &Self, procedure: Option<&Procedure>) -> Vec<Change> {
        let mut differences = Differences { procedure, changes: Vec::new() };
        differences.releases(self, new);
        differences.changes
    }
}

struct Differences<'a> {
    procedure: Option<&'a Procedure>,
    changes: Vec<Change>,
}

impl Differences<'_> {
    fn note(&mut self, what: ChangeKind, feature: Option<&FeatureId>, en: String, zh: String) {
        let (material, basis) = materiality(what, self.procedure);
        let text = Text::new(en, zh);
        self.changes.push(Change { what, feature: feature.cloned(), text, material, basis });
    }

    fn releases(&mut self, old: &Release, new: &Release) {
        if old.market() != new.market() {
            let (from, to) = (old.market(), new.market());
            self.note(
                ChangeKind::Market,
                None,
                format!("The market is {to}, it was {from}."),
                format!("市场由 {from} 变为 {to}。"),
            );
        }
        for (id, _) in old.features().filter(|(id, _)| new.feature(id).is_none()) {
            let (en, zh) = (format!("{id} is gone."), format!("移除功能 {id}。"));
            self.note(ChangeKind::FeatureRemoved, Some(id), en, zh);
        }
        for (id, feature) in new.features() {
            let Some(before) = old.feature(id) else {
                let models: Vec<_> = feature.models.iter().map(name_of).collect();
                let models = models.join(", ");
                self.note(
                    ChangeKind::FeatureAdded,
                    Some(id),
                    format!("{id} is new, on {models}."),
                    format!("新增功能 {id}，模型：{models}。"),
                );
                continue;
            };
            if before.digest != feature.digest {
                self.definition(id, old.content(before.digest), new.content(feature.digest));
            }
            if before.models != feature.models {
                self.models(id, &before.models, &feature.models);
            }
        }
        self.part(
            ChangeKind::Screen,
            "The screen",
            "内容安全审核",
            '\n',
            old,
            new,
            |release| Some(release.screen()),
        );
        self.part(ChangeKind::Label, "The label rules", "标识规则", '\0', old, new, |release| {
            Some(release.label())
        });
        self.part(ChangeKind::Retrieval, "Retrieval", "检索设置", '\n', old, new, |release| {
            release.retrieval()
        });
        self.part(ChangeKind::Judges, "The judges", "外部审核", '\n', old, new, |release| {
            release.judges()
        });
    }

    /// A part that is one digest; its text, where it is there, is a list of lines.
    #[expect(clippy::too_many_arguments, reason = "each part has two names and its own lines")]
    fn part(
        &mut self,
        what: ChangeKind,
        en: &str,
        zh: &str,
        end: char,
        old: &Release,
        new: &Release,
        digest: impl Fn(&Release) -> Option<Digest>,
    ) {
        let (from, to) = (digest(old), digest(new));
        if from == to {
            return;
        }
        let lines = |release: &Release, digest: Option<Digest>| -> Option<BTreeSet<String>> {
            let text = digest.map_or(Some(""), |digest| release.content(digest))?;
            let lines = text.split(end).map(str::trim).filter(|line| !line.is_empty());
            Some(lines.map(str::to_owned).collect())
        };
        let (Some(before), Some(after)) = (lines(old, from), lines(new, to)) else {
            self.note(
                what,
                None,
                format!("{en}: changed. How cannot be said: the texts were not kept."),
                format!("{zh}有变更；未保存原文，无法说明具体内容。"),
            );
            return;
        };
        let gone = list(before.difference(&after));
        let come = list(after.difference(&before));
        self.note(
            what,
            None,
            format!("{en}: {come} instead of {gone}."),
            format!("{zh}：由{gone}变为{come}。"),
        );
    }

    fn definition(&mut self, id: &FeatureId, old: Option<&str>, new: Option<&str>) {
        let table = |text: Option<&str>| text.and_then(|text| text.parse::<toml::Table>().ok());
        let (Some(old), Some(new)) = (table(old), table(new)) else {
            self.note(
                ChangeKind::Definition,
                Some(id),
                format!(
                    "{id}: the definition changed. How cannot be said: the texts were not kept."
                ),
                format!("{id}：功能定义有变更；未保存原文，无法说明具体内容。"),
            );
            return;
        };
        let (old, new) = (leaves(&old), leaves(&new));
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let changed: Vec<&String> =
            paths.into_iter().filter(|path| old.get(*path) != new.get(*path)).collect();
        let (prompts, others): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|path| path.starts_with("prompts."));
        if !prompts.is_empty() {
            let (en, zh) = (list(prompts.iter()), list(prompts.iter()));
            self.note(
                ChangeKind::Prompt,
                Some(id),
                format!("{id}: the prompts changed in {en}."),
                format!("{id}：提示词有变更：{zh}。"),
            );
        }
        if !others.is_empty() {
            let (en, zh) = (list(others.iter()), list(others.iter()));
            self.note(
                ChangeKind::Definition,
                Some(id),
                format!("{id}: the definition changed in {en}."),
                format!("{id}：功能定义有变更：{zh}。"),
            );
        }
        if prompts.is_empty() && others.is_empty() {
            self.note(
                ChangeKind::Definition,
                Some(id),
                format!("{id}: only the spelling of the definition changed."),
                format!("{id}：功能定义仅书写形式有变更。"),
            );
        }
    }

    fn models(&mut self, id: &FeatureId, old: &[ModelRef], new: &[ModelRef]) {
        let count = self.changes.len();
        let (before, after) = (by_name(old), by_name(new));
        for model in before.iter().filter(|(key, _)| !after.contains_key(*key)).map(|(_, m)| m) {
            let name = name_of(model);
            let (en, zh) = (format!("{id}: {name} is gone."), format!("{id}：移除模型 {name}。"));
            self.note(ChangeKind::ModelRemoved, Some(id), en, zh);
        }
        for (key, model) in &after {
            let name = name_of(model);
            let Some(was) = before.get(key) else {
                let (en, zh) =
                    (format!("{id}: {name} is new."), format!("{id}：新增模型 {name}。"));
                self.note(ChangeKind::ModelAdded, Some(id), en, zh);
                continue;
            };
            let reports = |model: &ModelRef| list(model.reports.iter());
            let prints = |model: &ModelRef| list(model.fingerprints.iter());
            let region = |model: &ModelRef| model.region.map(|region| region.to_string());
            for (what, en, zh, from, to) in [
                (
                    ChangeKind::ModelVersion,
                    "the version",
                    "版本",
                    Some(was.version.clone()),
                    Some(model.version.clone()),
                ),
                (ChangeKind::ModelRegion, "the place", "处理地", region(was), region(model)),
                (
                    ChangeKind::ModelReports,
                    "the ids it may report",
                    "可报告的模型标识",
                    Some(reports(was)),
                    Some(reports(model)),
                ),
                (
                    ChangeKind::ModelFingerprints,
                    "the fingerprints it may report",
                    "可报告的系统指纹",
                    Some(prints(was)),
                    Some(prints(model)),
                ),
                (
                    ChangeKind::ModelFiling,
                    "the filing number",
                    "备案编号",
                    was.filing.clone(),
                    model.filing.clone(),
                ),
            ] {
                if from == to {
                    continue;
                }
                let shown = |value: Option<String>| value.unwrap_or_else(|| "—".into());
                let (from, to) = (shown(from), shown(to));
                self.note(
                    what,
                    Some(id),
                    format!("{id}: {name}: {en} is {to}, it was {from}."),
                    format!("{id}：{name} 的{zh}由 {from} 变为 {to}。"),
                );
            }
        }
        // What is left is the order, or one model given several times.
        if self.changes.len() == count {
            let names = |models: &[ModelRef]| list(models.iter().map(name_of));
            let (from, to) = (names(old), names(new));
            self.note(
                ChangeKind::ModelOrder,
                Some(id),
                format!("{id}: the order of the models is {to}, it was {from}."),
                format!("{id}：模型的优先次序由 {from} 变为 {to}。"),
            );
        }
    }
}

fn materiality(what: ChangeKind, procedure: Option<&Procedure>) -> (bool, ChangeBasis) {
    let Some(rule) = procedure.and_then(|procedure| procedure.rule_on(what)) else {
        let text = Text::new(
            "Material by default: no rule says otherwise.",
            "默认视为重大变更：没有规则另作规定。",
        );
        return (true, ChangeBasis { text, clause: None, basis: Basis::House });
    };
    let basis = rule.source.basis();
    let clause = Some(rule.source.clause.clone());
    // A rule that nobody verified may restrict, and relaxes nothing.
    if rule.material || basis == Basis::Verified {
        return (rule.material, ChangeBasis { text: rule.text.clone(), clause, basis });
    }
    let text = Text::new(
        format!("Material until somebody verifies the rule that says otherwise: {}", rule.text.en),
        format!("在有人核实下述另作规定的规则之前，视为重大变更：{}", rule.text.zh),
    );
    (true, ChangeBasis { text, clause, basis })
}

fn name_of(model: &ModelRef) -> String {
    format!("{}/{}", model.partner, model.model)
}

fn by_name(models: &[ModelRef]) -> BTreeMap<(PartnerId, ModelId), &ModelRef> {
    models.iter().map(|model| ((model.partner.clone(), model.model.clone()), model)).collect()
}

/// Up to eight things, and how many more there are.
fn list<T: fmt::Display>(things: impl IntoIterator<Item = T>) -> String {
    const SHOWN: usize = 8;
    let mut shown = Vec::new();
    let mut more = 0_usize;
    for thing in things {
        if shown.len() < SHOWN {
            shown.push(format!("`{thing}`"));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        shown.push(format!("… +{more}"));
    }
    if shown.is_empty() { "—".into() } else { shown.join(", ") }
}

/// The values of a table, each under its whole path.
fn leaves(table: &toml::Table) -> BTreeMap<String, String> {
    fn walk(prefix: &str, table: &toml::Table, leaves: &mut BTreeMap<String, String>) {
        for (key, value) in table {
            let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            match value {
                toml::Value::Table(table) => walk(&path, table, leaves),
                value => {
                    leaves.insert(path, format!("{value:?}"));
                }
            }
        }
    }
    let mut all = BTreeMap::new();
    walk("", table, &mut all);
    all
}
