//! A ledger to test with, and what goes into it.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::{fs, path::Path};

use yumen_ledger::{
    Admission, Entry, Ledger, LedgerError, LogKey, Refusal, Report, SigningKey, Tier, verify_log,
};

pub(crate) const ORIGIN: &str = "log.example/cn";

pub(crate) fn secret() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub(crate) fn key() -> LogKey {
    LogKey::new(ORIGIN, secret().verifying_key()).unwrap()
}

pub(crate) fn open(dir: &Path) -> Result<Ledger, LedgerError> {
    Ledger::open(dir, secret(), ORIGIN)
}

pub(crate) fn admission(id: &str) -> Admission<'_> {
    Admission {
        approval: Some("DEMO-1".into()),
        caller: "key_1".into(),
        emulated: false,
        feature: "writing.summary".into(),
        id: id.into(),
        market: "cn".into(),
        model: "extract".into(),
        partner: None,
        policy: "sha256:01".into(),
        release: "sha256:02".into(),
        tier: Tier::Device,
        time: "2026-05-01T08:30:00Z".parse().unwrap(),
        verdict: "eligible".into(),
        version: "1".into(),
    }
}

pub(crate) fn recorded(id: &str) -> Entry<'_> {
    Entry::Admission(admission(id))
}

pub(crate) fn refusal(id: &str) -> Entry<'_> {
    Entry::Refusal(Refusal {
        caller: None,
        code: "screen_refused".into(),
        feature: None,
        id: id.into(),
        market: None,
        policy: "sha256:01".into(),
        rules: vec!["pii.phone".into()],
        time: "2026-05-01T08:30:01Z".parse().unwrap(),
    })
}

/// A closed ledger with `count` entries `e0`, `e1`, ...
pub(crate) fn filled(count: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).unwrap();
    for number in 1..count {
        // Queued in order, and durable when the last one is.
        drop(ledger.admit(admission(&format!("e{}", number - 1))));
    }
    ledger.append_blocking(recorded(&format!("e{}", count - 1))).unwrap();
    dir
}

pub(crate) fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for file in files(from) {
        let there = to.path().join(&file);
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::copy(from.join(&file), there).unwrap();
    }
    to
}

/// The paths of all files in the ledger's folder, in order.
pub(crate) fn files(dir: &Path) -> Vec<String> {
    fn walk(dir: &Path, below: &str, found: &mut Vec<String>) {
        for file in fs::read_dir(dir.join(below)).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            if file.path().is_dir() { walk(dir, &path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(dir, "", &mut found);
    found.sort();
    found
}

/// The name of the first file of the tail.
pub(crate) const TAIL: &str = "tail/00000000000000000000";

pub(crate) fn report(dir: &Path) -> Report {
    verify_log(dir, &key(), &[], &mut |_, _| {}).unwrap()
}

pub(crate) fn is_ok(dir: &Path) -> bool {
    report(dir).is_ok()
}
