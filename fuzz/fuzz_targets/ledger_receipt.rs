//! Fuzz target: see `ledger::receipt`.
#![no_main]

#[path = "../src/ledger.rs"]
mod ledger;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ledger::receipt(data));
