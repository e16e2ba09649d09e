//! A changed byte anywhere in the ledger's folder is found, and named by file, tile and entry.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod log;

use std::{fs, path::Path};

use log::*;
use yumen_ledger::{
    Hold, Problem, WitnessSigner, read_checkpoint, submission, take_cosignatures, verify_log,
};

/// A closed ledger with everything that can be in its folder: partial tiles of several widths, an anchored
/// checkpoint, a legal hold.
fn furnished(count: usize) -> tempfile::TempDir {
    let dir = filled(count);
    let ledger = open(dir.path()).unwrap();
    ledger
        .hold(Hold {
            id: "hold_1".into(),
            market: Some("cn".into()),
            kind: None,
            entry: None,
            reason: "inquiry".into(),
            by: "local".into(),
            since: "2026-05-02T00:00:00Z".parse().unwrap(),
        })
        .unwrap();
    drop(ledger);
    let witness = WitnessSigner::new("witness.example/w1", log::secret()).unwrap();
    submission(dir.path(), &key(), None).unwrap();
    let line = witness.cosign(&read_checkpoint(dir.path(), &key()).unwrap(), 1_780_000_000);
    take_cosignatures(dir.path(), &key(), &line, std::slice::from_ref(witness.public())).unwrap();
    dir
}

/// Where the entries of a bundle, or the records of a file of the tail, begin.
fn starts(bytes: &[u8], head: usize, checksum: usize) -> Vec<usize> {
    let mut starts = vec![head];
    while let Some([high, low]) = bytes.get(*starts.last().unwrap()..).and_then(|b| b.get(..2)) {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        starts.push(starts.last().unwrap() + 2 + length + checksum);
    }
    starts
}

/// What the first problem must say of a flip at `position` of `file`, whose bundle begins with entry `first`.
fn expected(file: &str, bytes: &[u8], position: usize, problem: &Problem, count: usize) {
    let code = problem.code();
    let place = |starts: Vec<usize>| starts.iter().rposition(|start| *start <= position).unwrap();
    let narrower = file.contains(".p/") && {
        let width: usize = file.rsplit('/').next().unwrap().parse().unwrap();
        let level = file.split('/').nth(1).unwrap().parse().unwrap_or(0);
        (count >> (8 * level)) % 256 != width
    };
    match file {
        "checkpoint" => assert_eq!(code, "checkpoint_bad"),
        "key" => assert_eq!(code, "other_key"),
        "acknowledged" | "holds" => assert_eq!(code, "file_differs"),
        "anchored" => assert!(["file_differs", "witness_missing"].contains(&code), "{code}"),
        _ if narrower => assert_eq!(code, "copy_differs", "{problem}"),
        _ if file.starts_with("tail/") && position < 16 => assert_eq!(code, "header_wrong"),
        _ if file.starts_with("tail/") => {
            assert_eq!(code, "entry_damaged", "{problem}");
            assert_eq!(problem.index(), Some(place(starts(bytes, 16, 8)) as u64), "{problem}");
        }
        _ if file.starts_with("tile/entries/") => {
            let number: u64 = file[13..16].parse().unwrap();
            let index = number * 256 + place(starts(bytes, 0, 0)) as u64;
            assert_eq!(code, "entry_damaged", "{problem}");
            assert_eq!(problem.index(), Some(index), "{problem}");
        }
        _ => {
            assert_eq!(code, "tile_damaged", "{problem}");
            let Problem::Tile { place, .. } = problem else { unreachable!() };
            assert_eq!(*place, Some(position / 32), "{problem}");
        }
    }
    assert_eq!(problem.file(), Some(file), "{problem}");
}

fn flip_all(dir: &Path, count: usize, step: usize) -> usize {
    let witness = WitnessSigner::new("witness.example/w1", log::secret()).unwrap();
    let witnesses = std::slice::from_ref(witness.public());
    let verify = || verify_log(dir, &key(), witnesses, &mut |_, _| {});
    assert!(verify().unwrap().is_ok(), "{:?}", verify());
    let mut flips = 0;
    for file in files(dir) {
        // What is not there to be kept: the lock is empty, and the checkpoint that was handed out is a copy.
        if file == "anchoring" {
            continue;
        }
        let path = dir.join(&file);
        let bytes = fs::read(&path).unwrap();
        for position in (0..bytes.len()).step_by(step) {
            let mut bent = bytes.clone();
            bent[position] ^= 1 << (position % 8);
            fs::write(&path, bent).unwrap();
            flips += 1;
            // A text file that is no longer UTF-8 is as good a finding as a report.
            let Ok(report) = verify() else { continue };
            assert!(!report.is_ok(), "{file} at {position}");
            let problem = &report.problems[0];
            assert!(!problem.to_string().is_empty() && !problem.zh().is_empty());
            expected(&file, &bytes, position, problem, count);
            if file.starts_with("tile/") || file.starts_with("tail/") {
                assert_eq!(report.entries, count as u64, "those after it are still read");
            }
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(verify().unwrap().is_ok());
    flips
}

#[test]
fn a_flipped_byte_anywhere_is_found_and_named() {
    let dir = furnished(6);
    assert!(files(dir.path()).contains(&"tile/entries/000.p/6".into()), "{:?}", files(dir.path()));
    assert!(flip_all(dir.path(), 7, 1) > 5000);
}

#[test]
fn a_flipped_byte_in_a_log_of_several_tiles_is_found_and_named() {
    let dir = furnished(700);
    assert!(files(dir.path()).contains(&"tile/1/000.p/2".into()), "{:?}", files(dir.path()));
    assert!(flip_all(dir.path(), 701, 1999) > 150);
}
