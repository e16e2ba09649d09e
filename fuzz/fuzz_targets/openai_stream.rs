//! Fuzz target: see `checks::openai_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::openai_stream(data));
