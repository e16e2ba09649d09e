//! Everything that can go wrong between us and a partner, with the stable code of each.
//!
//! Neither `Display` nor `Debug` of [`AskError`] carries text a partner wrote: a partner's message
//! may repeat what the person wrote.

use std::{fmt, path::PathBuf, time::Duration};

use thiserror::Error;
use yumen_policy::{Drift, FeatureId, MarketId, PartnerId};
use yumen_wire::{PartnerError, WireError, auth::AuthError};

use crate::{Stray, capabilities::Ability};

/// The partners could not be set up; the message says what to change.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PartnersError {
    /// The base URL of a partner cannot be used.
    #[error("the base URL {url:?} {what}")]
    BaseUrl {
        /// The address, without user and password.
        url: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Two partners have one id.
    #[error("two partners are configured with the id {0}")]
    Duplicate(PartnerId),
    /// The environment variable that should hold the key is not set.
    #[error("{partner}: the environment variable {variable} is not set; it must hold the key")]
    KeyUnset {
        /// Whose key.
        partner: PartnerId,
        /// The variable's name.
        variable: String,
    },
    /// The key file cannot be read.
    #[error("{partner}: the key file {path} cannot be read: {source}", path = .path.display())]
    KeyFile {
        /// Whose key.
        partner: PartnerId,
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// What stands in the key's place is no key. The value itself is never repeated.
    #[error("{partner}: {what}; it stands in {stands}")]
    KeyMalformed {
        /// Whose key.
        partner: PartnerId,
        /// Where it was read.
        stands: String,
        /// What is wrong with it.
        what: AuthError,
    },
    /// The file of a partner's certificate authorities cannot be used. It holds one or more certificates in PEM.
    #[error("{partner}: the certificate authorities in {} cannot be used: {why}", path.display())]
    Authorities {
        /// Whose.
        partner: PartnerId,
        /// Where they should be.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The TLS library refused our settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Why no route was found for a prompt.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RouteError {
    /// The prompt is for the on-device engine; no partner is ever asked for it.
    #[error("{0} runs on the device, not at a partner")]
    NotForPartner(FeatureId),
    /// None of the models the clearance allows belongs to a configured partner.
    #[error(
        "no model cleared for {feature} is at a configured partner (cleared: {cleared}); configure one of them"
    )]
    NoPartner {
        /// The feature asked for.
        feature: FeatureId,
        /// The models the clearance allows, as `partner/model`.
        cleared: String,
    },
    /// Every cleared model is at a partner whose configured address leads outside the market.
    #[error("{stray}, outside the market {market}")]
    OutOfMarket {
        /// The market.
        market: MarketId,
        /// The preferred one of those passed over.
        stray: Stray,
    },
    /// None of the cleared models can do what the conversation needs.
    #[error("no model cleared for {feature} can take {what}")]
    NotCapable {
        /// The feature asked for.
        feature: FeatureId,
        /// What the preferred model lacks.
        what: Ability,
    },
    /// The conversation cannot be written in the partner's protocol.
    #[error(transparent)]
    Encode(#[from] WireError),
    /// The partner's address and the protocol's path make no address together.
    #[error("the address of {0} cannot be formed")]
    Address(PartnerId),
}

impl RouteError {
    /// The stable code that goes out in problem details.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotForPartner(_) => "route_not_for_partner",
            Self::NoPartner { .. } => "route_no_partner",
            Self::OutOfMarket { .. } => "endpoint_out_of_market",
            Self::NotCapable { .. } => "route_not_capable",
            Self::Encode(_) => "route_not_encodable",
            Self::Address(_) => "route_address",
        }
    }
}

/// Why a partner gave no answer, or not all of it.
#[derive(Error)]
#[non_exhaustive]
pub enum AskError {
    /// No connection: the name did not resolve, the port is closed, TLS failed.
    #[error("{partner} cannot be reached: {cause}")]
    Unreachable {
        /// Who was asked.
        partner: PartnerId,
        /// What the system said.
        cause: String,
    },
    /// The `connect` clock ran out.
    #[error("{partner} did not accept a connection within {limit:?}")]
    ConnectTimeout {
        /// Who was asked.
        partner: PartnerId,
        /// The clock's setting.
        limit: Duration,
    },
    /// The `headers` clock ran out.
    #[error("{partner} did not begin to answer within {limit:?}")]
    HeadersTimeout {
        /// Who was asked.
        partner: PartnerId,
        /// The clock's setting.
        limit: Duration,
    },
    /// The `first_token` clock ran out.
    #[error("{partner} sent no first token within {limit:?}")]
    FirstTokenTimeout {
        /// Who was asked.
        partner: PartnerId,
        /// The clock's setting.
        limit: Duration,
    },
    /// The `gap` clock ran out.
    #[error("{partner} paused for more than {limit:?} in the middle of its answer")]
    GapTimeout {
        /// Who was asked.
        partner: PartnerId,
        /// The clock's setting.
        limit: Duration,
    },
    /// The `total` clock ran out.
    #[error("{partner} did not finish its answer within {limit:?}")]
    TotalTimeout {
        /// Who was asked.
        partner: PartnerId,
        /// The clock's setting.
        limit: Duration,
    },
    /// The answer came more slowly than `min_tokens_per_second`.
    #[error("{partner} gave fewer than {least} tokens a second")]
    TooSlow {
        /// Who was asked.
        partner: PartnerId,
        /// The least it must give, in tokens a second.
        least: f64,
    },
    /// Not asked at all: the partner bade us wait longer than is worth it, or all its places are
    /// taken.
    #[error("{partner} cannot be asked now")]
    Unavailable {
        /// Who would have been asked.
        partner: PartnerId,
        /// After how long it may be asked again, where that is known.
        retry_after: Option<Duration>,
    },
    /// The connection broke while we waited for the head of the answer, or in the middle of it.
    #[error("the connection to {partner} broke: {cause}")]
    Interrupted {
        /// Who was asked.
        partner: PartnerId,
        /// What the transport said.
        cause: String,
    },
    /// A whole answer is larger than we take.
    #[error("the answer of {partner} is larger than {limit} bytes")]
    TooLarge {
        /// Who was asked.
        partner: PartnerId,
        /// The most we take, in bytes.
        limit: usize,
    },
    /// Another model answered than the approved one. Nothing of what it said is given out.
    #[error("{} answered as another model than {}", .0.partner, .0.model)]
    Drifted(Box<Drift>),
    /// The partner answered with an error, or with something that is no answer.
    #[error("{partner} answered with an error: {}", .error.kind.code())]
    Partner {
        /// Who was asked.
        partner: PartnerId,
        /// What it said, as `wire` understood it. Its message may repeat the person's text: it is
        /// for the person who asked, not for logs.
        error: Box<PartnerError>,
        /// How long the partner asks us to wait, where it said so.
        retry_after: Option<Duration>,
    },
}

impl fmt::Debug for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AskError({}: {self})", self.code())
    }
}

impl AskError {
    /// The stable code that goes out in problem details.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "partner_unreachable",
            Self::ConnectTimeout { .. } => "partner_connect_timeout",
            Self::HeadersTimeout { .. } => "partner_headers_timeout",
            Self::FirstTokenTimeout { .. } => "partner_first_token_timeout",
            Self::GapTimeout { .. } => "partner_gap_timeout",
            Self::TotalTimeout { .. } => "partner_total_timeout",
            Self::TooSlow { .. } => "partner_too_slow",
            Self::Unavailable { .. } => "partner_unavailable",
            Self::Interrupted { .. } => "partner_interrupted",
            Self::TooLarge { .. } => "partner_answer_too_large",
            Self::Drifted(_) => "model_drifted",
            Self::Partner { error, .. } => error.kind.code(),
        }
    }

    /// The partner that was asked.
    pub fn partner(&self) -> &PartnerId {
        match self {
            Self::Unreachable { partner, .. }
            | Self::ConnectTimeout { partner, .. }
            | Self::HeadersTimeout { partner, .. }
            | Self::FirstTokenTimeout { partner, .. }
            | Self::GapTimeout { partner, .. }
            | Self::TotalTimeout { partner, .. }
            | Self::TooSlow { partner, .. }
            | Self::Unavailable { partner, .. }
            | Self::Interrupted { partner, .. }
            | Self::TooLarge { partner, .. }
            | Self::Partner { partner, .. } => partner,
            Self::Drifted(drift) => &drift.partner,
        }
    }

    /// Whether one of our five clocks ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self,
            Self::ConnectTimeout { .. }
                | Self::HeadersTimeout { .. }
                | Self::FirstTokenTimeout { .. }
                | Self::GapTimeout { .. }
                | Self::TotalTimeout { .. }
        )
    }
}
