//! The boundaries as types, so that the proof of a screening says which border it was made for.
//!
//! A pack may let pass on the way to the device what it masks on the way to a partner. A text screened for one border must
//! therefore not cross another, and the compiler sees to it: [`Screened`](crate::Screened) has the border in its type.

use std::fmt::Debug;

use crate::pack::Boundary;

/// A [`Boundary`] as a type: [`ToPartner`], [`FromPartner`], [`ToDevice`] or [`FromDevice`].
pub trait Crossing: sealed::Sealed + Copy + Debug + Default + Send + Sync + 'static {
    /// The boundary it stands for, whose actions the packs name.
    const BOUNDARY: Boundary;
}

/// A crossing that ends at the person: [`FromPartner`] and [`FromDevice`]. Only what was screened there may be labelled as an answer.
#[diagnostic::on_unimplemented(
    message = "what was screened at `{Self}` is not on its way to a person",
    label = "screened at another border",
    note = "an answer is screened at `FromPartner` or `FromDevice`"
)]
pub trait ToPerson: Crossing {}

mod sealed {
    #[expect(unnameable_types, reason = "nobody outside can name it, and so make a crossing")]
    pub trait Sealed {}
}

macro_rules! crossings {
    ($($name:ident),+) => {$(
        #[doc = concat!("[`Boundary::", stringify!($name), "`] as a type.")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;

        impl sealed::Sealed for $name {}

        impl Crossing for $name {
            const BOUNDARY: Boundary = Boundary::$name;
        }
    )+};
}

crossings!(ToPartner, FromPartner, ToDevice, FromDevice);

impl ToPerson for FromPartner {}
impl ToPerson for FromDevice {}
