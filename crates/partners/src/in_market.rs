//! The endpoint of a partner, proved to lie where a market lets its requests be processed.
//!
//! A market may say where what is asked in it must be processed (`[residency]`). A partner's models
//! may all be there, and the configured address may still lead elsewhere: to the partner's host for
//! another part of the world. So the address is looked at by itself, and an address of which nobody
//! said where it leads counts as elsewhere.

use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header::InvalidHeaderValue};
use http_body_util::Full;
use yumen_policy::{Clearance, PartnerId, Region};
use yumen_wire::Outgoing;

use crate::{RouteError, partner::Partner};

/// A partner whose endpoint lies inside the market of one clearance. A request that carries anything
/// of a person's is made by nothing else; the operator's fixed question (`probe.rs`) carries nothing.
#[derive(Clone, Debug)]
pub(crate) struct InMarket(Arc<Partner>);

/// A partner that was passed over because of where its address leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The partner.
    pub partner: PartnerId,
    /// Where its endpoint processes; none when nobody said.
    pub region: Option<Region>,
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            Some(region) => write!(f, "{} is configured at an address in {region}", self.partner),
            None => write!(f, "{} is configured at an address in no stated region", self.partner),
        }
    }
}

impl InMarket {
    /// The partner, if its endpoint lies where the market of this clearance lets its requests be
    /// processed.
    pub(crate) fn of(partner: &Arc<Partner>, clearance: &Clearance) -> Result<Self, Stray> {
        let within = clearance.residency().is_none_or(|residency| {
            partner.region.is_some_and(|region| residency.processing().contains(&region))
        });
        if within {
            Ok(Self(Arc::clone(partner)))
        } else {
            Err(Stray { partner: partner.id.clone(), region: partner.region })
        }
    }

    /// The address of a path of the protocol.
    #[expect(clippy::ptr_arg, reason = "what is borrowed for ever is kept as it is")]
    pub(crate) fn address(&self, path: &Cow<'static, str>) -> Result<Uri, RouteError> {
        if let Some((known, uri)) = self.0.address.get()
            && known == path
        {
            return Ok(uri.clone());
        }
        let uri = self.0.base_url.join(path).map_err(|_| RouteError::Address(self.0.id.clone()))?;
        let _ = self.0.address.set((path.clone(), uri.clone())); // the first one stays
        Ok(uri)
    }

    /// The request that carries what `wire` encoded, with one of the partner's keys.
    pub(crate) fn request(
        &self,
        address: &Uri,
        outgoing: &Outgoing,
        key: usize,
    ) -> Request<Full<Bytes>> {
        let (common, key) = self.0.key(key);
        let mut headers = common.clone();
        for (name, value) in &outgoing.headers {
            // They are `wire`'s own constants, or a dialect's; what is no header is left out.
            let (name, value) = (HeaderName::from_bytes(name.as_bytes()), header_value(value));
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.insert(name, value);
            }
        }
        key.authorise(&mut headers, self.0.base_url.authority(), outgoing, now_unix);
        let mut request = Request::new(Full::new(outgoing.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.clone();
        *request.headers_mut() = headers;
        request
    }
}

/// A header's value; nothing is allocated for a constant.
#[expect(clippy::ptr_arg, reason = "what is borrowed for ever is not copied")]
fn header_value(value: &Cow<'static, str>) -> Result<HeaderValue, InvalidHeaderValue> {
    match value {
        Cow::Borrowed(value) => Ok(HeaderValue::from_static(value)),
        Cow::Owned(value) => HeaderValue::from_str(value),
    }
}

/// The time in seconds since 1970, as partners' dates and signatures count it.
pub(crate) fn now_unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Deref for InMarket {
    type Target = Partner;

    fn deref(&self) -> &Partner {
        &self.0
    }
}
