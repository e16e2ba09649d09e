//! What can be done at the desk.

use serde::{Deserialize, Serialize};
use yumen_policy::{
    Application, ApprovalFile, Drift, FeatureSelector, MarketId, ModelId, PartnerId, Release, Role,
    SignedApproval, SignedStep, StepKind,
};

use crate::actor::Duty;
use crate::approvals::StepOrder;
use crate::keeping::Keeping;
use crate::packs::{Grounds, InstallOrder};
use crate::reports::{ReportOrder, Ruling};

/// One thing somebody does at the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Stops a feature, market, partner or model, from the next request on.
    Kill(KillOrder),
    /// Asks to lift a kill, or lifts one that somebody asked to lift.
    Lift {
        /// The kill's id.
        id: String,
    },
    /// Looks at the kills.
    Kills,
    /// Writes a draft, or writes one anew.
    Draft {
        /// What is asked for.
        application: Application,
        /// The signed step.
        step: SignedStep,
    },
    /// Takes a step with an approval.
    Step {
        /// Its number, or its case while it has none.
        approval: String,
        /// Which step.
        kind: StepKind,
        /// The step, signed or to be signed here.
        order: StepOrder,
    },
    /// Adds people's signatures to an approval's record.
    Sign {
        /// Its number, or its case.
        approval: String,
        /// The same record with more signatures.
        signed: SignedApproval,
    },
    /// Takes in an approval that enough people have signed, whole.
    Import {
        /// The approval with its signatures and steps.
        file: ApprovalFile,
    },
    /// Takes an approval out of the store.
    Remove {
        /// Its number, or its case.
        approval: String,
    },
    /// Verifies an approval without taking it in.
    Verify {
        /// The approval with its signatures and steps.
        file: ApprovalFile,
    },
    /// Looks at the approvals.
    Approvals,
    /// Looks at one approval and its file.
    Approval {
        /// Its number, or its case.
        approval: String,
    },
    /// Keeps a release bundle.
    AddRelease {
        /// The bundle.
        release: Release,
    },
    /// Looks at the releases.
    Releases,
    /// Looks at one release.
    Release {
        /// Its digest, or a beginning of it.
        digest: String,
    },
    /// Merges a part of the regulator's list of filed models into what is here.
    ImportFiled {
        /// The part as it is published: CSV or TSV with its headings.
        list: String,
    },
    /// Looks into the list of filed models.
    FiledModels {
        /// A number, or a text that occurs in a number, name or entity; none shows all.
        query: Option<String>,
    },
    /// Installs a screen pack, in the place of the one of its name.
    InstallPack(InstallOrder),
    /// Takes an installed screen pack out of force.
    RemovePack {
        /// Its name.
        pack: String,
        /// Why and at whose request.
        grounds: Grounds,
    },
    /// Looks at the screen packs.
    Packs,
    /// Takes in what a person reports.
    Report(ReportOrder),
    /// Looks, for a person, at a report that came with their app's key.
    ReportStatus {
        /// Its number.
        report: String,
        /// The id of the app key.
        caller: String,
    },
    /// Looks at the reports.
    Reports {
        /// Those that are decided, in place of those that wait.
        decided: bool,
    },
    /// Looks at one report and reads what the person wrote.
    ShowReport {
        /// Its number.
        report: String,
    },
    /// Decides on a report.
    Decide {
        /// Its number.
        report: String,
        /// What is decided.
        ruling: Ruling,
        /// What the person is told.
        answer: String,
    },
    /// Looks at the people whose inputs were refused.
    People,
    /// Looks at one of them.
    Person {
        /// Their pseudonym.
        person: String,
    },
    /// Frees a person who is limited or suspended, and counts anew.
    LiftPerson {
        /// Their pseudonym.
        person: String,
    },
    /// Tells of a model that drifted.
    Drift(Drift),
    /// Looks at the drifts, with the change filings they call for.
    Drifts,
    /// Looks into the ledger.
    Entries {
        /// The first entry's place; without it the last ones are shown.
        from: Option<u64>,
        /// How many.
        limit: u64,
    },
    /// Concerns how long the record is kept.
    Keep(Keeping),
    /// Trusts a person's public key.
    AddSigner {
        /// The public key (`ed25519:...`).
        key: String,
        /// Who signs with it.
        name: String,
        /// In which role.
        role: Role,
    },
    /// Trusts a public key no longer.
    RemoveSigner {
        /// The public key.
        key: String,
    },
    /// Looks at the trusted signers.
    Signers,
    /// Makes an admin key.
    AddAdminKey {
        /// Whose it is.
        name: String,
        /// What they may do.
        role: Role,
    },
    /// Revokes an admin key.
    RevokeAdminKey {
        /// Its id.
        id: String,
    },
    /// Looks at the admin keys.
    AdminKeys,
    /// Looks at the keys that sign assertions.
    AssertionKeys,
    /// Signs assertions with a new key.
    RotateAssertionKey {
        /// Whether what the key before it signed is refused at once.
        revoke: bool,
    },
    /// Refuses what a former assertion key signed.
    RevokeAssertionKey {
        /// The key's id.
        kid: String,
    },
}

/// What is to be stopped: everything that all given members fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillOrder {
    /// A feature such as `assistant.chat`, a family such as `writing.*`, or every feature (`*`).
    pub feature: FeatureSelector,
    /// One market; nothing is every market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketId>,
    /// One partner; nothing is every partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// One model; nothing is every model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// Why, in the operator's words.
    pub reason: String,
}

impl Action {
    /// Whether it only looks, and changes nothing.
    pub fn looks(&self) -> bool {
        self.duty() == Duty::Read
            || matches!(self, Self::ShowReport { .. } | Self::ReportStatus { .. })
    }

    /// What it asks of its actor.
    pub fn duty(&self) -> Duty {
        match self {
            Self::Kills
            | Self::Approvals
            | Self::Approval { .. }
            | Self::Verify { .. }
            | Self::Releases
            | Self::Release { .. }
            | Self::Drifts
            | Self::Packs
            | Self::Reports { .. }
            | Self::People
            | Self::Person { .. }
            | Self::FiledModels { .. }
            | Self::Entries { .. }
            | Self::Keep(Keeping::Holds)
            | Self::Signers
            | Self::AdminKeys
            | Self::AssertionKeys => Duty::Read,
            Self::Draft { .. } => Duty::Step(StepKind::Draft),
            Self::Step { kind, .. } => Duty::Step(*kind),
            Self::Sign { .. } => Duty::Sign,
            Self::Import { .. } => Duty::Step(StepKind::Granted),
            Self::Remove { .. } => Duty::Step(StepKind::Revoked),
            Self::AddRelease { .. } | Self::ImportFiled { .. } => Duty::Write,
            Self::InstallPack(_) | Self::RemovePack { .. } => Duty::Screen,
            Self::ShowReport { .. } | Self::Decide { .. } | Self::LiftPerson { .. } => Duty::Answer,
            Self::Drift(_) | Self::Report(_) | Self::ReportStatus { .. } => Duty::Tell,
            Self::Kill(_) | Self::Lift { .. } => Duty::Stop,
            Self::Keep(_) => Duty::Keep,
            Self::RotateAssertionKey { .. } | Self::RevokeAssertionKey { .. } => Duty::Operate,
            Self::AddSigner { .. }
            | Self::RemoveSigner { .. }
            | Self::AddAdminKey { .. }
            | Self::RevokeAdminKey { .. } => Duty::Entrust,
        }
    }
}
