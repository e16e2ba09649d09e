//! The decision of Yumen: may this feature run for this device, here, now, on which models?
//!
//! Everything here is pure. There is no input or output and no clock: a [`Policy`] is an immutable
//! snapshot, time is an argument, and the same arguments give the same answer.
//!
//! ```text
//! Market files ┐
//! FeatureTerms ├─ Policy::new ─▶ Policy ─┬─ judge(device) ────────────▶ Verdict ─ clear ─▶ Clearance
//! Releases     │                         ├─ AssertionKey::issue ─▶ token ─ verify, prove ─▶ Presented
//! Approvals    │                         └─ judge_asserted(Presented) ▶ Verdict
//! Kills, drifts┘
//! ```
//!
//! What the crate promises:
//!
//! - **Closed by default.** An unknown market, an unset input, an input in error, an approval that is
//!   missing, over, too weakly signed or for another release, a kill, a drifted model, rules that are
//!   too old, a clock that went backwards: none of them gives an eligible verdict, and each says so in its reasons.
//! - **Only [`clear`] makes a [`Clearance`]**, from a fresh eligible verdict of the same policy, and
//!   its models are those of the release it names.
//! - **Rules only take away.** All rules that apply must pass; none can open what another closes.
//! - **Every step is said**, in English and Chinese, with the id of the rule and the input it read.

mod approval;
mod assertion;
mod canonical;
mod checks;
mod clearance;
mod device;
mod error;
mod explain;
mod ids;
mod judge;
mod lane;
mod market;
mod policy;
mod release;
mod standing;
mod text;
mod verdict;
mod words;

pub use approval::{
    Application, Approval, ApprovalFile, ApprovalKind, ApprovalRecord, ApprovalState,
    ApprovedModel, Attached, BeyondCalendar, Calendar, ClockEvent, Document, Entity, FiledConflict,
    FiledImport, FiledModel, FiledModels, LifecycleStep, Material, MaterialityRule, NumberFormat,
    Party, Procedure, Procedures, Role, RowNote, Scope, SignedApproval, SignedStep, Signer,
    SignerKey, StatutoryClock, StepKind, StepProblem, TrustedSigners, Uscc, deadline,
};
pub use assertion::{
    Asked, AssertionKey, AssertionKeys, AssertionVerifier, DeviceKey, Grace, IssuedAssertion,
    Matches, Presented, Proof, RetiredKey, Thumbprint, VerifiedAssertion,
};
pub use clearance::{Clearance, clear};
pub use device::{
    AgeBand, AssistantMode, BootVolume, Cellular, Confidence, Device, DeviceClass, Input,
    InputName, InputSource, InputStatus, LanguageTag, OsVersion, Places, Platform, Provenance,
    Provenances, Region, Sharing, Subdivision, Waitlist,
};
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use error::PolicyError;
pub use ids::{Digest, FeatureId, KillId, MarketId, ModelId, PartnerId, ProfileId};
pub use jiff::Timestamp;
pub use judge::{judge, judge_asserted, judge_remembering};
pub use market::{
    ApprovalDuty, Basis, Certainty, Demand, Duty, DutyKind, DutyValue, Elsewhere, FeatureSelector,
    FeatureTerms, Market, MarketFile, MarketState, MarketStatus, Overlay, PictureDuty, Residency,
    Rule, Source, Surface, Terms,
};
pub use policy::{Policy, PolicySource};
pub use release::{Change, ChangeBasis, ChangeKind, ModelRef, Release, ReleasedFeature};
pub use standing::{
    Conduct, Conflict, Drift, Freshness, Hand, HighWater, Kill, KillScope, Lapse, Lift, LiftState,
    Limits, Managed, Management, Measure, PackAge, Part, Profile, Sanction, Step, StrikeRules,
    Switch, Tier, Turns,
};
pub use text::{Text, UiLanguage};
pub use verdict::{Answer, Outcome, Reason, Stage, Verdict};
