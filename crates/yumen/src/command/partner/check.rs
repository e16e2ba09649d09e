//! `yumen partner check`: whether what is configured can be asked: its key, its place, its models.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use tokio::runtime::Runtime;
use yumen_partners::{KeySource, PartnerConfig, Partners, ProbeError, Routing, probe};
use yumen_policy::Market;

use super::super::{Output, runtime};
use super::{Configured, find};
use crate::catalog::{ModelCard, PartnerCard, Shipped};
use crate::config::Config;
use crate::failure::{CHECK_FAILED, Context as _, Failure};

/// How long before a model ends it is spoken of, in days.
const SOON: i32 = 90;

/// What was found of one partner.
#[derive(Serialize)]
struct Checked {
    partner: String,
    in_order: bool,
    configured: Configured,
    findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    what: What,
    state: State,
    text: String,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Key,
    Endpoint,
    Market,
    Model,
    Live,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    /// Worth knowing; nothing is wrong.
    Note,
    Wrong,
}

pub(super) fn run(
    name: Option<&str>,
    config: Config,
    live: bool,
    output: Output,
) -> Result<(), Failure> {
    let shipped =
        Shipped::load(config.catalog.as_deref()).context("the catalogue cannot be used")?;
    let wanted: Vec<_> = config
        .partners
        .into_iter()
        .filter(|partner| name.is_none_or(|name| partner.id.as_str() == name))
        .collect();
    if let Some(name) = name
        && wanted.is_empty()
    {
        find(&shipped, name)?;
        return Err(Failure::new(format!("{name} is not configured"))
            .help(format!("give it a `[[partner]]` with `card = \"{name}\"` (docs/partners.md)"))
            .code(CHECK_FAILED));
    }
    if wanted.is_empty() {
        return Err(Failure::new("no partner is configured")
            .help("give one a `[[partner]]` (docs/partners.md)")
            .code(CHECK_FAILED));
    }
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let runtime = if live { Some(runtime()?) } else { None };
    let mut all = Vec::new();
    for partner in wanted {
        let card = find(&shipped, partner.id.as_str())?;
        all.push(check(&partner, card, &shipped.markets, today, runtime.as_ref()));
    }
    output.print(&all, |all| all.iter().map(Checked::text).collect::<Vec<_>>().join("\n\n"))?;
    let wrong: Vec<_> =
        all.iter().filter(|one| !one.in_order).map(|one| one.partner.as_str()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("not in order: {}", wrong.join(", ")))
        .help("each line that says `wrong` says what to change")
        .code(CHECK_FAILED))
}

fn check(
    partner: &PartnerConfig,
    card: &PartnerCard,
    markets: &[Market],
    today: Date,
    live: Option<&Runtime>,
) -> Checked {
    let mut findings = Findings(Vec::new());
    findings.key(partner);
    findings.endpoint(partner, card, today);
    for market in markets {
        findings.market(partner, card, market);
    }
    findings.models(partner, card, today);
    if let Some(runtime) = live {
        findings.live(partner, card, runtime);
    }
    Checked {
        partner: partner.id.to_string(),
        in_order: findings.0.iter().all(|finding| finding.state != State::Wrong),
        configured: Configured::of(partner),
        findings: findings.0,
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn say(&mut self, what: What, state: State, text: impl Into<String>) {
        self.0.push(Finding { what, state, text: text.into() });
    }

    /// What makes a partner ready reads its keys.
    fn key(&mut self, partner: &PartnerConfig) {
        let stands: Vec<_> = partner
            .keys
            .iter()
            .map(|key| match key {
                KeySource::Env(name) => format!("in {name}"),
                KeySource::File(path) => format!("in {}", path.display()),
                KeySource::None => "none is sent".to_owned(),
            })
            .collect();
        match Partners::new(vec![partner.clone()], Routing::default()) {
            Ok(_) => self.say(What::Key, State::Good, stands.join(", ")),
            Err(error) => self.say(What::Key, State::Wrong, error.to_string()),
        }
    }

    fn endpoint(&mut self, partner: &PartnerConfig, card: &PartnerCard, today: Date) {
        let at = &partner.base_url;
        let known = card.endpoints.iter().find(|endpoint| endpoint.base_url == *at);
        match known {
            Some(endpoint) if endpoint.dialect != partner.protocol => {
                let (told, known) = (partner.protocol.name(), endpoint.dialect.name());
                // One address may have several dialects under it.
                let also = card
                    .endpoints
                    .iter()
                    .any(|other| other.base_url == *at && other.dialect == partner.protocol);
                if also {
                    self.say(What::Endpoint, State::Good, format!("{told} at {at}"));
                } else {
                    let text = format!("{at} speaks {known} by the card, not {told}");
                    self.say(What::Endpoint, State::Wrong, text);
                }
            }
            Some(_) => {
                let text = format!("{} at {at}", partner.protocol.name());
                self.say(What::Endpoint, State::Good, text);
            }
            None => {
                let text =
                    format!("{} at {at}, which the card does not have", partner.protocol.name());
                self.say(What::Endpoint, State::Note, text);
            }
        }
        if partner.emulated {
            self.say(What::Endpoint, State::Note, "EMULATED: no real model answers");
        }
        let ends = known.and_then(|endpoint| endpoint.retires.as_ref());
        if let Some(end) = ends.filter(|end| end.on <= today) {
            let text = format!("{at} ended on {}; the card has other endpoints", end.on);
            self.say(What::Endpoint, State::Wrong, text);
        }
    }

    /// Whether a market whose release names the partner may send it anything.
    fn market(&mut self, partner: &PartnerConfig, card: &PartnerCard, market: &Market) {
        let named = |model: &&ModelCard| model.markets.contains(market.id());
        let models: Vec<_> =
            card.model.iter().filter(named).map(|model| model.id.as_str()).collect();
        if models.is_empty() {
            return;
        }
        let (id, host) = (market.id(), partner.base_url.host());
        let serves = format!("{id}: may serve with {}", models.join(", "));
        match (market.residency(), partner.region) {
            (None, _) => self.say(What::Market, State::Good, serves),
            (Some(residency), Some(region)) if residency.processing().contains(&region) => {
                self.say(What::Market, State::Good, format!("{serves}, processed in {region}"));
            }
            (Some(_), Some(region)) => {
                let text = format!("{id}: gets nothing from {host}, which processes in {region}");
                self.say(What::Market, State::Wrong, text);
            }
            (Some(_), None) => {
                let text = format!(
                    "{id}: gets nothing from {host}, since nobody said where it processes; give `region`"
                );
                self.say(What::Market, State::Wrong, text);
            }
        }
    }

    fn models(&mut self, partner: &PartnerConfig, card: &PartnerCard, today: Date) {
        if card.model.iter().all(|model| model.markets.is_empty()) {
            let text = "no release names it: a card that extends it says where which model serves (docs/partners.md)";
            self.say(What::Model, State::Note, text);
        }
        for model in card.model.iter().filter(|model| !model.markets.is_empty()) {
            let Some(end) = &model.retires else { continue };
            if end.on <= today {
                let text = format!("{} ended on {}", model.id, end.on);
                self.say(What::Model, State::Wrong, text);
            } else if today.checked_add(SOON.days()).is_ok_and(|soon| end.on <= soon) {
                self.say(What::Model, State::Note, format!("{} ends on {}", model.id, end.on));
            }
        }
        for model in &partner.models {
            let called = model.upstream.as_deref().unwrap_or(model.id.as_str());
            let Some(gone) = card.retired.iter().find(|gone| gone.model == called) else {
                continue;
            };
            let instead = gone.instead.as_ref().map(|other| format!("; {other} takes its place"));
            let text = format!("{called} ended on {}{}", gone.on, instead.unwrap_or_default());
            self.say(What::Model, State::Wrong, text);
        }
    }
}

impl Findings {
    /// Asks each model that a release names, else the first that is known, one question.
    fn live(&mut self, partner: &PartnerConfig, card: &PartnerCard, runtime: &Runtime) {
        let released = card.model.iter().filter(|model| !model.markets.is_empty());
        let mut models: Vec<_> = released.map(|model| model.id.clone()).collect();
        if models.is_empty() {
            models.extend(partner.models.first().map(|model| model.id.clone()));
        }
        if models.is_empty() {
            self.say(What::Live, State::Wrong, "there is no model to ask for");
        }
        for model in models {
            match runtime.block_on(probe(partner.clone(), &model)) {
                Ok(answer) => {
                    let reports = answer.model.as_deref().unwrap_or("no model");
                    let print = answer.fingerprint.map(|print| format!(", fingerprint {print}"));
                    let text = format!(
                        "{model} answers in {} ms; it reports {reports}{}; {} tokens in, {} out",
                        answer.took.as_millis(),
                        print.unwrap_or_default(),
                        answer.usage.input_tokens,
                        answer.usage.output_tokens,
                    );
                    self.say(What::Live, State::Good, text);
                }
                Err(error) => {
                    let code = match &error {
                        ProbeError::Ask(error) => format!(" ({})", error.code()),
                        _ => String::new(),
                    };
                    self.say(What::Live, State::Wrong, format!("{model}: {error}{code}"));
                }
            }
        }
    }
}

impl Checked {
    fn text(&self) -> String {
        let state = if self.in_order { "in order" } else { "NOT in order" };
        let mut lines = vec![format!("{}: {state}  {}", self.partner, self.configured.text())];
        lines.extend(self.findings.iter().map(Finding::text));
        lines.join("\n")
    }
}

impl Finding {
    fn text(&self) -> String {
        let what = match self.what {
            What::Key => "key",
            What::Endpoint => "endpoint",
            What::Market => "market",
            What::Model => "model",
            What::Live => "live",
        };
        let state = match self.state {
            State::Good => "good",
            State::Note => "note",
            State::Wrong => "wrong",
        };
        format!("  {state:<6} {what:<9} {}", self.text)
    }
}
