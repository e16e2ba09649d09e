//! What was asked, letter by letter: `GET /emulator/asked`.
//!
//! The bodies of the last requests, oldest first, so that a test can look at what really left for a partner.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many requests are remembered.
const REMEMBERED: usize = 32;

/// The last requests' bodies.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<VecDeque<String>>);

impl Asked {
    /// Remembers a body; what in it is no UTF-8 is replaced.
    pub(crate) fn take(&self, body: &[u8]) {
        let body = String::from_utf8_lossy(body).into_owned();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == REMEMBERED {
            all.pop_front();
        }
        all.push_back(body);
    }

    /// What is remembered.
    pub(crate) fn read(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
