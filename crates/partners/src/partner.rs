//! One configured partner: what every request to it has in common, made once.

use std::{borrow::Cow, sync::OnceLock};

use http::{
    HeaderMap, HeaderValue, Uri,
    header::{AUTHORIZATION, HOST, USER_AGENT},
};
use rustls::ClientConfig;
use yumen_policy::{PartnerId, Region};
use yumen_wire::{Dialect, PartnerError, PartnerErrorKind};

use crate::{
    AskError, BaseUrl, Clocks, PartnerConfig, PartnersError,
    connect::{self, Pool},
    key::Key,
    wait::Clock,
};

const AGENT: &str = concat!("yumen/", env!("CARGO_PKG_VERSION"));

/// A partner we can ask.
#[derive(Debug)]
pub(crate) struct Partner {
    pub(crate) id: PartnerId,
    pub(crate) protocol: Dialect,
    pub(crate) emulated: bool,
    pub(crate) clocks: Clocks,
    pub(crate) pool: Pool,
    /// Where its endpoint processes; none when nobody said.
    pub(crate) region: Option<Region>,
    pub(crate) base_url: BaseUrl,
    key: Option<Key>,
    /// The headers of every request.
    pub(crate) common: HeaderMap,
    /// The address of the protocol's path. A protocol has one; another would be formed anew.
    pub(crate) address: OnceLock<(Cow<'static, str>, Uri)>,
}

impl Partner {
    /// Reads the key and makes ready; opens no connection.
    pub(crate) fn new(config: PartnerConfig, tls: ClientConfig) -> Result<Self, PartnersError> {
        let PartnerConfig { id, protocol, base_url, region, keys, emulated, clocks, .. } = config;
        let key = keys.first().map(|key| Key::read(&id, key)).transpose()?.flatten();
        let mut common = HeaderMap::new();
        let host = HeaderValue::from_str(base_url.authority()).map_err(|_| {
            PartnersError::BaseUrl { url: base_url.to_string(), what: "has no host" }
        })?;
        common.insert(HOST, host);
        common.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if let Some(key) = &key {
            common.insert(AUTHORIZATION, key.bearer().clone());
        }
        let pool = connect::pool(tls);
        let address = OnceLock::new();
        Ok(Self { id, protocol, emulated, clocks, pool, region, base_url, key, common, address })
    }

    /// The error of a clock that ran out.
    pub(crate) fn timeout(&self, clock: Clock) -> AskError {
        let partner = self.id.clone();
        match clock {
            Clock::Connect => AskError::ConnectTimeout { partner, limit: self.clocks.connect },
            Clock::FirstToken => {
                AskError::FirstTokenTimeout { partner, limit: self.clocks.first_token }
            }
            Clock::Gap => AskError::GapTimeout { partner, limit: self.clocks.gap },
            Clock::Headers => AskError::HeadersTimeout { partner, limit: self.clocks.headers },
            Clock::Total => AskError::TotalTimeout { partner, limit: self.clocks.total },
        }
    }

    /// The error of a connection that broke.
    pub(crate) fn interrupted(&self, cause: &dyn std::error::Error) -> AskError {
        AskError::Interrupted { partner: self.id.clone(), cause: root_cause(cause) }
    }

    /// The error a partner told us about, without anything of the key, written to the log by its
    /// codes alone.
    pub(crate) fn told(&self, mut error: PartnerError) -> AskError {
        if let Some(key) = &self.key {
            // Partners repeat a wrong key, whole or with a gap in the middle.
            if error.kind == PartnerErrorKind::Auth || key.stands_in(&error.message) {
                error.message.clear();
            }
            error.code = error.code.filter(|code| !key.stands_in(code));
            error.request_id = error.request_id.filter(|id| !key.stands_in(id));
        }
        tracing::debug!(
            partner = %self.id,
            kind = error.kind.code(),
            status = error.status,
            code = error.code.as_deref().and_then(as_token),
            request_id = error.request_id.as_deref().and_then(as_token),
            "the partner answered with an error"
        );
        AskError::Partner { partner: self.id.clone(), error, retry_after: None }
    }

    /// The error of an answer that is not in the partner's protocol.
    pub(crate) fn malformed(&self, status: u16, message: &str) -> AskError {
        self.told(PartnerError::malformed(Some(status), message))
    }
}

/// The innermost cause: what the system or the TLS library said.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// A partner's code or id if it looks like one; prose could be a person's text.
fn as_token(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (text.len() <= 80 && text.bytes().all(plain)).then_some(text)
}
