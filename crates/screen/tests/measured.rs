//! What the shipped packs find in data that was not made for them: recall, and what they mask wrongly.
//!
//! The data lies beside the repository and is not part of it; without it these tests say so and measure nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use yumen_screen::{Pack, Screen, ToPartner};

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

#[test]
fn chinese_messages_lose_their_numbers_and_little_else() {
    let screen = screen();
    for set in ["dev", "test_seen"] {
        let Some(lines) = data(&format!("personal/pii-zh-synth/{set}.jsonl")) else { return };
        let (mut wanted, mut found) = (BTreeMap::new(), BTreeMap::new());
        let (mut others, mut wrong) = (0, 0);
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let masked = masked(&screen, line["text"].as_str().unwrap());
            let all = [&line["spans"], &line["negatives"]];
            for span in all.into_iter().flat_map(|spans| spans.as_array().unwrap()) {
                let kind = span["type"].as_str().unwrap();
                let value = span["text"].as_str().or(line["text"].as_str()).unwrap();
                let value: String = span["text"].as_str().map_or_else(
                    || {
                        let at = |key: &str| usize::try_from(span[key].as_u64().unwrap()).unwrap();
                        value.chars().skip(at("start")).take(at("end") - at("start")).collect()
                    },
                    str::to_owned,
                );
                let gone = !masked.contains(&value);
                let letters: Vec<char> = value.chars().collect();
                let left = |part: &[char]| masked.contains(&part.iter().collect::<String>());
                if matches!(kind, "PHONE" | "CN_ID" | "BANK_CARD" | "EMAIL") {
                    *wanted.entry(kind.to_owned()).or_insert(0) += 1;
                    // Not even six characters of it in a row may be left.
                    let covered = !letters.windows(6).any(left);
                    *found.entry(kind.to_owned()).or_insert(0) += u32::from(covered);
                } else {
                    if gone {
                        println!("wrongly: {kind} {value}");
                    }
                    others += 1;
                    wrong += u32::from(gone);
                }
            }
        }
        println!("{set}: wanted {wanted:?}, found {found:?}; of {others} others masked {wrong}");
        assert_eq!(
            found, wanted,
            "{set}: every number with a check digit, phone and address is found"
        );
        assert!(f64::from(wrong) <= 0.01 * f64::from(others), "{set}: {wrong} of {others} wrongly");
    }
}

#[test]
fn english_sentences_lose_their_cards_and_addresses() {
    let Some(json) = data("personal/pii-en/synth_dataset_v2.json") else { return };
    let screen = screen();
    let (mut wanted, mut found) = (BTreeMap::new(), BTreeMap::new());
    let (mut clean, mut touched) = (0, 0);
    for item in serde_json::from_str::<Vec<Value>>(&json).unwrap() {
        let masked = masked(&screen, item["full_text"].as_str().unwrap());
        let mut any = false;
        for span in item["spans"].as_array().unwrap() {
            let kind = span["entity_type"].as_str().unwrap();
            if matches!(kind, "EMAIL_ADDRESS" | "CREDIT_CARD") {
                any = true;
                let gone = !masked.contains(span["entity_value"].as_str().unwrap());
                *wanted.entry(kind.to_owned()).or_insert(0) += 1;
                *found.entry(kind.to_owned()).or_insert(0) += u32::from(gone);
            }
        }
        if !any {
            clean += 1;
            touched += u32::from(masked.contains('⟦'));
            if masked.contains('⟦') {
                println!("wrongly: {masked}");
            }
        }
    }
    println!(
        "en: wanted {wanted:?}, found {found:?}; of {clean} other sentences touched {touched}"
    );
    assert_eq!(found["EMAIL_ADDRESS"], wanted["EMAIL_ADDRESS"]);
    // The rest has 12 digits, or prefixes that no issuer uses.
    assert!(found["CREDIT_CARD"] * 5 >= wanted["CREDIT_CARD"] * 4);
    assert!(touched <= 2);
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
