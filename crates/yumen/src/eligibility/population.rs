//! A synthetic population: made-up devices by the million, the same ones for the same seed.
//!
//! The shares are invented. They give every market devices, travellers, odd languages, old systems
//! and inputs that are unset or in error, so that a change of rules shows what it touches; they are
//! no statistics of any real population.

use std::fmt::Write as _;

/// A population of devices, each made from the seed and its own number alone: any part of it can be
/// made by itself, in any order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Population {
    seed: u64,
}

/// One device as the dice gave it: for each input an index into its table, or one of the codes
/// below. Two devices that say the same are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Draw {
    purchase: u8,
    billing: u8,
    location: u8,
    /// A second place the device may be in, or [`UNSET`].
    elsewhere: u8,
    model: u8,
    version: u8,
    language: u8,
    assistant: u8,
    capabilities: u8,
    age: u8,
    locale_region: u8,
    cellular: u8,
    waitlist: u8,
    boot: u8,
    sharing: u8,
    setup: u8,
    subdivision: u8,
    assistant_mode: u8,
    developer: u8,
}

/// The input is not there.
const UNSET: u8 = 255;
/// The device could not find it out.
const ERROR: u8 = 254;
/// It was known and is too old.
const EXPIRED: u8 = 253;
/// Nobody is signed in.
const NO_ACCOUNT: u8 = 252;

/// A region: its share, and the languages its devices speak with their shares.
struct Home {
    region: &'static str,
    share: u16,
    languages: &'static [(u8, u16)],
}

const LANGUAGES: &[&str] = &[
    "zh-Hans",
    "zh-Hant",
    "en",
    "en-GB",
    "en-IN",
    "ja",
    "ko",
    "de",
    "fr",
    "es",
    "it",
    "pt-BR",
    "ar",
    "vi",
    "th",
    "nl",
    "sv",
    "pl",
    "zh-Hant-HK",
    "en-SG",
    "hi",
    "tr",
];
const ZH_HANS: u8 = 0;
const ZH_HANT: u8 = 1;
const EN: u8 = 2;
const EN_GB: u8 = 3;
const EN_IN: u8 = 4;
const JA: u8 = 5;
const KO: u8 = 6;
const DE: u8 = 7;
const FR: u8 = 8;
const ES: u8 = 9;
const IT: u8 = 10;
const PT: u8 = 11;
const AR: u8 = 12;
const VI: u8 = 13;
const TH: u8 = 14;
const NL: u8 = 15;
const SV: u8 = 16;
const PL: u8 = 17;
const ZH_HK: u8 = 18;
const EN_SG: u8 = 19;
const HI: u8 = 20;
const TR: u8 = 21;

const fn home(region: &'static str, share: u16, languages: &'static [(u8, u16)]) -> Home {
    Home { region, share, languages }
}

const HOMES: &[Home] = &[
    home("CN", 220, &[(ZH_HANS, 96), (EN, 3), (ZH_HANT, 1)]),
    home("US", 200, &[(EN, 82), (ES, 12), (ZH_HANS, 3), (KO, 1), (VI, 1), (FR, 1)]),
    home("JP", 85, &[(JA, 97), (EN, 2), (ZH_HANS, 1)]),
    home("GB", 50, &[(EN_GB, 90), (EN, 7), (PL, 2), (ZH_HANS, 1)]),
    home("DE", 48, &[(DE, 88), (EN, 8), (TR, 3), (PL, 1)]),
    home("IN", 48, &[(EN_IN, 70), (EN, 12), (HI, 18)]),
    home("FR", 40, &[(FR, 93), (EN, 5), (AR, 2)]),
    home("KR", 38, &[(KO, 96), (EN, 4)]),
    home("BR", 30, &[(PT, 97), (EN, 3)]),
    home("CA", 28, &[(EN, 72), (FR, 22), (ZH_HANS, 3), (ZH_HANT, 3)]),
    home("IT", 28, &[(IT, 96), (EN, 4)]),
    home("ES", 24, &[(ES, 95), (EN, 5)]),
    home("AU", 22, &[(EN, 90), (ZH_HANS, 7), (VI, 3)]),
    home("TW", 20, &[(ZH_HANT, 97), (EN, 3)]),
    home("MX", 18, &[(ES, 97), (EN, 3)]),
    home("HK", 14, &[(ZH_HK, 78), (EN, 15), (ZH_HANS, 7)]),
    home("NL", 12, &[(NL, 88), (EN, 12)]),
    home("TH", 11, &[(TH, 95), (EN, 5)]),
    home("VN", 11, &[(VI, 96), (EN, 4)]),
    home("PL", 11, &[(PL, 96), (EN, 4)]),
    home("SA", 10, &[(AR, 85), (EN, 15)]),
    home("AE", 9, &[(EN, 55), (AR, 40), (HI, 5)]),
    home("SE", 8, &[(SV, 90), (EN, 10)]),
    home("SG", 8, &[(EN_SG, 70), (EN, 12), (ZH_HANS, 18)]),
    home("CH", 7, &[(DE, 60), (FR, 25), (IT, 8), (EN, 7)]),
];

/// A kind of device: class, platform, its share, and the versions of its system with their shares.
struct Model {
    class: &'static str,
    platform: &'static str,
    share: u16,
    versions: &'static [(&'static str, u16)],
}

const MODELS: &[Model] = &[
    Model {
        class: "phone",
        platform: "ios",
        share: 560,
        versions: &[
            ("27.1", 34),
            ("27.0", 21),
            ("26.4.1", 12),
            ("26.3", 7),
            ("26.1", 6),
            ("18.7", 8),
            ("18.2", 3),
            ("18.1", 3),
            ("17.7", 4),
            ("16.7", 2),
        ],
    },
    Model {
        class: "phone",
        platform: "android",
        share: 240,
        versions: &[("17", 18), ("16", 34), ("15", 24), ("14", 14), ("13", 10)],
    },
    Model {
        class: "tablet",
        platform: "ipados",
        share: 100,
        versions: &[("27.1", 28), ("27.0", 20), ("26.4", 20), ("18.7", 18), ("17.7", 14)],
    },
    Model {
        class: "computer",
        platform: "macos",
        share: 90,
        versions: &[("27.1", 25), ("27.0", 20), ("26.4", 24), ("15.7", 19), ("14.8", 12)],
    },
    Model { class: "computer", platform: "web", share: 10, versions: &[("1", 1)] },
];

const CAPABILITIES: &[(&[&str], u16)] = &[(&["generative"], 630), (&[], 340)];
const AGES: &[(&str, u16)] = &[("adult", 845), ("teen", 95), ("child", 30)];
const CELLULAR: &[&str] = &["mainland", "global", "none"];
const WAITLIST: &[(&str, u16)] = &[("none", 970), ("admitted", 20), ("queued", 10)];
const BOOT: &[(&str, u16)] = &[("internal", 995), ("external", 5)];
const SHARING: &[(&str, u16)] = &[("personal", 985), ("shared", 15)];
const MODES: &[(&str, u16)] = &[("on", 880), ("off", 90), ("consent_needed", 30)];
const SUBDIVISIONS: &[(&str, u16)] = &[
    ("US-CA", 120),
    ("US-TX", 90),
    ("US-FL", 65),
    ("US-NY", 60),
    ("US-IL", 38),
    ("US-PA", 38),
    ("US-WA", 24),
    ("US-UT", 10),
    ("US-MA", 21),
    ("US-CO", 17),
];

/// Where the developers of the calling apps sit, by index into [`HOMES`]: China, the United States,
/// Japan, Britain, Germany, India, France, Korea.
const DEVELOPERS: &[(u8, u16)] =
    &[(0, 240), (1, 420), (2, 60), (3, 50), (4, 60), (5, 70), (6, 50), (7, 50)];

/// `SplitMix64` (Steele, Lea and Flood 2014): small, and each device has a stream of its own.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `sides`; for shares of a thousand the bias is below 2⁻²².
    fn below(&mut self, sides: u32) -> u32 {
        let high = self.roll() >> 32;
        // The upper half of a product of two 32-bit numbers has 32 bits.
        u32::try_from((high * u64::from(sides)) >> 32).unwrap_or(0)
    }

    /// Whether something of `in_thousand` happens.
    fn chance(&mut self, in_thousand: u32) -> bool {
        self.below(1000) < in_thousand
    }

    /// The index of an entry of a table, by the shares of its entries.
    fn index<T>(&mut self, table: &[T], share: impl Fn(&T) -> u16) -> u8 {
        let all: u32 = table.iter().map(|entry| u32::from(share(entry))).sum();
        let mut left = self.below(all);
        for (index, entry) in (0..).zip(table) {
            let share = u32::from(share(entry));
            if left < share {
                return index;
            }
            left -= share;
        }
        0
    }

    fn of<T>(&mut self, table: &[(T, u16)]) -> u8 {
        self.index(table, |(_, share)| *share)
    }

    /// The value, or now and then that it is not known; shares in a thousand.
    fn or_not(&mut self, value: u8, unset: u32, error: u32, expired: u32) -> u8 {
        let at = self.below(1000);
        if at < unset {
            UNSET
        } else if at < unset + error {
            ERROR
        } else if at < unset + error + expired {
            EXPIRED
        } else {
            value
        }
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Population {
    /// The population of a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Its device of this number.
    pub(crate) fn device(self, number: u64) -> Draw {
        let mut dice = Dice(mix(self.seed) ^ mix(number.wrapping_add(0x5851_f42d_4c95_7f2d)));
        let dice = &mut dice;
        let somewhere = |dice: &mut Dice| dice.index(HOMES, |home| home.share);
        let home = somewhere(dice);
        let billing = if dice.chance(60) { somewhere(dice) } else { home };
        let billing = if dice.chance(12) { NO_ACCOUNT } else { dice.or_not(billing, 10, 3, 5) };
        let place = if dice.chance(90) { somewhere(dice) } else { home };
        let elsewhere = if dice.chance(15) { somewhere(dice) } else { UNSET };
        let location = dice.or_not(place, 45, 10, 5);
        let model = dice.index(MODELS, |model| model.share);
        let of = &MODELS[usize::from(model)];
        let phone = of.class == "phone";
        let speaks = HOMES[usize::from(home)].languages;
        let language = speaks[usize::from(dice.of(speaks))].0;
        let assistant = if dice.chance(70) { EN } else { language };
        let radio = match (phone, HOMES[usize::from(home)].region) {
            (false, _) => 2,
            (true, "CN") => 0,
            (true, _) => 1,
        };
        let state = dice.of(SUBDIVISIONS);
        let american = location < UNSET
            && elsewhere == UNSET
            && HOMES.get(usize::from(location)).is_some_and(|home| home.region == "US");
        let (capabilities, age) = (dice.of(CAPABILITIES), dice.of(AGES));
        let developer = DEVELOPERS[usize::from(dice.of(DEVELOPERS))].0;
        let setup = if dice.chance(70) { somewhere(dice) } else { home };
        Draw {
            purchase: dice.or_not(home, 3, 2, 0),
            billing,
            location,
            elsewhere,
            model,
            version: dice.of(of.versions),
            language: dice.or_not(language, 2, 1, 0),
            assistant: dice.or_not(assistant, 25, 3, 0),
            capabilities: dice.or_not(capabilities, 20, 5, 0),
            age: dice.or_not(age, 25, 3, 2),
            locale_region: dice.or_not(home, 5, 0, 0),
            cellular: dice.or_not(radio, 10, 2, 0),
            waitlist: dice.of(WAITLIST),
            boot: dice.of(BOOT),
            sharing: dice.of(SHARING),
            setup: dice.or_not(setup, 20, 2, 0),
            subdivision: if american { dice.or_not(state, 250, 10, 10) } else { UNSET },
            assistant_mode: dice.of(MODES),
            developer: dice.or_not(developer, 150, 0, 0),
        }
    }
}

impl Draw {
    /// Writes the device as JSON, as `POST /v1/eligibility` takes it, without a line break.
    pub(crate) fn write(&self, out: &mut String) {
        let region = |index: u8| HOMES[usize::from(index)].region;
        let mut fields = Fields { out, empty: true };
        fields.text("purchase_region", self.purchase, region);
        fields.text("billing_region", self.billing, region);
        fields.put("location", self.location, |out, index| {
            let _ = write!(out, "[\"{}\"", region(index));
            if self.elsewhere != UNSET && self.elsewhere != index {
                let _ = write!(out, ",\"{}\"", region(self.elsewhere));
            }
            out.push(']');
        });
        let model = &MODELS[usize::from(self.model)];
        fields.text("class", 0, |_| model.class);
        fields.text("platform", 0, |_| model.platform);
        fields.text("os_version", self.version, |index| model.versions[usize::from(index)].0);
        fields.text("language", self.language, |index| LANGUAGES[usize::from(index)]);
        fields.text("assistant_language", self.assistant, |index| LANGUAGES[usize::from(index)]);
        fields.put("capabilities", self.capabilities, |out, index| {
            let words = CAPABILITIES[usize::from(index)].0;
            let _ = write!(out, "{words:?}");
        });
        fields.text("age_band", self.age, |index| AGES[usize::from(index)].0);
        fields.put("locale", self.locale_region, |out, index| {
            let language = LANGUAGES.get(usize::from(self.language)).copied().unwrap_or("en");
            let primary = language.split('-').next().unwrap_or(language);
            let _ = write!(out, "\"{primary}-{}\"", region(index));
        });
        fields.text("cellular", self.cellular, |index| CELLULAR[usize::from(index)]);
        fields.text("waitlist", self.waitlist, |index| WAITLIST[usize::from(index)].0);
        fields.text("boot_volume", self.boot, |index| BOOT[usize::from(index)].0);
        fields.text("sharing", self.sharing, |index| SHARING[usize::from(index)].0);
        fields.text("setup_region", self.setup, region);
        fields.put("subdivision", self.subdivision, |out, index| {
            let _ = write!(out, "[\"{}\"]", SUBDIVISIONS[usize::from(index)].0);
        });
        fields.text("assistant_mode", self.assistant_mode, |index| MODES[usize::from(index)].0);
        fields.text("developer_region", self.developer, region);
        fields.end();
    }
}

/// An object of inputs in the making. Writing into a string does not fail.
struct Fields<'a> {
    out: &'a mut String,
    empty: bool,
}

impl Fields<'_> {
    fn text<'t>(&mut self, name: &str, index: u8, text: impl Fn(u8) -> &'t str) {
        self.put(name, index, |out, index| {
            let _ = write!(out, "\"{}\"", text(index));
        });
    }

    fn put(&mut self, name: &str, index: u8, value: impl FnOnce(&mut String, u8)) {
        if index == UNSET {
            return;
        }
        self.out.push(if self.empty { '{' } else { ',' });
        self.empty = false;
        let _ = write!(self.out, "\"{name}\":");
        match index {
            ERROR => self.out.push_str("{\"error\":\"not readable\"}"),
            EXPIRED => self.out.push_str("{\"status\":\"expired\"}"),
            NO_ACCOUNT => self.out.push_str("{\"status\":\"no_account\"}"),
            index => value(self.out, index),
        }
    }

    fn end(self) {
        self.out.push_str(if self.empty { "{}" } else { "}" });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use yumen_policy::Device;

    use super::*;

    fn line(draw: &Draw) -> String {
        let mut line = String::new();
        draw.write(&mut line);
        line
    }

    #[test]
    fn every_device_of_a_population_is_a_device() {
        let population = Population::new(7);
        for number in 0..20_000 {
            let line = line(&population.device(number));
            Device::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn a_seed_gives_the_same_devices_again_and_another_seed_others() {
        let draw = |seed| (0..1000).map(|n| Population::new(seed).device(n)).collect::<Vec<_>>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn two_devices_are_equal_just_when_they_say_the_same() {
        let population = Population::new(3);
        let draws: HashSet<_> = (0..20_000).map(|number| population.device(number)).collect();
        let lines: HashSet<_> = draws.iter().map(line).collect();
        // A second place that is the first one again says nothing new, and is rare.
        assert!(lines.len() <= draws.len() && lines.len() * 1000 > draws.len() * 995);
    }

    #[test]
    fn every_kind_of_status_and_every_region_is_there() {
        let population = Population::new(11);
        let all: String = (0..20_000).map(|number| line(&population.device(number))).collect();
        for home in HOMES {
            assert!(all.contains(&format!("\"purchase_region\":\"{}\"", home.region)));
        }
        for status in ["not readable", "expired", "no_account", "consent_needed", "US-CA"] {
            assert!(all.contains(status), "{status}");
        }
    }
}
