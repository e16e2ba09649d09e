//! The door: which app asks, in which language it is answered, and on which snapshot it is decided.
//!
//! Every address that needs a key is behind it; who the device is comes later (`caller.rs`).

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Uri, header};
use hyper::body::Incoming;
use yumen_policy::{Input, UiLanguage};

use crate::gate::Gate;
use crate::problem::Problem;
use crate::snapshot::{AppKey, AppKeys, Snapshot};

/// A request of a known app.
pub(crate) struct Visit {
    /// What it is decided on, to its end.
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
    pub(crate) key: Arc<AppKey>,
    /// The person's language.
    pub(crate) language: UiLanguage,
}

impl Visit {
    /// Lets a request in by its app key.
    pub(crate) fn enter(gate: &Gate, request: Request<Incoming>) -> Result<Self, Problem> {
        let snapshot = gate.snapshot.load_full();
        let (parts, body) = request.into_parts();
        let key = Arc::clone(app_key(&parts.headers, &snapshot.keys)?);
        let language = language(&parts.headers, Some(&key));
        let http::request::Parts { method, uri, headers, .. } = parts;
        Ok(Self { snapshot, method, uri, headers, body, key, language })
    }
}

/// The app key of a request.
fn app_key<'keys>(
    headers: &HeaderMap,
    keys: &'keys AppKeys,
) -> Result<&'keys Arc<AppKey>, Problem> {
    let secret = bearer(headers).ok_or_else(|| {
        Problem::new(
            "key_missing",
            "Send the app key as `Authorization: Bearer yk_...`.",
            "请以 `Authorization: Bearer yk_...` 发送应用密钥。",
        )
    })?;
    keys.find(secret).ok_or_else(|| {
        Problem::new(
            "key_unknown",
            "The app key is unknown or was revoked; `yumen keys add` makes one.",
            "应用密钥不存在或已撤销；可用 `yumen keys add` 创建。",
        )
    })
}

/// The secret of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The language to answer in: what the request asks for, else what the key's device speaks.
pub(crate) fn language(headers: &HeaderMap, key: Option<&AppKey>) -> UiLanguage {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    match (asked, key.and_then(|key| key.profile.as_ref())) {
        (None, Some(device)) => match &device.language {
            Input::Set(tag) => UiLanguage::from_tag(tag.as_str()),
            _ => UiLanguage::En,
        },
        (asked, _) => UiLanguage::negotiate(asked),
    }
}
