//! Fuzz target: see `checks::chat_request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::chat_request(data));
