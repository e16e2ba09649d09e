//! Cards: the published schema and the parser agree, every shipped card holds, and what a card may
//! not say is refused by its key.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::files;
use super::*;

/// A card that says as much as one can, with a mark where a key can be put.
const CARD: &str = r#"
id = "example"
name = { en = "Example", zh = "示例" }
key_env = "EXAMPLE_API_KEY"
#card
[sources]
doc = { clause = "A document", url = "https://x.example", kind = "document", as_of = "2026-11-22", verified_on = "2026-11-22", verified_by = "A", certainty = "general" }
[[endpoint]]
id = "home"
dialect = "openai-chat"
base_url = "https://api.x.example/v1"
key_env = "OTHER_KEY"
retires = { on = "2027-01-01", source = "doc" }
source = "doc"
#endpoint
[[endpoint]]
dialect = { name = "example-anthropic", like = "anthropic-messages", auth = "bearer" }
base_url = "https://api.x.example/anthropic"
[[host]]
host = "api.x.example"
region = "JP"
source = { clause = "By its name" }
#host
[[blocked]]
region = "KP"
source = "doc"
#blocked
[retention]
days = 30
text = { en = "thirty days", zh = "三十天" }
source = "doc"
#retention
[capabilities]
context_tokens = 128_000
max_input_tokens = 100_000
max_output_tokens = 8_000
inputs = ["text", "image"]
tools = true
tools_at = ["home"]
json_schema = true
json_object = true
prefix = true
reasoning = "switchable"
search = true
cache = "marked"
source = "doc"
#capabilities
[[model]]
id = "one"
upstream = "ep-1"
version = "1"
region = "JP"
reports = ["one", "one-1"]
fingerprints = ["fp_1"]
filing = { number = "A-B-20250101", source = "doc" }
markets = ["jp"]
features = ["assistant.chat"]
capabilities = { prefix = false, source = "doc" }
price = [{ from = "2026-10-21", currency = "CNY", above_input_tokens = 1_000, hours = "off_peak", input = 1, output = 2.5, cached_input = 0.1, cache_write = 1.25, source = "doc" }]
retires = { on = "2027-01-01", source = "doc" }
#model
[[retired]]
model = "zero"
on = "2026-01-01"
instead = "one"
source = "doc"
#retired
"#;

fn parse(text: &str) -> Result<PartnerCard, CardError> {
    PartnerCard::parse(text, files::shipped_partner)
}

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn schema() -> Value {
    let text = include_str!("../../../../../catalog/schema/partner.schema.json");
    serde_json::from_str(text).unwrap()
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
    parse(CARD).unwrap();
    for def in
        ["card", "endpoint", "host", "blocked", "retention", "capabilities", "model", "retired"]
    {
        let mark = format!("#{def}\n");
        assert!(CARD.contains(&mark), "{def}");
        let error = error(&CARD.replacen(&mark, "no_such_key = 1\n", 1));
        assert!(error.contains("unknown field `no_such_key`"), "{def}: {error}");
        assert_eq!(expected(&error), keys(&defs[def]["properties"]), "{def}");
    }
    for (from, def) in [
        ("{ clause = \"By its name\"", "evidence"),
        ("{ en = \"Example\"", "text"),
        ("{ number = ", "filing"),
        ("{ on = ", "retires"),
        ("{ from = ", "price"),
    ] {
        let more = from.replacen("{ ", "{ no_such_key = 1, ", 1);
        let error = error(&CARD.replacen(from, &more, 1));
        let known = match def {
            "filing" => &defs["model"]["properties"]["filing"],
            def => &defs[def],
        };
        assert_eq!(expected(&error), keys(&known["properties"]), "{def}: {error}");
    }
    // What a card that extends another may say is what any card may.
    let (card, extension) = (keys(&defs["card"]["properties"]), &defs["extension"]["properties"]);
    assert_eq!(keys(extension), card.into_iter().chain(["extends".to_owned()]).collect());
    for list in ["endpoint", "host", "blocked", "model", "retired"] {
        let changed = &defs[format!("changed_{list}")]["properties"];
        assert_eq!(keys(changed), keys(&defs[list]["properties"]), "{list}");
    }
}

#[test]
fn parser_and_schema_know_the_same_words() {
    let schema = schema();
    let defs = &schema["$defs"];
    for (from, to, list) in [
        ("\"document\"", "\"x\"", &defs["evidence"]["properties"]["kind"]["enum"]),
        ("\"general\"", "\"x\"", &defs["evidence"]["properties"]["certainty"]["enum"]),
        ("\"CNY\"", "\"x\"", &defs["price"]["properties"]["currency"]["enum"]),
        ("\"off_peak\"", "\"x\"", &defs["price"]["properties"]["hours"]["enum"]),
        ("\"switchable\"", "\"x\"", &defs["capabilities"]["properties"]["reasoning"]["enum"]),
        ("\"marked\"", "\"x\"", &defs["capabilities"]["properties"]["cache"]["enum"]),
        ("\"image\"", "\"x\"", &defs["capabilities"]["properties"]["inputs"]["items"]["enum"]),
    ] {
        let error = error(&CARD.replacen(from, to, 1));
        assert_eq!(expected(&error), words(list), "{to}: {error}");
    }
}

#[test]
fn what_a_card_may_not_say_is_refused_by_its_key() {
    for (from, to, says) in [
        ("[\"fp_1\"]", "[\"fp 1\"]", "fingerprints"),
        ("[\"one\", \"one-1\"]", "[\"one two\"]", "reports"),
        ("\"ep-1\"", "\"\"", "upstream"),
        ("version = \"1\"", "version = \" \"", "version"),
        ("markets = [\"jp\"]\n", "", "markets"),
        ("input = 1,", "input = -1,", "price"),
        ("output = 2.5", "output = nan", "price"),
        ("number = \"A-B-20250101\"", "number = \" \"", "filing"),
        ("\"api.x.example\"", "\"*.*.x.example\"", "*.*.x.example"),
        ("tools_at = [\"home\"]", "tools_at = [\"elsewhere\"]", "tools_at"),
        ("{ prefix = false, source = \"doc\" }", "{ prefix = false }", "capabilities"),
        ("{ prefix = false, source = \"doc\" }", "{ prefix = false, source = \"dok\" }", "\"dok\""),
        ("{ clause = \"By its name\" }", "{ clause = \" \" }", "api.x.example"),
        ("url = \"https://x.example\"", "url = \"http://x.example\"", "sources.doc"),
        ("verified_by = \"A\", ", "", "verified_on"),
        ("id = \"home\"", "id = \"example-anthropic\"", "example-anthropic"),
        ("id = \"example\"", "id = \"device\"", "device"),
        ("\"https://api.x.example/v1\"", "\"http://api.x.example/v1\"", "plain http"),
        ("\"openai-chat\"", "\"openai-chit\"", "openai-chit"),
    ] {
        assert!(CARD.contains(from), "{from}");
        let error = error(&CARD.replacen(from, to, 1));
        assert!(error.contains(says), "{to}: {error}");
    }
    let twice = format!("{CARD}[[model]]\nid = \"one\"\n");
    assert!(error(&twice).contains("twice"));
    let nowhere = "id = \"x\"\nname = { en = \"X\", zh = \"X\" }\n";
    assert!(error(nowhere).contains("endpoint"));
    let half = format!("{nowhere}protocol = \"openai-chat\"\n");
    assert!(error(&half).contains("base_url"));
}

#[test]
fn one_endpoint_can_be_said_in_two_lines() {
    let text = "id = \"x\"\nname = { en = \"X\", zh = \"X\" }\nkey_env = \"X_KEY\"\n\
                protocol = \"openai-chat\"\nbase_url = \"https://api.x.example/v1\"\n\
                [[model]]\nid = \"m\"\n";
    let card = parse(text).unwrap();
    assert_eq!(card.home().dialect.name(), "openai-chat");
    assert_eq!(card.home().key(), KeySource::Env("X_KEY".to_owned()));
    assert_eq!(card.model[0].version(), "m");
    assert_eq!(card.endpoint("openai-chat").unwrap().base_url.path(), "/v1");
}

#[test]
fn a_card_that_extends_another_changes_what_it_says_and_keeps_the_rest() {
    let shipped = parse(files::shipped_partner("zhipu").unwrap()).unwrap();
    let card = parse(
        r#"
extends = "zhipu"
[[endpoint]]
id = "international"
[[host]]
host = "api.z.ai"
region = "SG"
source = { clause = "Told by the partner" }
[[model]]
id = "glm-5.2"
markets = ["sg"]
features = ["assistant.chat"]
[[model]]
id = "glm-own"
capabilities = { tools = false, source = "docs" }
"#,
    )
    .unwrap();
    assert_eq!((card.id.as_str(), &card.name), ("zhipu", &shipped.name));
    // What it names comes first: here another home, and the preferred model.
    assert_eq!(card.home().id, "international");
    assert_eq!(card.home().base_url.host(), "api.z.ai");
    assert_eq!(card.endpoints.len(), shipped.endpoints.len());
    assert_eq!(card.region_of("api.z.ai").unwrap().as_str(), "SG");
    assert_eq!(card.region_of("open.bigmodel.cn").unwrap().as_str(), "CN");
    let ids: Vec<_> = card.model.iter().take(3).map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["glm-5.2", "glm-own", "glm-5.3"]);
    assert_eq!(card.model.len(), shipped.model.len() + 1);
    let known = shipped.model.iter().find(|model| model.id.as_str() == "glm-5.2").unwrap();
    assert_eq!(card.model[0].price, known.price);
    assert_eq!(card.region(&card.model[0]).unwrap().as_str(), "SG");

    assert!(error("extends = \"nobody\"").contains("extends"));
    assert!(error("extends = \"zhipu\"\nid = \"other\"").contains("id"));
    let slip = error("extends = \"zhipu\"\n[[model]]\nid = \"glm-5.2\"\nmarket = [\"sg\"]");
    assert!(slip.contains("market"), "{slip}");
}

#[test]
fn the_price_of_a_day_is_the_newest_that_had_begun_and_never_too_low() {
    let deepseek = parse(files::shipped_partner("deepseek").unwrap()).unwrap();
    let day = |text: &str| text.parse::<Date>().unwrap();
    let of = |model: &ModelCard, on: &str, currency| {
        price_on(&model.price, day(on), currency).map(|price| (price.input, price.output))
    };
    let flash = &deepseek.model[0];
    assert_eq!(of(flash, "2026-09-09", Currency::Usd), None);
    assert_eq!(of(flash, "2026-09-10", Currency::Usd), Some((0.15, 0.6)));
    assert_eq!(of(flash, "2026-11-22", Currency::Usd), Some((0.3, 1.2)), "peak hours count");
    assert_eq!(of(flash, "2026-11-22", Currency::Cny), None);
    let minimax = parse(files::shipped_partner("minimax").unwrap()).unwrap();
    let m3 = &minimax.model[0];
    assert_eq!(of(m3, "2026-11-22", Currency::Usd), Some((0.3, 1.2)), "not that of long questions");
    assert_eq!(of(m3, "2026-11-22", Currency::Cny), Some((2.1, 8.4)));
}

#[test]
fn what_routing_goes_by_is_what_the_card_says_at_the_endpoint() {
    let openai = parse(files::shipped_partner("openai").unwrap()).unwrap();
    let today: Date = "2026-11-22".parse().unwrap();
    let at = |endpoint: &str, model: &str| {
        let endpoint = openai.endpoint(endpoint);
        assert!(endpoint.is_some());
        let models = openai.models(endpoint, today, Currency::Usd);
        models.into_iter().find(|known| known.id.as_str() == model).unwrap()
    };
    assert_eq!(at("openai-chat", "gpt-6-astra").capabilities.tools, Some(false));
    assert_eq!(at("openai-responses", "gpt-6-astra").capabilities.tools, Some(true));
    let mini = at("openai-chat", "gpt-5.4-mini");
    assert_eq!(mini.capabilities.tools, Some(true), "what the partner's models can, it can");
    assert_eq!(mini.capabilities.prefix, None, "what nobody said is unknown");
    assert_eq!(mini.price.map(|price| price.output), Some(4.5));
    let sol = at("openai-chat", "gpt-5.6-sol");
    assert_eq!(sol.capabilities.context_tokens, Some(922_000));
}

#[test]
fn every_shipped_card_holds_and_every_partner_of_the_mission_has_one() {
    let shipped = super::super::Shipped::load(None).unwrap();
    let ids: BTreeSet<_> = shipped.partners.iter().map(|card| card.id.as_str()).collect();
    assert_eq!(
        ids,
        BTreeSet::from([
            "anthropic",
            "baidu",
            "bytedance",
            "deepseek",
            "huawei",
            "llama",
            "minimax",
            "moonshot",
            "openai",
            "qwen",
            "tencent",
            "zhipu",
        ])
    );
    for card in &shipped.partners {
        // What is served in a market with a border is at a known place.
        for model in card.model.iter().filter(|model| !model.markets.is_empty()) {
            assert!(card.region(model).is_some(), "{} {}", card.id, model.id);
        }
        for evidence in card.sources.values() {
            assert!(evidence.kind.is_some() && evidence.as_of.is_some(), "{}: {evidence}", card.id);
        }
        // Each named source is named by something.
        let named: BTreeSet<_> = card
            .citations()
            .filter_map(|(_, cited)| match cited {
                Cited::Named(name) => Some(name.as_str()),
                Cited::Here(_) => None,
            })
            .collect();
        assert_eq!(named, card.sources.keys().map(String::as_str).collect(), "{}", card.id);
    }
}
