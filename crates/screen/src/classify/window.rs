//! A text in windows, each scored as soon as it ends.
//!
//! A window ends with a line, with the first sentence that ends after [`SENTENCE_AFTER`] characters, or at [`MOST_CHARS`].
//! So a comment or a paragraph of ordinary length is scored as a whole, as the examples were that a model is trained on.

use crate::normal::Glyph;

use super::grams::Grams;
use super::model::Model;

/// From this many characters on, the end of a sentence ends the window.
pub(super) const SENTENCE_AFTER: usize = 128;
/// The most characters of a window.
pub(super) const MOST_CHARS: usize = 512;

/// What a model says of one window, label by label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    /// The first byte of the window, from the start of the text.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
    /// Which of the model's labels.
    pub(crate) label: u16,
    /// The probability of the label, 0 to 1.
    pub(crate) score: f32,
}

/// A model reading one text, character by character. The model is given with each call and must stay the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct WindowReader {
    grams: Grams,
    /// The first byte of the window; it has one when `chars` is not 0.
    start: usize,
    end: usize,
    chars: usize,
    /// How many runs were counted.
    count: u32,
    sums: Vec<i64>,
    before: Option<char>,
}

impl WindowReader {
    /// Reads one normalised character; what it completes is added to `found`.
    #[inline]
    pub(crate) fn step(&mut self, model: &Model, glyph: Glyph, found: &mut Vec<Judged>) {
        // A character that is normalised to several may not be cut in two.
        if self.closes(glyph) {
            self.finish(model, found);
        }
        if self.chars == 0 {
            if glyph.c.is_whitespace() {
                return;
            }
            self.start = glyph.start;
            self.sums.clear();
            self.sums.resize(model.labels().len(), 0);
        }
        self.chars += 1;
        self.end = glyph.end;
        self.before = Some(glyph.c);
        let (sums, count) = (&mut self.sums, &mut self.count);
        self.grams.push(glyph.c, model.order(), |hash| {
            *count += 1;
            model.table().add(hash, sums);
        });
    }

    /// The text ends here.
    pub(crate) fn finish(&mut self, model: &Model, found: &mut Vec<Judged>) {
        if self.chars == 0 {
            return;
        }
        let (sums, count) = (&mut self.sums, &mut self.count);
        self.grams.finish(model.order(), |hash| {
            *count += 1;
            model.table().add(hash, sums);
        });
        for (label, sum) in (0..).zip(&self.sums) {
            let score = model.probability(label, *sum, self.count);
            found.push(Judged { start: self.start, end: self.end, label: u16::from(label), score });
        }
        self.chars = 0;
        self.count = 0;
        self.before = None;
    }

    /// The first byte of what is not judged yet; `None` when nothing is open.
    pub(crate) fn hold(&self) -> Option<usize> {
        (self.chars > 0).then_some(self.start)
    }

    /// Whether the window ends before this character.
    fn closes(&self, next: Glyph) -> bool {
        if self.chars == 0 || next.start < self.end {
            return false;
        }
        // What ends the line is no part of it: it stays where the line is masked.
        if matches!(next.c, '\n' | '\r') {
            return true;
        }
        let sentence = match self.before {
            Some('。' | '!' | '?') => true, // the full-width ones are normalised to these
            Some('.') => next.c.is_whitespace(),
            _ => false,
        };
        self.chars >= MOST_CHARS || self.chars >= SENTENCE_AFTER && sentence
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::Scored;
    use super::super::{Example, Options};
    use super::*;

    fn lanterns() -> Model {
        let example = |at: usize| {
            let (text, label) = if at.is_multiple_of(2) {
                ("the lantern burns badly 灯笼很糟糕", "complaint")
            } else {
                ("the parcel came in time 包裹很好", "")
            };
            let labels = Some(label.to_owned()).into_iter().filter(|label| !label.is_empty());
            Example { text: format!("{text} {at}"), labels: labels.collect() }
        };
        let examples: Vec<_> = (0..60).map(example).collect();
        Model::train(&examples, &Options::default()).unwrap().0
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z ]{0,40}",
            Just("灯笼很糟糕".to_owned()),
            Just("。".to_owned()),
            Just("！".to_owned()),
            Just(". ".to_owned()),
            Just("\n".to_owned()),
            Just("\u{200b}ﬁ½".to_owned()),
            any::<String>(),
        ];
        proptest::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_window_is_scored_as_its_characters_alone_are(text in pieces()) {
            let model = lanterns_once();
            let mut end = 0;
            for Scored { bytes, scores } in model.score(&text) {
                prop_assert!(bytes.start >= end && bytes.end > bytes.start);
                end = bytes.end;
                prop_assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
                let alone = model.score(&text[bytes.clone()]);
                prop_assert_eq!(alone, [Scored { bytes: 0..bytes.len(), scores }]);
            }
            let left = crate::normal::folded(&text[end..]);
            prop_assert!(left.trim().is_empty(), "{left:?} was not scored");
        }

        #[test]
        fn what_is_held_is_what_was_not_judged(text in pieces()) {
            let model = lanterns_once();
            let mut reader = WindowReader::default();
            let mut found = Vec::new();
            for (start, raw) in text.char_indices() {
                let end = start + raw.len_utf8();
                crate::normal::fold(raw, |c| reader.step(model, Glyph { c, raw, start, end }, &mut found));
                let judged = found.last().map_or(0, |judged| judged.end);
                prop_assert!(reader.hold().is_none_or(|hold| hold >= judged));
            }
            reader.finish(model, &mut found);
            prop_assert_eq!(reader.hold(), None);
            let whole: Vec<_> = model.score(&text).into_iter().map(|scored| scored.bytes).collect();
            let read: Vec<_> = found.iter().map(|judged| judged.start..judged.end).collect();
            prop_assert_eq!(read, whole);
        }
    }

    fn lanterns_once() -> &'static Model {
        static MODEL: std::sync::OnceLock<Model> = std::sync::OnceLock::new();
        MODEL.get_or_init(lanterns)
    }
}
