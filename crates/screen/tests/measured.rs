//! What the shipped packs find in data beside the repository: recall, and what they mask wrongly.
//!
//! The data lies beside the repository and is not part of it; without it these tests say so and measure nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use yumen_screen::{Boundary, Pack, Screen, ToPartner};

fn data(path: &str) -> Option<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    let text = std::fs::read_to_string(&file).ok();
    if text.is_none() {
        eprintln!("skipped: {} is not there", file.display());
    }
    text
}

fn screen() -> Screen {
    let packs = [
        include_str!("../../../catalog/packs/pii.toml"),
        include_str!("../../../catalog/packs/injection.toml"),
    ];
    Screen::new(packs.map(|pack| Pack::parse(pack).unwrap()).into()).unwrap()
}

fn masked(screen: &Screen, text: &str) -> String {
    screen.whole(text.to_owned(), ToPartner).unwrap().0.into_inner()
}

/// Of each type of span, how many there are and of how many a character is not covered.
type Leaks = BTreeMap<String, (u32, u32)>;

/// Where in a text something was found.
fn covered(screen: &Screen, text: &str) -> Vec<bool> {
    let mut covered = vec![false; text.chars().count()];
    for finding in screen.inspect(text, Boundary::ToPartner).findings {
        covered[finding.span.chars].fill(true);
    }
    covered
}

#[test]
fn chinese_messages_lose_what_is_personal_and_little_else() {
    let screen = screen();
    for set in ["dev", "test_seen"] {
        let Some(lines) = data(&format!("personal/pii-zh-synth/{set}.jsonl")) else { return };
        let (mut leaks, mut others) = (Leaks::new(), Leaks::new());
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let covered = covered(&screen, line["text"].as_str().unwrap());
            let place = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
            let count = |spans: &Value, counts: &mut Leaks, counted: fn(&[bool]) -> bool| {
                for span in spans.as_array().unwrap() {
                    let part = &covered[place(&span["start"])..place(&span["end"])];
                    let of = counts.entry(span["type"].as_str().unwrap().to_owned()).or_default();
                    *of = (of.0 + 1, of.1 + u32::from(counted(part)));
                }
            };
            count(&line["spans"], &mut leaks, |part| part.contains(&false));
            count(&line["negatives"], &mut others, |part| part.contains(&true));
        }
        println!("{set}: leaks {leaks:?}; masked wrongly {others:?}");
        let share = |(of, hits): &(u32, u32)| f64::from(*hits) / f64::from(*of);
        for (kind, counts) in &leaks {
            let most = if kind == "NAME" { 0.02 } else { 0.001 };
            assert!(share(counts) <= most, "{set}: {kind} leaks {counts:?}");
        }
        for (kind, counts) in &others {
            // An identity number with a wrong check digit is the number of an order there, and masked as one.
            let most = if kind == "BAD_ID" { 1.0 } else { 0.02 };
            assert!(share(counts) <= most, "{set}: {kind} is masked {counts:?}");
        }
    }
}

#[test]
fn english_sentences_lose_their_cards_and_addresses() {
    let Some(json) = data("personal/pii-en/synth_dataset_v2.json") else { return };
    let screen = screen();
    let (mut wanted, mut found) = (BTreeMap::new(), BTreeMap::new());
    for item in serde_json::from_str::<Vec<Value>>(&json).unwrap() {
        let masked = masked(&screen, item["full_text"].as_str().unwrap());
        for span in item["spans"].as_array().unwrap() {
            let kind = span["entity_type"].as_str().unwrap();
            if matches!(kind, "EMAIL_ADDRESS" | "CREDIT_CARD") {
                let gone = !masked.contains(span["entity_value"].as_str().unwrap());
                *wanted.entry(kind.to_owned()).or_insert(0) += 1;
                *found.entry(kind.to_owned()).or_insert(0) += u32::from(gone);
            }
        }
    }
    println!("en: wanted {wanted:?}, found {found:?}");
    assert_eq!(found["EMAIL_ADDRESS"], wanted["EMAIL_ADDRESS"]);
    // The rest has 12 digits, or prefixes that no issuer uses.
    assert!(found["CREDIT_CARD"] * 5 >= wanted["CREDIT_CARD"] * 4);
}

#[test]
fn prose_news_and_mail_pass_untouched_by_the_injection_pack() {
    let screen = Screen::new(vec![
        Pack::parse(include_str!("../../../catalog/packs/injection.toml")).unwrap(),
    ])
    .unwrap();
    for path in [
        "real/zh-prose.txt",
        "real/en-news.txt",
        "personal/prompt-injection/bipia_email_train.jsonl",
        "personal/prompt-injection/bipia_email_test.jsonl",
        "personal/memorybank-zh/memory_bank_cn.json",
        "personal/vitabench-delivery-zh/tasks.dev70.json",
        "personal/tau2-retail/policy.md",
        "personal/pii-en/synth_dataset_v2.json",
    ] {
        let Some(text) = data(path) else { continue };
        let out = masked(&screen, &text);
        println!("{path}: {} masked in {} bytes", out.matches('⟦').count(), text.len());
        assert_eq!(out, text, "{path}");
    }
    for path in ["bipia_text_attack_train.json", "bipia_text_attack_test.json"] {
        let Some(text) = data(&format!("personal/prompt-injection/{path}")) else { continue };
        let attacks: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap();
        let attacks: Vec<&String> = attacks.values().flatten().collect();
        let caught = attacks.iter().filter(|attack| masked(&screen, attack).contains('⟦')).count();
        println!("{path}: {caught} of {} attacks have a phrase", attacks.len());
    }
}
