//! `yumen pack`: the packs that screens are made of.

mod installed;

use super::Output;
use crate::cli::PackCommand;
use crate::failure::Failure;

pub(super) fn run(command: PackCommand, output: Output) -> Result<(), Failure> {
    match command {
        PackCommand::Install { file, scope, grounds, place } => {
            installed::install(&file, &scope, grounds, &place, output)
        }
        PackCommand::List { place } => installed::list(&place, output),
        PackCommand::Log { place, market } => installed::log(&place, market.as_deref(), output),
        PackCommand::Remove { pack, grounds, place } => {
            installed::remove(pack, grounds, &place, output)
        }
    }
}
