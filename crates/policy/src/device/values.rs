//! What a device can say about itself: regions, languages, versions and kinds, each checked on entry.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{PolicyError, Text};

macro_rules! serde_as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

/// A country or territory: an ISO 3166-1 alpha-2 code, upper-case.
///
/// `ZZ`, which ISO 3166 leaves to users, stands for the sandbox.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region([u8; 2]);

impl Region {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        // Both bytes are ASCII capitals (checked by `from_str`), so this cannot fall back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Its place among all codes: 0 for `AA`, 675 for `ZZ`.
    pub(crate) const fn index(self) -> usize {
        (self.0[0] - b'A') as usize * 26 + (self.0[1] - b'A') as usize
    }
}

impl FromStr for Region {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        match value.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([a, b])),
            _ => Err(PolicyError::form("region", value, "two capitals, as in ISO 3166-1 (`CN`)")),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(Region);

/// A language: a BCP 47 tag of language, optional script, region and variants (`zh-Hans-CN`).
///
/// Read in any case, kept in the case BCP 47 recommends. Extensions and private use are not taken:
/// they carry settings of a person, which no decision here needs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageTag(Arc<str>);

impl LanguageTag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The primary language subtag: `zh` of `zh-Hans-CN`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// Whether this language is, or falls under, one of `supported`: the tag itself, then its
    /// parents (`zh-Hans-CN`, `zh-Hans`, `zh`).
    ///
    /// Chinese without a script is read in the script of its region, as CLDR's likely subtags do:
    /// `zh-TW`, `zh-HK` and `zh-MO` are `zh-Hant`, other `zh` is `zh-Hans`.
    pub fn is_among(&self, supported: &BTreeSet<Self>) -> bool {
        let listed = |tag: &str| supported.contains(tag);
        let mut tag = &*self.0;
        loop {
            if listed(tag) {
                return true;
            }
            match tag.rfind('-') {
                Some(end) => tag = &tag[..end],
                None => break,
            }
        }
        self.likely_script().is_some_and(listed)
    }

    /// The language and script a Chinese tag without a script most likely means.
    fn likely_script(&self) -> Option<&'static str> {
        let mut subtags = self.0.split('-');
        if subtags.next() != Some("zh") {
            return None;
        }
        match subtags.next() {
            Some(script) if script.len() == 4 => None,
            Some("TW" | "HK" | "MO") => Some("zh-Hant"),
            _ => Some("zh-Hans"),
        }
    }
}

impl FromStr for LanguageTag {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        let refuse = || {
            PolicyError::form(
                "language tag",
                value,
                "a BCP 47 language with optional script, region and variants (`zh-Hans-CN`)",
            )
        };
        if value.len() > 35 {
            return Err(refuse());
        }
        let mut subtags = value.split('-').peekable();
        let language = subtags.next().unwrap_or_default();
        if !(2..=3).contains(&language.len()) || !is_alpha(language) {
            return Err(refuse());
        }
        let mut tag = language.to_ascii_lowercase();
        if let Some(script) = subtags.next_if(|s| s.len() == 4 && is_alpha(s)) {
            tag.push('-');
            tag.push_str(&script[..1].to_ascii_uppercase());
            tag.push_str(&script[1..].to_ascii_lowercase());
        }
        if let Some(region) = subtags.next_if(|s| {
            s.len() == 2 && is_alpha(s) || s.len() == 3 && s.bytes().all(|b| b.is_ascii_digit())
        }) {
            tag.push('-');
            tag.push_str(&region.to_ascii_uppercase());
        }
        for variant in subtags {
            let long = (5..=8).contains(&variant.len());
            let short = variant.len() == 4 && variant.as_bytes()[0].is_ascii_digit();
            if !(long || short) || !variant.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(refuse());
            }
            tag.push('-');
            tag.push_str(&variant.to_ascii_lowercase());
        }
        Ok(Self(tag.into()))
    }
}

fn is_alpha(subtag: &str) -> bool {
    subtag.bytes().all(|b| b.is_ascii_alphabetic())
}

impl Borrow<str> for LanguageTag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(LanguageTag);

/// The version of an operating system: `26`, `26.1` or `26.1.2`; missing parts count as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OsVersion {
    major: u16,
    minor: u16,
    patch: u16,
}

impl FromStr for OsVersion {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        let refuse =
            || PolicyError::form("system version", value, "one to three numbers joined by dots");
        let mut parts = [0; 3];
        for (place, part) in value.split('.').enumerate() {
            // `u16::from_str` would also take a sign.
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            match (parts.get_mut(place), part.parse()) {
                (Some(slot), Ok(number)) if digits => *slot = number,
                _ => return Err(refuse()),
            }
        }
        let [major, minor, patch] = parts;
        Ok(Self { major, minor, patch })
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch != 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

serde_as_text!(OsVersion);

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$kind_doc:meta])* $kind:ident = $word:literal / $en:literal / $zh:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$kind_doc])* #[serde(rename = $word)] $kind),+
        }

        impl $name {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The word for it in JSON and TOML.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word),+ }
            }

            /// The word for it to people.
            pub fn text(self) -> Text {
                match self { $(Self::$kind => Text::new($en, $zh)),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

kinds! {
    /// What kind of thing the device is.
    DeviceClass {
        /// A phone.
        Phone = "phone" / "phone" / "手机",
        /// A tablet.
        Tablet = "tablet" / "tablet" / "平板电脑",
        /// A laptop or desktop computer.
        Computer = "computer" / "computer" / "电脑",
        /// A watch.
        Watch = "watch" / "watch" / "手表",
        /// A headset or glasses.
        Headset = "headset" / "headset" / "头戴设备",
        /// A television or a box for one.
        Tv = "tv" / "television" / "电视",
        /// A speaker.
        Speaker = "speaker" / "speaker" / "音箱",
        /// A car.
        Car = "car" / "car" / "汽车",
    }
}

kinds! {
    /// The operating system of the device.
    Platform {
        /// iOS.
        Ios = "ios" / "iOS" / "iOS",
        /// iPadOS.
        Ipados = "ipados" / "iPadOS" / "iPadOS",
        /// macOS.
        Macos = "macos" / "macOS" / "macOS",
        /// watchOS.
        Watchos = "watchos" / "watchOS" / "watchOS",
        /// visionOS.
        Visionos = "visionos" / "visionOS" / "visionOS",
        /// tvOS.
        Tvos = "tvos" / "tvOS" / "tvOS",
        /// Android and systems built on it.
        Android = "android" / "Android" / "Android",
        /// Huawei's own system.
        Harmonyos = "harmonyos" / "HarmonyOS" / "HarmonyOS",
        /// Windows.
        Windows = "windows" / "Windows" / "Windows",
        /// Linux.
        Linux = "linux" / "Linux" / "Linux",
        /// A browser.
        Web = "web" / "web browser" / "网页浏览器",
    }
}

kinds! {
    /// How old the person is, as coarsely as the rules allow.
    ///
    /// The edges are those the rules need: 14 (guardian's consent in mainland China; above the 13 of
    /// the United States) and 18 (a minor everywhere this program serves).
    AgeBand {
        /// Under 14.
        Child = "child" / "under 14" / "14 岁以下",
        /// 14 to 17.
        Teen = "teen" / "14 to 17" / "14 至 17 岁",
        /// 18 and older.
        Adult = "adult" / "18 or older" / "18 岁及以上",
    }
}

kinds! {
    /// The build of the mobile radio: phones for mainland China carry one of their own.
    Cellular {
        /// Built for mainland China.
        Mainland = "mainland" / "mainland China" / "中国大陆版",
        /// Built for anywhere else.
        Global = "global" / "global" / "国际版",
        /// There is no mobile radio.
        None = "none" / "none" / "无蜂窝网络",
    }
}

kinds! {
    /// Where the person stands in a queue for the feature.
    Waitlist {
        /// Let in.
        Admitted = "admitted" / "admitted" / "已获准",
        /// Still waiting.
        Queued = "queued" / "queued" / "排队中",
        /// Never asked.
        None = "none" / "not on it" / "未加入",
    }
}

kinds! {
    /// The disk the system started from.
    BootVolume {
        /// The disk in the device.
        Internal = "internal" / "internal" / "内置磁盘",
        /// A disk from outside, which may carry another build than the device.
        External = "external" / "external" / "外接磁盘",
    }
}

kinds! {
    /// Whether several people share the device.
    Sharing {
        /// One person has it.
        Personal = "personal" / "personal" / "个人使用",
        /// Several people log in to it in turn.
        Shared = "shared" / "shared" / "多人共享",
    }
}

kinds! {
    /// Whether the assistant is on.
    AssistantMode {
        /// It is on.
        On = "on" / "on" / "已开启",
        /// It is off.
        Off = "off" / "off" / "已关闭",
        /// The person has still to agree to it.
        ConsentNeeded = "consent_needed" / "consent needed" / "待同意",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> LanguageTag {
        text.parse().unwrap()
    }

    #[test]
    fn a_language_falls_back_to_its_parents_only() {
        let supported = BTreeSet::from([tag("en"), tag("zh-Hans")]);
        for (language, expected) in [
            ("en", true),
            ("en-GB", true),
            ("zh-Hans", true),
            ("zh-hans-cn", true),
            ("zh-CN", true),
            ("zh", true),
            ("zh-Hant", false),
            ("zh-Hant-CN", false),
            ("zh-TW", false),
            ("eng", false),
            ("fr", false),
        ] {
            assert_eq!(tag(language).is_among(&supported), expected, "{language}");
        }
        assert!(tag("zh-Hant-TW").is_among(&BTreeSet::from([tag("zh")])));
        assert!(tag("zh-TW").is_among(&BTreeSet::from([tag("zh-Hant")])));
        assert!(!tag("en").is_among(&BTreeSet::from([tag("en-GB")])));
    }

    #[test]
    fn tags_are_kept_in_one_case_and_malformed_ones_refused() {
        assert_eq!(tag("ZH-hans-cn").as_str(), "zh-Hans-CN");
        assert_eq!(tag("es-419").as_str(), "es-419");
        assert_eq!(tag("de-1901").as_str(), "de-1901");
        for bad in ["", "z", "zh_CN", "zh-", "-zh", "zh--CN", "zh-Hans-CN-x-a", "中文", "english"]
        {
            assert!(bad.parse::<LanguageTag>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| text.parse::<OsVersion>().unwrap();
        assert!(version("26.10") > version("26.9.9"));
        assert_eq!(version("26"), version("26.0.0"));
        assert_eq!(version("26.1.0").to_string(), "26.1");
        for bad in ["", ".", "26.", "+26", "26.1.2.3", "26.x", "70000", " 26"] {
            assert!(bad.parse::<OsVersion>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn regions_are_two_capitals() {
        assert_eq!("CN".parse::<Region>().unwrap().as_str(), "CN");
        for bad in ["", "C", "cn", "CHN", "C1", "中"] {
            assert!(bad.parse::<Region>().is_err(), "{bad:?}");
        }
    }
}
