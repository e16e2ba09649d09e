//! The one thread that appends: it takes what waits, makes it durable together, and answers each waiter.
//!
//! One batch costs one write and one sync of the tail, one signature, one wake-up. Nobody is answered before the
//! sync has returned. While many wait, syncs are spaced so that more share each. Tiles are another thread's work.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use yumen_verify::{
    Checkpoint, CheckpointSigner, LedgerProof,
    merkle::{Frontier, Growth, TreeHash},
};

use crate::{LedgerError, cutter::Order, files, tail, tail::SEGMENT};

/// The most entries in one batch: bounds the time and the memory of one sync.
const BATCH: usize = 1024;

/// The most entries that may wait to be put into tiles: bounds the tail, and the time of opening it again.
const UNPUBLISHED: u64 = 1 << 20;

/// The most time between two syncs that a crowd of waiters may be made to share one: five hundred syncs a second
/// cost about a twentieth of a core.
const PACE: Duration = Duration::from_millis(2);

/// One entry and who waits for it.
pub(crate) struct Job {
    pub(crate) entry: String,
    pub(crate) answer: oneshot::Sender<Result<LedgerProof, LedgerError>>,
}

/// What the writer takes out of its queue.
pub(crate) enum Task {
    Append(Job),
    /// Begin a new file of the tail, so that nothing is written to the ones there are any more.
    Rotate(SyncSender<Result<(), LedgerError>>),
}

/// What the two threads tell each other and everyone.
pub(crate) struct Shared {
    /// Over everything that is durable.
    pub(crate) checkpoint: RwLock<Checkpoint>,
    /// Why the writer gave up.
    pub(crate) stopped: OnceLock<Arc<str>>,
    /// Entries under the published checkpoint.
    pub(crate) published: AtomicU64,
    /// Why publishing failed when it was last tried.
    pub(crate) unpublished: Mutex<Option<Arc<str>>>,
    /// Whether the cutter has been told and has not yet looked.
    pub(crate) woken: AtomicBool,
}

impl Shared {
    pub(crate) fn new(checkpoint: Checkpoint) -> Self {
        Self {
            checkpoint: RwLock::new(checkpoint),
            stopped: OnceLock::new(),
            published: AtomicU64::new(0),
            unpublished: Mutex::new(None),
            woken: AtomicBool::new(false),
        }
    }
}

/// The tail's last file, which alone is written.
pub(crate) struct Active {
    pub(crate) file: File,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// How many entries are in it.
    pub(crate) entries: u64,
}

pub(crate) struct Writer {
    dir: PathBuf,
    active: Active,
    acknowledged: File,
    frontier: Frontier,
    signer: CheckpointSigner,
    shared: Arc<Shared>,
    cutter: SyncSender<Order>,
    pace: Pace,
    jobs: Vec<Job>,
    leaves: Vec<TreeHash>,
    growth: Growth,
    records: Vec<u8>,
}

/// Why a batch was not recorded.
enum Failure {
    /// It was taken back; the next may succeed.
    Batch(String),
    /// What is on disk is no longer known.
    Fatal(String),
}

/// What a writer is made of.
pub(crate) struct Parts {
    pub(crate) dir: PathBuf,
    pub(crate) active: Active,
    pub(crate) acknowledged: File,
    pub(crate) frontier: Frontier,
    pub(crate) signer: CheckpointSigner,
    pub(crate) shared: Arc<Shared>,
    pub(crate) cutter: SyncSender<Order>,
}

impl Writer {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { dir, active, acknowledged, frontier, signer, shared, cutter } = parts;
        Self {
            dir,
            active,
            acknowledged,
            frontier,
            signer,
            shared,
            cutter,
            pace: Pace { synced: Instant::now(), crowd: 1.0 },
            jobs: Vec::new(),
            leaves: Vec::new(),
            growth: Growth::default(),
            records: Vec::new(),
        }
    }

    /// Works until every handle is gone or the disk can no longer be trusted.
    pub(crate) fn run(mut self, queue: &Receiver<Task>) {
        while let Ok(first) = queue.recv() {
            if matches!(first, Task::Append(_)) {
                std::thread::sleep(self.pace.wait());
            }
            let mut next = Some(first);
            // A batch ends where its file of the tail does.
            let room = SEGMENT.saturating_sub(self.active.entries);
            let room = if room == 0 { SEGMENT } else { room };
            let most = usize::try_from(room).unwrap_or(BATCH).min(BATCH);
            let mut rotate = None;
            while let Some(task) = next.take() {
                match task {
                    Task::Append(job) => self.jobs.push(job),
                    Task::Rotate(answer) => rotate = Some(answer),
                }
                if self.jobs.len() < most && rotate.is_none() {
                    next = queue.try_recv().ok();
                }
            }
            if !self.jobs.is_empty()
                && let Err(reason) = self.commit()
            {
                // Set before the queue closes, so that whoever finds it closed can say why.
                self.shared.stopped.get_or_init(|| reason);
                return;
            }
            if let Some(answer) = rotate {
                let _ = answer.send(self.rotate());
            }
        }
    }

    /// Records the waiting jobs and answers them; an error ends the writer.
    fn commit(&mut self) -> Result<(), Arc<str>> {
        match self.write() {
            Ok(()) => {}
            Err(Failure::Batch(reason)) => {
                let reason: Arc<str> = reason.into();
                for job in self.jobs.drain(..) {
                    let _ = job.answer.send(Err(LedgerError::NotWritten(reason.clone())));
                }
                return Ok(());
            }
            Err(Failure::Fatal(reason)) => {
                let reason: Arc<str> = reason.into();
                for job in self.jobs.drain(..) {
                    let _ = job.answer.send(Err(LedgerError::Stopped(reason.clone())));
                }
                return Err(reason);
            }
        }
        self.frontier.extend(&self.leaves, &mut self.growth);
        self.acknowledge();
        let checkpoint = self.signer.sign(self.growth.size(), self.growth.root());
        let note = checkpoint.shared_note();
        *self.shared.checkpoint.write().unwrap_or_else(PoisonError::into_inner) = checkpoint;
        if !self.shared.woken.swap(true, Ordering::AcqRel) {
            // A full queue of orders wakes it as well.
            let _ = self.cutter.try_send(Order::Wake);
        }
        for (index, job) in (self.growth.first()..).zip(self.jobs.drain(..)) {
            // Every index zipped here is of this batch, so it has a proof.
            let proof = self.growth.inclusion(index).expect("an entry of the batch has a proof");
            let proof = LedgerProof { index, checkpoint: note.clone(), proof, entry: job.entry };
            // Whoever hung up needs no answer; the entry stays.
            let _ = job.answer.send(Ok(proof));
        }
        Ok(())
    }

    /// Makes the waiting jobs durable.
    fn write(&mut self) -> Result<(), Failure> {
        let published = self.shared.published.load(Ordering::Acquire);
        if self.frontier.size().saturating_sub(published) >= UNPUBLISHED {
            let why = self.shared.unpublished.lock().unwrap_or_else(PoisonError::into_inner);
            let why = why.as_deref().unwrap_or("the disk does not keep up");
            return Err(Failure::Batch(format!("a million entries wait for their tiles: {why}")));
        }
        if self.active.entries >= SEGMENT {
            self.rotate().map_err(|error| Failure::Batch(error.to_string()))?;
        }
        self.leaves.clear();
        self.records.clear();
        for job in &self.jobs {
            let leaf = TreeHash::of_leaf(job.entry.as_bytes());
            self.leaves.push(leaf);
            files::push_record(&mut self.records, job.entry.as_bytes(), leaf);
        }
        self.pace.batch(self.jobs.len());
        append(&mut self.active.file, self.active.length, &self.records)?;
        // After a failed sync the system may have dropped the pages: nothing is known any more.
        self.active
            .file
            .sync_data()
            .map_err(|error| Failure::Fatal(format!("sync failed: {error}")))?;
        self.active.length += self.records.len() as u64;
        self.active.entries += self.jobs.len() as u64;
        Ok(())
    }

    /// Begins a new file of the tail. When that fails, no entry is taken before it has succeeded.
    fn rotate(&mut self) -> Result<(), LedgerError> {
        self.active.entries = self.active.entries.max(SEGMENT);
        let file = tail::create(&self.dir, self.frontier.size())?;
        self.active = Active { file, length: files::HEADER, entries: 0 };
        Ok(())
    }

    /// Notes how far was acknowledged, so that a later damage at the end is told from a write that was cut off.
    /// Only a help: what cannot be noted is still durable.
    fn acknowledge(&mut self) {
        let bytes = files::acknowledged_bytes(self.growth.size());
        let noted = self.acknowledged.seek(SeekFrom::Start(0));
        let _ = noted.and_then(|_| self.acknowledged.write_all(&bytes));
    }
}

/// When to sync next. A sync costs the processor as much as serving several requests, so under load they should
/// be few; but one who is alone must not wait for others who will not come.
struct Pace {
    /// When the last sync began.
    synced: Instant,
    /// The usual number of entries in a batch, as a moving average: how many are waiting side by side.
    crowd: f64,
}

impl Pace {
    /// How long to let others join the batch: a quarter of a [`PACE`] since the last sync for each who usually
    /// waits, none for one alone.
    fn wait(&self) -> Duration {
        if self.crowd < 1.1 {
            return Duration::ZERO;
        }
        PACE.min(PACE.mul_f64(self.crowd / 4.0)).saturating_sub(self.synced.elapsed())
    }

    /// Notes that a batch is being synced now.
    fn batch(&mut self, entries: usize) {
        let entries = u16::try_from(entries).unwrap_or(u16::MAX);
        self.crowd += (f64::from(entries) - self.crowd) / 8.0;
        self.synced = Instant::now();
    }
}

/// Appends to a file that is `length` bytes long, taking back whatever half of it was written.
fn append(file: &mut File, length: u64, bytes: &[u8]) -> Result<(), Failure> {
    let Err(error) = file.write_all(bytes) else { return Ok(()) };
    match file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length))) {
        Ok(_) => Err(Failure::Batch(error.to_string())),
        Err(second) => Err(Failure::Fatal(format!("{error}; taking it back: {second}"))),
    }
}
