//! What must hold of receipts, notes and entries for any bytes.
//!
//! The same functions run over the seed corpus in `cargo test -p yumen-verify`. The seeds are signed with the key of
//! [`key`], so that what lies behind a good signature is reached.

use yumen_verify::{
    Canonical, Checkpoint, Entry, LogKey, Pruned, SigningKey, Submission, WitnessKey, stored_leaf,
    tile::{BundleEntries, Tile},
    verify_proof, verify_receipt, verify_under,
};

/// The key that the seeds are signed with.
pub(crate) fn key() -> LogKey {
    let secret = SigningKey::from_bytes(&[7; 32]);
    LogKey::new("log.example/cn", secret.verifying_key()).expect("it is a key")
}

/// A receipt, or a proof that stands alone, that verifies holds an entry as it is written, and verifies again.
pub(crate) fn receipt(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let key = key();
    for verified in [verify_receipt(text, &key), verify_proof(text, &key)].into_iter().flatten() {
        assert_eq!(Canonical::from(verified.entry()).as_str(), verified.json());
        assert!(verified.index() < verified.checkpoint().size());
        let note = verified.checkpoint().note();
        verify_under(&verified, note, &key, &[]).expect("it is under its own checkpoint");
    }
}

/// A note that verifies verifies again, as it is and without what others signed; what is read is written the same.
pub(crate) fn note(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let key = key();
    if let Ok(checkpoint) = Checkpoint::verify(text, &key) {
        assert_eq!(checkpoint.note(), text);
        assert_eq!(Checkpoint::verify(checkpoint.alone().note(), &key), Ok(checkpoint.alone()));
        assert!(checkpoint.note().starts_with(checkpoint.body()));
        assert!(checkpoint.cosigned(text, &[]).is_err(), "nobody was named");
    }
    if let Ok(submission) = Submission::parse(text) {
        assert_eq!(Submission::parse(&submission.to_string()), Ok(submission));
    }
    if let Ok(key) = text.parse::<LogKey>() {
        assert_eq!(key.to_string(), text.trim_end());
    }
    if let Ok(key) = text.parse::<WitnessKey>() {
        assert_eq!(key.to_string(), text.trim_end());
    }
}

/// What is read as an entry, a mark or a path is written the same; a bundle is read to its end.
pub(crate) fn entry(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(entry) = Entry::parse(text) {
            assert_eq!(Canonical::from(&entry).as_str(), text);
            assert!(text.starts_with(&format!("{{\"{}\":", entry.kind())));
            assert_eq!(Pruned::read(data), Ok(None), "no entry is a mark");
        }
        if let Ok(tile) = text.parse::<Tile>() {
            assert_eq!(tile.to_string(), text);
        }
    }
    if let Ok(Some(pruned)) = Pruned::read(data) {
        assert_eq!(pruned.mark(), data);
        assert_eq!(stored_leaf(data), pruned.leaf);
    }
    let mut entries = BundleEntries::new(data);
    let read: usize = entries.by_ref().map(|entry| entry.len() + 2).sum();
    assert_eq!(read + entries.rest().len(), data.len());
}
