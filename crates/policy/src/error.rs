//! What can go wrong when the policy is fed: every way, with what to do about it.

use thiserror::Error;

use crate::{
    BeyondCalendar, Digest, FeatureId, KillId, MarketId, Region, Role, StepKind, StepProblem,
};

/// Why a value, a catalogue, an approval or an assertion was not accepted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A name, code or tag does not have its form.
    #[error("`{value}` is not a {what}: {form}")]
    Form {
        /// What the value was meant to be.
        what: &'static str,
        /// The value, cut to 40 characters.
        value: String,
        /// The form it must have.
        form: &'static str,
    },
    /// The description of a device is not valid JSON of the expected shape.
    #[error("the device description is not usable: {0}")]
    Device(String),
    /// A market file is not valid TOML of the expected shape.
    #[error("the market file is not usable: {0}")]
    MarketSyntax(#[from] toml::de::Error),
    /// A market file reads well but says something that cannot be.
    #[error("market `{market}`: {problem}")]
    Market {
        /// The market whose file it is.
        market: MarketId,
        /// What to change in the file.
        problem: String,
    },
    /// Two markets of one policy have the same id.
    #[error("market `{0}` is given twice; remove one of the files")]
    MarketTwice(MarketId),
    /// A purchase region belongs to two markets, so a device could not be assigned to one.
    #[error("region {region} belongs to both `{first}` and `{second}`; it can belong to one only")]
    RegionTwice {
        /// The region.
        region: Region,
        /// The market that was read first.
        first: MarketId,
        /// The market that claims it too.
        second: MarketId,
    },
    /// Two features of one policy have the same id.
    #[error("feature `{0}` is given twice; remove one of the files")]
    FeatureTwice(FeatureId),
    /// The eligibility terms of a feature contradict themselves.
    #[error("feature `{feature}`: {problem}")]
    Terms {
        /// The feature whose terms they are.
        feature: FeatureId,
        /// What to change in its `[eligibility]` table.
        problem: String,
    },
    /// A release cannot be part of this policy.
    #[error("release {release}: {problem}")]
    Release {
        /// The digest of the release.
        release: Digest,
        /// What is wrong with it.
        problem: String,
    },
    /// An approval record is not valid JSON of the expected shape.
    #[error("the approval record is not usable: {0}")]
    ApprovalSyntax(#[from] serde_json::Error),
    /// An approval record reads well but says something that cannot be.
    #[error("approval `{number}`: {problem}")]
    Approval {
        /// The number the record bears.
        number: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A signature of a trusted signer does not fit the record: it was changed after signing.
    #[error(
        "approval `{number}`: the signature of {key} does not fit the record; it was altered after signing"
    )]
    ApprovalSignature {
        /// The number the record bears.
        number: String,
        /// The signer whose signature does not fit.
        key: String,
    },
    /// Too few trusted signers signed the record.
    #[error(
        "approval `{number}`: {found} trusted signature(s), {required} needed; have another trusted person sign it"
    )]
    ApprovalSigners {
        /// The number the record bears.
        number: String,
        /// Distinct trusted signers found.
        found: usize,
        /// Distinct trusted signers needed.
        required: usize,
    },
    /// A command about a kill cannot be followed.
    #[error("kill `{kill}`: {problem}")]
    Kill {
        /// The kill.
        kill: KillId,
        /// Why not, and what to do.
        problem: String,
    },
    /// A management profile says something that cannot be.
    #[error("the management profile is not usable: {0}")]
    Management(String),
    /// The stored assertion keys contradict themselves.
    #[error("the assertion keys are not usable: {0}")]
    AssertionKeys(String),
    /// Too few signed, and whoever wrote the filing is among those who did.
    #[error(
        "approval `{number}`: {name} wrote the filing, so this signature does not count; {found} of {required}: have another person sign it"
    )]
    ApprovalOwnFiling {
        /// The number the record bears.
        number: String,
        /// Who wrote it and signed it.
        name: String,
        /// Distinct people whose signatures count.
        found: usize,
        /// Distinct people needed.
        required: usize,
    },
    /// Too few signed, and somebody whose role opens nothing is among those who did.
    #[error(
        "approval `{number}`: {name} is {role}, so this signature does not count; {found} of {required}: have an approver or legal sign it"
    )]
    ApprovalRole {
        /// The number the record bears.
        number: String,
        /// Who signed.
        name: String,
        /// What they may do.
        role: Role,
        /// Distinct people whose signatures count.
        found: usize,
        /// Distinct people needed.
        required: usize,
    },
    /// Too few signed, and somebody signed with two keys.
    #[error(
        "approval `{number}`: {name} signed with two keys and counts once; {found} of {required}: have another person sign it"
    )]
    ApprovalSamePerson {
        /// The number the record bears.
        number: String,
        /// Who signed twice.
        name: String,
        /// Distinct people whose signatures count.
        found: usize,
        /// Distinct people needed.
        required: usize,
    },
    /// There is an application and no decision.
    #[error("`{case}` is not granted yet; record the decision with `yumen approval grant`")]
    ApprovalNotGranted {
        /// The operator's name for the matter.
        case: String,
    },
    /// What was granted is more, or something else, than what was asked for.
    #[error(
        "approval `{number}`: its `{field}` goes beyond the application; correct it, or draft a new application"
    )]
    ApprovalBeyond {
        /// The number the record bears.
        number: String,
        /// The field that differs.
        field: &'static str,
    },
    /// A step on the way of an approval does not hold.
    #[error("approval `{approval}`, step {step} (`{kind}`): {problem}")]
    Step {
        /// The approval, as the step names it.
        approval: String,
        /// Which step, beginning with 1.
        step: usize,
        /// What the step is.
        kind: StepKind,
        /// Why it does not hold.
        problem: StepProblem,
    },
    /// A calendar file is not usable.
    #[error("the calendar is not usable: {0}")]
    Calendar(String),
    /// A day lies beyond the calendar.
    #[error(transparent)]
    BeyondCalendar(#[from] BeyondCalendar),
    /// A procedure file is not usable.
    #[error("procedure `{kind}`: {problem}")]
    Procedure {
        /// The kind of decision it is about, or `?` if that could not be read.
        kind: String,
        /// What to change in the file.
        problem: String,
    },
    /// A list of filed models is not usable.
    #[error("the list of filed models is not usable: {0}")]
    FiledModels(String),
    /// An assertion is not of the form `payload.signature`, or its payload is malformed.
    #[error("the assertion is malformed; ask for a new one")]
    AssertionSyntax,
    /// No key this gate knows made the signature of the assertion.
    #[error("the assertion was not signed by this gate, or was altered; ask for a new one")]
    AssertionSignature,
    /// The assertion ended.
    #[error("the assertion has expired; ask for a new one")]
    AssertionExpired,
    /// The assertion begins in the future: this clock or the issuer's has moved.
    #[error("the assertion begins in the future; check the clock, then ask for a new one")]
    AssertionNotYetValid,
    /// The assertion claims to live longer than an assertion may.
    #[error("the assertion claims a longer life than one hour; ask for a new one")]
    AssertionLifetime,
    /// The assertion is bound to a device key, and nothing proves that its holder asks.
    #[error("the assertion is bound to a device key; send a proof of possession with it")]
    PossessionMissing,
    /// A proof of possession does not prove what it must.
    #[error("the proof of possession is not valid: {en}")]
    PossessionInvalid {
        /// What is wrong, in English.
        en: &'static str,
        /// What is wrong, in Chinese.
        zh: &'static str,
    },
    /// A grace ticket is malformed, altered, or not of this device.
    #[error("the grace ticket is not valid: {en}; leave it out")]
    Grace {
        /// What is wrong, in English.
        en: &'static str,
        /// What is wrong, in Chinese.
        zh: &'static str,
    },
}

impl PolicyError {
    /// An error about the form of a value; long values are cut so that an error stays short.
    pub(crate) fn form(what: &'static str, value: &str, form: &'static str) -> Self {
        const SHOWN: usize = 40;
        let mut shown: String = value.chars().take(SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        Self::Form { what, value: shown, form }
    }
}
