//! The models of a card: what each can, what it costs since when, where it may serve.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use yumen_partners::{Capabilities, Input, Price};
use yumen_policy::{FeatureId, MarketId, ModelId, Region};

use super::evidence::Cited;

/// One model and where it may serve.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelCard {
    /// Its id, as releases name it.
    pub id: ModelId,
    /// What the partner calls it, where that is another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Its version; the id where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where it processes, when not where the partner's first endpoint does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The ids under which the partner may report it; none stands for its own id alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<String>,
    /// The fingerprints of its system the partner may report; without them, they are not looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fingerprints: Vec<String>,
    /// Its entry in the regulator's list of filed models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<Filing>,
    /// The markets it may serve; without them it is in no release.
    #[serde(default)]
    pub markets: Vec<MarketId>,
    /// The features it serves there.
    #[serde(default)]
    pub features: Vec<FeatureId>,
    /// What it can, over what the partner's models can.
    #[serde(default, skip_serializing_if = "Abilities::is_empty")]
    pub capabilities: Abilities,
    /// What it costs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub price: Vec<PriceCard>,
    /// The day it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retires: Option<Retires>,
}

impl ModelCard {
    /// Its version, as releases name it.
    pub(crate) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(self.id.as_str())
    }
}

/// A filed model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filing {
    /// The number in the list.
    pub number: String,
    /// Where it is known from.
    pub source: Cited,
}

/// What a model can. What is absent is not known, and nobody assumes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Abilities {
    /// Tokens of the question and the answer together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u32>,
    /// Tokens of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_input_tokens: Option<u32>,
    /// Tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// What a question may be made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<Input>>,
    /// Whether it calls functions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// The endpoints at which it calls functions, where not at all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools_at: Option<Vec<String>>,
    /// Whether it answers in a given JSON schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<bool>,
    /// Whether it answers with some JSON object when told to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_object: Option<bool>,
    /// Whether it goes on from the beginning of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<bool>,
    /// Whether it thinks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Thinks>,
    /// Whether it searches when told to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<bool>,
    /// Whether the partner keeps the beginnings of prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Caches>,
    /// The most answers it gives to one question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<u32>,
    /// Where all this is known from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Cited>,
}

/// Whether a model thinks before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Thinks {
    /// It never does.
    Never,
    /// It is told whether to.
    Switchable,
    /// It always does.
    Always,
}

/// Whether a partner keeps the beginnings of prompts, and takes less for them the next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Caches {
    /// It does not.
    Never,
    /// By itself.
    Automatic,
    /// Where the request marks it.
    Marked,
}

impl Abilities {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it says anything that a source is owed for.
    pub(super) fn says_something(&self) -> bool {
        Self { source: None, ..self.clone() } != Self::default()
    }

    /// As they are at an endpoint; what routing goes by.
    pub(super) fn at(&self, endpoint: Option<&str>) -> Capabilities {
        let tools = match (&self.tools_at, endpoint) {
            (Some(places), Some(here)) => Some(places.iter().any(|place| place == here)),
            _ => self.tools,
        };
        Capabilities {
            // A model that says only how long a question may be has at least so much room.
            context_tokens: self.context_tokens.or(self.max_input_tokens),
            max_output_tokens: self.max_output_tokens,
            inputs: self.inputs.clone().unwrap_or_default().into(),
            tools,
            json_schema: self.json_schema,
            json_object: self.json_object,
            prefix: self.prefix,
            reasoning: self.reasoning.map(|thinks| thinks != Thinks::Never),
            search: self.search,
            // What a partner keeps by itself nobody has to ask for.
            cache: self.cache.map(|caches| caches == Caches::Marked),
            choices: self.choices,
        }
    }

    /// These, and of `others` what these leave open.
    #[must_use]
    pub(crate) fn over(self, others: &Self) -> Self {
        let others = others.clone();
        Self {
            context_tokens: self.context_tokens.or(others.context_tokens),
            max_input_tokens: self.max_input_tokens.or(others.max_input_tokens),
            max_output_tokens: self.max_output_tokens.or(others.max_output_tokens),
            inputs: self.inputs.or(others.inputs),
            tools: self.tools.or(others.tools),
            tools_at: self.tools_at.or(others.tools_at),
            json_schema: self.json_schema.or(others.json_schema),
            json_object: self.json_object.or(others.json_object),
            prefix: self.prefix.or(others.prefix),
            reasoning: self.reasoning.or(others.reasoning),
            search: self.search.or(others.search),
            cache: self.cache.or(others.cache),
            choices: self.choices.or(others.choices),
            source: self.source.or(others.source),
        }
    }
}

/// What a million tokens cost, from a day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceCard {
    /// The day from which it is known to hold.
    pub from: Date,
    /// What it is in: `USD`, `CNY`.
    pub currency: Currency,
    /// It holds when the question has more tokens than this; absent, for all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_input_tokens: Option<u32>,
    /// The hours at which it holds, where the partner's price depends on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Of the question.
    pub input: f64,
    /// Of the answer.
    pub output: f64,
    /// Of what the partner had kept of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Of what it keeps of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// Where it is known from.
    pub source: Cited,
}

/// Currencies of partners' price lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Currency {
    #[serde(rename = "USD")]
    Usd,
    #[serde(rename = "CNY")]
    Cny,
}

impl Currency {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Cny => "CNY",
        }
    }
}

/// Hours that a partner prices apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Hours {
    Peak,
    OffPeak,
}

impl PriceCard {
    /// As routing counts.
    pub(super) fn plain(&self) -> Price {
        Price { input: self.input, output: self.output, cached_input: self.cached_input }
    }

    /// What is wrong with it, if anything.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let given = [Some(self.input), Some(self.output), self.cached_input, self.cache_write];
        let sane = |price: f64| price.is_finite() && (0.0..=1_000_000.0).contains(&price);
        (!given.into_iter().flatten().all(sane)).then_some("a price is 0 to 1,000,000")
    }
}

/// The price that holds on a day for questions of ordinary length: of the currency that is asked
/// for, the newest that had begun; where hours are priced apart, the dearest, so that nothing is
/// taken for cheaper than it may turn out.
pub(crate) fn price_on(prices: &[PriceCard], day: Date, currency: Currency) -> Option<&PriceCard> {
    let holds = |price: &&PriceCard| {
        price.currency == currency && price.from <= day && price.above_input_tokens.is_none()
    };
    let newest = |hours: Option<Hours>| {
        let of_hours = prices.iter().filter(holds).filter(|price| price.hours == hours);
        of_hours.max_by_key(|price| price.from)
    };
    let candidates = [newest(None), newest(Some(Hours::Peak)), newest(Some(Hours::OffPeak))];
    candidates
        .into_iter()
        .flatten()
        .max_by(|a, b| (a.input + a.output).total_cmp(&(b.input + b.output)))
}

/// The day something ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retires {
    /// From this day on it is not answered, or may not be.
    pub on: Date,
    /// Where it is known from.
    pub source: Cited,
}
