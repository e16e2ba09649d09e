//! The screen in force, which can be replaced while requests run.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::screen::Screen;

/// The screen in force. Whoever began with one keeps it to the end; the next request has the new one.
#[derive(Debug)]
pub struct ScreenHandle(ArcSwap<Screen>);

impl ScreenHandle {
    /// With a first screen.
    pub fn new(screen: Arc<Screen>) -> Self {
        Self(ArcSwap::new(screen))
    }

    /// The screen in force now. Takes no lock and waits for nobody.
    pub fn current(&self) -> Arc<Screen> {
        self.0.load_full()
    }

    /// Puts another screen in force and gives back the one before, so that the caller can drop it where that costs nothing.
    pub fn replace(&self, screen: Arc<Screen>) -> Arc<Screen> {
        self.0.swap(screen)
    }
}
