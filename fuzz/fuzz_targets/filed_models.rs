//! Fuzz target: see `policy::filed_models`.
#![no_main]

#[path = "../src/policy.rs"]
mod policy;

libfuzzer_sys::fuzz_target!(|data: &[u8]| policy::filed_models(data));
