//! The proof that a value went through a screen, at which border.

use std::marker::PhantomData;

use crate::crossing::Crossing;

/// A value every passage of which a [`Screen`](crate::Screen) has read, and masked where its packs say so at the border `C`.
///
/// Only this crate makes one; there is no way to change the value inside without taking it out, and none to take the
/// proof for one border as that for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screened<T, C>(T, PhantomData<C>);

impl<T, C: Crossing> Screened<T, C> {
    pub(crate) fn new(value: T) -> Self {
        Self(value, PhantomData)
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
