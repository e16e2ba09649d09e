//! Text in material that a person does not see and a model reads.

use super::Suspect;

/// Styles that hide what they are on.
const HIDING: &[&str] = &[
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "opacity:0;",
    "opacity:0\"",
    "color:#fff;",
    "color:#ffffff",
    "color:white",
    "color:transparent",
    "text-indent:-",
    "left:-9999",
];

/// Comments of HTML, and elements that are not shown.
pub(super) fn find(text: &str, out: &mut Vec<Suspect>) {
    for (at, open) in text.match_indices("<!--") {
        let body = at + open.len();
        let length = text[body..].find("-->");
        let inner = &text[body..body + length.unwrap_or(text.len() - body)];
        // Conditions of mail programs are markup, not text.
        let is_markup = inner.trim_start().starts_with("[if") || inner.contains("[endif]");
        if !is_markup && inner.split_whitespace().count() >= 3 {
            let end = body + inner.len() + length.map_or(0, |_| 3);
            out.push(Suspect { bytes: at..end, score: 0.7 });
        }
    }
    for (at, _) in text.match_indices('<') {
        let Some(tag) = text[at..].find('>').map(|length| &text[at..=at + length]) else { break };
        let plain: String = tag.chars().filter(|c| !c.is_whitespace()).collect();
        let plain = plain.to_ascii_lowercase();
        if !plain.contains("style=") || !HIDING.iter().any(|style| plain.contains(style)) {
            continue;
        }
        let body = at + tag.len();
        let length = text[body..].find("</").unwrap_or(text.len() - body);
        if text[body..body + length].split_whitespace().count() >= 3 {
            out.push(Suspect { bytes: body..body + length, score: 0.8 });
        }
    }
    // Unicode's tag characters spell ASCII that nobody sees.
    let mut run: Option<(usize, usize, u32)> = None;
    for (at, c) in text.char_indices() {
        if matches!(c, '\u{e0020}'..='\u{e007e}') {
            let (start, _, count) = run.unwrap_or((at, at, 0));
            run = Some((start, at + c.len_utf8(), count + 1));
        } else if let Some((start, end, count)) = run.take()
            // Flags of regions have up to six.
            && count > 6
        {
            out.push(Suspect { bytes: start..end, score: 1.0 });
        }
    }
    if let Some((start, end, count)) = run
        && count > 6
    {
        out.push(Suspect { bytes: start..end, score: 1.0 });
    }
}
