//! Street addresses as many countries write them: a number and a street, a street and a number, post boxes, military post, corners;
//! with the flat or floor, also on the next line. The town and country that follow are places, and found as such.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::key::number_of;
use super::lexicon::Kinds;
use super::token::{Gap, Shape, Token};
use crate::normal::{Glyph, Pending, Window, folded};
use crate::pii::words::{Before, inside};
use crate::pii::{Entity, Hit, Known, Reading};

/// Words after the name of a street. The first are words of a street wherever they stand.
const SUFFIXES: &[&str] = &[
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "av",
    "boulevard",
    "blvd",
    "lane",
    "ln",
    "drive",
    "dr",
    "terrace",
    "crescent",
    "cres",
    "highway",
    "hwy",
    "parkway",
    "pkwy",
    "str",
    "strasse",
    "straße",
    "straat",
    "gate",
    "gata",
    "gatan",
    "vei",
    "veien",
    "vej",
    "vagen",
    "väg",
    "weg",
    "platz",
    "allee",
    "utca",
    "ut",
    "u",
    "ter",
    "katu",
    "tie",
    "ulice",
    "trg",
    "cesta",
    "namesti",
    "plein",
    "laan",
    "gracht",
    "kade",
    "puiestee",
    "tanav",
    "jalan",
    "marg",
    "nagar",
];

/// Those that are other words too: only after a number and a name.
const PLAIN_SUFFIXES: &[&str] = &[
    "way",
    "close",
    "court",
    "ct",
    "place",
    "pl",
    "square",
    "sq",
    "circle",
    "cir",
    "trail",
    "trl",
    "loop",
    "alley",
    "row",
    "walk",
    "mews",
    "grove",
    "gardens",
    "green",
    "hill",
    "park",
    "plaza",
    "point",
    "pass",
    "path",
    "pike",
    "ridge",
    "run",
    "view",
    "vista",
    "bypass",
    "causeway",
    "center",
    "cove",
    "creek",
    "crossing",
    "crest",
    "dale",
    "estate",
    "estates",
    "falls",
    "field",
    "fields",
    "flat",
    "forest",
    "fork",
    "forks",
    "forge",
    "forges",
    "freeway",
    "gateway",
    "glen",
    "harbor",
    "haven",
    "heights",
    "hills",
    "hollow",
    "inlet",
    "island",
    "isle",
    "junction",
    "keys",
    "knoll",
    "knolls",
    "lake",
    "lakes",
    "landing",
    "lodge",
    "manor",
    "meadow",
    "meadows",
    "mill",
    "mills",
    "mission",
    "motorway",
    "mountain",
    "neck",
    "orchard",
    "oval",
    "overpass",
    "parade",
    "parks",
    "passage",
    "pine",
    "pines",
    "plain",
    "plains",
    "port",
    "ports",
    "prairie",
    "radial",
    "ramp",
    "ranch",
    "rapids",
    "rest",
    "river",
    "route",
    "shoal",
    "shoals",
    "shore",
    "shores",
    "spring",
    "springs",
    "spur",
    "squares",
    "station",
    "stravenue",
    "stream",
    "streets",
    "summit",
    "throughway",
    "trace",
    "track",
    "trafficway",
    "tunnel",
    "turnpike",
    "underpass",
    "union",
    "unions",
    "valley",
    "valleys",
    "via",
    "viaduct",
    "village",
    "ville",
    "walks",
    "wall",
    "ways",
    "well",
    "wells",
    "bay",
    "end",
    "rise",
    "quay",
    "wharf",
    "dam",
    "divide",
    "curve",
    "corner",
    "common",
    "club",
    "cliff",
    "burg",
    "brook",
    "bridge",
    "branch",
    "bottom",
    "bluff",
    "bend",
    "beach",
    "bayou",
    "arcade",
    "annex",
    "canyon",
    "cape",
    "camp",
    "ford",
    "garden",
    "light",
    "locks",
    "mount",
    "skyway",
];

/// Words before the name of a street.
const PREFIXES: &[&str] = &[
    "rue",
    "rua",
    "ruta",
    "via",
    "viale",
    "vicolo",
    "corso",
    "piazza",
    "piazzale",
    "largo",
    "calle",
    "c/",
    "avenida",
    "avda",
    "avd",
    "av",
    "ave",
    "avenue",
    "paseo",
    "plaza",
    "praça",
    "praca",
    "travessa",
    "estrada",
    "rodovia",
    "carrer",
    "carretera",
    "camino",
    "ronda",
    "boulevard",
    "bd",
    "place",
    "quai",
    "chemin",
    "impasse",
    "allee",
    "route",
    "cours",
    "ul",
    "ulica",
    "ulice",
    "aleja",
    "al",
    "plac",
    "os",
    "osiedle",
    "namesti",
    "trida",
    "strada",
    "str",
    "bulevardul",
    "jalan",
    "jl",
    "lorong",
    "odos",
    "leoforos",
    "λ",
    "οδος",
    "λεωφορος",
    "улица",
    "ул",
    "проспект",
    "пр",
    "переулок",
    "lange",
    "korte",
    "am",
    "auf",
    "im",
    "zum",
    "zur",
    "an",
    "unter",
    "rúa",
    "cité",
    "lugar",
    "urbanizacion",
    "barrio",
    "sitio",
    "fazenda",
    "alameda",
    "contrada",
    "localita",
    "strand",
];

/// How the words for streets of one piece end.
const ENDINGS: &[&str] = &[
    "strasse", "strase", "straße", "str", "gasse", "weg", "platz", "allee", "damm", "ufer", "ring",
    "graben", "steig", "straat", "laan", "plein", "gracht", "kade", "dijk", "singel", "dreef",
    "hof", "gatan", "gata", "gate", "gaten", "vägen", "vagen", "väg", "vag", "veien", "vegen",
    "vei", "vej", "vegur", "vegi", "stien", "stigen", "gränd", "grand", "torget", "allén", "alle",
    "gade", "stræde", "straede", "katu", "kuja", "tie", "polku", "ranta", "raitti", "krogen",
    "stræti", "straeti", "braut", "bakken", "haugen", "svingen", "terrasse", "utca", "stieg",
    "markt", "gården", "lia",
];

/// Small words inside the names of streets.
const INNER: &[&str] = &[
    "de", "la", "del", "da", "do", "dos", "das", "di", "du", "des", "le", "les", "van", "von",
    "der", "den", "the", "al", "el", "y", "e", "of", "dr", "i", "na", "zum", "św", "sv", "gen",
    "ks", "u", "st", "str", "út", "utca", "tér", "gate", "street", "road", "lane", "avenue",
    "drive",
];

const SUFFIX: u8 = 1;
const PLAIN_SUFFIX: u8 = 2;
const PREFIX: u8 = 4;
const UNIT: u8 = 8;
const SMALL: u8 = 16;

/// What each of the words above is in an address.
static ROLES: LazyLock<Roles> = LazyLock::new(|| {
    let mut roles = Roles::default();
    let lists = [
        (SUFFIXES, SUFFIX),
        (PLAIN_SUFFIXES, PLAIN_SUFFIX),
        (PREFIXES, PREFIX),
        (UNITS, UNIT),
        (INNER, SMALL),
    ];
    for (words, role) in lists {
        for word in words {
            *roles.entry(number_of(&folded(word))).or_default() |= role;
        }
    }
    roles
});

type Roles = HashMap<u64, u8, BuildHasherDefault<Mixed>>;

/// Takes the number of a word as it is: it is mixed already, and the table is fixed.
#[derive(Clone, Copy, Debug, Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(5) ^ number;
    }
}

/// What a word is in an address.
fn role(word: &Token) -> u8 {
    role_of(word.key.number())
}

fn role_of(number: u64) -> u8 {
    ROLES.get(&number).copied().unwrap_or(0)
}

/// Whether an ordinary word in small letters may be the beginning of an address. It says no only where [`read`] would.
pub(in super::super) fn opens_street(
    window: &Window<'_>,
    word: &[Glyph],
    end: usize,
    number: u64,
) -> bool {
    let letter = |i: usize| word.get(i).map_or(' ', |glyph: &Glyph| glyph.c);
    if !may_open(letter(0)) {
        return false;
    }
    // Post boxes and military post, and `the corner of`.
    let posts = matches!(
        (letter(0), letter(1)),
        ('p', 'o' | 's' | ' ') | ('a', 'p') | ('c', 'a' | 'm') | ('u', 'n' | 's')
    );
    let corner = letter(0) == 't'
        && word.len() == 3
        && letter(1) == 'h'
        && window.char(end + 1) != Ok(None)
        && !matches!(window.char(end + 1), Ok(Some(c)) if c != 'c');
    let role = role_of(number);
    posts || corner || role & PREFIX != 0 || (role & SMALL != 0 && word.len() >= 6)
}

/// What tells a part of a house.
const UNITS: &[&str] = &[
    "apt",
    "apartment",
    "suite",
    "ste",
    "unit",
    "room",
    "rm",
    "floor",
    "fl",
    "flat",
    "bldg",
    "building",
    "dept",
    "house",
    "block",
    "tower",
    "level",
    "lot",
    "box",
    "stair",
    "door",
    "piso",
    "etage",
    "office",
];

/// Words before an address.
const SAID: &[&str] = &[
    "address",
    "address is",
    "lives",
    "live",
    "lived",
    "living",
    "located",
    "resides",
    "residing",
    "deliver",
    "delivered",
    "delivery",
    "ship",
    "shipped",
    "send",
    "sent",
    "mail",
    "mailed",
    "meet",
    "meeting",
    "taxi",
    "house",
    "home",
    "office",
    "offices",
    "restaurant",
    "shop",
    "store",
    "headquarters",
    "arrived",
    "return",
    "moved",
    "reach",
    "street",
    "stop",
    "station",
    "addr",
    "住址",
    "地址",
];

/// Words directly before a street that needs no more than a number.
const AT: &[&str] =
    &["at", "on", "to", "is", "in", "of", "near", "from", ":", "address", "it's", "@"];

/// How far an address reaches, at most.
const MAX_LENGTH: usize = 120;
const MAX_WORDS: usize = 6;

pub(in super::super) fn begins(c: char) -> bool {
    c.is_alphanumeric() && crate::pii::words::is_joined(c)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if inside(window, at)
        || window.before(at, 1).is_some_and(|glyph| {
            matches!(glyph.c, '.' | '-' | '/' | '$' | '€' | '£' | '+' | '_' | '@' | '\'')
        })
    {
        return Ok(None);
    }
    let Some(first) = window.get(at)? else { return Ok(None) };
    let found = if first.c.is_numeric() {
        numbered(window, at)?
    } else if first.raw.is_uppercase() || may_open(first.c) {
        named(window, at)?
    } else {
        None
    };
    let Some((end, score)) = found else { return Ok(None) };
    let end = units(window, end)?;
    Ok((end - at <= MAX_LENGTH).then_some(Hit { entity: Entity::Address, end, score }))
}

/// Whether a word in small letters that begins so may open an address: `the corner of`, `po box`, `ul.`, `via`.
fn may_open(c: char) -> bool {
    matches!(c, 't' | 'p' | 'u' | 'r' | 'v' | 'c' | 'a' | 's')
}

/// `12 Elm Street`, `846 31 Rue Haute`, `12 Hauptstr. 3`, `221B Baker St`.
fn numbered(window: &Window<'_>, at: usize) -> Result<Option<(usize, f32)>, Pending> {
    let Some(mut place) = house_number(window, at)? else { return Ok(None) };
    let mut numbers = 1;
    let next = Token::next(window, place)?;
    if next.gap == Gap::Space
        && next.shape == Shape::Number
        && let Some(after) = house_number(window, next.start)?
    {
        place = after;
        numbers = 2;
    } else if next.shape == Shape::Mark(',') {
        // `12, rue Haute`
        place = next.end;
    }
    let Some(street) = Street::read(window, place)? else { return Ok(None) };
    if street.told {
        return Ok(Some((street.end, 0.95)));
    }
    // `329 Arenales 9462`: nothing else is written so.
    if street.capitals && street.number && (!street.ordinary || street.followed) {
        return Ok(Some((street.end, 0.8)));
    }
    let said = || {
        let before = Before::of(window, at, 40);
        before.chars().is_empty() || before.has(SAID)
    };
    let fits = street.capitals && !street.ordinary && (street.followed || numbers == 2 && said());
    Ok(fits.then_some((street.end, 0.7)))
}

/// `Hauptstrasse 12`, `rue Haute 3`, `PO Box 7`, `PSC 12, Box 34`, `the corner of Elm Street and Oak Lane`.
fn named(window: &Window<'_>, at: usize) -> Result<Option<(usize, f32)>, Pending> {
    if let Some(end) = post(window, at)? {
        return Ok(Some((end, 0.9)));
    }
    if let Some(end) = corner(window, at)? {
        return Ok(Some((end, 0.8)));
    }
    let Some(street) = Street::read(window, at)? else { return Ok(None) };
    if street.told && street.number {
        return Ok(Some((street.end, 0.9)));
    }
    let said = || {
        Before::of(window, at, 12).trimmed(|c| c == ' ').ends_with(AT)
            && Before::of(window, at, 40).has(SAID)
    };
    if street.capitals && street.told && street.words >= 2 && said() {
        return Ok(Some((street.end, 0.7)));
    }
    // A name and a number, where an address is expected.
    let weak = street.capitals && street.number && !street.ordinary;
    Ok((weak && (street.followed || said())).then_some((street.end, 0.65)))
}

/// Where a house number that begins at a place ends: `12`, `12a`, `12-14`, `12/3`.
fn house_number(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let run = |from: usize| -> Result<usize, Pending> {
        let mut place = from;
        while place - from < 7 && window.char(place)?.is_some_and(|c| c.is_ascii_digit()) {
            place += 1;
        }
        Ok(place)
    };
    let mut end = run(at)?;
    if end == at || end - at > 6 {
        return Ok(None);
    }
    if matches!(window.char(end)?, Some('-' | '/')) {
        let second = run(end + 1)?;
        if (1..=4).contains(&(second - end - 1)) {
            end = second;
        }
    }
    if window.char(end)? == Some('.') && window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit()) {
        return Ok(None);
    }
    let letter = window.char(end)?.is_some_and(|c| c.is_ascii_alphabetic());
    if letter {
        end += 1;
    }
    Ok((!window.char(end)?.is_some_and(crate::pii::words::is_joined)).then_some(end))
}

/// The name of a street and what follows it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer to a question of its own")]
struct Street {
    end: usize,
    words: usize,
    /// A word says that it is a street.
    told: bool,
    /// All its words have capitals.
    capitals: bool,
    /// One of its words is an ordinary one, or all are ordinary words that are names too.
    ordinary: bool,
    /// A house number comes after it.
    number: bool,
    /// A part of a house comes after it.
    followed: bool,
}

impl Street {
    #[expect(clippy::too_many_lines, reason = "one walk over the words; its parts share its state")]
    fn read(window: &Window<'_>, at: usize) -> Result<Option<Self>, Pending> {
        let mut street = Self {
            end: at,
            words: 0,
            told: false,
            capitals: true,
            ordinary: false,
            number: false,
            followed: false,
        };
        let mut place = at;
        let (mut prefixed, mut suffixed, mut foreign) = (false, None, false);
        while street.words < MAX_WORDS {
            let word = Token::next(window, place)?;
            if word.gap == Gap::Break
                || !word.shape.is_word()
                || (street.words > 0
                    && word.gap == Gap::None
                    && window.char(place.saturating_sub(1))? != Some('.'))
            {
                break;
            }
            let role = role(&word);
            let is = |of: u8| role & of != 0;
            if is(UNIT) && street.words > 0 && !is(PREFIX) {
                break;
            }
            let capital = word.shape.is_capital();
            let small = is(SMALL);
            let prefix = street.words == 0 && is(PREFIX);
            let suffix = street.words > 0 && (is(SUFFIX) || is(PLAIN_SUFFIX) && capital);
            let ending =
                word.end - word.start >= 6 && ends(window, &word) && (capital || street.words == 0);
            // In small letters a street begins with a word that says so.
            let known = capital || small || prefix || suffix;
            if !known && (word.kinds.any(Kinds::WORD) || !(ending || prefixed)) {
                break;
            }
            if street.words == 0 && !capital && !prefix && !ending {
                break;
            }
            street.capitals &= known;
            let plain = word.kinds.any(Kinds::WORD) && !suffix && !prefix && !small;
            street.ordinary |= plain && !word.kinds.any(Kinds::SURNAME | Kinds::FORENAME);
            foreign |= !plain;
            prefixed |= prefix && (capital || !matches!(window.char(word.start)?, Some('a')));
            street.words += 1;
            place = word.end;
            if window.char(place)? == Some('.') && word.end - word.start <= 4 {
                place += 1;
            }
            street.end = place;
            if suffix || ending {
                suffixed = Some(place);
            }
        }
        if street.words == 0 {
            return Ok(None);
        }
        street.ordinary |= !foreign;
        street.told = suffixed.is_some() || (prefixed && street.words > 1);
        let mut next = Token::next(window, place)?;
        if next.shape == Shape::Mark(',') && (prefixed || suffixed.is_some()) {
            // `Via Roma, 12`
            let after = Token::next(window, next.end)?;
            if after.shape == Shape::Number
                && after.end - after.start <= 4
                && after.gap != Gap::Break
            {
                next = after;
                next.gap = Gap::Space;
            }
        }
        let joined = next.gap == Gap::Space
            || (next.gap == Gap::None && window.char(place.saturating_sub(1))? == Some('.'));
        if joined
            && matches!(next.shape, Shape::Number | Shape::Code)
            && next.end - next.start <= 6
            && let Some(end) = house_number(window, next.start)?
            && !is_year(window, &next, street.told)?
        {
            street.number = true;
            street.end = end;
            place = end;
            if window.char(end)? == Some('.') && Token::next(window, end + 1)?.gap == Gap::Space {
                let after = Token::next(window, end + 1)?;
                if role(&after) & UNIT != 0 {
                    street.end = end + 1;
                    place = end + 1;
                }
            }
            next = Token::next(window, place)?;
        } else if let Some(end) = suffixed {
            // The name ends with the word that says street: what follows is the town.
            street.end = end;
            place = end;
            next = Token::next(window, place)?;
        }
        street.followed = (role(&next) & UNIT != 0)
            && next.gap != Gap::None
            && matches!(
                Token::next(window, next.end)?.shape,
                Shape::Number | Shape::Code | Shape::Mark('.' | '#') | Shape::Initial
            );
        // In small letters only what is told by its own words.
        if !street.capitals && !street.told {
            return Ok(None);
        }
        Ok(Some(street))
    }
}

/// Whether a number after a name is a year rather than a house.
fn is_year(window: &Window<'_>, number: &Token, told: bool) -> Result<bool, Pending> {
    let year = number.end - number.start == 4
        && matches!(
            (window.char(number.start)?, window.char(number.start + 1)?),
            (Some('1'), Some('9')) | (Some('2'), Some('0'))
        );
    Ok(year && !told)
}

/// Whether a token is one of these words.
fn spelled(window: &Window<'_>, token: &Token, words: &[&str]) -> bool {
    let glyphs = &window.glyphs()[token.start..token.end];
    words.iter().any(|word| word.chars().eq(glyphs.iter().map(|glyph| glyph.c)))
}

/// Whether a word ends with a character.
fn ends_with(word: &str, last: char) -> bool {
    let mut chars = word.chars();
    chars.next_back() == Some(last)
}

/// Whether a word ends as words for streets do.
fn ends(window: &Window<'_>, token: &Token) -> bool {
    let glyphs = &window.glyphs()[token.start..token.end];
    let Some(last) = glyphs.last() else { return false };
    ENDINGS.iter().filter(|ending| ends_with(ending, last.c)).any(|ending| {
        glyphs.len() >= ending.chars().count() + 3
            && ending.chars().rev().eq(glyphs
                .iter()
                .rev()
                .take(ending.chars().count())
                .map(|glyph| glyph.c))
    })
}

/// Post boxes and military post.
fn post(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    if !matches!(window.char(at)?, Some('p' | 'a' | 'b' | 'c' | 'u')) {
        return Ok(None);
    }
    let spell = |words: &[&str]| -> Result<Option<usize>, Pending> {
        for word in words {
            if let Some(end) = crate::pii::words::spelled(window, at, word)? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    };
    let number_after = |place: usize| -> Result<Option<usize>, Pending> {
        let number = Token::next(window, place)?;
        let fits = matches!(number.shape, Shape::Number)
            && number.gap != Gap::Break
            && number.end - number.start <= 6;
        Ok(fits.then_some(number.end))
    };
    if let Some(end) = spell(&[
        "p.o. box",
        "po box",
        "p.o.box",
        "post office box",
        "postbox",
        "postfach",
        "postboks",
        "apartado",
        "boite postale",
        "casilla",
    ])? {
        return number_after(end);
    }
    let military = spell(&["psc ", "unit ", "cmr "])?;
    let ship = spell(&["usns ", "uss ", "usnv ", "usnv ", "uscgc ", "usav "])?;
    let mut end = if let Some(begin) = military {
        let Some(mut end) = number_after(begin)? else { return Ok(None) };
        let mut next = Token::next(window, end)?;
        if next.shape == Shape::Mark(',') {
            next = Token::next(window, next.end)?;
        }
        if !spelled(window, &next, &["box"]) {
            return Ok(None);
        }
        match number_after(next.end)? {
            Some(box_end) => end = box_end,
            None => return Ok(None),
        }
        end
    } else if let Some(begin) = ship {
        let name = Token::next(window, begin)?;
        if !name.shape.is_word() {
            return Ok(None);
        }
        name.end
    } else {
        return Ok(None);
    };
    // `APO AE 09012`
    let mut line = Token::next(window, end)?;
    if line.shape == Shape::Mark(',') {
        line = Token::next(window, line.end)?;
    }
    if spelled(window, &line, &["apo", "fpo", "dpo"]) {
        let state = Token::next(window, line.end)?;
        if spelled(window, &state, &["aa", "ae", "ap"]) {
            end = number_after(state.end)?.unwrap_or(state.end);
        }
    } else if ship.is_some() {
        return Ok(None);
    }
    Ok(Some(end))
}

/// `the corner of Elm Street and Oak Lane`.
fn corner(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some(place) = crate::pii::words::spelled(window, at, "the corner of ")? else {
        return Ok(None);
    };
    let mut place = place;
    for half in 0..2 {
        let next = Token::next(window, place)?;
        if next.shape == Shape::Number {
            place = next.end;
        }
        let Some(street) = Street::read(window, place)? else { return Ok(None) };
        place = street.end;
        if half == 0 {
            let and = Token::next(window, place)?;
            if !spelled(window, &and, &["and"]) && and.shape != Shape::Mark('&') {
                return Ok(None);
            }
            place = and.end;
        }
    }
    Ok(Some(place))
}

/// Where the parts of a house that follow a street end: `Apt. 4`, `, Suite 5`, on the same line or the next.
fn units(window: &Window<'_>, end: usize) -> Result<usize, Pending> {
    let mut end = end;
    for _ in 0..3 {
        let mut token = Token::next(window, end)?;
        if matches!(token.shape, Shape::Mark(',' | '>' | '?' | '-' | '|')) {
            token = Token::next(window, token.end)?;
            // Marks before each line of a quoted letter.
            for _ in 0..2 {
                if matches!(token.shape, Shape::Mark('>' | '?')) {
                    token = Token::next(window, token.end)?;
                }
            }
        }
        let number = if token.shape == Shape::Mark('#') {
            Token::next(window, token.end)?
        } else if role(&token) & UNIT != 0 {
            let after = Token::next(window, token.end)?;
            if matches!(after.shape, Shape::Mark('.' | '#')) {
                Token::next(window, after.end)?
            } else {
                after
            }
        } else {
            break;
        };
        if number.gap == Gap::Break
            || !matches!(number.shape, Shape::Number | Shape::Code | Shape::Initial)
        {
            break;
        }
        end = number.end;
    }
    Ok(end)
}
