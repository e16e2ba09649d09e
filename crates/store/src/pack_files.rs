//! The files of installed packs: one for each digest, in the folder `packs` beside the database.
//!
//! A pack has megabytes. A database writes them out twice, each time at once, and every other sync of the disk waits
//! meanwhile: that of the ledger too, and with it every request. Here they are written in small pieces, each of them
//! synced before the next, so that nobody waits for more than one.
//!
//! A file has its name only when it is whole and on disk, and a row of the database names it only then. A file that no
//! row in force names is taken away: by whoever replaced or removed the pack, or when the folder is next
//! [swept](crate::Store::sweep_packs).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::{StoreError, new_id};

/// How many bytes are synced at once: on a disk of ours in a fifth of a millisecond, as a few bytes are.
const PIECE: usize = 64 * 1024;

/// The longest pause after a piece. Otherwise it is as long as the sync before took: half of a slow disk's time is left
/// to others.
const PAUSE: Duration = Duration::from_millis(10);

/// How the name of a file ends that is being written.
const UNFINISHED: &str = "part";

/// Where the files of packs are kept. Needs no database, and so may be used while a [`Store`](crate::Store) is busy.
#[derive(Debug, Clone)]
pub struct PackFolder(PathBuf);

/// Proof that the file of a pack is on disk, whole.
#[derive(Debug, PartialEq, Eq)]
pub struct KeptPack {
    digest: String,
}

impl KeptPack {
    /// What the file is known by.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl PackFolder {
    pub(crate) fn of_database(path: &Path) -> Self {
        Self(path.with_file_name("packs"))
    }

    /// Keeps these bytes, whose SHA-256 is `digest` (`sha256:` and 64 hexadecimal digits). When it returns, they are on
    /// disk. Only reads where they are already. Blocking, and slow on purpose: twice as long as the disk takes.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when it is no digest, [`StoreError::PackNotKept`] when the file cannot be written.
    pub fn keep(&self, digest: &str, bytes: &[u8]) -> Result<KeptPack, StoreError> {
        let path = self.file(digest)?;
        let kept = KeptPack { digest: digest.to_owned() };
        let failed = |source| StoreError::PackNotKept { path: path.clone(), source };
        if !fs::read(&path).is_ok_and(|found| found == bytes) {
            self.make().map_err(failed)?;
            let part = self.0.join(format!("{}.{UNFINISHED}", new_id("pack")?));
            let written = write(&part, bytes).and_then(|()| fs::rename(&part, &path));
            written.inspect_err(|_| drop(fs::remove_file(&part))).map_err(failed)?;
        }
        // Also where another process gave it its name and ended before this.
        sync_folder(&self.0).map_err(failed)?;
        Ok(kept)
    }

    /// The bytes that are known by this digest.
    pub(crate) fn read(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.file(digest)?;
        let lost = |why: String| StoreError::PackLost { path: path.clone(), why };
        let bytes = fs::read(&path).map_err(|error| lost(error.to_string()))?;
        if hex(&bytes) != name(digest)? {
            return Err(lost("it was changed or damaged".into()));
        }
        Ok(bytes)
    }

    /// Takes the file of this digest away, if there is one.
    pub(crate) fn remove(&self, digest: &str) -> Result<(), StoreError> {
        gone(&self.file(digest)?)
    }

    /// Takes every file away but those of these digests.
    pub(crate) fn retain(&self, digests: &[String]) -> Result<(), StoreError> {
        let failed = |source| StoreError::PackNotKept { path: self.0.clone(), source };
        let found = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found.map_err(failed)?,
        };
        let named =
            digests.iter().map(|digest| self.file(digest)).collect::<Result<Vec<_>, _>>()?;
        for file in found {
            let path = file.map_err(failed)?.path();
            let ours = path.extension().is_some_and(|end| end == "ypack" || end == UNFINISHED);
            if ours && !named.contains(&path) {
                gone(&path)?;
            }
        }
        Ok(())
    }

    fn file(&self, digest: &str) -> Result<PathBuf, StoreError> {
        Ok(self.0.join(name(digest)?).with_extension("ypack"))
    }

    /// Makes the folder when it is not there. What is in a pack is the operator's alone to read.
    fn make(&self) -> io::Result<()> {
        if self.0.is_dir() {
            return Ok(());
        }
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        match folder.create(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => self.0.parent().map_or(Ok(()), sync_folder),
        }
    }
}

/// Writes a new file in pieces, each on disk before the next.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    for piece in bytes.chunks(PIECE) {
        file.write_all(piece)?;
        let began = Instant::now();
        file.sync_data()?;
        std::thread::sleep(began.elapsed().min(PAUSE));
    }
    file.sync_all()
}

fn gone(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::PackNotKept { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

/// Makes the names of new files durable, where folders can be synced at all.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// The name of a digest's file. Nothing but hexadecimal digits can be one.
fn name(digest: &str) -> Result<&str, StoreError> {
    let name = digest.strip_prefix("sha256:").filter(|name| {
        name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    });
    name.ok_or_else(|| StoreError::invalid("digest of a pack", format!("{digest:?}")))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
