//! The seeds of the fuzz targets, replayed.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "../../../fuzz/src/ledger.rs"]
mod ledger;

use std::{fs, path::PathBuf};

use yumen_verify::{Checkpoint, verify_receipt};

/// Checks every seed; one of them must be what `is_good` asks for, so that more than refusals is replayed.
fn replay(target: &str, check: fn(&[u8]), is_good: fn(&str) -> bool) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut good = 0;
    for seed in fs::read_dir(&folder).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        let data = fs::read(&path).unwrap();
        check(&data);
        good += usize::from(str::from_utf8(&data).is_ok_and(is_good));
    }
    assert!(good > 0, "no seed in {} is good", folder.display());
}

#[test]
fn receipts() {
    replay("ledger_receipt", ledger::receipt, |text| verify_receipt(text, &ledger::key()).is_ok());
}

#[test]
fn notes() {
    replay("ledger_note", ledger::note, |text| Checkpoint::verify(text, &ledger::key()).is_ok());
}

#[test]
fn entries() {
    replay("ledger_entry", ledger::entry, |text| yumen_verify::Entry::parse(text).is_ok());
}
