//! What an emulator saw: counters, and the guard that notices a client which leaves early.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::log::{Ended, Record};

/// What an emulator saw since it was bound. Also served as JSON at `GET /emulator/stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Connections accepted, without those whose first request asked for these numbers.
    pub connections: u64,
    /// Requests received, without those for these numbers.
    pub requests: u64,
    /// Answers under way: being written, or held back by a fault.
    pub open_streams: u64,
    /// Answers the client left before their end.
    pub cancelled_streams: u64,
}

/// The live counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    connections: AtomicU64,
    requests: AtomicU64,
    open: AtomicU64,
    cancelled: AtomicU64,
}

impl Counters {
    pub(crate) fn connection_opened(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes a connection back that turned out to ask only for the numbers themselves.
    pub(crate) fn connection_was_ours(&self) {
        self.connections.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn read(&self) -> Stats {
        Stats {
            connections: self.connections.load(Ordering::SeqCst),
            requests: self.requests.load(Ordering::SeqCst),
            open_streams: self.open.load(Ordering::SeqCst),
            cancelled_streams: self.cancelled.load(Ordering::SeqCst),
        }
    }
}

/// One answer under way. Dropped before [`Attendance::finish`], it counts as cancelled.
#[derive(Debug)]
pub(crate) struct Attendance {
    counters: Arc<Counters>,
    record: Arc<Record>,
    finished: bool,
}

impl Attendance {
    pub(crate) fn begin(counters: &Arc<Counters>, record: &Arc<Record>) -> Self {
        counters.open.fetch_add(1, Ordering::SeqCst);
        Self { counters: Arc::clone(counters), record: Arc::clone(record), finished: false }
    }

    /// One more part has been sent.
    pub(crate) fn part(&self) {
        self.record.part();
    }

    /// The emulator said all it had to say, or all a fault lets it say; what the client does now
    /// is no cancellation.
    pub(crate) fn finish(&mut self, ended: Ended) {
        if !self.finished {
            self.finished = true;
            self.record.note(|entry| entry.ended = ended);
            self.counters.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        if !self.finished {
            // Cancelled first: whoever sees no open answer also sees why.
            self.record.note(|entry| entry.ended = Ended::ClientGone);
            self.counters.cancelled.fetch_add(1, Ordering::SeqCst);
            self.counters.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
