//! The handle through which everyone appends.

use std::{
    path::Path,
    pin::Pin,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    task::{Context, Poll},
    thread::JoinHandle,
};

use ed25519_dalek::SigningKey;
use tokio::sync::oneshot;

use crate::{
    LedgerError,
    checkpoint::{Checkpoint, CheckpointSigner, LogKey},
    entry::{Admission, Canonical, Entry, MAX_ENTRY_BYTES},
    receipt::{Admitted, Durable, LedgerProof},
    recovery,
    writer::{Job, Shared, Writer},
};

/// How many entries may wait. More are refused: the gate then serves nothing rather than pile up.
const QUEUE: usize = 4096;

/// An open ledger. Clones share one writer; dropping the last one waits until the writer has finished.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    /// Taken when the ledger is dropped, which tells the writer to finish.
    queue: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    key: LogKey,
}

impl Ledger {
    /// Opens the ledger in the folder `dir`, making it if there is none, and starts its writer. Blocks for as
    /// long as it takes to read what no published checkpoint covers yet: normally a second's worth of entries.
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
        let shared =
            Arc::new(Shared { checkpoint: RwLock::new(checkpoint), stopped: OnceLock::new() });
        let mut writer = Writer::new(dir.into(), opened, signer, shared.clone());
        writer.publish();
        let (sender, receiver) = sync_channel(QUEUE);
        let writer = std::thread::Builder::new()
            .name("ledger".into())
            .spawn(move || writer.run(&receiver))
            .map_err(LedgerError::io("start the writer of", dir))?;
        let inner = Inner { queue: Some(sender), writer: Some(writer), shared, key };
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
        match queue.try_send(Job { entry, answer }) {
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
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to finish.
            let _ = writer.join();
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

    use super::*;
    use crate::{ApprovalStep, Step, merkle::TreeHash};

    /// A ledger whose writer never takes anything.
    fn stuck(queue: usize) -> (Ledger, Receiver<Job>) {
        let signer =
            CheckpointSigner::new("log.example", SigningKey::from_bytes(&[7; 32])).unwrap();
        let (sender, receiver) = sync_channel(queue);
        let checkpoint = RwLock::new(signer.sign(0, TreeHash::of_empty_tree()));
        let shared = Arc::new(Shared { checkpoint, stopped: OnceLock::new() });
        let key = signer.public().clone();
        let inner = Inner { queue: Some(sender), writer: None, shared, key };
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
