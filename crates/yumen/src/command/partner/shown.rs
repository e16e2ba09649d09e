//! `yumen partner show`: a card in words, each fact with its source.

use serde::Serialize;
use yumen_partners::{Input, PartnerConfig};
use yumen_policy::{FeatureId, MarketId};

use super::Configured;
use crate::catalog::{
    Abilities, Caches, Cited, Endpoint, Hours, ModelCard, PartnerCard, PriceCard, Sources, Thinks,
};

/// A card, and what is configured of it.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    #[serde(flatten)]
    card: &'a PartnerCard,
    #[serde(skip_serializing_if = "Option::is_none")]
    configured: Option<Configured>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(card: &'a PartnerCard, configured: Option<&PartnerConfig>) -> Self {
        Self { card, configured: configured.map(Configured::of) }
    }

    pub(super) fn text(&self) -> String {
        let card = self.card;
        let mut page = Page { sources: &card.sources, lines: Vec::new() };
        page.say(0, &format!("{}  {}  {}", card.id, card.name.en, card.name.zh), None);
        match &self.configured {
            Some(configured) => page.say(0, &format!("configured: {}", configured.text()), None),
            None => page.say(0, "not configured here", None),
        }
        page.say(0, "\nendpoints", None);
        for endpoint in &card.endpoints {
            page.endpoint(endpoint);
        }
        page.say(0, "\nwhere its hosts process", None);
        if card.hosts.is_empty() {
            page.say(1, "not known: `region` in the configuration says it", None);
        }
        for host in &card.hosts {
            page.say(1, &format!("{}  {}", host.region, host.host), Some(&host.source));
        }
        page.say(0, "\nwhat it keeps", None);
        match &card.retention {
            None => page.say(1, "not known", None),
            Some(kept) => {
                let days = kept.days.map(|days| format!("at most {days} days: "));
                let text = format!("{}{}", days.unwrap_or_default(), kept.text.en);
                page.say(1, &text, Some(&kept.source));
            }
        }
        if !card.blocked.is_empty() {
            page.say(0, "\ntakes no requests from", None);
        }
        for place in &card.blocked {
            page.say(1, place.region.as_str(), Some(&place.source));
        }
        if !words(&card.capabilities).is_empty() {
            page.say(0, "\nwhat its models can, where they say nothing else", None);
            page.abilities(&card.capabilities);
        }
        page.say(0, "\nmodels", None);
        if card.model.is_empty() {
            page.say(1, "none: a card that extends this one names them (docs/partners.md)", None);
        }
        for model in &card.model {
            page.model(model);
        }
        if !card.retired.is_empty() {
            page.say(0, "\nno longer answered", None);
        }
        for gone in &card.retired {
            let instead = gone.instead.as_ref().map(|model| format!(", in its place {model}"));
            let text = format!("{} since {}{}", gone.model, gone.on, instead.unwrap_or_default());
            page.say(1, &text, Some(&gone.source));
        }
        page.lines.join("\n")
    }
}

struct Page<'a> {
    sources: &'a Sources,
    lines: Vec<String>,
}

impl Page<'_> {
    fn say(&mut self, depth: usize, what: &str, source: Option<&Cited>) {
        let source = source.and_then(|cited| cited.in_full(self.sources));
        let known = source.map(|evidence| format!("  [{evidence}]")).unwrap_or_default();
        self.lines.push(format!("{}{what}{known}", "  ".repeat(depth)).trim_end().to_owned());
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        let dialect = endpoint.dialect.name();
        let speaks = if endpoint.id == dialect { String::new() } else { format!(" ({dialect})") };
        let key = match &endpoint.key_env {
            None => "no key".to_owned(),
            Some(name) => format!("key in {name}"),
        };
        let line = format!("{}{speaks}  {}  {key}", endpoint.id, endpoint.base_url);
        self.say(1, &line, endpoint.source.as_ref());
        if let Some(end) = &endpoint.retires {
            self.say(2, &format!("ends {}", end.on), Some(&end.source));
        }
    }

    fn abilities(&mut self, can: &Abilities) {
        let words = words(can);
        if !words.is_empty() {
            self.say(2, &words.join(", "), can.source.as_ref());
        }
    }

    fn model(&mut self, model: &ModelCard) {
        let other = model.upstream.as_ref().map(|name| format!(", there {name}"));
        self.say(1, &format!("{}{}", model.id, other.unwrap_or_default()), None);
        if !model.markets.is_empty() {
            let markets: Vec<_> = model.markets.iter().map(MarketId::as_str).collect();
            let features: Vec<_> = model.features.iter().map(FeatureId::as_str).collect();
            let line = format!("serves {} in {}", features.join(", "), markets.join(", "));
            self.say(2, &line, None);
        }
        if let Some(filing) = &model.filing {
            self.say(2, &format!("filed as {}", filing.number), Some(&filing.source));
        }
        self.abilities(&model.capabilities);
        for price in &model.price {
            self.say(2, &amount(price), Some(&price.source));
        }
        if let Some(end) = &model.retires {
            self.say(2, &format!("ends {}", end.on), Some(&end.source));
        }
    }
}

fn amount(price: &PriceCard) -> String {
    let per_million =
        |what: &str, amount: Option<f64>| amount.map(|amount| format!("{what} {amount}"));
    let parts = [
        per_million("in", Some(price.input)),
        per_million("out", Some(price.output)),
        per_million("cached", price.cached_input),
        per_million("kept", price.cache_write),
    ];
    let amounts: Vec<_> = parts.into_iter().flatten().collect();
    let above = price.above_input_tokens.map(|tokens| format!(", questions above {tokens} tokens"));
    let hours = match price.hours {
        None => "",
        Some(Hours::Peak) => ", peak hours",
        Some(Hours::OffPeak) => ", off-peak hours",
    };
    format!(
        "{} a million: {} from {}{}{hours}",
        price.currency.as_str(),
        amounts.join(", "),
        price.from,
        above.unwrap_or_default()
    )
}

fn words(can: &Abilities) -> Vec<String> {
    let tokens =
        |what: &str, count: Option<u32>| count.map(|count| format!("{what} {count} tokens"));
    let flag = |what: &str, has: Option<bool>| {
        has.map(|has| if has { what.to_owned() } else { format!("no {what}") })
    };
    let inputs = can.inputs.as_ref().map(|inputs| {
        let names: Vec<_> = inputs
            .iter()
            .map(|input| match input {
                Input::Text => "text",
                Input::Image => "images",
                Input::Audio => "audio",
                Input::Video => "video",
                Input::File => "files",
            })
            .collect();
        format!("takes {}", names.join(" and "))
    });
    let reasoning = can.reasoning.map(|thinks| match thinks {
        Thinks::Never => "no reasoning".to_owned(),
        Thinks::Switchable => "reasoning when told to".to_owned(),
        Thinks::Always => "always reasons".to_owned(),
    });
    let cache = can.cache.map(|caches| match caches {
        Caches::Never => "no cache".to_owned(),
        Caches::Automatic => "caches by itself".to_owned(),
        Caches::Marked => "caches what is marked".to_owned(),
    });
    let tools_at =
        can.tools_at.as_ref().map(|places| format!("tools only at {}", places.join(", ")));
    [
        tokens("context", can.context_tokens),
        tokens("question", can.max_input_tokens),
        tokens("answer", can.max_output_tokens),
        inputs,
        flag("tools", can.tools),
        tools_at,
        flag("JSON by schema", can.json_schema),
        flag("JSON objects", can.json_object),
        flag("goes on from a prefix", can.prefix),
        reasoning,
        flag("searches", can.search),
        cache,
        can.choices.map(|most| match most {
            1 => "one choice".to_owned(),
            most => format!("up to {most} choices"),
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
