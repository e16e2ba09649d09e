//! Libraries of terms: taken in, accepted, counted, compared.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use yumen_screen::{
    Acceptance, Coverage, Import, PackDiff, PackSource, Risk, ScreenError, Wanted, candidates,
};

const TOML: &str = r#"
id = "lexicon"
version = "1"
issued = "2026-11-16"
owner = "Ana Li"
source = "invented"
[[category]]
id = "one"
risks = ["A.1.a", "A.2.i"]
text = { en = "One.", zh = "一。" }
[[category]]
id = "other"
text = { en = "Another.", zh = "另一。" }
[[rule]]
id = "lexicon.words"
category = "one"
terms = "terms.csv"
phrases_here
actions = { to_partner = "mask", from_partner = "mask", to_device = "allow", from_device = "allow" }
source = "invented"
[[rule]]
id = "lexicon.phrases"
category = "other"
phrases = ["(lose|drop) the lantern", "lose-the LANTERN"]
actions = { to_partner = "mask", from_partner = "mask", to_device = "allow", from_device = "allow" }
source = "invented"
"#;

fn source(terms: &str) -> PackSource {
    let toml = TOML.replace("phrases_here\n", "");
    PackSource::read(toml, |_| Ok(std::io::Cursor::new(terms.to_owned()))).unwrap()
}

fn active(terms: &[&str]) -> String {
    let rows = terms.iter().map(|term| format!("{term},active,Ana Li\n"));
    std::iter::once("term,status,owner\n".to_owned()).chain(rows).collect()
}

fn coverage(terms: &str, today: &str) -> Coverage {
    Coverage::of([&source(terms)], today.parse().unwrap()).unwrap()
}

#[test]
fn a_variant_counts_once_and_a_candidate_not_at_all() {
    let terms = active(&[
        "red parcel",
        "Red-Parcel",
        "ＲＥＤ ｐａｒｃｅｌ",
        "réd parcel",
        "r3d p4rcel",
        "red p@rcel",
        "reeed parcel",
        "r.e.d.parcel",
        "r\u{200b}ed parcel",
        "аrt", // Cyrillic а
        "art",
        "4rt",
        "丢失的包裹",
        "丟失的包裹",
        "丢失 的 包裹",
        "第三包裹",
        "第叁包裹",
        "第3包裹",
    ]) + "blue parcel,candidate,\nRED PARCEL,candidate,\n";
    let counted = coverage(&terms, "2026-11-20");
    // red parcel, art, 丢失的包裹, 第三包裹; and one phrase.
    assert_eq!((counted.terms, counted.written, counted.candidates), (5, 20, 1));
    let of = |risk: Risk| counted.risks.iter().find(|one| one.risk == risk).unwrap().terms;
    assert_eq!((of(Risk::A1a), of(Risk::A2i), of(Risk::A1b)), (4, 4, 0));
    assert_eq!(counted.without_risk, 1);
}

#[test]
fn a_library_is_complete_with_the_numbers_of_the_standard_and_not_one_less() {
    let risks: Vec<String> = Risk::ALL.iter().map(|risk| format!("{:?}", risk.id())).collect();
    let toml = TOML.replace("phrases_here\n", "");
    let all = toml.replace(r#"["A.1.a", "A.2.i"]"#, &format!("[{}]", risks.join(", ")));
    let count = |terms: usize, today: &str| {
        // No digits: they would be read as letters. Base 20 without repeats of a letter next to itself.
        let word = |n: usize| {
            let digit = |n: usize| char::from(b"bcdfghjkmnpqrvwxyzue"[n % 20]);
            format!("q{}o{}o{}o{}", digit(n / 8000), digit(n / 400), digit(n / 20), digit(n))
        };
        let words: Vec<String> = (0..terms).map(word).collect();
        let csv = active(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let source = PackSource::read(all.clone(), |_| Ok(std::io::Cursor::new(csv.clone())));
        Coverage::of([&source.unwrap()], today.parse().unwrap()).unwrap()
    };
    let enough = count(9_999, "2026-11-23");
    assert_eq!(enough.terms, 10_000);
    assert!(enough.is_complete() && enough.risks.iter().all(|risk| risk.lacks() == 0));
    assert!(!count(9_998, "2026-11-23").is_complete());
    assert!(!count(9_999, "2026-11-24").is_fresh());
    let few = count(150, "2026-11-23");
    let lacks = |risk: Risk| few.risks.iter().find(|one| one.risk == risk).unwrap().lacks();
    assert_eq!((lacks(Risk::A1h), lacks(Risk::A2a), lacks(Risk::A5b)), (50, 0, 0));
}

#[test]
fn a_difference_is_in_terms_not_in_how_they_are_written() {
    let old = source(&active(&["red parcel", "blue parcel", "green parcel"]));
    let same = source(&active(&["green parcel", "RED-PARCEL", "ｂｌｕｅ parcel", "red parcel"]));
    assert!(PackDiff::between(&old, &same).unwrap().is_empty());
    let new = source(
        &format!("{}green parcel,active,Ana Li\n", active(&["red parcel", "white parcel"]))
            .replace("status,owner\n", "status,owner,severity\n")
            .replace("Ana Li\n", "Ana Li,\n")
            .replace("green parcel,active,Ana Li,", "green parcel,active,Ana Li,4"),
    );
    let diff = PackDiff::between(&old, &new).unwrap();
    let one = &diff.terms["one"];
    let words = |of: &std::collections::BTreeSet<String>| of.iter().cloned().collect::<Vec<_>>();
    assert_eq!(words(&one.added), ["white parcel"]);
    assert_eq!(words(&one.removed), ["blue parcel"]);
    assert_eq!(words(&one.changed), ["green parcel"]);
    assert!(diff.rules_changed.is_empty() && diff.categories_changed.is_empty());
}

fn import(before: &[u8], list: &str, csv: bool) -> (Vec<u8>, yumen_screen::Imported) {
    let on = "2026-11-22".parse().unwrap();
    let import = Import { source: "a list", category: "one", on, csv };
    import.add("terms.csv", before, list.as_bytes()).unwrap()
}

#[test]
fn what_is_taken_in_waits_and_what_is_left_out_is_said() {
    let list = "red parcel\n\nRED-parcel\nhttps://a.example/x\nshop.example\n灯\n--\n丢失, 包裹\n";
    let long = "x".repeat(129);
    let (file, done) = import(b"", &format!("{list}{long}\nthe end.\n"), false);
    assert_eq!(done.candidates, 3);
    let left = &done.left_out;
    assert_eq!((&left.duplicates[..], &left.addresses[..]), (&[3_u64][..], &[4_u64, 5][..]));
    assert_eq!(
        (&left.single[..], &left.empty[..], &left.too_long[..]),
        (&[6_u64][..], &[7_u64][..], &[9_u64][..])
    );
    let waiting = candidates("terms.csv", &file).unwrap();
    let terms: Vec<_> = waiting.iter().map(|one| one.term.as_str()).collect();
    assert_eq!(terms, ["red parcel", "丢失, 包裹", "the end."]);
    assert!(waiting.iter().all(|one| one.category == "one" && one.source == "a list"));
    // Taken in as CSV behind it: only what is new.
    let (file, done) = import(&file, "Category,TERM\nother,Red Parcel\nother,kite\n", true);
    assert_eq!((done.candidates, done.left_out.duplicates), (1, vec![2]));
    assert_eq!(candidates("terms.csv", &file).unwrap()[3].category, "other");
    let broken = Import { source: "", category: "", on: "2026-11-22".parse().unwrap(), csv: true };
    assert!(matches!(broken.add("t", b"", b"word\nx\n"), Err(ScreenError::Row { line: 1, .. })));
    let plain = Import { csv: false, ..broken.clone() };
    let (_, unread) = plain.add("t", b"", b"ok word\n\xff\xfe\n").unwrap();
    assert_eq!(unread.left_out.unreadable, [2]);
}

#[test]
fn whoever_accepts_stands_beside_the_term() {
    let (file, _) = import(b"", "red parcel\nblue parcel\ngreen parcel\n", false);
    let waiting = candidates("terms.csv", &file).unwrap();
    let accept = |file: &[u8], by: &str, wanted: Wanted| {
        Acceptance { by, on: "2026-11-23".parse().unwrap(), wanted }.of("terms.csv", file)
    };
    let ids = Wanted::Ids([waiting[1].id.clone()].into());
    let (file, done) = accept(&file, "Ana Li", ids).unwrap();
    assert_eq!((done.accepted, done.left), (1, 2));
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(
        text.contains(
            "blue parcel,one,,,,active,Ana Li,a list,2026-11-22,accepted 2026-11-23 by Ana Li\n"
        ),
        "{text}"
    );
    assert_eq!(source(&text).counts().terms, 1 + 2, "and two phrases");
    let (file, done) = accept(&file, "Wei", Wanted::Listed("RED  parcel\n".into())).unwrap();
    assert_eq!((done.accepted, done.left), (1, 1));
    let unknown = accept(&file, "Wei", Wanted::Ids(["tffffffffffff".to_owned()].into()));
    assert_eq!(unknown.unwrap().1.unknown, ["tffffffffffff"]);
    let (file, done) = accept(&file, "Wei", Wanted::Category("one".into())).unwrap();
    assert_eq!((done.accepted, done.left), (1, 0));
    assert!(accept(&file, "  ", Wanted::All).is_err(), "somebody has to answer for it");
}
