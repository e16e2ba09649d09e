//! Fuzz target: see `screen::screen_arguments`.
#![no_main]

#[path = "../src/screen.rs"]
mod screen;

libfuzzer_sys::fuzz_target!(|data: &[u8]| screen::screen_arguments(data));
