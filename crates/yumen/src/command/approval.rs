//! `yumen approval`: signing, importing, listing, verifying and removing approvals.

use std::path::{Path, PathBuf};

use serde::Serialize;
use yumen_ledger::Step;
use yumen_policy::{Approval, ApprovalRecord, Digest, SignedApproval, Timestamp};

use super::{Output, now, say};
use crate::cli::ApprovalCommand;
use crate::compose::Build;
use crate::data_dir::{DataDir, read_key};
use crate::failure::{CHECK_FAILED, Context as _, Failure};
use crate::running::note_step;

pub(super) fn run(command: ApprovalCommand, output: Output) -> Result<(), Failure> {
    match command {
        ApprovalCommand::Sign { key, record } => sign(&key, &record),
        ApprovalCommand::Import { place, file } => import(&place.open()?, &file, output),
        ApprovalCommand::List { place } => list(&place.open()?, output),
        ApprovalCommand::Remove { place, number } => remove(&place.open()?, &number, output),
        ApprovalCommand::Verify { place, file } => {
            let build = Build::load()?;
            let approval = build.verify(&place.open()?.store()?, read_signed(&file)?)?;
            let standing = Standing::of(&approval, &build);
            output.print(&standing, Standing::line)
        }
    }
}

/// Prints the signed record: the record itself when it was not signed before, else what it was
/// with more signatures.
fn sign(keys: &[PathBuf], file: &Path) -> Result<(), Failure> {
    let keys = keys.iter().map(|path| read_key(path)).collect::<Result<Vec<_>, _>>()?;
    let json = read(file)?;
    let signed = if let Ok(signed) = SignedApproval::parse(&json) {
        signed.countersign(&keys)
    } else {
        let record: ApprovalRecord = serde_json::from_slice(&json)
            .context(format!("{} is no approval record", file.display()))
            .map_err(|failure| failure.help("docs/approvals.md shows one"))?;
        Approval::sign(record, &keys).context("the record cannot be signed")?
    };
    say(&signed.to_json())
}

fn import(data: &DataDir, file: &Path, output: Output) -> Result<(), Failure> {
    let build = Build::load()?;
    let mut store = data.store()?;
    let signed = read_signed(file)?;
    let json = signed.to_json();
    let approval = build.verify(&store, signed)?;
    let record = approval.record();
    build
        .shipped
        .procedures
        .check(record)
        .context("the record is not such as its procedure gives out")
        .map_err(|failure| failure.code(CHECK_FAILED))?;
    let mut change = store.change().context("the store takes no change")?;
    change
        .import_approval(&record.number, record.market.as_str(), &json, now())
        .context("the approval cannot be imported")?;
    change.commit().context("the approval cannot be imported")?;
    note_step(data, record, &json, Step::Imported);
    output.print(&Standing::of(&approval, &build), Standing::line)
}

fn remove(data: &DataDir, number: &str, output: Output) -> Result<(), Failure> {
    let mut store = data.store()?;
    let stored = store.list_approvals().context("the approvals cannot be read")?;
    let mut change = store.change().context("the store takes no change")?;
    let removed = change.remove_approval(number, now()).context("it cannot be removed")?;
    change.commit().context("it cannot be removed")?;
    if !removed {
        return Err(Failure::new(format!("there is no approval {number} in the store"))
            .help("`yumen approval list` shows the numbers"));
    }
    if let Some(stored) = stored.iter().find(|stored| stored.number == number)
        && let Ok(signed) = SignedApproval::parse(stored.record.as_bytes())
    {
        note_step(data, signed.unverified(), &stored.record, Step::Removed);
    }
    output.print(&serde_json::json!({"removed": number}), |_| format!("{number} is removed"))
}

fn list(data: &DataDir, output: Output) -> Result<(), Failure> {
    let build = Build::load()?;
    let store = data.store()?;
    let mut standings = Vec::new();
    for stored in store.list_approvals().context("the approvals cannot be read")? {
        let standing = match SignedApproval::parse(stored.record.as_bytes()) {
            Err(error) => Standing::void(&stored.number, &stored.market, &error.to_string()),
            Ok(_) if stored.removed_at.is_some() => {
                Standing::void(&stored.number, &stored.market, "removed")
            }
            Ok(signed) => match build.verify(&store, signed) {
                Ok(approval) => Standing::of(&approval, &build),
                Err(_) => Standing::void(&stored.number, &stored.market, "not verified"),
            },
        };
        standings.push(standing);
    }
    output.print(&standings, |standings| {
        if standings.is_empty() {
            return "no approvals; `yumen approval import` takes one in".to_owned();
        }
        standings.iter().map(Standing::line).collect::<Vec<_>>().join("\n")
    })
}

/// What an approval stands for at this moment, under this build.
#[derive(Serialize)]
struct Standing {
    number: String,
    market: String,
    state: String,
    entity: Option<String>,
    release: Option<Digest>,
    valid_until: Option<Timestamp>,
    signers: usize,
}

impl Standing {
    fn of(approval: &Approval, build: &Build) -> Self {
        let record = approval.record();
        let serves = build
            .releases
            .iter()
            .any(|r| r.market() == &record.market && r.digest() == record.release);
        let state = if !approval.in_force(Timestamp::now()) {
            "outside its dates"
        } else if serves {
            "in force"
        } else {
            "in force, but for another release than this build's"
        };
        Self {
            number: record.number.clone(),
            market: record.market.as_str().to_owned(),
            state: state.to_owned(),
            entity: Some(record.entity.name.clone()),
            release: Some(record.release),
            valid_until: Some(record.valid_until),
            signers: approval.signers().len(),
        }
    }

    /// One that counts for nothing: unreadable, removed or not verified.
    fn void(number: &str, market: &str, state: &str) -> Self {
        Self {
            number: number.to_owned(),
            market: market.to_owned(),
            state: state.to_owned(),
            entity: None,
            release: None,
            valid_until: None,
            signers: 0,
        }
    }

    fn line(&self) -> String {
        let until = self.valid_until.map_or_else(String::new, |until| format!("  until {until}"));
        let entity = self.entity.as_deref().map_or_else(String::new, |e| format!("  {e}"));
        format!("{}  {}  {}{until}{entity}", self.number, self.market, self.state)
    }
}

fn read_signed(file: &Path) -> Result<SignedApproval, Failure> {
    SignedApproval::parse(&read(file)?)
        .context(format!("{} is no signed approval", file.display()))
        .map_err(|failure| failure.help("`yumen approval sign` makes one").code(CHECK_FAILED))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).context(format!("cannot read {}", file.display()))
}
