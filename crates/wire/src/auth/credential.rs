//! A key, read once and kept hidden, and the headers it makes.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::scheme::{Scheme, SecretHeader};
use super::{jwt, tc3};
use crate::protocol::Outgoing;

/// What authorises requests: made of a key's text by [`Credential::parse`].
///
/// `Debug` tells the scheme and nothing of the key.
#[derive(Clone)]
pub struct Credential(Kind);

#[derive(Clone)]
enum Kind {
    None,
    Bearer(Zeroizing<String>),
    Header(SecretHeader, Zeroizing<String>),
    ZhipuJwt(Pair),
    Tc3 { pair: Pair, service: String, version: String, region: Option<String> },
}

/// A key of two parts, of which only the second is secret.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) id: String,
    pub(super) secret: Zeroizing<String>,
}

/// A text that is no key of its [`Scheme`]. Repeats nothing of the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AuthError {
    /// Nothing is there: give the key.
    #[error("the key is empty")]
    Empty,
    /// The text cannot stand in a header: look for a line break, a space or a mark of another script
    /// that was copied along.
    #[error("the key holds white space or characters no key has")]
    NotPrintable,
    /// The scheme signs with a key of two parts: write both.
    #[error("the key must have the form {form}")]
    NotAPair {
        /// The form, such as `SecretId:SecretKey`.
        form: &'static str,
    },
}

/// How often the headers of one [`Credential::authorise`] may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// As long as the key is used.
    Forever,
    /// With any request until so many seconds after they were made.
    Seconds(u64),
    /// Only with the request they were made for.
    Once,
}

impl Credential {
    /// Reads a key; white space around it is taken off.
    ///
    /// # Errors
    /// [`AuthError`], which repeats nothing of the text.
    pub fn parse(scheme: &Scheme, key: &str) -> Result<Self, AuthError> {
        if *scheme == Scheme::None {
            return Ok(Self(Kind::None));
        }
        let key = key.trim_ascii();
        if key.is_empty() {
            return Err(AuthError::Empty);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(AuthError::NotPrintable);
        }
        let whole = || Zeroizing::new(key.to_owned());
        Ok(Self(match scheme {
            Scheme::None => Kind::None,
            Scheme::Bearer => Kind::Bearer(whole()),
            Scheme::Header(name) => Kind::Header(name.clone(), whole()),
            Scheme::ZhipuJwt => Kind::ZhipuJwt(Pair::split(key, '.', "ID.SECRET")?),
            Scheme::Tc3 { service, version, region } => Kind::Tc3 {
                pair: Pair::split(key, ':', "SecretId:SecretKey")?,
                service: service.clone(),
                version: version.clone(),
                region: region.clone(),
            },
        }))
    }

    /// The headers that authorise `outgoing`, to be sent beside its own; names in lower case.
    ///
    /// `host` is the `Host` header as it will be sent, with the port where that is not the
    /// protocol's own: Tencent checks the signature over it. `now_unix` is in seconds.
    pub fn authorise(
        &self,
        host: &str,
        outgoing: &Outgoing,
        now_unix: u64,
    ) -> Vec<(Cow<'static, str>, String)> {
        match &self.0 {
            Kind::None => Vec::new(),
            Kind::Bearer(key) => vec![bearer(key)],
            Kind::Header(name, key) => vec![(name.name(), key.as_str().to_owned())],
            Kind::ZhipuJwt(pair) => vec![bearer(&jwt::token(pair, now_unix.saturating_mul(1_000)))],
            Kind::Tc3 { pair, service, version, region } => {
                let signature = tc3::authorization(pair, service, host, outgoing, now_unix);
                let mut headers = vec![
                    (Cow::Borrowed("x-tc-version"), version.clone()),
                    (Cow::Borrowed("x-tc-timestamp"), now_unix.to_string()),
                    (AUTHORIZATION, signature),
                ];
                headers.extend(region.clone().map(|region| ("x-tc-region".into(), region)));
                headers
            }
        }
    }

    /// How often the headers may be sent before they must be made anew.
    pub fn reuse(&self) -> Reuse {
        match self.0 {
            Kind::None | Kind::Bearer(_) | Kind::Header(..) => Reuse::Forever,
            Kind::ZhipuJwt(_) => Reuse::Seconds(jwt::REUSED_FOR_S),
            Kind::Tc3 { .. } => Reuse::Once,
        }
    }

    /// Whether a text repeats what is secret of the key.
    pub fn stands_in(&self, text: &str) -> bool {
        match &self.0 {
            Kind::None => false,
            Kind::Bearer(key) | Kind::Header(_, key) => text.contains(key.as_str()),
            Kind::ZhipuJwt(pair) | Kind::Tc3 { pair, .. } => text.contains(pair.secret.as_str()),
        }
    }
}

const AUTHORIZATION: Cow<'static, str> = Cow::Borrowed("authorization");

fn bearer(key: &str) -> (Cow<'static, str>, String) {
    (AUTHORIZATION, format!("Bearer {key}"))
}

impl Pair {
    fn split(key: &str, at: char, form: &'static str) -> Result<Self, AuthError> {
        match key.split_once(at) {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => {
                Ok(Self { id: id.to_owned(), secret: Zeroizing::new(secret.to_owned()) })
            }
            _ => Err(AuthError::NotAPair { form }),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::None => "Credential(none)",
            Kind::Bearer(_) => "Credential(bearer, hidden)",
            Kind::Header(..) => "Credential(header, hidden)",
            Kind::ZhipuJwt(_) => "Credential(zhipu-jwt, hidden)",
            Kind::Tc3 { .. } => "Credential(tc3, hidden)",
        })
    }
}
