//! The inputs of a decision: their names, whether each is known, and where a value came from.
//!
//! The difference between the ways of not being known matters: an unset input may still come
//! (`not_yet`); one in error, expired or without an account closes (`not_eligible`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{PolicyError, Text};

/// One thing a device says, or fails to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Input<T> {
    /// The device knows it.
    Set(T),
    /// The device does not know it yet.
    #[default]
    Unset,
    /// The device tried to find out and failed.
    Error,
    /// What the device knew is no longer valid.
    Expired,
    /// The account that would say it is not there.
    NoAccount,
}

impl<T> Input<T> {
    /// The value, when it is set.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Unset | Self::Error | Self::Expired | Self::NoAccount => None,
        }
    }

    /// Whether it is known, and if not, why.
    pub fn status(&self) -> InputStatus {
        match self {
            Self::Set(_) => InputStatus::Set,
            Self::Unset => InputStatus::Unset,
            Self::Error => InputStatus::Error,
            Self::Expired => InputStatus::Expired,
            Self::NoAccount => InputStatus::NoAccount,
        }
    }
}

impl<T> From<T> for Input<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// Whether an input is known, without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputStatus {
    /// It has a value.
    Set,
    /// It has none yet; one may still come.
    Unset,
    /// Finding out failed.
    Error,
    /// The value, or the token behind it, is no longer valid.
    Expired,
    /// The account that would say it is not there.
    NoAccount,
}

impl InputStatus {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Unset => "unset",
            Self::Error => "error",
            Self::Expired => "expired",
            Self::NoAccount => "no_account",
        }
    }
}

macro_rules! inputs {
    ($($(#[$doc:meta])* $name:ident = $word:ident / $en:literal / $zh:literal),+ $(,)?) => {
        /// The name of an input of a decision.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum InputName {
            $($(#[$doc])* $name),+
        }

        impl InputName {
            /// All inputs, in the order in which a verdict speaks of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name in JSON and TOML.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($word)),+ }
            }

            /// The name to people.
            pub fn text(self) -> Text {
                match self { $(Self::$name => Text::new($en, $zh)),+ }
            }
        }

        /// Hands every input of a device, by name, to a macro.
        macro_rules! for_each_input {
            ($device:expr, $each:ident) => {
                $($each!($device, InputName::$name, $word);)+
            };
        }
        pub(crate) use for_each_input;
    };
}

inputs! {
    /// Where the device was bought: its build decides the market.
    PurchaseRegion = purchase_region / "purchase region" / "购买地区",
    /// Where the person's account is billed.
    BillingRegion = billing_region / "billing region" / "账单地区",
    /// Where the device may be now; several when it cannot tell.
    Location = location / "location" / "当前位置",
    /// The kind of device.
    Class = class / "device class" / "设备类别",
    /// The operating system.
    Platform = platform / "operating system" / "操作系统",
    /// The version of the operating system.
    OsVersion = os_version / "system version" / "系统版本",
    /// The language of the device.
    Language = language / "device language" / "设备语言",
    /// The language of the assistant.
    AssistantLanguage = assistant_language / "assistant language" / "助理语言",
    /// What the hardware can do.
    Capabilities = capabilities / "capabilities" / "硬件能力",
    /// The age band of the person.
    AgeBand = age_band / "age band" / "年龄段",
    /// The locale: how dates and numbers are written.
    Locale = locale / "locale" / "区域格式",
    /// The build of the mobile radio.
    Cellular = cellular / "cellular build" / "蜂窝网络版本",
    /// Where the person stands in a queue for the feature.
    Waitlist = waitlist / "waiting list" / "候补名单",
    /// The disk the system started from.
    BootVolume = boot_volume / "start-up disk" / "启动磁盘",
    /// Whether several people share the device.
    Sharing = sharing / "sharing mode" / "共享模式",
    /// Where the device was first set up.
    SetupRegion = setup_region / "set-up region" / "激活地区",
    /// The states and provinces the device may be in.
    Subdivision = subdivision / "state or province" / "所在省州",
    /// Whether the assistant is on.
    AssistantMode = assistant_mode / "assistant mode" / "助理状态",
    /// Where the developer of the calling app sits.
    DeveloperRegion = developer_region / "developer region" / "开发者所在地区",
    /// What the organisation that manages the device leaves switched off.
    Management = management / "management profile" / "管理配置",
}

impl InputName {
    /// Whether it must be known even when nothing reads it, unless a feature can do without it.
    ///
    /// The first ten must; of the others a decision knows only what a rule reads.
    pub const fn is_basic(self) -> bool {
        (self as u32) <= (Self::AgeBand as u32)
    }
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A set of inputs, small enough to copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InputSet(u32);

impl InputSet {
    /// Those that must be known even when nothing reads them.
    pub(crate) const BASIC: Self = Self((1 << (InputName::AgeBand as u32 + 1)) - 1);

    pub(crate) const fn one(input: InputName) -> Self {
        Self(1 << input as u32)
    }

    pub(crate) fn insert(&mut self, input: InputName) {
        self.0 |= 1 << input as u32;
    }

    pub(crate) const fn contains(self, input: InputName) -> bool {
        self.0 & 1 << input as u32 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = InputName> {
        InputName::ALL.iter().copied().filter(move |&input| self.contains(input))
    }
}

impl FromIterator<InputName> for InputSet {
    fn from_iter<I: IntoIterator<Item = InputName>>(inputs: I) -> Self {
        let mut set = Self::default();
        inputs.into_iter().for_each(|input| set.insert(input));
        set
    }
}

/// The status of every input of one device; what is in none of the sets is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct States {
    pub(crate) unset: InputSet,
    pub(crate) error: InputSet,
    pub(crate) expired: InputSet,
    pub(crate) no_account: InputSet,
}

impl States {
    pub(crate) fn put(&mut self, input: InputName, status: InputStatus) {
        match status {
            InputStatus::Set => {}
            InputStatus::Unset => self.unset.insert(input),
            InputStatus::Error => self.error.insert(input),
            InputStatus::Expired => self.expired.insert(input),
            InputStatus::NoAccount => self.no_account.insert(input),
        }
    }

    pub(crate) fn of(self, input: InputName) -> InputStatus {
        if self.unset.contains(input) {
            InputStatus::Unset
        } else if self.error.contains(input) {
            InputStatus::Error
        } else if self.expired.contains(input) {
            InputStatus::Expired
        } else if self.no_account.contains(input) {
            InputStatus::NoAccount
        } else {
            InputStatus::Set
        }
    }

    /// The inputs that close: those in error, expired or without an account.
    pub(crate) const fn closed(self) -> InputSet {
        self.error.union(self.expired).union(self.no_account)
    }
}

/// When a value was found out, and by what; never who the person is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// When the device found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_at: Option<Timestamp>,
    /// What it found out from: a lower-case word (`gps`, `sim`, `store`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<InputSource>,
}

impl Provenance {
    pub(crate) fn is_empty(&self) -> bool {
        self.set_at.is_none() && self.source.is_none()
    }
}

/// What a value came from: lower-case letters, digits, `_` and `-`, at most 32.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputSource(Arc<str>);

impl InputSource {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for InputSource {
    type Err = PolicyError;

    fn from_str(word: &str) -> Result<Self, PolicyError> {
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b);
        if (1..=32).contains(&word.len()) && word.bytes().all(letter) {
            Ok(Self(word.into()))
        } else {
            let form = "lower-case letters, digits, `_` and `-`, at most 32";
            Err(PolicyError::form("source of an input", word, form))
        }
    }
}

/// Where the inputs of one device came from, where it said so. Cheap to copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenances(Option<Arc<BTreeMap<InputName, Provenance>>>);

impl Provenances {
    /// Where this input came from.
    pub fn get(&self, input: InputName) -> Option<&Provenance> {
        self.0.as_deref()?.get(&input)
    }
}

impl FromIterator<(InputName, Provenance)> for Provenances {
    fn from_iter<I: IntoIterator<Item = (InputName, Provenance)>>(items: I) -> Self {
        let said = items.into_iter().filter(|(_, provenance)| !provenance.is_empty());
        let map: BTreeMap<_, _> = said.collect();
        Self((!map.is_empty()).then(|| Arc::new(map)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_inputs_hold_what_was_put_in() {
        let set: InputSet = [InputName::Location, InputName::DeveloperRegion].into_iter().collect();
        assert!(set.contains(InputName::Location) && !set.contains(InputName::AgeBand));
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [InputName::Location, InputName::DeveloperRegion]
        );
        assert_eq!(set.without(InputSet::one(InputName::Location)).iter().count(), 1);
        assert!(set.common(InputSet::one(InputName::Class)).is_empty());
        assert_eq!(InputSet::BASIC.iter().count(), 10);
        for &input in InputName::ALL {
            assert_eq!(InputSet::BASIC.contains(input), input.is_basic(), "{input}");
        }
    }

    #[test]
    fn each_status_is_kept_apart() {
        let mut states = States::default();
        let all = [
            (InputName::Location, InputStatus::Set),
            (InputName::Class, InputStatus::Unset),
            (InputName::Platform, InputStatus::Error),
            (InputName::AgeBand, InputStatus::Expired),
            (InputName::BillingRegion, InputStatus::NoAccount),
        ];
        for (input, status) in all {
            states.put(input, status);
        }
        for (input, status) in all {
            assert_eq!(states.of(input), status);
        }
        let closed = [InputName::BillingRegion, InputName::Platform, InputName::AgeBand];
        assert_eq!(states.closed().iter().collect::<Vec<_>>(), closed);
    }
}
