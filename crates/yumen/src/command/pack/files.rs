//! Packs and their parts on disk.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use yumen_screen::{Pack, PackFile, PackKeys, PackSecret, PackSource, ScreenError};

use crate::catalog::Shipped;
use crate::cli::Secrets;
use crate::failure::{Context as _, Failure};

/// A failure of a pack, with what to do about it.
pub(super) fn pack_failure(what: impl Into<String>, error: &ScreenError) -> Failure {
    let failure = Failure::because(what, error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).context(format!("cannot read {}", path.display()))
}

pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).context(format!("{} is not UTF-8", path.display())).map_err(
        |failure| {
            failure.help("`iconv -f gb18030 -t utf-8 LIST > NEW` writes it anew, if it is GB 18030")
        },
    )
}

/// The secret in a file.
pub(super) fn read_secret(path: &Path) -> Result<PackSecret, Failure> {
    PackSecret::parse(&read_text(path)?).ok_or_else(|| {
        Failure::new(format!("{} holds no secret", path.display())).help(
            "a file with a secret holds 64 hexadecimal digits; `yumen pack secret FILE` makes one",
        )
    })
}

impl Secrets {
    /// No signer, and the secrets.
    pub(in crate::command) fn keys(&self) -> Result<PackKeys, Failure> {
        let mut keys = PackKeys::default();
        for file in &self.secret {
            keys.add_secret(read_secret(file)?);
        }
        Ok(keys)
    }
}

/// What a pack was made from, be it built or the source itself. Whoever signed it is not asked: this is for looking at it.
pub(super) fn source(path: &Path, keys: &PackKeys) -> Result<PackSource, Failure> {
    let bytes = read(path)?;
    let what = || format!("the pack {} cannot be used", path.display());
    if PackFile::is_one(&bytes) {
        let source = PackFile::read(&bytes).and_then(|file| file.source(keys));
        return source.map_err(|error| pack_failure(what(), &error));
    }
    let toml = String::from_utf8(bytes).context(format!("{} is not UTF-8", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let source = PackSource::read(toml, |file| File::open(folder.join(file)));
    source.map_err(|error| pack_failure(what(), &error))
}

/// The shipped pack of this name, or the pack in this file, built or source.
pub(in crate::command) fn any_pack(
    named: &Path,
    shipped: &Shipped,
    keys: &PackKeys,
) -> Result<Pack, Failure> {
    if let Some(pack) = shipped.packs().iter().find(|pack| Path::new(pack.id()) == named) {
        return Ok(pack.clone());
    }
    if !named.exists() {
        let ids: Vec<_> = shipped.packs().iter().map(Pack::id).collect();
        return Err(Failure::new(format!("there is no pack {:?}", named.display().to_string()))
            .help(format!("give the file of a pack, or one that ships: {}", ids.join(", "))));
    }
    let pack = source(named, keys)?.pack();
    pack.map_err(|error| {
        pack_failure(format!("the pack {} cannot be used", named.display()), &error)
    })
}

/// Puts a file in the place of what is there, at once and whole.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    let written = File::create(&fresh).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::rename(&fresh, path));
    placed.context(format!("cannot write {}", path.display()))
}

/// Today, by UTC.
pub(super) fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
