//! Anchoring: getting others to say that they saw a checkpoint, and keeping what they said.
//!
//! Whoever holds the log's key can sign two histories. A witness that was given each checkpoint with the proof
//! that it continues the last one, or any place where checkpoints are published, is what shows that.

use std::{fs::OpenOptions, path::Path};

use yumen_verify::{Checkpoint, Cosignature, LogKey, Submission, WitnessKey};

use crate::{LedgerError, files, read::Reader};

/// The checkpoint that was last handed out, which a witness's answer is about.
const ANCHORING: &str = "anchoring";

/// The last checkpoint that witnesses cosigned, verified as one of this log; none before the first.
///
/// # Errors
/// As [`Checkpoint::verify`], and [`LedgerError::Io`].
pub fn read_anchored(dir: &Path, key: &LogKey) -> Result<Option<Checkpoint>, LedgerError> {
    match files::read_text(&dir.join(files::ANCHORED))? {
        None => Ok(None),
        Some(note) => Ok(Some(Checkpoint::verify(&note, key)?)),
    }
}

/// The published checkpoint with the proof that it continues the log of `old` entries, or else the last one that
/// was cosigned, or else the empty log: what a witness is sent (C2SP `tlog-witness`).
///
/// # Errors
/// As [`Reader::open`]; [`LedgerError::Unproven`] when the log does not continue the anchored one.
pub fn submission(dir: &Path, key: &LogKey, old: Option<u64>) -> Result<Submission, LedgerError> {
    let mut reader = Reader::open(dir, key)?;
    let anchored = read_anchored(dir, key)?;
    // With the cosignatures it has, also before they are published.
    let cosigned = anchored.clone().filter(|one| one.body() == reader.checkpoint().body());
    let checkpoint = cosigned.unwrap_or_else(|| reader.checkpoint().clone());
    let (old_size, proof) = match (old, anchored) {
        (Some(old), _) if old <= checkpoint.size() => (old, reader.growth(old)?),
        (Some(index), _) => {
            return Err(LedgerError::NoSuchEntry { index, size: checkpoint.size() });
        }
        (None, Some(anchored)) => (anchored.size(), reader.consistency(&anchored)?),
        (None, None) => (0, Vec::new()),
    };
    files::replace(&dir.join(ANCHORING), checkpoint.note().as_bytes())?;
    Ok(Submission { old_size, proof, checkpoint: checkpoint.shared_note() })
}

/// Takes in what witnesses answered: a cosigned note, or signature lines for the checkpoint that was last handed
/// out by [`submission`]. Only cosignatures of `witnesses` are kept, after they were verified, and only when the
/// log continues that checkpoint. The next checkpoint that is published over the same entries carries them.
///
/// # Errors
/// [`LedgerError::Unproven`] when no cosignature is of these witnesses, one is wrong, or a later checkpoint has
/// been anchored; [`LedgerError::Malformed`] when `text` is neither of the two.
pub fn take_cosignatures(
    dir: &Path,
    key: &LogKey,
    text: &str,
    witnesses: &[WitnessKey],
) -> Result<(Checkpoint, Vec<Cosignature>), LedgerError> {
    let mut base = if text.contains("\n\n") {
        Checkpoint::verify(text, key)?
    } else {
        let note = files::read_text(&dir.join(ANCHORING))?.ok_or_else(|| {
            LedgerError::malformed("cosigned note", "no checkpoint was handed out before")
        })?;
        Checkpoint::verify(&note, key)?
    };
    // The lines of those who are not named stay out.
    base = base.alone();
    if let Some(anchored) = read_anchored(dir, key)? {
        if anchored.size() > base.size() {
            let why = format!("a checkpoint over {} entries was anchored since", anchored.size());
            return Err(LedgerError::Unproven(why));
        }
        if anchored.body() == base.body() {
            base = anchored;
        }
    }
    let (cosigned, found) = base.cosigned(text, witnesses)?;
    Reader::open(dir, key)?.consistency(&cosigned)?;
    files::replace(&dir.join(files::ANCHORED), cosigned.note().as_bytes())?;
    publish_when_idle(dir, key, &cosigned)?;
    Ok((cosigned, found))
}

/// Puts the cosignatures under the published checkpoint when it is the same and nobody writes the ledger. A
/// writer does so itself.
fn publish_when_idle(dir: &Path, key: &LogKey, cosigned: &Checkpoint) -> Result<(), LedgerError> {
    let path = dir.join(files::LOCK);
    let lock =
        OpenOptions::new().write(true).open(&path).map_err(LedgerError::io("open", &path))?;
    if lock.try_lock().is_ok() && files::read_checkpoint(dir, key)?.body() == cosigned.body() {
        files::replace(&dir.join(files::CHECKPOINT), cosigned.note().as_bytes())?;
    }
    Ok(())
}

/// The note to publish for `checkpoint`: with its cosignatures, when it is the one that was anchored.
pub(crate) fn with_cosignatures(dir: &Path, checkpoint: &Checkpoint) -> String {
    let note = checkpoint.note();
    match files::read_text(&dir.join(files::ANCHORED)) {
        Ok(Some(anchored)) if anchored.starts_with(note) => anchored,
        _ => note.into(),
    }
}
