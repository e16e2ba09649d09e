//! Personal data with a form of its own: numbers, plates, identifiers.

pub(super) mod plate;
