//! The seeds of a fuzz target, for the crates that replay them as plain tests.

use std::fs;
use std::path::PathBuf;

/// Gives every seed of a target to `check`, saying which; there is at least one.
pub(crate) fn replay(target: &str, mut check: impl FnMut(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is in the repository") {
        let path = entry.expect("a readable folder").path();
        println!("{}", path.display());
        check(&fs::read(&path).expect("a readable seed"));
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}
