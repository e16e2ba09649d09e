//! Whose packs are believed, and the secrets to read them with.

use std::collections::BTreeMap;

use yumen_policy::SignerKey;

use super::secret::PackSecret;
use crate::error::ScreenError;

/// The keys that may sign packs, with who holds each, and the secrets that encrypted packs are opened with.
#[derive(Clone, Debug, Default)]
pub struct PackKeys {
    signers: BTreeMap<SignerKey, String>,
    secrets: Vec<PackSecret>,
}

impl PackKeys {
    /// Believes these keys.
    pub fn new(signers: impl IntoIterator<Item = SignerKey>) -> Self {
        let signers = signers.into_iter().map(|key| (key, String::new())).collect();
        Self { signers, secrets: Vec::new() }
    }

    /// Reads a file of keys: on each line a key as `yumen signer new` prints it, and behind it who holds it. What follows a
    /// `#` is for people.
    ///
    /// # Errors
    /// [`ScreenError::Key`]: the line that holds no key.
    pub fn parse(text: &str) -> Result<Self, ScreenError> {
        let mut keys = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let (key, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if key.is_empty() {
                continue;
            }
            let key = key
                .parse::<SignerKey>()
                .map_err(|error| ScreenError::Key { line: index + 1, reason: error.to_string() })?;
            keys.signers.insert(key, name.trim().to_owned());
        }
        Ok(keys)
    }

    /// Believes another key.
    pub fn trust(&mut self, key: SignerKey, name: impl Into<String>) {
        self.signers.insert(key, name.into());
    }

    /// Believes what others believe too, and opens what they open.
    pub fn extend(&mut self, others: Self) {
        self.signers.extend(others.signers);
        self.secrets.extend(others.secrets);
    }

    /// Opens with another secret.
    pub fn add_secret(&mut self, secret: PackSecret) {
        self.secrets.push(secret);
    }

    /// Whether a key may sign packs.
    pub fn is_trusted(&self, key: &SignerKey) -> bool {
        self.signers.contains_key(key)
    }

    /// Who holds a key, where that was said.
    pub fn holder(&self, key: &SignerKey) -> Option<&str> {
        self.signers.get(key).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// The secret with this fingerprint.
    pub(super) fn secret(&self, fingerprint: &str) -> Option<&PackSecret> {
        self.secrets.iter().find(|secret| secret.fingerprint() == fingerprint)
    }
}
