//! One configured partner: what every request to it has in common, made once.

use std::{
    borrow::Cow,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{
    HeaderMap, HeaderValue, Uri,
    header::{HOST, USER_AGENT},
};
use rustls::ClientConfig;
use yumen_policy::{PartnerId, Region};
use yumen_wire::{Dialect, PartnerError, PartnerErrorKind, Retry};

use crate::{
    AskError, BaseUrl, Clocks, KeySource, PartnerConfig, PartnersError,
    connect::{self, Pool},
    key::Key,
    keys::{Pick, Rests, pick},
    lane::{Lane, Lanes},
    limit::Limit,
    sticky::Conversation,
    wait::{Clock, Due},
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
    pub(crate) weight: u32,
    pub(crate) priority: u32,
    pub(crate) limit: Limit,
    pub(crate) lanes: Lanes,
    /// At least one; of a partner without keys, one that sends nothing.
    keys: Box<[Key]>,
    /// Keys that are no good for any model.
    pub(crate) dead: Rests,
    /// Whose turn it is.
    turn: AtomicUsize,
    /// The headers of every request with each key.
    common: Box<[HeaderMap]>,
    /// The address of the protocol's path. A protocol has one; another would be formed anew.
    pub(crate) address: OnceLock<(Cow<'static, str>, Uri)>,
}

impl Partner {
    /// Reads the keys and makes ready; opens no connection.
    pub(crate) fn new(config: PartnerConfig, tls: &ClientConfig) -> Result<Self, PartnersError> {
        let PartnerConfig { id, protocol, base_url, region, keys, emulated, .. } = config;
        let sources = if keys.is_empty() { vec![KeySource::None] } else { keys };
        let read = |source| Key::read(&id, source, protocol.auth());
        let keys: Box<[Key]> = sources.iter().map(read).collect::<Result<_, _>>()?;
        let host = HeaderValue::from_str(base_url.authority()).map_err(|_| {
            PartnersError::BaseUrl { url: base_url.to_string(), what: "has no host" }
        })?;
        let common = |key: &Key| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.clone());
            headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
            headers.extend(key.fixed().iter().cloned());
            headers
        };
        let own = config.authorities.map(|path| {
            connect::tls_by(&path).map_err(|why| PartnersError::Authorities {
                partner: id.clone(),
                path,
                why,
            })
        });
        let own = own.transpose()?;
        let tls = own.as_ref().unwrap_or(tls);
        Ok(Self {
            pool: Pool::new(tls, config.http, base_url.is_https()),
            limit: Limit::of(config.concurrency),
            lanes: Lanes::new(config.models, config.breaker, keys.len()),
            dead: Rests::of(keys.len()),
            turn: AtomicUsize::new(0),
            common: keys.iter().map(common).collect(),
            address: OnceLock::new(),
            clocks: config.clocks,
            weight: config.weight,
            priority: config.priority,
            id,
            protocol,
            emulated,
            region,
            base_url,
            keys,
        })
    }

    /// A key for a request to a model: of one conversation the same, else each in its turn. With
    /// `anyway`, also one that is probably no good, but none that was told to wait.
    pub(crate) fn pick(
        &self,
        lane: &Lane,
        conversation: Option<Conversation>,
        now: Duration,
        anyway: bool,
    ) -> Pick {
        let keys = self.keys.len();
        let first = match conversation {
            _ if keys == 1 => 0,
            Some(conversation) => conversation.number(),
            None => self.turn.fetch_add(1, Relaxed),
        };
        if anyway {
            pick(keys, &[&lane.limited], first, now)
        } else {
            pick(keys, &[&self.dead, &lane.barred, &lane.limited], first, now)
        }
    }

    /// Whether all keys rest at a model: none when one is awake; one that is probably no good; or
    /// until when all were told to wait.
    pub(crate) fn keys_rest(&self, lane: &Lane, now: Duration) -> Option<Pick> {
        let keys = self.keys.len();
        match pick(keys, &[&self.dead, &lane.barred, &lane.limited], 0, now) {
            Pick::Key(_) => None,
            Pick::Resting(_) => Some(pick(keys, &[&lane.limited], 0, now)),
        }
    }

    /// How many keys take turns.
    pub(crate) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The headers of every request with a key, and what makes the others.
    pub(crate) fn key(&self, key: usize) -> (&HeaderMap, &Key) {
        (&self.common[key], &self.keys[key])
    }

    /// The error of a clock that ran out.
    pub(crate) fn timeout(&self, due: Due) -> AskError {
        let (partner, limit) = (self.id.clone(), due.limit);
        match due.clock {
            Clock::Connect => AskError::ConnectTimeout { partner, limit },
            Clock::FirstToken => AskError::FirstTokenTimeout { partner, limit },
            Clock::Gap => AskError::GapTimeout { partner, limit },
            Clock::Headers => AskError::HeadersTimeout { partner, limit },
            Clock::Total => AskError::TotalTimeout { partner, limit },
            Clock::Rate => AskError::TooSlow { partner, least: self.clocks.min_tokens_per_second },
        }
    }

    /// The error of a connection that broke.
    pub(crate) fn interrupted(&self, cause: &dyn std::error::Error) -> AskError {
        AskError::Interrupted { partner: self.id.clone(), cause: root_cause(cause) }
    }

    /// The error a partner told us about, without anything of the key, written to the log by its
    /// codes alone.
    pub(crate) fn told(&self, mut error: PartnerError) -> AskError {
        // Partners repeat a wrong key, whole or with a gap in the middle.
        let repeats = |text: &str| self.keys.iter().any(|key| key.stands_in(text));
        if error.kind == PartnerErrorKind::Auth || repeats(&error.message) {
            error.message.clear();
        }
        error.code = error.code.filter(|code| !repeats(code));
        error.request_id = error.request_id.filter(|id| !repeats(id));
        tracing::debug!(
            partner = %self.id,
            kind = error.kind.code(),
            status = error.status,
            code = error.code.as_deref().and_then(as_token),
            request_id = error.request_id.as_deref().and_then(as_token),
            "the partner answered with an error"
        );
        let retry_after = match error.retry {
            Retry::After(wait) => wait,
            Retry::No => None,
        };
        AskError::Partner { partner: self.id.clone(), error: Box::new(error), retry_after }
    }

    /// The error of an answer that is not in the partner's protocol.
    pub(crate) fn malformed(&self, status: u16, message: &str) -> AskError {
        let error = PartnerError {
            kind: PartnerErrorKind::Malformed,
            status: Some(status),
            code: None,
            message: message.to_owned(),
            request_id: None,
            retry: Retry::No,
            moderation: None,
        };
        self.told(error)
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
