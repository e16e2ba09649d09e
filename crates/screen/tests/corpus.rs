//! The seeds of the fuzz targets, replayed.

#[path = "../../../fuzz/src/image.rs"]
mod image;

#[path = "../../../fuzz/src/pack.rs"]
mod pack;

#[path = "../../../fuzz/src/replay.rs"]
mod replay;

use std::fs;
use std::path::PathBuf;

use yumen_screen::Picture;

use replay::replay;

#[test]
fn pack_open() {
    replay("pack_open", pack::pack_open);
}

#[test]
fn pack_source() {
    replay("pack_source", pack::pack_source);
}

#[test]
fn image() {
    replay("image", image::image);
    for format in ["gif", "jpeg", "png", "webp"] {
        let seed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/image");
        assert!(Picture::clean(&fs::read(seed.join(format)).unwrap()).is_ok(), "{format}");
    }
}
