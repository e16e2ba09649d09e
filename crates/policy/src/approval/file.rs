//! An approval as a file carries it: the record with its signatures, and the steps of its way.
//!
//! Nothing in a file is believed until it is verified. A record that came in signed, without an
//! application, is a whole way in one; steps can follow it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::approval::replay::{Matter, Outcome, Replay};
use crate::approval::signed::{RecordSignature, check_count, people_of};
use crate::canonical::PlainData;
use crate::{
    Application, Approval, ApprovalKind, ApprovalRecord, ApprovalState, LifecycleStep, MarketId,
    PolicyError, SignedApproval, SignedStep, SignerKey, StepKind, StepProblem, TrustedSigners,
};

impl PlainData for ApprovalFile {}

/// How many steps a chain may have: a confirmation every week for nineteen years.
const MAX_STEPS: usize = 1000;

/// How far a new step may lie in the future: clocks differ.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);

impl Application {
    /// The step that writes it down, to be signed; `earlier` is the file when it is written anew.
    pub fn draft(
        &self,
        earlier: Option<&ApprovalFile>,
        at: Timestamp,
        note: impl Into<String>,
        by: SignerKey,
    ) -> LifecycleStep {
        let previous = earlier.and_then(|file| file.steps.last());
        LifecycleStep {
            approval: self.case.clone(),
            step: StepKind::Draft,
            at,
            note: note.into(),
            record: self.digest(),
            previous: previous.map(SignedStep::digest),
            by,
        }
    }
}

/// What a new step brings along.
#[derive(Clone, Debug)]
pub enum Attached {
    /// Nothing.
    Nothing,
    /// The application, with a draft.
    Application(Application),
    /// The record, with the decision.
    Record(ApprovalRecord),
}

/// An approval with its whole way, from the first draft to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    application: Option<Application>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalRecord>,
    #[serde(default)]
    signatures: Vec<RecordSignature>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<SignedStep>,
}

impl From<SignedApproval> for ApprovalFile {
    fn from(signed: SignedApproval) -> Self {
        let SignedApproval { approval, signatures } = signed;
        Self { application: None, approval: Some(approval), signatures, steps: Vec::new() }
    }
}

impl ApprovalFile {
    /// Reads a file: an application, a signed record, or both, with their steps. A signed record
    /// alone ([`SignedApproval`]) is such a file.
    ///
    /// # Errors
    /// [`PolicyError::ApprovalSyntax`] or [`PolicyError::Approval`]; signatures are not looked at.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        let file: Self = serde_json::from_slice(json)?;
        file.check()?;
        Ok(file)
    }

    /// Begins one with a first draft, signed.
    ///
    /// # Errors
    /// As for [`ApprovalFile::append`].
    pub fn open(
        application: Application,
        draft: SignedStep,
        trusted: &TrustedSigners,
        now: Timestamp,
    ) -> Result<Self, PolicyError> {
        let empty = Self {
            application: Some(application.clone()),
            approval: None,
            signatures: Vec::new(),
            steps: Vec::new(),
        };
        empty.append(draft, Attached::Application(application), trusted, 1, now)
    }

    fn check(&self) -> Result<(), PolicyError> {
        let wrong = |problem: &str| {
            Err(PolicyError::Approval { number: self.id().to_owned(), problem: problem.to_owned() })
        };
        if self.steps.len() > MAX_STEPS {
            return wrong("more than 1000 steps");
        }
        if let Some(application) = &self.application {
            application.check()?;
        }
        let Some(record) = &self.approval else {
            return if self.application.is_none() {
                wrong("there is neither an `application` nor an `approval`")
            } else if self.signatures.is_empty() {
                Ok(())
            } else {
                wrong("there are signatures and no `approval` that they could be of")
            };
        };
        record.check()?;
        check_count(&record.number, &self.signatures)?;
        let beyond = self.application.as_ref().and_then(|asked| record.beyond(asked));
        if let Some(field) = beyond {
            return Err(PolicyError::ApprovalBeyond { number: record.number.clone(), field });
        }
        Ok(())
    }

    /// The name it keeps from the first draft to the end: the case of the application, else the
    /// number of the record.
    pub fn id(&self) -> &str {
        let case = self.application.as_ref().map(|application| application.case.as_str());
        case.or_else(|| self.approval.as_ref().map(|record| record.number.as_str()))
            .unwrap_or_default()
    }

    /// The number the authority gave it, once it did.
    pub fn number(&self) -> Option<&str> {
        self.approval.as_ref().map(|record| record.number.as_str())
    }

    /// The market it is for.
    pub fn market(&self) -> Option<&MarketId> {
        let asked = self.application.as_ref().map(|application| &application.market);
        asked.or_else(|| self.approval.as_ref().map(|record| &record.market))
    }

    /// What kind of decision it is.
    pub fn kind(&self) -> Option<ApprovalKind> {
        let asked = self.application.as_ref().map(|application| application.kind);
        asked.or_else(|| self.approval.as_ref().map(|record| record.kind))
    }

    /// What was asked for, not yet believed.
    pub fn application(&self) -> Option<&Application> {
        self.application.as_ref()
    }

    /// The record, not yet believed: for showing, never for deciding.
    pub fn record(&self) -> Option<&ApprovalRecord> {
        self.approval.as_ref()
    }

    /// The keys that claim to have signed the record.
    pub fn signers(&self) -> impl ExactSizeIterator<Item = SignerKey> {
        self.signatures.iter().map(|signature| signature.key)
    }

    /// The steps, not yet believed, the first one first.
    pub fn steps(&self) -> &[SignedStep] {
        &self.steps
    }

    /// The file as JSON, as [`ApprovalFile::parse`] reads it.
    pub fn to_json(&self) -> String {
        self.pretty_json()
    }

    /// The next step, to be signed: about the record if there is one, else about the application. For
    /// a draft see [`Application::draft`], for the decision [`ApprovalFile::grant`].
    pub fn step(
        &self,
        step: StepKind,
        at: Timestamp,
        note: impl Into<String>,
        by: SignerKey,
    ) -> LifecycleStep {
        let record = self.approval.as_ref().map(ApprovalRecord::digest);
        let record = record.or_else(|| self.application.as_ref().map(Application::digest));
        LifecycleStep {
            approval: self.id().to_owned(),
            step,
            at,
            note: note.into(),
            // A file has one of the two, which every constructor checks.
            record: record.unwrap_or_else(|| crate::Digest::of(b"")),
            previous: self.steps.last().map(SignedStep::digest),
            by,
        }
    }

    /// The step that says that the authority decided, to be signed; the record goes with it into
    /// [`ApprovalFile::append`].
    pub fn grant(
        &self,
        record: &ApprovalRecord,
        at: Timestamp,
        note: impl Into<String>,
        by: SignerKey,
    ) -> LifecycleStep {
        LifecycleStep { record: record.digest(), ..self.step(StepKind::Granted, at, note, by) }
    }

    /// Adds a step, if the chain with it holds, whoever took it may still sign, and it is not dated
    /// more than five minutes ahead. `required` is how many people the market demands.
    ///
    /// # Errors
    /// [`PolicyError::Step`], or [`PolicyError::Approval`] for what it brings along.
    pub fn append(
        &self,
        step: SignedStep,
        attached: Attached,
        trusted: &TrustedSigners,
        required: usize,
        now: Timestamp,
    ) -> Result<Self, PolicyError> {
        let index = self.steps.len();
        let taken = step.unverified();
        let refused = |problem| Err(taken.refused(index, problem));
        if let Some(signer) = trusted.get(&taken.by)
            && signer.retired
        {
            return refused(StepProblem::Retired { name: signer.name.clone() });
        }
        if taken.at.duration_since(now) > MAX_AHEAD {
            return refused(StepProblem::Future { at: taken.at });
        }
        let mut file = self.clone();
        match attached {
            Attached::Nothing => {}
            Attached::Application(application) => file.application = Some(application),
            Attached::Record(record) => file.approval = Some(record),
        }
        file.steps.push(step);
        file.check()?;
        file.replay(trusted, required)?;
        Ok(file)
    }

    /// Takes over the signatures of a record that is the same as the one here, each key once.
    ///
    /// # Errors
    /// [`PolicyError::Approval`] if the records differ, or too many have signed.
    pub fn countersigned(&self, signed: &SignedApproval) -> Result<Self, PolicyError> {
        if self.approval.as_ref() != Some(&signed.approval) {
            let problem = "what was signed is not the record here; sign that one".to_owned();
            return Err(PolicyError::Approval { number: self.id().to_owned(), problem });
        }
        let mut file = self.clone();
        for signature in &signed.signatures {
            if !file.signatures.contains(signature) {
                file.signatures.push(signature.clone());
            }
        }
        file.check()?;
        Ok(file)
    }

    /// The record with its signatures, for somebody to add theirs.
    pub fn signed(&self) -> Option<SignedApproval> {
        let approval = self.approval.clone()?;
        Some(SignedApproval { approval, signatures: self.signatures.clone() })
    }

    /// Where it stands at this instant. `required` is how many people the market demands.
    ///
    /// # Errors
    /// [`PolicyError::Step`] if the chain does not hold, [`PolicyError::ApprovalSignature`] if a
    /// signature does not fit.
    pub fn state(
        &self,
        trusted: &TrustedSigners,
        required: usize,
        now: Timestamp,
    ) -> Result<ApprovalState, PolicyError> {
        let replay = self.replay(trusted, required)?;
        let (course, record) = match (replay.outcome(), &self.approval) {
            (Outcome::Submitted, _) => return Ok(ApprovalState::Submitted),
            (Outcome::Withdrawn, _) => return Ok(ApprovalState::Revoked),
            (Outcome::Granted(course), Some(record)) => (course, record),
            (Outcome::Draft | Outcome::Granted(_), _) => return Ok(ApprovalState::Draft),
        };
        let signed = people_of(record, &self.signatures, trusted, &replay.authors)?;
        let enough = signed.count() >= required.max(1);
        let state = Approval::new(record.clone(), signed.keys(), course).state(now);
        Ok(match state {
            ApprovalState::InForce | ApprovalState::ToCome if !enough => ApprovalState::Granted,
            state => state,
        })
    }

    /// Believes it if the chain holds and at least `required` distinct trusted people whose role
    /// opens, and who did not write the filing, signed exactly the record; at least one in any case.
    ///
    /// What comes out may be suspended, revoked or over: [`Approval::state`] says.
    ///
    /// # Errors
    /// [`PolicyError::Step`] if the chain does not hold, [`PolicyError::ApprovalNotGranted`] if there
    /// is no decision yet, [`PolicyError::ApprovalSignature`] if a trusted person's signature does
    /// not fit; if too few signed, [`PolicyError::ApprovalOwnFiling`], [`PolicyError::ApprovalRole`],
    /// [`PolicyError::ApprovalSamePerson`] or [`PolicyError::ApprovalSigners`], whichever says best why.
    pub fn verify(
        self,
        trusted: &TrustedSigners,
        required: usize,
    ) -> Result<Approval, PolicyError> {
        let replay = self.replay(trusted, required)?;
        let (Outcome::Granted(course), Some(record)) = (replay.outcome(), self.approval.as_ref())
        else {
            return Err(PolicyError::ApprovalNotGranted { case: self.id().to_owned() });
        };
        let signed = people_of(record, &self.signatures, trusted, &replay.authors)?;
        signed.enough(&record.number, required.max(1))?;
        Ok(Approval::new(record.clone(), signed.keys(), course))
    }

    fn replay(&self, trusted: &TrustedSigners, required: usize) -> Result<Replay, PolicyError> {
        let application = self.application.as_ref().map(Application::digest);
        let demonstration = self.kind() == Some(ApprovalKind::Demonstration);
        let matter = Matter {
            id: self.id(),
            application,
            record: self.approval.as_ref().map(ApprovalRecord::digest),
            people: if demonstration { 1 } else { required.max(1) },
        };
        let replay = Replay::run(&matter, &self.steps, trusted)?;
        let number = || self.id().to_owned();
        if application != replay.drafted() {
            let problem = "the application is not the one that was drafted last".to_owned();
            return Err(PolicyError::Approval { number: number(), problem });
        }
        let granted = matches!(replay.outcome(), Outcome::Granted(_));
        if granted != self.approval.is_some() {
            let problem = "the record and the step that says it was granted belong together";
            return Err(PolicyError::Approval { number: number(), problem: problem.to_owned() });
        }
        Ok(replay)
    }
}
