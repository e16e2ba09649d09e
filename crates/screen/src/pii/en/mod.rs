//! Personal data in English sentences: who, where, when, told by words rather than by a form.

pub(super) mod age;
pub(super) mod date;
pub(super) mod honorific;
mod key;
mod lexicon;
mod model;
pub(super) mod nationality;
pub(super) mod street;
pub(super) mod tagger;
mod token;
#[cfg(feature = "train")]
mod train;

pub(super) use key::Key;
pub(super) use lexicon::{Kinds, kinds};
pub(super) use street::opens_street;
pub(super) use token::{Memo, Shape, Token, Tokens};
#[cfg(feature = "train")]
pub use train::{Marked, train};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::normal::{Glyph, LOOK_BACK, Window, fold};
    use crate::pii::{Entity, EntitySet, Gazetteer, PiiState, Readers};

    type Found = Vec<(usize, usize, Entity)>;

    /// What is found when the text comes in pieces of these lengths, and no more of it is kept than may be asked for.
    fn in_pieces(text: &str, pieces: &[usize]) -> Found {
        let mut glyphs = Vec::new();
        for (i, raw) in text.chars().enumerate() {
            fold(raw, |c| glyphs.push(Glyph { c, raw, start: i, end: i + 1 }));
        }
        let readers = Readers::new(Entity::ALL.into_iter().collect::<EntitySet>());
        let mut state = PiiState::default();
        let person = Gazetteer::default();
        let (mut all, mut at, mut come) = (Vec::new(), 0_usize, 0_usize);
        let mut pieces = pieces.iter().cycle();
        loop {
            come = glyphs.len().min(come + pieces.next().copied().unwrap_or(usize::MAX / 2).max(1));
            let first = at.saturating_sub(LOOK_BACK);
            let window = Window::new(&glyphs[first..come], come == glyphs.len());
            let mut found = Vec::new();
            at = first + readers.scan(&window, at - first, &mut state, &person, &mut found);
            all.extend(
                found.into_iter().map(|(place, hit)| (first + place, first + hit.end, hit.entity)),
            );
            if come == glyphs.len() {
                return all;
            }
        }
    }

    const PARTS: &[&str] = &[
        "My name is ",
        "Mr. ",
        "Dear ",
        "Anna",
        "Lindqvist",
        "O'Brien",
        " van der ",
        "K.",
        "Reed, Cole and Hart",
        " Inc.",
        " lives in ",
        "New Zealand",
        "Oslo",
        " 12 Elm Street",
        "Rua Nova 7",
        " Apt. 4",
        "\n",
        ", ",
        ". ",
        " ",
        "\n> ",
        "CA 90210",
        "the corner of ",
        "PO Box 12",
        " 4844",
        "+44 20 7946 0958",
        "212-555-0187",
        " x12",
        "219-09-9998",
        "GB82 WEST 1234 5698 7654 32",
        "10.1.2.3",
        "2001:db8::1",
        "https://a.lanterns.com/x",
        "a.b@parcels.example",
        "password: ",
        "lantern#77",
        "AKIAABCDEFGH2345IJKL",
        "3/5/1989",
        "5 March 2021",
        " at 10:30 pm",
        "61 years old",
        "my card ",
        "4111 1111 1111 1111",
        "Dairy scientist",
        " as a ",
        "Norwegian",
        "I've",
        "说",
        "：",
        "é",
        "-----BEGIN PRIVATE KEY-----\n",
        "a long row of ordinary words that says nothing at all about anybody",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn the_same_is_found_in_whole_texts_and_in_pieces(
            parts in prop::collection::vec(prop::sample::select(PARTS), 1..12),
            pieces in prop::collection::vec(1_usize..20, 1..6),
        ) {
            let text = parts.concat();
            let whole = in_pieces(&text, &[usize::MAX / 2]);
            prop_assert_eq!(&in_pieces(&text, &pieces), &whole, "{}", text);
            prop_assert_eq!(&in_pieces(&text, &[1]), &whole, "{}", text);
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,80}", pieces in prop::collection::vec(1_usize..9, 1..4)) {
            prop_assert_eq!(in_pieces(&text, &pieces), in_pieces(&text, &[usize::MAX / 2]));
        }
    }

    #[test]
    fn the_same_is_found_at_every_split() {
        let text = "Dear Mr. Okonkwo,\n\nAnna Lindqvist (aged 61) lives at 12 Elm Street, Apt. 4, Oslo 0150. Call +47 21 55 50 18 \
            or write to a.l@parcels.example before 5 March 2021. Reed, Cole and Hart Inc.";
        let whole = in_pieces(text, &[usize::MAX / 2]);
        assert!(whole.len() >= 9, "{whole:?}");
        for split in 1..text.len() {
            assert_eq!(in_pieces(text, &[split, usize::MAX / 2]), whole, "{split}");
        }
    }
}
