//! `yumen ledger anchor`: checkpoints to witnesses, and their cosignatures back.

use std::path::Path;

use serde::Serialize;
use yumen_ledger::{Cosignature, WitnessKey, read_anchored, submission, take_cosignatures};

use super::super::Output;
use super::{Log, failed, read};
use crate::cli::Place;
use crate::failure::{Context as _, Failure};

#[derive(Serialize)]
struct HandedOut {
    old: u64,
    size: u64,
    proof: usize,
}

pub(super) fn hand_out(
    place: &Place,
    out: &Path,
    old: Option<u64>,
    output: Output,
) -> Result<(), Failure> {
    let Log { dir, key, .. } = Log::open(place)?;
    let submission = submission(&dir, &key, old);
    let submission = failed("the checkpoint cannot be handed out", submission)?;
    std::fs::write(out, submission.to_string())
        .context(format!("cannot write {}", out.display()))?;
    let size = submission.checkpoint.lines().nth(1).and_then(|line| line.parse().ok());
    let handed = HandedOut {
        old: submission.old_size,
        size: size.unwrap_or(0),
        proof: submission.proof.len(),
    };
    output.print(&handed, |handed| {
        let HandedOut { old, size, .. } = handed;
        let out = out.display();
        format!(
            "{out}: the checkpoint over {size} entries, with the proof that it continues the log of {old}\n\
             send it to a witness (POST add-checkpoint), then `yumen ledger anchor --cosignature ANSWER --witness VKEY`"
        )
    })
}

#[derive(Serialize)]
struct Anchored {
    size: u64,
    cosignatures: Vec<Cosignature>,
    checkpoint: String,
}

pub(super) fn take_in(
    place: &Place,
    file: &Path,
    witnesses: &[WitnessKey],
    output: Output,
) -> Result<(), Failure> {
    let Log { dir, key, .. } = Log::open(place)?;
    let taken = take_cosignatures(&dir, &key, &read(file)?, witnesses);
    let (checkpoint, cosignatures) = failed("the cosignature is not taken in", taken)?;
    let (size, checkpoint) = (checkpoint.size(), checkpoint.note().to_owned());
    output.print(&Anchored { size, cosignatures, checkpoint }, |anchored| {
        let by: Vec<&str> = anchored.cosignatures.iter().map(|one| &*one.witness).collect();
        format!("anchored over {} entries, cosigned by {}", anchored.size, by.join(", "))
    })
}

pub(super) fn show(place: &Place, output: Output) -> Result<(), Failure> {
    let Log { dir, key, .. } = Log::open(place)?;
    let anchored = failed("the anchored checkpoint is not good", read_anchored(&dir, &key))?;
    let note = anchored.map(|checkpoint| checkpoint.note().to_owned());
    output.print(&serde_json::json!({"checkpoint": note}), |_| match &note {
        Some(note) => note.trim_end().to_owned(),
        None => "nothing was anchored yet; `--out FILE` writes what a witness wants".to_owned(),
    })
}
