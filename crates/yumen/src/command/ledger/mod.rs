//! `yumen ledger`: the record, proved, handed out and kept.

mod anchor;
mod entries;
mod keep;
mod verify;

use std::io::Read as _;
use std::path::Path;

use yumen_desk::PruneOrder;
use yumen_ledger::{LedgerError, LogKey};

use super::Output;
use crate::cli::{LedgerCommand, Place};
use crate::failure::{CHECK_FAILED, Context as _, Failure};

pub(super) fn run(command: LedgerCommand, output: Output) -> Result<(), Failure> {
    match command {
        LedgerCommand::Verify { place, receipt, witness } => {
            verify::run(&place, receipt.as_deref(), &witness, output)
        }
        LedgerCommand::Prove { place, index, anchored } => entries::prove(&place, index, anchored),
        LedgerCommand::Export { place, wanted, out } => {
            entries::export(&place, wanted, out.as_deref(), output)
        }
        LedgerCommand::Tail { place, n, follow } => entries::tail(&place, n, follow, output),
        LedgerCommand::Anchor { place, out: Some(out), old, .. } => {
            anchor::hand_out(&place, &out, old, output)
        }
        LedgerCommand::Anchor { place, cosignature: Some(file), witness, .. } => {
            anchor::take_in(&place, &file, &witness, output)
        }
        LedgerCommand::Anchor { place, .. } => anchor::show(&place, output),
        LedgerCommand::Prune { desk, days, rule, duties, dry_run } => {
            let order = PruneOrder { rules: rule, days, duties, dry_run };
            keep::prune(&desk, order, output)
        }
        LedgerCommand::Hold(command) => keep::hold(command, output),
    }
}

/// A ledger to read: where it lies, and its key.
struct Log {
    dir: std::path::PathBuf,
    key: LogKey,
}

impl Log {
    fn open(place: &Place) -> Result<Self, Failure> {
        let data = place.open()?;
        let (dir, key) = (data.ledger_path(), data.ledger_key()?);
        Ok(Self { dir, key })
    }
}

/// A failure of the ledger: exit code 2 where the record, not the way to it, is not in order.
fn failed<T>(what: impl Into<String>, result: Result<T, LedgerError>) -> Result<T, Failure> {
    let checked = matches!(
        &result,
        Err(LedgerError::Unproven(_) | LedgerError::Altered(..) | LedgerError::Damaged { .. })
    );
    let result = result.context(what);
    if checked { result.map_err(|failure| failure.code(CHECK_FAILED)) } else { result }
}

/// Reads a file, or standard input for `-`.
fn read(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).context(format!("cannot read {}", path.display()))
}
