//! A partner's key: where it stands, how it is read, and that nobody ever sees it.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use yumen_policy::PartnerId;

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

/// A key, kept only as the header that carries it.
pub(crate) struct Key {
    bearer: HeaderValue,
}

const SCHEME: &str = "Bearer ";

impl Key {
    /// Reads the key from its source.
    pub(crate) fn read(
        partner: &PartnerId,
        source: &KeySource,
    ) -> Result<Option<Self>, PartnersError> {
        let (raw, stands) = match source {
            KeySource::None => return Ok(None),
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
        let malformed = |what| PartnersError::KeyMalformed {
            partner: partner.clone(),
            stands: stands.clone(),
            what,
        };
        let text = raw.trim_ascii();
        if text.is_empty() {
            return Err(malformed("is empty"));
        }
        if !text.iter().all(u8::is_ascii_graphic) {
            return Err(malformed("holds white space or characters no key has"));
        }
        let mut bearer = HeaderValue::from_bytes(&[SCHEME.as_bytes(), text].concat())
            .map_err(|_| malformed("cannot be sent in a header"))?;
        bearer.set_sensitive(true);
        Ok(Some(Self { bearer }))
    }

    /// The value of the `Authorization` header, marked sensitive.
    pub(crate) fn bearer(&self) -> &HeaderValue {
        &self.bearer
    }

    /// Whether a text repeats the key.
    pub(crate) fn stands_in(&self, text: &str) -> bool {
        self.bearer.to_str().is_ok_and(|bearer| text.contains(&bearer[SCHEME.len()..]))
    }
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

    fn read(content: &str) -> Result<Option<Key>, PartnersError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, content).unwrap();
        Key::read(&partner(), &KeySource::File(path))
    }

    #[test]
    fn a_key_is_trimmed_and_hidden() {
        let key = read("  sk-secret-1\n").unwrap().unwrap();
        assert_eq!(key.bearer().as_bytes(), b"Bearer sk-secret-1");
        assert!(key.bearer().is_sensitive());
        assert!(!format!("{key:?} {:?}", key.bearer()).contains("secret"));
        assert!(key.stands_in("wrong key sk-secret-1 given"));
        assert!(!key.stands_in("wrong key sk-secret given"));
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for bad in ["", " \n", "sk-secret two", "sk-secret\u{00e9}", "sk-secret\nsecond"] {
            let error = read(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("sk-secret"), "{bad:?} is repeated");
        }
    }

    #[test]
    fn an_unset_variable_and_a_missing_file_are_named() {
        let unset = Key::read(&partner(), &KeySource::Env("YUMEN_NO_SUCH_KEY".to_owned()));
        assert!(unset.unwrap_err().to_string().contains("YUMEN_NO_SUCH_KEY"));
        let missing = Key::read(&partner(), &KeySource::File("/nonexistent/key".into()));
        assert!(missing.unwrap_err().to_string().contains("/nonexistent/key"));
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
