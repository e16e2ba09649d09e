//! A partner's key: where it stands, how it is read, and that nobody ever sees it.

use std::{
    borrow::Cow,
    fmt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use yumen_policy::PartnerId;
use yumen_wire::{
    Outgoing,
    auth::{AuthError, Credential, Reuse, Scheme},
};
use zeroize::Zeroizing;

use crate::PartnersError;

/// Where a partner's key is read from. Never the key itself: it stands in no configuration file
/// and on no command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// An environment variable, by name.
    Env(String),
    /// A file that holds the key and nothing else; white space around it is taken off.
    File(PathBuf),
    /// No key: nothing is sent. For emulators and servers of one's own on this machine.
    #[default]
    None,
}

/// A key, and the headers it makes.
pub(crate) struct Key {
    credential: Credential,
    made: Headers,
}

/// Headers with their names, the values marked sensitive.
type Secret = Vec<(HeaderName, HeaderValue)>;

enum Headers {
    /// The same for every request.
    Fixed(Secret),
    /// Good until a time, in seconds since 1970.
    Lasting(Mutex<(u64, Secret)>),
    /// Made for each request.
    Each,
}

impl Key {
    /// Reads the key from its source; what the partner wants of it, `scheme` says.
    pub(crate) fn read(
        partner: &PartnerId,
        source: &KeySource,
        scheme: &Scheme,
    ) -> Result<Self, PartnersError> {
        let (raw, stands) = match source {
            KeySource::None => (Vec::new(), String::new()),
            KeySource::Env(name) => {
                let value = std::env::var_os(name).ok_or_else(|| PartnersError::KeyUnset {
                    partner: partner.clone(),
                    variable: name.clone(),
                })?;
                (value.into_encoded_bytes(), format!("the environment variable {name}"))
            }
            KeySource::File(path) => {
                let bytes = std::fs::read(path).map_err(|source| PartnersError::KeyFile {
                    partner: partner.clone(),
                    path: path.clone(),
                    source,
                })?;
                warn_if_readable_by_others(partner, path);
                (bytes, format!("the file {}", path.display()))
            }
        };
        let raw = Zeroizing::new(raw);
        let scheme = if *source == KeySource::None { &Scheme::None } else { scheme };
        let credential = std::str::from_utf8(&raw)
            .map_err(|_| AuthError::NotPrintable)
            .and_then(|text| Credential::parse(scheme, text))
            .map_err(|what| PartnersError::KeyMalformed {
                partner: partner.clone(),
                stands,
                what,
            })?;
        let made = match credential.reuse() {
            Reuse::Forever => {
                // These headers are the key's alone: host, request and time are not looked at.
                let nothing =
                    Outgoing { path: "/".into(), headers: Vec::new(), body: Bytes::new() };
                Headers::Fixed(secret(credential.authorise("", &nothing, 0)))
            }
            Reuse::Seconds(_) => Headers::Lasting(Mutex::new((0, Vec::new()))),
            Reuse::Once => Headers::Each,
        };
        Ok(Self { credential, made })
    }

    /// The headers that are the same for every request.
    pub(crate) fn fixed(&self) -> &[(HeaderName, HeaderValue)] {
        match &self.made {
            Headers::Fixed(headers) => headers,
            Headers::Lasting(_) | Headers::Each => &[],
        }
    }

    /// Adds the headers that are not. `now_unix` gives the time in seconds since 1970.
    pub(crate) fn authorise(
        &self,
        to: &mut HeaderMap,
        host: &str,
        outgoing: &Outgoing,
        now_unix: impl FnOnce() -> u64,
    ) {
        match &self.made {
            Headers::Fixed(_) => {}
            Headers::Lasting(made) => {
                let (now, mut made) =
                    (now_unix(), made.lock().unwrap_or_else(PoisonError::into_inner));
                if made.0 <= now {
                    let Reuse::Seconds(good) = self.credential.reuse() else { return };
                    *made = (now + good, secret(self.credential.authorise(host, outgoing, now)));
                }
                to.extend(made.1.iter().cloned());
            }
            Headers::Each => {
                to.extend(secret(self.credential.authorise(host, outgoing, now_unix())));
            }
        }
    }

    /// Whether a text repeats the key.
    pub(crate) fn stands_in(&self, text: &str) -> bool {
        self.credential.stands_in(text)
    }
}

fn secret(headers: Vec<(Cow<'static, str>, String)>) -> Secret {
    let made = headers.into_iter().filter_map(|(name, value)| {
        // A credential is made of printable characters, so all of them are headers.
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    });
    made.collect()
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

#[cfg(unix)]
fn warn_if_readable_by_others(partner: &PartnerId, path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if let Ok(about) = std::fs::metadata(path)
        && about.permissions().mode() & 0o077 != 0
    {
        tracing::warn!(
            %partner,
            path = %path.display(),
            "other users of this machine can read the key file; chmod 600 it"
        );
    }
}

#[cfg(not(unix))]
fn warn_if_readable_by_others(_: &PartnerId, _: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner() -> PartnerId {
        "qwen".parse().unwrap()
    }

    fn read(content: &str, scheme: &Scheme) -> Result<Key, PartnersError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, content).unwrap();
        Key::read(&partner(), &KeySource::File(path), scheme)
    }

    /// The `Authorization` of a request at this time.
    fn authorization(key: &Key, now: u64) -> HeaderValue {
        let outgoing = Outgoing { path: "/x".into(), headers: Vec::new(), body: Bytes::new() };
        let mut headers = key.fixed().iter().cloned().collect::<HeaderMap>();
        key.authorise(&mut headers, "a.cn", &outgoing, || now);
        headers.remove("authorization").unwrap()
    }

    #[test]
    fn a_key_is_trimmed_and_hidden() {
        let key = read("  sk-secret-1\n", &Scheme::Bearer).unwrap();
        let sent = authorization(&key, 0);
        assert_eq!(sent.as_bytes(), b"Bearer sk-secret-1");
        assert!(sent.is_sensitive());
        assert!(!format!("{key:?} {sent:?}").contains("secret"));
        assert!(key.stands_in("wrong key sk-secret-1 given"));
        assert!(!key.stands_in("wrong key sk-secret given"));
    }

    #[test]
    fn a_token_is_made_anew_when_the_old_one_is_over_and_a_signature_each_time() {
        let key = read("id.secret", &Scheme::ZhipuJwt).unwrap();
        let first = authorization(&key, 1_000);
        assert_eq!(authorization(&key, 1_010), first);
        assert_ne!(authorization(&key, 100_000), first);
        assert!(first.is_sensitive());

        let scheme = Scheme::Tc3 { service: "s".into(), version: "1".into(), region: None };
        let key = read("id:secret", &scheme).unwrap();
        assert_ne!(authorization(&key, 1_000), authorization(&key, 1_001));
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for bad in ["", " \n", "sk-secret two", "sk-secret\u{00e9}", "sk-secret\nsecond"] {
            let error = read(bad, &Scheme::Bearer).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("sk-secret"), "{bad:?} is repeated");
        }
        let error = read("sk-secret", &Scheme::ZhipuJwt).unwrap_err();
        assert!(error.to_string().contains("ID.SECRET") && !error.to_string().contains("sk-"));
    }

    #[test]
    fn an_unset_variable_and_a_missing_file_are_named() {
        let read = |source| Key::read(&partner(), &source, &Scheme::Bearer).unwrap_err();
        let unset = read(KeySource::Env("YUMEN_NO_SUCH_KEY".to_owned()));
        assert!(unset.to_string().contains("YUMEN_NO_SUCH_KEY"));
        let missing = read(KeySource::File("/nonexistent/key".into()));
        assert!(missing.to_string().contains("/nonexistent/key"));
    }

    #[test]
    fn sources_are_written_as_one_table() {
        #[derive(Deserialize)]
        struct Holder {
            #[serde(default)]
            key: KeySource,
        }
        let read = |toml: &str| toml::from_str::<Holder>(toml).map(|holder| holder.key);
        assert_eq!(read("key = { env = \"K\" }").unwrap(), KeySource::Env("K".to_owned()));
        assert_eq!(read("key = { file = \"k\" }").unwrap(), KeySource::File("k".into()));
        assert_eq!(read("").unwrap(), KeySource::None);
        assert!(read("key = \"sk-in-the-file\"").is_err());
        assert!(read("key = { env = \"K\", file = \"k\" }").is_err());
    }
}
