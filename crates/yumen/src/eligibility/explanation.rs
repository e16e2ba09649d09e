//! A verdict in words a person understands: the answer, what to do, what is missing, and every rule
//! and input it rests on.
//!
//! It is told from the verdict's JSON, the form everyone else gets it in: what a phone is told and
//! what is told here cannot differ.

use serde_json::Value;
use yumen_policy::{InputName, Text, UiLanguage};

/// Tells the verdict.
///
/// `feature` and `market` are their names to people; `bought_in` names the market in which the
/// device was only taken to have been bought.
pub(crate) fn words(
    verdict: &Value,
    feature: Option<&str>,
    market: Option<&str>,
    bought_in: Option<&str>,
    language: UiLanguage,
) -> String {
    let say = |en: &'static str, zh: &'static str| Text::new(en, zh).get(language).to_owned();
    let word = |key: &str| verdict[key].as_str().unwrap_or_default();
    let named = |name: Option<&str>, id: &str| match (name, id) {
        (Some(name), id) => format!("{name} ({id})"),
        (None, "") => say("no market", "不属于任何市场"),
        (None, id) => id.to_owned(),
    };
    let answer = match (word("answer"), word("code")) {
        ("eligible", _) => say("yes", "可以使用"),
        ("maybe", _) => say("perhaps", "可能可以使用"),
        ("not_yet", _) => say("not now", "暂不可用"),
        _ => say("no", "不可用"),
    };
    let mut lines = vec![format!(
        "{}, {}: {answer} [{}, {}]",
        named(feature, word("feature")),
        named(market, word("market")),
        word("answer"),
        word("code"),
    )];
    if let Some(market) = bought_in {
        lines.push(format!(
            "  {}",
            say("as if the device had been bought in: ", "假设设备购买于：") + market
        ));
    }
    match word("stage") {
        "preparing" => lines.push(format!("  {}", say("It is being prepared.", "正在筹备中。"))),
        "never" => lines.push(format!("  {}", say("It will not come here.", "此处不会提供。"))),
        _ => {}
    }
    if let Some(step) = verdict["next_step"].as_str() {
        lines.push(format!("  {}{step}", say("What to do: ", "下一步：")));
    }
    let missing: Vec<_> = items(verdict, "missing")
        .filter_map(|name| Some(input(name.as_str()?, language)))
        .collect();
    if !missing.is_empty() {
        let comma = say(", ", "、");
        lines.push(format!("  {}{}", say("Missing: ", "缺少："), missing.join(&comma)));
    }
    let inputs: Vec<_> = items(verdict, "inputs").map(|one| input_line(one, language)).collect();
    if !inputs.is_empty() {
        lines.push(format!("  {}", say("What the device says:", "设备所述：")));
        lines.extend(inputs);
    }
    lines.push(format!("  {}", say("Rules:", "规则：")));
    lines.extend(items(verdict, "reasons").flat_map(|reason| reason_lines(reason, language)));
    lines.join("\n")
}

fn items<'a>(verdict: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    verdict[key].as_array().into_iter().flatten()
}

/// The name of an input, to people.
fn input(name: &str, language: UiLanguage) -> String {
    let known = InputName::ALL.iter().find(|input| input.as_str() == name);
    known.map_or_else(|| name.to_owned(), |input| input.text().get(language).to_owned())
}

fn input_line(one: &Value, language: UiLanguage) -> String {
    let word = |key: &str| one[key].as_str();
    let said: Vec<_> =
        ["status", "class", "source", "set_at"].into_iter().filter_map(word).collect();
    let name = input(word("input").unwrap_or_default(), language);
    format!("    {name}: {}", said.join(", "))
}

fn reason_lines(reason: &Value, language: UiLanguage) -> Vec<String> {
    let word = |key: &str| reason[key].as_str();
    let mark = match word("outcome") {
        Some("pass") => '+',
        Some("fail") => '-',
        Some("unset") => '?',
        _ => '!',
    };
    let about = word("input").map(|name| format!(" [{}]", input(name, language)));
    let basis = match word("basis") {
        Some("unverified") => Text::new(" (unverified)", "（未核实）").get(language).to_owned(),
        Some("verified") => Text::new(" (verified)", "（已核实）").get(language).to_owned(),
        _ => String::new(),
    };
    vec![
        format!(
            "    {mark} {}{}{basis}",
            word("rule").unwrap_or_default(),
            about.unwrap_or_default()
        ),
        format!("        {}", word("text").unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_a_person_needs_is_told_in_both_languages() {
        let verdict = json!({
            "feature": "assistant.chat", "market": "kr", "answer": "not_yet", "code": "market_preparing",
            "stage": "preparing", "next_step": "Wait.", "missing": ["location"],
            "inputs": [{"input": "location", "status": "unset", "class": null},
                       {"input": "language", "status": "set", "class": "supported", "source": "settings"}],
            "reasons": [{"rule": "kr.status", "input": null, "outcome": "fail", "text": "Not yet.", "basis": "house"},
                        {"rule": "kr.purchase", "input": "purchase_region", "outcome": "pass", "text": "Bought.", "basis": "unverified"}],
        });
        let en =
            words(&verdict, Some("Assistant"), Some("South Korea"), Some("kr"), UiLanguage::En);
        for part in [
            "Assistant (assistant.chat), South Korea (kr): not now [not_yet, market_preparing]",
            "being prepared",
            "as if the device had been bought in: kr",
            "What to do: Wait.",
            "Missing: location",
            "device language: set, supported, settings",
            "- kr.status\n        Not yet.",
            "+ kr.purchase [purchase region] (unverified)\n        Bought.",
        ] {
            assert!(en.contains(part), "{part}: {en}");
        }
        let zh = words(&verdict, Some("助手"), Some("韩国"), None, UiLanguage::Zh);
        for part in ["暂不可用", "正在筹备中", "下一步：Wait.", "缺少：当前位置", "（未核实）"]
        {
            assert!(zh.contains(part), "{part}: {zh}");
        }
    }

    #[test]
    fn a_device_of_no_market_is_said_to_be_in_none() {
        let verdict = json!({"feature": "x", "market": null, "answer": "not_eligible", "code": "market_unknown"});
        assert!(
            words(&verdict, None, None, None, UiLanguage::En).starts_with("x, no market: no [")
        );
    }
}
