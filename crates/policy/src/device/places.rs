//! Where a device may be: regions, each with how sure the device is, and the parts of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{PolicyError, Region};

/// How sure a device is that it is in a region: 0 (not at all) to 1 (certain), in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confidence(u16);

impl Confidence {
    /// Certain.
    pub const CERTAIN: Self = Self(1000);
    /// As likely as not: what a rule asks for when it says nothing else.
    pub const EVEN: Self = Self(500);

    /// A confidence from a number of 0 to 1.
    ///
    /// # Errors
    /// [`PolicyError::Form`] for any other number.
    pub fn new(share: f64) -> Result<Self, PolicyError> {
        if (0.0..=1.0).contains(&share) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a thousandfold of 0 to 1 fits"
            )]
            // Downwards: a device is never taken to be surer than it says.
            Ok(Self((share * 1000.0).floor() as u16))
        } else {
            Err(PolicyError::form("confidence", &share.to_string(), "a number from 0 to 1"))
        }
    }

    /// The number, 0 to 1.
    pub fn share(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.share())
    }
}

impl<'de> Deserialize<'de> for Confidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The regions a device may be in; one it is certain of, or several when it cannot tell.
///
/// In JSON a list of region codes, certain each, or of `{"region": "CN", "confidence": 0.8}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<Region, Confidence>);

impl Places {
    /// Each region with how sure the device is of it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Region, Confidence)> {
        self.0.iter().map(|(&region, &confidence)| (region, confidence))
    }

    /// Whether it names no region at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many regions it names.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it names this region, however unsure.
    pub fn contains(&self, region: Region) -> bool {
        self.0.contains_key(&region)
    }
}

impl FromIterator<Region> for Places {
    fn from_iter<I: IntoIterator<Item = Region>>(regions: I) -> Self {
        Self(regions.into_iter().map(|region| (region, Confidence::CERTAIN)).collect())
    }
}

impl FromIterator<(Region, Confidence)> for Places {
    fn from_iter<I: IntoIterator<Item = (Region, Confidence)>>(regions: I) -> Self {
        let mut places = BTreeMap::new();
        for (region, confidence) in regions {
            // Named twice, the region is as likely as its likelier mention.
            let known = places.entry(region).or_insert(confidence);
            *known = confidence.max(*known);
        }
        Self(places)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    region: Region,
    confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Certain(Region),
    Unsure(Place),
}

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = "a region is two capitals, or {\"region\": \"CN\", \"confidence\": 0.8}";
        let written = Vec::<serde_json::Value>::deserialize(deserializer)?;
        let places = written.into_iter().map(|place| {
            match serde_json::from_value(place).map_err(|_| de::Error::custom(form))? {
                Written::Certain(region) => Ok((region, Confidence::CERTAIN)),
                Written::Unsure(Place { region, confidence }) => Ok((region, confidence)),
            }
        });
        places.collect()
    }
}

impl Serialize for Places {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (region, confidence) in self.iter() {
            if confidence == Confidence::CERTAIN {
                list.serialize_element(&region)?;
            } else {
                list.serialize_element(&Place { region, confidence })?;
            }
        }
        list.end()
    }
}

/// A state or province: an ISO 3166-2 code (`US-CA`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subdivision {
    region: Region,
    /// One to three characters, zero bytes after them.
    part: [u8; 3],
}

impl Subdivision {
    /// The country or territory it is a part of.
    pub fn region(self) -> Region {
        self.region
    }
}

impl FromStr for Subdivision {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        let read = || {
            let (region, name) = value.split_once('-')?;
            let letter = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
            if !(1..=3).contains(&name.len()) || !name.bytes().all(letter) {
                return None;
            }
            let mut part = [0; 3];
            part[..name.len()].copy_from_slice(name.as_bytes());
            Some(Self { region: region.parse().ok()?, part })
        };
        read().ok_or_else(|| {
            let form = "a region, a hyphen and one to three capitals or digits (`US-CA`)";
            PolicyError::form("state or province", value, form)
        })
    }
}

impl fmt::Display for Subdivision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.part.iter().take_while(|&&b| b != 0).count();
        // Capitals and digits (checked by `from_str`), so this cannot fall back.
        let part = std::str::from_utf8(&self.part[..length]).unwrap_or_default();
        write!(f, "{}-{part}", self.region)
    }
}

impl fmt::Debug for Subdivision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Subdivision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subdivision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A set of regions that answers in one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RegionSet([u64; 11]);

impl RegionSet {
    pub(crate) fn contains(&self, region: Region) -> bool {
        let index = region.index();
        self.0[index / 64] & 1 << (index % 64) != 0
    }
}

impl<'a> FromIterator<&'a Region> for RegionSet {
    fn from_iter<I: IntoIterator<Item = &'a Region>>(regions: I) -> Self {
        let mut bits = [0; 11];
        for region in regions {
            let index = region.index();
            bits[index / 64] |= 1 << (index % 64);
        }
        Self(bits)
    }
}

impl From<&BTreeSet<Region>> for RegionSet {
    fn from(regions: &BTreeSet<Region>) -> Self {
        regions.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_with_and_without_confidence() {
        let places: Places =
            serde_json::from_str(r#"["CN", {"region": "HK", "confidence": 0.25}]"#).unwrap();
        let cn: Region = "CN".parse().unwrap();
        let hk: Region = "HK".parse().unwrap();
        let read: Vec<_> = places.iter().collect();
        assert_eq!(read, [(cn, Confidence::CERTAIN), (hk, Confidence(250))]);
        let written = serde_json::to_string(&places).unwrap();
        assert_eq!(written, r#"["CN",{"region":"HK","confidence":0.25}]"#);
        assert_eq!(serde_json::from_str::<Places>(&written).unwrap(), places);
        for bad in [
            r#""CN""#,
            r#"["cn"]"#,
            r#"[{"region": "CN"}]"#,
            r#"[{"region": "CN", "confidence": 1.5}]"#,
            r#"[{"region": "CN", "confidence": -0.1}]"#,
            r#"[{"region": "CN", "confidence": 1, "by": "gps"}]"#,
        ] {
            assert!(serde_json::from_str::<Places>(bad).is_err(), "{bad}");
        }
        let twice: Places =
            [(cn, Confidence(1)), (cn, Confidence(9)), (cn, Confidence(2))].into_iter().collect();
        assert_eq!(twice.iter().collect::<Vec<_>>(), [(cn, Confidence(9))]);
    }

    #[test]
    fn subdivisions_are_iso_3166_2() {
        for good in ["US-CA", "GB-ENG", "FR-75", "AT-9"] {
            assert_eq!(good.parse::<Subdivision>().unwrap().to_string(), good);
        }
        for bad in ["", "US", "US-", "us-CA", "US-ca", "US-CALI", "US_CA", "U-CA", "US-C A"] {
            assert!(bad.parse::<Subdivision>().is_err(), "{bad:?}");
        }
        assert_eq!("US-CA".parse::<Subdivision>().unwrap().region().as_str(), "US");
    }

    #[test]
    fn a_region_set_holds_exactly_its_regions() {
        let list: BTreeSet<Region> =
            ["AA", "CN", "ZZ", "US"].iter().map(|code| code.parse().unwrap()).collect();
        let set = RegionSet::from(&list);
        for a in b'A'..=b'Z' {
            for b in b'A'..=b'Z' {
                let region: Region = String::from_utf8(vec![a, b]).unwrap().parse().unwrap();
                assert_eq!(set.contains(region), list.contains(&region), "{region}");
            }
        }
    }
}
