//! `yumen pack install|list|log|remove`: which packs are in use, and who changed that when and why.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use yumen_desk::{Action, Grounds, InstallOrder, PackFile};
use yumen_ledger::{Entry, LedgerError, PackStep, Reader, Wanted};
use yumen_policy::MarketId;

use super::super::{Output, tell};
use crate::cli::{DeskPlace, GroundsArgs, Place};
use crate::failure::{Context as _, Failure};

pub(super) fn install(
    file: &Path,
    scope: &str,
    grounds: GroundsArgs,
    place: &DeskPlace,
    output: Output,
) -> Result<(), Failure> {
    // Whoever installs over a running gate, on the same machine maybe, lets its requests go first.
    yumen_gate::give_way();
    let bytes = std::fs::read(file).context(format!("cannot read {}", file.display()))?;
    let scope = markets(scope)?;
    let order = InstallOrder { file: PackFile::new(bytes), scope, grounds: grounds.into() };
    let outcome = place.open()?.act(Action::InstallPack(order))?;
    let text = outcome.text.clone().unwrap_or_default();
    tell(outcome, output, |_| text)
}

pub(super) fn remove(
    pack: String,
    grounds: GroundsArgs,
    place: &DeskPlace,
    output: Output,
) -> Result<(), Failure> {
    let grounds = grounds.into();
    let outcome = place.open()?.act(Action::RemovePack { pack, grounds })?;
    let text = outcome.text.clone().unwrap_or_default();
    tell(outcome, output, |_| text)
}

pub(super) fn list(place: &DeskPlace, output: Output) -> Result<(), Failure> {
    let packs = place.open()?.act(Action::Packs)?.value;
    output.print(&packs, |packs| {
        let rows = |of: &str| {
            let rows = packs[of].as_array().into_iter().flatten();
            rows.map(|pack| {
                let word = |name: &str| pack[name].as_str().unwrap_or_default().to_owned();
                let markets: Vec<_> = pack["markets"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                let markets =
                    if markets.is_empty() { "every market".to_owned() } else { markets.join(", ") };
                let from = if of == "installed" {
                    format!("installed {}", word("at"))
                } else {
                    word("from")
                };
                format!("{}  {}  {markets}  {from}", word("pack"), word("version"))
            })
            .collect::<Vec<_>>()
        };
        [rows("standing"), rows("installed")].concat().join("\n")
    })
}

/// The change log, from the ledger alone.
pub(super) fn log(place: &Place, market: Option<&str>, output: Output) -> Result<(), Failure> {
    let data = place.open()?;
    let path = data.ledger_path();
    let unreadable = || format!("the ledger {} cannot be read", path.display());
    let mut reader = Reader::open(&path, &data.ledger_key()?).context(unreadable())?;
    let wanted = Wanted { kind: Some("pack".into()), ..Wanted::default() };
    let mut steps = Vec::new();
    let found = reader.each(&wanted, &mut |recorded| {
        let entry = Entry::parse(&recorded.entry)
            .map_err(|error| LedgerError::Stopped(error.to_string().into()))?;
        if let Entry::Pack(step) = entry
            // The regulator's list of filed models is kept under the same kind.
            && step.reason.is_some()
            && (market.is_none() || step.market.is_none() || step.market.as_deref() == market)
        {
            steps.push(shown(recorded.index, &step));
        }
        Ok(())
    });
    found.context(unreadable())?;
    output.print(&steps, |steps| {
        if steps.is_empty() {
            return "the ledger tells of no pack; an entry is there a second or so after the change".to_owned();
        }
        steps.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

fn shown(index: u64, step: &PackStep<'_>) -> Value {
    json!({
        "index": index,
        "time": step.time,
        "by": step.by,
        "step": step.step,
        "pack": step.pack,
        "version": step.version,
        "market": step.market,
        "digest": step.digest,
        "previous": step.previous,
        "reason": step.reason,
        "requested_by": step.requested_by,
        "reference": step.request,
    })
}

fn line(step: &Value) -> String {
    let word = |name: &str| step[name].as_str().unwrap_or_default();
    let market = step["market"].as_str().unwrap_or("every market");
    let request = match (step["requested_by"].as_str(), step["reference"].as_str()) {
        (Some(by), Some(number)) => format!("  asked for by {by}, {number}"),
        (Some(by), None) => format!("  asked for by {by}"),
        (None, _) => String::new(),
    };
    format!(
        "{}  {}  {}  {} {}  in {market}  by {}{request}\n    {}",
        step["index"],
        word("time"),
        word("step"),
        word("pack"),
        word("version"),
        word("by"),
        step["digest"].as_str().or(step["previous"].as_str()).unwrap_or_default(),
    )
}

fn markets(scope: &str) -> Result<BTreeSet<MarketId>, Failure> {
    if scope == "*" {
        return Ok(BTreeSet::new());
    }
    let markets = scope.split(',').map(|market| {
        let wrong = format!("{market:?} is no market");
        let market = market.trim().parse::<MarketId>().context(wrong);
        market.map_err(|failure| failure.help("give `cn`, `cn,us`, or `*` for every market"))
    });
    markets.collect()
}

impl From<GroundsArgs> for Grounds {
    fn from(args: GroundsArgs) -> Self {
        let GroundsArgs { reason, request_by, reference, new_release } = args;
        Self { reason, requested_by: request_by, reference, new_release }
    }
}
