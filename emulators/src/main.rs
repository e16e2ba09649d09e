//! `yumen-emulators`: the emulated partners as a program of their own, for tests in other
//! languages.
//!
//! ```text
//! yumen-emulators --partner openai=127.0.0.1:0 --partner zhipu=127.0.0.1:0 \
//!                 [--chunk-delay-ms N] [--key KEY] [--seed N]
//! ```
//!
//! Prints one JSON line with the base addresses, then serves until it is stopped.

use std::collections::HashSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use yumen_emulators::{Emulator, Kind, Options};

const USAGE: &str = "usage: yumen-emulators [--partner NAME=ADDR]... [--openai ADDR] \
                     [--dashscope ADDR] [--chunk-delay-ms N] [--key KEY] [--seed N]\nADDR is \
                     IP:PORT, port 0 for any free one; at least one partner is needed. NAME is one \
                     of:";

#[derive(Default)]
struct Arguments {
    partners: Vec<(Kind, SocketAddr)>,
    options: Options,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self::default();
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let bad = |what: &str| format!("{name}: {value:?} is not {what}");
            let addr = |value: &str| value.parse().map_err(|_| bad("an address"));
            match name.as_str() {
                "--partner" => {
                    let (partner, at) =
                        value.split_once('=').ok_or_else(|| bad("of the form NAME=ADDR"))?;
                    let kind = Kind::named(partner).ok_or_else(|| bad("a partner's name"))?;
                    parsed.partners.push((kind, addr(at)?));
                }
                "--openai" => parsed.partners.push((Kind::OpenAi, addr(&value)?)),
                "--dashscope" => parsed.partners.push((Kind::DashScope, addr(&value)?)),
                "--chunk-delay-ms" => {
                    let millis = value.parse().map_err(|_| bad("a number of milliseconds"))?;
                    parsed.options.chunk_delay = Duration::from_millis(millis);
                }
                "--key" => parsed.options.key = Some(value),
                "--seed" => {
                    parsed.options.seed = Some(value.parse().map_err(|_| bad("a number"))?);
                }
                _ => return Err(format!("unknown argument {name}")),
            }
        }
        let mut seen = HashSet::new();
        if let Some((kind, _)) = parsed.partners.iter().find(|(kind, _)| !seen.insert(*kind)) {
            return Err(format!("{} twice", kind.name()));
        }
        if parsed.partners.is_empty() { Err("nothing to serve".to_owned()) } else { Ok(parsed) }
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let mut served = Vec::new();
    let mut addresses = serde_json::Map::new();
    for (kind, addr) in arguments.partners {
        let emulator = Emulator::bind(kind, addr, arguments.options.clone()).await?;
        let base = format!("http://{}", emulator.addr());
        addresses.insert(kind.name().to_owned(), base.into());
        served.push(emulator);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::Value::Object(addresses))?;
    out.flush()?;
    drop(out);
    tokio::signal::ctrl_c().await?;
    drop(served);
    Ok(())
}

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            let names = Kind::ALL.map(Kind::name).join(", ");
            eprintln!("yumen-emulators: {message}\n{USAGE} {names}");
            return ExitCode::from(2);
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(run(arguments))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yumen-emulators: {error}");
            ExitCode::FAILURE
        }
    }
}
