//! What asks: a device and the ten inputs a decision reads, each set, unset or in error.
//!
//! The difference matters: an unset input may still come (`not_yet`), one in error fails closed
//! (`not_eligible`). Nothing here says who the person is.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::{AgeBand, DeviceClass, LanguageTag, OsVersion, Platform, PolicyError, Region, Text};

/// One thing a device says, or fails to say.
///
/// In JSON an absent or null field is unset, `{"error": "..."}` is an error (its text is for the
/// reader of the JSON only and is not kept), anything else is the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Input<T> {
    /// The device knows it.
    Set(T),
    /// The device does not know it yet.
    #[default]
    Unset,
    /// The device tried to find out and failed.
    Error,
}

impl<T> Input<T> {
    /// The value, when it is set.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Unset | Self::Error => None,
        }
    }

    pub(crate) fn state(&self) -> InputState {
        match self {
            Self::Set(_) => InputState::Set,
            Self::Unset => InputState::Unset,
            Self::Error => InputState::Error,
        }
    }
}

impl<T> From<T> for Input<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Serialize> Serialize for Input<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(value) => value.serialize(serializer),
            Self::Unset => serializer.serialize_none(),
            Self::Error => serializer.collect_map([("error", "not readable")]),
        }
    }
}

impl<'de, T: de::DeserializeOwned> Deserialize<'de> for Input<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::Unset),
            Value::Object(fields) => match fields.get("error") {
                Some(Value::String(_)) if fields.len() == 1 => Ok(Self::Error),
                _ => Err(de::Error::custom("an object here can only be {\"error\": \"...\"}")),
            },
            value => serde_json::from_value(value).map(Self::Set).map_err(de::Error::custom),
        }
    }
}

/// Whether an input is set, without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputState {
    Set,
    Unset,
    Error,
}

macro_rules! inputs {
    ($($(#[$doc:meta])* $name:ident = $word:ident / $en:literal / $zh:literal),+ $(,)?) => {
        /// The name of one of the ten inputs of a decision.
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

        impl Device {
            pub(crate) fn state(&self, input: InputName) -> InputState {
                match input {
                    // A set of no places says nothing about where the device is.
                    InputName::Location if self.location.get().is_some_and(BTreeSet::is_empty) => {
                        InputState::Unset
                    }
                    $(InputName::$name => self.$word.state()),+
                }
            }
        }
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
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A set of inputs, small enough to copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InputSet(u16);

impl InputSet {
    pub(crate) fn insert(&mut self, input: InputName) {
        self.0 |= 1 << input as u16;
    }

    pub(crate) fn contains(self, input: InputName) -> bool {
        self.0 & 1 << input as u16 != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = InputName> {
        InputName::ALL.iter().copied().filter(move |&input| self.contains(input))
    }
}

/// A device that asks for features: exactly what the decision reads and nothing that identifies it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Where the device was bought; its build decides the market.
    pub purchase_region: Input<Region>,
    /// Where the person's account is billed.
    pub billing_region: Input<Region>,
    /// Where the device may be now: several regions when it cannot tell, at most 16.
    pub location: Input<BTreeSet<Region>>,
    /// The kind of device.
    pub class: Input<DeviceClass>,
    /// The operating system.
    pub platform: Input<Platform>,
    /// The version of the operating system.
    pub os_version: Input<OsVersion>,
    /// The language of the device.
    pub language: Input<LanguageTag>,
    /// The language of the assistant; on a device without one, the language of the device.
    pub assistant_language: Input<LanguageTag>,
    /// What the hardware can do (`generative`): lower-case words, at most 32.
    pub capabilities: Input<BTreeSet<String>>,
    /// The age band of the person.
    pub age_band: Input<AgeBand>,
}

impl Device {
    /// Reads a device from JSON.
    ///
    /// # Errors
    /// [`PolicyError::Device`] naming the field that is unknown or has an impossible value.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        serde_json::from_slice(json).map_err(|error| PolicyError::Device(error.to_string()))
    }

    fn check(&self) -> Result<(), String> {
        if self.location.get().is_some_and(|regions| regions.len() > 16) {
            return Err("location: at most 16 regions".into());
        }
        if let Some(capabilities) = self.capabilities.get() {
            if capabilities.len() > 32 {
                return Err("capabilities: at most 32".into());
            }
            for capability in capabilities {
                check_capability(capability).map_err(|error| format!("capabilities: {error}"))?;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DeviceVisitor)
    }
}

/// Reads an object field by field: an error names its field, and a field that comes twice is one.
struct DeviceVisitor;

impl<'de> de::Visitor<'de> for DeviceVisitor {
    type Value = Device;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the inputs of a device")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Device, A::Error> {
        fn read<T: de::DeserializeOwned, E: de::Error>(
            name: InputName,
            value: Value,
        ) -> Result<Input<T>, E> {
            Input::deserialize(value).map_err(|error| E::custom(format!("{name}: {error}")))
        }
        let mut device = Device::default();
        let mut seen = InputSet::default();
        while let Some((name, value)) = map.next_entry::<InputName, Value>()? {
            if seen.contains(name) {
                return Err(de::Error::duplicate_field(name.as_str()));
            }
            seen.insert(name);
            match name {
                InputName::PurchaseRegion => device.purchase_region = read(name, value)?,
                InputName::BillingRegion => device.billing_region = read(name, value)?,
                InputName::Location => device.location = read(name, value)?,
                InputName::Class => device.class = read(name, value)?,
                InputName::Platform => device.platform = read(name, value)?,
                InputName::OsVersion => device.os_version = read(name, value)?,
                InputName::Language => device.language = read(name, value)?,
                InputName::AssistantLanguage => device.assistant_language = read(name, value)?,
                InputName::Capabilities => device.capabilities = read(name, value)?,
                InputName::AgeBand => device.age_band = read(name, value)?,
            }
        }
        device.check().map_err(de::Error::custom)?;
        Ok(device)
    }
}

/// A capability is a lower-case word: letters, digits, `_` and `-`, at most 64.
pub(crate) fn check_capability(word: &str) -> Result<(), PolicyError> {
    let well_formed = (1..=64).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
    if well_formed {
        Ok(())
    } else {
        let form = "lower-case letters, digits, `_` and `-`, at most 64";
        Err(PolicyError::form("capability", word, form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_null_error_and_value_are_told_apart() {
        let device = Device::parse(
            br#"{"purchase_region": "CN", "billing_region": null, "location": {"error": "no fix"},
                 "os_version": "26.1", "capabilities": ["generative"]}"#,
        )
        .unwrap();
        assert_eq!(device.purchase_region, Input::Set("CN".parse().unwrap()));
        assert_eq!(device.billing_region, Input::Unset);
        assert_eq!(device.location, Input::Error);
        assert_eq!(device.class, Input::Unset);
        let written = serde_json::to_vec(&device).unwrap();
        assert_eq!(Device::parse(&written).unwrap(), device);
    }

    #[test]
    fn a_bad_field_is_named_in_the_error() {
        for (json, named) in [
            (r#"{"billing_region": "cn"}"#, "billing_region"),
            (r#"{"location": "CN"}"#, "location"),
            (r#"{"location": ["CN", "china"]}"#, "location"),
            (r#"{"class": "toaster"}"#, "class"),
            (r#"{"os_version": 26}"#, "os_version"),
            (r#"{"language": "zh_CN"}"#, "language"),
            (r#"{"capabilities": ["A B"]}"#, "capabilities"),
            (r#"{"age_band": {"error": 3}}"#, "error"),
            (r#"{"serial_number": "X"}"#, "serial_number"),
            (r#"{"platform": "ios", "platform": "linux"}"#, "platform"),
            (r#"["CN"]"#, "object"),
        ] {
            let error = Device::parse(json.as_bytes()).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(named), "{json}: {error}");
        }
    }

    #[test]
    fn a_device_that_is_nowhere_has_not_said_where_it_is() {
        let device = Device { location: Input::Set(BTreeSet::new()), ..Device::default() };
        assert_eq!(device.state(InputName::Location), InputState::Unset);
    }
}
