//! The proof that a value went through a screen.

/// A value every passage of which a [`Screen`](crate::Screen) has read, and masked where its packs say so.
///
/// Only this crate makes one; there is no way to change the value inside without taking it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screened<T>(T);

impl<T> Screened<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, to read.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// The value itself; the proof ends here.
    pub fn into_inner(self) -> T {
        self.0
    }
}
