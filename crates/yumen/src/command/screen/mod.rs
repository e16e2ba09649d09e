//! `yumen screen`: packs tried on texts, outside the gate.

mod lines;

use std::io::BufReader;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use yumen_screen::{Boundary, Pack, Screen};

use self::lines::{Liner, Lines};
use super::Output;
use crate::catalog::Shipped;
use crate::cli::{ScreenCommand, ScreenRunArgs};
use crate::failure::{Context as _, Failure};

/// How many bytes are read at once.
const READING: usize = 64 << 10;

pub(super) fn run(command: ScreenCommand, output: Output) -> Result<(), Failure> {
    match command {
        ScreenCommand::Run(args) => run_texts(&args, output),
    }
}

fn run_texts(args: &ScreenRunArgs, output: Output) -> Result<(), Failure> {
    let shipped = Shipped::load(None).context("the catalogue is broken")?;
    let packs = if args.pack.is_empty() {
        shipped.packs().to_vec()
    } else {
        args.pack.iter().map(|named| pack(named, &shipped)).collect::<Result<_, _>>()?
    };
    let screen = Screen::new(packs).context("the packs do not fit together")?;
    let liner = Liner::new(screen, Boundary::from(args.direction), output == Output::Json);
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let from = BufReader::with_capacity(READING, std::io::stdin());
    Lines::new(from, std::io::stdout().lock(), workers).run(&liner)
}

/// The shipped pack of this name, or the pack in this file.
fn pack(named: &Path, shipped: &Shipped) -> Result<Pack, Failure> {
    if let Some(pack) = shipped.packs().iter().find(|pack| Path::new(pack.id()) == named) {
        return Ok(pack.clone());
    }
    if !named.exists() {
        let ids: Vec<_> = shipped.packs().iter().map(Pack::id).collect();
        return Err(Failure::new(format!("there is no pack {:?}", named.display().to_string()))
            .help(format!("give the file of a pack, or one that ships: {}", ids.join(", "))));
    }
    let unread = || format!("cannot read {}", named.display());
    let text = std::fs::read_to_string(named).context(unread())?;
    Pack::parse(&text).context(format!("the pack {} cannot be used", named.display()))
}
