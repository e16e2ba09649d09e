//! The command line of `yumen pack`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DeskPlace, PackMaking, Place};

/// The packs that screens are made of.
#[derive(Debug, Subcommand)]
pub(crate) enum PackCommand {
    #[command(flatten)]
    Making(PackMaking),
    /// Take a pack into use, in the place of the one of its name; in force with the next request.
    Install {
        /// The pack.
        file: PathBuf,
        /// The markets it is for, such as `cn` or `cn,us`; `*` for every market.
        #[arg(long, value_name = "MARKETS")]
        scope: String,
        #[command(flatten)]
        grounds: GroundsArgs,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// List the packs in use.
    List {
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Show from the ledger what was installed and removed: when, by whom, for which markets, at whose request.
    Log {
        #[command(flatten)]
        place: Place,
        /// Only this market's, and what was for all markets.
        #[arg(long)]
        market: Option<String>,
    },
    /// Take an installed pack out of use.
    Remove {
        /// Its name.
        pack: String,
        #[command(flatten)]
        grounds: GroundsArgs,
        #[command(flatten)]
        place: DeskPlace,
    },
}

/// Why a pack is installed or removed.
#[derive(Debug, Args)]
pub(crate) struct GroundsArgs {
    /// Why, in a few words; for operators, not for people.
    #[arg(long)]
    pub reason: String,
    /// The authority that asked for it.
    #[arg(long, value_name = "AUTHORITY")]
    pub request_by: Option<String>,
    /// The number of its request.
    #[arg(long, value_name = "NUMBER", requires = "request_by")]
    pub reference: Option<String>,
    /// Do it although markets get another release by it, which needs an approval anew.
    #[arg(long)]
    pub new_release: bool,
}
