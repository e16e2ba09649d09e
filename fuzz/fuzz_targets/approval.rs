//! Fuzz target: see `policy::approval`.
#![no_main]

#[path = "../src/policy.rs"]
mod policy;

libfuzzer_sys::fuzz_target!(|data: &[u8]| policy::approval(data));
