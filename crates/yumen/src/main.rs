//! `yumen`: the gate through which AI features reach a market.
//!
//! This crate is the command line and the composition root: it alone knows every other crate, and
//! puts the gate together from the shipped catalogue, the operator's configuration and the data
//! directory.

mod catalog;
mod cli;
mod client;
mod command;
mod compose;
mod config;
mod control;
mod counted;
mod data_dir;
mod door;
mod eligibility;
mod failure;
mod profile;
mod running;
mod screens;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    init_tracing();
    match command::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Logs go to standard error; `YUMEN_LOG` sets the level (`error`, `warn`, `info`, `debug`).
fn init_tracing() {
    let level = std::env::var("YUMEN_LOG")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(tracing::Level::WARN);
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        // Telling of a log that cannot be written would end the program: standard error is closed.
        .log_internal_errors(false)
        .init();
}
