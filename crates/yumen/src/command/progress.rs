//! A progress bar for a person, once something has taken a second.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// A bar on standard error, where that is a terminal; one that cannot be drawn is left out.
pub(super) struct Progress {
    since: Instant,
    terminal: bool,
    shown: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), terminal: std::io::stderr().is_terminal(), shown: false }
    }

    /// How long it has taken.
    pub(super) fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// Shows how much is done of how much there is; 0 where that is not known.
    pub(super) fn show(&mut self, done: u64, all: u64) {
        if !self.terminal || self.since.elapsed() < Duration::from_secs(1) {
            return;
        }
        let line = if all == 0 {
            format!("{done} so far")
        } else {
            let percent = (u128::from(done) * 100 / u128::from(all)).min(100);
            let filled = usize::try_from(percent / 4).unwrap_or(25);
            format!("[{}{}] {percent:>3} %", "#".repeat(filled), ".".repeat(25 - filled))
        };
        let _ = write!(std::io::stderr(), "\r{line:<40}");
        self.shown = true;
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r{}\r", " ".repeat(40));
        }
    }
}
