//! `yumen pack`: the packs that screens are made of.

mod accept;
mod build;
mod cases;
mod coverage;
mod diff;
mod files;
mod import;
mod installed;
mod train;
mod verify;

pub(super) use self::files::any_pack;

use super::Output;
use crate::cli::{PackCommand, PackMaking};
use crate::failure::Failure;

pub(super) fn run(command: PackCommand, output: Output) -> Result<(), Failure> {
    match command {
        PackCommand::Making(making) => make(making, output),
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

fn make(making: PackMaking, output: Output) -> Result<(), Failure> {
    match making {
        PackMaking::Import(args) => import::run(&args, output),
        PackMaking::Accept(args) => accept::run(&args, output),
        PackMaking::Build(args) => build::build(&args, output),
        PackMaking::Secret { file } => build::secret(&file, output),
        PackMaking::Sign { file, key, out } => build::sign(&file, &key, out.as_deref(), output),
        PackMaking::Verify(args) => verify::run(&args, output),
        PackMaking::Diff { older, newer, terms, secrets } => {
            diff::run(&older, &newer, terms, &secrets, output)
        }
        PackMaking::Coverage(args) => coverage::run(&args, output),
        PackMaking::Train(args) => train::run(&args, output),
        PackMaking::Test(args) => cases::run(&args, output),
    }
}
