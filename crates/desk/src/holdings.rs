//! What the store holds of that a policy is made from, verified as it is read.

use yumen_policy::{
    Approval, ApprovalFile, Drift, FiledModels, Kill, Market, MarketId, PolicyError, Release, Role,
    Signer, SignerKey, TrustedSigners,
};
use yumen_store::{Store, StoreError};

use crate::{Book, DeskError};

/// What people decided, as far as it holds: the store's part of a policy's source.
#[derive(Debug, Default)]
pub struct Holdings {
    /// The approvals that verify. Whether they are in force, time and their steps say.
    pub approvals: Vec<Approval>,
    /// Release bundles, the oldest first.
    pub releases: Vec<Release>,
    /// Kills, lifted ones too.
    pub kills: Vec<Kill>,
    /// Models that drifted.
    pub drifts: Vec<Drift>,
    /// The regulator's list of filed models, once one was imported.
    pub filed: Option<FiledModels>,
}

impl Holdings {
    /// Reads and verifies. `operator` is the installation's own key.
    ///
    /// An approval that does not verify is left out and logged: what it covered is closed. Anything else that cannot
    /// be read is an error: who cannot know what is stopped serves nothing.
    ///
    /// # Errors
    /// [`DeskError::Store`].
    pub fn read(store: &Store, book: &Book, operator: SignerKey) -> Result<Self, DeskError> {
        let trusted = trusted_signers(store, operator)?;
        let mut approvals = Vec::new();
        for stored in store.list_approvals()? {
            if stored.removed_at.is_some() {
                continue;
            }
            let verified = ApprovalFile::parse(stored.record.as_bytes()).and_then(|file| {
                let required = book.required(file.market());
                file.verify(&trusted, required)
            });
            match verified {
                Ok(approval) => approvals.push(approval),
                Err(
                    PolicyError::ApprovalNotGranted { .. } | PolicyError::ApprovalSigners { .. },
                ) => {
                    tracing::info!(number = stored.number, "approval is not in force yet");
                }
                Err(error) => {
                    tracing::error!(number = stored.number, %error, "approval left out");
                }
            }
        }
        Ok(Self {
            approvals,
            releases: releases(store)?,
            kills: kills(store)?,
            drifts: drifts(store)?,
            filed: filed(store)?,
        })
    }
}

/// The people whose signatures count or did, and the installation itself as one of the operators. One whose role is
/// none of this program's may do nothing.
pub(crate) fn trusted_signers(
    store: &Store,
    operator: SignerKey,
) -> Result<TrustedSigners, DeskError> {
    let mut signers = vec![Signer::new(operator, "this installation's operator", Role::Operator)];
    for stored in store.list_signers()? {
        let key = stored.key.parse::<SignerKey>();
        match (key, stored.role.parse::<Role>()) {
            (Ok(key), Ok(role)) => {
                let retired = stored.removed_at.is_some();
                signers.push(Signer { retired, ..Signer::new(key, stored.name, role) });
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, signer = stored.name, "signer left out");
            }
        }
    }
    Ok(TrustedSigners::new(signers))
}

pub(crate) fn kills(store: &Store) -> Result<Vec<Kill>, DeskError> {
    store.list_kills()?.iter().map(|stored| parsed("kill", stored)).collect()
}

pub(crate) fn filed(store: &Store) -> Result<Option<FiledModels>, DeskError> {
    let stored = store.filed_list()?;
    let list = stored.map(|(list, _)| FiledModels::parse(list.as_bytes())).transpose();
    list.map_err(|error| {
        let (what, why) = ("list of filed models", error.to_string());
        DeskError::Store(StoreError::Invalid { what, why })
    })
}

pub(crate) fn drifts(store: &Store) -> Result<Vec<Drift>, DeskError> {
    store.list_drifts()?.iter().map(|stored| parsed("drift", &stored.drift)).collect()
}

pub(crate) fn releases(store: &Store) -> Result<Vec<Release>, DeskError> {
    store.list_releases()?.iter().map(|stored| parsed("release", stored)).collect()
}

/// Reads what the desk itself has written.
pub(crate) fn parsed<T: serde::de::DeserializeOwned>(
    what: &'static str,
    stored: &str,
) -> Result<T, DeskError> {
    serde_json::from_str(stored)
        .map_err(|error| DeskError::Store(StoreError::Invalid { what, why: error.to_string() }))
}

/// Writes what the desk keeps.
pub(crate) fn written<T: serde::Serialize>(
    what: &'static str,
    value: &T,
) -> Result<String, DeskError> {
    serde_json::to_string(value)
        .map_err(|error| DeskError::Store(StoreError::Invalid { what, why: error.to_string() }))
}

impl Book {
    /// The market with this id, if this build knows it.
    pub(crate) fn market(&self, id: Option<&MarketId>) -> Option<&Market> {
        self.markets.iter().find(|market| Some(market.id()) == id)
    }

    /// How many people must sign in the market; more than there are anywhere, where the market is unknown.
    pub(crate) fn required(&self, market: Option<&MarketId>) -> usize {
        self.market(market).map_or(usize::MAX, |market| market.approval().signers().max(1))
    }
}
