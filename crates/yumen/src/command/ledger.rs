//! `yumen ledger verify`: proving the whole log, and one receipt.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use yumen_ledger::{Report, verify_log, verify_receipt};

use super::Output;
use crate::cli::LedgerCommand;
use crate::failure::{CHECK_FAILED, Context as _, Failure};

#[derive(Serialize)]
struct Proven {
    log: Report,
    receipt: Option<ProvenReceipt>,
}

#[derive(Serialize)]
struct ProvenReceipt {
    index: u64,
    entry: serde_json::Value,
}

pub(super) fn run(command: LedgerCommand, output: Output) -> Result<(), Failure> {
    let LedgerCommand::Verify { place, receipt } = command;
    let data = place.open()?;
    let dir = data.ledger_path();
    let key = data.ledger_key()?;
    let mut progress = Progress::new();
    let log = verify_log(&dir, &key, &[], &mut |done, all| progress.show(done, all))
        .context(format!("the ledger {} cannot be read", dir.display()))?;
    progress.clear();
    let receipt = match receipt {
        None => None,
        Some(path) => {
            let verified = verify_receipt(&read(&path)?, &key)
                .context("the receipt does not verify")
                .map_err(|failure| failure.code(CHECK_FAILED))?;
            let entry = serde_json::from_str(verified.json()).context("the entry is no JSON")?;
            Some(ProvenReceipt { index: verified.index(), entry })
        }
    };
    let ok = log.is_ok();
    output.print(&Proven { log, receipt }, text)?;
    if ok {
        Ok(())
    } else {
        Err(Failure::new("the log does not verify")
            .help("keep a copy of the folder as it is; the problems above say where it was changed")
            .code(CHECK_FAILED))
    }
}

fn text(proven: &Proven) -> String {
    let Proven { log, receipt } = proven;
    let root = log.root.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    let mut lines = vec![format!(
        "{} entries, {} under the signed checkpoint; root {root}",
        log.entries, log.signed
    )];
    lines.extend(log.kinds.iter().map(|(kind, count)| format!("  {count:>8}  {kind}")));
    lines.extend(log.problems.iter().map(|problem| format!("  problem: {problem}")));
    if log.is_ok() {
        lines.push("the log verifies".to_owned());
    }
    if let Some(receipt) = receipt {
        lines
            .push(format!("the receipt verifies: entry {} is\n  {}", receipt.index, receipt.entry));
    }
    lines.join("\n")
}

fn read(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).context(format!("cannot read {}", path.display()))
}

/// A progress bar for a person, once it has taken a second; one that cannot be drawn is left out.
struct Progress {
    since: Instant,
    shown: bool,
}

impl Progress {
    fn new() -> Self {
        Self { since: Instant::now(), shown: false }
    }

    fn show(&mut self, done: u64, all: u64) {
        if self.since.elapsed() < Duration::from_secs(1) || !std::io::stderr().is_terminal() {
            return;
        }
        let percent = (done * 100).checked_div(all).unwrap_or(100);
        let filled = usize::try_from(percent / 4).unwrap_or(25).min(25);
        let bar = format!("{}{}", "#".repeat(filled), ".".repeat(25 - filled));
        let _ = write!(std::io::stderr(), "\r[{bar}] {percent:>3} %");
        self.shown = true;
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r{}\r", " ".repeat(40));
        }
    }
}
