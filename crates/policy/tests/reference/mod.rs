//! A second opinion: the rules of the decision written down as plainly as possible, over the raw TOML
//! of the catalogue and the raw JSON of a device. It shares no code with the crate and is slow.

#![allow(clippy::collapsible_if, reason = "one question at a time")]
#![allow(clippy::too_many_lines, reason = "one list, to be read from top to bottom")]

use std::collections::BTreeSet;

use serde_json::Value;
use toml::{Table, Value as Toml};

/// What the second opinion says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opinion {
    pub(crate) answer: &'static str,
    pub(crate) code: &'static str,
    /// The rules, of the market and of the feature's terms, that failed.
    pub(crate) failed: BTreeSet<String>,
    /// The inputs that must be known and are not yet.
    pub(crate) missing: BTreeSet<String>,
}

const BASIC: [&str; 10] = [
    "purchase_region",
    "billing_region",
    "location",
    "class",
    "platform",
    "os_version",
    "language",
    "assistant_language",
    "capabilities",
    "age_band",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Set,
    Unset,
    Closed,
}

/// The state of an input, and its value.
fn read<'a>(device: &'a Value, input: &str) -> (State, Option<&'a Value>) {
    let set = |value: &'a Value| {
        if value.as_array().is_some_and(Vec::is_empty) && input != "capabilities" {
            (State::Unset, None)
        } else {
            (State::Set, Some(value))
        }
    };
    match device.get(input) {
        None | Some(Value::Null) => (State::Unset, None),
        Some(Value::Object(object)) => {
            if let Some(value) = object.get("value") {
                set(value)
            } else if object.get("status").and_then(Value::as_str) == Some("unset") {
                (State::Unset, None)
            } else {
                (State::Closed, None)
            }
        }
        Some(value) => set(value),
    }
}

fn words(list: &Toml) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

/// Whether a language is one of these or falls under one; Chinese without a script is read in the
/// script of its region.
fn speaks(tag: &str, list: &[&str]) -> bool {
    let mut parents: Vec<String> = Vec::new();
    let parts: Vec<&str> = tag.split('-').collect();
    for end in 1..=parts.len() {
        parents.push(parts[..end].join("-"));
    }
    if parts[0] == "zh" && parts.get(1).is_none_or(|part| part.len() != 4) {
        let traditional = ["TW", "HK", "MO"].contains(parts.get(1).unwrap_or(&""));
        parents.push(if traditional { "zh-Hant" } else { "zh-Hans" }.into());
    }
    parents.iter().any(|parent| list.contains(&parent.as_str()))
}

fn version(text: &str) -> [u32; 3] {
    let mut parts = [0; 3];
    for (slot, part) in parts.iter_mut().zip(text.split('.')) {
        *slot = part.parse().unwrap();
    }
    parts
}

/// The regions of a location, each with how sure the device is.
fn places(value: &Value) -> Vec<(&str, f64)> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|place| match place {
            Value::String(region) => (region.as_str(), 1.0),
            other => (other["region"].as_str().unwrap(), other["confidence"].as_f64().unwrap()),
        })
        .collect()
}

/// One test of a clause on the value of one input.
fn test(input: &str, test: &Table, value: &Value, confidence: f64) -> bool {
    test.iter().all(|(operator, operand)| {
        // `exact` and `except` are looked at together with `in`.
        let list = || words(operand);
        let other = |key: &str| test.get(key).map(words).unwrap_or_default();
        match (input, operator.as_str()) {
            ("os_version", "at_least") => {
                version(value.as_str().unwrap()) >= version(operand.as_str().unwrap())
            }
            ("language" | "assistant_language" | "locale", "in") => {
                let tag = value.as_str().unwrap();
                other("exact").contains(&tag)
                    || speaks(tag, &list()) && !speaks(tag, &other("except"))
            }
            ("language" | "assistant_language" | "locale", "exact") => {
                test.contains_key("in") || list().contains(&value.as_str().unwrap())
            }
            ("language" | "assistant_language" | "locale", "except") => true,
            ("language" | "assistant_language" | "locale", "not_in") => {
                !speaks(value.as_str().unwrap(), &list())
            }
            ("location", "intersects") => places(value)
                .iter()
                .any(|(region, sure)| list().contains(region) && *sure >= confidence),
            ("location", "disjoint") => {
                !places(value).iter().any(|(region, _)| list().contains(region))
            }
            ("capabilities" | "subdivision", "intersects") => {
                strings(value).iter().any(|word| list().contains(word))
            }
            ("capabilities" | "subdivision", "disjoint") => {
                !strings(value).iter().any(|word| list().contains(word))
            }
            ("capabilities", "contains_all") => {
                list().iter().all(|word| strings(value).contains(word))
            }
            (_, "in") => list().contains(&value.as_str().unwrap()),
            (_, "not_in") => !list().contains(&value.as_str().unwrap()),
            (input, operator) => panic!("nobody wrote down what `{operator}` of `{input}` means"),
        }
    })
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

/// The inputs that a rule reads.
pub(crate) fn inputs_of(rule: &Table) -> BTreeSet<String> {
    let mut inputs = BTreeSet::new();
    for clause in rule["any"].as_array().unwrap() {
        for (input, test) in clause.as_table().unwrap() {
            if input == "must_match" {
                for pair in test.as_array().unwrap() {
                    inputs.extend(words(pair).into_iter().map(str::to_owned));
                }
            } else {
                inputs.insert(input.clone());
            }
        }
    }
    if rule.contains_key("platforms") {
        inputs.insert("platform".into());
    }
    inputs
}

fn clause_holds(clause: &Table, device: &Value, confidence: f64) -> bool {
    clause.iter().all(|(input, of)| {
        if input == "must_match" {
            return of.as_array().unwrap().iter().all(|pair| {
                let pair = words(pair);
                let said = |input| read(device, input).1.unwrap().as_str().unwrap();
                let (one, other) = (said(pair[0]), said(pair[1]));
                if pair[0].ends_with("region") {
                    one == other
                } else {
                    one.split('-').next() == other.split('-').next()
                }
            });
        }
        let value = read(device, input).1.unwrap();
        test(input, of.as_table().unwrap(), value, confidence)
    })
}

/// Whether a rule is about this feature, surface and device.
fn applies(rule: &Table, feature: &str, surface: &str, device: &Value) -> bool {
    let selected = words(&rule["features"]).into_iter().any(|selector| {
        selector == "*"
            || selector == feature
            || selector.strip_suffix('*').is_some_and(|family| feature.starts_with(family))
    });
    let surfaces = rule.get("surfaces").is_none_or(|list| words(list).contains(&surface));
    let platforms = match (rule.get("platforms"), read(device, "platform").1) {
        (Some(list), Some(platform)) => words(list).contains(&platform.as_str().unwrap()),
        _ => true,
    };
    selected && surfaces && platforms
}

/// The files of the market of a device: its own, and those of its overlays in force.
fn files_of<'a>(markets: &[&'a Table], region: &str, device: &Value) -> Vec<&'a Table> {
    let of = |market: &&&Table| {
        market.get("regions").is_some_and(|regions| words(regions).contains(&region))
    };
    let Some(own) = markets.iter().find(of) else {
        return Vec::new();
    };
    let mut files = vec![*own];
    for overlay in markets {
        let parent = overlay.get("parent").and_then(Toml::as_str);
        if parent == own["id"].as_str() && parent.is_some() {
            let there = match read(device, "subdivision").1 {
                None => true,
                Some(said) => {
                    let parts = words(&overlay["subdivisions"]);
                    strings(said).iter().any(|part| parts.contains(part))
                }
            };
            if there {
                files.push(overlay);
            }
        }
    }
    files
}

/// The opinion on one device and one feature, in a world where whatever may be served is released,
/// approved, fresh and on good models; the sandbox is open.
pub(crate) fn opinion(markets: &[&Table], feature: &Table, device: &Value) -> Opinion {
    let mut failed = BTreeSet::new();
    let mut unset: BTreeSet<String> = BTreeSet::new();
    let mut closed = false;
    let id = feature["id"].as_str().unwrap();
    let surface = if feature["tier"].as_str() == Some("device") { "device" } else { "cloud" };
    let terms = feature["eligibility"].as_table().unwrap();

    let (_, purchase) = read(device, "purchase_region");
    let files = match purchase {
        None => Vec::new(),
        Some(region) => files_of(markets, region.as_str().unwrap(), device),
    };
    let state = |files: &[&Table]| {
        let status = files.first()?.get("status")?;
        status["state"].as_str().map(str::to_owned)
    };
    let none = || (BTreeSet::new(), BTreeSet::new());
    if purchase.is_some() && files.is_empty() {
        let (failed, missing) = none();
        return Opinion { answer: "not_eligible", code: "market_unknown", failed, missing };
    }
    if state(&files).as_deref() == Some("closed") {
        let (failed, missing) = none();
        return Opinion { answer: "not_eligible", code: "market_closed", failed, missing };
    }

    // The rules of the market.
    for file in &files {
        for rule in file.get("rule").and_then(Toml::as_array).into_iter().flatten() {
            let rule = rule.as_table().unwrap();
            if !applies(rule, id, surface, device) {
                continue;
            }
            let mut decided = true;
            for input in inputs_of(rule) {
                match read(device, &input).0 {
                    State::Set => {}
                    State::Unset => {
                        decided = false;
                        unset.insert(input);
                    }
                    State::Closed => {
                        decided = false;
                        closed = true;
                    }
                }
            }
            let confidence = rule.get("confidence").and_then(Toml::as_float).unwrap_or(0.5);
            let clauses = rule["any"].as_array().unwrap();
            let holds =
                |clause: &Toml| clause_holds(clause.as_table().unwrap(), device, confidence);
            if decided && !clauses.iter().any(holds) {
                failed.insert(rule["id"].as_str().unwrap().to_owned());
            }
        }
    }

    // The basic inputs.
    let optional = terms.get("optional").map(words).unwrap_or_default();
    for input in BASIC {
        match read(device, input).0 {
            State::Set => {}
            State::Unset if optional.contains(&input) => {}
            State::Unset => drop(unset.insert(input.into())),
            State::Closed => closed = true,
        }
    }

    // The terms of the feature.
    let value = |input| read(device, input).1;
    let word = |input| value(input).map(|value| value.as_str().unwrap());
    let mut fail = |rule: &str| {
        failed.insert(format!("feature.{rule}"));
    };
    if let (Some(only), Some(file)) = (terms.get("markets"), files.first()) {
        if !words(only).contains(&file["id"].as_str().unwrap()) {
            fail("market");
        }
    }
    if let (Some(list), Some(class)) = (terms.get("classes"), word("class")) {
        if !words(list).contains(&class) {
            fail("class");
        }
    }
    if let (Some(platforms), Some(platform)) = (terms.get("platforms"), word("platform")) {
        match platforms.get(platform) {
            None => fail("platform"),
            Some(least) => {
                if let Some(has) = word("os_version") {
                    if version(has) < version(least.as_str().unwrap()) {
                        fail("os_version");
                    }
                }
            }
        }
    }
    if let (Some(list), Some(has)) = (terms.get("capabilities"), value("capabilities")) {
        if !words(list).iter().all(|word| strings(has).contains(word)) {
            fail("capabilities");
        }
    }
    let languages = words(&terms["languages"]);
    let exact = terms.get("languages_exact").map(words).unwrap_or_default();
    let excluded = terms.get("languages_excluded").map(words).unwrap_or_default();
    for (input, rule) in [("language", "language"), ("assistant_language", "assistant_language")] {
        if let Some(tag) = word(input) {
            if !(exact.contains(&tag) || speaks(tag, &languages) && !speaks(tag, &excluded)) {
                fail(rule);
            }
        }
    }
    let must_match = terms.get("languages_must_match").and_then(Toml::as_bool) == Some(true);
    if let (true, Some(one), Some(other)) =
        (must_match, word("language"), word("assistant_language"))
    {
        if one.split('-').next() != other.split('-').next() {
            fail("languages_match");
        }
    }
    if let (Some(list), Some(band)) = (terms.get("age_bands"), word("age_band")) {
        if !words(list).contains(&band) {
            fail("age_band");
        }
    }

    let (answer, code) = if closed {
        ("not_eligible", "input_error")
    } else if !failed.is_empty() {
        ("not_eligible", "rule_failed")
    } else if !unset.is_empty() {
        ("not_yet", "input_unset")
    } else if state(&files).as_deref() == Some("preparing") {
        ("not_yet", "market_preparing")
    } else {
        ("eligible", "eligible")
    };
    Opinion { answer, code, failed, missing: unset }
}
