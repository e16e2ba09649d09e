//! Built packs: what is signed opens, and nothing else does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use proptest::prelude::*;
use yumen_policy::{Digest, SignerKey, SigningKey, Timestamp};
use yumen_screen::{
    Pack, PackBuild, PackFile, PackKeys, PackSecret, PackSource, Screen, ScreenError, ToPartner,
};

/// Harmless, invented.
const TOML: &str = r#"
id = "lexicon"
version = "2026.11.1"
issued = "2026-11-22"
expires = "2026-12-01"
owner = "Ana Li"
markets = ["sandbox"]
source = "invented"
[[category]]
id = "parcels"
risks = ["A.4.a"]
text = { en = "It is about parcels.", zh = "涉及包裹。" }
[[rule]]
id = "lexicon.words"
terms = "terms.csv"
category = "parcels"
actions = { to_partner = "mask", from_partner = "mask", to_device = "allow", from_device = "allow" }
source = "invented"
"#;

const TERMS: &str = "term,category,severity,action,status,owner,source,added\n\
    lost parcel,,,,active,Ana Li,invented,2026-11-20\n丢失的包裹,,3,,active,Wei,invented,\n\
    green lantern,,,,candidate,,import,\n";

fn source(terms: &str) -> PackSource {
    PackSource::read(TOML.to_owned(), |_| Ok(std::io::Cursor::new(terms.to_owned()))).unwrap()
}

fn ana() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn keys() -> PackKeys {
    PackKeys::new([SignerKey::of(&ana())])
}

fn secret(digit: char) -> PackSecret {
    PackSecret::parse(&digit.to_string().repeat(64)).unwrap()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-23T00:00:00Z")
}

fn signed(build: &PackBuild) -> Vec<u8> {
    let unsigned = source(TERMS).build(build).unwrap();
    PackFile::read(&unsigned).unwrap().sign(&ana()).unwrap()
}

fn sealed() -> PackBuild {
    PackBuild { secret: Some((secret('a'), [1; 12])), ..PackBuild::default() }
}

fn masked(pack: Pack, text: &str) -> String {
    let screen = Screen::new(vec![pack]).unwrap();
    screen.whole(text.to_owned(), ToPartner).unwrap().0.into_inner()
}

#[test]
fn what_was_built_and_signed_does_what_its_source_does() {
    let text = "Your lost parcel, 丢失的包裹, green lantern";
    let there = masked(source(TERMS).pack().unwrap(), text);
    assert_eq!(there, "Your ⟦withheld⟧, ⟦withheld⟧, green lantern");
    let mut with_secret = keys();
    with_secret.add_secret(secret('b'));
    with_secret.add_secret(secret('a'));
    for build in [PackBuild::default(), sealed()] {
        let bytes = signed(&build);
        let pack = Pack::open(&bytes, &with_secret, now()).unwrap();
        assert_eq!(
            (pack.id(), pack.version(), pack.owner()),
            ("lexicon", "2026.11.1", Some("Ana Li"))
        );
        assert_eq!(
            (pack.digest(), pack.signer()),
            (Digest::of(&bytes), Some(SignerKey::of(&ana())))
        );
        assert_eq!(masked(pack, text), there);
    }
}

#[test]
fn the_head_is_readable_and_the_contents_of_an_encrypted_pack_are_not() {
    let (plain, sealed) = (signed(&PackBuild::default()), signed(&sealed()));
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|at| at == text.as_bytes());
    assert!(has(&plain, "lost parcel") && has(&plain, "invented"));
    assert!(!has(&sealed, "lost parcel") && !has(&sealed, "invented"));
    let file = PackFile::read(&sealed).unwrap();
    assert_eq!(file.header().owner, "Ana Li");
    let counts = file.header().counts;
    assert_eq!((counts.rules, counts.terms, counts.candidates), (1, 2, 1));
    assert!(!has(&plain, "green lantern"), "nobody accepted it");
}

#[test]
fn each_reason_to_refuse_a_pack_is_its_own() {
    let bytes = signed(&sealed());
    let why = |keys: &PackKeys, now| Pack::open(&bytes, keys, now).unwrap_err();
    let mut both = keys();
    both.add_secret(secret('a'));
    assert!(matches!(why(&keys(), now()), ScreenError::PackSecret { .. }));
    assert!(matches!(why(&PackKeys::default(), now()), ScreenError::PackKey { .. }));
    assert!(matches!(why(&both, at("2026-12-01T00:00:00Z")), ScreenError::PackExpired { .. }));
    assert!(Pack::open(&bytes, &both, at("2026-11-30T23:59:59Z")).is_ok());
    // The day has begun in the Pacific.
    assert!(Pack::open(&bytes, &both, at("2026-11-21T10:00:00Z")).is_ok());
    assert!(matches!(why(&both, at("2026-11-21T09:59:59Z")), ScreenError::PackTooEarly { .. }));
    let unsigned = source(TERMS).build(&PackBuild::default()).unwrap();
    let refused = Pack::open(&unsigned, &both, now()).unwrap_err();
    assert!(matches!(refused, ScreenError::PackUnsigned(_)));
    assert_eq!(refused.help(), Some("`yumen pack sign` signs a pack"));
    assert!(matches!(Pack::open(TOML.as_bytes(), &both, now()), Err(ScreenError::PackForm(_))));
    let pack = Pack::open(&bytes, &both, now()).unwrap();
    assert!(matches!(pack.in_market(&"cn".parse().unwrap()), Err(ScreenError::PackMarket { .. })));
}

#[test]
fn another_secret_of_the_same_fingerprint_does_not_open_it() {
    let mut bytes = source(TERMS).build(&sealed()).unwrap();
    // Somebody writes the fingerprint of another secret into the header, and signs that.
    let [a, b] = ['a', 'b'].map(|digit| secret(digit).fingerprint());
    let place = bytes.windows(16).position(|at| at == a.as_bytes()).unwrap();
    bytes[place..place + 16].copy_from_slice(b.as_bytes());
    let resealed = reseal(&bytes);
    let mut keys = keys();
    keys.add_secret(secret('b'));
    let forged = PackFile::read(&resealed).unwrap().sign(&ana()).unwrap();
    assert!(matches!(Pack::open(&forged, &keys, now()), Err(ScreenError::PackSealed(_))));
}

/// A pack that nobody signed, with the digest of what its header says now.
fn reseal(bytes: &[u8]) -> Vec<u8> {
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let (head, rest) = bytes.split_at(16 + length);
    let digest = Digest::of(&[b"yumen-pack-v1\0", &head[16..]].concat());
    [head, digest.as_bytes(), &rest[32..]].concat()
}

#[test]
fn no_byte_of_a_pack_may_be_another() {
    let mut keys = keys();
    keys.add_secret(secret('a'));
    for bytes in [signed(&PackBuild::default()), signed(&sealed())] {
        for place in 0..bytes.len() {
            for change in [0x01, 0x20, 0x80, 0xff] {
                let mut other = bytes.clone();
                other[place] ^= change;
                assert!(Pack::open(&other, &keys, now()).is_err(), "byte {place} ^ {change:#x}");
            }
        }
        for cut in 0..bytes.len() {
            assert!(Pack::open(&bytes[..cut], &keys, now()).is_err(), "cut at {cut}");
        }
        assert!(Pack::open(&[bytes.as_slice(), b" "].concat(), &keys, now()).is_err());
    }
    let unsigned = source(TERMS).build(&PackBuild::default()).unwrap();
    for place in 0..unsigned.len() {
        let mut other = unsigned.clone();
        other[place] ^= 1;
        let read = PackFile::read(&other).and_then(|file| file.source(&keys));
        assert!(read.is_err(), "byte {place} of a pack that nobody signed");
    }
}

#[test]
fn a_release_pins_whose_pack_it_is_and_not_this_weeks_terms() {
    let pack = |version: &str, terms: &str, key: &SigningKey| {
        let build = PackBuild { version: Some(version.to_owned()), ..PackBuild::default() };
        let unsigned = source(terms).build(&build).unwrap();
        let bytes = PackFile::read(&unsigned).unwrap().sign(key).unwrap();
        let keys = PackKeys::new([SignerKey::of(key)]);
        Screen::new(vec![Pack::open(&bytes, &keys, now()).unwrap()]).unwrap()
    };
    let monday = pack("1", TERMS, &ana());
    let week_after = pack("2", &TERMS.replace("lost parcel", "late parcel"), &ana());
    let by_another = pack("1", TERMS, &SigningKey::from_bytes(&[8; 32]));
    assert_eq!(monday.digest(), week_after.digest());
    assert_ne!(monday.revision(), week_after.revision());
    assert_ne!(monday.digest(), by_another.digest());
}

#[test]
fn a_file_of_keys_says_whose_each_is() {
    let key = SignerKey::of(&ana());
    let text = format!("# operators\n\n{key}  Ana Li # since 2026\n");
    let keys = PackKeys::parse(&text).unwrap();
    assert!(keys.is_trusted(&key));
    assert_eq!(keys.holder(&key), Some("Ana Li"));
    let wrong = PackKeys::parse("# one\ned25519:00 Wei").unwrap_err();
    assert!(wrong.to_string().starts_with("line 2: "), "{wrong}");
}

/// A term or a cell: letters of any script, and what CSV has to quote.
fn cell() -> impl Strategy<Value = String> {
    "[a-z][a-zA-Z \",'é包裹灯笼\n]{0,12}".prop_map(|text| text.trim().to_owned())
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever the rows say: what was built reads back, and builds to the same file.
    #[test]
    fn what_is_read_from_a_built_pack_builds_the_same(
        rows in prop::collection::vec((cell(), cell(), any::<bool>(), 1_u8..=4), 0..40),
        encrypt in any::<bool>(),
    ) {
        let mut terms = "term,owner,status,severity\n".to_owned();
        for (term, owner, active, severity) in &rows {
            let status = if *active { "active" } else { "candidate" };
            writeln!(terms, "{},{},{status},{severity}", quoted(term), quoted(owner)).unwrap();
        }
        let build = if encrypt { sealed() } else { PackBuild::default() };
        let mut keys = keys();
        keys.add_secret(secret('a'));
        let first = source(&terms).build(&build).unwrap();
        let file = PackFile::read(&first).unwrap();
        let again = file.source(&keys).unwrap();
        prop_assert_eq!(again.counts().terms, rows.iter().filter(|row| row.2).count());
        let second = again.build(&build).unwrap();
        let contents = |bytes: &[u8]| PackFile::read(bytes).unwrap().header().contents.clone();
        prop_assert_eq!(contents(&first), contents(&second));
    }

    /// No bytes make the reader panic, and none are believed.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), head in any::<bool>()) {
        let bytes = if head { [b"\x89YPACK\r\n\x01\0\0\0".as_slice(), &bytes].concat() } else { bytes };
        prop_assert!(Pack::open(&bytes, &keys(), now()).is_err());
    }
}
