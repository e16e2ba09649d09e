//! The published JSON Schema of market files and the parser know the same keys and words, and refuse
//! the same unknown ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod shipped;

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use yumen_policy::MarketFile;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../catalog/schema/market.schema.json")).unwrap()
}

/// A market file that says as much as one can, with a mark where a key can be put.
const MARKET: &str = r#"
id = "xx"
name = { en = "X", zh = "某地" }
regions = ["XX"]
issued = "2026-11-22"
development = false
#top
[status]
state = "open"
text = { en = "t", zh = "文" }
next_step = { en = "t", zh = "文" }
source = { clause = "c", url = "https://x.example", verified_on = "2026-01-01", verified_by = "A", certainty = "general" }
#status
[approval]
required = true
signers = 2
models_filed = true
text = { en = "t", zh = "文" }
next_step = { en = "t", zh = "文" }
source = { clause = "c" }
#approval
[residency]
processing = ["XX"]
source = { clause = "c" }
#residency
[pictures]
judge = "required"
source = { clause = "c" }
#pictures
[freshness]
policy = "30d"
packs = "30d"
approvals = "12h"
grace = "1d"
device = "1d"
#freshness
[strikes]
severity = 2
weights = { lanterns = 2 }
#strikes
[[strikes.step]]
in_a_row = 3
then = "limit"
lasts = "1h"
text = { en = "t", zh = "文" }
#rung
[strikes.source]
clause = "c"
[[rule]]
id = "xx.rule"
features = ["*"]
surfaces = ["cloud"]
platforms = ["ios"]
confidence = 0.5
grace = "30d"
any = [{ location = { intersects = ["XX"] }, capabilities = { contains_all = ["generative"] }, must_match = [["language", "locale"]], language = { in = ["en"], exact = ["fr-CA"], except = ["en-SG"] } }]
text = { en = "t", zh = "文" }
next_step = { en = "t", zh = "文" }
source = { clause = "c" }
#rule
[[duty]]
id = "xx.duty"
kind = "retention"
features = ["*"]
value = 6
unit = "months"
text = { en = "t", zh = "文" }
source = { clause = "c" }
enforced_by = "ledger"
#duty
[label]
visible = { en = "t", zh = "文" }
copied = { en = "t", zh = "文" }
requires_provider_code = true
sources = [{ clause = "c" }]
"#;

const OVERLAY: &str = r#"
id = "xx-a"
name = { en = "A", zh = "甲" }
parent = "xx"
subdivisions = ["XX-A"]
issued = "2026-11-22"
#top
[[duty]]
id = "xx-a.duty"
kind = "notice"
text = { en = "t", zh = "文" }
source = { clause = "c" }
"#;

const ELSEWHERE: &str = r#"
id = "unknown"
name = { en = "Elsewhere", zh = "其他地区" }
regions = []
issued = "2026-11-22"
#top
[status]
state = "closed"
text = { en = "t", zh = "文" }
next_step = { en = "t", zh = "文" }
source = { clause = "c" }
"#;

fn error(file: &str) -> String {
    MarketFile::parse(file).map(|_| ()).unwrap_err().to_string()
}

/// The words in backquotes of an error of the parser, without the one it complains of.
fn expected(error: &str) -> BTreeSet<String> {
    let list = error.split("expected").nth(1).unwrap_or_default();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

fn words(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn parser_and_schema_know_the_same_keys() {
    let schema = schema();
    let defs = &schema["$defs"];
    for (file, mark, def) in [
        (MARKET, "#top", "a_market"),
        (MARKET, "#status", "status"),
        (MARKET, "#approval", "approval"),
        (MARKET, "#residency", "residency"),
        (MARKET, "#pictures", "pictures"),
        (MARKET, "#freshness", "freshness"),
        (MARKET, "#strikes", "strikes"),
        (MARKET, "#rung", "strike"),
        (MARKET, "#rule", "rule"),
        (MARKET, "#duty", "duty"),
        (OVERLAY, "#top", "an_overlay"),
        (ELSEWHERE, "#top", "elsewhere"),
    ] {
        assert!(MarketFile::parse(file).is_ok(), "{def}: {}", error(file));
        let error = error(&file.replacen(mark, "no_such_key = 1", 1));
        assert!(error.contains("unknown field `no_such_key`"), "{def}: {error}");
        assert_eq!(expected(&error), keys(&defs[def]["properties"]), "{def}");
    }
    for (from, to, def) in [
        ("{ clause = \"c\" }", "{ clause = \"c\", no_such_key = 1 }", "source"),
        ("{ en = \"X\"", "{ no_such_key = 1, en = \"X\"", "text"),
        ("any = [{ ", "any = [{ no_such_key = 1, ", "clause"),
    ] {
        let error = error(&MARKET.replacen(from, to, 1));
        assert_eq!(expected(&error), keys(&defs[def]["properties"]), "{def}: {error}");
    }
}

#[test]
fn parser_and_schema_know_the_same_tests_of_each_input() {
    let schema = schema();
    let clause = &schema["$defs"]["clause"]["properties"];
    for (input, form) in
        clause.as_object().unwrap().iter().filter(|(name, _)| *name != "must_match")
    {
        let form = match form["$ref"].as_str() {
            Some(path) => &schema["$defs"][path.rsplit('/').next().unwrap()],
            None => form,
        };
        let forms = match form["oneOf"].as_array() {
            Some(forms) => forms.iter().collect(),
            None => vec![form],
        };
        let known: BTreeSet<String> =
            forms.iter().flat_map(|form| keys(&form["properties"])).collect();
        let test = |test: &str| {
            let from = "any = [{ ";
            // The input may be tested already in the file.
            let any = format!("any = [{{ {input} = {test} }}]\nrest = [{{ ");
            let file =
                MARKET.replacen("grace = \"30d\"", "", 1).replacen("confidence = 0.5", "", 1);
            let start = file.find(from).unwrap();
            let end = start + file[start..].find("}]\n").unwrap() + 3;
            let any = any.split("\nrest").next().unwrap();
            format!("{}{any}\n{}", &file[..start], &file[end..])
        };
        let error = error(&test("{ no_such_test = [] }"));
        assert_eq!(expected(&error), known, "{input}: {error}");
        // Where the schema lists the words, the parser knows exactly those.
        let Some(form) = forms.iter().find_map(|form| form["properties"].get("in")) else {
            continue;
        };
        if form["items"].get("enum").is_some() {
            let error = self::error(&test("{ in = [\"no-such-word\"] }"));
            assert_eq!(expected(&error), words(&form["items"]["enum"]), "{input}: {error}");
        }
    }
}

#[test]
fn parser_and_schema_know_the_same_words() {
    let schema = schema();
    let defs = &schema["$defs"];
    for (from, to, list) in [
        ("state = \"open\"", "state = \"shut\"", &defs["status"]["properties"]["state"]["enum"]),
        ("kind = \"retention\"", "kind = \"x\"", &defs["duty"]["properties"]["kind"]["enum"]),
        ("judge = \"required\"", "judge = \"x\"", &defs["pictures"]["properties"]["judge"]["enum"]),
        ("[\"cloud\"]", "[\"x\"]", &defs["rule"]["properties"]["surfaces"]["items"]["enum"]),
        ("[\"ios\"]", "[\"x\"]", &defs["rule"]["properties"]["platforms"]["items"]["enum"]),
        ("\"general\"", "\"x\"", &defs["source"]["properties"]["certainty"]["enum"]),
    ] {
        let error = error(&MARKET.replacen(from, to, 1));
        assert_eq!(expected(&error), words(list), "{to}: {error}");
    }
}

/// What of a value a schema does not allow; patterns are not looked at.
fn objections(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(path) = schema["$ref"].as_str() {
        found.extend(objections(root, &root["$defs"][path.rsplit('/').next().unwrap()], value, at));
    }
    if let Some(forms) = schema["oneOf"].as_array() {
        let fits = |form: &&Value| objections(root, form, value, at).is_empty();
        if forms.iter().filter(fits).count() != 1 {
            found.push(format!("{at}: not one of the forms"));
        }
    }
    if let Some(list) = schema["enum"].as_array()
        && !list.contains(value)
    {
        found.push(format!("{at}: {value} is no word of the list"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        found.push(format!("{at}: {value} is not the one value"));
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        other => panic!("the schema has a type `{other}`"),
    };
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is(kind)) {
        found.push(format!("{at}: of another type"));
    }
    if let Some(object) = value.as_object() {
        let none = Map::new();
        let known = schema["properties"].as_object().unwrap_or(&none);
        for key in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(key.as_str().unwrap()) {
                found.push(format!("{at}: {key} is missing"));
            }
        }
        for (key, value) in object {
            match known.get(key) {
                Some(schema) => {
                    found.extend(objections(root, schema, value, &format!("{at}.{key}")));
                }
                None if schema["additionalProperties"] == Value::Bool(false) => {
                    found.push(format!("{at}: unknown key {key}"));
                }
                None => {}
            }
        }
    }
    if let Some(list) = value.as_array() {
        if (list.len() as u64) < schema["minItems"].as_u64().unwrap_or(0)
            || list.len() as u64 > schema["maxItems"].as_u64().unwrap_or(u64::MAX)
        {
            found.push(format!("{at}: too short or too long"));
        }
        for (index, value) in list.iter().enumerate().filter(|_| schema["items"].is_object()) {
            found.extend(objections(root, &schema["items"], value, &format!("{at}[{index}]")));
        }
    }
    found
}

#[test]
fn the_shipped_files_fit_the_schema_and_none_with_an_unknown_key_does() {
    let schema = schema();
    let check = |text: &str| {
        let table: toml::Table = text.parse().unwrap();
        objections(&schema, &schema, &serde_json::to_value(table).unwrap(), "file")
    };
    for file in shipped::markets() {
        let whole = check(&file.text);
        assert!(whole.is_empty(), "{}: {whole:?}", file.id());
    }
    for file in [MARKET, OVERLAY, ELSEWHERE] {
        assert_eq!(check(file), Vec::<String>::new(), "{file}");
        for mark in file.lines().filter(|line| line.starts_with('#')) {
            let altered = file.replacen(mark, "no_such_key = 1", 1);
            assert!(!check(&altered).is_empty() && MarketFile::parse(&altered).is_err(), "{mark}");
        }
    }
}
