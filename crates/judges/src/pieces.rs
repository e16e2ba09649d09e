//! A text in pieces that a judge takes, overlapping so that nothing is cut in two for all of them. Counted in characters.

/// The pieces of a text, none longer than `most` characters, each beginning `overlap` characters before the end of the one before.
pub(crate) fn pieces(text: &str, most: usize, overlap: usize) -> Vec<&str> {
    // Configuration holds the overlap below half of the most, so every piece brings something new.
    let stride = most.saturating_sub(overlap).max(1);
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    let at = |place: usize| starts.get(place).copied().unwrap_or(text.len());
    let mut pieces = Vec::new();
    let mut first = 0;
    loop {
        pieces.push(&text[at(first)..at(first + most)]);
        if first + most >= starts.len() {
            return pieces;
        }
        first += stride;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chinese_and_english_are_counted_alike() {
        assert_eq!(pieces("灯笼很好看", 3, 1), ["灯笼很", "很好看"]);
        assert_eq!(pieces("abcde", 3, 1), ["abc", "cde"]);
        assert_eq!(pieces("abc", 3, 1), ["abc"]);
        assert_eq!(pieces("", 3, 1), [""]);
    }

    proptest! {
        #[test]
        fn whatever_is_not_longer_than_the_overlap_is_whole_in_one_piece(
            text in ".{0,80}", most in 2..20_usize, share in 0..10_usize, at in 0..80_usize,
        ) {
            let overlap = share.min(most / 2);
            let pieces = pieces(&text, most, overlap);
            prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= most));
            let part: String = text.chars().skip(at).take(overlap).collect();
            prop_assert!(pieces.iter().any(|piece| piece.contains(&part)));
            let ends = pieces.first().is_some_and(|piece| text.starts_with(piece))
                && pieces.last().is_some_and(|piece| text.ends_with(piece));
            prop_assert!(ends);
        }
    }
}
