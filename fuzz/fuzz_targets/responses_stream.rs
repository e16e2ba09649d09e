//! Fuzz target: see `checks::responses_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::responses_stream(data));
