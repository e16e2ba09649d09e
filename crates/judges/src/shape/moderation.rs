//! OpenAI's moderation endpoint: `POST /v1/moderations` (OpenAI API reference, "Create moderation").
//!
//! What it answers, and the names of its categories: openai-python, `types/moderation.py` (Apache-2.0, commit 04a0598). `flagged` is whether any
//! category is; each has a flag and a score of 0 to 1; `illicit` and `illicit/violent` may be without a flag, from older models. In a picture it
//! looks only for self-harm, `sexual` and violence (`CategoryAppliedInputTypes` there): a picture of anything else is safe to it.
//!
//! A picture is an `image_url` part, at an address or in full as a `data:` address, beside a `text` part (openai-python,
//! `types/moderation_image_url_input_param.py`); whatever parts there are, they have one result together.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::{Malformed, Picture, Piece, Request};
use crate::verdict::{Level, Said, Verdict};

/// The categories it knows.
pub(super) const CATEGORIES: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];

pub(super) fn encode(model: &str, piece: Piece<'_>) -> Request {
    let body = json!({ "model": model, "input": piece.text });
    Request { headers: Vec::new(), body: super::json(&body) }
}

/// Words and picture are judged as one, as they are understood.
pub(super) fn encode_picture(model: &str, picture: Picture<'_>) -> Request {
    let mut input = Vec::new();
    if !picture.beside.trim().is_empty() {
        input.push(json!({ "type": "text", "text": picture.beside }));
    }
    input.push(json!({ "type": "image_url", "image_url": { "url": picture.url } }));
    let body = json!({ "model": model, "input": input });
    Request { headers: Vec::new(), body: super::json(&body) }
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    flagged: bool,
    categories: BTreeMap<String, Option<bool>>,
    category_scores: BTreeMap<String, f64>,
}

pub(super) fn decode(body: &[u8]) -> Result<Verdict, Malformed> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| Malformed)?;
    let [found] = answer.results.as_slice() else { return Err(Malformed) };
    let flagged = |category: &str| found.categories.get(category).copied().flatten() == Some(true);
    if found.categories.keys().any(|category| flagged(category) && !found.flagged) {
        return Err(Malformed);
    }
    let level = |bad: bool| if bad { Level::Unsafe } else { Level::Safe };
    let said = found.categories.keys().map(|category| Said {
        category: category.clone(),
        level: level(flagged(category)),
        score: found.category_scores.get(category).copied(),
    });
    Ok(Verdict { level: level(found.flagged), said: said.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_goes_beside_its_words() {
        let url = "data:image/png;base64,iVBORw0=";
        let sent = |beside| {
            let request = encode_picture("omni", Picture { url, beside });
            serde_json::from_slice::<serde_json::Value>(&request.body).unwrap()
        };
        let image = json!({ "type": "image_url", "image_url": { "url": url } });
        let text = json!({ "type": "text", "text": "灯笼" });
        assert_eq!(sent("灯笼"), json!({ "model": "omni", "input": [text, image] }));
        assert_eq!(sent(" ")["input"], json!([image]));
    }

    #[test]
    fn flags_and_scores_are_read() {
        let body = br#"{"id": "modr-1", "model": "omni", "results": [{"flagged": true,
            "categories": {"violence": true, "hate": false, "illicit": null},
            "category_scores": {"violence": 0.91, "hate": 0.02}, "category_applied_input_types": {}}]}"#;
        let verdict = decode(body).unwrap();
        assert_eq!(verdict.level, Level::Unsafe);
        let said: Vec<_> =
            verdict.said.iter().map(|s| (s.category.as_str(), s.level, s.score)).collect();
        let expected = [
            ("hate", Level::Safe, Some(0.02)),
            ("illicit", Level::Safe, None),
            ("violence", Level::Unsafe, Some(0.91)),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_contradicts_itself_or_is_cut_is_no_verdict() {
        let contradicts = br#"{"results": [{"flagged": false, "categories": {"hate": true}, "category_scores": {}}]}"#;
        for bad in [&contradicts[..], b"{}", br#"{"results": []}"#, b"", b"[1]"] {
            assert_eq!(decode(bad), Err(Malformed));
        }
    }
}
