//! Fuzz target: see `ledger::entry`.
#![no_main]

#[path = "../src/ledger.rs"]
mod ledger;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ledger::entry(data));
