//! Packs as their makers write them: TOML, and terms in CSV beside it.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};

use yumen_screen::{Notice, Pack, PackSource, Screen, ScreenError, ToPartner};

/// Harmless, invented: what is said about parcels and lanterns.
const LEXICON: &str = r#"
id = "lexicon"
version = "2026.11.1"
issued = "2026-11-22"
expires = "2027-01-01"
owner = "Ana Li"
markets = ["cn", "sandbox"]
source = "invented"

[[category]]
id = "parcels"
risks = ["A.4.a"]
text = { en = "It is about lost parcels.", zh = "涉及丢失的包裹。" }

[[category]]
id = "lanterns"
risks = ["A.2.i"]
text = { en = "It is about lanterns.", zh = "涉及灯笼。" }
appeal = { en = "Write to the lantern office.", zh = "请致函灯笼办公室。" }

[[rule]]
id = "lexicon.words"
terms = "terms.csv"
category = "parcels"
placeholder = "parcel"
actions = { to_partner = "mask", from_partner = "mask", to_device = "allow", from_device = "allow" }
source = "invented"

[[rule]]
id = "lexicon.later"
status = "candidate"
phrases = ["paper boat"]
category = "parcels"
actions = { to_partner = "refuse", from_partner = "mask", to_device = "allow", from_device = "allow" }
source = "invented"

[[rule]]
id = "lexicon.over"
expires = "2026-12-01"
phrases = ["kite string"]
text = { en = "Kites.", zh = "风筝。" }
text_in = { cn = { en = "Kites in China.", zh = "中国的风筝。" } }
actions = { to_partner = "mask", from_partner = "mask", to_device = "allow", from_device = "allow" }
source = "invented"
"#;

const TERMS: &str = "\u{feff}term,category,severity,action,status,owner,source,added,note
lost parcel,,,,active,Ana Li,invented,2026-11-20,
丢失的包裹,,,,active,Ana Li,invented,2026-11-20,
\"red, lantern\",lanterns,3,,active,Wei,invented,2026-11-21,\"said \"\"often\"\"\"
broken lantern,lanterns,,to_partner=refuse,active,Wei,invented,,
green lantern,lanterns,,,candidate,,import,,
blue lantern,lanterns,,,,,import,,
";

fn source(toml: &str, terms: &str) -> Result<PackSource, ScreenError> {
    let files = BTreeMap::from([("terms.csv", terms.to_owned())]);
    PackSource::read(toml.to_owned(), |name| {
        let text = files.get(name).cloned().ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        Ok(std::io::Cursor::new(text))
    })
}

fn pack(toml: &str, terms: &str) -> Result<Pack, ScreenError> {
    source(toml, terms)?.pack()
}

fn told(screen: &Screen, text: &str) -> (String, Vec<Notice>) {
    match screen.whole(text.to_owned(), ToPartner) {
        Ok((text, notices)) => (text.into_inner(), notices),
        Err(refusal) => ("refused".to_owned(), refusal.notices),
    }
}

#[test]
fn rows_become_rules_with_what_they_say_otherwise() {
    let screen = Screen::new(vec![pack(LEXICON, TERMS).unwrap()]).unwrap();
    for (text, out, code, en) in [
        ("A Lost-Parcel!", "A ⟦parcel⟧!", "lexicon.words", "It is about lost parcels."),
        ("我丢失的包裹在哪", "我⟦parcel⟧在哪", "lexicon.words", "It is about lost parcels."),
        ("a red lantern", "a ⟦parcel⟧", "lexicon.words.lanterns.s3", "It is about lanterns."),
        (
            "a broken lantern",
            "refused",
            "lexicon.words.lanterns.to_partner-refuse",
            "It is about lanterns.",
        ),
    ] {
        let (masked, notices) = told(&screen, text);
        assert_eq!(masked, out, "{text}");
        assert_eq!((notices[0].code.as_str(), notices[0].text.en.as_str()), (code, en));
    }
}

#[test]
fn a_candidate_is_never_looked_for() {
    let screen = Screen::new(vec![pack(LEXICON, TERMS).unwrap()]).unwrap();
    for text in ["a green lantern", "a blue lantern", "a paper boat"] {
        assert_eq!(told(&screen, text), (text.to_owned(), Vec::new()));
    }
}

#[test]
fn a_rule_that_is_over_is_not_looked_for_and_a_market_has_its_own_words() {
    let pack = pack(LEXICON, TERMS).unwrap();
    let kite = |pack: Pack| told(&Screen::new(vec![pack]).unwrap(), "a kite string").1;
    assert_eq!(kite(pack.clone())[0].text.en, "Kites.");
    let here = pack.clone().in_market(&"cn".parse().unwrap()).unwrap();
    assert_eq!(kite(here)[0].text.en, "Kites in China.");
    let us = pack.clone().in_market(&"us".parse().unwrap()).unwrap_err();
    assert_eq!(us.to_string(), "the pack `lexicon` is made for cn, sandbox, not for us");
    assert_eq!(
        pack.next_change("2026-11-22".parse().unwrap()),
        Some("2026-12-01".parse().unwrap())
    );
    assert_eq!(kite(pack.clone().on("2026-11-30".parse().unwrap())).len(), 1);
    assert_eq!(kite(pack.clone().on("2026-12-01".parse().unwrap())).len(), 0);
    assert_eq!(pack.next_change("2026-12-01".parse().unwrap()), pack.expires());
}

#[test]
fn mistakes_are_named_by_file_line_and_rule() {
    let of = |toml: &str, terms: &str| pack(toml, terms).unwrap_err().to_string();
    let terms = |from: &str, to: &str| of(LEXICON, &TERMS.replacen(from, to, 1));
    let toml = |from: &str, to: &str| of(&LEXICON.replacen(from, to, 1), TERMS);
    for (said, expected) in [
        (
            terms("lanterns,3", "lantern,3"),
            "line 22: terms.csv, line 4: the pack has no category `lantern`",
        ),
        (terms("lanterns,3", "lanterns,5"), "terms.csv, line 4: a severity is 1, 2, 3 or 4"),
        (terms("=refuse", "=refused"), "line 22: terms.csv, line 5: `refused` is no action"),
        (terms("2026-11-21", "21.11."), "terms.csv, line 4: `21.11.` is no day: write 2026-11-22"),
        (
            terms("lost parcel,", "--,"),
            "terms.csv, line 2: a term has at least one letter or digit",
        ),
        (
            terms("active,Wei", "active,"),
            "terms.csv, line 4: an active term needs its owner; `yumen pack accept` writes who accepted it",
        ),
        (
            terms("severity", "severe"),
            "terms.csv, line 1: `severe` is no column; there are term, category, severity, action, views, status, owner, source, added, note",
        ),
        (toml("terms.csv", "more.csv"), "the file `more.csv` beside the pack: entity not found"),
        (
            toml("terms.csv", "../terms.csv"),
            "the file `../terms.csv` beside the pack: write a file's name, without a folder",
        ),
        (
            toml("category = \"parcels\"", "category = \"parcel\""),
            "line 22: rule `lexicon.words`: the pack has no category `parcel`",
        ),
        (
            toml("id = \"lexicon.over\"", "id = \"Over\""),
            "line 38: rule `Over`: an id is made of a-z, 0-9, `.`, `_` and `-`",
        ),
        (
            toml("text = { en = \"Kites.\", zh = \"风筝。\" }", ""),
            "line 38: rule `lexicon.over`: the notice needs its text in English and in Chinese, of the rule or of its category",
        ),
        (
            toml("phrases = [\"kite string\"]", "phrases = [\"kite\"]\ndetector = \"email\""),
            "line 38: rule `lexicon.over`: give one of `detector`, ",
        ),
    ] {
        assert!(said.starts_with(expected), "{said} is not {expected}");
    }
    assert_eq!(
        toml("category = \"parcels\"\nplaceholder", "placeholder"),
        "line 22: terms.csv, line 2: it has no category, and its rule neither a category nor a text"
    );
    assert!(toml("A.4.a", "A.4.h").contains("a risk is one of A.1.a to A.1.h"));
}
