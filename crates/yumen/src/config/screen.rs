//! `[screen]`: which packs screens are made of, and whose packs are believed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use yumen_policy::SignerKey;
use yumen_screen::{PackKeys, PackSecret};

use crate::screens::ScreenConfig;

/// The table as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScreen {
    shipped: Option<BTreeSet<String>>,
    #[serde(default)]
    packs: Vec<PathBuf>,
    #[serde(default)]
    keys: Vec<RawKey>,
    #[serde(default)]
    secrets: Vec<PathBuf>,
}

/// A key that may sign packs, with who holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    key: SignerKey,
    name: String,
}

impl RawScreen {
    /// Relative paths are relative to the configuration file.
    pub(super) fn resolve(self, beside: &Path) -> Result<ScreenConfig, String> {
        let Self { shipped, packs, keys: raw, secrets } = self;
        let mut keys = PackKeys::default();
        for RawKey { key, name } in raw {
            if name.trim().is_empty() {
                return Err(format!("screen.keys: {key} has no name: say who holds it"));
            }
            keys.trust(key, name);
        }
        for file in secrets {
            let path = beside.join(file);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("screen.secrets: {}: {error}", path.display()))?;
            let secret = PackSecret::parse(text.trim()).ok_or_else(|| {
                format!("screen.secrets: {} does not hold 64 hexadecimal digits", path.display())
            })?;
            keys.add_secret(secret);
        }
        let packs = packs.iter().map(|file| beside.join(file)).collect();
        Ok(ScreenConfig { shipped, packs, keys })
    }
}
