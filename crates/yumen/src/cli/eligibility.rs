//! The command line of `yumen eligibility`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Who may have what, and what a change of the catalogue changes.
#[derive(Debug, Subcommand)]
pub(crate) enum EligibilityCommand {
    /// Say in words whether a device may have a feature, and why.
    Explain {
        #[command(flatten)]
        under: Under,
        /// The device as JSON, as `POST /v1/eligibility` takes it; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        device: PathBuf,
        /// A feature; give several for several [default: all].
        #[arg(long, value_name = "FEATURE")]
        feature: Vec<String>,
        /// Judge the device as if it had been bought in this market; give several for several.
        #[arg(long, value_name = "MARKET")]
        market: Vec<String>,
        /// The language of the words.
        #[arg(long, default_value = "en")]
        lang: Lang,
    },
    /// Count how a made-up population comes out: by market, feature and answer.
    Simulate {
        #[command(flatten)]
        under: Under,
        /// How many devices.
        #[arg(long, value_name = "NUMBER")]
        count: u64,
        /// Which population: the same number gives the same devices.
        #[arg(long, default_value_t = 1, value_name = "NUMBER")]
        seed: u64,
        /// Write the devices to this file too, one a line.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Count for how many devices the answer changes between two catalogues.
    Diff {
        /// A folder laid over the shipped catalogue, or `shipped` for that alone.
        old: PathBuf,
        /// Another one.
        new: PathBuf,
        /// The devices, one a line as JSON; `{"device": {...}, "count": 1000}` stands for many.
        /// `-` reads standard input.
        #[arg(long, value_name = "FILE", required_unless_present = "count", conflicts_with_all = ["count", "seed"])]
        population: Option<PathBuf>,
        /// Make up this many devices instead.
        #[arg(long, value_name = "NUMBER")]
        count: Option<u64>,
        /// Which made-up population: the same number gives the same devices.
        #[arg(long, value_name = "NUMBER", requires = "count")]
        seed: Option<u64>,
        /// End with exit code 2 when a feature opens for any device.
        #[arg(long)]
        fail_on_opened: bool,
        #[command(flatten)]
        standing: StandingArgs,
    },
}

/// What a verdict is made under.
#[derive(Debug, Args)]
pub(crate) struct Under {
    /// A folder laid over the shipped catalogue (docs/markets.md).
    #[arg(long, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    #[command(flatten)]
    pub standing: StandingArgs,
}

/// Which approvals count, and when.
#[derive(Debug, Args)]
pub(crate) struct StandingArgs {
    /// Judge under the approvals, kills and settings of this configuration.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data_dir", "assume_approved"])]
    pub config: Option<PathBuf>,
    /// Judge under the approvals and kills of this data directory.
    #[arg(long, value_name = "DIR", conflicts_with = "assume_approved")]
    pub data_dir: Option<PathBuf>,
    /// Judge as if every release were approved, which is a supposition and said so.
    #[arg(long)]
    pub assume_approved: bool,
    /// Judge at this instant, such as 2026-12-31T00:00:00Z [default: now].
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
}

/// A language of the words for people.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}
