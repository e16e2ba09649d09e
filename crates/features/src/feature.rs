//! One feature of the catalogue: `catalog/features/*.toml`, parsed and checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use yumen_policy::{Digest, FeatureId, FeatureTerms, Surface, Terms, Text};

use crate::{Failover, FeatureError, TaskKind, TextLanguage};

/// Where a feature runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// By the on-device engine; nothing leaves.
    Device,
    /// In a model partner's cloud.
    Partner,
}

impl Tier {
    /// The tier's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Partner => "partner",
        }
    }
}

/// What a feature does, which decides its typed input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// A conversation with a partner's model.
    Chat,
    /// Work of the on-device engine.
    Device(TaskKind),
    /// Rewriting by a partner's model.
    Rewrite,
}

/// How much a feature takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest input, in bytes of UTF-8.
    pub max_input_bytes: usize,
}

/// What must hold for an output before a person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// The longest output, in bytes of UTF-8; what comes after it in a stream is
    /// withheld with a notice, and a longer whole answer is refused.
    pub max_output_bytes: usize,
}

/// One AI capability a person sees.
#[derive(Debug)]
pub struct Feature {
    id: FeatureId,
    version: String,
    tier: Tier,
    task: Task,
    name: Text,
    about: Text,
    languages: Vec<TextLanguage>,
    limits: Limits,
    checks: Checks,
    failover: Failover,
    terms: FeatureTerms,
    prompts: BTreeMap<String, Prompts>,
    input_schema: serde_json::Value,
    output_schema: serde_json::Value,
    source: Arc<str>,
    digest: Digest,
}

/// The instructions a model gets, in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prompts {
    /// The system message; `{wish}` stands for what the style asks.
    pub(crate) system: String,
    /// What each named style asks for.
    #[serde(default)]
    pub(crate) styles: BTreeMap<String, String>,
}

impl Feature {
    /// Parses and checks one file of `catalog/features`.
    pub fn parse(source: &str) -> Result<Self, FeatureError> {
        let raw: RawFeature = toml::from_str(source)
            .map_err(|error| FeatureError::Definition(error.message().to_owned()))?;
        let task = match (raw.tier, raw.task) {
            (Tier::Device, TaskName::Proofread) => Task::Device(TaskKind::Proofread),
            (Tier::Device, TaskName::Summary) => Task::Device(TaskKind::Summary),
            (Tier::Device, TaskName::KeyPoints) => Task::Device(TaskKind::KeyPoints),
            (Tier::Partner, TaskName::Rewrite) => Task::Rewrite,
            (Tier::Partner, TaskName::Chat) => Task::Chat,
            (tier, task) => {
                return Err(FeatureError::Definition(format!(
                    "{}: task {task:?} does not run on tier {tier:?}",
                    raw.id
                )));
            }
        };
        let mut languages = Vec::with_capacity(raw.languages.len());
        for tag in &raw.languages {
            languages.push(TextLanguage::from_tag(tag).ok_or_else(|| {
                FeatureError::Definition(format!("{}: unknown language {tag:?}", raw.id))
            })?);
        }
        if raw.tier == Tier::Device && raw.failover.is_some() {
            return Err(FeatureError::Definition(format!(
                "{}: the on-device engine has nothing to fail over to; take `failover` out",
                raw.id
            )));
        }
        if raw.tier == Tier::Partner {
            for language in &languages {
                if !raw.prompts.contains_key(language.as_str()) {
                    return Err(FeatureError::Definition(format!(
                        "{}: no prompts for {:?}",
                        raw.id,
                        language.as_str()
                    )));
                }
            }
        }
        let surface = match raw.tier {
            Tier::Device => Surface::Device,
            Tier::Partner => Surface::Cloud,
        };
        let terms = FeatureTerms::new(raw.id.clone(), surface, raw.eligibility)
            .map_err(|error| FeatureError::Definition(error.to_string()))?;
        Ok(Self {
            digest: Digest::of(source.as_bytes()),
            source: source.into(),
            terms,
            id: raw.id,
            version: raw.version,
            tier: raw.tier,
            task,
            name: raw.name,
            about: raw.about,
            languages,
            limits: raw.limits,
            checks: raw.checks,
            failover: raw.failover.unwrap_or_default(),
            prompts: raw.prompts,
            input_schema: schema(raw.input)?,
            output_schema: schema(raw.output)?,
        })
    }

    /// The feature's id, such as `writing.summary`.
    pub fn id(&self) -> &FeatureId {
        &self.id
    }

    /// The version of the definition.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where it runs.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// What it does.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Its name for people.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// One sentence for people on what it does.
    pub fn about(&self) -> &Text {
        &self.about
    }

    /// The languages it works in.
    pub fn languages(&self) -> &[TextLanguage] {
        &self.languages
    }

    /// How much it takes.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What must hold for its output.
    pub fn checks(&self) -> Checks {
        self.checks
    }

    /// What becomes of an answer whose model fails midway.
    pub fn failover(&self) -> Failover {
        self.failover
    }

    /// Which devices it is made for; the input of the verdict.
    pub fn terms(&self) -> &FeatureTerms {
        &self.terms
    }

    /// JSON Schema of `input`.
    pub fn input_schema(&self) -> &serde_json::Value {
        &self.input_schema
    }

    /// JSON Schema of `output`.
    pub fn output_schema(&self) -> &serde_json::Value {
        &self.output_schema
    }

    /// The file it was read from, letter by letter: what its digest is of.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The hash of the whole definition, prompts included; it goes into releases.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    pub(crate) fn prompts(&self, language: TextLanguage) -> Option<&Prompts> {
        self.prompts.get(language.as_str())
    }

    pub(crate) fn language(&self, tag: &str) -> Result<TextLanguage, FeatureError> {
        TextLanguage::from_tag(tag).filter(|language| self.languages.contains(language)).ok_or_else(
            || FeatureError::LanguageUnsupported {
                feature: self.id.clone(),
                language: tag.to_owned(),
            },
        )
    }
}

fn schema(table: toml::Table) -> Result<serde_json::Value, FeatureError> {
    serde_json::to_value(table).map_err(|error| FeatureError::Definition(error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFeature {
    id: FeatureId,
    version: String,
    tier: Tier,
    task: TaskName,
    name: Text,
    about: Text,
    languages: Vec<String>,
    limits: Limits,
    checks: Checks,
    failover: Option<Failover>,
    eligibility: Terms,
    #[serde(default)]
    prompts: BTreeMap<String, Prompts>,
    input: toml::Table,
    output: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TaskName {
    Chat,
    KeyPoints,
    Proofread,
    Rewrite,
    Summary,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AfterFirst;

    const CHAT: &str = include_str!("../../../catalog/features/assistant.chat.toml");
    const SUMMARY: &str = include_str!("../../../catalog/features/writing.summary.toml");

    fn with_failover(source: &str, table: &str) -> Result<Feature, FeatureError> {
        let head = source.split("[failover]").next().unwrap();
        let rest = &source[source.find("[eligibility]").unwrap()..];
        let head = head.split("[eligibility]").next().unwrap();
        Feature::parse(&format!("{head}{table}\n{rest}"))
    }

    #[test]
    fn the_rule_of_failures_midway_is_read_and_digested() {
        let rules = [
            ("", AfterFirst::Continue),
            ("[failover]", AfterFirst::Continue),
            ("[failover]\nafter_first = \"continue\"", AfterFirst::Continue),
            ("[failover]\nafter_first = \"restart\"", AfterFirst::Restart),
            ("[failover]\nafter_first = \"fail\"", AfterFirst::Fail),
        ];
        let mut digests = std::collections::HashSet::new();
        for (table, rule) in rules {
            let feature = with_failover(CHAT, table).unwrap();
            assert_eq!(feature.failover().after_first, rule, "{table}");
            assert!(digests.insert(feature.digest()), "{table} has the digest of another");
        }
    }

    #[test]
    fn a_rule_nobody_could_follow_is_refused() {
        for table in ["[failover]\nafter_first = \"hope\"", "[failover]\nafter = \"fail\""] {
            assert!(with_failover(CHAT, table).is_err(), "{table} was taken");
        }
        let error = with_failover(SUMMARY, "[failover]").unwrap_err();
        assert!(error.to_string().contains("nothing to fail over to"), "{error}");
    }
}
