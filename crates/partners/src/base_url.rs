//! The address of a partner: absolute, and encrypted unless it is on this machine.

use std::{fmt, net::IpAddr, str::FromStr};

use http::{
    Uri,
    uri::{Authority, PathAndQuery, Scheme},
};
use serde::{Deserialize, Serialize};

use crate::PartnersError;

/// An absolute address without query: `https` anywhere, `http` only on this machine, since a key
/// and a person's text travel over it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    path: String, // without the trailing slash
}

impl BaseUrl {
    /// Host and port, as the `Host` header carries them.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The path, without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether connections are encrypted; otherwise they stay on this machine.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The address of one of the protocol's paths.
    ///
    /// # Errors
    /// When the path is none.
    pub fn join(&self, path: &str) -> Result<Uri, http::Error> {
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = PathAndQuery::try_from(format!("{}{slash}{path}", self.path))?;
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
    }
}

impl FromStr for BaseUrl {
    type Err = PartnersError;

    fn from_str(text: &str) -> Result<Self, PartnersError> {
        let bad = |what| PartnersError::BaseUrl { url: without_user_info(text), what };
        let uri: Uri = text.parse().map_err(|_| bad("is not an address"))?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(bad("must be absolute, such as https://api.openai.com/v1"));
        };
        if authority.as_str().contains('@') {
            return Err(bad("must not hold a user or password; the key has its own place"));
        }
        if text.contains(['?', '#']) {
            return Err(bad("must not have a query or a fragment"));
        }
        let plain = match scheme.as_str() {
            "https" => false,
            "http" => true,
            _ => return Err(bad("must begin with https:// or, on this machine, http://")),
        };
        if plain && !is_this_machine(authority.host()) {
            return Err(bad("must be https: plain http is allowed only to this machine"));
        }
        let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path);
        Ok(Self { scheme, authority, path: path.trim_end_matches('/').to_owned() })
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = PartnersError;

    fn try_from(text: String) -> Result<Self, PartnersError> {
        text.parse()
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.to_string()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The text for an error message, without what may be a password.
fn without_user_info(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}://{}", &text[..scheme], &text[at + 1..])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_with_exactly_one_slash() {
        for base in ["https://api.example.com/v1", "https://api.example.com/v1/"] {
            let base: BaseUrl = base.parse().unwrap();
            for path in ["chat/completions", "/chat/completions"] {
                assert_eq!(
                    base.join(path).unwrap().to_string(),
                    "https://api.example.com/v1/chat/completions"
                );
            }
        }
        let bare: BaseUrl = "http://127.0.0.1:9100".parse().unwrap();
        assert_eq!(bare.join("/x").unwrap().to_string(), "http://127.0.0.1:9100/x");
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for good in
            ["http://127.0.0.1:1/v1", "http://localhost:1", "http://[::1]:1", "https://a.cn"]
        {
            assert!(good.parse::<BaseUrl>().is_ok(), "{good} was refused");
        }
        for bad in [
            "http://api.openai.com/v1",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
        ] {
            assert!(bad.parse::<BaseUrl>().is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn what_does_not_belong_in_an_address_is_refused() {
        for bad in ["", "/v1", "api.openai.com", "https://a.cn/v1?x=1", "https://a.cn/#x"] {
            assert!(bad.parse::<BaseUrl>().is_err(), "{bad} was taken");
        }
        let error = "https://me:secret@a.cn".parse::<BaseUrl>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
