//! Fuzz target: see `checks::openai_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::openai_response(data));
