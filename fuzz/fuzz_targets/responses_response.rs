//! Fuzz target: see `checks::responses_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::responses_response(data));
