//! The handle through which everyone appends.

use std::{
    fs::File,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{RecvError, SyncSender, TrySendError, sync_channel},
    },
    task::{Context, Poll},
    thread::JoinHandle,
};

use jiff::Timestamp;
use tokio::sync::oneshot;
use yumen_verify::{
    Admission, Canonical, Checkpoint, CheckpointSigner, Deletion, Entry, HoldAt, LedgerProof,
    LogKey, MAX_ENTRY_BYTES, SigningKey,
};

use crate::{
    LedgerError,
    cutter::{Cutter, Order},
    hold::{self, Hold},
    migrate,
    prune::{self, Plan, PruneReport, Retention},
    read::Reader,
    receipt::{Admitted, Durable},
    recovery,
    writer::{Job, Parts, Shared, Task, Writer},
};

/// How many entries may wait. More are refused: the gate then serves nothing rather than pile up.
const QUEUE: usize = 4096;

/// How many orders may wait for the thread that cuts tiles.
const ORDERS: usize = 16;

/// An open ledger. Clones share one writer; dropping the last one waits until the writer has finished.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    /// Both are taken when the ledger is dropped, which tells the threads to finish.
    queue: Option<SyncSender<Task>>,
    orders: Option<SyncSender<Order>>,
    writer: Option<JoinHandle<()>>,
    cutter: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    key: LogKey,
    /// Held while holds are changed or entries pruned: one at a time.
    keeping: Mutex<()>,
    /// Held until both threads have written their last.
    _lock: Option<File>,
}

impl Ledger {
    /// Opens the ledger in the folder `dir`, making it if there is none, and starts its threads. Blocks for as
    /// long as it takes to read what is not yet in full tiles: normally some thousand entries. A ledger of the
    /// form before tiles is cut into tiles first, which takes some microseconds an entry.
    ///
    /// `origin` is the log's name in its checkpoints, such as `yumen.example/cn`. It and `key` are the same for
    /// the life of the ledger.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] when another process writes it; [`LedgerError::Damaged`] or
    /// [`LedgerError::Altered`] when recorded entries are missing or changed; [`LedgerError::OtherKey`] when it
    /// was made with another key or origin; [`LedgerError::Io`] when the disk refuses.
    pub fn open(dir: &Path, key: SigningKey, origin: &str) -> Result<Self, LedgerError> {
        let signer = CheckpointSigner::new(origin, key)?;
        let key = signer.public().clone();
        let opened = recovery::open(dir, &key)?;
        let checkpoint = signer.sign(opened.frontier.size(), opened.frontier.root());
        let shared = Arc::new(Shared::new(checkpoint));
        let mut cutter = Cutter::new(dir.into(), opened.edge, opened.tail, shared.clone());
        cutter.publish()?;
        if let Some(plan) = Plan::read(dir)? {
            cutter.prune(&plan)?;
        }
        migrate::forget_old_layout(dir)?;
        let (orders, received) = sync_channel(ORDERS);
        let (queue, tasks) = sync_channel(QUEUE);
        let writer = Writer::new(Parts {
            dir: dir.into(),
            active: opened.active,
            acknowledged: opened.acknowledged,
            frontier: opened.frontier,
            signer,
            shared: shared.clone(),
            cutter: orders.clone(),
        });
        let start = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.into()).spawn(run);
            thread.map_err(LedgerError::io("start the writer of", dir))
        };
        let cutter = start("ledger-tiles", Box::new(move || cutter.run(&received)))?;
        let writer = start("ledger", Box::new(move || writer.run(&tasks)))?;
        let inner = Inner {
            dir: dir.into(),
            queue: Some(queue),
            orders: Some(orders),
            writer: Some(writer),
            cutter: Some(cutter),
            shared,
            key,
            keeping: Mutex::new(()),
            _lock: Some(opened.lock),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Records that a request may be served, and returns once that is durable: the one way to an [`Admitted`].
    ///
    /// The entry is queued at once, when this is called: dropping the future does not take it back.
    ///
    /// # Errors
    /// [`LedgerError::Busy`], [`LedgerError::NotWritten`], [`LedgerError::Stopped`] or
    /// [`LedgerError::TooLarge`]; in each case nothing was acknowledged and nothing may be served.
    pub fn admit(&self, admission: Admission<'_>) -> Admitting {
        Admitting(self.wait(Entry::Admission(admission).into()))
    }

    /// Records an entry that serves nothing, and returns once it is durable. Takes an [`Entry`], or its [`Canonical`] bytes.
    ///
    /// The entry is queued at once, when this is called: dropping the future does not take it back.
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub fn append(&self, entry: impl Into<Canonical>) -> Appending {
        Appending(self.wait(entry.into()))
    }

    /// As [`Self::append`], for threads that may block. Must not be called on an async runtime's thread.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_blocking(&self, entry: impl Into<Canonical>) -> Result<Durable, LedgerError> {
        let answer = self.enqueue(entry.into())?.blocking_recv();
        answer.unwrap_or_else(|_| Err(stopped(&self.inner.shared))).map(Durable::new)
    }

    /// The signed checkpoint of everything that is durable.
    pub fn checkpoint(&self) -> Checkpoint {
        let latest = self.inner.shared.checkpoint.read();
        latest.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The log's origin and public key.
    pub fn key(&self) -> &LogKey {
        &self.inner.key
    }

    /// Whether entries are still being recorded, for readiness checks.
    ///
    /// # Errors
    /// [`LedgerError::Stopped`] with the reason, once the writer has given up.
    pub fn health(&self) -> Result<(), LedgerError> {
        match &self.inner.writer {
            Some(writer) if !writer.is_finished() => Ok(()),
            _ => Err(stopped(&self.inner.shared)),
        }
    }

    /// Publishes everything that is durable by now, and returns how many entries that are. Blocks, normally for
    /// milliseconds.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when tiles or checkpoint cannot be written.
    pub fn settle(&self) -> Result<u64, LedgerError> {
        self.order(Order::Settle)?
    }

    /// Deletes the bytes of entries past their time, keeping their leaf hashes, and records that first. Blocks
    /// while it reads the log; meanwhile entries are recorded as ever. With `dry_run` it only counts.
    ///
    /// # Errors
    /// [`LedgerError::Malformed`] when the list of legal holds is damaged: then nothing is pruned; as [`Self::append`]
    /// and [`Reader::open`].
    pub fn prune(
        &self,
        retention: &Retention,
        by: &str,
        now: Timestamp,
        dry_run: bool,
    ) -> Result<PruneReport, LedgerError> {
        let _alone = self.inner.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        self.settle()?;
        let dir = &self.inner.dir;
        let holds = hold::read_holds(dir)?;
        let mut reader = Reader::open(dir, &self.inner.key)?;
        let selection = prune::select(&mut reader, retention, &holds, now)?;
        let mut report = selection.report;
        if dry_run || selection.indices.is_empty() {
            return Ok(report);
        }
        let id = format!("prn_{}", selection.digest.get(7..23).unwrap_or_default());
        let recorded = self.append_blocking(Entry::Deletion(Deletion {
            basis: "retention".into(),
            by: by.into(),
            count: report.pruned,
            digest: selection.digest.as_str().into(),
            id: id.into(),
            market: None,
            time: now,
            what: "ledger_entries".into(),
        }))?;
        let deletion = recorded.proof().index;
        let plan = Plan::new(deletion, selection.indices);
        plan.write(dir)?;
        let (answer, rotated) = sync_channel(1);
        let Some(queue) = &self.inner.queue else { return Err(stopped(&self.inner.shared)) };
        queue.send(Task::Rotate(answer)).map_err(|_| stopped(&self.inner.shared))?;
        self.answered(rotated.recv())??;
        self.order(|answer| Order::Prune(plan, answer))??;
        report.deletion = Some(deletion);
        Ok(report)
    }

    /// Places a legal hold: the entries it names are not pruned until it is released. Blocks until it is recorded.
    /// A hold of this id that holds already is left as it is.
    ///
    /// # Errors
    /// As [`Self::append`]; [`LedgerError::Malformed`] when the list of legal holds is damaged.
    pub fn hold(&self, hold: Hold) -> Result<Durable, LedgerError> {
        let _alone = self.inner.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = &self.inner.dir;
        let mut holds = hold::read_holds(dir)?;
        let step = hold.step(HoldAt::Placed, &hold.by, hold.since);
        let step = Canonical::from(&step);
        if holds.iter().all(|other| other.id != hold.id) {
            // Before it is recorded: when it is cut off here, it holds.
            holds.push(hold);
            hold::write(dir, &holds)?;
        }
        self.append_blocking(step)
    }

    /// Releases a legal hold. Blocks until that is recorded.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchHold`]; as [`Self::hold`].
    pub fn release(&self, id: &str, by: &str, now: Timestamp) -> Result<Durable, LedgerError> {
        let _alone = self.inner.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = &self.inner.dir;
        let mut holds = hold::read_holds(dir)?;
        let Some(at) = holds.iter().position(|hold| hold.id == id) else {
            return Err(LedgerError::NoSuchHold(id.into()));
        };
        let released = holds.remove(at);
        let durable = self.append_blocking(released.step(HoldAt::Released, by, now))?;
        hold::write(dir, &holds)?;
        Ok(durable)
    }

    fn order<T>(&self, order: impl FnOnce(SyncSender<T>) -> Order) -> Result<T, LedgerError> {
        let (answer, answered) = sync_channel(1);
        let ended = || LedgerError::Stopped("its tiles are no longer written".into());
        let orders = self.inner.orders.as_ref().ok_or_else(ended)?;
        orders.send(order(answer)).map_err(|_| ended())?;
        answered.recv().map_err(|_| ended())
    }

    fn answered<T>(&self, answer: Result<T, RecvError>) -> Result<T, LedgerError> {
        answer.map_err(|_| stopped(&self.inner.shared))
    }

    fn wait(&self, entry: Canonical) -> Waiting {
        match self.enqueue(entry) {
            Ok(answer) => Waiting::For(answer, self.inner.shared.clone()),
            Err(error) => Waiting::Refused(Some(error)),
        }
    }

    fn enqueue(
        &self,
        entry: Canonical,
    ) -> Result<oneshot::Receiver<Result<LedgerProof, LedgerError>>, LedgerError> {
        let entry = entry.into_string();
        if entry.len() > MAX_ENTRY_BYTES {
            return Err(LedgerError::TooLarge(entry.len()));
        }
        let Some(queue) = &self.inner.queue else { return Err(stopped(&self.inner.shared)) };
        let (answer, receiver) = oneshot::channel();
        match queue.try_send(Task::Append(Job { entry, answer })) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_)) => Err(LedgerError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(stopped(&self.inner.shared)),
        }
    }
}

/// The future of [`Ledger::admit`]: ready once the admission is durable, or refused. It borrows nothing.
#[must_use = "a request counts as admitted only when this has returned"]
pub struct Admitting(Waiting);

/// The future of [`Ledger::append`]: ready once the entry is durable, or refused. It borrows nothing.
#[must_use = "an entry counts as recorded only when this has returned"]
pub struct Appending(Waiting);

enum Waiting {
    For(oneshot::Receiver<Result<LedgerProof, LedgerError>>, Arc<Shared>),
    Refused(Option<LedgerError>),
}

impl Future for Admitting {
    type Output = Result<Admitted, LedgerError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context).map_ok(Admitted::new)
    }
}

impl Future for Appending {
    type Output = Result<Durable, LedgerError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context).map_ok(Durable::new)
    }
}

impl Waiting {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<LedgerProof, LedgerError>> {
        match self {
            Self::For(answer, shared) => Pin::new(answer)
                .poll(context)
                .map(|answer| answer.unwrap_or_else(|_| Err(stopped(shared)))),
            Self::Refused(error) => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Poll::Pending,
            },
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop((self.queue.take(), self.orders.take()));
        // The writer first: the cutter ends when nobody can tell it anything any more. One that panicked has
        // nothing left to finish.
        for thread in [self.writer.take(), self.cutter.take()].into_iter().flatten() {
            let _ = thread.join();
        }
    }
}

fn stopped(shared: &Shared) -> LedgerError {
    let reason = shared.stopped.get().cloned();
    LedgerError::Stopped(reason.unwrap_or_else(|| "its writer ended".into()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;

    use yumen_verify::{ApprovalStep, Step, merkle::TreeHash};

    use super::*;

    /// A ledger whose writer never takes anything.
    fn stuck(queue: usize) -> (Ledger, Receiver<Task>) {
        let signer =
            CheckpointSigner::new("log.example", SigningKey::from_bytes(&[7; 32])).unwrap();
        let (sender, receiver) = sync_channel(queue);
        let shared = Arc::new(Shared::new(signer.sign(0, TreeHash::of_empty_tree())));
        let inner = Inner {
            dir: PathBuf::new(),
            queue: Some(sender),
            orders: None,
            writer: None,
            cutter: None,
            shared,
            key: signer.public().clone(),
            keeping: Mutex::new(()),
            _lock: None,
        };
        (Ledger { inner: Arc::new(inner) }, receiver)
    }

    fn entry() -> Entry<'static> {
        Entry::Approval(ApprovalStep {
            digest: "sha256:00".into(),
            market: "cn".into(),
            number: "DEMO-1".into(),
            release: "sha256:01".into(),
            step: Step::Imported,
            time: jiff::Timestamp::UNIX_EPOCH,
        })
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let (ledger, _receiver) = stuck(2);
        let _waiting = (ledger.append(entry()), ledger.append(entry()));
        assert!(matches!(ledger.append(entry()).await, Err(LedgerError::Busy)));
    }

    #[tokio::test]
    async fn a_writer_that_ended_refuses_those_who_wait_and_those_who_come() {
        let (ledger, receiver) = stuck(2);
        let waiting = ledger.append(entry());
        ledger.inner.shared.stopped.get_or_init(|| "sync failed: no disk".into());
        drop(receiver);
        for refused in [waiting.await, ledger.append(entry()).await] {
            let error = refused.unwrap_err();
            assert!(matches!(error, LedgerError::Stopped(_)), "{error}");
            assert!(error.to_string().contains("no disk"), "{error}");
        }
        assert!(matches!(ledger.health(), Err(LedgerError::Stopped(_))));
    }
}
