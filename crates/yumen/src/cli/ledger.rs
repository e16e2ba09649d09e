//! The command line of `yumen ledger`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use yumen_ledger::{RetentionRule, WitnessKey};

use super::{DeskPlace, Place};

/// The record: proving it, handing it out, keeping it. All of it works while a gate writes it; `prune` and `hold` then go
/// through that gate.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Prove the whole log, and one receipt if given.
    Verify {
        #[command(flatten)]
        place: Place,
        /// A receipt, or a whole answer that carries one, as JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
        /// A witness that must have cosigned the anchored checkpoint (`name+hash+key`); give several for several.
        #[arg(long, value_name = "VKEY")]
        witness: Vec<WitnessKey>,
    },
    /// Print the proof that one entry is in the log, as `yumen-verify` takes it.
    Prove {
        #[command(flatten)]
        place: Place,
        /// The entry's place, from 0.
        index: u64,
        /// Prove it under the checkpoint that witnesses cosigned last, not under the newest.
        #[arg(long)]
        anchored: bool,
    },
    /// Write entries out, one JSON object a line.
    Export {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        wanted: WantedArgs,
        /// The file to make; without it they go to standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print the last entries.
    Tail {
        #[command(flatten)]
        place: Place,
        /// How many.
        #[arg(short, default_value_t = 10, value_name = "NUMBER")]
        n: u64,
        /// Go on with those that come, until stopped.
        #[arg(long)]
        follow: bool,
    },
    /// Hand the checkpoint to a witness, or take in what it answered.
    Anchor {
        #[command(flatten)]
        place: Place,
        /// Write the checkpoint here, with the proof that it continues the last anchored one: the body of a
        /// C2SP `add-checkpoint` request.
        #[arg(long, value_name = "FILE", conflicts_with = "cosignature")]
        out: Option<PathBuf>,
        /// Prove that it continues the log of this many entries instead, as a witness that answers 409 or the
        /// holder of an older receipt wants.
        #[arg(long, value_name = "SIZE", requires = "out")]
        old: Option<u64>,
        /// What a witness answered: a cosigned note, or its signature lines; `-` reads standard input.
        #[arg(long, value_name = "FILE", requires = "witness")]
        cosignature: Option<PathBuf>,
        /// Whose cosignatures are taken in (`name+hash+key`); give several for several.
        #[arg(long, value_name = "VKEY", requires = "cosignature")]
        witness: Vec<WitnessKey>,
    },
    /// Delete the bytes of entries past their time; every proof stays valid. What a market's duties ask for at least
    /// is kept whatever is said here.
    #[command(group = clap::ArgGroup::new("time").required(true).multiple(true))]
    Prune {
        #[command(flatten)]
        desk: DeskPlace,
        /// For how many days entries are kept that no --rule fits.
        #[arg(long, value_name = "DAYS", group = "time")]
        days: Option<u32>,
        /// For how many days entries of one kind and market are kept, such as `refusal:cn=200`, `notice=90` or
        /// `*:us=30`; give several for several, of which the longest holds.
        #[arg(long, value_name = "KIND:MARKET=DAYS", value_parser = rule, group = "time")]
        rule: Vec<RetentionRule>,
        /// Keep entries for as long as the markets' duties ask, and no longer.
        #[arg(long, group = "time")]
        duties: bool,
        /// Only count what would be pruned.
        #[arg(long)]
        dry_run: bool,
    },
    /// Legal holds: what must not be pruned, whatever its age.
    #[command(subcommand)]
    Hold(HoldCommand),
}

/// Legal holds.
#[derive(Debug, Subcommand)]
pub(crate) enum HoldCommand {
    /// Place a hold. What is not named fits everything.
    Add {
        #[command(flatten)]
        desk: DeskPlace,
        /// The market of the entries to keep.
        #[arg(long)]
        market: Option<String>,
        /// The kind of the entries to keep, such as `admission`.
        #[arg(long)]
        kind: Option<String>,
        /// The id of the entries to keep, such as a receipt's.
        #[arg(long, value_name = "ID")]
        entry: Option<String>,
        /// Why: a short code, which is recorded. No names.
        #[arg(long, value_name = "CODE")]
        reason: String,
    },
    /// List the holds.
    List {
        #[command(flatten)]
        desk: DeskPlace,
    },
    /// Release a hold.
    Release {
        #[command(flatten)]
        desk: DeskPlace,
        /// The hold's id, as `hold list` shows it.
        id: String,
    },
}

/// Which entries.
#[derive(Debug, Args)]
pub(crate) struct WantedArgs {
    /// From this index or time (`2026-05-01T00:00:00Z`) on.
    #[arg(long, value_name = "INDEX|TIME")]
    pub from: Option<When>,
    /// Up to, not including, this index or time.
    #[arg(long, value_name = "INDEX|TIME")]
    pub to: Option<When>,
    /// Only this kind, such as `admission`.
    #[arg(long)]
    pub kind: Option<String>,
    /// Only this market.
    #[arg(long)]
    pub market: Option<String>,
}

/// A place in the log: by index or by time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Index(u64),
    Time(Timestamp),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(index) = text.parse() {
            return Ok(Self::Index(index));
        }
        let time = text.parse().map(Self::Time);
        time.map_err(|_| "neither an index nor a time such as 2026-05-01T00:00:00Z".to_owned())
    }
}

fn rule(text: &str) -> Result<RetentionRule, String> {
    let odd = || "expected KIND:MARKET=DAYS, such as refusal:cn=200".to_owned();
    let (what, days) = text.split_once('=').ok_or_else(odd)?;
    let (kind, market) = what.split_once(':').unwrap_or((what, "*"));
    let named = |word: &str| (word != "*").then(|| word.to_owned());
    if kind.is_empty() || market.is_empty() {
        return Err(odd());
    }
    let days = days.parse().map_err(|_| odd())?;
    Ok(RetentionRule { kind: named(kind), market: named(market), days })
}
