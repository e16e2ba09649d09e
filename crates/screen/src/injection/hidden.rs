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
/// a picture, comments of code.
pub(super) fn parts(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut out = Vec::new();
    for (at, open) in text.match_indices("<!--") {
        let body = at + open.len();
        let length = text[body..].find("-->");
        let inner = &text[body..body + length.unwrap_or(text.len() - body)];
        // Conditions of mail programs are markup, not text.
        let is_markup = inner.trim_start().starts_with("[if") || inner.contains("[endif]");
        if !is_markup {
            let end = body + inner.len() + length.map_or(0, |_| 3);
            out.push((at..end, body..body + inner.len()));
        }
    }
    for (at, open) in text.match_indices("[//]: #") {
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        out.push((at..end, at + open.len()..end));
    }
    for (at, _) in text.match_indices('<') {
        let Some(tag) = text[at..].find('>').map(|length| &text[at..=at + length]) else { break };
        if !tag[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let plain: String = tag.chars().filter(|c| !c.is_whitespace()).collect();
        let plain = plain.to_ascii_lowercase();
        for name in ["alt=\"", "title=\"", "aria-label=\""] {
            let from = tag.find(name).map(|from| from + name.len());
            if let Some((from, length)) = from.and_then(|from| Some((from, tag[from..].find('"')?)))
            {
                let inner = at + from..at + from + length;
                out.push((inner.clone(), inner));
            }
        }
        let styled = plain.contains("style=") && HIDING.iter().any(|style| plain.contains(style));
        let plainly =
            tag.contains(" hidden>") || tag.contains(" hidden ") || plain.contains("size=\"0\"");
        if styled || plainly {
            let body = at + tag.len();
            let length = text[body..].find("</").unwrap_or(text.len() - body);
            let close =
                text[body + length..].find('>').map_or(text.len(), |end| body + length + end + 1);
            out.push((at..close, body..body + length));
        }
    }
    out
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
