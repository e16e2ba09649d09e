//! The seeds of the fuzz targets, replayed.

#[path = "../../../fuzz/src/ledger.rs"]
mod ledger;

#[path = "../../../fuzz/src/replay.rs"]
mod seeds;

use yumen_verify::{Checkpoint, verify_receipt};

/// Checks every seed; one of them must be what `is_good` asks for, so that more than refusals is replayed.
fn replay(target: &str, check: fn(&[u8]), is_good: fn(&str) -> bool) {
    let mut good = 0;
    seeds::replay(target, |data| {
        check(data);
        good += usize::from(str::from_utf8(data).is_ok_and(is_good));
    });
    assert!(good > 0, "no seed of {target} is good");
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
