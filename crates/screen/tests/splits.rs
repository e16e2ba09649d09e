//! A text in chunks is the text in one piece: every action, every cut, random rules.
//!
//! What is checked is what the fuzz targets `screen_stream` and `screen_arguments` check. `YUMEN_CASES` says how many random
//! texts of each; in release a million takes some minutes:
//!
//! ```text
//! YUMEN_CASES=1000000 cargo test --release -p yumen-screen --test splits
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../../fuzz/src/screen.rs"]
mod checks;

use std::time::{SystemTime, UNIX_EPOCH};

/// Runs a check on as many random inputs as asked for; what fails names the input.
fn often(check: fn(&[u8]), default: u64) {
    let asked = std::env::var("YUMEN_CASES").ok().map(|cases| cases.parse::<u64>().unwrap());
    // Another run is another run; a failure prints the input that repeats it.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let first = asked.map_or(1, |_| u64::try_from(now.as_nanos() & 0xffff_ffff_ffff).unwrap());
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let cases = asked.unwrap_or(default);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || {
                for case in (worker..cases).step_by(usize::try_from(workers).unwrap()) {
                    let input = input(first.wrapping_add(case));
                    let result = std::panic::catch_unwind(|| check(&input));
                    assert!(result.is_ok(), "the input is {input:?}");
                }
            });
        }
    });
}

fn input(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes()
    };
    (0..24).flat_map(|_| next()).collect()
}

#[test]
fn a_text_in_chunks_is_the_text_in_one_piece() {
    often(checks::screen_stream, 4_000);
}

#[test]
fn arguments_in_chunks_stay_json_and_hide_nothing() {
    often(checks::screen_arguments, 4_000);
}
