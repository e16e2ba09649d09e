//! Fuzz target: see `checks::ollama_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::ollama_response(data));
