//! What a rule tests: one AND over the inputs of a device, as a market file writes it and as it is
//! looked at.
//!
//! A test of an input that is not set never holds. Every test reads the values a device states and
//! nothing else, so a clause is the same for every device that states the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, de};

use crate::device::check_capability;
use crate::device::input::InputSet;
use crate::device::places::RegionSet;
use crate::{
    AgeBand, AssistantMode, BootVolume, Cellular, Confidence, Device, DeviceClass, Input,
    InputName, LanguageTag, OsVersion, Places, Platform, Region, Sharing, Subdivision, Waitlist,
};

/// Membership of one value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Member<T: Ord> {
    In(BTreeSet<T>),
    NotIn(BTreeSet<T>),
}

impl<T: Ord> Member<T> {
    fn holds(&self, value: &T) -> bool {
        match self {
            Self::In(set) => set.contains(value),
            Self::NotIn(set) => !set.contains(value),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::In(set) | Self::NotIn(set) => set.is_empty(),
        }
    }
}

/// A test of one region, or of the places a device may be in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Regions {
    set: RegionSet,
    /// Whether the region must be one of the set, or must not be.
    wanted: bool,
    is_empty: bool,
}

impl Regions {
    fn holds(&self, region: Region) -> bool {
        self.set.contains(region) == self.wanted
    }

    /// To be in one of the set the device must be sure enough of it; not to be in any of them it must
    /// not name one, however unsure.
    fn holds_at(&self, places: &Places, least: Confidence) -> bool {
        if self.wanted {
            places.iter().any(|(region, sure)| sure >= least && self.set.contains(region))
        } else {
            places.iter().all(|(region, _)| !self.set.contains(region))
        }
    }

    fn new(set: &BTreeSet<Region>, wanted: bool) -> Self {
        Self { set: set.into(), wanted, is_empty: set.is_empty() }
    }
}

fn member<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Regions>, D::Error> {
    Ok(Some(match Member::<Region>::deserialize(deserializer)? {
        Member::In(set) => Regions::new(&set, true),
        Member::NotIn(set) => Regions::new(&set, false),
    }))
}

fn overlap<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Regions>, D::Error> {
    Ok(Some(match Overlap::<Region>::deserialize(deserializer)? {
        Overlap::Intersects(set) => Regions::new(&set, true),
        Overlap::Disjoint(set) => Regions::new(&set, false),
    }))
}

/// Overlap of two sets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Overlap<T: Ord> {
    Intersects(BTreeSet<T>),
    Disjoint(BTreeSet<T>),
}

impl<T: Ord> Overlap<T> {
    fn holds(&self, value: &BTreeSet<T>) -> bool {
        match self {
            Self::Intersects(set) => !set.is_disjoint(value),
            Self::Disjoint(set) => set.is_disjoint(value),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Intersects(set) | Self::Disjoint(set) => set.is_empty(),
        }
    }
}

/// What the hardware must or must not be able to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Words {
    Intersects(BTreeSet<String>),
    Disjoint(BTreeSet<String>),
    ContainsAll(BTreeSet<String>),
}

impl Words {
    fn holds(&self, value: &BTreeSet<String>) -> bool {
        match self {
            Self::Intersects(set) => !set.is_disjoint(value),
            Self::Disjoint(set) => set.is_disjoint(value),
            Self::ContainsAll(set) => set.is_subset(value),
        }
    }

    fn set(&self) -> &BTreeSet<String> {
        match self {
            Self::Intersects(set) | Self::Disjoint(set) | Self::ContainsAll(set) => set,
        }
    }
}

/// A lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bound {
    AtLeast(OsVersion),
}

/// Which languages a language must be, or fall under.
///
/// A tag falls under itself and its parents (`zh-Hans-CN`, `zh-Hans`, `zh`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Languages {
    /// It falls under one of these, unless `except` takes it out.
    within: BTreeSet<LanguageTag>,
    /// It is one of these to the letter, whatever `except` says.
    exact: BTreeSet<LanguageTag>,
    /// It falls under none of these.
    except: BTreeSet<LanguageTag>,
    /// What holds is turned round.
    inverted: bool,
}

impl Languages {
    /// The languages of a feature's terms.
    pub(crate) fn of_terms(
        within: &BTreeSet<LanguageTag>,
        exact: &BTreeSet<LanguageTag>,
        except: &BTreeSet<LanguageTag>,
    ) -> Self {
        let (within, exact, except) = (within.clone(), exact.clone(), except.clone());
        Self { within, exact, except, inverted: false }
    }

    pub(crate) fn holds(&self, tag: &LanguageTag) -> bool {
        let among =
            self.exact.contains(tag) || tag.is_among(&self.within) && !tag.is_among(&self.except);
        among != self.inverted
    }

    fn is_empty(&self) -> bool {
        self.within.is_empty() && self.exact.is_empty()
    }
}

impl<'de> Deserialize<'de> for Languages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            r#in: Option<BTreeSet<LanguageTag>>,
            exact: Option<BTreeSet<LanguageTag>>,
            except: Option<BTreeSet<LanguageTag>>,
            not_in: Option<BTreeSet<LanguageTag>>,
        }
        let raw = Raw::deserialize(deserializer)?;
        match (raw.r#in, raw.exact, raw.except, raw.not_in) {
            (None, None, None, Some(within)) => {
                Ok(Self { within, inverted: true, ..Self::default() })
            }
            (None, Some(exact), None, None) => Ok(Self { exact, ..Self::default() }),
            (Some(within), exact, except, None) => Ok(Self {
                within,
                exact: exact.unwrap_or_default(),
                except: except.unwrap_or_default(),
                inverted: false,
            }),
            _ => Err(de::Error::custom(
                "a language test is `in` (with `exact` and `except` beside it), `exact` alone, or `not_in` alone",
            )),
        }
    }
}

/// Two inputs that must say the same: two regions the same code, two languages the same primary
/// language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "[InputName; 2]")]
struct Pair(InputName, InputName);

impl TryFrom<[InputName; 2]> for Pair {
    type Error = String;

    fn try_from([one, other]: [InputName; 2]) -> Result<Self, String> {
        use InputName::{
            AssistantLanguage, BillingRegion, DeveloperRegion, Language, Locale, PurchaseRegion,
            SetupRegion,
        };
        let regions = [PurchaseRegion, BillingRegion, SetupRegion, DeveloperRegion];
        let languages = [Language, AssistantLanguage, Locale];
        let both = |kind: &[InputName]| kind.contains(&one) && kind.contains(&other);
        if one != other && (both(&regions) || both(&languages)) {
            Ok(Self(one, other))
        } else {
            Err(format!(
                "`must_match` takes two languages or two regions, not `{one}` and `{other}`"
            ))
        }
    }
}

impl Pair {
    fn holds(self, device: &Device) -> bool {
        let region = |name| match name {
            InputName::PurchaseRegion => device.purchase_region.get(),
            InputName::BillingRegion => device.billing_region.get(),
            InputName::SetupRegion => device.setup_region.get(),
            InputName::DeveloperRegion => device.developer_region.get(),
            _ => None,
        };
        let language = |name| match name {
            InputName::Language => device.language.get(),
            InputName::AssistantLanguage => device.assistant_language.get(),
            InputName::Locale => device.locale.get(),
            _ => None,
        };
        match (region(self.0), region(self.1), language(self.0), language(self.1)) {
            (Some(one), Some(other), ..) => one == other,
            (.., Some(one), Some(other)) => one.primary() == other.primary(),
            _ => false,
        }
    }
}

/// One AND: every test that stands in it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clause {
    #[serde(default, deserialize_with = "member")]
    purchase_region: Option<Regions>,
    #[serde(default, deserialize_with = "member")]
    billing_region: Option<Regions>,
    #[serde(default, deserialize_with = "overlap")]
    location: Option<Regions>,
    class: Option<Member<DeviceClass>>,
    platform: Option<Member<Platform>>,
    os_version: Option<Bound>,
    language: Option<Languages>,
    assistant_language: Option<Languages>,
    capabilities: Option<Words>,
    age_band: Option<Member<AgeBand>>,
    locale: Option<Languages>,
    cellular: Option<Member<Cellular>>,
    waitlist: Option<Member<Waitlist>>,
    boot_volume: Option<Member<BootVolume>>,
    sharing: Option<Member<Sharing>>,
    #[serde(default, deserialize_with = "member")]
    setup_region: Option<Regions>,
    subdivision: Option<Overlap<Subdivision>>,
    assistant_mode: Option<Member<AssistantMode>>,
    #[serde(default, deserialize_with = "member")]
    developer_region: Option<Regions>,
    #[serde(default)]
    must_match: Vec<Pair>,
}

/// Whether a test that may be absent holds for an input; a test of an input that is not set fails.
fn passes<T, V>(test: Option<&T>, input: &Input<V>, holds: impl FnOnce(&T, &V) -> bool) -> bool {
    test.is_none_or(|test| input.get().is_some_and(|value| holds(test, value)))
}

fn region(test: Option<&Regions>, input: Input<Region>) -> bool {
    passes(test, &input, |test, &region| test.holds(region))
}

impl Clause {
    /// Whether it asks where the device is.
    pub(crate) fn asks_where(&self) -> bool {
        self.location.is_some() || self.subdivision.is_some()
    }

    /// Whether it holds; `least` is how sure a device must be of a place it must be in.
    pub(crate) fn holds(&self, device: &Device, least: Confidence) -> bool {
        self.holds_elsewhere(device)
            && passes(self.location.as_ref(), &device.location, |test, places| {
                test.holds_at(places, least)
            })
            && passes(self.subdivision.as_ref(), &device.subdivision, Overlap::holds)
    }

    /// Whether all of it holds but, perhaps, where the device is.
    pub(crate) fn holds_elsewhere(&self, device: &Device) -> bool {
        region(self.purchase_region.as_ref(), device.purchase_region)
            && region(self.billing_region.as_ref(), device.billing_region)
            && passes(self.class.as_ref(), &device.class, Member::holds)
            && passes(self.platform.as_ref(), &device.platform, Member::holds)
            && passes(self.os_version.as_ref(), &device.os_version, |Bound::AtLeast(least), v| {
                v >= least
            })
            && passes(self.language.as_ref(), &device.language, Languages::holds)
            && passes(
                self.assistant_language.as_ref(),
                &device.assistant_language,
                Languages::holds,
            )
            && passes(self.capabilities.as_ref(), &device.capabilities, Words::holds)
            && passes(self.age_band.as_ref(), &device.age_band, Member::holds)
            && passes(self.locale.as_ref(), &device.locale, Languages::holds)
            && passes(self.cellular.as_ref(), &device.cellular, Member::holds)
            && passes(self.waitlist.as_ref(), &device.waitlist, Member::holds)
            && passes(self.boot_volume.as_ref(), &device.boot_volume, Member::holds)
            && passes(self.sharing.as_ref(), &device.sharing, Member::holds)
            && region(self.setup_region.as_ref(), device.setup_region)
            && passes(self.assistant_mode.as_ref(), &device.assistant_mode, Member::holds)
            && region(self.developer_region.as_ref(), device.developer_region)
            && self.must_match.iter().all(|pair| pair.holds(device))
    }

    /// The inputs it reads, and what is wrong with it, if anything.
    pub(crate) fn inputs(&self) -> Result<InputSet, String> {
        fn of<T>(test: Option<&T>, is_empty: impl FnOnce(&T) -> bool) -> Option<bool> {
            test.map(is_empty)
        }
        let regions = |test: &Option<Regions>| of(test.as_ref(), |test| test.is_empty);
        let languages = |test: &Option<Languages>| of(test.as_ref(), Languages::is_empty);
        let tests = [
            (InputName::PurchaseRegion, regions(&self.purchase_region)),
            (InputName::BillingRegion, regions(&self.billing_region)),
            (InputName::Location, regions(&self.location)),
            (InputName::Class, of(self.class.as_ref(), Member::is_empty)),
            (InputName::Platform, of(self.platform.as_ref(), Member::is_empty)),
            (InputName::OsVersion, of(self.os_version.as_ref(), |_| false)),
            (InputName::Language, languages(&self.language)),
            (InputName::AssistantLanguage, languages(&self.assistant_language)),
            (InputName::Capabilities, of(self.capabilities.as_ref(), |w| w.set().is_empty())),
            (InputName::AgeBand, of(self.age_band.as_ref(), Member::is_empty)),
            (InputName::Locale, languages(&self.locale)),
            (InputName::Cellular, of(self.cellular.as_ref(), Member::is_empty)),
            (InputName::Waitlist, of(self.waitlist.as_ref(), Member::is_empty)),
            (InputName::BootVolume, of(self.boot_volume.as_ref(), Member::is_empty)),
            (InputName::Sharing, of(self.sharing.as_ref(), Member::is_empty)),
            (InputName::SetupRegion, regions(&self.setup_region)),
            (InputName::Subdivision, of(self.subdivision.as_ref(), Overlap::is_empty)),
            (InputName::AssistantMode, of(self.assistant_mode.as_ref(), Member::is_empty)),
            (InputName::DeveloperRegion, regions(&self.developer_region)),
        ];
        let mut inputs = InputSet::default();
        for (input, test) in tests {
            match test {
                None => {}
                Some(true) => return Err(format!("the test of `{input}` has an empty list")),
                Some(false) => inputs.insert(input),
            }
        }
        for &Pair(one, other) in &self.must_match {
            inputs.insert(one);
            inputs.insert(other);
        }
        for word in self.capabilities.iter().flat_map(Words::set) {
            check_capability(word).map_err(|error| error.to_string())?;
        }
        if inputs.is_empty() {
            return Err("`any` needs a clause, and every clause at least one test".into());
        }
        Ok(inputs)
    }
}
