//! Keeping a ledger: pruning what is past its time, legal holds, witnesses, ledgers of the form before tiles.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod log;

use std::{collections::BTreeSet, fs, path::Path};

use log::*;
use yumen_ledger::{
    Checkpoint, Entry, Hold, Ledger, LedgerError, Reader, Retention, RetentionRule, SigningKey,
    Wanted, WitnessSigner, merkle::TreeHash, read_anchored, read_checkpoint, read_holds,
    submission, take_cosignatures, verify_log, verify_proof, verify_under,
};

fn rule(kind: &str, market: Option<&str>, days: u32) -> RetentionRule {
    RetentionRule { kind: Some(kind.into()), market: market.map(Into::into), days }
}

fn at(time: &str) -> jiff::Timestamp {
    time.parse().unwrap()
}

/// A ledger of `count` admissions in cn (2026-05-01), with a refusal of no market after every tenth.
fn mixed(count: usize) -> (tempfile::TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path()).unwrap();
    for number in 0..count {
        drop(ledger.admit(admission(&format!("a{number}"))));
        if number % 10 == 9 {
            ledger.append_blocking(refusal(&format!("r{number}"))).unwrap();
        }
    }
    ledger.settle().unwrap();
    (dir, ledger)
}

fn kept(dir: &Path) -> Vec<u64> {
    let mut reader = Reader::open(dir, &key()).unwrap();
    let mut indices = Vec::new();
    reader
        .each(&Wanted::default(), &mut |recorded| {
            indices.push(recorded.index);
            Ok(())
        })
        .unwrap();
    indices
}

#[test]
fn what_is_past_its_time_goes_and_every_proof_stays() {
    let (dir, ledger) = mixed(600);
    let before = read_checkpoint(dir.path(), &key()).unwrap();
    let mut reader = Reader::open(dir.path(), &key()).unwrap();
    let receipts: Vec<_> = [0, 1, 300, 659].map(|index| reader.prove(index).unwrap()).into();

    let retention = Retention {
        rules: vec![rule("admission", Some("cn"), 30), rule("refusal.v1", None, 10_000)],
        ..Retention::default()
    };
    let early = ledger.prune(&retention, "local", at("2026-05-20T00:00:00Z"), false).unwrap();
    assert_eq!((early.pruned, early.kept, early.deletion), (0, 660, None));
    let now = at("2026-06-05T00:00:00Z");
    let dry = ledger.prune(&retention, "local", now, true).unwrap();
    assert_eq!((dry.pruned, dry.kept, dry.deletion), (600, 60, None));
    let pruned = ledger.prune(&retention, "local", now, false).unwrap();
    assert_eq!((pruned.pruned, pruned.kept, pruned.deletion), (600, 60, Some(660)));
    assert_eq!(pruned.kinds["admission.v1"], 600);
    let again = ledger.prune(&retention, "local", now, false).unwrap();
    assert_eq!((again.pruned, again.pruned_before, again.deletion), (0, 600, None));
    ledger.append_blocking(refusal("after")).unwrap();
    drop(ledger);

    // Not one byte of them is left in any file.
    for file in files(dir.path()) {
        let bytes = fs::read(dir.path().join(&file)).unwrap();
        let found = bytes.windows(12).any(|window| window == b"admission.v1");
        assert!(!found, "{file}");
    }
    let report = report(dir.path());
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.entries, report.pruned, report.kinds["refusal.v1"]), (662, 600, 61));
    let mut reader = Reader::open(dir.path(), &key()).unwrap();
    reader.consistency(&before).unwrap();
    assert!(matches!(reader.prove(0), Err(LedgerError::Pruned { index: 0, deletion: 660 })));
    reader.prove(10).unwrap();
    for receipt in receipts {
        receipt.verify(&key()).unwrap();
    }
    // It opens again, and goes on.
    let ledger = open(dir.path()).unwrap();
    assert_eq!(ledger.append_blocking(refusal("more")).unwrap().proof().index, 662);
    drop(ledger);
    assert!(is_ok(dir.path()));
}

#[test]
fn the_longest_rule_holds_and_a_law_can_only_lengthen() {
    let entry = recorded("x");
    let mut retention = Retention { default_days: Some(5), ..Retention::default() };
    assert_eq!(retention.days(&entry), Some(5));
    retention.at_least = vec![rule("admission", Some("cn"), 186)];
    assert_eq!(retention.days(&entry), Some(186));
    retention.rules = vec![rule("admission.v1", None, 200), rule("admission", Some("cn"), 100)];
    assert_eq!(retention.days(&entry), Some(200));
    assert_eq!(retention.days(&refusal("x")), Some(5));
    let alone = Retention { at_least: retention.at_least, ..Retention::default() };
    assert_eq!(alone.days(&entry), None, "a law alone lets nothing be pruned");
}

#[test]
fn a_legal_hold_keeps_what_it_names_until_it_is_released() {
    let (dir, ledger) = mixed(20);
    let hold = |id: &str, market: Option<&str>, entry: Option<&str>| Hold {
        id: id.into(),
        market: market.map(Into::into),
        kind: Some("admission".into()),
        entry: entry.map(Into::into),
        reason: "inquiry".into(),
        by: "local".into(),
        since: at("2026-05-02T00:00:00Z"),
    };
    ledger.hold(hold("h1", None, Some("a3"))).unwrap();
    ledger.hold(hold("h2", Some("us"), None)).unwrap();
    assert_eq!(read_holds(dir.path()).unwrap().len(), 2);
    let all = Retention { default_days: Some(1), ..Retention::default() };
    let now = at("2027-01-01T00:00:00Z");
    let pruned = ledger.prune(&all, "local", now, false).unwrap();
    assert_eq!((pruned.pruned, pruned.held, pruned.kept), (21, 1, 2));
    // a3, what records the holds, and what records the pruning.
    assert_eq!(kept(dir.path()), [3, 22, 23, 24]);
    assert!(is_ok(dir.path()));

    assert!(matches!(ledger.release("h9", "local", now), Err(LedgerError::NoSuchHold(_))));
    ledger.release("h1", "local", now).unwrap();
    assert_eq!(ledger.prune(&all, "local", now, false).unwrap().pruned, 1);
    drop(ledger);
    let found = report(dir.path());
    assert!(found.is_ok(), "{found:?}");
    assert_eq!((found.pruned, found.holds), (22, 1));

    // A hold that was taken out of the list, or put into it, without a record is found.
    let holds = fs::read_to_string(dir.path().join("holds")).unwrap();
    for changed in ["[]\n".to_owned(), holds.replace("h2", "h3")] {
        fs::write(dir.path().join("holds"), changed).unwrap();
        assert_eq!(report(dir.path()).problems[0].code(), "file_differs");
    }
    fs::write(dir.path().join("holds"), "[").unwrap();
    let ledger = open(dir.path()).unwrap();
    let refused = ledger.prune(&all, "local", now, false);
    assert!(matches!(refused, Err(LedgerError::Malformed { .. })), "{refused:?}");
}

#[test]
fn an_entry_that_is_gone_without_a_record_is_found() {
    let dir = filled(300);
    let path = dir.path().join("tile/entries/000");
    let bytes = fs::read(&path).unwrap();
    let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let leaf = TreeHash::of_leaf(&bytes[2..2 + length]);
    for deletion in [5, 299, 300, 9999] {
        let mark = format!("{{\"pruned.v1\":{{\"deletion\":{deletion},\"leaf\":\"{leaf}\"}}}}");
        let head = u16::try_from(mark.len()).unwrap().to_be_bytes();
        let hidden = [&head[..], mark.as_bytes(), &bytes[2 + length..]].concat();
        fs::write(&path, hidden).unwrap();
        let report = report(dir.path());
        let found: BTreeSet<_> = report.problems.iter().map(yumen_ledger::Problem::code).collect();
        assert!(found.contains("pruned_without_record"), "{deletion}: {report:?}");
    }
}

#[test]
fn a_pruning_that_was_cut_off_is_finished_when_the_ledger_is_opened() {
    let (dir, ledger) = mixed(600);
    let untouched = copy(dir.path());
    let all = Retention { default_days: Some(1), ..Retention::default() };
    let now = at("2027-01-01T00:00:00Z");
    ledger.prune(&all, "local", now, false).unwrap();
    drop(ledger);
    let done = files(dir.path());
    // As it would be when it was killed after the first bundle: the plan is there, the rest is not yet done.
    let cut = copy(dir.path());
    let mut plan = b"yumen pruning 1\n".to_vec();
    plan.extend_from_slice(&660_u64.to_be_bytes());
    (0..660_u64).for_each(|index| plan.extend_from_slice(&index.to_be_bytes()));
    let hash = TreeHash::of_leaf(&plan);
    plan.extend_from_slice(&hash.0);
    fs::write(cut.path().join("pruning"), plan).unwrap();
    let second = "tile/entries/001";
    fs::copy(untouched.path().join(second), cut.path().join(second)).unwrap();
    let report = report(cut.path());
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.pruned, report.pruning), (404, 256));
    drop(open(cut.path()).unwrap());
    assert!(is_ok(cut.path()));
    assert_eq!(kept(cut.path()), [660]);
    assert!(!cut.path().join("pruning").exists());
    assert!(done.iter().all(|file| cut.path().join(file).exists()));
    // Without a plan, a half is a half.
    fs::copy(untouched.path().join(second), cut.path().join(second)).unwrap();
    // Each entry of the bundle differs from the tail's copy, and the set is not the one that was recorded.
    assert_eq!(self::report(cut.path()).problem_count, 256 + 1);
}

#[test]
fn a_witness_is_shown_growth_and_its_word_is_kept_and_asked_for() {
    let dir = filled(5);
    let witness =
        WitnessSigner::new("witness.example/w1", SigningKey::from_bytes(&[1; 32])).unwrap();
    let other = WitnessSigner::new("witness.example/w2", SigningKey::from_bytes(&[2; 32])).unwrap();
    let mine = std::slice::from_ref(witness.public());
    let proof = Reader::open(dir.path(), &key()).unwrap().prove(2).unwrap();

    let first = submission(dir.path(), &key(), None).unwrap();
    assert_eq!((first.old_size, first.proof.len()), (0, 0));
    let seen = Checkpoint::verify(&first.checkpoint, &key()).unwrap();
    let answer = witness.cosign(&seen, 1_780_000_000);
    assert!(take_cosignatures(dir.path(), &key(), &other.cosign(&seen, 1), mine).is_err());
    let (anchored, who) = take_cosignatures(dir.path(), &key(), &answer, mine).unwrap();
    assert_eq!((anchored.size(), &*who[0].witness), (5, "witness.example/w1"));
    // Nobody writes: the published checkpoint carries it at once.
    assert_eq!(read_checkpoint(dir.path(), &key()).unwrap().note(), anchored.note());

    let ledger = open(dir.path()).unwrap();
    assert_eq!(read_checkpoint(dir.path(), &key()).unwrap().note(), anchored.note());
    for _ in 0..300 {
        drop(ledger.append(refusal("later")));
    }
    ledger.append_blocking(refusal("later")).unwrap();
    ledger.settle().unwrap();
    let second = submission(dir.path(), &key(), None).unwrap();
    assert_eq!(second.old_size, 5);
    let newer = Checkpoint::verify(&second.checkpoint, &key()).unwrap();
    second.verify(&newer, 5, seen.root()).unwrap();
    let cosigned = format!("{}{}", newer.note(), other.cosign(&newer, 2));
    let both = [witness.public().clone(), other.public().clone()];
    take_cosignatures(dir.path(), &key(), &cosigned, &both).unwrap();
    assert!(
        take_cosignatures(dir.path(), &key(), &format!("{}{answer}", seen.note()), mine).is_err(),
        "an older checkpoint does not take a newer one's place"
    );
    drop(ledger);

    let verify =
        |witnesses: &[_]| verify_log(dir.path(), &key(), witnesses, &mut |_, _| {}).unwrap();
    let found = verify(std::slice::from_ref(other.public()));
    assert!(found.is_ok(), "{found:?}");
    assert_eq!((found.anchored, found.cosignatures.len()), (Some(306), 1));
    assert_eq!(verify(&both).problems[0].code(), "witness_missing");

    // An older receipt can be tied to what the witness saw.
    let verified = verify_proof(&serde_json::to_string(&proof).unwrap(), &key()).unwrap();
    let bridge = submission(dir.path(), &key(), Some(5)).unwrap().to_string();
    assert!(verify_under(&verified, &bridge, &key(), mine).is_err());
    let (under, _) =
        verify_under(&verified, &bridge, &key(), std::slice::from_ref(other.public())).unwrap();
    assert_eq!(under.size(), 306);
    assert!(verify_under(&verified, seen.note(), &key(), &[]).is_ok());
    assert!(verify_under(&verified, newer.note(), &key(), &[]).is_err());
    let anchored = read_anchored(dir.path(), &key()).unwrap().unwrap();
    let mut reader = Reader::open(dir.path(), &key()).unwrap().under(&anchored).unwrap();
    let proof = reader.prove(2).unwrap();
    assert!(other.public().verify(proof.verify(&key()).unwrap().checkpoint()).is_ok());
}

/// What this program wrote before there were tiles: one file of records, and an index beside it.
#[test]
fn a_ledger_of_the_form_before_tiles_is_taken_over() {
    let new = filled(300);
    let old = tempfile::tempdir().unwrap();
    fs::copy(new.path().join(TAIL), old.path().join("entries")).unwrap();
    for name in ["checkpoint", "key"] {
        fs::copy(new.path().join(name), old.path().join(name)).unwrap();
    }
    // An index of 300 blocks, as long as it was: its hashes are not read any more.
    let length = 16 + 8 * 300 + 32 * (2 * 300 - 300_u64.count_ones() as usize);
    let mut index = b"yumen indexes 1\n".to_vec();
    index.resize(length, 7);
    fs::write(old.path().join("index"), &index).unwrap();

    let short = copy(old.path());
    let entries = fs::read(short.path().join("entries")).unwrap();
    fs::remove_file(short.path().join("checkpoint")).unwrap();
    fs::write(short.path().join("entries"), &entries[..entries.len() - 1]).unwrap();
    let error = open(short.path()).err().unwrap();
    assert!(matches!(error, LedgerError::Damaged { readable: 299, recorded: 300, .. }), "{error}");

    let ledger = open(old.path()).unwrap();
    assert_eq!(ledger.checkpoint().size(), 300);
    assert_eq!(ledger.append_blocking(refusal("next")).unwrap().proof().index, 300);
    drop(ledger);
    assert!(is_ok(old.path()));
    assert!(!old.path().join("entries").exists() && !old.path().join("index").exists());
    for tile in ["tile/0/000", "tile/entries/000", "tile/1/000.p/1"] {
        assert_eq!(
            fs::read(old.path().join(tile)).unwrap(),
            fs::read(new.path().join(tile)).unwrap()
        );
    }
    let mut reader = Reader::open(old.path(), &key()).unwrap();
    let first = reader.entry(0).unwrap();
    assert_eq!(Entry::parse(&first.entry).unwrap(), recorded("e0"));
}
