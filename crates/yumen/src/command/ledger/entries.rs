//! `yumen ledger prove|export|tail`: single entries and many.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use yumen_ledger::{LedgerError, Reader, Recorded, Wanted, read_anchored, read_checkpoint};

use super::super::progress::Progress;
use super::super::{Output, say};
use super::{Log, failed};
use crate::cli::{Place, WantedArgs, When};
use crate::failure::{Context as _, Failure};

/// How often new entries are looked for.
const POLL: Duration = Duration::from_millis(250);

/// How many entries are read between two signs of progress.
const STRIDE: u64 = 4096;

pub(super) fn prove(place: &Place, index: u64, anchored: bool) -> Result<(), Failure> {
    let Log { dir, key, .. } = Log::open(place)?;
    let reader = Reader::open(&dir, &key);
    let mut reader = failed(format!("the ledger {} cannot be read", dir.display()), reader)?;
    if anchored {
        let older = failed("the anchored checkpoint is not good", read_anchored(&dir, &key))?;
        let older = older.ok_or_else(|| {
            Failure::new("no checkpoint has been anchored yet").help("see `yumen ledger anchor`")
        })?;
        reader = failed("the log does not continue the anchored checkpoint", reader.under(&older))?;
    }
    let proof = failed(format!("entry {index} cannot be proved"), reader.prove(index))?;
    say(&serde_json::to_string(&proof).context("cannot write the proof")?)
}

#[derive(Serialize)]
struct Exported {
    entries: u64,
    /// Entries of the range whose bytes are gone.
    pruned: u64,
    /// Of the file: `sha256:` and its hash.
    digest: String,
    checkpoint: String,
}

pub(super) fn export(
    place: &Place,
    wanted: WantedArgs,
    out: Option<&Path>,
    output: Output,
) -> Result<(), Failure> {
    let Log { dir, key, .. } = Log::open(place)?;
    let reader = Reader::open(&dir, &key);
    let mut reader = failed(format!("the ledger {} cannot be read", dir.display()), reader)?;
    let size = reader.checkpoint().size();
    let mut wanted = wanted.into_wanted();
    let (from, to) = (wanted.from.unwrap_or(0), wanted.to.unwrap_or(size).min(size));
    let mut sink = Sink::open(out)?;
    let mut progress = Progress::new();
    let (mut entries, mut pruned, mut at) = (0, 0, from);
    while at < to {
        let end = to.min(at + STRIDE);
        (wanted.from, wanted.to) = (Some(at), Some(end));
        let mut broken = None;
        let found = reader.each(&wanted, &mut |recorded| {
            entries += 1;
            if broken.is_none()
                && let Err(error) = sink.write(&recorded)
            {
                broken = Some(error);
            }
            Ok(())
        });
        pruned += failed("the entries cannot be read", found)?;
        match broken {
            // Whoever reads it has had enough.
            Some(error) if out.is_none() && error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Some(error) => return Err(error).context("the entries cannot be written"),
            None => {}
        }
        at = end;
        progress.show(at - from, to - from);
    }
    progress.clear();
    let digest = sink.finish().context("the entries cannot be written")?;
    let Some(out) = out else { return Ok(()) };
    let checkpoint = reader.checkpoint().note().to_owned();
    output.print(&Exported { entries, pruned, digest, checkpoint }, |exported| {
        let gone = match exported.pruned {
            0 => String::new(),
            count => format!("; {count} in that range were pruned"),
        };
        let Exported { entries, digest, .. } = exported;
        format!("{entries} entries written to {}{gone}\n{digest}", out.display())
    })
}

impl WantedArgs {
    fn into_wanted(self) -> Wanted {
        let index = |when| match when {
            Some(When::Index(index)) => Some(index),
            _ => None,
        };
        let time = |when| match when {
            Some(When::Time(time)) => Some(time),
            _ => None,
        };
        Wanted {
            from: index(self.from),
            to: index(self.to),
            since: time(self.from),
            until: time(self.to),
            kind: self.kind,
            market: self.market,
            id: None,
        }
    }
}

/// Where lines go, hashed on the way.
struct Sink {
    out: BufWriter<Box<dyn Write>>,
    hash: Sha256,
}

impl Sink {
    fn open(out: Option<&Path>) -> Result<Self, Failure> {
        let out: Box<dyn Write> = match out {
            None => Box::new(io::stdout()),
            Some(path) => {
                let file = File::create_new(path);
                Box::new(file.context(format!("cannot make {}", path.display()))?)
            }
        };
        Ok(Self { out: BufWriter::new(out), hash: Sha256::new() })
    }

    fn write(&mut self, recorded: &Recorded) -> io::Result<()> {
        let line = line(recorded) + "\n";
        self.hash.update(&line);
        self.out.write_all(line.as_bytes())
    }

    fn finish(mut self) -> io::Result<String> {
        self.out.flush()?;
        Ok(yumen_policy::Digest::from_bytes(self.hash.finalize().into()).to_string())
    }
}

/// An entry as a line of JSON: its index, and the entry as it was recorded, byte for byte.
fn line(Recorded { index, entry }: &Recorded) -> String {
    format!("{{\"index\":{index},\"entry\":{entry}}}")
}

pub(super) fn tail(place: &Place, count: u64, follow: bool, output: Output) -> Result<(), Failure> {
    let Log { dir, key, .. } = Log::open(place)?;
    let mut next = None;
    loop {
        let reader = Reader::open(&dir, &key);
        let mut reader = failed(format!("the ledger {} cannot be read", dir.display()), reader)?;
        let size = reader.checkpoint().size();
        let from = next.unwrap_or(size.saturating_sub(count));
        let wanted = Wanted { from: Some(from), ..Wanted::default() };
        let mut gone = false;
        let shown = reader.each(&wanted, &mut |recorded| {
            let line = match output {
                Output::Json => line(&recorded),
                Output::Text => format!("{:>8}  {}", recorded.index, recorded.entry),
            };
            let mut out = io::stdout().lock();
            gone |= writeln!(out, "{line}").and_then(|()| out.flush()).is_err();
            if gone { Err(LedgerError::Stopped("nobody reads".into())) } else { Ok(()) }
        });
        if gone {
            return Ok(());
        }
        failed("the entries cannot be read", shown)?;
        if !follow {
            return Ok(());
        }
        next = Some(size);
        // The checkpoint is a small file, replaced at most once a second.
        while failed("the checkpoint cannot be read", read_checkpoint(&dir, &key))?.size() == size {
            std::thread::sleep(POLL);
        }
    }
}
