//! The seeds of the fuzz targets, replayed.

#[path = "../../../fuzz/src/policy.rs"]
mod policy;

#[path = "../../../fuzz/src/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn approval() {
    replay("approval", policy::approval);
}

#[test]
fn filed_models() {
    replay("filed_models", policy::filed_models);
}
