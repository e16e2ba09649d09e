//! Fuzz target: see `possession::proof`.
#![no_main]

#[path = "../src/possession.rs"]
mod possession;

libfuzzer_sys::fuzz_target!(|data: &[u8]| possession::proof(data));
