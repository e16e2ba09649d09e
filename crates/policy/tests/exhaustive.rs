//! The decision table of the shipped catalogue, checked cell by cell against a second opinion.
//!
//! For every market, feature and surface the classes of each input are taken from what the market's
//! rules and the feature's terms mention: every value, one below each, one nobody mentions, and each
//! way of not being known. Inputs that one rule or term reads together stand in one block.
//!
//! By default two things are looked at, the other inputs being fine: every combination of classes
//! within each block; and, for each pair of blocks, every combination of what the second opinion can
//! tell apart in them. What one rule says cannot depend on an input it does not read, so beyond a block
//! only how objections meet is left. The full product over all inputs of what can be told apart is
//! `--ignored`: it takes minutes in a release build.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod reference;
mod shipped;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use reference::{inputs_of, opinion};
use serde_json::{Map, Value, json};
use shipped::File;
use toml::{Table, Value as Toml};
use yumen_policy::{Device, FeatureId, Outcome, Policy, Verdict, judge};

/// The classes of one input: JSON values, in any of its forms.
type Classes = BTreeMap<String, Vec<Value>>;

/// How an input can fail to be known.
fn unknown() -> Vec<Value> {
    vec![
        Value::Null,
        json!({"error": "no"}),
        json!({"status": "expired"}),
        json!({"status": "no_account"}),
    ]
}

/// Every word that the rules of these files and the terms mention for an input.
fn mentioned(files: &[&Table], terms: &Table, input: &str) -> BTreeSet<String> {
    fn words(value: &Toml, into: &mut BTreeSet<String>) {
        match value {
            Toml::String(word) => drop(into.insert(word.clone())),
            Toml::Array(list) => list.iter().for_each(|value| words(value, into)),
            Toml::Table(table) => table.values().for_each(|value| words(value, into)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for file in files {
        for rule in file.get("rule").and_then(Toml::as_array).into_iter().flatten() {
            for clause in rule["any"].as_array().unwrap() {
                if let Some(test) = clause.get(input) {
                    words(test, &mut found);
                }
            }
        }
    }
    let mut term = |key: &str| terms.get(key).into_iter().for_each(|v| words(v, &mut found));
    match input {
        "class" => term("classes"),
        "os_version" => term("platforms"),
        "capabilities" => term("capabilities"),
        "age_band" => term("age_bands"),
        "language" | "assistant_language" => {
            term("languages");
            term("languages_exact");
            term("languages_excluded");
        }
        "platform" => {
            let platforms = terms.get("platforms").and_then(Toml::as_table);
            found.extend(platforms.into_iter().flat_map(Table::keys).cloned());
        }
        _ => {}
    }
    found
}

/// The classes of an input, the values first.
fn classes(files: &[&Table], terms: &Table, input: &str, home: &str) -> Vec<Value> {
    let said = mentioned(files, terms, input);
    let mut values: Vec<Value> = Vec::new();
    let plain = |word: &String| json!(word);
    match input {
        "purchase_region" => values.push(json!(home)),
        "location" => {
            for region in &said {
                values.push(json!([region]));
                values.push(json!([{"region": region, "confidence": 0.1}]));
                values.push(json!([region, "AQ"]));
            }
            values.push(json!(["AQ"]));
            values.push(json!([]));
        }
        "subdivision" => {
            values.extend(said.iter().map(|part| json!([part])));
            values.push(json!([format!("{home}-ZZ")]));
        }
        "capabilities" => {
            let all: Vec<_> = said.iter().collect();
            values.push(json!([]));
            values.push(json!(all));
            values.push(json!(all.iter().map(|w| w.as_str()).chain(["other"]).collect::<Vec<_>>()));
        }
        "os_version" => {
            values.push(json!("0.9"));
            values.push(json!("99"));
            values.extend(
                said.iter()
                    .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
                    .map(plain),
            );
        }
        "class" => values.extend(said.iter().map(plain).chain([json!("tv")])),
        "platform" => values.extend(said.iter().map(plain).chain([json!("linux")])),
        "age_band" => values.extend(["child", "teen", "adult"].map(|band| json!(band))),
        "cellular" => values.extend(["mainland", "global", "none"].map(|kind| json!(kind))),
        "language" | "assistant_language" | "locale" => {
            values.extend(said.iter().map(plain));
            values.extend(said.iter().map(|tag| json!(format!("{tag}-SG"))));
            values.push(json!("zh-TW"));
            values.push(json!("fr"));
        }
        "billing_region" | "setup_region" | "developer_region" => {
            values.extend(said.iter().map(plain));
            values.push(json!("AQ"));
        }
        other => panic!("the classes of `{other}` are not written down"),
    }
    values.extend(unknown());
    values
}

/// The inputs, in blocks of those that one rule or term reads together.
fn blocks(files: &[&Table], terms: &Table) -> Vec<Vec<String>> {
    let mut groups: Vec<BTreeSet<String>> = vec![["platform".into(), "os_version".into()].into()];
    for input in [
        "purchase_region",
        "billing_region",
        "location",
        "class",
        "language",
        "assistant_language",
        "capabilities",
        "age_band",
    ] {
        groups.push([input.to_owned()].into());
    }
    if terms.get("languages_must_match").and_then(Toml::as_bool) == Some(true) {
        groups.push(["language".into(), "assistant_language".into()].into());
    }
    for file in files {
        for rule in file.get("rule").and_then(Toml::as_array).into_iter().flatten() {
            groups.push(inputs_of(rule.as_table().unwrap()));
        }
        if file.contains_key("parent") {
            groups.push(["subdivision".to_owned()].into());
        }
    }
    let mut merged: Vec<BTreeSet<String>> = Vec::new();
    for group in groups {
        let (touching, apart): (Vec<_>, Vec<_>) =
            merged.into_iter().partition(|other| !other.is_disjoint(&group));
        merged = apart;
        merged.push(touching.into_iter().fold(group, |all, other| &all | &other));
    }
    merged.into_iter().map(|group| group.into_iter().collect()).collect()
}

/// A device for which everything is fine.
fn fine(home: &str) -> Map<String, Value> {
    let device = json!({
        "purchase_region": home, "billing_region": "AQ", "location": ["AQ"], "class": "phone",
        "platform": "ios", "os_version": "99", "language": "en", "assistant_language": "en",
        "capabilities": ["generative"], "age_band": "adult", "cellular": "global",
    });
    device.as_object().unwrap().clone()
}

/// Calls with every combination of the classes of these inputs, put over a device.
fn each(
    inputs: &[String],
    classes: &Classes,
    device: &mut Map<String, Value>,
    call: &mut impl FnMut(&Map<String, Value>),
) {
    let Some((input, rest)) = inputs.split_first() else {
        return call(device);
    };
    let before = device.get(input).cloned();
    for value in &classes[input] {
        device.insert(input.clone(), value.clone());
        each(rest, classes, device, call);
    }
    match before {
        Some(value) => drop(device.insert(input.clone(), value)),
        None => drop(device.remove(input)),
    }
}

/// One market with its overlays, and one feature.
struct Lane<'a> {
    files: Vec<&'a Table>,
    home: String,
    feature: &'a File,
    classes: Classes,
    blocks: Vec<Vec<String>>,
}

fn lanes<'a>(markets: &'a [File], features: &'a [File]) -> Vec<Lane<'a>> {
    let mut lanes = Vec::new();
    for market in markets {
        let regions = market.table.get("regions").and_then(Toml::as_array);
        let Some(home) = regions.and_then(|regions| regions.first()) else {
            continue;
        };
        let home = home.as_str().unwrap().to_owned();
        let parts = markets
            .iter()
            .filter(|file| file.table.get("parent").and_then(Toml::as_str) == Some(market.id()));
        let files: Vec<_> =
            std::iter::once(&market.table).chain(parts.map(|file| &file.table)).collect();
        for feature in features {
            let terms = feature.table["eligibility"].as_table().unwrap();
            let blocks = blocks(&files, terms);
            let inputs = blocks.iter().flatten();
            let classes =
                inputs.map(|input| (input.clone(), classes(&files, terms, input, &home))).collect();
            lanes.push(Lane { files: files.clone(), home: home.clone(), feature, classes, blocks });
        }
    }
    lanes
}

/// Compares one decision with the second opinion.
struct Bench<'a> {
    policy: Policy,
    raw: Vec<&'a Table>,
    answers: BTreeMap<&'static str, u64>,
}

impl Bench<'_> {
    fn compare(&mut self, feature: &File, id: &FeatureId, device: &Map<String, Value>) {
        let json = Value::Object(device.clone());
        let parsed: Device = serde_json::from_value(json.clone()).unwrap();
        let verdict = judge(&self.policy, &parsed, id, shipped::now());
        let expected = opinion(&self.raw, &feature.table, &json);
        let found = (verdict.answer().as_str(), verdict.code());
        assert_eq!(found, (expected.answer, expected.code), "{id} {json}");
        if found.1 != "eligible" && !["market_unknown", "market_closed"].contains(&found.1) {
            assert_eq!(failed(&verdict), expected.failed, "{id} {json}");
            let missing: BTreeSet<_> =
                verdict.missing().into_iter().map(|input| input.to_string()).collect();
            assert_eq!(missing, expected.missing, "{id} {json}");
        }
        *self.answers.entry(expected.code).or_default() += 1;
    }

    fn report(&self, what: &str) {
        let total: u64 = self.answers.values().sum();
        let mut line = format!("{what}: {total} combinations compared");
        for (code, count) in &self.answers {
            write!(line, ", {code} {count}").unwrap();
        }
        println!("{line}");
    }
}

/// The rules of market and terms that failed.
fn failed(verdict: &Verdict) -> BTreeSet<String> {
    let reasons = verdict.reasons().into_iter();
    let failed = reasons.filter(|reason| reason.outcome == Outcome::Fail && reason.input.is_some());
    failed.map(|reason| reason.rule.to_string()).collect()
}

fn bench<'a>(markets: &'a [File], features: &[File]) -> Bench<'a> {
    let policy = Policy::new(shipped::source(markets, features)).unwrap();
    let raw = markets.iter().map(|file| &file.table).collect();
    Bench { policy, raw, answers: BTreeMap::new() }
}

#[test]
fn every_combination_is_decided_as_the_second_opinion_says() {
    let (markets, features) = (shipped::markets(), shipped::features());
    let mut bench = bench(&markets, &features);
    for lane in lanes(&markets, &features) {
        let id: FeatureId = lane.feature.id().parse().unwrap();
        let mut device = fine(&lane.home);
        for block in &lane.blocks {
            each(block, &lane.classes, &mut device, &mut |device| {
                bench.compare(lane.feature, &id, device);
            });
        }
    }
    bench.report("within blocks");
    for lane in distinct(lanes(&markets, &features)) {
        let id: FeatureId = lane.feature.id().parse().unwrap();
        let mut device = fine(&lane.home);
        let classes = all_told_apart(&bench, &lane);
        for (at, one) in lane.blocks.iter().enumerate() {
            for other in &lane.blocks[at + 1..] {
                let inputs = [one.as_slice(), other.as_slice()].concat();
                each(&inputs, &classes, &mut device, &mut |device| {
                    bench.compare(lane.feature, &id, device);
                });
            }
        }
    }
    bench.report("and across pairs of blocks");
    for code in [
        "eligible",
        "input_error",
        "input_unset",
        "rule_failed",
        "market_closed",
        "market_preparing",
    ] {
        assert!(bench.answers.contains_key(code), "no combination led to {code}");
    }
}

#[test]
fn every_region_belongs_to_the_market_whose_file_says_so_or_to_none() {
    let (markets, features) = (shipped::markets(), shipped::features());
    let mut bench = bench(&markets, &features);
    for one in b'A'..=b'Z' {
        for other in b'A'..=b'Z' {
            let home = String::from_utf8(vec![one, other]).unwrap();
            for feature in &features {
                let id = feature.id().parse().unwrap();
                bench.compare(feature, &id, &fine(&home));
            }
        }
    }
    bench.report("regions");
}

/// One class for each way in which the rules and terms can tell a value apart: of values that fail
/// the same rules and terms the first.
fn told_apart(bench: &Bench<'_>, lane: &Lane<'_>, input: &str) -> Vec<Value> {
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    let mut device = fine(&lane.home);
    // Against each value of the inputs it shares a block with.
    let block = lane.blocks.iter().find(|block| block.iter().any(|name| name == input)).unwrap();
    let others: Vec<String> = block.iter().filter(|name| *name != input).cloned().collect();
    for value in &lane.classes[input] {
        device.insert(input.to_owned(), value.clone());
        let mut signature = String::new();
        each(&others, &lane.classes, &mut device.clone(), &mut |device| {
            let opinion = opinion(&bench.raw, &lane.feature.table, &Value::Object(device.clone()));
            write!(signature, "{opinion:?}").unwrap();
        });
        seen.entry(signature).or_insert_with(|| value.clone());
    }
    seen.into_values().collect()
}

fn all_told_apart(bench: &Bench<'_>, lane: &Lane<'_>) -> Classes {
    let inputs = lane.classes.keys();
    inputs.map(|input| (input.clone(), told_apart(bench, lane, input))).collect()
}

/// One lane of each kind: features of one tier and the same terms are decided alike where no rule names
/// them, and so are the devices of markets with the same rules and status.
fn distinct(lanes: Vec<Lane<'_>>) -> Vec<Lane<'_>> {
    let mut seen = BTreeSet::new();
    let kind = |lane: &Lane<'_>| {
        let state = lane.files[0].get("status").map(|status| status["state"].clone());
        let rules = lane.files.iter().filter_map(|file| file.get("rule"));
        let rules = rules.flat_map(|rules| rules.as_array().unwrap()).map(|rule| {
            let any: Vec<_> = rule["any"]
                .as_array()
                .unwrap()
                .iter()
                .map(|clause| format!("{clause:?}"))
                .collect();
            let rest = ["features", "surfaces", "platforms", "grace", "confidence"];
            (any.join(" ").replace(&lane.home, "HOME"), rest.map(|key| rule.get(key).cloned()))
        });
        let terms = (&lane.feature.table["tier"], &lane.feature.table["eligibility"]);
        format!("{state:?} {:?} {terms:?}", rules.collect::<Vec<_>>())
    };
    lanes.into_iter().filter(|lane| seen.insert(kind(lane))).collect()
}

#[test]
#[ignore = "minutes in a release build: cargo test --release -p yumen-policy --test exhaustive -- --ignored --nocapture"]
fn the_full_product_is_decided_as_the_second_opinion_says() {
    let (markets, features) = (shipped::markets(), shipped::features());
    let mut bench = bench(&markets, &features);
    for lane in distinct(lanes(&markets, &features)) {
        // Where nothing is ever served the rules are not looked at.
        let state = lane.files[0].get("status").and_then(|status| status["state"].as_str());
        if state == Some("closed") {
            continue;
        }
        let id: FeatureId = lane.feature.id().parse().unwrap();
        let inputs: Vec<String> = lane.classes.keys().cloned().collect();
        let classes = all_told_apart(&bench, &lane);
        each(&inputs, &classes, &mut fine(&lane.home), &mut |device| {
            bench.compare(lane.feature, &id, device);
        });
        bench.report(&format!("{} {}", lane.files[0]["id"].as_str().unwrap(), lane.feature.id()));
    }
    bench.report("full product");
}
