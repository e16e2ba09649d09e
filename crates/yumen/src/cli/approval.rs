//! The command line of `yumen approval`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use yumen_policy::Timestamp;

use super::DeskPlace;

/// Take approvals on their way, from the draft to the end.
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalCommand {
    /// Write an application down, signed by its author; again, to write it anew.
    Draft {
        /// The application: JSON with case, kind, market, entity, scope and release; or the id of a drift, whose
        /// change filing is drafted.
        application: String,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Say that the application was handed in.
    Submit {
        /// Its case.
        number: String,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Write the authority's decision down.
    Grant {
        /// The case of the application.
        case: String,
        #[command(flatten)]
        decision: Decision,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Sign a record into force. Without a place: sign a file, and print the signed record.
    Sign {
        /// A key file; give several for several signatures.
        #[arg(long, required = true, value_name = "FILE")]
        key: Vec<PathBuf>,
        /// The approval's number or case at the desk; without a place, a file: a record, or a signed record.
        what: String,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Verify a signed approval and take it in whole; in force with the next request.
    Import {
        #[command(flatten)]
        place: DeskPlace,
        /// The signed record, or an approval with all its steps.
        file: PathBuf,
    },
    /// List the approvals and what they stand for now.
    List {
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Show an approval with its whole way.
    Show {
        /// Its number or case.
        number: String,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Stop what an approval covers, until it is resumed.
    Suspend {
        /// Its number or case.
        number: String,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Let a suspended approval go on; as many people as the market demands must.
    Resume {
        /// Its number or case.
        number: String,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Take an approval back, for good.
    Revoke {
        /// Its number or case.
        number: String,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Say that somebody made sure that it still stands.
    Confirm {
        /// Its number or case.
        number: String,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Take an approval out of the store; what it covered stops with the next request.
    Remove {
        #[command(flatten)]
        place: DeskPlace,
        /// Its number or case.
        number: String,
    },
    /// Say whether a model is on the regulator's list of filed models.
    CheckModel {
        /// Its number, its name, or who filed it.
        model: String,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Verify a signed approval without taking it in.
    Verify {
        #[command(flatten)]
        place: DeskPlace,
        /// The signed record, or an approval with all its steps.
        file: PathBuf,
    },
}

/// By whom a step is taken, and why.
#[derive(Debug, Args)]
pub(crate) struct Step {
    /// The key file of whoever takes the step; several for several people. What an operator may do, the installation
    /// signs itself where none is given.
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,
    /// Why, in a few words.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub note: String,
}

/// What the authority decided: a record of its own, or what was applied for, as it was granted.
#[derive(Debug, Args)]
pub(crate) struct Decision {
    /// The record: JSON, as `approval sign` takes it.
    #[arg(long, value_name = "FILE", required_unless_present = "number", conflicts_with_all = ["number", "granted_on", "valid_from", "valid_until", "service_number", "algorithm_number"])]
    pub record: Option<PathBuf>,
    /// The number the authority gave it, where it granted all that was asked for.
    #[arg(long, requires_all = ["granted_on", "valid_from", "valid_until"])]
    pub number: Option<String>,
    /// The day of the decision.
    #[arg(long, value_name = "DATE")]
    pub granted_on: Option<jiff::civil::Date>,
    /// The instant from which it holds.
    #[arg(long, value_name = "TIME")]
    pub valid_from: Option<Timestamp>,
    /// The instant from which it no longer holds.
    #[arg(long, value_name = "TIME")]
    pub valid_until: Option<Timestamp>,
    /// The number of the service (上线编号).
    #[arg(long, value_name = "NUMBER")]
    pub service_number: Option<String>,
    /// The number of the algorithm's filing (算法备案号).
    #[arg(long, value_name = "NUMBER")]
    pub algorithm_number: Option<String>,
}
