//! The data directory: the store, the ledger, and the gate's own signing keys.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use yumen_desk::{Desk, KeyShelf, Keyring, ReportSeal};
use yumen_ledger::{Entry, Ledger, LogKey, Reader};
use yumen_policy::{AssertionKeys, HighWater, Timestamp};
use yumen_store::Store;

use crate::compose::Build;
use crate::failure::{Context as _, Failure};

/// A data directory, made when it is not there.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// Opens or makes the directory.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(path)
            .context(format!("cannot make the data directory {}", path.display()))?;
        Ok(Self { path: path.to_owned() })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the ledger is.
    pub(crate) fn ledger_path(&self) -> PathBuf {
        self.path.join("ledger")
    }

    /// Where a running gate says how it is reached.
    pub(crate) fn control_path(&self) -> PathBuf {
        self.path.join("control.json")
    }

    /// Opens the store.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        let path = self.path.join("yumen.db");
        Store::open(&path).context(format!("cannot open the store {}", path.display()))
    }

    /// Opens the ledger for writing; only one process may.
    pub(crate) fn ledger(&self) -> Result<Ledger, Failure> {
        let path = self.ledger_path();
        Ledger::open(&path, self.signing_key("ledger")?, LEDGER_ORIGIN)
            .context(format!("cannot open the ledger {}", path.display()))
            .map_err(|failure| {
                failure.help("if another yumen runs on this data directory, stop it or give another with --data-dir")
            })
    }

    /// The public key that the ledger is verified with.
    pub(crate) fn ledger_key(&self) -> Result<LogKey, Failure> {
        LogKey::new(LEDGER_ORIGIN, self.signing_key("ledger")?.verifying_key())
            .context("the ledger's key is broken")
    }

    /// A file of the directory that holds a partner's key; made with `secret` unless it is there.
    pub(crate) fn partner_key(&self, name: &str, secret: &str) -> Result<PathBuf, Failure> {
        let path = self.keys()?.join(name);
        if !path.exists() {
            write_new_secret(&path, secret)?;
        }
        Ok(path)
    }

    /// The market desk of this directory. Only one process may have it: it holds the ledger.
    pub(crate) fn desk(
        &self,
        store: Store,
        ledger: Ledger,
        build: &Build,
    ) -> Result<Desk, Failure> {
        Desk::open(store, ledger, self.ledger_path(), self.keyring()?, build.book())
            .context(format!("cannot open the desk of {}", self.path.display()))
    }

    fn keyring(&self) -> Result<Keyring, Failure> {
        let demonstration = self.path.join("keys").join(format!("{DEMO_SIGNERS}1.key"));
        let demonstration =
            if demonstration.exists() { Some(read_key(&demonstration)?) } else { None };
        let path = self.keys()?.join("assertion.json");
        let operator = self.signing_key("operator")?;
        let assertions = assertion_keys(&path)?;
        let reports = ReportSeal::new(&self.secret("reports")?);
        Ok(Keyring {
            operator,
            demonstration,
            assertions,
            shelf: Arc::new(Shelf { path }),
            reports,
        })
    }

    /// The latest instant that the ledger knows, if it has entries.
    pub(crate) fn last_seen(&self) -> Result<Option<HighWater>, Failure> {
        let failed = || format!("cannot read the ledger {}", self.ledger_path().display());
        let mut reader = Reader::open(&self.ledger_path(), &self.ledger_key()?).context(failed())?;
        let Some(last) = reader.checkpoint().size().checked_sub(1) else { return Ok(None) };
        let recorded = reader.entry(last).context(failed())?;
        let entry = Entry::parse(&recorded.entry).context(failed())?;
        Ok(Some(HighWater::at(entry.time())))
    }

    /// One of the gate's own keys, made on first use and readable by the owner alone.
    pub(crate) fn signing_key(&self, name: &str) -> Result<SigningKey, Failure> {
        let path = self.keys()?.join(format!("{name}.key"));
        if path.exists() { read_key(&path) } else { make_key(&path) }
    }

    /// One of the gate's own secrets of 256 bits, made on first use and readable by the owner alone. Destroying the file
    /// makes what was sealed under it unreadable, and pseudonyms made with it nobody's.
    pub(crate) fn secret(&self, name: &str) -> Result<[u8; 32], Failure> {
        Ok(self.signing_key(name)?.to_bytes())
    }

    /// The folder of the keys, made when it is not there.
    fn keys(&self) -> Result<PathBuf, Failure> {
        let keys = self.path.join("keys");
        std::fs::create_dir_all(&keys).context(format!("cannot make {}", keys.display()))?;
        Ok(keys)
    }
}

/// The keys that sign assertions. Where there are none, the first is made, or taken from
/// `assertion.key`, in which versions before this one kept theirs.
fn assertion_keys(path: &Path) -> Result<AssertionKeys, Failure> {
    if path.exists() {
        let json = std::fs::read(path).context(format!("cannot read {}", path.display()))?;
        return AssertionKeys::from_json(&json).context(format!("cannot use {}", path.display()));
    }
    let former = path.with_extension("key");
    let key = if former.exists() { read_key(&former)? } else { fresh_key()? };
    let keys = AssertionKeys::new(key, Timestamp::now());
    replace_secret(path, &keys.to_json())?;
    Ok(keys)
}

/// The file of the assertion keys.
struct Shelf {
    path: PathBuf,
}

impl KeyShelf for Shelf {
    fn fresh(&self) -> std::io::Result<SigningKey> {
        fresh_key().map_err(|failure| std::io::Error::other(failure.what()))
    }

    fn keep(&self, keys: &AssertionKeys) -> std::io::Result<()> {
        replace_secret(&self.path, &keys.to_json())
            .map_err(|failure| std::io::Error::other(failure.what()))
    }
}

/// How the keys of the demo's made-up people are called, before their number.
pub(crate) const DEMO_SIGNERS: &str = "demo-signer-";

/// The name under which this ledger signs its checkpoints.
const LEDGER_ORIGIN: &str = "yumen";

/// Reads an Ed25519 key from a file of 64 hexadecimal digits.
pub(crate) fn read_key(path: &Path) -> Result<SigningKey, Failure> {
    let text = std::fs::read_to_string(path).context(format!("cannot read {}", path.display()))?;
    parse_seed(text.trim()).map(|seed| SigningKey::from_bytes(&seed)).ok_or_else(|| {
        Failure::new(format!("{} is not a signing key", path.display()))
            .help("a key file holds 64 hexadecimal digits; `yumen signer new FILE` makes one")
    })
}

/// Makes a new key file; an existing file is never overwritten.
pub(crate) fn make_key(path: &Path) -> Result<SigningKey, Failure> {
    let hex = random_hex()?;
    write_new_secret(path, &hex)?;
    read_key(path)
}

/// A key that nobody ever had.
fn fresh_key() -> Result<SigningKey, Failure> {
    let seed = parse_seed(&random_hex()?).ok_or_else(|| Failure::new("a key was not made"))?;
    Ok(SigningKey::from_bytes(&seed))
}

/// Random bytes.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}

/// 256 random bits as 64 hexadecimal digits.
pub(crate) fn random_hex() -> Result<String, Failure> {
    let bytes: [u8; 32] = random_bytes()?;
    Ok(bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// Puts a file that only its owner can read in the place of what is there, at once and whole.
pub(crate) fn replace_secret(path: &Path, secret: &str) -> Result<(), Failure> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Failure::because(format!("cannot replace {}", fresh.display()), &error));
        }
        _ => {}
    }
    write_new_secret(&fresh, secret)?;
    std::fs::rename(&fresh, path).context(format!("cannot replace {}", path.display()))
}

/// Writes a file that only its owner can read.
fn write_new_secret(path: &Path, secret: &str) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file =
        options.open(path).context(format!("cannot make the key file {}", path.display()))?;
    file.write_all(secret.as_bytes())
        .and_then(|()| file.sync_all())
        .context(format!("cannot write {}", path.display()))
}

fn parse_seed(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut seed = [0_u8; 32];
    for (index, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(seed)
}
