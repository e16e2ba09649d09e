//! What each command does, one file a command.

mod approval;
mod check;
mod demo;
mod eligibility;
mod keys;
mod ledger;
mod market;
mod progress;
mod release;
mod serve;
mod signer;

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::catalog::Shipped;
use crate::cli::{Cli, Command, Place};
use crate::config::Config;
use crate::data_dir::DataDir;
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
        Command::Release(command) => release::run(command, output),
        Command::Ledger(command) => ledger::run(command, output),
    }
}

impl Place {
    /// Opens the data directory that was named, directly or by a configuration.
    fn open(&self) -> Result<DataDir, Failure> {
        match (&self.config, &self.data_dir) {
            (Some(config), _) => DataDir::open(&read_config(config)?.data_dir),
            (None, Some(path)) => DataDir::open(path),
            (None, None) => Err(Failure::new("no data directory was named")
                .help("give --config FILE or --data-dir DIR")),
        }
    }
}

fn read_config(path: &Path) -> Result<Config, Failure> {
    let shipped = Shipped::load(None).context("the embedded catalogue is broken")?;
    Config::read(path, &shipped)
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
