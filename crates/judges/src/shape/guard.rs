//! Guard models in the manner of Qwen3Guard-Gen: a chat completion whose text is two or three fixed lines.
//!
//! Source: README of QwenLM/Qwen3Guard (Apache-2.0, commit 019b2e3): the user's message alone is judged as a prompt; with the
//! assistant's message after it the answer is judged. The model says `Safety: Safe|Controversial|Unsafe`, `Categories: A, B`
//! or `None`, and of an answer `Refusal: Yes|No`. Its chat template lives at the server, so nothing of it is sent. The categories it knows are
//! [`CATEGORIES`]; another guard model may have its own, so they are read as they come.
//!
//! A picture goes as `image_url` in a user message beside the words, as OpenAI-compatible servers of vision models take it. A
//! vision model that is no guard by itself is told by the operator's instruction, as system message, to answer in the same lines.

use serde::Deserialize;
use serde_json::json;

use super::{Malformed, Picture, Piece, Request};
use crate::verdict::{Level, Said, Verdict};

/// The categories of Qwen3Guard-Gen, of a prompt and of an answer, but for `Jailbreak`, which only a prompt can be (README, the patterns of
/// its examples).
pub(super) const CATEGORIES: [&str; 9] = [
    "Violent",
    "Non-violent Illegal Acts",
    "Sexual Content or Sexual Acts",
    "PII",
    "Suicide & Self-Harm",
    "Unethical Acts",
    "Politically Sensitive Topics",
    "Copyright Violation",
    "Jailbreak",
];

/// The lines take some 30 tokens; the README allows 128.
const MOST_TOKENS: u32 = 128;

pub(super) fn encode(model: &str, piece: Piece<'_>) -> Request {
    let messages = match piece.direction {
        crate::Direction::Input => json!([{ "role": "user", "content": piece.text }]),
        crate::Direction::Output => json!([
            { "role": "user", "content": piece.asked.unwrap_or_default() },
            { "role": "assistant", "content": piece.text },
        ]),
    };
    request(model, &messages)
}

pub(super) fn encode_picture(
    model: &str,
    instruction: Option<&str>,
    picture: Picture<'_>,
) -> Request {
    let mut content = Vec::new();
    if !picture.beside.trim().is_empty() {
        content.push(json!({ "type": "text", "text": picture.beside }));
    }
    content.push(json!({ "type": "image_url", "image_url": { "url": picture.url } }));
    let system = instruction.map(|told| json!({ "role": "system", "content": told }));
    let user = json!({ "role": "user", "content": content });
    request(model, &system.into_iter().chain([user]).collect())
}

fn request(model: &str, messages: &serde_json::Value) -> Request {
    let body = json!({
        "model": model, "messages": messages, "max_tokens": MOST_TOKENS, "temperature": 0, "stream": false,
    });
    Request { headers: Vec::new(), body: super::json(&body) }
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

pub(super) fn decode(body: &[u8]) -> Result<Verdict, Malformed> {
    let completion: Completion = serde_json::from_slice(body).map_err(|_| Malformed)?;
    let [Choice { message }] = completion.choices.as_slice() else { return Err(Malformed) };
    lines(&message.content)
}

/// Reads the lines; anything beside them is not a verdict.
fn lines(text: &str) -> Result<Verdict, Malformed> {
    let (mut level, mut categories) = (None, None);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(Malformed)?;
        let value = value.trim();
        match name {
            "Safety" if level.is_none() => {
                level = Some(match value {
                    "Safe" => Level::Safe,
                    "Controversial" => Level::Controversial,
                    "Unsafe" => Level::Unsafe,
                    _ => return Err(Malformed),
                });
            }
            "Categories" if categories.is_none() => {
                let named: Vec<&str> = match value {
                    "None" => Vec::new(),
                    _ => value.split(',').map(str::trim).collect(),
                };
                if named.iter().any(|name| name.is_empty() || *name == "None") {
                    return Err(Malformed);
                }
                categories = Some(named);
            }
            "Refusal" if matches!(value, "Yes" | "No") => {}
            _ => return Err(Malformed),
        }
    }
    let (level, categories) = (level.ok_or(Malformed)?, categories.ok_or(Malformed)?);
    if level == Level::Safe && !categories.is_empty() {
        return Err(Malformed);
    }
    let said = |name: &&str| Said { category: (*name).to_owned(), level, score: None };
    Ok(Verdict { level, said: categories.iter().map(said).collect() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Direction;

    #[test]
    fn a_prompt_is_one_message_and_an_answer_two() {
        let piece = Piece { direction: Direction::Input, text: "灯笼", asked: None };
        let sent: serde_json::Value = serde_json::from_slice(&encode("guard", piece).body).unwrap();
        assert_eq!(sent["messages"], json!([{ "role": "user", "content": "灯笼" }]));
        assert_eq!((&sent["model"], &sent["temperature"]), (&json!("guard"), &json!(0)));
        let piece = Piece { direction: Direction::Output, text: "a", asked: Some("q") };
        let sent: serde_json::Value = serde_json::from_slice(&encode("guard", piece).body).unwrap();
        let expected =
            json!([{ "role": "user", "content": "q" }, { "role": "assistant", "content": "a" }]);
        assert_eq!(sent["messages"], expected);
    }

    #[test]
    fn a_picture_is_a_part_of_what_the_person_says() {
        let url = "data:image/png;base64,iVBORw0=";
        let sent = |instruction, beside| {
            let request = encode_picture("vl", instruction, Picture { url, beside });
            let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            body["messages"].take()
        };
        let image = json!({ "type": "image_url", "image_url": { "url": url } });
        assert_eq!(sent(None, ""), json!([{ "role": "user", "content": [image] }]));
        let told = json!({ "role": "system", "content": "Two lines." });
        let text = json!({ "type": "text", "text": "灯笼" });
        let said = json!({ "role": "user", "content": [text, image] });
        assert_eq!(sent(Some("Two lines."), "灯笼"), json!([told, said]));
    }

    #[test]
    fn each_of_its_categories_is_read_as_it_is_written() {
        for category in CATEGORIES {
            let verdict = lines(&format!("Safety: Unsafe\nCategories: {category}")).unwrap();
            assert_eq!(verdict.said[0].category, category);
        }
    }

    #[test]
    fn its_lines_are_read() {
        let verdict = lines("Safety: Unsafe\nCategories: Violent, Suicide & Self-Harm").unwrap();
        assert_eq!(verdict.level, Level::Unsafe);
        let named: Vec<_> = verdict.said.iter().map(|said| said.category.as_str()).collect();
        assert_eq!(named, ["Violent", "Suicide & Self-Harm"]);
        let safe = lines("Safety: Safe\nCategories: None\nRefusal: Yes\n").unwrap();
        assert_eq!(safe, Verdict::default());
        let some = lines("Safety: Controversial\nCategories: PII").unwrap();
        assert_eq!(some.said[0].level, Level::Controversial);
    }

    #[test]
    fn whatever_else_it_says_is_no_verdict() {
        for bad in [
            "",
            "Safe",
            "Safety: Safe",
            "Categories: None",
            "Safety: safe\nCategories: None",
            "Safety: Safe\nCategories: Violent",
            "Safety: Safe\nSafety: Unsafe\nCategories: None",
            "Safety: Safe\nCategories: None\nI hope this helps",
            "Sure! Safety: Safe\nCategories: None",
            "Safety: Unsafe\nCategories: Violent,,PII",
        ] {
            assert_eq!(lines(bad), Err(Malformed), "{bad:?}");
        }
        assert_eq!(decode(br#"{"choices": []}"#), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_text_is_safe_but_the_two_lines_that_say_so(text in "(Safety: |Categories: |Safe|Unsafe|None|\n|[a-z]{0,3}){0,8}") {
            if lines(&text).is_ok_and(|verdict| verdict.level == Level::Safe) {
                prop_assert!(text.contains("Safety: Safe") && text.contains("Categories: None"));
            }
        }
    }
}
