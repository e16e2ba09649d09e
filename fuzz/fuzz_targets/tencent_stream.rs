//! Fuzz target: see `checks::tencent_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::tencent_stream(data));
