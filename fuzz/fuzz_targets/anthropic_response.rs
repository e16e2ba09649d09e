//! Fuzz target: see `checks::anthropic_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::anthropic_response(data));
