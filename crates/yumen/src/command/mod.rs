//! What each command does, one file a command.

mod alarms;
mod approval;
mod check;
mod demo;
mod eligibility;
mod emulate;
mod filed_models;
mod keys;
mod kill;
mod ledger;
mod market;
mod pack;
mod partner;
mod progress;
mod release;
mod report;
mod screen;
mod serve;
mod signer;

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use yumen_store::Store;

use crate::cli::{Cli, Command, DeskPlace, Place};
use crate::compose::Build;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::door::{Door, Outcome};
use crate::failure::{Context as _, Failure};

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Json,
    Text,
}

impl Output {
    /// Prints `value` as JSON, or what `text` makes of it.
    fn print<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self {
            Self::Json => {
                let json = serde_json::to_string(value).context("cannot write the result")?;
                say(&json)
            }
            Self::Text => say(&text(value)),
        }
    }
}

/// Writes a line to standard output. That a reader such as `head` has gone, having read enough, is
/// no failure.
fn say(line: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let output = if cli.json { Output::Json } else { Output::Text };
    match cli.command {
        Command::Demo(args) => demo::run(&args, output),
        Command::Serve(args) => serve::run(&args, output),
        Command::Check(args) => check::run(&args, output),
        Command::Keys(command) => keys::run(command, output),
        Command::Signer(command) => signer::run(command, output),
        Command::Approval(command) => approval::run(command, output),
        Command::Eligibility(command) => eligibility::run(command, output),
        Command::Market(command) => market::run(command, output),
        Command::Pack(command) => pack::run(command, output),
        Command::Partner(command) => partner::run(command, output),
        Command::Emulate(args) => emulate::run(&args, output),
        Command::Release(command) => release::run(command, output),
        Command::FiledModels(command) => filed_models::run(command, output),
        Command::Screen(command) => screen::run(command, output),
        Command::Report(command) => report::run(command, output),
        Command::Person(command) => report::person(command, output),
        Command::Kill(args) => kill::run(args, output),
        Command::Alarms { place } => alarms::run(&place, output),
        Command::Ledger(command) => ledger::run(command, output),
    }
}

impl Place {
    /// Opens the data directory that was named, directly or by a configuration.
    fn open(&self) -> Result<DataDir, Failure> {
        match (&self.config, &self.data_dir) {
            (Some(config), _) => DataDir::open(&read_config(config, None)?.data_dir),
            (None, Some(path)) => DataDir::open(path),
            (None, None) => Err(Failure::new("no data directory was named")
                .help("give --config FILE or --data-dir DIR")),
        }
    }
}

impl DeskPlace {
    /// Whether a desk was named at all.
    fn is_named(&self) -> bool {
        self.server.is_some() || self.config.is_some() || self.data_dir.is_some()
    }

    /// What runs there, with the packs that are installed; of a gate elsewhere, what ships.
    fn build(&self) -> Result<Build, Failure> {
        let catalog = self.catalog.as_deref();
        match (&self.config, &self.data_dir) {
            (Some(config), _) => configured(config, catalog),
            (None, Some(path)) => {
                let mut build = Build::over(catalog)?;
                build.equip(&DataDir::open(path)?.store()?)?;
                Ok(build)
            }
            (None, None) => Build::over(catalog),
        }
    }

    /// Goes to the desk that was named.
    fn open(&self) -> Result<Door, Failure> {
        let catalog = self.catalog.as_deref();
        match (&self.server, &self.config, &self.data_dir) {
            (Some(server), _, _) => {
                let key = self.admin_key.clone().or_else(|| std::env::var(ADMIN_KEY).ok());
                Door::at(server, key.as_deref().unwrap_or(DEMO_ADMIN_KEY))
            }
            (None, Some(config), _) => {
                let config = read_config(config, catalog)?;
                let data = DataDir::open(&config.data_dir)?;
                Door::of(&data, |store| equipped(&config, store))
            }
            (None, None, Some(path)) => Door::of(&DataDir::open(path)?, |store| {
                let mut build = Build::over(catalog)?;
                build.equip(store)?;
                Ok(build)
            }),
            (None, None, None) => Err(Failure::new("no desk was named")
                .help("give --server URL, --config FILE or --data-dir DIR")),
        }
    }
}

/// What runs on the configuration in a file, with the packs that are installed.
fn configured(config: &Path, catalog: Option<&Path>) -> Result<Build, Failure> {
    let config = read_config(config, catalog)?;
    equipped(&config, &DataDir::open(&config.data_dir)?.store()?)
}

/// What runs on a configuration, with the packs that are installed.
fn equipped(config: &Config, store: &Store) -> Result<Build, Failure> {
    let mut build = Build::with(config.catalog.as_deref(), &config.screen, &config.judges)?;
    build.equip(store)?;
    Ok(build)
}

/// Where an admin key is looked for that is not on the command line.
const ADMIN_KEY: &str = "YUMEN_ADMIN_KEY";

/// The admin key of every demo, and of no other gate.
pub(crate) const DEMO_ADMIN_KEY: &str = "ya_demo";

/// Prints what an action changed, with the place of its record: as JSON beside its members, as text behind the line.
fn tell(
    outcome: Outcome,
    output: Output,
    line: impl FnOnce(&Value) -> String,
) -> Result<(), Failure> {
    let Outcome { mut value, index, .. } = outcome;
    if let Value::Object(members) = &mut value {
        members.insert("index".into(), index.into());
    }
    output.print(&value, |value| match index {
        Some(index) => format!("{}\nledger entry {index}", line(value)),
        None => format!(
            "{}\nnot in the ledger yet: it is recorded as soon as the ledger takes entries",
            line(value)
        ),
    })
}

fn read_config(path: &Path, catalog: Option<&Path>) -> Result<Config, Failure> {
    Config::read(path, catalog)
        .context("the configuration cannot be used")
        .map_err(|failure| failure.help("docs/configuration.md describes every key"))
}

/// Now, in whole seconds since 1970, as the store keeps times.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A runtime for the commands that serve, with a worker for each core.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}
