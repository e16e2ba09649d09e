//! What must hold for any bytes that come as a built pack, as the source of one, or as a list of terms.
//!
//! The same functions run over the seed corpus in `cargo test -p yumen-screen`.

#![allow(dead_code, reason = "each target uses one of the checks")]

use yumen_policy::{Digest, SignerKey, SigningKey, Timestamp};
use yumen_screen::{
    Acceptance, Coverage, Import, Pack, PackBuild, PackContents, PackCounts, PackDiff, PackFile,
    PackHeader, PackKeys, PackSource, Screen, Wanted, candidates,
};

/// Whoever signed the seeds, and nothing but the seeds.
fn ana() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Bytes that begin as a pack does are one, or are refused; all others are put into a pack as its contents, whose counts
/// are the first three bytes.
pub(crate) fn pack_open(data: &[u8]) {
    let keys = PackKeys::new([SignerKey::of(&ana())]);
    if PackFile::is_one(data) {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().expect("an instant");
        if let Ok(pack) = Pack::open(data, &keys, now) {
            assert_eq!(pack.digest(), Digest::of(data));
            assert_eq!(pack.signer(), Some(SignerKey::of(&ana())));
        }
        if let Ok(file) = PackFile::read(data)
            && let Ok(source) = file.source(&keys)
        {
            reads_back(&source, &keys);
        }
        return;
    }
    let Some((counts, contents)) = data.split_first_chunk::<3>() else { return };
    let [rules, terms, candidates] = counts.map(usize::from);
    let day = |text: &str| text.parse().expect("a day");
    let header = PackHeader {
        id: "lexicon".into(),
        version: "1".into(),
        issued: day("2026-11-22"),
        expires: day("2026-12-22"),
        owner: "Ana Li".into(),
        markets: Vec::new(),
        counts: PackCounts { rules, terms, candidates },
        contents: PackContents {
            length: contents.len(),
            digest: Digest::of(contents),
            sealed: None,
        },
        key: None,
    };
    let json = serde_json::to_vec(&header).expect("a header is written");
    let length = u32::try_from(json.len()).expect("a header is short").to_le_bytes();
    let seal = Digest::of(&[b"yumen-pack-v1\0".as_slice(), &json].concat());
    let head = [b"\x89YPACK\r\n\x01\0\0\0".as_slice(), &length, &json, seal.as_bytes()].concat();
    let bytes = [head.as_slice(), contents].concat();
    let file = PackFile::read(&bytes).expect("a pack that is well written is read");
    if let Ok(source) = file.source(&keys) {
        reads_back(&source, &keys);
    }
}

/// The bytes before the first zero are the TOML, those after it every file beside it.
pub(crate) fn pack_source(data: &[u8]) {
    let (toml, beside) = match data.iter().position(|byte| *byte == 0) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    rows(beside);
    let Ok(toml) = std::str::from_utf8(toml) else { return };
    if let Ok(source) = PackSource::read(toml.to_owned(), |_| Ok(beside)) {
        reads_back(&source, &PackKeys::default());
    }
}

/// What can be used does the same after it was built; it is the same as itself, and can be counted.
fn reads_back(source: &PackSource, keys: &PackKeys) {
    let Ok(pack) = source.pack() else { return };
    let same = PackDiff::between(source, source).expect("a pack that can be used is compared");
    assert!(same.is_empty());
    let today = "2026-11-22".parse().expect("a day");
    let coverage = Coverage::of([source], today).expect("a pack that can be used is counted");
    assert!(coverage.terms <= coverage.written && coverage.without_risk <= coverage.terms);
    if source.counts().terms < 100 {
        drop(Screen::new(vec![pack]));
    }
    let Ok(built) = source.build(&PackBuild::default()) else { return };
    let again = PackFile::read(&built).and_then(|file| file.source(keys));
    let again = again.expect("what was built is read");
    let (before, after) = (source.counts(), again.counts());
    assert_eq!((before.rules, before.terms), (after.rules, after.terms));
    let same = PackDiff::between(source, &again).expect("both can be used");
    assert!(same.is_empty());
}

/// What was taken in waits; once it was accepted, nothing does.
fn rows(list: &[u8]) {
    let on = "2026-11-22".parse().expect("a day");
    for csv in [false, true] {
        let import = Import { source: "fuzz", category: "", on, csv };
        let Ok((file, done)) = import.add("terms.csv", b"", list) else { continue };
        let waiting = candidates("terms.csv", &file).expect("what was written is read");
        assert_eq!(waiting.len(), done.candidates);
        let (again, twice) = import.add("terms.csv", &file, list).expect("it is read as before");
        assert_eq!((again, twice.candidates), (file.clone(), 0));
        let accept = Acceptance { by: "Ana Li", on, wanted: Wanted::All };
        let (file, done) = accept.of("terms.csv", &file).expect("what was written is read");
        assert_eq!((done.accepted, done.left), (waiting.len(), 0));
        assert!(candidates("terms.csv", &file).is_ok_and(|left| left.is_empty()));
    }
}
