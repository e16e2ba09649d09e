//! The one thread that writes: it takes what waits, makes it durable together, and answers each waiter.
//!
//! One batch costs one write and one sync of `entries`, one write of `index`, one signature, one wake-up. Nobody
//! is answered before the sync has returned. While many wait, syncs are spaced so that more share each.

use std::{
    fs::File,
    path::PathBuf,
    sync::{
        Arc, OnceLock, RwLock,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::{
    LedgerError,
    checkpoint::{Checkpoint, CheckpointSigner},
    files,
    merkle::{Frontier, Growth, TreeHash},
    receipt::LedgerProof,
    recovery::Opened,
};

/// The most entries in one batch: bounds the time and the memory of one sync.
const BATCH: usize = 1024;

/// How often the checkpoint file may be written anew.
const PUBLISH: Duration = Duration::from_secs(1);

/// The most time between two syncs that a crowd of waiters may be made to share one: five hundred syncs a second
/// cost about a twentieth of a core.
const PACE: Duration = Duration::from_millis(2);

/// One entry and who waits for it.
pub(crate) struct Job {
    pub(crate) entry: String,
    pub(crate) answer: oneshot::Sender<Result<LedgerProof, LedgerError>>,
}

/// What the writer tells everyone.
pub(crate) struct Shared {
    pub(crate) checkpoint: RwLock<Checkpoint>,
    pub(crate) stopped: OnceLock<Arc<str>>,
}

pub(crate) struct Writer {
    dir: PathBuf,
    /// Held until the last write is done.
    _lock: File,
    entries: File,
    entries_length: u64,
    index: File,
    index_length: u64,
    frontier: Frontier,
    signer: CheckpointSigner,
    shared: Arc<Shared>,
    published: Instant,
    unpublished: bool,
    pace: Pace,
    jobs: Vec<Job>,
    leaves: Vec<TreeHash>,
    growth: Growth,
    records: Vec<u8>,
    /// Blocks that are not yet in `index`; not empty after a batch only when writing them failed.
    blocks: Vec<u8>,
}

/// Why a batch was not recorded.
enum Failure {
    /// It was taken back; the next may succeed.
    Batch(String),
    /// What is on disk is no longer known.
    Fatal(String),
}

impl Writer {
    pub(crate) fn new(
        dir: PathBuf,
        opened: Opened,
        signer: CheckpointSigner,
        shared: Arc<Shared>,
    ) -> Self {
        let Opened { lock, entries, entries_length, index, index_length, frontier } = opened;
        Self {
            dir,
            _lock: lock,
            entries,
            entries_length,
            index,
            index_length,
            frontier,
            signer,
            shared,
            published: Instant::now(),
            unpublished: true,
            pace: Pace { synced: Instant::now(), crowd: 1.0 },
            jobs: Vec::new(),
            leaves: Vec::new(),
            growth: Growth::default(),
            records: Vec::new(),
            blocks: Vec::new(),
        }
    }

    /// Works until every handle is gone or the disk can no longer be trusted.
    pub(crate) fn run(mut self, queue: &Receiver<Job>) {
        loop {
            let job = if self.unpublished {
                queue.recv_timeout(PUBLISH.saturating_sub(self.published.elapsed()))
            } else {
                queue.recv().map_err(RecvTimeoutError::from)
            };
            match job {
                Ok(job) => {
                    self.jobs.push(job);
                    std::thread::sleep(self.pace.wait());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.jobs.extend(queue.try_iter().take(BATCH - 1));
            if !self.jobs.is_empty()
                && let Err(reason) = self.commit()
            {
                // Set before the queue closes, so that whoever finds it closed can say why.
                self.shared.stopped.get_or_init(|| reason);
                return;
            }
            if self.unpublished && self.published.elapsed() >= PUBLISH {
                self.publish();
            }
        }
        self.publish();
    }

    /// Records the waiting jobs and answers them; an error ends the writer.
    fn commit(&mut self) -> Result<(), Arc<str>> {
        let length = match self.write() {
            Ok(length) => length,
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
        };
        self.frontier.extend(&self.leaves, &mut self.growth);
        let checkpoint = self.signer.sign(self.growth.size(), self.growth.root());
        let note = checkpoint.shared_note();
        *self.shared.checkpoint.write().unwrap_or_else(std::sync::PoisonError::into_inner) =
            checkpoint;
        self.unpublished = true;

        let mut end = self.entries_length;
        self.entries_length = length;
        for (index, job) in (self.growth.first()..).zip(self.jobs.drain(..)) {
            end += files::record_length(job.entry.as_bytes());
            files::push_block(&mut self.blocks, end, self.growth.completed(index));
            // Every index zipped here is of this batch, so it has a proof.
            let proof = self.growth.inclusion(index).expect("an entry of the batch has a proof");
            let proof = LedgerProof { index, checkpoint: note.clone(), proof, entry: job.entry };
            // Whoever hung up needs no answer; the entry stays.
            let _ = job.answer.send(Ok(proof));
        }
        // A failure shows, and is tried again, at the next batch.
        let _ = self.write_blocks();
        Ok(())
    }

    /// Makes the waiting jobs durable; how long `entries` is then.
    fn write(&mut self) -> Result<u64, Failure> {
        self.write_blocks()?;
        self.leaves.clear();
        self.records.clear();
        for job in &self.jobs {
            let leaf = TreeHash::of_leaf(job.entry.as_bytes());
            self.leaves.push(leaf);
            files::push_record(&mut self.records, job.entry.as_bytes(), leaf);
        }
        self.pace.batch(self.jobs.len());
        append(&mut self.entries, self.entries_length, &self.records)?;
        // After a failed sync the system may have dropped the pages: nothing is known any more.
        self.entries
            .sync_data()
            .map_err(|error| Failure::Fatal(format!("sync failed: {error}")))?;
        Ok(self.entries_length + self.records.len() as u64)
    }

    fn write_blocks(&mut self) -> Result<(), Failure> {
        if !self.blocks.is_empty() {
            append(&mut self.index, self.index_length, &self.blocks)?;
            self.index_length += self.blocks.len() as u64;
            self.blocks.clear();
        }
        Ok(())
    }

    /// Puts the checkpoint into its file, after the index it speaks of. What fails is tried again later: the
    /// checkpoint can always be made anew from the entries.
    pub(crate) fn publish(&mut self) {
        let checkpoint = {
            let latest = self.shared.checkpoint.read();
            latest.unwrap_or_else(std::sync::PoisonError::into_inner).clone()
        };
        self.published = Instant::now();
        self.unpublished = !(self.blocks.is_empty()
            && self.index.sync_data().is_ok()
            && files::replace(&self.dir.join(files::CHECKPOINT), checkpoint.note()).is_ok());
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
    use std::io::Write as _;

    let Err(error) = file.write_all(bytes) else { return Ok(()) };
    match files::write_at(file, length, &[]) {
        Ok(()) => Err(Failure::Batch(error.to_string())),
        Err(second) => Err(Failure::Fatal(format!("{error}; taking it back: {second}"))),
    }
}
