//! The thread that cuts tiles out of the tail and publishes checkpoints, so that appending never waits for it.
//!
//! Once a second at most it reads what the writer made durable, writes the tiles for it and then the checkpoint.
//! A file of the tail is removed only after every tile with its entries was synced. What fails is tried again;
//! when it fails for long, the writer stops accepting, and says why.

use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use yumen_verify::{Checkpoint, tile::TILE_WIDTH};

use crate::{
    LedgerError, anchor, files,
    prune::{self, Plan},
    tail::{self, Tail},
    tiles::Edge,
    writer::Shared,
};

/// How often the checkpoint may be published.
const PUBLISH: Duration = Duration::from_secs(1);

/// What the cutter is told to do.
pub(crate) enum Order {
    /// There is something to publish.
    Wake,
    /// Publish now; how many entries are published then.
    Settle(SyncSender<Result<u64, LedgerError>>),
    /// Publish, and put marks in the place of entries. The tail's last file must hold none of them.
    Prune(Plan, SyncSender<Result<(), LedgerError>>),
}

pub(crate) struct Cutter {
    dir: PathBuf,
    edge: Edge,
    tail: Tail,
    shared: Arc<Shared>,
    published: Instant,
    /// What was published last.
    note: String,
    /// Whether there may be something to publish.
    due: bool,
}

impl Cutter {
    pub(crate) fn new(dir: PathBuf, edge: Edge, tail: Tail, shared: Arc<Shared>) -> Self {
        let published = Instant::now();
        Self { dir, edge, tail, shared, published, note: String::new(), due: false }
    }

    /// Works until the writer and every handle are gone.
    pub(crate) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let order = if self.due {
                orders.recv_timeout(PUBLISH.saturating_sub(self.published.elapsed()))
            } else {
                orders.recv().map_err(RecvTimeoutError::from)
            };
            match order {
                Ok(Order::Wake) => {
                    self.shared.woken.store(false, Ordering::Release);
                    self.due = true;
                }
                // Whoever hung up needs no answer.
                Ok(Order::Settle(answer)) => drop(answer.send(self.publish())),
                Ok(Order::Prune(plan, answer)) => {
                    drop(answer.send(self.publish().and_then(|_| self.prune(&plan))));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.due && self.published.elapsed() >= PUBLISH {
                // The reason is kept for the writer.
                let _ = self.publish();
            }
        }
        let _ = self.publish();
    }

    /// Puts everything that is durable into tiles and under the published checkpoint.
    pub(crate) fn publish(&mut self) -> Result<u64, LedgerError> {
        let checkpoint = self.shared.checkpoint.read();
        let checkpoint = checkpoint.unwrap_or_else(PoisonError::into_inner).clone();
        self.published = Instant::now();
        let done = self.cut(&checkpoint);
        self.due = done.is_err();
        let failed = done.as_ref().err().map(|error| Arc::from(error.to_string()));
        *self.shared.unpublished.lock().unwrap_or_else(PoisonError::into_inner) = failed;
        done.map(|()| checkpoint.size())
    }

    fn cut(&mut self, checkpoint: &Checkpoint) -> Result<(), LedgerError> {
        let size = checkpoint.size();
        let note = anchor::with_cosignatures(&self.dir, checkpoint);
        if self.note == note {
            return Ok(());
        }
        self.edge.flush()?;
        while self.edge.size() < size {
            let (stored, leaf) = self.tail.advance()?;
            self.edge.push(stored, leaf)?;
        }
        self.edge.write_partials()?;
        files::replace(&self.dir.join(files::CHECKPOINT), note.as_bytes())?;
        self.note = note;
        self.shared.published.store(size, Ordering::Release);
        self.retire(size)
    }

    /// Removes the files of the tail whose entries are all in full tiles under the published checkpoint.
    fn retire(&mut self, published: u64) -> Result<(), LedgerError> {
        let full = published - published % TILE_WIDTH;
        let firsts = tail::segments(&self.dir)?;
        let over: Vec<_> =
            firsts.windows(2).filter(|pair| pair[1] <= full).map(|pair| pair[0]).collect();
        if !over.is_empty() {
            self.edge.sync()?;
        }
        over.into_iter().try_for_each(|first| files::remove(&tail::path(&self.dir, first)))
    }

    /// Puts marks in the place of the plan's entries, in the tail as in bundles, and forgets the plan. Doing it
    /// again does nothing more.
    pub(crate) fn prune(&mut self, plan: &Plan) -> Result<(), LedgerError> {
        self.edge.prune(&mut |index, stored| plan.mark(index, stored))?;
        prune::rewrite_tail(&self.dir, plan)?;
        prune::rewrite_bundles(&self.dir, plan, self.edge.size())?;
        files::remove(&self.dir.join(files::PRUNING))
    }
}
