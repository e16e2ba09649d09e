//! Replaying a chain of signed steps: where an approval stands, or the first step that does not hold.
//!
//! The machine is total: from each state each step leads to one state or is refused. What it is
//! given it believes nothing of, and it reads no clock.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::approval::signers::Person;
use crate::{
    Digest, LifecycleStep, PolicyError, SignedStep, StepKind, StepProblem, TrustedSigners,
};

/// Where the chain has led to, once there is a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Granted, and not stopped.
    Open,
    /// Stopped.
    Suspended,
    /// Taken back.
    Revoked,
}

/// What the chain says about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Course {
    /// Where it has led to.
    pub(crate) phase: Phase,
    /// When it was last resumed: before that instant it is still stopped.
    pub(crate) resumed: Option<Timestamp>,
    /// When it was last confirmed.
    pub(crate) confirmed: Option<Timestamp>,
}

/// What a chain is replayed against.
pub(crate) struct Matter<'a> {
    /// The name all steps bear.
    pub(crate) id: &'a str,
    /// The digest of the application, where there is one.
    pub(crate) application: Option<Digest>,
    /// The digest of the record, where there is one.
    pub(crate) record: Option<Digest>,
    /// How many people must resume.
    pub(crate) people: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Nothing,
    Draft,
    Submitted,
    Open,
    Suspended,
    Withdrawn,
    Revoked,
}

impl At {
    fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Open => "granted",
            Self::Suspended => "suspended",
            Self::Withdrawn | Self::Revoked => "revoked",
        }
    }

    /// The state after a step, or nothing if it cannot follow.
    fn after(self, step: StepKind) -> Option<Self> {
        use StepKind::{Confirmed, Draft, Granted, Resumed, Revoked, Submitted, Suspended};
        match (self, step) {
            (Self::Nothing | Self::Draft | Self::Submitted, Draft) => Some(Self::Draft),
            (Self::Draft, Submitted) => Some(Self::Submitted),
            (Self::Submitted, Granted) => Some(Self::Open),
            (Self::Open | Self::Suspended, Confirmed) => Some(self),
            // Whether it is resumed by enough people, the replay decides.
            (Self::Open | Self::Suspended, Suspended) | (Self::Suspended, Resumed) => {
                Some(Self::Suspended)
            }
            (Self::Draft | Self::Submitted, Revoked) => Some(Self::Withdrawn),
            (Self::Open | Self::Suspended, Revoked) => Some(Self::Revoked),
            _ => None,
        }
    }

    fn possible(self) -> String {
        let mut steps: Vec<_> = StepKind::ALL
            .into_iter()
            .filter(|step| self.after(*step).is_some())
            .map(|step| format!("`{step}`"))
            .collect();
        if steps.is_empty() {
            steps.push("nothing, it is over for good; ask for a new approval".into());
        }
        steps.join(", ")
    }
}

/// A chain, replayed.
pub(crate) struct Replay {
    at: At,
    /// Whoever wrote the filing.
    pub(crate) authors: BTreeSet<Person>,
    resuming: BTreeSet<Person>,
    resumed: Option<Timestamp>,
    confirmed: Option<Timestamp>,
    /// The digest of the application as it was last written.
    drafted: Option<Digest>,
    previous: Option<Digest>,
    latest: Option<Timestamp>,
}

/// What a replayed chain says.
pub(crate) enum Outcome {
    /// The application is being written.
    Draft,
    /// The authority has it.
    Submitted,
    /// It was withdrawn.
    Withdrawn,
    /// There is a record, and this is its course.
    Granted(Course),
}

impl Replay {
    /// Replays a chain from its beginning.
    ///
    /// # Errors
    /// [`PolicyError::Step`], naming the first step that does not hold.
    pub(crate) fn run(
        matter: &Matter<'_>,
        steps: &[SignedStep],
        trusted: &TrustedSigners,
    ) -> Result<Self, PolicyError> {
        let mut replay = Self {
            // A record without an application came in whole: it was granted elsewhere.
            at: if matter.application.is_some() { At::Nothing } else { At::Open },
            authors: BTreeSet::new(),
            resuming: BTreeSet::new(),
            resumed: None,
            confirmed: None,
            drafted: None,
            previous: None,
            latest: None,
        };
        for (index, signed) in steps.iter().enumerate() {
            replay
                .take(matter, signed, trusted)
                .map_err(|problem| signed.unverified().refused(index, problem))?;
        }
        Ok(replay)
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let course = |phase| {
            Outcome::Granted(Course { phase, resumed: self.resumed, confirmed: self.confirmed })
        };
        match self.at {
            At::Nothing | At::Draft => Outcome::Draft,
            At::Submitted => Outcome::Submitted,
            At::Withdrawn => Outcome::Withdrawn,
            At::Open => course(Phase::Open),
            At::Suspended => course(Phase::Suspended),
            At::Revoked => course(Phase::Revoked),
        }
    }

    /// The digest of the application as it was last written.
    pub(crate) fn drafted(&self) -> Option<Digest> {
        self.drafted
    }

    fn take(
        &mut self,
        matter: &Matter<'_>,
        signed: &SignedStep,
        trusted: &TrustedSigners,
    ) -> Result<(), StepProblem> {
        let step = signed.unverified();
        step.check()?;
        if step.approval != matter.id {
            return Err(StepProblem::OtherApproval(step.approval.chars().take(128).collect()));
        }
        if step.previous != self.previous {
            return Err(StepProblem::Previous);
        }
        let key = step.by.to_string();
        let Some(by) = trusted.get(&step.by) else {
            return Err(StepProblem::UnknownSigner { key });
        };
        if !signed.is_signed() {
            return Err(StepProblem::Signature { key });
        }
        let needed = step.step.roles();
        if !needed.contains(&by.role) {
            let needed: Vec<_> = needed.iter().map(|role| role.as_str()).collect();
            let needed = needed.join(" or ");
            return Err(StepProblem::Role { name: by.name.clone(), role: by.role, needed });
        }
        if self.latest.is_some_and(|latest| step.at < latest) {
            return Err(StepProblem::Backwards { at: step.at });
        }
        let after = match self.at.after(step.step) {
            Some(after) => after,
            // One signature more than needed: the market may have asked for more when it was made.
            None if step.step == StepKind::Resumed && self.goes_on_again() => self.at,
            None => {
                let (after, possible) = (self.at.as_str(), self.at.possible());
                return Err(StepProblem::Order { after, possible });
            }
        };
        self.look_at_text(matter, step)?;
        self.at = after;
        match step.step {
            StepKind::Draft | StepKind::Submitted => {
                self.authors.insert(by.person());
            }
            StepKind::Confirmed => self.confirmed = Some(step.at),
            StepKind::Suspended => self.resuming.clear(),
            StepKind::Resumed => {
                let (name, person) = (by.name.clone(), by.person());
                if self.authors.contains(&person) {
                    return Err(StepProblem::OwnFiling { name });
                }
                // What somebody opened who may sign no longer counts for nothing any more.
                if !by.retired && !self.resuming.insert(person) {
                    return Err(StepProblem::SamePerson { name });
                }
                if self.at == At::Suspended && self.resuming.len() >= matter.people {
                    self.resumed = Some(step.at);
                    self.at = At::Open;
                }
            }
            StepKind::Granted | StepKind::Revoked => {}
        }
        self.previous = Some(signed.digest());
        self.latest = Some(step.at);
        Ok(())
    }

    /// Whether it was stopped and goes on, by the signatures in `resuming`.
    fn goes_on_again(&self) -> bool {
        self.at == At::Open && self.resumed.is_some()
    }

    /// Whether the step is about the text it should be about. An application may be written anew;
    /// what was handed in is what was written last, and what was granted is the record here.
    fn look_at_text(
        &mut self,
        matter: &Matter<'_>,
        step: &LifecycleStep,
    ) -> Result<(), StepProblem> {
        let here = match (step.step, self.at) {
            (StepKind::Draft, _) => {
                self.drafted = Some(step.record);
                return Ok(());
            }
            (_, At::Draft | At::Submitted) if step.step != StepKind::Granted => self.drafted,
            _ => matter.record,
        };
        match here {
            Some(here) if here != step.record => {
                Err(StepProblem::Record { named: step.record, here })
            }
            _ => Ok(()),
        }
    }
}
