//! What was asked and how it ended, request by request: `GET /emulator/log`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::fault::FaultKind;

/// How many requests are remembered; of older ones only the counters know.
const REMEMBERED: usize = 10_000;

/// How an exchange ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It has not: being written, or held back by a fault.
    #[default]
    Open,
    /// All that was to be said was said, a refusal included.
    Complete,
    /// The client left before.
    ClientGone,
    /// The emulator dropped the connection, as a fault wanted it.
    Cut,
}

/// Token counts of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// Of the question.
    pub input_tokens: u64,
    /// Of the answer in full, also where it was not sent in full.
    pub output_tokens: u64,
}

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// Which request it was, counted from 0.
    pub number: u64,
    /// When it arrived, in milliseconds since 1970.
    pub at_ms: u64,
    /// The HTTP method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// The HTTP version: `HTTP/1.1`, `HTTP/2.0`.
    pub http: String,
    /// The model asked for, where the request got so far.
    pub model: Option<String>,
    /// Which key was used: the start of its SHA-256.
    pub key: Option<String>,
    /// Whether a stream was asked for, where the request got so far.
    pub stream: Option<bool>,
    /// Whether the conversation ended with a turn to be continued.
    pub prefixed: bool,
    /// The fault that befell it.
    pub fault: Option<FaultKind>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// Parts of the answer sent: frames of a stream, or 1.
    pub parts: u64,
    /// How it ended.
    pub ended: Ended,
    /// The tokens of the answer, where there is one.
    pub usage: Option<Tokens>,
    /// The same in money, where a price is set: millionths of its currency.
    pub cost_micros: Option<u64>,
}

/// An entry that is still written to.
#[derive(Debug)]
pub(crate) struct Record {
    parts: AtomicU64,
    entry: Mutex<LogEntry>,
}

impl Record {
    /// Changes what is written.
    pub(crate) fn note(&self, change: impl FnOnce(&mut LogEntry)) {
        change(&mut self.entry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// One more part has been sent.
    pub(crate) fn part(&self) {
        self.parts.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> LogEntry {
        let mut entry = self.entry.lock().unwrap_or_else(PoisonError::into_inner).clone();
        entry.parts = self.parts.load(Ordering::Relaxed);
        entry
    }
}

/// The last requests.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<VecDeque<Arc<Record>>>);

impl Log {
    /// Begins an entry.
    pub(crate) fn open(&self, entry: LogEntry) -> Arc<Record> {
        let record = Arc::new(Record { parts: AtomicU64::new(0), entry: Mutex::new(entry) });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == REMEMBERED {
            all.pop_front();
        }
        all.push_back(Arc::clone(&record));
        record
    }

    /// What is remembered, oldest first.
    pub(crate) fn read(&self) -> Vec<LogEntry> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter().map(|record| record.read()).collect()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
