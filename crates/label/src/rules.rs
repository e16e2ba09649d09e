//! What a market wants its labels to say.
//!
//! ```toml
//! [label]
//! visible = { en = "AI-generated", zh = "由人工智能生成" }
//! copied = { en = "(AI-generated)", zh = "（由人工智能生成）" }
//! requires_provider_code = true   # a name will not do: the market demands the provider's code
//! sources = ["GB 45438-2025 §5.1, §5.6, Annex E"]
//! ```

use serde::{Deserialize, Deserializer, Serialize, de};
use yumen_policy::{Digest, Text};

use crate::error::LabelError;

/// The label rules of one market, from the `[label]` table of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelRules {
    visible: Text,
    copied: Text,
    requires_provider_code: bool,
    sources: Vec<String>,
}

impl LabelRules {
    /// Reads and checks the table.
    ///
    /// Every text must name both elements of GB 45438-2025 §5, in whatever market: that it is AI (人工智能 or AI; in
    /// English also "artificial intelligence") and that it is generated (生成 or 合成; in English "generated" or
    /// "synthesi…").
    pub fn parse(table: &toml::Table) -> Result<Self, LabelError> {
        let raw: RawRules =
            table.clone().try_into().map_err(|error| LabelError::Rules(error.to_string()))?;
        raw.check()
    }

    /// The line the interface shows with generated content.
    pub fn visible(&self) -> &Text {
        &self.visible
    }

    /// What stands at the end of generated text that is copied out.
    pub fn copied(&self) -> &Text {
        &self.copied
    }

    /// Whether the market demands the machine-readable label with the provider's code in it, so
    /// that a name will not do.
    pub fn requires_provider_code(&self) -> bool {
        self.requires_provider_code
    }

    /// Where the rules come from: law and clause.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// The identity of these rules: equal rules have equal digests.
    pub fn digest(&self) -> Digest {
        Digest::of(self.manifest().as_bytes())
    }

    /// The text that [`LabelRules::digest`] is of: the fields in their order, each closed by a zero
    /// byte, which none of them has.
    pub fn manifest(&self) -> String {
        let flag = if self.requires_provider_code { "1" } else { "0" };
        let texts = [&self.visible, &self.copied];
        let fields = texts.into_iter().flat_map(|text| [text.en.as_str(), text.zh.as_str()]);
        let fields = fields.chain([flag]).chain(self.sources.iter().map(String::as_str));
        fields.flat_map(|field| [field, "\0"]).collect()
    }
}

impl<'de> Deserialize<'de> for LabelRules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawRules::deserialize(deserializer)?.check().map_err(de::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRules {
    visible: Text,
    copied: Text,
    requires_provider_code: bool,
    /// A clause each, or a table with a `clause`.
    sources: Vec<toml::Value>,
}

impl RawRules {
    fn check(self) -> Result<LabelRules, LabelError> {
        let texts = [
            ("visible.en", &self.visible.en),
            ("visible.zh", &self.visible.zh),
            ("copied.en", &self.copied.en),
            ("copied.zh", &self.copied.zh),
        ];
        for (name, text) in texts {
            if text.trim().is_empty() || text.contains(char::is_control) {
                return Err(LabelError::Rules(format!("`{name}` must be one line of text")));
            }
            if !names_ai(text) {
                return Err(LabelError::Element { text: name, element: "AI (人工智能 or AI)" });
            }
            if !names_generation(text) {
                let element = "generation (生成 or 合成, in English \"generated\")";
                return Err(LabelError::Element { text: name, element });
            }
        }
        let clauses = self.sources.iter().map(|source| {
            let clause = source.as_str().or_else(|| source.get("clause")?.as_str());
            clause.filter(|clause| !clause.trim().is_empty() && !clause.contains('\0'))
        });
        match clauses.map(|clause| clause.map(str::to_owned)).collect::<Option<Vec<_>>>() {
            Some(sources) if !sources.is_empty() => Ok(LabelRules {
                visible: self.visible,
                copied: self.copied,
                requires_provider_code: self.requires_provider_code,
                sources,
            }),
            _ => Err(LabelError::Rules("`sources` must name the clauses".to_owned())),
        }
    }
}

fn names_ai(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let word = text.match_indices("AI").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + 2..].chars().next();
        ![before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric())
    });
    word || text.contains("人工智能") || lower.contains("artificial intelligence")
}

fn names_generation(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let names = ["生成", "合成", "generated", "synthesised", "synthesized"];
    names.iter().any(|name| lower.contains(name))
}
