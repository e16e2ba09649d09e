//! Fuzz target: see `ledger::note`.
#![no_main]

#[path = "../src/ledger.rs"]
mod ledger;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ledger::note(data));
