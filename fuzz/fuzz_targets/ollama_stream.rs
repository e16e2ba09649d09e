//! Fuzz target: see `checks::ollama_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::ollama_stream(data));
