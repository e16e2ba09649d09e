//! Approvals: a regulator's decision on a release, as a record that trusted people signed.
//!
//! What is signed is not the JSON as it came but the record typed and written again, after the
//! prefix `yumen approval v1` and a zero byte: spelling, order and unknown fields cannot be played
//! with, and a signature made for something else is worth nothing here. Signatures are Ed25519
//! (RFC 8032), verified strictly.

pub(crate) mod calendar;
pub(crate) mod file;
pub(crate) mod filed;
pub(crate) mod filed_table;
pub(crate) mod lifecycle;
pub(crate) mod procedure;
pub(crate) mod replay;
pub(crate) mod signed;
pub(crate) mod signers;
pub(crate) mod uscc;

pub use self::calendar::{BeyondCalendar, Calendar, deadline};
pub use self::file::{ApprovalFile, Attached};
pub use self::filed::{FiledConflict, FiledImport, FiledModel, FiledModels, RowNote};
pub use self::lifecycle::{LifecycleStep, SignedStep, StepKind, StepProblem};
pub use self::procedure::{
    ClockEvent, Document, MaterialityRule, NumberFormat, Party, Procedure, Procedures,
    StatutoryClock,
};
pub use self::signed::SignedApproval;
pub use self::signers::{Role, Signer, SignerKey, TrustedSigners};
pub use self::uscc::Uscc;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::approval::replay::{Course, Phase};
use crate::canonical::PlainData;
use crate::{Digest, FeatureId, MarketId, ModelId, ModelRef, PartnerId, PolicyError, Surface};

impl PlainData for ApprovalRecord {}
impl PlainData for Application {}
impl PlainData for Approval {}

/// What kind of decision an approval is; [`Procedure`](crate::Procedure) says more about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// 备案: a filed generative service.
    Filing,
    /// 登记: an application that calls a filed model.
    Registration,
    /// 算法备案: a filed algorithm. It comes on top of another approval and opens nothing by itself.
    AlgorithmFiling,
    /// The operator's own declaration, where the law asks for no more than that.
    SelfDeclaration,
    /// No procedure at all: what the operator decided for itself.
    None,
    /// Any other decision of an authority.
    Other,
    /// Made up for a demonstration; never a decision of an authority.
    Demonstration,
}

impl ApprovalKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Filing,
        Self::Registration,
        Self::AlgorithmFiling,
        Self::SelfDeclaration,
        Self::None,
        Self::Other,
        Self::Demonstration,
    ];

    /// The kind as it is written: `algorithm_filing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filing => "filing",
            Self::Registration => "registration",
            Self::AlgorithmFiling => "algorithm_filing",
            Self::SelfDeclaration => "self_declaration",
            Self::None => "none",
            Self::Other => "other",
            Self::Demonstration => "demonstration",
        }
    }

    /// Whether an approval of this kind can open a feature. A filed algorithm cannot: it is asked
    /// for in addition (Algorithm Recommendation Provisions, Art. 24).
    pub fn opens(self) -> bool {
        self != Self::AlgorithmFiling
    }
}

impl fmt::Display for ApprovalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ApprovalKind {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == value).ok_or_else(|| {
            let form = "`filing`, `registration`, `algorithm_filing`, `self_declaration`, `none`, `other` or `demonstration`";
            PolicyError::form("kind of approval", value, form)
        })
    }
}

/// The legal entity an approval was given to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Its registered name.
    pub name: String,
    /// Its unified social credit code, where it has one.
    #[serde(default)]
    pub uscc: Option<Uscc>,
}

/// What an approval covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The features.
    pub features: BTreeSet<FeatureId>,
    /// The surfaces.
    pub surfaces: BTreeSet<Surface>,
}

impl Scope {
    fn is_empty(&self) -> bool {
        self.features.is_empty() || self.surfaces.is_empty()
    }

    fn lies_within(&self, wider: &Self) -> bool {
        self.features.is_subset(&wider.features) && self.surfaces.is_subset(&wider.surfaces)
    }
}

/// A model as an approval names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovedModel {
    /// Who runs it.
    pub partner: PartnerId,
    /// The partner's name for it.
    pub model: ModelId,
    /// The number under which the model itself is filed (备案编号), where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<String>,
}

/// One document of a filing, by its digest: the document itself is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// What it is: `safety assessment`.
    pub name: String,
    /// The digest of the file that was handed in.
    pub digest: Digest,
}

/// What the operator asks an authority for. It has no number and no dates: those the decision brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The operator's own name for the matter; it stays when the authority's number comes.
    pub case: String,
    /// What kind of decision is asked for.
    pub kind: ApprovalKind,
    /// The market it is for.
    pub market: MarketId,
    /// Who asks.
    pub entity: Entity,
    /// What it is to cover.
    pub scope: Scope,
    /// The one release it is for.
    pub release: Digest,
    /// The models it names; none means those of the release.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub models: BTreeSet<ApprovedModel>,
    /// What is handed in with it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub materials: BTreeSet<Material>,
    /// The number of the approval it is to take the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

impl Application {
    /// What was granted, when the authority grants all that was asked for.
    pub fn granted(
        self,
        number: impl Into<String>,
        granted_on: Date,
        valid_from: Timestamp,
        valid_until: Timestamp,
    ) -> ApprovalRecord {
        ApprovalRecord {
            number: number.into(),
            kind: self.kind,
            market: self.market,
            entity: self.entity,
            scope: self.scope,
            release: self.release,
            granted_on,
            valid_from,
            valid_until,
            models: self.models,
            algorithm_number: None,
            service_number: None,
            materials: self.materials,
            replaces: self.replaces,
        }
    }

    /// The digest that steps name.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.canonical("yumen application v1"))
    }

    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        let problem = number_problem("case", &self.case).or_else(|| {
            content_problem(&self.entity, &self.scope, &self.materials, self.replaces.as_deref())
        });
        wrong(&self.case, problem)
    }
}

/// The content of an approval: what the signers put their names to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRecord {
    /// The number the authority gave it.
    pub number: String,
    /// What kind of decision it is.
    pub kind: ApprovalKind,
    /// The market it holds in.
    pub market: MarketId,
    /// Who holds it.
    pub entity: Entity,
    /// What it covers.
    pub scope: Scope,
    /// The one release it covers.
    pub release: Digest,
    /// The day of the decision.
    pub granted_on: Date,
    /// The instant from which it holds.
    pub valid_from: Timestamp,
    /// The instant from which it no longer holds.
    pub valid_until: Timestamp,
    /// The models it names; none means all those of the release.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub models: BTreeSet<ApprovedModel>,
    /// The number of the algorithm's filing (算法备案号), to be shown with the feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm_number: Option<String>,
    /// The number of the service (上线编号), to be shown with the feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_number: Option<String>,
    /// What was handed in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub materials: BTreeSet<Material>,
    /// The number of the approval it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

impl ApprovalRecord {
    /// The digest that steps name.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.signed_bytes())
    }

    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        let problem = number_problem("number", &self.number)
            .or_else(|| {
                let replaces = self.replaces.as_deref();
                content_problem(&self.entity, &self.scope, &self.materials, replaces)
            })
            .or_else(|| {
                let number = self.algorithm_number.as_deref()?;
                number_problem("algorithm_number", number)
            })
            .or_else(|| number_problem("service_number", self.service_number.as_deref()?))
            .or_else(|| {
                let backwards = self.valid_from >= self.valid_until;
                backwards.then(|| "`valid_until` must come after `valid_from`".to_owned())
            });
        wrong(&self.number, problem)
    }

    /// The first thing in which it goes beyond what was asked for, if any.
    pub(crate) fn beyond(&self, asked: &Application) -> Option<&'static str> {
        if self.kind != asked.kind {
            Some("kind")
        } else if self.market != asked.market {
            Some("market")
        } else if self.entity != asked.entity {
            Some("entity")
        } else if self.release != asked.release {
            Some("release")
        } else if !self.scope.lies_within(&asked.scope) {
            Some("scope")
        } else if !asked.models.is_empty()
            && (self.models.is_empty() || !self.models.is_subset(&asked.models))
        {
            Some("models")
        } else {
            None
        }
    }

    pub(crate) fn signed_bytes(&self) -> Vec<u8> {
        self.canonical("yumen approval v1")
    }
}

/// What is wrong with a number or a name of a matter, if anything.
fn number_problem(field: &str, number: &str) -> Option<String> {
    if number.trim().is_empty() || number.chars().count() > 128 {
        Some(format!("`{field}` must have 1 to 128 characters"))
    } else if number.chars().any(char::is_control) {
        Some(format!("`{field}` has a control character"))
    } else {
        None
    }
}

/// What is wrong with what an application and a record have in common, if anything.
fn content_problem(
    entity: &Entity,
    scope: &Scope,
    materials: &BTreeSet<Material>,
    replaces: Option<&str>,
) -> Option<String> {
    if entity.name.trim().is_empty() {
        Some("`entity.name` is empty".to_owned())
    } else if scope.is_empty() {
        Some("`scope` covers nothing".to_owned())
    } else if materials.iter().any(|material| material.name.trim().is_empty()) {
        Some("one of the `materials` has no name".to_owned())
    } else {
        number_problem("replaces", replaces?)
    }
}

fn wrong(number: &str, problem: Option<String>) -> Result<(), PolicyError> {
    let Some(problem) = problem else { return Ok(()) };
    Err(PolicyError::Approval { number: number.chars().take(128).collect(), problem })
}

/// Where an approval stands on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// It is being written.
    Draft,
    /// The authority has it.
    Submitted,
    /// The authority decided; too few people of the operator have signed.
    Granted,
    /// Signed, and not begun.
    ToCome,
    /// It holds.
    InForce,
    /// Stopped, until it is resumed.
    Suspended,
    /// Taken back, for good.
    Revoked,
    /// Its dates are over.
    Expired,
}

impl ApprovalState {
    /// The state as it is written: `in_force`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Granted => "granted",
            Self::ToCome => "to_come",
            Self::InForce => "in_force",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for ApprovalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An approval that trusted people signed. Only [`SignedApproval::verify`](crate::SignedApproval::verify)
/// and [`ApprovalFile::verify`](crate::ApprovalFile::verify) make one.
#[derive(Clone, Debug, Serialize)]
pub struct Approval {
    record: ApprovalRecord,
    /// One key for each person.
    signers: BTreeSet<SignerKey>,
    course: Course,
}

impl Approval {
    pub(crate) fn new(
        record: ApprovalRecord,
        signers: BTreeSet<SignerKey>,
        course: Course,
    ) -> Self {
        Self { record, signers, course }
    }

    /// What was approved.
    pub fn record(&self) -> &ApprovalRecord {
        &self.record
    }

    /// The number the authority gave it.
    pub fn number(&self) -> &str {
        &self.record.number
    }

    /// The trusted people who signed it, one key for each person.
    pub fn signers(&self) -> impl ExactSizeIterator<Item = &SignerKey> {
        self.signers.iter()
    }

    /// Where it stands at this instant.
    ///
    /// What closes holds whatever the time: a clock set back before a suspension does not lift it.
    pub fn state(&self, now: Timestamp) -> ApprovalState {
        match self.course.phase {
            Phase::Revoked => ApprovalState::Revoked,
            _ if now >= self.record.valid_until => ApprovalState::Expired,
            Phase::Suspended => ApprovalState::Suspended,
            Phase::Open if self.course.resumed.is_some_and(|since| now < since) => {
                ApprovalState::Suspended
            }
            Phase::Open if now < self.record.valid_from => ApprovalState::ToCome,
            Phase::Open => ApprovalState::InForce,
        }
    }

    /// Whether it holds at this instant: from `valid_from` until just before `valid_until`, unless
    /// it is suspended or revoked.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.state(now) == ApprovalState::InForce
    }

    /// When somebody last made sure that it stands: the latest confirmation, else the decision.
    pub fn confirmed_at(&self) -> Timestamp {
        let decided = self.record.granted_on.to_datetime(time(0, 0, 0, 0));
        let decided = decided.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |at| at.timestamp());
        self.course.confirmed.unwrap_or(decided)
    }

    /// Whether it covers this feature of this release on this surface in this market, whatever
    /// the time.
    pub fn covers(
        &self,
        market: &MarketId,
        feature: &FeatureId,
        surface: Surface,
        release: Digest,
    ) -> bool {
        self.record.kind.opens()
            && self.record.market == *market
            && self.record.release == release
            && self.record.scope.features.contains(feature)
            && self.record.scope.surfaces.contains(&surface)
    }

    /// Whether it covers this model of its release: it names no model, or this one. Where both give
    /// the number under which the model is filed, it must be the same, whatever its case.
    pub fn covers_model(&self, model: &ModelRef) -> bool {
        self.record.models.is_empty() || self.approved_model(model).is_some()
    }

    /// The number under which a model is filed: the release's, else the approval's.
    pub fn filing_of<'a>(&'a self, model: &'a ModelRef) -> Option<&'a str> {
        model.filing.as_deref().or_else(|| self.approved_model(model)?.filing.as_deref())
    }

    fn approved_model(&self, model: &ModelRef) -> Option<&ApprovedModel> {
        self.record.models.iter().find(|approved| {
            approved.partner == model.partner
                && approved.model == model.model
                && match (&approved.filing, &model.filing) {
                    (Some(approved), Some(released)) => approved.eq_ignore_ascii_case(released),
                    _ => true,
                }
        })
    }
}
