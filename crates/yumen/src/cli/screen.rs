//! The command line of `yumen screen`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use yumen_screen::Boundary;

use super::Secrets;

/// The commands of `yumen screen`.
#[derive(Debug, Subcommand)]
pub(crate) enum ScreenCommand {
    /// Screen texts from standard input: JSON lines {"id", "text"} in, one line for each out, in the same order.
    Run(ScreenRunArgs),
}

/// What to screen with, and which way the texts go.
#[derive(Debug, Args)]
pub(crate) struct ScreenRunArgs {
    /// A shipped pack by its name, or the file of a pack [default: all that ship].
    #[arg(long, value_name = "NAME|FILE")]
    pub pack: Vec<PathBuf>,
    #[command(flatten)]
    pub secrets: Secrets,
    /// The way of the texts: to a partner's model, or from one to a person.
    #[arg(long, value_enum, default_value_t = Direction::In)]
    pub direction: Direction,
}

/// The way a text goes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Direction {
    /// From a person to a partner's model.
    In,
    /// From a partner's model to a person.
    Out,
}

impl From<Direction> for Boundary {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::ToPartner,
            Direction::Out => Self::FromPartner,
        }
    }
}
