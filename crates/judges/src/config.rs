//! `[[judge]]`: a judge as an operator writes it. `docs/configuration.md` explains every key.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use yumen_partners::{BaseUrl, BreakerConfig, KeySource};
use yumen_policy::{MarketId, Region, Residency, Text};
use yumen_screen::Action;

use crate::judge::JudgesError;
use crate::shape::categories;
use crate::verdict::Level;

/// The most that `remember_minutes` can be: a judge's mind, or its operator's, may change.
const MOST_REMEMBERED: u64 = 60;
/// The most that `max_picture_kib` can be.
const MOST_PICTURE_KIB: usize = 20_480;
/// The most bytes of an `instruction`.
const MOST_INSTRUCTION: usize = 16 * 1024;

/// The moderation model that takes text of all languages, and pictures (OpenAI, September 2024).
const MODERATION_MODEL: &str = "omni-moderation-latest";

/// What a judge speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A guard model behind an OpenAI-compatible endpoint that answers in the lines of Qwen3Guard-Gen.
    Guard,
    /// OpenAI's `POST /v1/moderations`.
    OpenaiModeration,
    /// Alibaba Cloud's guardrail: `TextModerationPlus` and `MultiModalGuardForBase64` of its content safety service.
    AlibabaGuardrail,
}

impl Kind {
    /// Its name in configuration and in charters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::OpenaiModeration => "openai_moderation",
            Self::AlibabaGuardrail => "alibaba_guardrail",
        }
    }
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// What a person sends.
    Input,
    /// What a model answers.
    Output,
}

impl Direction {
    /// Its name in notices.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

/// When the verdict must be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the model is asked, or before a word of the answer is shown.
    Before,
    /// Beside the model's work, and taken into account as soon as it is there.
    #[default]
    Beside,
}

impl When {
    /// Its name in configuration and in charters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Beside => "beside",
        }
    }
}

/// What a failure of the judge means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The text passes as if it had been found safe.
    Open,
    /// The text does not pass.
    #[default]
    Closed,
}

impl OnFailure {
    /// Its name in configuration and in charters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Whether a judge judges in a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appointment {
    /// It does not.
    None,
    /// It does.
    Within,
    /// It is named for the market and lies outside its residency: it is never asked, and that is a failure.
    Outside,
}

/// One judge.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeConfig {
    /// What it is called in notices and metrics.
    pub id: String,
    /// What it speaks.
    pub kind: Kind,
    /// Where it is; for a guard model and for OpenAI with `/v1` at the end.
    pub base_url: BaseUrl,
    /// Where it processes what it is asked about.
    pub region: Region,
    /// Its key; for Alibaba Cloud `AccessKeyId:AccessKeySecret`.
    #[serde(default)]
    pub key: KeySource,
    /// The model's name; for Alibaba Cloud none.
    pub model: Option<String>,
    /// How long a question may take, all pieces together, in milliseconds. Default 1500.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// What one call costs, in the operator's currency: counted, not limited.
    #[serde(default)]
    pub cost_per_call: f64,
    /// The markets it judges in; all whose residency it lies in, when none is named.
    #[serde(default)]
    pub markets: Vec<MarketId>,
    /// Whether it sees pictures, and so judges those a person sends, always before a model is asked.
    #[serde(default)]
    pub pictures: bool,
    /// What a vision model that is no guard by itself is told before a picture, so that it answers in a guard's lines.
    pub instruction: Option<String>,
    /// How long what it said of a picture is remembered, in minutes, so that a conversation that is sent again does not have it
    /// judged again; 0 for not at all. Default 10.
    #[serde(default = "remember_minutes")]
    pub remember_minutes: u64,
    /// The largest picture it is asked about, in KiB of the picture's bytes; a larger one is not judged, which is a failure. Default 2048.
    #[serde(default = "max_picture_kib")]
    pub max_picture_kib: usize,
    /// Whose texts it judges. Default both; none for a judge of pictures alone.
    #[serde(default = "directions")]
    pub directions: Vec<Direction>,
    /// When the verdict must be there.
    #[serde(default)]
    pub when: When,
    /// What a failure means where neither the market nor a category says otherwise.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// The same in some markets.
    #[serde(default)]
    pub on_failure_in: BTreeMap<MarketId, OnFailure>,
    /// The fewest characters of a window of an answer; shorter ones are judged at its end. Default 80.
    #[serde(default = "min_chars")]
    pub min_chars: usize,
    /// The most characters of one piece. Default 1000.
    #[serde(default = "max_chars")]
    pub max_chars: usize,
    /// How many characters of a piece are those at the end of the one before. Default 50.
    #[serde(default = "overlap_chars")]
    pub overlap_chars: usize,
    /// Questions under way at once; more fail. Default 64.
    #[serde(default = "concurrency")]
    pub concurrency: usize,
    /// When it is left alone.
    #[serde(default)]
    pub breaker: BreakerConfig,
    /// What becomes of what it says, the first that fits.
    #[serde(default)]
    pub rule: Vec<RuleConfig>,
}

/// What becomes of one thing a judge can say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// The judge's category; `*` is any, and a verdict without one.
    pub said: String,
    /// From which level on. Default unsafe.
    #[serde(default = "unsafe_level")]
    pub level: Level,
    /// From which score on, 0 to 1, instead of the level.
    pub at_least: Option<f64>,
    /// Our category.
    pub category: String,
    /// What is done: `detect`, `tell`, `stop` or `refuse`.
    pub action: Action,
    /// The markets it holds in; all of the judge's, when none is named.
    #[serde(default)]
    pub markets: Vec<MarketId>,
    /// What a failure of the judge means for this category: `closed` closes where the judge's own is open.
    pub on_failure: Option<OnFailure>,
    /// What the person is told, in place of the usual words.
    pub text: Option<Text>,
}

impl JudgeConfig {
    /// The model that is asked, the default one where none is named; none where the service has none to choose.
    pub fn model(&self) -> Option<&str> {
        let default = (self.kind == Kind::OpenaiModeration).then_some(MODERATION_MODEL);
        self.model.as_deref().or(default)
    }

    /// The categories that its rules name and that nobody says it has: what is spelt otherwise is never found. None of a model that an
    /// instruction tells which to use.
    pub fn unheard_of(&self) -> impl Iterator<Item = &str> {
        let known = categories(self.kind).filter(|_| self.instruction.is_none());
        let said = self.rule.iter().map(|rule| rule.said.as_str());
        said.filter(move |said| *said != "*" && known.is_some_and(|known| !known.contains(said)))
    }

    /// How long a question may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// Whether it judges in a market with this residency.
    pub fn appointed(&self, market: &MarketId, residency: Option<&Residency>) -> Appointment {
        let named = self.markets.contains(market);
        if !(named || self.markets.is_empty()) {
            return Appointment::None;
        }
        let inside = residency.is_none_or(|all| all.processing().contains(&self.region));
        match (inside, named) {
            (true, _) => Appointment::Within,
            (false, true) => Appointment::Outside,
            (false, false) => Appointment::None,
        }
    }

    /// What a failure means in a market: closed as soon as one of the categories that hold there is.
    pub fn failing(&self, market: &MarketId) -> OnFailure {
        let own = self.on_failure_in.get(market).copied().unwrap_or(self.on_failure);
        let closed =
            |rule: &RuleConfig| rule.holds_in(market) && rule.on_failure == Some(OnFailure::Closed);
        if own == OnFailure::Closed || self.rule.iter().any(closed) {
            OnFailure::Closed
        } else {
            OnFailure::Open
        }
    }

    /// Whether all of it fits together.
    ///
    /// # Errors
    /// [`JudgesError::Config`] says what to change.
    pub fn check(&self) -> Result<(), JudgesError> {
        let wrong = |what: String| Err(JudgesError::Config { judge: self.id.clone(), what });
        let named = |id: &str| {
            !id.is_empty()
                && id.len() <= 64
                && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.'))
        };
        if !named(&self.id) {
            return wrong("`id` is made of a-z, 0-9, `.`, `_` and `-`".to_owned());
        }
        if self.kind == Kind::Guard && self.model.is_none() {
            return wrong("a guard model needs `model`".to_owned());
        }
        if !(1..=60_000).contains(&self.timeout_ms) {
            return wrong("`timeout_ms` is 1 to 60000".to_owned());
        }
        let most = if self.kind == Kind::AlibabaGuardrail { 2_000 } else { 100_000 };
        if !(10..=most).contains(&self.max_chars) || self.min_chars > self.max_chars {
            return wrong(format!("`max_chars` is 10 to {most}, `min_chars` not above it"));
        }
        if self.overlap_chars > self.max_chars / 2 {
            return wrong("`overlap_chars` is at most half of `max_chars`".to_owned());
        }
        if !(self.cost_per_call.is_finite() && self.cost_per_call >= 0.0) {
            return wrong("`cost_per_call` is 0 or more".to_owned());
        }
        if self.kind == Kind::AlibabaGuardrail {
            if self.model.is_some() {
                return wrong("`model`: this service has none to choose".to_owned());
            }
            if self.pictures && self.region.as_str() != "CN" {
                return wrong(
                    "`pictures`: what this service is called outside CN is not documented"
                        .to_owned(),
                );
            }
        }
        if self.remember_minutes > MOST_REMEMBERED {
            return wrong(format!("`remember_minutes` is at most {MOST_REMEMBERED}"));
        }
        if !(1..=MOST_PICTURE_KIB).contains(&self.max_picture_kib) {
            return wrong(format!("`max_picture_kib` is 1 to {MOST_PICTURE_KIB}"));
        }
        if let Some(instruction) = &self.instruction {
            if !(self.pictures && self.kind == Kind::Guard) {
                return wrong("`instruction` goes before pictures, to a `guard`".to_owned());
            }
            if instruction.trim().is_empty() || instruction.len() > MOST_INSTRUCTION {
                return wrong(format!("`instruction` is 1 to {MOST_INSTRUCTION} bytes"));
            }
        }
        if self.directions.is_empty() && !self.pictures || self.concurrency == 0 {
            return wrong(
                "`directions` and `concurrency` must leave it something to do".to_owned(),
            );
        }
        if self.rule.is_empty() {
            return wrong(
                "without a `[[judge.rule]]` nothing follows from what it says".to_owned(),
            );
        }
        for rule in &self.rule {
            if !named(&rule.category) {
                return wrong(format!(
                    "category {:?} is made of a-z, 0-9, `.`, `_` and `-`",
                    rule.category
                ));
            }
            if !matches!(rule.action, Action::Detect | Action::Tell | Action::Stop | Action::Refuse)
            {
                let action = rule.action.as_str();
                return wrong(format!("a judge cannot {action}: use detect, tell, stop or refuse"));
            }
            if rule.level == Level::Safe && rule.at_least.is_none() {
                return wrong(format!("nothing is done about what is safe ({:?})", rule.said));
            }
            if rule.at_least.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
                return wrong("`at_least` is 0 to 1".to_owned());
            }
        }
        Ok(())
    }
}

impl RuleConfig {
    pub(crate) fn holds_in(&self, market: &MarketId) -> bool {
        self.markets.is_empty() || self.markets.contains(market)
    }
}

fn timeout_ms() -> u64 {
    1_500
}

fn directions() -> Vec<Direction> {
    vec![Direction::Input, Direction::Output]
}

fn remember_minutes() -> u64 {
    10
}

fn max_picture_kib() -> usize {
    2_048
}

fn min_chars() -> usize {
    80
}

fn max_chars() -> usize {
    1_000
}

fn overlap_chars() -> usize {
    50
}

fn concurrency() -> usize {
    64
}

fn unsafe_level() -> Level {
    Level::Unsafe
}
