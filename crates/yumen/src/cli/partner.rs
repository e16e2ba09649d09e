//! `yumen partner` and `yumen emulate`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum PartnerCommand {
    /// List the partners of the catalogue: what they speak, where, with which models, in which markets.
    List {
        #[command(flatten)]
        under: CatalogPlace,
    },
    /// Show everything that is known of a partner, with its sources.
    Show {
        /// Its id, as `yumen partner list` shows it.
        name: String,
        #[command(flatten)]
        under: CatalogPlace,
    },
    /// Check that configured partners can be asked: key, host, models. Exit code 2 when one is not in order.
    #[command(group = ArgGroup::new("which").required(true))]
    Check {
        /// Its id.
        #[arg(group = "which")]
        name: Option<String>,
        /// Check every configured partner.
        #[arg(long, group = "which")]
        all: bool,
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// A folder of catalogue files, in place of the file's `server.catalog`.
        #[arg(long, value_name = "DIR")]
        catalog: Option<PathBuf>,
        /// Connect, and ask each a question of one word: this costs a request.
        #[arg(long)]
        live: bool,
    },
}

/// Which catalogue: what ships, or what lies over it.
#[derive(Debug, Args)]
pub(crate) struct CatalogPlace {
    /// A configuration file: its catalogue, and what is configured in it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A folder of catalogue files over those that ship, in place of what the configuration file names.
    #[arg(long, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct EmulateArgs {
    /// The partner, by its own name or its model's; `list` shows all.
    pub name: String,
    /// The port; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// The address. Whoever can reach it can use it.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "IP")]
    pub address: IpAddr,
    /// Makes ids, faults by chance and texts the same each time.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The only key that is accepted; without it every key is, but `bad-key`.
    #[arg(long)]
    pub key: Option<String>,
    /// Milliseconds between the parts of a streamed answer.
    #[arg(long, default_value_t = 15, value_name = "MS")]
    pub chunk_delay_ms: u64,
}
