//! The rewriting an emulated model can do: a few fixed substitutions per style, in English and
//! Chinese. Enough to see a feature work, and always the same.

use crate::reply::is_chinese;

/// What a system prompt asks for in its line `Task: rewrite; style: …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Friendly,
    Professional,
    Concise,
    /// A change described in words, which takes a real model.
    Described,
}

impl Style {
    /// The style asked for in `system`, if the task is a rewrite.
    pub(crate) fn wanted(system: &str) -> Option<Self> {
        system.lines().find_map(|line| {
            let mut parts = line.trim().split(';').map(|part| {
                let (name, value) = part.split_once(':').unwrap_or((part, ""));
                (name.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase())
            });
            if parts.next()? != ("task".to_owned(), "rewrite".to_owned()) {
                return None;
            }
            let style = parts.find(|(name, _)| name == "style").map(|(_, value)| value);
            match style.as_deref().map(|s| s.trim_end_matches('.')) {
                Some("friendly") => Some(Self::Friendly),
                Some("professional") => Some(Self::Professional),
                Some("concise") => Some(Self::Concise),
                _ => Some(Self::Described),
            }
        })
    }
}

/// What stands between `<<data …>>` and `<<end …>>`, if a message is marked so; else all of it.
pub(crate) fn material(message: &str) -> &str {
    let marked = || {
        let (mark, rest) = message.trim().strip_prefix("<<data ")?.split_once(">>")?;
        rest.strip_suffix(format!("<<end {mark}>>").as_str())
    };
    marked().unwrap_or(message)
}

/// `text` in another style.
pub(crate) fn rewrite(text: &str, style: Style) -> String {
    let text = text.trim();
    match (style, is_chinese(text)) {
        (Style::Friendly, true) => format!("您好呀！{text} 谢谢您！"),
        (Style::Friendly, false) => format!("Hi there! {text} Thank you so much!"),
        (Style::Professional, true) => {
            replace_all(text, &[("咱们", "我们"), ("你", "您"), ("！！", "。"), ("！", "。")])
        }
        (Style::Professional, false) => expand_contractions(text),
        (Style::Concise, true) => replace_all(
            text,
            &[("其实", ""), ("基本上", ""), ("真的", ""), ("非常", ""), ("一下", "")],
        ),
        (Style::Concise, false) => drop_fillers(text),
        (Style::Described, true) => {
            format!("（描述的改动需要真正的模型，以下为原文）{text}")
        }
        (Style::Described, false) => {
            format!(
                "(The described change needs a real model; this is the text as it came.) {text}"
            )
        }
    }
}

fn replace_all(text: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Whole-word contractions and what they stand for.
const CONTRACTIONS: [(&str, &str); 22] = [
    ("can't", "cannot"),
    ("won't", "will not"),
    ("don't", "do not"),
    ("doesn't", "does not"),
    ("didn't", "did not"),
    ("isn't", "is not"),
    ("aren't", "are not"),
    ("wasn't", "was not"),
    ("couldn't", "could not"),
    ("shouldn't", "should not"),
    ("wouldn't", "would not"),
    ("haven't", "have not"),
    ("i'm", "I am"),
    ("i've", "I have"),
    ("i'll", "I will"),
    ("it's", "it is"),
    ("we're", "we are"),
    ("we'll", "we will"),
    ("you're", "you are"),
    ("they're", "they are"),
    ("that's", "that is"),
    ("let's", "let us"),
];

fn expand_contractions(text: &str) -> String {
    map_words(&text.replace('\u{2019}', "'"), |word| {
        let lower = word.to_lowercase();
        let (_, long) = CONTRACTIONS.iter().find(|(short, _)| *short == lower)?;
        Some(match word.chars().next() {
            Some(first) if first.is_uppercase() => capitalised(long),
            _ => (*long).to_owned(),
        })
    })
}

/// Words that can go without a loss.
const FILLERS: [&str; 9] =
    ["really", "very", "just", "actually", "basically", "quite", "rather", "simply", "literally"];

fn drop_fillers(text: &str) -> String {
    let text = replace_all(
        text,
        &[
            ("in order to", "to"),
            ("In order to", "To"),
            ("due to the fact that", "because"),
            ("at this point in time", "now"),
        ],
    );
    let dropped =
        map_words(&text, |word| FILLERS.contains(&word.to_lowercase().as_str()).then(String::new));
    // Where a word went, two spaces met, or one stands before a mark.
    let mut tidy = String::with_capacity(dropped.len());
    for c in dropped.trim().chars() {
        if matches!(c, ' ' | ',' | '.' | '!' | '?') && tidy.ends_with(' ') {
            tidy.pop();
        }
        tidy.push(c);
    }
    tidy
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Replaces words (letters and apostrophes) for which `change` has an answer.
fn map_words(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        match change(word) {
            Some(other) => out.push_str(&other),
            None => out.push_str(word),
        }
        word.clear();
    };
    for c in text.chars() {
        if c.is_alphabetic() || c == '\'' {
            word.push(c);
        } else {
            flush(&mut word, &mut out);
            out.push(c);
        }
    }
    flush(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_is_read_from_the_task_line() {
        let system = "You are a writing tool.\nTask: rewrite; style: concise\nKeep the meaning.";
        assert_eq!(Style::wanted(system), Some(Style::Concise));
        assert_eq!(Style::wanted("task: Rewrite; Style: Friendly."), Some(Style::Friendly));
        assert_eq!(Style::wanted("Task: rewrite"), Some(Style::Described));
        assert_eq!(Style::wanted("Task: chat"), None);
        assert_eq!(Style::wanted(""), None);
    }

    #[test]
    fn each_style_changes_the_text_its_own_way() {
        let text = "I'm really sorry, but we can't come very soon.";
        assert_eq!(rewrite(text, Style::Concise), "I'm sorry, but we can't come soon.");
        assert_eq!(
            rewrite(text, Style::Professional),
            "I am really sorry, but we cannot come very soon."
        );
        assert_eq!(
            rewrite(text, Style::Friendly),
            "Hi there! I'm really sorry, but we can't come very soon. Thank you so much!"
        );
        assert_eq!(rewrite("你其实可以早点来！", Style::Concise), "你可以早点来！");
        assert_eq!(rewrite("你可以早点来！", Style::Professional), "您可以早点来。");
    }
}
