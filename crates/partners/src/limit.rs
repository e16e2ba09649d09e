//! How many requests a partner has under way at once, where the operator set a limit.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The limit of one partner. Without one, nothing is counted and nobody waits.
#[derive(Debug)]
pub(crate) struct Limit(Option<Arc<Semaphore>>);

/// A place within the limit; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _held: Option<OwnedSemaphorePermit>,
}

impl Limit {
    pub(crate) fn of(most: Option<u32>) -> Self {
        let places = |most| usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS);
        Self(most.map(|most| Arc::new(Semaphore::new(places(most).min(Semaphore::MAX_PERMITS)))))
    }

    /// A place, if one is free.
    pub(crate) fn try_take(&self) -> Option<Place> {
        let Some(places) = &self.0 else { return Some(Place { _held: None }) };
        Some(Place { _held: Some(Arc::clone(places).try_acquire_owned().ok()?) })
    }

    /// Whether all places are taken.
    pub(crate) fn is_full(&self) -> bool {
        self.0.as_ref().is_some_and(|places| places.available_permits() == 0)
    }

    /// A place, waited for in the order of coming.
    pub(crate) async fn take(&self) -> Place {
        let held = match &self.0 {
            // The semaphore is never closed, so this is always a permit.
            Some(places) => Arc::clone(places).acquire_owned().await.ok(),
            None => None,
        };
        Place { _held: held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_are_given_back_and_waited_for_in_order() {
        let limit = Limit::of(Some(2));
        let (one, two) = (limit.try_take().unwrap(), limit.try_take().unwrap());
        assert!(limit.try_take().is_none());
        drop(one);
        let three = limit.take().await;
        assert!(limit.try_take().is_none());
        drop((two, three));
        assert!(limit.try_take().is_some());
    }

    #[tokio::test]
    async fn without_a_limit_there_is_always_a_place() {
        let limit = Limit::of(None);
        let places: Vec<_> = (0..1_000).filter_map(|_| limit.try_take()).collect();
        assert_eq!(places.len(), 1_000);
    }
}
