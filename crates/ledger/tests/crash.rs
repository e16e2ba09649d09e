//! `kill -9` at any moment: whatever was acknowledged is there afterwards, and the tree only ever grew.
//!
//! The victim is this same test program, started again with only the test `victim`, which prints each index and
//! id after it was acknowledged.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use yumen_ledger::{
    Checkpoint, Entry, Ledger, LedgerError, LogKey, Notice, Reader, Refusal, Retention,
    RetentionRule, SigningKey, verify_log,
};

const FOLDER: &str = "YUMEN_LEDGER_CRASH_FOLDER";
const RUN: &str = "YUMEN_LEDGER_CRASH_RUN";
const ORIGIN: &str = "crash.example";

/// How often the victim is killed; `YUMEN_LEDGER_KILLS` asks for more.
const KILLS: usize = 20;

fn secret() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn key() -> LogKey {
    LogKey::new(ORIGIN, secret().verifying_key()).unwrap()
}

/// Not a test of its own: without its environment it does nothing.
#[test]
fn victim() {
    let (Some(folder), Ok(run)) = (std::env::var_os(FOLDER), std::env::var(RUN)) else { return };
    let ledger = Ledger::open(Path::new(&folder), secret(), ORIGIN).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    // Meanwhile tiles are cut all the time and notices are pruned, so that a kill hits these as well.
    let keeper = ledger.clone();
    std::thread::spawn(move || keep(&keeper));
    runtime.block_on(async {
        let tasks: Vec<_> = (0..32)
            .map(|task| tokio::spawn(append_until_refused(ledger.clone(), format!("{run}-{task}"))))
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    std::process::exit(0);
}

fn keep(ledger: &Ledger) {
    let notices = RetentionRule { kind: Some("notice".into()), market: None, days: 1 };
    let retention = Retention { rules: vec![notices], ..Retention::default() };
    loop {
        for _ in 0..5 {
            // Fails where the disk is full, as the appends do.
            let _ = ledger.settle();
        }
        let _ = ledger.prune(&retention, "test", jiff::Timestamp::now(), false);
    }
}

async fn append_until_refused(ledger: Ledger, name: String) {
    for count in 0_usize.. {
        let id = format!("{name}-{count}");
        let entry = if count.is_multiple_of(3) {
            Entry::Notice(Notice {
                action: "mask".into(),
                count: 1,
                direction: "input".into(),
                id: id.as_str().into(),
                rule: "crash.test".into(),
                time: jiff::Timestamp::UNIX_EPOCH,
            })
        } else {
            Entry::Refusal(Refusal {
                caller: None,
                code: "crash_test".into(),
                feature: None,
                id: id.as_str().into(),
                market: None,
                policy: "x".repeat(count % 700).into(),
                rules: Vec::new(),
                time: jiff::Timestamp::UNIX_EPOCH,
            })
        };
        let (line, go_on) = match ledger.append(entry).await {
            Ok(durable) => (format!("\nack {} {id}\n", durable.proof().index), true),
            Err(error) => (format!("\nrefused: {error}\n"), false),
        };
        // One write: the reader never sees half a line.
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
        if !go_on {
            return;
        }
    }
}

fn start(mut command: Command, folder: &Path, run: &str) -> (Child, BufReader<ChildStdout>) {
    command.env(FOLDER, folder).env(RUN, run).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

const ARGUMENTS: [&str; 3] = ["--exact", "victim", "--nocapture"];

fn acknowledged(line: &str) -> Option<(u64, String)> {
    let (index, id) = line.strip_prefix("ack ")?.split_once(' ')?;
    Some((index.parse().unwrap(), id.into()))
}

/// Opens the ledger as the next process would, and checks what was acknowledged.
fn check(
    folder: &Path,
    acknowledged: &BTreeMap<u64, String>,
    before: Option<&Checkpoint>,
) -> Checkpoint {
    drop(Ledger::open(folder, secret(), ORIGIN).unwrap());
    let mut reader = Reader::open(folder, &key()).unwrap();
    for (index, id) in acknowledged {
        let count: usize = id.rsplit('-').next().unwrap().parse().unwrap();
        match reader.entry(*index) {
            Ok(recorded) => assert_eq!(Entry::parse(&recorded.entry).unwrap().id(), id),
            // Only notices are.
            Err(LedgerError::Pruned { .. }) if count.is_multiple_of(3) => {}
            Err(error) => panic!("entry {index}, {id}: {error}"),
        }
    }
    for last in acknowledged.keys().rev().take(3) {
        match reader.prove(*last) {
            Ok(_) | Err(LedgerError::Pruned { .. }) => {}
            Err(error) => panic!("entry {last}: {error}"),
        }
    }
    if let Some(before) = before {
        reader.consistency(before).unwrap();
    }
    reader.checkpoint().clone()
}

fn verify(folder: &Path) {
    let report = verify_log(folder, &key(), &[], &mut |_, _| {}).unwrap();
    assert!(report.is_ok(), "{report:?}");
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let random = RandomState::new();
    let kills = std::env::var("YUMEN_LEDGER_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut all = BTreeMap::new();
    let mut before = None;
    for run in 0..kills {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(ARGUMENTS);
        let (mut child, out) = start(command, folder.path(), &run.to_string());
        let last = 1 + random.hash_one(run) % 700;
        let mut seen = BTreeMap::new();
        for line in out.lines() {
            let Some((index, id)) = acknowledged(&line.unwrap()) else { continue };
            assert_eq!(seen.insert(index, id), None, "index {index} was acknowledged twice");
            if seen.len() as u64 == last {
                // What it still printed before it died is read as well.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen.len() as u64 >= last, "the victim ended by itself after {}", seen.len());
        // As it was left, and as it is mended.
        if run % 8 == 0 {
            verify(folder.path());
        }
        before = Some(check(folder.path(), &seen, before.as_ref()));
        for (index, id) in seen {
            assert_eq!(all.insert(index, id), None, "index {index} was acknowledged twice");
        }
    }
    check(folder.path(), &all, before.as_ref());
    verify(folder.path());
    let report = verify_log(folder.path(), &key(), &[], &mut |_, _| {}).unwrap();
    println!("{kills} kills, {} entries, {} pruned", report.entries, report.pruned);
}

#[test]
fn when_the_disk_is_full_it_refuses_and_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    // Files of at most 64 KiB or 32 KiB, by the shell's unit; writes beyond fail instead of killing.
    let script = r#"trap "" XFSZ; ulimit -f 64 && exec "$0" "$@""#;
    command.args(["-c", script]).arg(std::env::current_exe().unwrap()).args(ARGUMENTS);
    let (mut child, out) = start(command, folder.path(), "full");
    let (mut all, mut refused) = (BTreeMap::new(), Vec::new());
    for line in out.lines().map(Result::unwrap) {
        if let Some(reason) = line.strip_prefix("refused: ") {
            refused.push(reason.to_owned());
        }
        all.extend(acknowledged(&line));
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(refused.len(), 32, "each of the tasks is told");
    let told = "the entry was not recorded: File too large";
    assert!(refused.iter().all(|reason| reason.starts_with(told)), "{refused:?}");
    assert!(!all.is_empty());
    let checkpoint = check(folder.path(), &all, None);
    assert!(checkpoint.size() >= all.len() as u64);
    verify(folder.path());
}

/// A folder that may not be written stops it before anything is served, and says which file.
#[test]
fn a_read_only_folder_is_named() {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt as _};

    let folder = tempfile::tempdir().unwrap();
    drop(Ledger::open(folder.path(), secret(), ORIGIN).unwrap());
    for (path, mode) in [(folder.path().join("lock"), 0o444), (folder.path().into(), 0o555)] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    // Nothing is read-only for root, so that the victim is someone else there, with a program that everyone reaches.
    let reachable = tempfile::tempdir().unwrap();
    std::fs::set_permissions(reachable.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let program = reachable.path().join("victim");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(program);
    command.current_dir(reachable.path());
    if std::fs::File::create(folder.path().join("root")).is_ok() {
        command.uid(65534);
    }
    command.args(ARGUMENTS).env(FOLDER, folder.path()).env(RUN, "read-only");
    let output = command.output().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    let said = format!("{said}{}", String::from_utf8_lossy(&output.stdout));
    assert!(said.contains("lock") && said.contains("PermissionDenied"), "{said}");
}
