//! The command line.

mod eligibility;
mod market;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::eligibility::{EligibilityCommand, Lang, StandingArgs};
pub(crate) use self::market::MarketCommand;

/// The gate through which AI features reach a market.
#[derive(Debug, Parser)]
#[command(name = "yumen", version, about, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything on an embedded default, with emulated partners.
    Demo(DemoArgs),
    /// Run the gate on a configuration file.
    Serve(ServeArgs),
    /// Check a configuration file and what it names.
    Check(ServeArgs),
    /// Make, list and revoke app keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Keys of the people who sign approvals.
    #[command(subcommand)]
    Signer(SignerCommand),
    /// Import, list and verify approvals.
    #[command(subcommand)]
    Approval(ApprovalCommand),
    /// Say who may have what, and what a change of the catalogue changes.
    #[command(subcommand)]
    Eligibility(EligibilityCommand),
    /// Show the markets: status, rules, duties, sources.
    #[command(subcommand)]
    Market(MarketCommand),
    /// Show what this build releases to a market.
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Verify the record.
    #[command(subcommand)]
    Ledger(LedgerCommand),
}

/// Where the data directory is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// The configuration file that names the data directory.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data directory itself.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where to listen; port 0 takes any free port.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where keys, approvals and the ledger are kept [default: yumen-demo in the temporary directory].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Milliseconds between the chunks of an emulated partner.
    #[arg(long, default_value_t = 15, value_name = "MS")]
    pub chunk_delay_ms: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The configuration file (docs/configuration.md).
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make an app key; it is printed once and kept only as a hash.
    Add {
        #[command(flatten)]
        place: Place,
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// Bind the key to a device: `us`, `cn`, or a JSON file with a device.
        #[arg(long, value_name = "PROFILE")]
        profile: Option<String>,
        /// Let the key use development markets.
        #[arg(long)]
        development: bool,
    },
    /// List app keys.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Revoke an app key by its id; in force within a second.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The key's id, as `keys list` shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SignerCommand {
    /// Make a signing key in a new file and print its public key.
    New {
        /// The file to make.
        file: PathBuf,
    },
    /// Trust a person's public key.
    Add {
        #[command(flatten)]
        place: Place,
        /// Who signs with it.
        #[arg(long)]
        name: String,
        /// In which role they sign.
        #[arg(long, default_value = "approver")]
        role: String,
        /// The public key (`ed25519:...`).
        key: String,
    },
    /// List the trusted signers.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Trust a public key no longer; what its signatures carried closes within a second.
    Remove {
        #[command(flatten)]
        place: Place,
        /// The public key, as `signer list` shows it.
        key: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalCommand {
    /// Sign an approval record, or add a signature to a signed one; prints the signed record.
    Sign {
        /// A key file; give several for several signatures.
        #[arg(long, required = true, value_name = "FILE")]
        key: Vec<PathBuf>,
        /// The record: JSON with number, kind, market, entity, scope, release and dates.
        record: PathBuf,
    },
    /// Verify a signed approval and take it into the store; in force within a second.
    Import {
        #[command(flatten)]
        place: Place,
        /// The signed record.
        file: PathBuf,
    },
    /// List the approvals in the store and what they stand for today.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Take an approval out of the store; what it covered stops within a second.
    Remove {
        #[command(flatten)]
        place: Place,
        /// Its number.
        number: String,
    },
    /// Verify a signed approval without importing it.
    Verify {
        #[command(flatten)]
        place: Place,
        /// The signed record.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseCommand {
    /// Print the release of each market, or of one, with its digest.
    Show {
        /// One market, such as `cn`.
        #[arg(long)]
        market: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Prove the whole log, and one receipt if given.
    Verify {
        #[command(flatten)]
        place: Place,
        /// A receipt, or a whole answer that carries one, as JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
    },
}
