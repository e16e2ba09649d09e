//! `yumen screen`: packs tried on texts, outside the gate.

mod lines;

use std::io::BufReader;
use std::num::NonZeroUsize;
use std::thread;

use yumen_screen::{Boundary, Screen};

use self::lines::{Liner, Lines};
use super::Output;
use super::pack::any_pack;
use crate::catalog::Shipped;
use crate::cli::{ScreenCommand, ScreenRunArgs};
use crate::failure::{Context as _, Failure};
use crate::screens::today;

/// How many bytes are read at once.
const READING: usize = 64 << 10;

pub(super) fn run(command: ScreenCommand, output: Output) -> Result<(), Failure> {
    match command {
        ScreenCommand::Run(args) => run_texts(&args, output),
    }
}

fn run_texts(args: &ScreenRunArgs, output: Output) -> Result<(), Failure> {
    let shipped = Shipped::load(None).context("the catalogue is broken")?;
    let packs: Vec<_> = if args.pack.is_empty() {
        shipped.packs().to_vec()
    } else {
        let keys = args.secrets.keys()?;
        args.pack.iter().map(|named| any_pack(named, &shipped, &keys)).collect::<Result<_, _>>()?
    };
    let today = today();
    let packs = packs.into_iter().map(|pack| pack.on(today)).collect();
    let screen = Screen::new(packs).context("the packs do not fit together")?;
    let liner = Liner::new(screen, Boundary::from(args.direction), output == Output::Json);
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let from = BufReader::with_capacity(READING, std::io::stdin());
    Lines::new(from, std::io::stdout().lock(), workers).run(&liner)
}
