//! Judging a crowd: millions of devices, each different one once, on every core.
//!
//! Devices that say the same are counted together before anything is parsed or judged: a table holds
//! each different line, compared byte by byte, with how often it came. A table that is full is
//! judged and emptied, so that memory stays bounded however different the devices are; what comes
//! again afterwards is judged again, and the counts are the same.

use std::collections::HashMap;
use std::io::{self, Read};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use yumen_policy::{Device, PolicyError};

use super::population::{Draw, Population};

/// How much of a file a worker takes at a time, in bytes; also the longest line.
const BLOCK: usize = 4 << 20;

/// How many made-up devices a worker takes at a time.
const BATCH: u64 = 1 << 16;

/// What all tables together may hold, in bytes, roughly.
const TABLES: usize = 512 << 20;

/// What one entry of a table costs beside its line, in bytes, roughly.
const ENTRY: usize = 96;

/// How often the progress is told.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// Where the devices come from.
pub(crate) enum Source {
    /// JSON lines.
    Lines(Lines),
    /// Made up, this many.
    Synthetic {
        /// Which ones.
        population: Population,
        /// How many.
        count: u64,
    },
}

/// A reader of JSON lines that several workers read from: each line is a device, or
/// `{"device": {...}, "count": 1000}` for as many of it. Empty lines are passed over.
pub(crate) struct Lines {
    blocks: Mutex<Blocks>,
    read: AtomicU64,
    /// How many bytes there are, where that is known.
    bytes: u64,
}

struct Blocks {
    reader: Box<dyn Read + Send>,
    /// The beginning of a line whose end is still to come.
    rest: Vec<u8>,
    line: u64,
}

/// How often a device came, and where first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// The number of the line, or of the made-up device, from 1.
    pub first: u64,
    /// How many devices say exactly this.
    pub times: u64,
}

/// What a worker makes of the devices.
pub(crate) trait Census: Send {
    /// Takes in a device that so many say they are.
    fn take(&mut self, device: &Device, seen: Seen);
    /// Adds what another worker found.
    fn add(&mut self, other: Self);
}

/// What came of a crowd.
#[derive(Debug)]
pub(crate) struct Counted<C> {
    /// How many devices there are.
    pub devices: u64,
    /// How many were judged: each different one once, again only after a full table.
    pub judged: u64,
    /// What they came to.
    pub census: C,
}

/// Why a crowd cannot be judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CrowdError {
    /// The file cannot be read.
    #[error("the population cannot be read")]
    Read(#[from] io::Error),
    /// A line is no device.
    #[error("line {line} of the population is no device")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// Why not.
        source: PolicyError,
    },
    /// A line has no end in sight.
    #[error("line {0} of the population is longer than 4 MiB")]
    Long(u64),
}

impl Source {
    /// Lines from a reader that has this many bytes, or 0 where that is not known.
    pub(crate) fn lines(reader: Box<dyn Read + Send>, bytes: u64) -> Self {
        let blocks = Mutex::new(Blocks { reader, rest: Vec::new(), line: 1 });
        Self::Lines(Lines { blocks, read: AtomicU64::new(0), bytes })
    }

    /// Counts the crowd on every core.
    ///
    /// `progress` is told now and then how much is done and how much there is; 0 where that is not
    /// known.
    pub(crate) fn count<C: Census>(
        &self,
        make: impl Fn() -> C + Sync,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Counted<C>, CrowdError> {
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        let done = AtomicU64::new(0);
        let stop = AtomicBool::new(false);
        let (alive, ended) = mpsc::channel::<()>();
        let results = thread::scope(|scope| {
            let running: Vec<_> = (0..workers)
                .map(|_| {
                    let (make, done, stop, alive) = (&make, &done, &stop, alive.clone());
                    scope.spawn(move || {
                        let worker = Worker::new(make(), TABLES / workers);
                        let result = worker.run(self, done, stop);
                        if result.is_err() {
                            stop.store(true, Ordering::Relaxed);
                        }
                        drop(alive);
                        result
                    })
                })
                .collect();
            drop(alive);
            while ended.recv_timeout(TOLD_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                match self {
                    Self::Lines(lines) => progress(lines.read.load(Ordering::Relaxed), lines.bytes),
                    Self::Synthetic { count, .. } => progress(done.load(Ordering::Relaxed), *count),
                }
            }
            running.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        let mut all: Option<Counted<C>> = None;
        let mut first_error: Option<CrowdError> = None;
        for result in results {
            match result {
                Ok(Ok(counted)) => match &mut all {
                    None => all = Some(counted),
                    Some(all) => {
                        all.devices += counted.devices;
                        all.judged += counted.judged;
                        all.census.add(counted.census);
                    }
                },
                Ok(Err(error)) => {
                    if first_error.as_ref().is_none_or(|first| error.line() < first.line()) {
                        first_error = Some(error);
                    }
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        match (first_error, all) {
            (Some(error), _) => Err(error),
            (None, Some(all)) => Ok(all),
            (None, None) => Ok(Counted { devices: 0, judged: 0, census: make() }),
        }
    }
}

impl CrowdError {
    fn line(&self) -> u64 {
        match self {
            Self::Read(_) => 0,
            Self::Line { line, .. } | Self::Long(line) => *line,
        }
    }
}

impl Lines {
    /// Fills the buffer with whole lines; gives the number of the first one, or nothing at the end.
    fn next(&self, buffer: &mut Vec<u8>) -> Result<Option<u64>, CrowdError> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let Blocks { reader, rest, line } = &mut *blocks;
        buffer.clear();
        buffer.append(rest);
        let room = BLOCK.saturating_sub(buffer.len()) as u64;
        let read = reader.by_ref().take(room).read_to_end(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        let first = *line;
        if (read as u64) < room {
            // That was the end; what is left is the last line, with or without a line break.
            *line += lines_in(buffer);
            return Ok((!buffer.is_empty()).then_some(first));
        }
        let Some(end) = memchr::memrchr(b'\n', buffer) else {
            return Err(CrowdError::Long(first));
        };
        rest.extend_from_slice(&buffer[end + 1..]);
        buffer.truncate(end + 1);
        *line += lines_in(buffer);
        Ok(Some(first))
    }
}

fn lines_in(buffer: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', buffer).count() as u64
}

/// One worker: its tables and its census.
struct Worker<C> {
    lines: HashMap<Box<[u8]>, Seen>,
    draws: HashMap<Draw, Seen>,
    held: usize,
    most: usize,
    counted: Counted<C>,
}

impl<C: Census> Worker<C> {
    fn new(census: C, most: usize) -> Self {
        let counted = Counted { devices: 0, judged: 0, census };
        Self { lines: HashMap::new(), draws: HashMap::new(), held: 0, most, counted }
    }

    fn run(
        mut self,
        source: &Source,
        done: &AtomicU64,
        stop: &AtomicBool,
    ) -> Result<Counted<C>, CrowdError> {
        match source {
            Source::Lines(lines) => {
                let mut buffer = Vec::with_capacity(BLOCK);
                while !stop.load(Ordering::Relaxed)
                    && let Some(first) = lines.next(&mut buffer)?
                {
                    for (number, line) in (first..).zip(buffer.split(|&byte| byte == b'\n')) {
                        self.line(line.trim_ascii(), number)?;
                    }
                }
            }
            Source::Synthetic { population, count } => loop {
                let from = done.fetch_add(BATCH, Ordering::Relaxed);
                if from >= *count || stop.load(Ordering::Relaxed) {
                    break;
                }
                for number in from..(from + BATCH).min(*count) {
                    self.draw(population.device(number), number + 1)?;
                }
            },
        }
        self.empty()?;
        Ok(self.counted)
    }

    fn line(&mut self, line: &[u8], number: u64) -> Result<(), CrowdError> {
        if line.is_empty() {
            return Ok(());
        }
        if let Some(seen) = self.lines.get_mut(line) {
            seen.again(number);
            return Ok(());
        }
        self.room(line.len() + ENTRY)?;
        self.lines.insert(line.into(), Seen { first: number, times: 1 });
        Ok(())
    }

    fn draw(&mut self, draw: Draw, number: u64) -> Result<(), CrowdError> {
        if let Some(seen) = self.draws.get_mut(&draw) {
            seen.again(number);
            return Ok(());
        }
        self.room(ENTRY)?;
        self.draws.insert(draw, Seen { first: number, times: 1 });
        Ok(())
    }

    /// Makes room for an entry of this size, judging what is held when there is none.
    fn room(&mut self, size: usize) -> Result<(), CrowdError> {
        if self.held + size > self.most {
            self.empty()?;
        }
        self.held += size;
        Ok(())
    }

    /// Judges what is held and lets it go.
    fn empty(&mut self) -> Result<(), CrowdError> {
        self.held = 0;
        let Self { lines, draws, counted, .. } = self;
        for (line, seen) in lines.drain() {
            let wrong = |source| CrowdError::Line { line: seen.first, source };
            let (device, times) = parse(&line).map_err(wrong)?;
            let seen = Seen { times: seen.times * times, ..seen };
            counted.take(&device, seen);
        }
        let mut json = String::new();
        for (draw, seen) in draws.drain() {
            json.clear();
            draw.write(&mut json);
            let wrong = |source| CrowdError::Line { line: seen.first, source };
            let device = Device::parse(json.as_bytes()).map_err(wrong)?;
            counted.take(&device, seen);
        }
        Ok(())
    }
}

impl<C: Census> Counted<C> {
    fn take(&mut self, device: &Device, seen: Seen) {
        self.devices += seen.times;
        self.judged += 1;
        self.census.take(device, seen);
    }
}

impl Seen {
    fn again(&mut self, number: u64) {
        self.times += 1;
        self.first = self.first.min(number);
    }
}

/// As many of a device.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    device: Device,
    count: u64,
}

/// The device of a line, and how many it stands for.
fn parse(line: &[u8]) -> Result<(Device, u64), PolicyError> {
    match Device::parse(line) {
        Ok(device) => Ok((device, 1)),
        Err(error) => match serde_json::from_slice::<Many>(line) {
            Ok(many) => Ok((many.device, many.count)),
            Err(_) => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Counts devices by what they say of their purchase region.
    #[derive(Debug, Default)]
    struct Regions(BTreeMap<String, (u64, u64)>);

    impl Census for Regions {
        fn take(&mut self, device: &Device, seen: Seen) {
            let region = device.purchase_region.get().map(ToString::to_string).unwrap_or_default();
            let entry = self.0.entry(region).or_insert((0, u64::MAX));
            *entry = (entry.0 + seen.times, entry.1.min(seen.first));
        }

        fn add(&mut self, other: Self) {
            for (region, (times, first)) in other.0 {
                let entry = self.0.entry(region).or_insert((0, u64::MAX));
                *entry = (entry.0 + times, entry.1.min(first));
            }
        }
    }

    fn count(text: &str) -> Result<Counted<Regions>, CrowdError> {
        let reader = Box::new(io::Cursor::new(text.to_owned()));
        Source::lines(reader, 0).count(Regions::default, |_, _| {})
    }

    #[test]
    fn equal_devices_are_judged_once_and_all_are_counted() {
        let text = "{\"purchase_region\": \"CN\"}\n\n{\"purchase_region\": \"US\"}\r\n"
            .repeat(1000)
            + "{\"count\": 5, \"device\": {\"purchase_region\": \"CN\"}}";
        let counted = count(&text).unwrap();
        assert_eq!(counted.devices, 2005);
        let census = counted.census.0;
        assert_eq!(census["CN"], (1005, 1));
        assert_eq!(census["US"], (1000, 3));
        assert_eq!(count("").unwrap().devices, 0);
    }

    #[test]
    fn a_line_that_is_no_device_is_named() {
        let text = "{\"purchase_region\": \"CN\"}\n".repeat(41) + "{\"purchase\": \"CN\"}\n";
        let error = count(&text).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "line 42 of the population is no device");
    }

    #[test]
    fn many_blocks_give_what_one_would() {
        let regions = ["CN", "US", "KR", "FR"];
        let mut text = String::new();
        for number in 0..400_000 {
            let (region, major, minor) = (regions[number % 4], number / 1000, number % 1000);
            let version = format!("{major}.{minor}");
            text.push_str("{\"purchase_region\":\"");
            text.push_str(region);
            text.push_str("\",\"os_version\":\"");
            text.push_str(&version);
            text.push_str("\"}\n");
        }
        assert!(text.len() > 3 * BLOCK);
        let counted = count(&text).unwrap();
        assert_eq!((counted.devices, counted.judged), (400_000, 400_000));
        for (index, region) in (1..).zip(regions) {
            assert_eq!(counted.census.0[region], (100_000, index));
        }
    }

    #[test]
    fn a_full_table_is_judged_and_emptied_and_loses_nothing() {
        let mut worker = Worker::new(Regions::default(), 20 * (ENTRY + 40));
        for number in 1..=1000 {
            let version = number % 50;
            let line = format!("{{\"purchase_region\":\"CN\",\"os_version\":\"{version}\"}}");
            worker.line(line.as_bytes(), number).unwrap();
            assert!(worker.lines.len() <= 30);
        }
        worker.empty().unwrap();
        assert_eq!(worker.counted.census.0["CN"], (1000, 1));
        assert_eq!(worker.counted.devices, 1000);
        assert!(worker.counted.judged > 50);
    }

    #[test]
    fn made_up_devices_are_counted_as_their_lines_would_be() {
        let population = Population::new(5);
        let made = Source::Synthetic { population, count: 5000 }
            .count(Regions::default, |_, _| {})
            .unwrap();
        let mut text = String::new();
        for number in 0..5000 {
            population.device(number).write(&mut text);
            text.push('\n');
        }
        let read = count(&text).unwrap();
        assert_eq!(made.census.0, read.census.0);
        assert_eq!((made.devices, read.devices), (5000, 5000));
    }
}
