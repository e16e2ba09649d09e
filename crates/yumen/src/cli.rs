//! The command line.

mod approval;
mod eligibility;
mod kill;
mod ledger;
mod market;
mod pack;
mod pack_making;
mod partner;
mod release;
mod report;
mod screen;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use yumen_policy::Role;

pub(crate) use self::approval::{ApprovalCommand, Decision, Step};
pub(crate) use self::eligibility::{EligibilityCommand, Lang, StandingArgs, Under};
pub(crate) use self::kill::{KillArgs, KillCommand};
pub(crate) use self::ledger::{HoldCommand, LedgerCommand, WantedArgs, When};
pub(crate) use self::market::MarketCommand;
pub(crate) use self::pack::{GroundsArgs, PackCommand};
pub(crate) use self::pack_making::{
    AcceptArgs, BuildArgs, CoverageArgs, ImportArgs, PackMaking, Secrets, TestArgs, TrainArgs,
    VerifyArgs,
};
pub(crate) use self::partner::{CatalogPlace, EmulateArgs, PartnerCommand};
pub(crate) use self::release::ReleaseCommand;
pub(crate) use self::report::{PersonCommand, ReportCommand};
pub(crate) use self::screen::{Direction, ScreenCommand, ScreenRunArgs};

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
    /// Take approvals on their way, from the draft to the end.
    #[command(subcommand)]
    Approval(ApprovalCommand),
    /// Say who may have what, and what a change of the catalogue changes.
    #[command(subcommand)]
    Eligibility(EligibilityCommand),
    /// Show the markets: status, rules, duties, sources.
    #[command(subcommand)]
    Market(MarketCommand),
    /// Install the packs that screens are made of.
    #[command(subcommand)]
    Pack(PackCommand),
    /// Show the partners and what is known of them; check those that are configured.
    #[command(subcommand)]
    Partner(PartnerCommand),
    /// Stand in for a partner: the same wire, scripted answers, faults on demand.
    Emulate(EmulateArgs),
    /// Keep the regulator's list of filed models.
    #[command(subcommand)]
    FiledModels(FiledModelsCommand),
    /// Build, keep, show and compare releases.
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Try packs on texts, outside the gate.
    #[command(subcommand)]
    Screen(ScreenCommand),
    /// Read what people report, and decide on it.
    #[command(subcommand)]
    Report(ReportCommand),
    /// Show who is limited or suspended, and free them.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Stop something at once, list what is stopped, or lift a stop.
    Kill(KillArgs),
    /// Show what the operator has to look at.
    Alarms {
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Verify the record, prove single entries, hand it out, keep it.
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

/// Which desk a command works at: give one of the first three.
#[derive(Debug, Args)]
pub(crate) struct DeskPlace {
    /// A running gate, by `https`, or by `http` on this machine.
    #[arg(long, value_name = "URL", conflicts_with_all = ["config", "data_dir"])]
    pub server: Option<String>,
    /// The configuration file that names the data directory.
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    pub config: Option<PathBuf>,
    /// The data directory itself; through its gate, if one runs.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The admin key for --server [default: `YUMEN_ADMIN_KEY`, else the demo's].
    #[arg(long, requires = "server", value_name = "KEY")]
    pub admin_key: Option<String>,
    /// A folder of catalogue files over those that ship, in place of what the configuration file names.
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    pub catalog: Option<PathBuf>,
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
    /// A folder of catalogue files that replace or add to those that ship.
    #[arg(long, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The configuration file (docs/configuration.md).
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// A folder of catalogue files that replace or add to those that ship, in place of the file's `server.catalog`.
    #[arg(long, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make an app key, or with --admin a person's key for the market desk; it is printed once and kept only as a hash.
    Add {
        #[command(flatten)]
        place: Place,
        /// What the key is for; with --admin, whose it is.
        #[arg(long)]
        name: String,
        /// Make an admin key.
        #[arg(long, requires = "role", conflicts_with_all = ["profile", "development"])]
        admin: bool,
        /// What the person may do: author, approver, legal, operator or auditor.
        #[arg(long, requires = "admin", value_name = "ROLE")]
        role: Option<Role>,
        /// Bind the key to a device: `us`, `cn`, or a JSON file with a device.
        #[arg(long, value_name = "PROFILE")]
        profile: Option<String>,
        /// Let the key use development markets.
        #[arg(long)]
        development: bool,
    },
    /// List app keys, or with --admin the admin keys.
    List {
        #[command(flatten)]
        place: Place,
        /// List the admin keys.
        #[arg(long)]
        admin: bool,
    },
    /// Sign with another key from now on.
    Rotate {
        /// What the key signs.
        #[command(subcommand)]
        what: RotateCommand,
    },
    /// Revoke an app key or an admin key by its id; in force within a second.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The key's id, as `keys list` shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RotateCommand {
    /// The key that signs assertions; the one before it is believed until what it signed has ended.
    Assertion {
        /// Believe nothing any more that the key before it signed.
        #[arg(long)]
        revoke_old: bool,
        #[command(flatten)]
        place: DeskPlace,
    },
}

/// The regulator's public list of filed models.
#[derive(Debug, Subcommand)]
pub(crate) enum FiledModelsCommand {
    /// Merge a part of the list, as it is published (CSV or TSV), into what is here.
    Import {
        /// The part; `-` reads standard input.
        file: PathBuf,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// List the models.
    List {
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Show the models with this number, or in whose name or entity a text occurs.
    Show {
        /// The number or text.
        query: String,
        #[command(flatten)]
        place: DeskPlace,
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
        place: DeskPlace,
        /// Who signs with it.
        #[arg(long)]
        name: String,
        /// In which role they sign.
        #[arg(long, default_value = "approver")]
        role: Role,
        /// The public key (`ed25519:...`).
        key: String,
    },
    /// List the trusted signers.
    List {
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Trust a public key no longer; what its signatures carried closes within a second.
    Remove {
        #[command(flatten)]
        place: DeskPlace,
        /// The public key, as `signer list` shows it.
        key: String,
    },
}
