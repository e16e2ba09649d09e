//! What must hold for every text however it is cut: the same glyphs, and exact places.

use proptest::prelude::*;

use super::{Glyph, Normaliser, Ruler, fold};

/// Text with much that folds to nothing, to one character or to several.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => any::<char>().prop_map(String::from),
        3 => "[a-zA-Z0-9 .,!@-]{1,6}",
        3 => "[一-龥]{1,4}",
        1 => "[а-яΑ-ω①-⓿]{1,3}",
        1 => (1_usize..30).prop_map(|n| "\u{200b}\u{301}".repeat(n)),
        1 => Just("ﷺ🇨🇳👩‍👩‍👧㍿".to_owned()),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// The rule itself, in its plainest form: which characters are kept, and what each becomes.
fn plainly(text: &str) -> (Vec<Glyph>, String) {
    let (mut glyphs, mut kept, mut invisible) = (Vec::new(), String::new(), 0);
    for raw in text.chars() {
        let mut forms = Vec::new();
        fold(raw, |c| forms.push(c));
        invisible = if forms.is_empty() { invisible + 1 } else { 0 };
        if invisible > 8 {
            continue;
        }
        let start = kept.len();
        kept.push(raw);
        let end = kept.len();
        glyphs.extend(forms.into_iter().map(|c| Glyph { c, raw, start, end }));
    }
    (glyphs, kept)
}

fn pieces<'t>(text: &'t str, cuts: &[prop::sample::Index]) -> Vec<&'t str> {
    let mut places: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
    places.push(text.len());
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| *cut.get(&places)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn cuts_change_nothing_and_every_place_is_exact(
        text in text(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let (glyphs, kept) = plainly(&text);
        let (mut normaliser, mut ruler) = (Normaliser::default(), Ruler::default());
        let (mut found, mut built, mut held) = (Vec::new(), String::new(), 0);
        for piece in pieces(&text, &cuts) {
            let before = built.len();
            normaliser.push(piece, &mut found);
            let mut at = before;
            let parts: Vec<&str> = normaliser.kept(piece).collect();
            for (part, run) in parts.iter().zip(normaliser.removed()) {
                at += part.len();
                ruler.removed(at, &piece[run.clone()]);
            }
            built.extend(parts);
            prop_assert_eq!(normaliser.position(), built.len());
        }
        prop_assert_eq!(&found, &glyphs);
        prop_assert_eq!(&built, &kept);
        for glyph in &glyphs {
            // Lets the text go piece by piece, as a stream does.
            if glyph.start >= held + 7 {
                ruler.pass(&kept[held..glyph.start]);
                held = glyph.start;
            }
            let span = ruler.span(&kept[held..], glyph.start..glyph.end);
            let mut one = [0; 4];
            prop_assert_eq!(&text[span.bytes.clone()], &*glyph.raw.encode_utf8(&mut one));
            let before = &text[..span.bytes.start];
            prop_assert_eq!(span.chars, before.chars().count()..before.chars().count() + 1);
            let utf16 = before.encode_utf16().count();
            prop_assert_eq!(span.utf16, utf16..utf16 + glyph.raw.len_utf16());
        }
    }
}

#[test]
fn a_long_run_of_invisible_characters_is_cut_short_once() {
    let (mut normaliser, mut out) = (Normaliser::default(), Vec::new());
    let text = format!("a{}b", "\u{200b}".repeat(20));
    normaliser.push(&text, &mut out);
    assert_eq!(normaliser.kept(&text).collect::<String>(), format!("a{}b", "\u{200b}".repeat(8)));
    assert_eq!(normaliser.take_shortened(), 1);
    assert_eq!(normaliser.take_shortened(), 0);
    assert_eq!((out.len(), out[1].start), (2, 25));
}
