//! Texts through a screen, line by line, on all cores, in order.
//!
//! One thread reads batches of lines and deals them out in turn, each worker screens its batches, and the caller's thread
//! collects them in the same turn: so the order stays without anybody keeping score, and no more than a few batches are
//! ever in memory.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{BufRead, ErrorKind, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use yumen_screen::{Action, Boundary, Finding, Screen};

use crate::failure::{Context as _, Failure};

/// The longest line that is read, in bytes.
const MAX_LINE: usize = 64 << 20;
/// How many batches wait for each worker, and behind it.
const WAITING: usize = 2;

/// One line of the input.
#[derive(Deserialize)]
struct Asked<'a> {
    /// Whatever the caller calls it by; it comes back as it is.
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// One line of the output.
#[derive(Serialize)]
struct Told<'a> {
    id: Option<&'a RawValue>,
    action: Action,
    findings: Vec<Found<'a>>,
    /// The text after masking; empty when it is refused.
    text: &'a str,
}

/// One finding; places are counted in Unicode characters of the text as it came.
#[derive(Serialize)]
struct Found<'a> {
    kind: &'a str,
    category: &'a str,
    start: usize,
    end: usize,
    score: f32,
}

impl<'a> From<&'a Finding> for Found<'a> {
    fn from(finding: &'a Finding) -> Self {
        let chars = &finding.span.chars;
        Self {
            kind: &finding.kind,
            category: &finding.category,
            start: chars.start,
            end: chars.end,
            // Three places are more than a score is worth.
            score: (finding.score * 1000.0).round() / 1000.0,
        }
    }
}

/// Makes an output line of an input line.
pub(super) struct Liner {
    screen: Screen,
    boundary: Boundary,
    json: bool,
}

impl Liner {
    pub(super) fn new(screen: Screen, boundary: Boundary, json: bool) -> Self {
        Self { screen, boundary, json }
    }

    fn line(&self, line: &[u8], out: &mut String) -> Result<(), serde_json::Error> {
        match serde_json::from_slice(line) {
            Ok(asked) => self.told(&asked, out),
            Err(error) => {
                let Some(whole) = without_halves(line) else { return Err(error) };
                self.told(&serde_json::from_slice(&whole)?, out)
            }
        }
    }

    fn told(&self, asked: &Asked<'_>, out: &mut String) -> Result<(), serde_json::Error> {
        let inspection = self.screen.inspect(&asked.text, self.boundary);
        let told = Told {
            id: asked.id,
            action: inspection.action,
            findings: inspection.findings.iter().map(Found::from).collect(),
            text: &inspection.text,
        };
        if self.json {
            out.push_str(&serde_json::to_string(&told)?);
        } else {
            told.text(out);
        }
        out.push('\n');
        Ok(())
    }

    /// The lines of a batch, of which the first has the number `batch.first`.
    fn batch(&self, batch: &Batch) -> Done {
        let mut out = String::with_capacity(batch.lines.len() * 2);
        for (number, line) in (batch.first..).zip(batch.lines.split(|byte| *byte == b'\n')) {
            let marked = (number == 1).then(|| line.strip_prefix("\u{feff}".as_bytes())).flatten();
            let line = marked.unwrap_or(line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            if let Err(error) = self.line(line, &mut out) {
                return Done { out, wrong: Some((number, error)) };
            }
        }
        Done { out, wrong: None }
    }
}

/// A line in which each half of a surrogate pair that stands alone (`\ud83d`, which JSON can write and no text can hold) is the
/// character that stands for what cannot be read; it counts as one character either way. `None` when there is none.
fn without_halves(line: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| -> Option<u16> {
        let digits = line.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut whole: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\\', &line[at..]) {
        at += next;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.get_or_insert_with(|| line.to_vec())[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            // Whatever is escaped begins no escape.
            _ => 2,
        };
        if at >= line.len() {
            break;
        }
    }
    whole
}

impl Told<'_> {
    /// The line for people: the name, what was done, and each finding.
    fn text(&self, out: &mut String) {
        let id = self.id.map_or("-", RawValue::get);
        let action = serde_json::to_value(self.action).unwrap_or_default();
        // Writing into a string does not fail.
        let _ = write!(out, "{id}  {}", action.as_str().unwrap_or_default());
        for Found { kind, category, start, end, score } in &self.findings {
            let _ = write!(out, "  {kind}({category}) {start}..{end} {score}");
        }
    }
}

struct Batch {
    /// The number of its first line, from 1.
    first: u64,
    lines: Vec<u8>,
}

struct Done {
    out: String,
    /// The line that could not be read, and why; nothing after it was screened.
    wrong: Option<(u64, serde_json::Error)>,
}

/// Lines on their way from a reader to a writer.
pub(super) struct Lines<R, W> {
    from: R,
    to: W,
    workers: usize,
}

impl<R: BufRead, W: Write> Lines<R, W> {
    pub(super) fn new(from: R, to: W, workers: usize) -> Self {
        Self { from, to, workers }
    }
}

impl<R: BufRead + Send, W: Write> Lines<R, W> {
    /// Screens every line.
    ///
    /// # Errors
    /// A line that is not what was asked for, with its number; what came before it is written. A reader or writer that
    /// fails; a writer that has gone, having read enough, is no failure.
    pub(super) fn run(self, liner: &Liner) -> Result<(), Failure> {
        let Self { mut from, mut to, workers } = self;
        thread::scope(|scope| {
            let mut dealt: Vec<SyncSender<Batch>> = Vec::with_capacity(workers);
            let mut done: Vec<Receiver<Done>> = Vec::with_capacity(workers);
            for _ in 0..workers {
                let (deal, batches) = sync_channel::<Batch>(WAITING);
                let (hand_in, finished) = sync_channel(WAITING);
                scope.spawn(move || {
                    for batch in batches {
                        if hand_in.send(liner.batch(&batch)).is_err() {
                            return;
                        }
                    }
                });
                dealt.push(deal);
                done.push(finished);
            }
            let reader = scope.spawn(move || deal_out(&mut from, &dealt));
            let written = collect(&done, &mut to);
            // Whoever still waits to hand something in learns that nobody takes it.
            drop(done);
            let read = reader.join().map_err(|_| Failure::new("reading the texts was aborted"))?;
            written.and(read)
        })
    }
}

/// Reads batches and gives them to the workers in turn, until the end or until nobody takes them. A batch is what one
/// reading gives, so that a line from a slow writer is answered when it comes.
fn deal_out(from: &mut impl BufRead, workers: &[SyncSender<Batch>]) -> Result<(), Failure> {
    let mut next = 1;
    let mut begun = Vec::new();
    for worker in workers.iter().cycle() {
        let lines = loop {
            let came = from.fill_buf().context("cannot read standard input")?;
            let length = came.len();
            if length == 0 {
                break std::mem::take(&mut begun);
            }
            let whole = memchr::memrchr(b'\n', came).map(|last| last + 1);
            if let Some(whole) = whole {
                begun.extend_from_slice(&came[..whole]);
                let rest = came[whole..].to_vec();
                from.consume(length);
                break std::mem::replace(&mut begun, rest);
            }
            begun.extend_from_slice(came);
            from.consume(length);
            if begun.len() > MAX_LINE {
                return Err(Failure::new(format!("line {next} has more than {MAX_LINE} bytes")));
            }
        };
        let count = memchr::memchr_iter(b'\n', &lines).count() as u64;
        if lines.is_empty() || worker.send(Batch { first: next, lines }).is_err() {
            return Ok(());
        }
        next += count;
    }
    Ok(())
}

/// Takes what the workers finished, in turn, until one has nothing more.
fn collect(workers: &[Receiver<Done>], to: &mut impl Write) -> Result<(), Failure> {
    for worker in workers.iter().cycle() {
        let Ok(done) = worker.recv() else { break };
        if let Err(error) = to.write_all(done.out.as_bytes()).and_then(|()| to.flush()) {
            if error.kind() == ErrorKind::BrokenPipe {
                return Ok(());
            }
            return Err(error).context("cannot write to standard output");
        }
        if let Some((number, error)) = done.wrong {
            return Err(Failure::because(format!("line {number} cannot be read"), &error)
                .help(r#"a line is one JSON object: {"id": "1", "text": "..."}"#));
        }
    }
    Ok(())
}
