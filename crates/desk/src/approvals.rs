//! Approvals on their way: drafts, steps and signatures in, and what they stand for out.
//!
//! What a step means and who may take it is the policy's to say (`yumen_policy::ApprovalFile`). The desk finds the
//! approval, adds what came, keeps it, and puts each step on record.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use yumen_ledger::{ApprovalStep, Canonical, Entry, LifecycleStep, Step};
use yumen_policy::{
    Application, ApprovalFile, ApprovalKind, ApprovalRecord, ApprovalState, Attached, Digest,
    PolicyError, SignedApproval, SignedStep, SignerKey, StepKind, Text, TrustedSigners,
};
use yumen_store::{Change, StoredApproval};

use crate::actor::Standing;
use crate::holdings::{parsed, releases, trusted_signers};
use crate::{Actor, Desk, DeskError, Done};

/// A step as it comes to the desk: signed by a person, or to be signed by the installation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepOrder {
    /// The step with its signature. Without one the installation's own key signs, which may do what an operator may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<SignedStep>,
    /// Why, where the installation signs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// With `granted`: the record of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<ApprovalRecord>,
}

/// The state of an approval that counts for nothing because it cannot be believed.
const NOT_VERIFIED: &str = "not verified";

/// What an approval stands for at this moment, under this build.
#[derive(Debug, Serialize)]
struct Outlook {
    /// The name it keeps: the operator's own before the decision, else the authority's number.
    id: String,
    number: Option<String>,
    market: Option<String>,
    kind: Option<&'static str>,
    /// In words: `in force`.
    state: String,
    /// Why it does not verify.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    entity: Option<String>,
    release: Option<Digest>,
    /// Whether the release is one of this build's or of the store's.
    released: bool,
    valid_until: Option<Timestamp>,
    signers: usize,
    needed: usize,
}

impl Desk {
    pub(crate) fn approvals(&self, now: Timestamp) -> Result<Done, DeskError> {
        let trusted = self.trusted()?;
        let mut outlooks = Vec::new();
        for stored in self.store.list_approvals()? {
            outlooks.push(self.outlook(&stored, &trusted, now)?);
        }
        let count = outlooks.len();
        let text = Text::new(format!("{count} approvals"), format!("{count} 份审批"));
        Ok(Done::found(&outlooks, text))
    }

    /// One approval, with its file: what somebody who takes the next step needs to sign it.
    pub(crate) fn approval(&self, name: &str, now: Timestamp) -> Result<Done, DeskError> {
        let trusted = self.trusted()?;
        let all = self.store.list_approvals()?;
        let stored =
            all.iter().find(|stored| is_called(stored, name)).ok_or_else(|| unknown(name))?;
        let outlook = self.outlook(stored, &trusted, now)?;
        let deadlines = ApprovalFile::parse(stored.record.as_bytes())
            .map(|file| self.book.deadlines(&file))
            .unwrap_or_default();
        let file: Value = parsed("approval", &stored.record)?;
        let text = Text::new(outlook.state.as_str(), state_zh(&outlook.state));
        Ok(Done::found(&json!({"approval": outlook, "deadlines": deadlines, "file": file}), text))
    }

    pub(crate) fn draft(
        &mut self,
        actor: &Actor,
        application: Application,
        step: SignedStep,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let trusted = self.trusted()?;
        let market = application.market.clone();
        if self.book.market(Some(&market)).is_none() {
            return Err(no_market(&application.case, market.as_str()));
        }
        if step.unverified().step != StepKind::Draft {
            return Err(DeskError::Invalid("the signed step is no `draft`".into()));
        }
        let case = application.case.clone();
        let known = self.store.list_approvals()?;
        let earlier = known.iter().find(|stored| is_called(stored, &case));
        let file = match earlier {
            None => ApprovalFile::open(application, step, &trusted, now)?,
            Some(stored) if stored.removed_at.is_some() => {
                return Err(taken(&case));
            }
            Some(stored) => {
                let required = self.book.required(Some(&market));
                let file = ApprovalFile::parse(stored.record.as_bytes())?;
                file.append(step, Attached::Application(application), &trusted, required, now)?
            }
        };
        let new = earlier.is_none();
        let entries = vec![last_step(&file, now)];
        let (json, at) = (file.to_json(), now.as_second());
        let ((), index) = self.change(|change| {
            if new {
                change.import_approval(&case, market.as_str(), &json, at)?;
            } else {
                replace(change, &case, &json)?;
            }
            Ok(((), entries))
        })?;
        self.done(actor, &case, index, now)
    }

    pub(crate) fn step(
        &mut self,
        actor: &Actor,
        name: &str,
        kind: StepKind,
        order: StepOrder,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let (id, file) = self.file_of(name)?;
        let StepOrder { step, note, record } = order;
        let step = match step {
            Some(step) if step.unverified().step == kind => step,
            Some(step) => {
                let (what, asked) = (step.unverified().step, kind);
                return Err(DeskError::Invalid(format!(
                    "the signed step is `{what}`, not `{asked}`"
                )));
            }
            None => self.sign_ourselves(actor, &file, kind, note, now)?,
        };
        let attached = match (kind, record) {
            (StepKind::Granted, Some(record)) => {
                if self
                    .store
                    .list_approvals()?
                    .iter()
                    .any(|s| s.number != id && is_called(s, &record.number))
                {
                    return Err(taken(&record.number));
                }
                self.book.procedures.check(&record)?;
                Attached::Record(record)
            }
            (StepKind::Granted, None) => {
                let why = "with `granted` comes the record of the decision";
                return Err(DeskError::Invalid(why.into()));
            }
            (_, None) => Attached::Nothing,
            (_, Some(_)) => {
                return Err(DeskError::Invalid("a record comes with `granted` alone".into()));
            }
        };
        let trusted = self.trusted()?;
        let required = self.book.required(file.market());
        let file = file.append(step, attached, &trusted, required, now)?;
        let (json, entries) = (file.to_json(), vec![last_step(&file, now)]);
        let ((), index) = self.change(|change| {
            replace(change, &id, &json)?;
            Ok(((), entries))
        })?;
        self.done(actor, &id, index, now)
    }

    /// Adds people's signatures to the record.
    pub(crate) fn sign(
        &mut self,
        actor: &Actor,
        name: &str,
        signed: &SignedApproval,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let (id, file) = self.file_of(name)?;
        let trusted = self.trusted()?;
        let before: Vec<SignerKey> = file.signers().collect();
        let fresh: Vec<SignerKey> = signed.signers().filter(|key| !before.contains(key)).collect();
        if fresh.is_empty() {
            return Err(DeskError::Conflict(Text::new(
                "these people have signed it already",
                "这些人员已经签署",
            )));
        }
        for key in &fresh {
            counts(&trusted, key, file.number().unwrap_or(&id))?;
        }
        let file = file.countersigned(signed)?;
        let required = self.book.required(file.market());
        // Too few may have signed yet; anything else that is wrong would stay wrong.
        match file.clone().verify(&trusted, required) {
            Ok(_) | Err(PolicyError::ApprovalSigners { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let state = file.state(&trusted, required, now)?;
        let (json, count) = (file.to_json(), fresh.len());
        let entries = fresh.iter().enumerate().map(|(index, key)| {
            let opens = !matches!(state, ApprovalState::Granted) && index + 1 == count;
            let step = if opens { "in_force" } else { "signed" };
            signature_entry(&file, key, step, now)
        });
        let entries: Vec<_> = entries.collect();
        let ((), index) = self.change(|change| {
            replace(change, &id, &json)?;
            Ok(((), entries))
        })?;
        self.done(actor, &id, index, now)
    }

    /// Takes in an approval that is signed by enough people, whole.
    pub(crate) fn import(
        &mut self,
        actor: &Actor,
        file: &ApprovalFile,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let market = file.market().map(|id| id.as_str().to_owned()).unwrap_or_default();
        if self.book.market(file.market()).is_none() {
            return Err(no_market(file.id(), &market));
        }
        let approval = file.clone().verify(&self.trusted()?, self.book.required(file.market()))?;
        self.book.procedures.check(approval.record())?;
        let id = file.id().to_owned();
        let known = self.store.list_approvals()?;
        if known.iter().any(|s| s.number != id && is_called(s, approval.number())) {
            return Err(taken(approval.number()));
        }
        // As it came in when it was a signed record alone: the same record is the same text.
        let json = match file.signed() {
            Some(signed) if file.steps().is_empty() => signed.to_json(),
            _ => file.to_json(),
        };
        let entry = imported(file, &json, Step::Imported, now);
        let ((), index) = self.change(|change| {
            change.import_approval(&id, &market, &json, now.as_second())?;
            Ok(((), entry.into_iter().collect()))
        })?;
        self.done(actor, &id, index, now)
    }

    /// Takes an approval out of the store.
    pub(crate) fn remove(&mut self, name: &str, now: Timestamp) -> Result<Done, DeskError> {
        let (id, file) = self.file_of(name)?;
        let json = self.store.list_approvals()?.into_iter().find(|stored| stored.number == id);
        let json = json.map(|stored| stored.record).unwrap_or_default();
        let entry = match imported(&file, &json, Step::Removed, now) {
            Some(entry) => entry,
            None => file_entry(&file, None, "removed", now),
        };
        let ((), index) = self.change(|change| {
            if !change.remove_approval(&id, now.as_second())? {
                return Err(unknown(name));
            }
            Ok(((), vec![entry]))
        })?;
        let text = Text::new(format!("{id} is removed"), format!("{id} 已移除"));
        Ok(Done::changed(json!({"removed": id}), index, text))
    }

    /// Whether an approval verifies, without taking it in.
    pub(crate) fn verify(&self, file: &ApprovalFile, now: Timestamp) -> Result<Done, DeskError> {
        if self.book.market(file.market()).is_none() {
            return Err(no_market(file.id(), file.market().map_or("", |id| id.as_str())));
        }
        let trusted = self.trusted()?;
        file.clone().verify(&trusted, self.book.required(file.market()))?;
        let outlook = self.outlook_of(file, &trusted, now)?;
        let text = Text::new(outlook.state.as_str(), state_zh(&outlook.state));
        Ok(Done::found(&outlook, text))
    }

    /// A step by the key of the installation: what an operator may do, and on a demonstration also what its made-up
    /// people may.
    fn sign_ourselves(
        &self,
        actor: &Actor,
        file: &ApprovalFile,
        kind: StepKind,
        note: String,
        now: Timestamp,
    ) -> Result<SignedStep, DeskError> {
        use yumen_policy::Role::Operator;
        let operates = match actor.standing() {
            Standing::Local | Standing::Demonstration => true,
            Standing::Key(role) => role == Operator,
            Standing::Gate => false,
        };
        let demonstration = file.kind() == Some(ApprovalKind::Demonstration)
            && matches!(actor.standing(), Standing::Local | Standing::Demonstration);
        let key = match &self.keys.demonstration {
            _ if operates && kind.roles().contains(&Operator) => &self.keys.operator,
            Some(key) if demonstration => key,
            _ => {
                let roles: Vec<_> = kind.roles().iter().map(|role| role.as_str()).collect();
                let roles = roles.join(" or ");
                let why = format!(
                    "`{kind}` needs the signature of a person ({roles}): sign it with --key FILE"
                );
                return Err(DeskError::Invalid(why));
            }
        };
        Ok(file.step(kind, now, note, SignerKey::of(key)).sign(key)?)
    }

    fn file_of(&self, name: &str) -> Result<(String, ApprovalFile), DeskError> {
        let all = self.store.list_approvals()?;
        let mut here = all.iter().filter(|stored| stored.removed_at.is_none());
        let stored = here.find(|stored| is_called(stored, name)).ok_or_else(|| unknown(name))?;
        Ok((stored.number.clone(), ApprovalFile::parse(stored.record.as_bytes())?))
    }

    fn done(
        &self,
        actor: &Actor,
        id: &str,
        index: Option<u64>,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let all = self.store.list_approvals()?;
        let stored = all.iter().find(|stored| stored.number == id).ok_or_else(|| unknown(id))?;
        let outlook = self.outlook(stored, &self.trusted()?, now)?;
        let (state, name) = (outlook.state.as_str(), outlook.number.as_deref().unwrap_or(id));
        let text = Text::new(format!("{name} is {state}"), format!("{name}：{}", state_zh(state)));
        tracing::info!(by = actor.id(), approval = id, state, "approval changed");
        Ok(Done::changed(written_value(&outlook), index, text))
    }

    fn outlook(
        &self,
        stored: &StoredApproval,
        trusted: &TrustedSigners,
        now: Timestamp,
    ) -> Result<Outlook, DeskError> {
        let file = match ApprovalFile::parse(stored.record.as_bytes()) {
            Ok(file) => file,
            Err(error) => {
                return Ok(Outlook {
                    id: stored.number.clone(),
                    number: None,
                    market: Some(stored.market.clone()),
                    kind: None,
                    state: NOT_VERIFIED.into(),
                    why: Some(error.to_string()),
                    entity: None,
                    release: None,
                    released: false,
                    valid_until: None,
                    signers: 0,
                    needed: 0,
                });
            }
        };
        let outlook = self.outlook_of(&file, trusted, now)?;
        let removed = stored.removed_at.is_some();
        Ok(if removed { Outlook { state: "removed".into(), ..outlook } } else { outlook })
    }

    fn outlook_of(
        &self,
        file: &ApprovalFile,
        trusted: &TrustedSigners,
        now: Timestamp,
    ) -> Result<Outlook, DeskError> {
        let required = self.book.required(file.market());
        let release = file.record().map(|record| record.release);
        let release = release.or_else(|| file.application().map(|asked| asked.release));
        let ours = self.book.releases.iter().any(|known| Some(known.digest()) == release);
        let released =
            ours || releases(&self.store)?.iter().any(|known| Some(known.digest()) == release);
        let entity = file.record().map(|record| &record.entity);
        let entity = entity.or_else(|| file.application().map(|asked| &asked.entity));
        let (mut state, mut why) = match file.state(trusted, required, now) {
            Ok(state) => (state.as_str().replace('_', " "), None),
            Err(error) => (NOT_VERIFIED.to_owned(), Some(error.to_string())),
        };
        // A record that came in whole was signed by enough people then: that it no longer is, is no step of its way.
        let granted = state == ApprovalState::Granted.as_str();
        let mut signers = 0;
        match file.clone().verify(trusted, required) {
            Ok(approval) => signers = approval.signers().len(),
            Err(error) if granted => {
                why = Some(error.to_string());
                if file.application().is_none() {
                    state = NOT_VERIFIED.into();
                }
                signers = file.signers().filter(|key| counts(trusted, key, "").is_ok()).count();
            }
            Err(_) => {}
        }
        Ok(Outlook {
            id: file.id().to_owned(),
            number: file.number().map(str::to_owned),
            market: file.market().map(|id| id.as_str().to_owned()),
            kind: file.kind().map(ApprovalKind::as_str),
            state,
            why,
            entity: entity.map(|entity| entity.name.clone()),
            release,
            released,
            valid_until: file.record().map(|record| record.valid_until),
            signers,
            needed: required,
        })
    }

    fn trusted(&self) -> Result<TrustedSigners, DeskError> {
        trusted_signers(&self.store, SignerKey::of(&self.keys.operator))
    }
}

/// Whether a key's signature on a record can count.
fn counts(trusted: &TrustedSigners, key: &SignerKey, number: &str) -> Result<(), DeskError> {
    match trusted.get(key).filter(|signer| !signer.retired) {
        Some(signer) if signer.role.opens() => Ok(()),
        Some(signer) => Err(DeskError::Invalid(format!(
            "{} is {} and signs nothing into force; it takes an approver or legal",
            signer.name, signer.role
        ))),
        None => Err(DeskError::Invalid(format!(
            "nobody trusted signs {number} with {key}; `yumen signer add` trusts a person"
        ))),
    }
}

fn is_called(stored: &StoredApproval, name: &str) -> bool {
    stored.number == name
        || ApprovalFile::parse(stored.record.as_bytes())
            .is_ok_and(|file| file.number() == Some(name))
}

fn unknown(name: &str) -> DeskError {
    DeskError::Unknown { what: "approval", zh: "审批", name: name.into() }
}

/// An approval of a market that this build does not know can be neither counted nor kept.
fn no_market(number: &str, market: &str) -> DeskError {
    let (number, problem) = (number.to_owned(), format!("this build knows no market {market}"));
    DeskError::Policy(PolicyError::Approval { number, problem })
}

fn taken(name: &str) -> DeskError {
    DeskError::Conflict(Text::new(
        format!("approval \"{name}\" is already there; a number always means one record"),
        format!("审批 {name} 已存在；一个编号只对应一份记录"),
    ))
}

fn replace(change: &mut Change<'_>, id: &str, json: &str) -> Result<(), DeskError> {
    if change.update_approval(id, json)? { Ok(()) } else { Err(unknown(id)) }
}

fn written_value(outlook: &Outlook) -> Value {
    // Strings, numbers and times all have a JSON form.
    serde_json::to_value(outlook).unwrap_or(Value::Null)
}

/// The record of the step that was taken last.
fn last_step(file: &ApprovalFile, now: Timestamp) -> Canonical {
    let step = file.steps().last();
    let kind = step.map_or("draft", |step| step.unverified().step.as_str());
    file_entry(file, step, kind, now)
}

fn file_entry(
    file: &ApprovalFile,
    step: Option<&SignedStep>,
    code: &str,
    now: Timestamp,
) -> Canonical {
    let by = step.map(|step| step.unverified().by.to_string().into());
    lifecycle(file, by, step.map(|step| step.digest().to_string()), code, now)
}

fn signature_entry(file: &ApprovalFile, key: &SignerKey, code: &str, now: Timestamp) -> Canonical {
    lifecycle(file, Some(key.to_string().into()), None, code, now)
}

fn lifecycle(
    file: &ApprovalFile,
    by: Option<std::borrow::Cow<'_, str>>,
    step_digest: Option<String>,
    code: &str,
    now: Timestamp,
) -> Canonical {
    let of = |record: Option<Digest>, asked: Option<Digest>| {
        record.or(asked).map(|digest| digest.to_string()).unwrap_or_default()
    };
    let (record, asked) = (file.record(), file.application());
    Canonical::from(Entry::ApprovalStep(LifecycleStep {
        approval: file.number().unwrap_or(file.id()).into(),
        by,
        market: file.market().map_or("", |id| id.as_str()).into(),
        record: of(record.map(ApprovalRecord::digest), asked.map(Application::digest)).into(),
        release: of(record.map(|r| r.release), asked.map(|a| a.release)).into(),
        step: code.into(),
        step_digest: step_digest.map(Into::into),
        time: now,
    }))
}

/// The record of a whole approval that came or went; none for one without a decision.
fn imported(file: &ApprovalFile, json: &str, step: Step, now: Timestamp) -> Option<Canonical> {
    let record = file.record()?;
    Some(Canonical::from(Entry::Approval(ApprovalStep {
        digest: Digest::of(json.as_bytes()).to_string().into(),
        market: record.market.as_str().into(),
        number: record.number.as_str().into(),
        release: record.release.to_string().into(),
        step,
        time: now,
    })))
}

fn state_zh(state: &str) -> &'static str {
    match state {
        "draft" => "草稿",
        "submitted" => "已提交",
        "granted" => "已获批，签署人数不足",
        "to come" => "尚未生效",
        "in force" => "有效",
        "suspended" => "已暂停",
        "revoked" => "已撤销",
        "expired" => "已过期",
        "removed" => "已移除",
        _ => "未通过验证",
    }
}
