//! `yumen-verify` as it is called: what it says, and how it exits.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use yumen_verify::{
    Admission, Canonical, Checkpoint, CheckpointSigner, Entry, LedgerProof, SigningKey, Submission,
    Tier, WitnessSigner, merkle::TreeHash,
};

/// A log of two admissions, and then of four.
struct Log {
    dir: tempfile::TempDir,
    key: String,
    witness: WitnessSigner,
    two: Checkpoint,
    four: Checkpoint,
    receipt: Value,
    growth: Vec<TreeHash>,
}

fn admission(id: &str) -> Canonical {
    Canonical::from(Entry::Admission(Admission {
        approval: Some("DEMO-1".into()),
        caller: "key_1".into(),
        emulated: true,
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
    }))
}

fn log() -> Log {
    let signer = CheckpointSigner::new("log.example/cn", SigningKey::from_bytes(&[7; 32])).unwrap();
    let witness = SigningKey::from_bytes(&[1; 32]);
    let witness = WitnessSigner::new("witness.example/w1", witness).unwrap();
    let entries: Vec<_> = ["r0", "r1", "r2", "r3"].map(admission).into();
    let leaf = |at: usize| TreeHash::of_leaf(entries[at].as_str().as_bytes());
    let (left, right) = (TreeHash::of_node(leaf(0), leaf(1)), TreeHash::of_node(leaf(2), leaf(3)));
    let two = signer.sign(2, left);
    let proof = LedgerProof {
        index: 1,
        checkpoint: two.shared_note(),
        proof: vec![leaf(0)],
        entry: entries[1].as_str().into(),
    };
    let receipt =
        json!({"id": "r1", "release": "sha256:02", "approval": "DEMO-1", "ledger": proof});
    Log {
        dir: tempfile::tempdir().unwrap(),
        key: signer.public().to_string(),
        witness,
        two,
        four: signer.sign(4, TreeHash::of_node(left, right)),
        receipt,
        growth: vec![right],
    }
}

impl Log {
    fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn receipt(&self) -> String {
        self.file("receipt.json", &self.receipt.to_string())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yumen-verify"));
        command.args(["--key", &self.key]).args(arguments).output().unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr[..]].concat()).unwrap()
}

#[test]
fn a_receipt_a_proof_and_a_whole_answer_verify() {
    let log = log();
    let answer = json!({"output": {"summary": "x"}, "receipt": log.receipt}).to_string();
    for text in [log.receipt.to_string(), log.receipt["ledger"].to_string(), answer] {
        let path = log.file("given.json", &text);
        let done = log.run(&[&path]);
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
        let expected = "it verifies: entry 1 of log.example/cn, under 2 entries\n{";
        assert!(said(&done).starts_with(expected), "{}", said(&done));
        let done = log.run(&["--json", &path]);
        let result: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!((&result["ok"], &result["index"]), (&json!(true), &json!(1)));
        assert_eq!(result["entry"]["admission.v1"]["id"], "r1");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_yumen-verify"))
        .args(["--key", &log.file("key", &log.key), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(log.receipt.to_string().as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_wrong_exits_with_two_and_what_cannot_be_read_with_one() {
    let log = log();
    for (path, value) in [
        ("/id", json!("r9")),
        ("/ledger/index", json!(0)),
        ("/ledger/entry", json!(admission("r1").as_str().replace("cn", "us"))),
        ("/ledger/proof", json!([])),
    ] {
        let mut bent = log.receipt.clone();
        *bent.pointer_mut(path).unwrap() = value;
        let done = log.run(&[&log.file("bent.json", &bent.to_string())]);
        assert_eq!(done.status.code(), Some(2), "{path}: {}", said(&done));
        assert!(said(&done).starts_with("error: the proof fails: "), "{}", said(&done));
    }
    let (receipt, nothing) = (log.receipt(), log.file("no.json", "{}"));
    let other = log.witness.public().to_string();
    let cases: [&[&str]; 7] = [
        &["/no/such/file"],
        &[],
        &["--colour", &receipt],
        &["--witness", "x", &receipt],
        &["--witness", &log.key, &receipt],
        &["--key", &other, &receipt],
        &[&nothing],
    ];
    for arguments in cases {
        let done = log.run(arguments);
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {}", said(&done));
    }
    assert_eq!(log.run(&["--help"]).status.code(), Some(0));
}

#[test]
fn a_checkpoint_that_a_witness_saw_is_asked_for() {
    let log = log();
    let (receipt, vkey) = (log.receipt(), log.witness.public().to_string());
    let witnessed = |arguments: &[&str]| {
        let done = log.run(&[&["--witness", &vkey], arguments].concat());
        (done.status.code(), said(&done))
    };
    let (code, why) = witnessed(&[&receipt]);
    assert_eq!(code, Some(2), "{why}");
    assert!(why.contains("not cosigned by witness.example/w1"), "{why}");

    let cosigned = |checkpoint: &Checkpoint| {
        format!("{}{}", checkpoint.note(), log.witness.cosign(checkpoint, 1_780_000_000))
    };
    let same = log.file("two", &cosigned(&log.two));
    let (code, text) = witnessed(&[&receipt, &same]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("cosigned by witness.example/w1 at 2026-05-28T20:26:40Z"), "{text}");

    let bare = log.file("four", &cosigned(&log.four));
    let (code, text) = witnessed(&[&receipt, &bare]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("--old 2"), "{text}");
    let mut bridge = Submission {
        old_size: 2,
        proof: log.growth.clone(),
        checkpoint: cosigned(&log.four).into(),
    };
    let file = log.file("bridge", &bridge.to_string());
    let (code, text) = witnessed(&[&receipt, &file]);
    assert_eq!(code, Some(0), "{text}");
    bridge.proof = vec![TreeHash::of_leaf(b"another history")];
    let file = log.file("fork", &bridge.to_string());
    assert_eq!(witnessed(&[&receipt, &file]).0, Some(2));
}
