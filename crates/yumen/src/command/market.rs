//! `yumen market`: the markets of a catalogue, with their status, rules, duties, and what these rest
//! on.

use serde::Serialize;
use serde_json::{Value, json};
use yumen_policy::{
    Basis, Certainty, Duty, DutyValue, Elsewhere, Market, MarketState, Overlay, Rule, Source, Text,
    UiLanguage,
};

use super::{Output, say};
use crate::catalog::Shipped;
use crate::cli::MarketCommand;
use crate::failure::{Context as _, Failure};

pub(super) fn run(command: MarketCommand, output: Output) -> Result<(), Failure> {
    match command {
        MarketCommand::List { catalog } => {
            let shipped =
                Shipped::load(catalog.as_deref()).context("the catalogue cannot be used")?;
            output.print(&all(&shipped), |lines| {
                lines.iter().map(Line::text).collect::<Vec<_>>().join("\n")
            })
        }
        MarketCommand::Show { id, file: true, .. } => match Shipped::market_file(&id) {
            Some(text) => say(text.trim_end()),
            None => Err(unknown(&id, &Shipped::load(None).context("the catalogue is broken")?)),
        },
        MarketCommand::Show { id, catalog, lang, file: false } => {
            let shipped =
                Shipped::load(catalog.as_deref()).context("the catalogue cannot be used")?;
            let shown = show(&id, &shipped)?;
            output.print(&shown, |shown| text(shown, lang.into()))
        }
    }
}

fn unknown(id: &str, shipped: &Shipped) -> Failure {
    let ids: Vec<_> = all(shipped).into_iter().map(|line| line.id).collect();
    Failure::new(format!("there is no market {id:?}")).help(format!("there are {}", ids.join(", ")))
}

/// A market in one line.
#[derive(Serialize)]
struct Line {
    id: String,
    name: Text,
    state: MarketState,
    /// The market it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    approval_required: bool,
    rule_count: usize,
    duty_count: usize,
    /// How many of the rules and duties somebody compared with their source.
    verified_count: usize,
}

fn all(shipped: &Shipped) -> Vec<Line> {
    let mut lines: Vec<_> = shipped.markets.iter().map(Line::market).collect();
    let parents = &shipped.markets;
    lines.extend(shipped.overlays.iter().map(|overlay| Line::overlay(overlay, parents)));
    lines.extend(shipped.elsewhere.iter().map(Line::elsewhere));
    lines.sort_by(|a, b| a.id.cmp(&b.id));
    lines
}

fn verified(rules: &[Rule], duties: &[Duty]) -> usize {
    let sources = rules.iter().map(Rule::source).chain(duties.iter().map(Duty::source));
    sources.filter(|source| source.basis() == Basis::Verified).count()
}

impl Line {
    fn market(market: &Market) -> Self {
        Self {
            id: market.id().to_string(),
            name: market.name().clone(),
            state: market.state(),
            parent: None,
            approval_required: market.approval().is_required(),
            rule_count: market.rules().len(),
            duty_count: market.duties().len(),
            verified_count: verified(market.rules(), market.duties()),
        }
    }

    fn overlay(overlay: &Overlay, parents: &[Market]) -> Self {
        let parent = parents.iter().find(|market| market.id() == overlay.parent());
        Self {
            id: overlay.id().to_string(),
            name: overlay.name().clone(),
            state: parent.map_or(MarketState::Closed, Market::state),
            parent: Some(overlay.parent().to_string()),
            approval_required: parent.is_some_and(|market| market.approval().is_required()),
            rule_count: overlay.rules().len(),
            duty_count: overlay.duties().len(),
            verified_count: verified(overlay.rules(), overlay.duties()),
        }
    }

    fn elsewhere(elsewhere: &Elsewhere) -> Self {
        Self {
            id: Elsewhere::ID.to_owned(),
            name: elsewhere.name().clone(),
            state: elsewhere.status().state(),
            parent: None,
            approval_required: false,
            rule_count: 0,
            duty_count: elsewhere.duties().len(),
            verified_count: verified(&[], elsewhere.duties()),
        }
    }

    fn text(&self) -> String {
        let part = self.parent.as_ref().map_or_else(String::new, |of| format!(", part of {of}"));
        format!(
            "{:<8} {:<10} {} rules, {} duties, {} verified  {}{part}",
            self.id,
            word(self.state),
            self.rule_count,
            self.duty_count,
            self.verified_count,
            self.name.en,
        )
    }
}

const fn word(state: MarketState) -> &'static str {
    match state {
        MarketState::Open => "open",
        MarketState::Preparing => "preparing",
        MarketState::Closed => "closed",
    }
}

/// One market with everything in it, as JSON has it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    line: Line,
    regions: Vec<String>,
    subdivisions: Vec<String>,
    issued: Option<String>,
    digest: String,
    status: Option<Value>,
    approval: Option<Value>,
    residency: Option<Value>,
    pictures: Option<Value>,
    freshness: Option<Value>,
    rules: Vec<Value>,
    duties: Vec<Value>,
    label: Option<toml::Table>,
}

fn show(id: &str, shipped: &Shipped) -> Result<Shown, Failure> {
    let rules = |rules: &[Rule]| rules.iter().map(|rule| rule_json(rule, shipped)).collect();
    let duties = |duties: &[Duty]| duties.iter().map(duty_json).collect();
    if let Some(market) = shipped.markets.iter().find(|market| market.id().as_str() == id) {
        let approval = market.approval();
        return Ok(Shown {
            line: Line::market(market),
            regions: market.regions().iter().map(ToString::to_string).collect(),
            subdivisions: Vec::new(),
            issued: market.issued().map(|day| day.to_string()),
            digest: market.digest().to_string(),
            status: market.status().map(|status| {
                json!({"state": status.state(), "text": status.text(),
                       "next_step": status.next_step(), "source": source_json(status.source())})
            }),
            approval: Some(json!({
                "required": approval.is_required(), "signers": approval.signers(),
                "models_filed": approval.wants_filed_models(), "text": approval.text(),
                "next_step": approval.next_step(), "source": source_json(approval.source()),
            })),
            residency: market.residency().map(|residency| {
                json!({"processing": residency.processing(), "source": source_json(residency.source())})
            }),
            pictures: market.pictures().map(|duty| {
                json!({"judge": duty.judge(), "source": source_json(duty.source())})
            }),
            freshness: serde_json::to_value(market.freshness()).ok(),
            rules: rules(market.rules()),
            duties: duties(market.duties()),
            label: Some(market.label().clone()),
        });
    }
    if let Some(overlay) = shipped.overlays.iter().find(|overlay| overlay.id().as_str() == id) {
        return Ok(Shown {
            line: Line::overlay(overlay, &shipped.markets),
            subdivisions: overlay.subdivisions().iter().map(ToString::to_string).collect(),
            issued: overlay.issued().map(|day| day.to_string()),
            rules: rules(overlay.rules()),
            duties: duties(overlay.duties()),
            ..Shown::empty(Line::overlay(overlay, &shipped.markets), overlay.digest().to_string())
        });
    }
    match &shipped.elsewhere {
        Some(elsewhere) if id == Elsewhere::ID => Ok(Shown {
            issued: elsewhere.issued().map(|day| day.to_string()),
            status: Some(json!({
                "state": elsewhere.status().state(), "text": elsewhere.status().text(),
                "next_step": elsewhere.status().next_step(),
                "source": source_json(elsewhere.status().source()),
            })),
            duties: duties(elsewhere.duties()),
            ..Shown::empty(Line::elsewhere(elsewhere), elsewhere.digest().to_string())
        }),
        _ => Err(unknown(id, shipped)),
    }
}

impl Shown {
    fn empty(line: Line, digest: String) -> Self {
        Self {
            line,
            regions: Vec::new(),
            subdivisions: Vec::new(),
            issued: None,
            digest,
            status: None,
            approval: None,
            residency: None,
            pictures: None,
            freshness: None,
            rules: Vec::new(),
            duties: Vec::new(),
            label: None,
        }
    }
}

/// A source with what it is worth.
fn source_json(source: &Source) -> Value {
    let mut json = json!(source);
    json["basis"] = json!(source.basis());
    json
}

/// A rule, with the features of the catalogue that it applies to.
fn rule_json(rule: &Rule, shipped: &Shipped) -> Value {
    let features: Vec<_> = shipped
        .features
        .iter()
        .filter(|feature| rule.applies_to(feature.id(), feature.terms().surface()))
        .map(|feature| feature.id())
        .collect();
    json!({
        "id": rule.id(), "inputs": rule.inputs().collect::<Vec<_>>(), "features": features,
        "text": rule.text(), "next_step": rule.next_step(), "source": source_json(rule.source()),
    })
}

fn duty_json(duty: &Duty) -> Value {
    let mut json = json!(duty);
    json["source"] = source_json(duty.source());
    json
}

fn text(shown: &Shown, language: UiLanguage) -> String {
    let say = |en: &'static str, zh: &'static str| Text::new(en, zh).get(language).to_owned();
    let words = |value: &Value| -> String {
        let key = if matches!(language, UiLanguage::Zh) { "zh" } else { "en" };
        value[key].as_str().unwrap_or_default().to_owned()
    };
    let mut lines = vec![format!(
        "{} ({}), {}",
        shown.line.name.get(language),
        shown.line.id,
        word(shown.line.state)
    )];
    let issued = shown.issued.as_deref().unwrap_or("-");
    lines.push(format!("  {}{issued}  {}", say("issued ", "签发于 "), shown.digest));
    for (name, list) in
        [(say("regions", "地区"), &shown.regions), (say("parts", "区域"), &shown.subdivisions)]
    {
        if !list.is_empty() {
            lines.push(format!("  {name}: {}", list.join(" ")));
        }
    }
    let mut block = |title: String, value: &Value, more: String| {
        lines.push(format!("  {title}{more}"));
        lines.push(format!("    {}", words(&value["text"])));
        lines.push(format!("    -> {}", words(&value["next_step"])));
        lines.push(format!("    {}", source_line(&value["source"], language)));
    };
    if let Some(status) = &shown.status {
        block(say("status", "状态"), status, format!(": {}", word(shown.line.state)));
    }
    if let Some(approval) = &shown.approval {
        let more = if shown.line.approval_required {
            format!(": {} {}", say("required, signers", "须经批准，签署人数"), approval["signers"])
        } else {
            format!(": {}", say("none is demanded", "无需批准"))
        };
        block(say("approval", "批准"), approval, more);
    }
    if let Some(residency) = &shown.residency {
        let regions: Vec<_> = residency["processing"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        lines.push(format!(
            "  {}: {}",
            say("processing only in", "仅可在此处理"),
            regions.join(" ")
        ));
        lines.push(format!("    {}", source_line(&residency["source"], language)));
    }
    if let Some(pictures) = shown.pictures.as_ref().filter(|duty| duty["judge"] == "required") {
        lines.push(format!(
            "  {}",
            say("pictures only with an external judge", "图片须经外部审核方可发送")
        ));
        lines.push(format!("    {}", source_line(&pictures["source"], language)));
    }
    if let Some(ages) = shown.freshness.as_ref().and_then(Value::as_object) {
        let ages: Vec<_> = ages
            .iter()
            .filter_map(|(part, age)| Some(format!("{part} {}", age.as_str()?)))
            .collect();
        lines.push(format!("  {}: {}", say("may be as old as", "最长时限"), ages.join(", ")));
    }
    lines.push(format!("  {} ({})", say("rules", "规则"), shown.rules.len()));
    for rule in &shown.rules {
        let inputs: Vec<_> =
            rule["inputs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        lines.push(format!("    {}  [{}]", plain(&rule["id"]), inputs.join(", ")));
        lines.push(format!("      {}", words(&rule["text"])));
        lines.push(format!("      {}", source_line(&rule["source"], language)));
    }
    lines.push(format!("  {} ({})", say("duties", "义务"), shown.duties.len()));
    for duty in &shown.duties {
        lines.push(format!("    {}  {}{}", plain(&duty["id"]), plain(&duty["kind"]), number(duty)));
        lines.push(format!("      {}", words(&duty["text"])));
        lines.push(format!("      {}", source_line(&duty["source"], language)));
        let carried = duty["enforced_by"].as_str().map_or_else(
            || say("carried by the operator", "由运营者履行"),
            |by| format!("{}{by}", say("carried by ", "由本程序承担：")),
        );
        lines.push(format!("      {carried}"));
    }
    lines.join("\n")
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The number of a duty with its unit.
fn number(duty: &Value) -> String {
    let value = match serde_json::from_value::<DutyValue>(duty["value"].clone()) {
        Ok(DutyValue::Flag(flag)) => flag.to_string(),
        Ok(DutyValue::Whole(number)) => number.to_string(),
        Ok(DutyValue::Part(number)) => number.to_string(),
        Ok(DutyValue::Word(word)) => word,
        Err(_) => return String::new(),
    };
    format!("  {value} {}", plain(&duty["unit"])).trim_end().to_owned()
}

/// A source in one line: what it is, where to read it, and what it is worth.
fn source_line(source: &Value, language: UiLanguage) -> String {
    let say = |en: &'static str, zh: &'static str| Text::new(en, zh).get(language).to_owned();
    let basis = match source["basis"].as_str() {
        Some("verified") => format!(
            "{} {}, {}",
            say("verified", "已核实"),
            plain(&source["verified_on"]),
            plain(&source["verified_by"])
        ),
        _ => say("unverified", "未核实"),
    };
    let certainty = match serde_json::from_value::<Certainty>(source["certainty"].clone()) {
        Ok(Certainty::PrimaryQuoted) => say(", quoted from a copy", "，引自文本副本"),
        Ok(Certainty::SecondaryAgreeing) => say(", several sources agree", "，多处来源一致"),
        Ok(Certainty::Secondary) => say(", one secondary source", "，单一二手来源"),
        Ok(Certainty::General) => say(", general knowledge", "，一般知识"),
        Err(_) => String::new(),
    };
    let url = source["url"].as_str().map_or_else(String::new, |url| format!(" <{url}>"));
    format!("{}{url} ({basis}{certainty})", plain(&source["clause"]))
}
