//! The command line of `yumen market`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Lang;

/// The markets: their rules and duties, and what these rest on.
#[derive(Debug, Subcommand)]
pub(crate) enum MarketCommand {
    /// List the markets.
    List {
        /// A folder laid over the shipped catalogue (docs/markets.md).
        #[arg(long, value_name = "DIR")]
        catalog: Option<PathBuf>,
    },
    /// Print one market: status, rules, duties, sources.
    Show {
        /// The market, such as `cn`.
        id: String,
        /// A folder laid over the shipped catalogue (docs/markets.md).
        #[arg(long, value_name = "DIR")]
        catalog: Option<PathBuf>,
        /// The language of the words.
        #[arg(long, default_value = "en")]
        lang: Lang,
        /// Print the file as it ships, to begin an overlay with.
        #[arg(long, conflicts_with_all = ["catalog", "lang"])]
        file: bool,
    },
}
