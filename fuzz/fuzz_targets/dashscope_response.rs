//! Fuzz target: see `checks::dashscope_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::dashscope_response(data));
