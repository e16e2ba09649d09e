//! `yumen-verify`: checks a receipt, or a single proof, with nothing but a key. Reads no clock and no network.
//!
//! Exit codes: 0 it verifies, 2 it does not, 1 it could not be read.

use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    process::ExitCode,
};

use serde_json::{Value, json};
use yumen_verify::{
    Cosignature, LogKey, Verified, VerifyError, WitnessKey, verify_proof, verify_receipt,
    verify_under,
};

const USAGE: &str = "\
Checks a receipt of Yumen, or the proof of one entry, with nothing but the log's public key.

Usage: yumen-verify --key VKEY [--witness VKEY]... [--json] RECEIPT [CHECKPOINT]

  RECEIPT     the receipt, a whole answer that carries one, or what `yumen ledger prove` prints; - for standard input
  CHECKPOINT  a checkpoint of the same log that it must also be under: one over as many entries, or one with the
              proof that the log only grew (`yumen ledger anchor --out FILE --old SIZE`)
  --key       the log's public key (origin+hash+key), or a file that holds it
  --witness   a witness that must have cosigned the checkpoint (name+hash+key), or a file that holds its key
  --json      print the result as JSON

Exit code 0: it verifies; 2: it does not; 1: something could not be read.
";

/// What was asked for.
#[derive(Default)]
struct Asked {
    key: Option<String>,
    witnesses: Vec<String>,
    json: bool,
    files: Vec<String>,
}

/// Why nothing was proven.
enum Failure {
    /// It could not be read, or is nothing that could be checked.
    Unreadable(String),
    /// It was checked and is wrong.
    Wrong(String),
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Malformed { .. } => Self::Unreadable(error.to_string()),
            VerifyError::Unproven(_) => Self::Wrong(error.to_string()),
        }
    }
}

fn main() -> ExitCode {
    let asked = match parse(env::args().skip(1)) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            say(USAGE.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            complain(&format!("error: {problem}\n\n{USAGE}"));
            return ExitCode::from(1);
        }
    };
    let (text, code, result) = match check(&asked) {
        Ok((verified, cosignatures)) => {
            let result = proven(&verified, &cosignatures);
            (described(&verified, &cosignatures), 0, result)
        }
        Err(Failure::Wrong(why)) => (why.clone(), 2, json!({"ok": false, "why": why})),
        Err(Failure::Unreadable(why)) => (why.clone(), 1, json!({"ok": null, "why": why})),
    };
    if asked.json {
        say(&result.to_string());
    } else if code == 0 {
        say(&text);
    } else {
        complain(&format!("error: {text}\n"));
    }
    ExitCode::from(code)
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Asked>, String> {
    let mut asked = Asked::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--json" => asked.json = true,
            "--key" => asked.key = Some(value()?),
            "--witness" => asked.witnesses.push(value()?),
            option if option.starts_with("--") => return Err(format!("there is no {option}")),
            _ => asked.files.push(argument),
        }
    }
    match asked.files.len() {
        1 | 2 => Ok(Some(asked)),
        _ => Err("expected a receipt, and perhaps a checkpoint".into()),
    }
}

fn check(asked: &Asked) -> Result<(Verified, Vec<Cosignature>), Failure> {
    let key = asked.key.as_deref().ok_or(Failure::Unreadable("--key is missing".into()))?;
    let key: LogKey = key_text(key)?.parse()?;
    let witnesses = asked.witnesses.iter().map(|witness| Ok(key_text(witness)?.parse()?));
    let witnesses = witnesses.collect::<Result<Vec<WitnessKey>, Failure>>()?;
    let receipt = read(&asked.files[0])?;
    let verified = if is_proof(&receipt) {
        verify_proof(&receipt, &key)?
    } else {
        verify_receipt(&receipt, &key)?
    };
    let cosignatures = if let Some(file) = asked.files.get(1) {
        verify_under(&verified, &read(file)?, &key, &witnesses)?.1
    } else {
        let found = witnesses.iter().map(|witness| witness.verify(verified.checkpoint()));
        found.collect::<Result<_, _>>()?
    };
    Ok((verified, cosignatures))
}

/// Whether it is a proof that stands alone, not a receipt with one inside.
fn is_proof(json: &str) -> bool {
    let value = serde_json::from_str::<Value>(json);
    value.is_ok_and(|value| value.get("entry").is_some() && value.get("proof").is_some())
}

/// A key as it was given, or out of the file that was named: no key lacks a `+`.
fn key_text(given: &str) -> Result<String, Failure> {
    if given.contains('+') { Ok(given.into()) } else { read(given) }
}

fn read(path: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == "-" {
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    read.map_err(|error| Failure::Unreadable(format!("cannot read {path}: {error}")))
}

fn proven(verified: &Verified, cosignatures: &[Cosignature]) -> Value {
    // A verified entry is JSON.
    let entry: Value = serde_json::from_str(verified.json()).unwrap_or(Value::Null);
    json!({
        "ok": true,
        "index": verified.index(),
        "entry": entry,
        "size": verified.checkpoint().size(),
        "root": verified.checkpoint().root(),
        "cosignatures": cosignatures,
    })
}

fn described(verified: &Verified, cosignatures: &[Cosignature]) -> String {
    let origin = verified.checkpoint().body().lines().next().unwrap_or_default();
    let mut text = format!(
        "it verifies: entry {} of {origin}, under {} entries\n{}",
        verified.index(),
        verified.checkpoint().size(),
        verified.json()
    );
    for Cosignature { witness, time } in cosignatures {
        text.push_str("\ncosigned by ");
        text.push_str(witness);
        text.push_str(" at ");
        let at = i64::try_from(*time).ok().and_then(|time| jiff::Timestamp::from_second(time).ok());
        text.push_str(&at.map_or_else(|| time.to_string(), |at| at.to_string()));
    }
    text
}

/// Whoever does not read the result still has the exit code.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn complain(text: &str) {
    let _ = write!(io::stderr(), "{text}");
}
