//! Text in material that a person does not see and a model reads.
//!
//! That something is hidden is no sign by itself: pages have comments for those who write them, mails have a line for the list of
//! mails. So what is hidden is read as every sentence is, and less is enough.

use std::ops::Range;

use super::Suspect;

/// Styles that hide what they are on.
const HIDING: &[&str] = &[
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "font-size:1px",
    "opacity:0;",
    "opacity:0\"",
    "color:#fff;",
    "color:#fff\"",
    "color:#ffffff",
    "color:white",
    "color:transparent",
    "text-indent:-",
    "left:-9999",
];

/// Parts of a text that are not shown, each with the part that says something: comments, hidden elements, what stands for
/// a picture, comments of code. Parts of one kind do not overlap, so reading them all takes no longer than the text is.
pub(super) fn parts(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut out = Vec::new();
    comments(text, &mut out);
    let mut from = 0;
    while let Some((at, body)) = next(text, from, "[//]: #") {
        from = text[body..].find('\n').map_or(text.len(), |length| body + length);
        out.push((at..from, body..from));
    }
    elements(text, &mut out);
    out
}

fn comments(text: &str, out: &mut Vec<(Range<usize>, Range<usize>)>) {
    let mut from = 0;
    while let Some((at, body)) = next(text, from, "<!--") {
        // One that is not closed hides all that follows.
        let close = next(text, body, "-->").unwrap_or((text.len(), text.len()));
        let inner = &text[body..close.0];
        // Conditions of mail programs are markup, not text.
        let is_markup = inner.trim_start().starts_with("[if") || inner.contains("[endif]");
        if !is_markup {
            out.push((at..close.1, body..close.0));
        }
        from = close.1;
    }
}

fn elements(text: &str, out: &mut Vec<(Range<usize>, Range<usize>)>) {
    let mut from = 0;
    while let Some((at, name)) = next(text, from, "<") {
        from = name;
        if !text[name..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        // Where another begins before it ends, it is no tag.
        let Some(length) = text[name..].find(['<', '>']) else { break };
        from = name + length;
        if text[from..].starts_with('<') {
            continue;
        }
        from += 1;
        let tag = &text[at..from];
        let plain: String = tag.chars().filter(|c| !c.is_whitespace()).collect();
        let plain = plain.to_ascii_lowercase();
        for name in ["alt=\"", "title=\"", "aria-label=\""] {
            if let Some((_, value)) = next(tag, 0, name)
                && let Some(length) = tag[value..].find('"')
            {
                let inner = at + value..at + value + length;
                out.push((inner.clone(), inner));
            }
        }
        let styled = plain.contains("style=") && HIDING.iter().any(|style| plain.contains(style));
        let plainly =
            tag.contains(" hidden>") || tag.contains(" hidden ") || plain.contains("size=\"0\"");
        if styled || plainly {
            let end = next(text, from, "</").map_or(text.len(), |(end, _)| end);
            let close = next(text, end, ">").map_or(text.len(), |(_, close)| close);
            out.push((at..close, from..end));
            from = close;
        }
    }
}

/// Where `what` stands next from a place on: its beginning and its end.
fn next(text: &str, from: usize, what: &str) -> Option<(usize, usize)> {
    text[from..].find(what).map(|at| (from + at, from + at + what.len()))
}

/// Characters that nobody sees and that spell something.
pub(super) fn invisible(text: &str, out: &mut Vec<Suspect>) {
    // Unicode's tag characters spell ASCII that nobody sees.
    let mut run: Option<(usize, usize, u32)> = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if matches!(c, '\u{e0020}'..='\u{e007e}') {
            let (start, _, count) = run.unwrap_or((at, at, 0));
            run = Some((start, at + c.len_utf8(), count + 1));
        } else if let Some((start, end, count)) = run.take()
            // Flags of regions have up to six.
            && count > 6
        {
            out.push(Suspect::hidden(start..end, 1.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PIECES: [&str; 9] = [
        "<!--",
        "-->",
        "[//]: #",
        "\n",
        "<a hidden>",
        "<a style=\"display:none\">",
        "</a>",
        "<",
        "灯",
    ];

    proptest! {
        /// Whoever writes a text of nothing but openings must not have it read again for each of them.
        #[test]
        fn what_is_hidden_is_read_no_more_often_than_there_are_ways_to_hide(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES.as_slice()), 0..60),
        ) {
            let text = pieces.concat();
            let read: usize = parts(&text).iter().map(|(part, _)| part.len()).sum();
            prop_assert!(read <= 3 * text.len(), "{read} bytes of {}", text.len());
        }
    }
}
