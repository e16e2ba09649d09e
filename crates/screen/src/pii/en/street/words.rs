//! The words by which addresses are told, and what each is in one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::normal::{Window, folded};
use crate::pii::en::key::number_of;
use crate::pii::en::token::Token;

/// Words after the name of a street, which are words of a street wherever they stand.
const SUFFIXES: &str = "street st road rd avenue ave av boulevard blvd lane ln drive dr terrace crescent cres \
    highway hwy parkway pkwy str strasse straße straat gate gata gatan vei veien vej vagen väg \
    weg platz allee utca ut u ter katu tie ulice trg cesta namesti plein laan gracht kade \
    puiestee tanav jalan marg nagar";

/// Those that are other words too: only after a number and a name.
const PLAIN_SUFFIXES: &str = "way close court ct place pl square sq circle cir trail trl loop alley row walk mews grove \
    gardens green hill park plaza point pass path pike ridge run view vista bypass causeway \
    center cove creek crossing crest dale estate estates falls field fields flat forest fork \
    forks forge forges freeway gateway glen harbor haven heights hills hollow inlet island isle \
    junction keys knoll knolls lake lakes landing lodge manor meadow meadows mill mills mission \
    motorway mountain neck orchard oval overpass parade parks passage pine pines plain plains \
    port ports prairie radial ramp ranch rapids rest river route shoal shoals shore shores \
    spring springs spur squares station stravenue stream streets summit throughway trace track \
    trafficway tunnel turnpike underpass union unions valley valleys via viaduct village ville \
    walks wall ways well wells bay end rise quay wharf dam divide curve corner common club cliff \
    burg brook bridge branch bottom bluff bend beach bayou arcade annex canyon cape camp ford \
    garden light locks mount skyway";

/// Words before the name of a street.
const PREFIXES: &str = "rue rua ruta via viale vicolo corso piazza piazzale largo calle c/ avenida avda avd av ave \
    avenue paseo plaza praça praca travessa estrada rodovia carrer carretera camino ronda \
    boulevard bd place quai chemin impasse allee route cours ul ulica ulice aleja al plac os \
    osiedle namesti trida strada str bulevardul jalan jl lorong odos leoforos λ οδος λεωφορος \
    улица ул проспект пр переулок lange korte am auf im zum zur an unter rúa cité lugar \
    urbanizacion barrio sitio fazenda alameda contrada localita strand";

/// How words for streets of one piece end.
const ENDINGS: &str = "strasse strase straße str gasse weg platz allee damm ufer ring graben steig straat laan \
    plein gracht kade dijk singel dreef hof gatan gata gate gaten vägen vagen väg vag veien \
    vegen vei vej vegur vegi stien stigen gränd grand torget allén alle gade stræde straede katu \
    kuja tie polku ranta raitti krogen stræti straeti braut bakken haugen svingen terrasse utca \
    stieg markt gården lia";

/// Small words inside the names of streets.
const INNER: &str = "de la del da do dos das di du des le les van von der den the al el y e of dr i na zum św sv \
    gen ks u st str út utca tér gate street road lane avenue drive";

/// What tells a part of a house.
const UNITS: &str = "apt apartment suite ste unit room rm floor fl flat bldg building dept house block tower \
    level lot box stair door piso etage office lobby wing storey int interior stiege top";

/// Words before an address.
pub(super) const SAID: &[&str] = &[
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
pub(super) const AT: &[&str] =
    &["at", "on", "to", "is", "in", "of", "near", "from", ":", "address", "it's", "@"];

pub(super) const SUFFIX: u8 = 1;
pub(super) const PLAIN_SUFFIX: u8 = 2;
pub(super) const PREFIX: u8 = 4;
pub(super) const UNIT: u8 = 8;
pub(super) const SMALL: u8 = 16;

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
        for word in words.split_whitespace() {
            *roles.entry(number_of(&folded(word))).or_default() |= role;
        }
    }
    roles
});

/// [`ENDINGS`] by their characters.
static ENDED: LazyLock<Vec<Box<[char]>>> =
    LazyLock::new(|| ENDINGS.split_whitespace().map(|ending| ending.chars().collect()).collect());

/// A bit for each of the words by the last bits of its number: most words are none of them, and are not looked up.
static PERHAPS: LazyLock<[u64; PERHAPS_WORDS]> = LazyLock::new(|| {
    let mut perhaps = [0; PERHAPS_WORDS];
    for number in ROLES.keys() {
        let (word, bit) = perhaps_at(*number);
        perhaps[word] |= bit;
    }
    perhaps
});

/// Ten bits for each word.
const PERHAPS_WORDS: usize = 64;

fn perhaps_at(number: u64) -> (usize, u64) {
    ((number >> 6) as usize % PERHAPS_WORDS, 1 << (number % u64::from(u64::BITS)))
}

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
pub(super) fn role(word: &Token) -> u8 {
    role_of(word.key.number())
}

pub(super) fn role_of(number: u64) -> u8 {
    let (word, bit) = perhaps_at(number);
    if PERHAPS[word] & bit == 0 { 0 } else { ROLES.get(&number).copied().unwrap_or(0) }
}

/// Whether a token is one of these words.
pub(super) fn spelled(window: &Window<'_>, token: &Token, words: &[&str]) -> bool {
    let glyphs = &window.glyphs()[token.start..token.end];
    words.iter().any(|word| word.chars().eq(glyphs.iter().map(|glyph| glyph.c)))
}

/// Whether a word ends as words for streets do, with three letters or more before that.
pub(super) fn ends(window: &Window<'_>, token: &Token) -> bool {
    let glyphs = &window.glyphs()[token.start..token.end];
    let Some(last) = glyphs.last() else { return false };
    ENDED.iter().filter(|ending| ending.last() == Some(&last.c)).any(|ending| {
        glyphs.len() >= ending.len() + 3
            && ending.iter().rev().eq(glyphs.iter().rev().take(ending.len()).map(|glyph| &glyph.c))
    })
}
