//! Fuzz target: see `checks::tencent_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::tencent_response(data));
