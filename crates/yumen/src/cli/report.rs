//! The command lines of `yumen report` and `yumen person`.

use clap::{Subcommand, ValueEnum};
use yumen_desk::Ruling;

use super::DeskPlace;

/// What people report: appeals, complaints, harm.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// List the reports that wait, the most urgent first.
    List {
        /// Those that are decided, in place of those that wait.
        #[arg(long)]
        decided: bool,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Show one report with what the person wrote.
    Show {
        /// Its number.
        report: String,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Decide on a report. A granted appeal frees the person from what was done about them.
    Decide {
        /// Its number.
        report: String,
        /// What is decided.
        ruling: RulingArg,
        /// What the person is told, in their language.
        #[arg(long)]
        answer: String,
        #[command(flatten)]
        place: DeskPlace,
    },
}

/// People whose inputs were refused again and again, by pseudonym.
#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// List those of whom something is counted.
    List {
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Show one of them.
    Show {
        /// Their pseudonym (`psn_…`).
        person: String,
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Free a person who is limited or suspended, and count anew; in force with the next request.
    Lift {
        /// Their pseudonym (`psn_…`).
        person: String,
        #[command(flatten)]
        place: DeskPlace,
    },
}

/// What can be decided.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RulingArg {
    /// The person is right.
    Granted,
    /// They are not.
    Refused,
    /// It was taken note of.
    Noted,
}

impl From<RulingArg> for Ruling {
    fn from(arg: RulingArg) -> Self {
        match arg {
            RulingArg::Granted => Self::Granted,
            RulingArg::Refused => Self::Refused,
            RulingArg::Noted => Self::Noted,
        }
    }
}
