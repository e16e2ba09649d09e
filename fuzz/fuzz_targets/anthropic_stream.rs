//! Fuzz target: see `checks::anthropic_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::anthropic_stream(data));
