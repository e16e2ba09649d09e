//! What asks: a device and the inputs a decision reads, each known or not, with where it came from.
//!
//! Nothing here says who the person is.

pub(crate) mod input;
pub(crate) mod places;
pub(crate) mod values;

pub use self::input::{Input, InputName, InputSource, InputStatus, Provenance, Provenances};
pub use self::places::{Confidence, Places, Subdivision};
pub use self::values::{
    AgeBand, AssistantMode, BootVolume, Cellular, DeviceClass, LanguageTag, OsVersion, Platform,
    Region, Sharing, Waitlist,
};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::device::input::{InputSet, States, for_each_input};
use crate::{Management, PolicyError};

/// A device that asks for features: exactly what the decision reads and nothing that identifies it.
///
/// In JSON an input is its value; absent or null it is unset; `{"error": "..."}` is an error (its
/// text is for the reader of the JSON only and is not kept). The longer forms
/// `{"value": ..., "set_at": ..., "source": ...}` and `{"status": ..., "set_at": ..., "source": ...}`
/// say when and from what the device found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Where the device was bought; its build decides the market.
    pub purchase_region: Input<Region>,
    /// Where the person's account is billed.
    pub billing_region: Input<Region>,
    /// Where the device may be now: several regions when it cannot tell, at most 16.
    pub location: Input<Places>,
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
    /// The locale: how dates and numbers are written.
    pub locale: Input<LanguageTag>,
    /// The build of the mobile radio.
    pub cellular: Input<Cellular>,
    /// Where the person stands in a queue for the feature.
    pub waitlist: Input<Waitlist>,
    /// The disk the system started from.
    pub boot_volume: Input<BootVolume>,
    /// Whether several people share the device.
    pub sharing: Input<Sharing>,
    /// Where the device was first set up.
    pub setup_region: Input<Region>,
    /// The states and provinces the device may be in: several when it cannot tell, at most 16.
    pub subdivision: Input<BTreeSet<Subdivision>>,
    /// Whether the assistant is on.
    pub assistant_mode: Input<AssistantMode>,
    /// Where the developer of the calling app sits.
    pub developer_region: Input<Region>,
    /// What the organisation that manages the device leaves switched off; unset where nobody
    /// manages it.
    pub management: Input<Management>,
    /// When each input was found out, and from what, where the device said so.
    pub provenance: Provenances,
}

impl Device {
    /// Reads a device from JSON.
    ///
    /// # Errors
    /// [`PolicyError::Device`] naming the field that is unknown or has an impossible value.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        serde_json::from_slice(json).map_err(|error| PolicyError::Device(error.to_string()))
    }

    /// When this input was found out, and from what, if the device said so.
    pub fn provenance(&self, input: InputName) -> Option<&Provenance> {
        self.provenance.get(input)
    }

    /// Whether this input is known. A set of no places says nothing about where the device is.
    pub fn status(&self, input: InputName) -> InputStatus {
        self.states().of(input)
    }

    pub(crate) fn states(&self) -> States {
        let mut states = States::default();
        macro_rules! put {
            ($device:expr, $name:expr, $field:ident) => {
                states.put($name, $device.$field.status());
            };
        }
        for_each_input!(self, put);
        if self.location.get().is_some_and(Places::is_empty) {
            states.put(InputName::Location, InputStatus::Unset);
        }
        if self.subdivision.get().is_some_and(BTreeSet::is_empty) {
            states.put(InputName::Subdivision, InputStatus::Unset);
        }
        states
    }

    fn check(&self) -> Result<(), String> {
        if self.location.get().is_some_and(|places| places.len() > 16) {
            return Err("location: at most 16 regions".into());
        }
        if self.subdivision.get().is_some_and(|places| places.len() > 16) {
            return Err("subdivision: at most 16".into());
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

impl Serialize for Device {
    /// The ten basic inputs always, the others when they say something; the short form where it
    /// says everything.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        macro_rules! write {
            ($device:expr, $name:expr, $field:ident) => {
                let written = Written { input: &$device.$field, from: $device.provenance($name) };
                if $name.is_basic() || !written.is_silent() {
                    map.serialize_entry($name.as_str(), &written)?;
                }
            };
        }
        for_each_input!(self, write);
        map.end()
    }
}

/// An input with where it came from, as JSON has it.
struct Written<'a, T> {
    input: &'a Input<T>,
    from: Option<&'a Provenance>,
}

impl<T> Written<'_, T> {
    fn is_silent(&self) -> bool {
        self.input.status() == InputStatus::Unset && self.from.is_none()
    }
}

impl<T: Serialize> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.input, self.from) {
            (Input::Set(value), None) => return value.serialize(serializer),
            (Input::Unset, None) => return serializer.serialize_none(),
            (Input::Error, None) => return serializer.collect_map([("error", "not readable")]),
            _ => {}
        }
        let mut map = serializer.serialize_map(None)?;
        match self.input {
            Input::Set(value) => map.serialize_entry("value", value)?,
            other => map.serialize_entry("status", &other.status())?,
        }
        if let Some(set_at) = self.from.and_then(|from| from.set_at) {
            map.serialize_entry("set_at", &set_at)?;
        }
        if let Some(source) = self.from.and_then(|from| from.source.as_ref()) {
            map.serialize_entry("source", source)?;
        }
        map.end()
    }
}

/// The longer form of an input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    #[serde(default)]
    value: Option<Value>,
    status: Option<InputStatus>,
    error: Option<String>,
    set_at: Option<Timestamp>,
    source: Option<String>,
}

/// Reads one input in any of its forms.
fn read<T: DeserializeOwned>(written: Value) -> Result<(Input<T>, Provenance), String> {
    let set = |value| serde_json::from_value(value).map(Input::Set).map_err(|e| e.to_string());
    match written {
        Value::Null => Ok((Input::Unset, Provenance::default())),
        Value::Object(_) => {
            let Long { value, status, error, set_at, source } = serde_json::from_value(written)
                .map_err(|error| format!("an object here gives `value` or `status`: {error}"))?;
            let source = source.map(|word| word.parse::<InputSource>()).transpose();
            let provenance =
                Provenance { set_at, source: source.map_err(|error| error.to_string())? };
            let input = match (value, status, error) {
                (Some(value), None | Some(InputStatus::Set), None) => set(value)?,
                (None, Some(InputStatus::Unset), None) => Input::Unset,
                (None, Some(InputStatus::Error), None) | (None, None, Some(_)) => Input::Error,
                (None, Some(InputStatus::Expired), None) => Input::Expired,
                (None, Some(InputStatus::NoAccount), None) => Input::NoAccount,
                _ => return Err("an object here gives one of `value`, `status`, `error`".into()),
            };
            Ok((input, provenance))
        }
        value => Ok((set(value)?, Provenance::default())),
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
        let mut device = Device::default();
        let mut seen = InputSet::default();
        let mut provenance = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<InputName, Value>()? {
            if seen.contains(name) {
                return Err(de::Error::duplicate_field(name.as_str()));
            }
            seen.insert(name);
            let mut value = Some(value);
            macro_rules! take {
                ($device:expr, $name:expr, $field:ident) => {
                    if $name == name
                        && let Some(value) = value.take()
                    {
                        let (input, from) = read(value)
                            .map_err(|error| de::Error::custom(format!("{name}: {error}")))?;
                        $device.$field = input;
                        provenance.insert(name, from);
                    }
                };
            }
            for_each_input!(device, take);
        }
        device.provenance = provenance.into_iter().collect();
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
    fn an_input_can_say_when_and_from_what_it_was_found_out() {
        let device = Device::parse(
            br#"{"location": {"value": [{"region": "CN", "confidence": 0.8}],
                              "set_at": "2026-11-22T10:00:00Z", "source": "gps"},
                 "billing_region": {"status": "no_account", "source": "store"},
                 "age_band": {"status": "expired"}, "class": {"status": "error"},
                 "locale": {"status": "unset", "set_at": "2026-11-22T10:00:00Z"},
                 "cellular": "mainland", "subdivision": ["US-CA"]}"#,
        )
        .unwrap();
        for (input, status) in [
            (InputName::Location, InputStatus::Set),
            (InputName::BillingRegion, InputStatus::NoAccount),
            (InputName::AgeBand, InputStatus::Expired),
            (InputName::Class, InputStatus::Error),
            (InputName::Locale, InputStatus::Unset),
            (InputName::Cellular, InputStatus::Set),
            (InputName::Waitlist, InputStatus::Unset),
        ] {
            assert_eq!(device.status(input), status, "{input}");
        }
        let location = device.provenance(InputName::Location).unwrap();
        assert_eq!(location.source.as_ref().unwrap().as_str(), "gps");
        assert_eq!(location.set_at.unwrap().to_string(), "2026-11-22T10:00:00Z");
        assert!(device.provenance(InputName::Cellular).is_none());
        let written = serde_json::to_value(&device).unwrap();
        assert_eq!(written["cellular"], "mainland");
        assert_eq!(written["billing_region"]["status"], "no_account");
        assert!(written.get("waitlist").is_none());
        assert_eq!(Device::parse(written.to_string().as_bytes()).unwrap(), device);
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
            (r#"{"age_band": {"error": 3}}"#, "age_band"),
            (r#"{"age_band": {}}"#, "one of `value`, `status`, `error`"),
            (r#"{"age_band": {"value": "adult", "status": "unset"}}"#, "one of"),
            (r#"{"age_band": {"value": "adult", "error": "x"}}"#, "one of"),
            (r#"{"age_band": {"status": "set"}}"#, "one of"),
            (r#"{"age_band": {"value": "adult", "who": "x"}}"#, "who"),
            (r#"{"age_band": {"value": "adult", "source": "A B"}}"#, "source"),
            (r#"{"age_band": {"value": "adult", "set_at": "today"}}"#, "age_band"),
            (r#"{"subdivision": ["California"]}"#, "subdivision"),
            (r#"{"boot_volume": "usb"}"#, "boot_volume"),
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
        let device = Device::parse(br#"{"location": [], "subdivision": []}"#).unwrap();
        assert_eq!(device.status(InputName::Location), InputStatus::Unset);
        assert_eq!(device.status(InputName::Subdivision), InputStatus::Unset);
    }
}
