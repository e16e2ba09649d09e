//! `yumen-emulators`: the emulated partners as a program of their own, for tests in other
//! languages.
//!
//! ```text
//! yumen-emulators --openai 127.0.0.1:0 --dashscope 127.0.0.1:0 [--chunk-delay-ms N] [--key KEY]
//! ```
//!
//! Prints one JSON line with the base addresses, then serves until it is stopped.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use yumen_emulators::{Emulator, Kind, Options};

const USAGE: &str = "usage: yumen-emulators [--openai ADDR] [--dashscope ADDR] \
                     [--chunk-delay-ms N] [--key KEY]\nADDR is IP:PORT, port 0 for any free one; \
                     at least one is needed.";

#[derive(Default)]
struct Arguments {
    openai: Option<SocketAddr>,
    dashscope: Option<SocketAddr>,
    options: Options,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self::default();
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let bad = |what: &str| format!("{name}: {value:?} is not {what}");
            match name.as_str() {
                "--openai" => {
                    parsed.openai = Some(value.parse().map_err(|_| bad("an address"))?);
                }
                "--dashscope" => {
                    parsed.dashscope = Some(value.parse().map_err(|_| bad("an address"))?);
                }
                "--chunk-delay-ms" => {
                    let millis = value.parse().map_err(|_| bad("a number of milliseconds"))?;
                    parsed.options.chunk_delay = Duration::from_millis(millis);
                }
                "--key" => parsed.options.key = Some(value),
                _ => return Err(format!("unknown argument {name}")),
            }
        }
        match (parsed.openai, parsed.dashscope) {
            (None, None) => Err("nothing to serve".to_owned()),
            _ => Ok(parsed),
        }
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let mut served = Vec::new();
    let mut addresses = serde_json::Map::new();
    let wanted = [
        ("openai", Kind::OpenAi, arguments.openai),
        ("dashscope", Kind::DashScope, arguments.dashscope),
    ];
    for (name, kind, addr) in wanted {
        let Some(addr) = addr else { continue };
        let emulator = Emulator::bind(kind, addr, arguments.options.clone()).await?;
        addresses.insert(name.to_owned(), format!("http://{}", emulator.addr()).into());
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
            eprintln!("yumen-emulators: {message}\n{USAGE}");
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
