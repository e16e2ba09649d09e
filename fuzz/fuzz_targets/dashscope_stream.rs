//! Fuzz target: see `checks::dashscope_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::dashscope_stream(data));
