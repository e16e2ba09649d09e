//! The command line of `yumen release`.

use std::path::PathBuf;

use clap::Subcommand;
use yumen_policy::ApprovalKind;

use super::DeskPlace;

/// Build, keep, show and compare releases.
#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseCommand {
    /// Write the bundle of this build for a market into a file, and with a place into the store there.
    Build {
        /// The market, such as `cn`.
        #[arg(long)]
        market: String,
        /// The file to write [default: release-MARKET-DIGEST.json].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Print the release of each market, or of one, with its digest.
    Show {
        /// One market, such as `cn`.
        #[arg(long)]
        market: Option<String>,
        /// A folder of catalogue files that replace or add to those that ship.
        #[arg(long, value_name = "DIR")]
        catalog: Option<PathBuf>,
        /// A configuration: with its catalogue, its packs and its judges, and what is installed there.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Say in words what is different between two releases, and what of it the market calls material.
    Diff {
        /// A bundle file, or with a place the digest of a release there.
        old: String,
        /// Another one.
        new: String,
        /// The procedure whose rules say what is material, such as `registration`; without it everything is.
        #[arg(long, value_name = "KIND")]
        procedure: Option<ApprovalKind>,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// List the releases of a build and of its store.
    List {
        #[command(flatten)]
        place: DeskPlace,
    },
}
