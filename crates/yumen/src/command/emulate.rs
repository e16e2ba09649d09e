//! `yumen emulate`: one partner's stand-in on a port, for those who build against it.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;
use yumen_emulators::{Emulator, Kind, Options};

use super::{Output, runtime};
use crate::catalog::{PartnerCard, Shipped};
use crate::cli::EmulateArgs;
use crate::failure::{Context as _, Failure};
use crate::running::stop_signal;

/// The word in place of a name that asks for the names.
const LIST: &str = "list";

pub(super) fn run(args: &EmulateArgs, output: Output) -> Result<(), Failure> {
    let shipped = Shipped::load(None).context("the catalogue is broken")?;
    if args.name == LIST {
        let all: Vec<_> = Kind::ALL.into_iter().map(|kind| Line::of(kind, &shipped)).collect();
        return output.print(&all, |all| all.iter().map(Line::text).collect::<Vec<_>>().join("\n"));
    }
    let kind = Kind::named(&args.name).ok_or_else(|| {
        Failure::new(format!("nothing emulates {:?}", args.name))
            .help("`yumen emulate list` shows what there is")
    })?;
    let addr = SocketAddr::from((args.address, args.port));
    let options = Options {
        chunk_delay: Duration::from_millis(args.chunk_delay_ms),
        key: args.key.clone(),
        seed: args.seed,
    };
    runtime()?.block_on(async {
        let emulator = Emulator::bind(kind, addr, options)
            .await
            .context(format!("cannot listen on {addr}"))
            .map_err(|failure| failure.help("give another --port; 0 takes any free one"))?;
        let begun = Begun::of(&emulator, args, &shipped);
        output.print(&begun, Begun::text)?;
        stop_signal().await;
        Ok(())
    })
}

/// A partner that can be emulated.
#[derive(Serialize)]
struct Line {
    name: &'static str,
    /// Other names it answers to here.
    aliases: &'static [&'static str],
    /// The cards whose partner it stands in for.
    partners: Vec<String>,
}

impl Line {
    fn of(kind: Kind, shipped: &Shipped) -> Self {
        let cards = shipped.partners.iter().filter(|card| !spoken(card, kind).is_empty());
        Self {
            name: kind.name(),
            aliases: kind.aliases(),
            partners: cards.map(|card| card.id.to_string()).collect(),
        }
    }

    fn text(&self) -> String {
        let also = self.aliases.join(", ");
        let line = format!("{:<10} {:<30} {}", self.name, also, self.partners.join(", "));
        line.trim_end().to_owned()
    }
}

/// The endpoints of a card that an emulator has: their dialect, and the path they stand under.
fn spoken(card: &PartnerCard, kind: Kind) -> Vec<(String, String)> {
    let mut endpoints = Vec::new();
    for endpoint in &card.endpoints {
        let name = endpoint.dialect.name();
        if stand_in(name) == Some(kind) && !endpoints.iter().any(|(known, _)| known == name) {
            endpoints.push((name.to_owned(), endpoint.base_url.path().to_owned()));
        }
    }
    endpoints
}

/// What emulates who speaks a built-in dialect: of `dashscope-compatible` it is `dashscope`.
fn stand_in(dialect: &str) -> Option<Kind> {
    let family = || Kind::named(dialect.split('-').next().unwrap_or_default());
    Kind::named(dialect).or_else(family)
}

/// An emulator that listens.
#[derive(Serialize)]
struct Begun {
    name: &'static str,
    /// Where it is.
    url: String,
    /// What it speaks, and the address to give a client for it.
    dialects: Vec<Spoken>,
    log: String,
    faults: String,
    stats: String,
    seed: Option<u64>,
    emulated: bool,
    /// A request to try.
    #[serde(skip)]
    example: Option<String>,
}

#[derive(Serialize)]
struct Spoken {
    dialect: String,
    base_url: String,
}

impl Begun {
    fn of(emulator: &Emulator, args: &EmulateArgs, shipped: &Shipped) -> Self {
        let kind = emulator.kind();
        let url = format!("http://{}", emulator.addr());
        let endpoints = shipped.partners.iter().flat_map(|card| spoken(card, kind));
        let dialects: Vec<_> = endpoints
            .map(|(dialect, path)| Spoken { dialect, base_url: format!("{url}{path}") })
            .collect();
        let model = shipped
            .partners
            .iter()
            .find(|card| stand_in(card.home().dialect.name()) == Some(kind))
            .and_then(|card| card.model.first())
            .map_or(self_hosted(kind), |model| model.id.as_str());
        let key = args.key.as_deref().unwrap_or("any-key");
        Self {
            name: kind.name(),
            example: dialects.iter().find_map(|spoken| example(spoken, model, key)),
            log: format!("{url}/emulator/log"),
            faults: format!("{url}/emulator/faults"),
            stats: format!("{url}/emulator/stats"),
            url,
            dialects,
            seed: args.seed,
            emulated: true,
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![
            format!("{} is EMULATED at {}: no model answers.", self.name, self.url),
            String::new(),
        ];
        for spoken in &self.dialects {
            lines.push(format!("{:<22} {}", spoken.dialect, spoken.base_url));
        }
        lines.push(format!("what came              GET {}", self.log));
        lines.push(format!("faults on demand       PUT {}", self.faults));
        if let Some(example) = &self.example {
            lines.extend([String::new(), "Try it:".to_owned(), String::new(), example.clone()]);
        }
        lines.extend([String::new(), "Stop with Ctrl-C.".to_owned()]);
        lines.join("\n")
    }
}

/// A model that the emulated server of one's own has pulled.
const fn self_hosted(kind: Kind) -> &'static str {
    match kind {
        Kind::Ollama => "llama3.2",
        _ => "llama-3.3-70b",
    }
}

/// A request as a shell takes it. What is signed cannot be shown in one.
fn example(spoken: &Spoken, model: &str, key: &str) -> Option<String> {
    let messages = r#"[{"role":"user","content":"What is the Jade Gate?"}]"#;
    let plain = format!(r#"{{"model":"{model}","messages":{messages}}}"#);
    let bearer = format!("-H 'Authorization: Bearer {key}'");
    let (path, header, body) = match spoken.dialect.as_str() {
        "tencent-native" => return None,
        "dashscope-native" => (
            "/services/aigc/text-generation/generation",
            bearer,
            format!(
                r#"{{"model":"{model}","input":{{"messages":{messages}}},"parameters":{{"result_format":"message"}}}}"#
            ),
        ),
        "anthropic-messages" => (
            "/v1/messages",
            format!("-H 'x-api-key: {key}' -H 'anthropic-version: 2023-06-01'"),
            format!(r#"{{"model":"{model}","max_tokens":64,"messages":{messages}}}"#),
        ),
        "ollama" => (
            "/api/chat",
            String::new(),
            format!(r#"{{"model":"{model}","stream":false,"messages":{messages}}}"#),
        ),
        _ => ("/chat/completions", bearer, plain),
    };
    let json = "-H 'Content-Type: application/json'";
    let header = if header.is_empty() { json.to_owned() } else { format!("{header} {json}") };
    Some(format!("curl -s {}{path} {header} -d '{body}'", spoken.base_url))
}
