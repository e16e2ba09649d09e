//! Freshness: how old policy, packs and approvals may be in a market, and what stops when they are
//! older.
//!
//! Age takes away in explained steps: first the operator is warned, then the features in the cloud
//! stop, then all of them. Nothing gets fresher by waiting, and a clock set back makes nothing
//! fresh: measure by [`HighWater::time`](crate::HighWater::time).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Lapse, MarketId, Surface, Text};

/// What grows old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The rules of the market: the `issued` date of its file.
    Policy,
    /// The screening packs: the oldest of them.
    Packs,
    /// The approval that is served under: when it was last confirmed, else granted.
    Approval,
}

/// A pack, and when it was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackAge {
    /// The name of the pack.
    pub id: String,
    /// When this version of it was issued.
    pub issued: Timestamp,
    /// When it stops being good, whatever age a market allows; from then on nothing is served where it is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The markets in which it is in use; none named is every market.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub markets: BTreeSet<MarketId>,
}

impl PackAge {
    /// Whether it is in use in a market.
    pub fn is_in(&self, market: &MarketId) -> bool {
        self.markets.is_empty() || self.markets.contains(market)
    }
}

/// How long before a pack stops being good the operator is warned.
const NOTICE: Lapse = Lapse::days(3);

/// How much is stopped. Later steps stop all that earlier ones do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Within its age: nothing.
    #[default]
    Fresh,
    /// Over its age, within the grace: nothing yet, and the operator is warned.
    Warn,
    /// Features in the cloud.
    CloudOff,
    /// All features.
    AllOff,
}

impl Step {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Warn => "warn",
            Self::CloudOff => "cloud_off",
            Self::AllOff => "all_off",
        }
    }

    /// Whether a feature of this surface is stopped.
    pub const fn stops(self, surface: Surface) -> bool {
        match self {
            Self::Fresh | Self::Warn => false,
            Self::CloudOff => matches!(surface, Surface::Cloud),
            Self::AllOff => true,
        }
    }

    /// What the step means for one part; nothing where that is fresh.
    pub fn text(self, part: Part) -> Option<Text> {
        let (en, zh) = match part {
            Part::Policy => ("The rules of this market", "该市场的规则"),
            Part::Packs => ("The screening packs", "内容安全规则包"),
            Part::Approval => ("The last confirmation of the approval", "批准的最近一次确认"),
        };
        let (en_step, zh_step) = match self {
            Self::Fresh => return None,
            Self::Warn => (
                "older than this market allows; features will stop if nothing is renewed",
                "已超过该市场允许的时限；如不更新，功能将陆续停用",
            ),
            Self::CloudOff => {
                ("too old: features in the cloud are stopped", "过期已久：云端功能已停用")
            }
            Self::AllOff => ("too old: all features are stopped", "过期已久：全部功能已停用"),
        };
        let verb = if matches!(part, Part::Approval) { "is" } else { "are" };
        Some(Text::new(format!("{en} {verb} {en_step}."), format!("{zh}{zh_step}。")))
    }
}

impl Part {
    /// The code of a verdict that the age of this part refused.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Policy => "policy_stale",
            Self::Packs => "packs_stale",
            Self::Approval => "approval_stale",
        }
    }

    /// What can be done.
    pub fn next_step(self) -> Text {
        match self {
            Self::Policy => Text::new(
                "The operator must install the current rules of this market.",
                "请运营者安装该市场的现行规则。",
            ),
            Self::Packs => Text::new(
                "The operator must install current screening packs.",
                "请运营者安装现行的内容安全规则包。",
            ),
            Self::Approval => Text::new(
                "The operator must confirm that the approval still stands.",
                "请运营者确认该批准仍然有效。",
            ),
        }
    }
}

/// How old things may be in a market: the `[freshness]` table of its file.
///
/// A part without an age never grows old. `grace` and `device` follow each other: an age of `30d`
/// with a grace of `7d` and `device = "14d"` warns from day 30, stops the cloud on day 37 and
/// everything on day 51.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Freshness {
    /// The age the rules of the market may reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Lapse>,
    /// The age a screening pack may reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packs: Option<Lapse>,
    /// The age the confirmation of an approval may reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Lapse>,
    /// How long after that features in the cloud go on.
    pub grace: Lapse,
    /// How much longer features on the device go on.
    pub device: Lapse,
}

/// How far ahead of the clock a date may lie: a file dated in China is dated tomorrow elsewhere.
const AHEAD: SignedDuration = SignedDuration::from_hours(36);

impl Freshness {
    /// When a part of this date takes each step.
    ///
    /// Where the market sets an age and the date is not known, everything is stopped at once.
    pub fn turns(&self, part: Part, dated: Option<Timestamp>) -> Turns {
        let age = match part {
            Part::Policy => self.policy,
            Part::Packs => self.packs,
            Part::Approval => self.approvals,
        };
        match (age, dated) {
            (None, _) => Turns::NEVER,
            (Some(_), None) => Turns::AT_ONCE,
            (Some(age), Some(dated)) => {
                let warn = age.after(dated);
                let cloud_off = self.grace.after(warn);
                Turns {
                    begins: dated.checked_sub(AHEAD).unwrap_or(Timestamp::MIN),
                    warn,
                    cloud_off,
                    all_off: self.device.after(cloud_off),
                }
            }
        }
    }

    /// When the packs take each step: as the oldest of them, or at once if there are none and the
    /// market sets an age for them.
    pub fn turns_of_packs<'a>(&self, packs: impl IntoIterator<Item = &'a PackAge>) -> Turns {
        let turns = packs.into_iter().map(|pack| {
            self.turns(Part::Packs, Some(pack.issued)).earlier(Turns::until(pack.expires))
        });
        turns.reduce(Turns::earlier).unwrap_or_else(|| self.turns(Part::Packs, None))
    }
}

/// The instants at which something that grows old takes its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// Before this the date lies too far in the future to be believed.
    begins: Timestamp,
    warn: Timestamp,
    cloud_off: Timestamp,
    all_off: Timestamp,
}

impl Turns {
    /// Those of what never grows old.
    pub const NEVER: Self = Self {
        begins: Timestamp::MIN,
        warn: Timestamp::MAX,
        cloud_off: Timestamp::MAX,
        all_off: Timestamp::MAX,
    };

    /// Those of what has no date though it must have one.
    pub const AT_ONCE: Self = Self {
        begins: Timestamp::MIN,
        warn: Timestamp::MIN,
        cloud_off: Timestamp::MIN,
        all_off: Timestamp::MIN,
    };

    /// Those of what is good until an instant: the end comes without a grace, a warning before it.
    pub fn until(end: Option<Timestamp>) -> Self {
        let Some(end) = end else { return Self::NEVER };
        let warn = end.checked_sub(NOTICE.duration()).unwrap_or(Timestamp::MIN);
        Self { begins: Timestamp::MIN, warn, cloud_off: end, all_off: end }
    }

    /// The step at an instant. A date more than 36 hours in the future is no date: whoever set it
    /// or the clock was wrong.
    pub fn step(&self, now: Timestamp) -> Step {
        // The end of time is a turn that never comes.
        let took = |turn: Timestamp| now >= turn && turn < Timestamp::MAX;
        if now < self.begins || took(self.all_off) {
            Step::AllOff
        } else if took(self.cloud_off) {
            Step::CloudOff
        } else if took(self.warn) {
            Step::Warn
        } else {
            Step::Fresh
        }
    }

    /// When the step after that of `now` comes, if one does.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        [self.warn, self.cloud_off, self.all_off]
            .into_iter()
            .find(|&turn| turn > now && turn < Timestamp::MAX)
    }

    /// Those of two things that must both be fresh: each step at the earlier instant.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        Self {
            begins: self.begins.max(other.begins),
            warn: self.warn.min(other.warn),
            cloud_off: self.cloud_off.min(other.cloud_off),
            all_off: self.all_off.min(other.all_off),
        }
    }
}
