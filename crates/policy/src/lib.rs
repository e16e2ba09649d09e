//! The decision of Yumen: may this feature run for this device, here, now, on which models?
//!
//! Everything here is pure. There is no input or output and no clock: a [`Policy`] is an immutable
//! snapshot, time is an argument, and the same arguments give the same answer.
//!
//! ```text
//! Market files ┐
//! FeatureTerms ├─ Policy::new ─▶ Policy ─┬─ judge(device) ────────────▶ Verdict ─ clear ─▶ Clearance
//! Releases     │                         ├─ AssertionKey::issue ─▶ token
//! Approvals    ┘                         └─ judge_asserted(token) ────▶ Verdict
//! ```
//!
//! What the crate promises:
//!
//! - **Closed by default.** An unknown market, an unset input, an input in error, an approval that is
//!   missing, over, too weakly signed or for another release, a clock that went backwards: none of
//!   them gives an eligible verdict, and each says so in its reasons.
//! - **Only [`clear`] makes a [`Clearance`]**, from a fresh eligible verdict of the same policy, and
//!   its models are those of the release it names.
//! - **Rules only take away.** All rules that apply must pass; none can open what another closes.
//! - **Every step is said**, in English and Chinese, with the id of the rule and the input it read.

mod approval;
mod approval_file;
mod approval_signed;
mod approval_signers;
mod assertion;
mod calendar;
mod canonical;
mod checks;
mod clause;
mod clearance;
mod clock;
mod device;
mod device_key;
mod drift;
mod duty;
mod error;
mod explain;
mod filed;
mod filed_table;
mod freshness;
mod grace;
mod ids;
mod input;
mod judge;
mod keys;
mod kill;
mod lane;
mod lapse;
mod lifecycle;
mod lifecycle_replay;
mod limits;
mod management;
mod market;
mod market_file;
mod matches;
mod places;
mod policy;
mod possession;
mod procedure;
mod release;
mod release_diff;
mod rule;
mod selector;
mod switch;
mod terms;
mod text;
mod uscc;
mod values;
mod verdict;
mod words;

pub use approval::{
    Application, Approval, ApprovalKind, ApprovalRecord, ApprovalState, ApprovedModel, Entity,
    Material, Scope,
};
pub use approval_file::{ApprovalFile, Attached};
pub use approval_signed::SignedApproval;
pub use approval_signers::{Role, Signer, SignerKey, TrustedSigners};
pub use assertion::{IssuedAssertion, Presented, VerifiedAssertion};
pub use calendar::{BeyondCalendar, Calendar, deadline};
pub use clearance::{Clearance, clear};
pub use clock::HighWater;
pub use device::Device;
pub use device_key::{DeviceKey, Thumbprint};
pub use drift::Drift;
pub use duty::{Duty, DutyKind, DutyValue};
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use error::PolicyError;
pub use filed::{FiledConflict, FiledImport, FiledModel, FiledModels, RowNote};
pub use freshness::{Freshness, PackAge, Part, Step, Turns};
pub use grace::Grace;
pub use ids::{Digest, FeatureId, KillId, MarketId, ModelId, PartnerId, ProfileId};
pub use input::{Input, InputName, InputSource, InputStatus, Provenance, Provenances};
pub use jiff::Timestamp;
pub use judge::{judge, judge_asserted, judge_remembering};
pub use keys::{AssertionKey, AssertionKeys, AssertionVerifier, RetiredKey};
pub use kill::{Hand, Kill, KillScope, Lift, LiftState};
pub use lapse::Lapse;
pub use lifecycle::{LifecycleStep, SignedStep, StepKind, StepProblem};
pub use limits::{Limits, Tier};
pub use management::{Conflict, Managed, Management, Profile};
pub use market::{ApprovalDuty, Market, MarketState, MarketStatus, Residency};
pub use market_file::{Elsewhere, MarketFile, Overlay};
pub use matches::Matches;
pub use places::{Confidence, Places, Subdivision};
pub use policy::{Policy, PolicySource};
pub use possession::{Asked, Proof};
pub use procedure::{
    ClockEvent, Document, MaterialityRule, NumberFormat, Party, Procedure, Procedures,
    StatutoryClock,
};
pub use release::{ModelRef, Release, ReleasedFeature};
pub use release_diff::{Change, ChangeBasis, ChangeKind};
pub use rule::{Basis, Certainty, Rule, Source};
pub use selector::FeatureSelector;
pub use switch::Switch;
pub use terms::{FeatureTerms, Surface, Terms};
pub use text::{Text, UiLanguage};
pub use uscc::Uscc;
pub use values::{
    AgeBand, AssistantMode, BootVolume, Cellular, DeviceClass, LanguageTag, OsVersion, Platform,
    Region, Sharing, Waitlist,
};
pub use verdict::{Answer, Outcome, Reason, Stage, Verdict};
