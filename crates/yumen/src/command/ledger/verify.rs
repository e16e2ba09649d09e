//! `yumen ledger verify`: proving the whole log, one receipt, and that witnesses saw it.

use std::path::Path;

use serde::Serialize;
use yumen_ledger::{Report, WitnessKey, verify_log, verify_receipt};

use super::super::Output;
use super::super::progress::Progress;
use super::{Log, read};
use crate::cli::Place;
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

pub(super) fn run(
    place: &Place,
    receipt: Option<&Path>,
    witnesses: &[WitnessKey],
    output: Output,
) -> Result<(), Failure> {
    let Log { dir, key, .. } = Log::open(place)?;
    let mut progress = Progress::new();
    let log = verify_log(&dir, &key, witnesses, &mut |done, all| progress.show(done, all))
        .context(format!("the ledger {} cannot be read", dir.display()))?;
    progress.clear();
    let receipt = match receipt {
        None => None,
        Some(path) => {
            let verified = verify_receipt(&read(path)?, &key)
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
    if log.pruned > 0 {
        lines.push(format!(
            "  {:>8}  pruned: their bytes are gone, their hashes were checked",
            log.pruned
        ));
    }
    if log.pruning > 0 {
        lines.push(format!("  {:>8}  about to be pruned", log.pruning));
    }
    if log.holds > 0 {
        lines.push(format!("  {:>8}  legal holds", log.holds));
    }
    if let Some(size) = log.anchored {
        lines.push(format!("anchored over {size} entries"));
    }
    lines.extend(log.cosignatures.iter().map(|cosignature| {
        let at = jiff::Timestamp::from_second(i64::try_from(cosignature.time).unwrap_or(0));
        let at = at.map_or_else(|_| cosignature.time.to_string(), |at| at.to_string());
        format!("  cosigned by {} at {at}", cosignature.witness)
    }));
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
