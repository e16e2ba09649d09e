//! `yumen approval`: taking approvals on their way. People's signatures are made here, with their key files; the desk
//! gets what is signed.

use std::path::{Path, PathBuf};

use serde_json::Value;
use yumen_desk::{Action, StepOrder};
use yumen_policy::{
    Application, Approval, ApprovalFile, ApprovalRecord, LifecycleStep, SignedApproval, SignerKey,
    SigningKey, StepKind, Timestamp,
};

use super::{Output, say, tell};
use crate::cli::{ApprovalCommand, Decision, DeskPlace, Step};
use crate::data_dir::read_key;
use crate::door::{Door, Outcome};
use crate::failure::{CHECK_FAILED, Context as _, Failure};

pub(super) fn run(command: ApprovalCommand, output: Output) -> Result<(), Failure> {
    let take = |kind, number: &str, step: &Step, place: &DeskPlace| {
        tell(take(kind, number, step, &mut place.open()?)?, output, line)
    };
    match command {
        ApprovalCommand::Draft { application, step, place } => {
            tell(draft(&application, &step, &mut place.open()?)?, output, line)
        }
        ApprovalCommand::Submit { number, step, place } => {
            take(StepKind::Submitted, &number, &step, &place)
        }
        ApprovalCommand::Grant { case, decision, step, place } => {
            tell(grant(&case, decision, &step, &mut place.open()?)?, output, line)
        }
        ApprovalCommand::Sign { key, what, place } => {
            let keys = read_keys(&key)?;
            if place.is_named() {
                tell(sign_at(&what, &keys, &mut place.open()?)?, output, line)
            } else {
                sign_file(&keys, Path::new(&what))
            }
        }
        ApprovalCommand::Import { place, file } => {
            let file = read_file(&file)?;
            tell(place.open()?.act(Action::Import { file })?, output, line)
        }
        ApprovalCommand::List { place } => {
            let approvals = place.open()?.act(Action::Approvals)?.value;
            output.print(&approvals, list)
        }
        ApprovalCommand::Show { number, place } => {
            let shown = place.open()?.act(Action::Approval { approval: number })?.value;
            output.print(&shown, show)
        }
        ApprovalCommand::Suspend { number, step, place } => {
            take(StepKind::Suspended, &number, &step, &place)
        }
        ApprovalCommand::Resume { number, step, place } => {
            take(StepKind::Resumed, &number, &step, &place)
        }
        ApprovalCommand::Revoke { number, step, place } => {
            take(StepKind::Revoked, &number, &step, &place)
        }
        ApprovalCommand::Confirm { number, step, place } => {
            take(StepKind::Confirmed, &number, &step, &place)
        }
        ApprovalCommand::Remove { place, number } => {
            let outcome = place.open()?.act(Action::Remove { approval: number })?;
            let text = outcome.text.clone().unwrap_or_default();
            tell(outcome, output, |_| text)
        }
        ApprovalCommand::CheckModel { model, place } => {
            super::filed_models::check(&model, &place, output)
        }
        ApprovalCommand::Verify { place, file } => {
            let file = read_file(&file)?;
            let verified = place.open()?.act(Action::Verify { file })?.value;
            output.print(&verified, line)
        }
    }
}

/// Prints the signed record: the record itself when it was not signed before, else what it was with more signatures.
fn sign_file(keys: &[SigningKey], file: &Path) -> Result<(), Failure> {
    let json = read(file)?;
    let signed = if let Ok(signed) = SignedApproval::parse(&json) {
        signed.countersign(keys)
    } else {
        Approval::sign(record_of(&json, file)?, keys).context("the record cannot be signed")?
    };
    say(&signed.to_json())
}

/// Adds signatures to a record at the desk.
fn sign_at(name: &str, keys: &[SigningKey], door: &mut Door) -> Result<Outcome, Failure> {
    let file = fetch(name, door)?;
    let signed = file.signed().ok_or_else(|| {
        Failure::new(format!("{name} has no record to sign yet"))
            .help("`yumen approval grant` writes the authority's decision down")
    })?;
    let signed = signed.countersign(keys);
    door.act(Action::Sign { approval: name.to_owned(), signed })
}

/// Writes an application down: a file's, or the one a drift calls for.
fn draft(what: &str, step: &Step, door: &mut Door) -> Result<Outcome, Failure> {
    let application = match drift_draft(what, door)? {
        Some(application) => application,
        None => serde_json::from_slice::<Application>(&read(Path::new(what))?)
            .context(format!("{what} is no application"))
            .map_err(|failure| failure.help("docs/approvals.md shows one"))?,
    };
    let mut outcome = None;
    for key in author_keys(step, StepKind::Draft)? {
        let known = door.act(Action::Approvals)?.value;
        let known = known.as_array().into_iter().flatten();
        let before = known.into_iter().any(|one| one["id"] == application.case.as_str());
        let (at, note, by) = (Timestamp::now(), step.note.clone(), SignerKey::of(&key));
        let record = application.digest();
        let taken = if before {
            let file = fetch(&application.case, door)?;
            LifecycleStep { record, ..file.step(StepKind::Draft, at, note, by) }
        } else {
            let (approval, step) = (application.case.clone(), StepKind::Draft);
            LifecycleStep { approval, step, at, note, record, previous: None, by }
        };
        let step = taken.sign(&key).context("the draft cannot be signed")?;
        outcome = Some(door.act(Action::Draft { application: application.clone(), step })?);
    }
    outcome.ok_or_else(|| no_key(StepKind::Draft))
}

/// The change filing of the drift with this id, if it is one.
fn drift_draft(id: &str, door: &mut Door) -> Result<Option<Application>, Failure> {
    if !id.starts_with("drift_") {
        return Ok(None);
    }
    let drifts = door.act(Action::Drifts)?.value;
    let mut drifts = drifts.as_array().into_iter().flatten();
    let Some(drift) = drifts.find(|drift| drift["id"] == id) else { return Ok(None) };
    if drift["draft"].is_null() {
        return Err(Failure::new(format!("{id} calls for no change filing: nothing was approved")));
    }
    serde_json::from_value(drift["draft"].clone()).map(Some).context("the draft cannot be read")
}

fn grant(case: &str, decision: Decision, step: &Step, door: &mut Door) -> Result<Outcome, Failure> {
    let file = fetch(case, door)?;
    let record = match decision.record {
        Some(path) => record_of(&read(&path)?, &path)?,
        None => granted(&file, decision)?,
    };
    let mut keys = author_keys(step, StepKind::Granted)?;
    let Some(key) = keys.pop().filter(|_| keys.is_empty()) else {
        return Err(Failure::new("one person writes the decision down").help("give one --key"));
    };
    let taken = file.grant(&record, Timestamp::now(), step.note.clone(), SignerKey::of(&key));
    let step = Some(taken.sign(&key).context("the step cannot be signed")?);
    let order = StepOrder { step, record: Some(record), ..StepOrder::default() };
    door.act(Action::Step { approval: case.to_owned(), kind: StepKind::Granted, order })
}

/// The record of an application that was granted as it stands.
fn granted(file: &ApprovalFile, decision: Decision) -> Result<ApprovalRecord, Failure> {
    let Decision { number, granted_on, valid_from, valid_until, .. } = decision;
    let (Some(number), Some(granted_on), Some(valid_from), Some(valid_until)) =
        (number, granted_on, valid_from, valid_until)
    else {
        return Err(Failure::new("the decision is not given").help(
            "give --record FILE, or --number, --granted-on, --valid-from and --valid-until",
        ));
    };
    let application = file.application().cloned().ok_or_else(|| {
        Failure::new("there is no application that could be granted").help("give --record FILE")
    })?;
    let record = application.granted(number, granted_on, valid_from, valid_until);
    let (service_number, algorithm_number) = (decision.service_number, decision.algorithm_number);
    Ok(ApprovalRecord { service_number, algorithm_number, ..record })
}

/// Takes a step, once for each key; without a key the desk signs it, where the installation may.
fn take(kind: StepKind, name: &str, step: &Step, door: &mut Door) -> Result<Outcome, Failure> {
    let mut outcome = None;
    for key in read_keys(&step.key)? {
        let file = fetch(name, door)?;
        let taken = file.step(kind, Timestamp::now(), step.note.clone(), SignerKey::of(&key));
        let signed = Some(taken.sign(&key).context("the step cannot be signed")?);
        let order = StepOrder { step: signed, ..StepOrder::default() };
        outcome = Some(door.act(Action::Step { approval: name.to_owned(), kind, order })?);
    }
    if let Some(outcome) = outcome {
        return Ok(outcome);
    }
    let order = StepOrder { note: step.note.clone(), ..StepOrder::default() };
    door.act(Action::Step { approval: name.to_owned(), kind, order })
}

fn fetch(name: &str, door: &mut Door) -> Result<ApprovalFile, Failure> {
    let shown = door.act(Action::Approval { approval: name.to_owned() })?.value;
    ApprovalFile::parse(shown["file"].to_string().as_bytes())
        .context(format!("the approval {name} cannot be read"))
}

fn author_keys(step: &Step, kind: StepKind) -> Result<Vec<SigningKey>, Failure> {
    if step.key.is_empty() { Err(no_key(kind)) } else { read_keys(&step.key) }
}

fn no_key(kind: StepKind) -> Failure {
    let roles: Vec<_> = kind.roles().iter().map(|role| role.as_str()).collect();
    Failure::new(format!("`{kind}` needs the signature of a person ({})", roles.join(" or ")))
        .help("give --key FILE; `yumen signer new FILE` makes one")
}

fn read_keys(paths: &[PathBuf]) -> Result<Vec<SigningKey>, Failure> {
    paths.iter().map(|path| read_key(path)).collect()
}

fn record_of(json: &[u8], file: &Path) -> Result<ApprovalRecord, Failure> {
    serde_json::from_slice(json)
        .context(format!("{} is no approval record", file.display()))
        .map_err(|failure| failure.help("docs/approvals.md shows one"))
}

fn read_file(file: &Path) -> Result<ApprovalFile, Failure> {
    ApprovalFile::parse(&read(file)?)
        .context(format!("{} is no signed approval", file.display()))
        .map_err(|failure| failure.help("`yumen approval sign` makes one").code(CHECK_FAILED))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).context(format!("cannot read {}", file.display()))
}

fn list(approvals: &Value) -> String {
    let rows: Vec<_> = approvals.as_array().into_iter().flatten().map(line).collect();
    if rows.is_empty() {
        "no approvals; `yumen approval import` takes one in".to_owned()
    } else {
        rows.join("\n")
    }
}

/// One approval in one line.
fn line(approval: &Value) -> String {
    let word = |name: &str| approval[name].as_str();
    let name = word("number").or(word("id")).unwrap_or_default();
    let state = word("state").unwrap_or_default();
    let elsewhere = if state == "in force" && approval["released"] == false {
        ", but for another release than this build's"
    } else {
        ""
    };
    let people = match (state, approval["needed"].as_u64()) {
        ("granted", Some(needed)) => format!(", signed by {} of {needed}", approval["signers"]),
        _ => String::new(),
    };
    let until = word("valid_until").map_or_else(String::new, |until| format!("  until {until}"));
    let entity = word("entity").map_or_else(String::new, |entity| format!("  {entity}"));
    let market = word("market").unwrap_or_default();
    let why = word("why").map_or_else(String::new, |why| format!("\n  {why}"));
    format!("{name}  {market}  {state}{elsewhere}{people}{until}{entity}{why}")
}

/// An approval with its way.
fn show(shown: &Value) -> String {
    let mut lines = vec![line(&shown["approval"])];
    for (name, value) in [
        ("case", &shown["file"]["application"]["case"]),
        ("kind", &shown["approval"]["kind"]),
        ("release", &shown["approval"]["release"]),
    ] {
        if let Some(value) = value.as_str() {
            lines.push(format!("  {name:8} {value}"));
        }
    }
    for clock in shown["deadlines"].as_array().into_iter().flatten() {
        let due = clock["due"].as_str().or(clock["why"].as_str()).unwrap_or_default();
        let on = clock["on"].as_str().unwrap_or_default();
        lines.push(format!(
            "  due {due}, by the {on}: {}",
            clock["text"]["en"].as_str().unwrap_or_default()
        ));
    }
    for step in shown["file"]["steps"].as_array().into_iter().flatten() {
        let step = &step["step"];
        let word = |name: &str| step[name].as_str().unwrap_or_default();
        lines.push(format!(
            "  {}  {}  by {}  {}",
            word("at"),
            word("step"),
            word("by"),
            word("note")
        ));
    }
    for signature in shown["file"]["signatures"].as_array().into_iter().flatten() {
        lines.push(format!("  signed by {}", signature["key"].as_str().unwrap_or_default()));
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}
