//! What a user of the ledger sees: proofs that hold, files that mend themselves, changes that are found.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod log;

use std::{fs, path::Path};

use log::*;
use yumen_ledger::{
    Checkpoint, Entry, Ledger, LedgerError, LogKey, Reader, SigningKey, VerifyError, find,
    merkle::verify_consistency, prove, read_checkpoint, read_key, verify_log, verify_receipt,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_append_comes_with_a_proof_that_holds() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).unwrap();
    assert_eq!(ledger.checkpoint().size(), 0);
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.admit(admission(&format!("r{number}"))).await })
        })
        .collect();
    let mut indices = Vec::new();
    for (number, task) in tasks.into_iter().enumerate() {
        let proof = task.await.unwrap().unwrap().into_receipt();
        let verified = proof.verify(&key()).unwrap();
        assert_eq!(verified.entry(), recorded(&format!("r{number}")));
        indices.push(verified.index());
    }
    indices.sort_unstable();
    assert_eq!(indices, (0..200).collect::<Vec<_>>());
    assert_eq!(ledger.checkpoint().size(), 200);
    assert_eq!(ledger.key(), &key());
    ledger.health().unwrap();

    drop(ledger);
    let report = verify_log(dir.path(), &key(), &[], &mut |_, _| {}).unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.entries, report.signed, report.unfinished_bytes), (200, 200, 0));
    assert_eq!(report.kinds["admission.v1"], 200);
    assert_eq!(read_key(dir.path()).unwrap(), key());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_in_use_can_be_read_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for number in 0..60 {
                    ledger.admit(admission(&format!("{task}-{number}"))).await.unwrap();
                }
            })
        })
        .collect();
    let mut seen = 0;
    while tasks.iter().any(|task| !task.is_finished()) {
        let report = verify_log(dir.path(), &key(), &[], &mut |_, _| {}).unwrap();
        assert!(report.is_ok(), "{report:?}");
        assert!(report.entries >= seen && report.signed <= report.entries);
        seen = report.entries;
        let mut reader = Reader::open(dir.path(), &key()).unwrap();
        if let Some(last) = reader.checkpoint().size().checked_sub(1) {
            reader.prove(last).unwrap();
        }
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(ledger.checkpoint().size(), 480);
}

#[test]
fn a_receipt_is_verified_with_nothing_but_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).unwrap();
    ledger.append_blocking(refusal("other")).unwrap();
    let proof = ledger.append_blocking(recorded("rcp_1")).unwrap().into_proof();
    let receipt = serde_json::json!({
        "id": "rcp_1", "release": "sha256:02", "approval": "DEMO-1", "ledger": proof,
    });
    let verified = verify_receipt(&receipt.to_string(), &key()).unwrap();
    assert_eq!((verified.index(), verified.checkpoint().size()), (1, 2));
    for answer in [
        serde_json::json!({"output": {}, "receipt": receipt}),
        serde_json::json!({"choices": [], "yumen": {"label": {}, "receipt": receipt}}),
    ] {
        assert_eq!(verify_receipt(&answer.to_string(), &key()).unwrap(), verified);
    }

    let bent = |path: &str, value: serde_json::Value| {
        let mut receipt = receipt.clone();
        *receipt.pointer_mut(path).unwrap() = value;
        verify_receipt(&receipt.to_string(), &key()).unwrap_err()
    };
    let entry = proof.entry.replace("\"cn\"", "\"us\"");
    for error in [
        bent("/id", "rcp_2".into()),
        bent("/release", "sha256:03".into()),
        bent("/approval", serde_json::Value::Null),
        bent("/ledger/index", 0.into()),
        bent("/ledger/entry", entry.into()),
        bent("/ledger/proof", serde_json::json!([])),
        bent("/ledger/checkpoint", proof.checkpoint.replace("\n2\n", "\n3\n").into()),
    ] {
        assert!(matches!(error, VerifyError::Unproven(_)), "{error}");
    }
    assert!(matches!(verify_receipt("{}", &key()), Err(VerifyError::Malformed { .. })));
    let other = LogKey::new(ORIGIN, SigningKey::from_bytes(&[8; 32]).verifying_key()).unwrap();
    assert!(matches!(verify_receipt(&receipt.to_string(), &other), Err(VerifyError::Unproven(_))));

    drop(ledger);
    let refused = prove(dir.path(), &key(), 0).unwrap();
    let receipt = serde_json::json!({
        "id": "other", "release": "", "approval": null, "ledger": refused,
    });
    let error = verify_receipt(&receipt.to_string(), &key()).unwrap_err();
    assert!(error.to_string().contains("not an admission"), "{error}");
}

#[test]
fn a_ledger_opened_again_goes_on_and_proves_that_it_did() {
    let dir = filled(13);
    let before = read_checkpoint(dir.path(), &key()).unwrap();
    let ledger = open(dir.path()).unwrap();
    assert_eq!(ledger.checkpoint(), before);
    for _ in 0..24 {
        ledger.append_blocking(refusal("e3")).unwrap();
    }
    drop(ledger);
    let mut reader = Reader::open(dir.path(), &key()).unwrap();
    let after = reader.checkpoint().clone();
    let path = reader.consistency(&before).unwrap();
    assert!(verify_consistency(13, before.root(), 37, after.root(), &path));
    for index in 0..37 {
        assert_eq!(reader.prove(index).unwrap().verify(&key()).unwrap().index(), index);
    }
    assert!(matches!(reader.prove(37), Err(LedgerError::NoSuchEntry { index: 37, size: 37 })));
    let found = find(dir.path(), &key(), "e3").unwrap();
    assert_eq!(found.len(), 25);
    assert_eq!(found[0].index, 3);
    assert_eq!(Entry::parse(&found[0].entry).unwrap(), recorded("e3"));
}

#[test]
fn a_history_that_was_written_anew_is_not_consistent() {
    let (one, two) = (tempfile::tempdir().unwrap(), filled(5));
    let ledger = open(one.path()).unwrap();
    for _ in 0..3 {
        ledger.append_blocking(refusal("x")).unwrap();
    }
    let fork = ledger.checkpoint();
    let mut reader = Reader::open(two.path(), &key()).unwrap();
    assert!(matches!(reader.consistency(&fork), Err(LedgerError::Unproven(_))));
}

#[test]
fn a_ledger_has_one_writer_and_one_key() {
    let dir = filled(1);
    let ledger = open(dir.path()).unwrap();
    assert!(matches!(open(dir.path()), Err(LedgerError::Locked(_))));
    drop(ledger);
    let other = Ledger::open(dir.path(), SigningKey::from_bytes(&[8; 32]), ORIGIN);
    assert!(matches!(other, Err(LedgerError::OtherKey { .. })));
    let other = Ledger::open(dir.path(), secret(), "log.example/us");
    assert!(matches!(other, Err(LedgerError::OtherKey { .. })));
    open(dir.path()).unwrap();
}

#[test]
fn an_entry_that_is_too_long_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).unwrap();
    let fits = "x".repeat(65_000);
    assert_eq!(ledger.append_blocking(recorded(&fits)).unwrap().proof().index, 0);
    let long = "x".repeat(65_536);
    assert!(matches!(ledger.append_blocking(recorded(&long)), Err(LedgerError::TooLarge(_))));
    assert_eq!(ledger.append_blocking(recorded("next")).unwrap().proof().index, 1);
}

#[test]
fn a_record_that_was_cut_off_is_cut_away() {
    let dir = filled(5);
    let longer = filled(6);
    let whole = fs::read(dir.path().join(TAIL)).unwrap();
    let next = fs::read(longer.path().join(TAIL)).unwrap();
    let inside = (whole.len()..next.len()).filter(|length| length % 13 == 0);
    for length in
        [whole.len(), whole.len() + 1, next.len() - 1, next.len()].into_iter().chain(inside)
    {
        let torn = copy(dir.path());
        fs::write(torn.path().join(TAIL), &next[..length]).unwrap();
        let report = verify_log(torn.path(), &key(), &[], &mut |_, _| {}).unwrap();
        assert!(report.is_ok(), "{report:?}");
        let expected = if length == next.len() { 6 } else { 5 };
        assert_eq!((report.entries, report.signed), (expected, 5));
        let ledger = open(torn.path()).unwrap();
        assert_eq!(ledger.checkpoint().size(), expected);
        ledger.append_blocking(refusal("after")).unwrap();
        drop(ledger);
        assert!(is_ok(torn.path()));
        assert_eq!(find(torn.path(), &key(), "after").unwrap()[0].index, expected);
    }
    let zeros = copy(dir.path());
    fs::write(zeros.path().join(TAIL), [&whole[..], &[0; 4096]].concat()).unwrap();
    assert_eq!(open(zeros.path()).unwrap().checkpoint().size(), 5);
}

#[test]
fn acknowledged_entries_that_are_missing_stop_the_ledger_and_nothing_is_touched() {
    let dir = filled(5);
    let whole = fs::read(dir.path().join(TAIL)).unwrap();
    for kept in [vec!["acknowledged", "checkpoint"], vec!["acknowledged"], vec!["checkpoint"]] {
        let cut = copy(dir.path());
        for name in ["acknowledged", "checkpoint"] {
            if !kept.contains(&name) {
                fs::remove_file(cut.path().join(name)).unwrap();
            }
        }
        let part = &whole[..whole.len() - 1];
        fs::write(cut.path().join(TAIL), part).unwrap();
        let error = open(cut.path()).err().unwrap();
        assert!(matches!(error, LedgerError::Damaged { readable: 4, recorded: 5, .. }), "{error}");
        assert_eq!(fs::read(cut.path().join(TAIL)).unwrap(), part);
    }
}

#[test]
fn tiles_and_the_checkpoint_are_made_anew() {
    let dir = filled(300);
    let checkpoint = read_checkpoint(dir.path(), &key()).unwrap();
    let mends: [&dyn Fn(&Path); 7] = [
        &|dir| fs::remove_dir_all(dir.join("tile")).unwrap(),
        &|dir| fs::remove_file(dir.join("checkpoint")).unwrap(),
        &|dir| fs::write(dir.join("checkpoint"), "").unwrap(),
        &|dir| fs::remove_file(dir.join("acknowledged")).unwrap(),
        &|dir| fs::write(dir.join("tile/0/000"), vec![0; 4096]).unwrap(),
        &|dir| fs::write(dir.join("tile/entries/001.p/44"), "").unwrap(),
        &|dir| fs::write(dir.join("tile/1/000.p/1"), vec![7; 32]).unwrap(),
    ];
    for (number, damage) in mends.iter().enumerate() {
        let damaged = copy(dir.path());
        damage(damaged.path());
        assert_eq!(open(damaged.path()).unwrap().checkpoint(), checkpoint, "case {number}");
        assert!(is_ok(damaged.path()), "case {number}");
        assert_eq!(files(damaged.path()), files(dir.path()), "case {number}");
        for file in files(dir.path()) {
            let (a, b) = (fs::read(damaged.path().join(&file)), fs::read(dir.path().join(&file)));
            assert_eq!(a.unwrap(), b.unwrap(), "case {number}: {file}");
        }
    }
}

#[test]
fn an_older_copy_of_the_entries_is_not_taken_for_the_ledger() {
    let dir = filled(5);
    let other = tempfile::tempdir().unwrap();
    let ledger = open(other.path()).unwrap();
    for number in 0..9 {
        ledger.append_blocking(refusal(&format!("e{number}"))).unwrap();
    }
    drop(ledger);
    let mixed = copy(other.path());
    fs::copy(dir.path().join("checkpoint"), mixed.path().join("checkpoint")).unwrap();
    assert!(matches!(open(mixed.path()), Err(LedgerError::Altered(_, 5))));
    assert!(!is_ok(mixed.path()));
}

#[test]
fn a_checkpoint_of_another_log_is_not_accepted() {
    let dir = filled(2);
    let note = fs::read_to_string(dir.path().join("checkpoint")).unwrap();
    let renamed = LogKey::new("log.example/us", secret().verifying_key()).unwrap();
    assert!(Checkpoint::verify(&note, &key()).is_ok());
    assert!(matches!(Checkpoint::verify(&note, &renamed), Err(VerifyError::Unproven(_))));
}
