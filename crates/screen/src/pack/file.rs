//! A built pack: one file, signed, and encrypted if need be.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `89 59 50 41 43 4b 0d 0a` |
//! | 4 | the form, 1, little-endian as all numbers are |
//! | 4 | the length of the header |
//! | | the header: JSON as [`PackHeader`] writes it, without spaces |
//! | 64 or 32 | signed: the Ed25519 signature of `yumen-pack-v1`, a zero byte and the header; else their SHA-256 |
//! | | the contents, of the length and digest that the header names, to the end of the file |
//!
//! The contents, once decrypted, are the source again: [`parts`](super::parts). Nothing is compressed, so what is read never
//! needs much more memory than the file has bytes. A file that somebody could write in two ways is refused: one pack, one file.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use yumen_policy::{Digest, SignerKey, SigningKey};

use super::header::{PackContents, PackCounts, PackHeader, Sealed};
use super::keys::PackKeys;
use super::limits::{MAX_FILE, MAX_HEADER};
use super::secret::{NONCE, PackSecret};
use super::source::{PackSource, is_id};
use super::{Pack, parts};
use crate::error::ScreenError;

const MAGIC: &[u8; 8] = b"\x89YPACK\r\n";
const FORM: u32 = 1;
const SIGNED_AS: &[u8] = b"yumen-pack-v1\0";

/// A built pack that was read and is not believed yet.
#[derive(Clone, Debug)]
pub struct PackFile<'f> {
    header: PackHeader,
    /// The header to the byte, behind what it is signed as.
    message: Vec<u8>,
    seal: &'f [u8],
    contents: &'f [u8],
    digest: Digest,
}

/// What a build may say otherwise than the source.
#[derive(Clone, Debug, Default)]
pub struct PackBuild {
    /// The version.
    pub version: Option<String>,
    /// The day of issue.
    pub issued: Option<Date>,
    /// The day from which on it is good no longer.
    pub expires: Option<Date>,
    /// The secret to encrypt the contents with, and a nonce that was never used with it.
    pub secret: Option<(PackSecret, [u8; NONCE])>,
}

impl Pack {
    /// Reads a built pack that may be used now, signed with one of the keys.
    ///
    /// # Errors
    /// What is wrong with it; [`ScreenError::help`] says what to do.
    pub fn open(bytes: &[u8], keys: &PackKeys, now: Timestamp) -> Result<Self, ScreenError> {
        let file = PackFile::read(bytes)?;
        file.verify(keys, now)?;
        file.pack(keys)
    }
}

impl<'f> PackFile<'f> {
    /// Whether bytes begin as a built pack does; a source does not.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Reads a built pack, and believes nothing yet.
    ///
    /// # Errors
    /// [`ScreenError::PackForm`], [`ScreenError::PackNewer`]; [`ScreenError::PackChanged`] where nobody signed it and its
    /// bytes do not fit each other.
    pub fn read(bytes: &'f [u8]) -> Result<Self, ScreenError> {
        let form = |reason: &str| ScreenError::PackForm(reason.to_owned());
        let short = || form("it ends too early");
        if bytes.len() > MAX_FILE {
            return Err(form("it is too large"));
        }
        let rest =
            bytes.strip_prefix(MAGIC).ok_or_else(|| form("it does not begin as one does"))?;
        let (version, rest) = number(rest).ok_or_else(short)?;
        if version != FORM {
            return Err(ScreenError::PackNewer(version));
        }
        let (length, rest) = number(rest).ok_or_else(short)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_HEADER {
            return Err(form("its header is too long"));
        }
        let (json, rest) = rest.split_at_checked(length).ok_or_else(short)?;
        let header: PackHeader = serde_json::from_slice(json).map_err(|error| {
            ScreenError::PackForm(format!("its header cannot be read: {error}"))
        })?;
        if header.json()? != json {
            return Err(form("its header is not written as it has to be"));
        }
        if !is_id(&header.id) || header.issued >= header.expires {
            return Err(form("its header says what cannot be"));
        }
        let seal = if header.key.is_some() { 64 } else { 32 };
        let (seal, contents) = rest.split_at_checked(seal).ok_or_else(short)?;
        if contents.len() != header.contents.length {
            return Err(ScreenError::PackChanged(header.id));
        }
        let message = [SIGNED_AS, json].concat();
        if header.key.is_none() && Digest::of(&message).as_bytes() != seal {
            return Err(ScreenError::PackChanged(header.id));
        }
        Ok(Self { header, message, seal, contents, digest: Digest::of(bytes) })
    }

    /// What it says of itself; believe it only after [`verify`](Self::verify).
    pub fn header(&self) -> &PackHeader {
        &self.header
    }

    /// The digest of the whole file: what `sha256sum` says of it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether one of the keys signed it, whether it is whole, and whether it may be used now.
    ///
    /// # Errors
    /// Which of these does not hold.
    pub fn verify(&self, keys: &PackKeys, now: Timestamp) -> Result<SignerKey, ScreenError> {
        let key = self.header.trusted(keys)?;
        let signature = self.seal.try_into().ok();
        if !signature.is_some_and(|signature| key.signed(&self.message, signature)) {
            return Err(ScreenError::PackSignature(self.header.id.clone()));
        }
        self.whole()?;
        self.header.in_time(now)?;
        Ok(key)
    }

    /// That the contents are those the header names.
    fn whole(&self) -> Result<(), ScreenError> {
        if Digest::of(self.contents) == self.header.contents.digest {
            return Ok(());
        }
        Err(ScreenError::PackChanged(self.header.id.clone()))
    }

    /// What it was built from; the keys hold the secret, where it is encrypted. Nothing is said of who signed it.
    ///
    /// # Errors
    /// [`ScreenError::PackChanged`], [`ScreenError::PackSecret`], [`ScreenError::PackSealed`]; or what is wrong with the
    /// source.
    pub fn source(&self, keys: &PackKeys) -> Result<PackSource, ScreenError> {
        self.whole()?;
        let plain;
        let contents = match &self.header.contents.sealed {
            None => self.contents,
            Some(sealed) => {
                plain = self.unseal(sealed, keys)?;
                &plain
            }
        };
        let mut source = parts::read(contents)?;
        // Those that were left out are in it no more.
        let candidates = self.header.counts.candidates;
        let counts = PackCounts { candidates, ..source.counts() };
        if source.raw.id != self.header.id || counts != self.header.counts {
            return Err(ScreenError::PackForm("its header and its contents do not agree".into()));
        }
        // What was said when it was built goes before what stands in the TOML.
        let PackHeader { version, issued, expires, owner, markets, .. } = self.header.clone();
        source.raw.version = version;
        source.raw.issued = Some(issued);
        source.raw.expires = Some(expires);
        source.raw.owner = Some(owner);
        source.raw.markets = markets;
        Ok(source)
    }

    fn unseal(&self, sealed: &Sealed, keys: &PackKeys) -> Result<Vec<u8>, ScreenError> {
        let pack = || self.header.id.clone();
        let secret = keys.secret(&sealed.secret).ok_or_else(|| ScreenError::PackSecret {
            pack: pack(),
            secret: sealed.secret.clone(),
        })?;
        let nonce = nonce(&sealed.nonce).ok_or_else(|| ScreenError::PackSealed(pack()))?;
        let opened = secret.open(nonce, &self.header.about(), self.contents);
        opened.ok_or_else(|| ScreenError::PackSealed(pack()))
    }

    /// The pack that a screen is made of. Nothing is said of who signed it: [`Pack::open`] does.
    fn pack(&self, keys: &PackKeys) -> Result<Pack, ScreenError> {
        let pack = self.source(keys)?.pack()?;
        Ok(Pack { digest: self.digest, signer: self.header.key, ..pack })
    }

    /// The file with the signature of a key, in place of what sealed it before.
    ///
    /// # Errors
    /// [`ScreenError::PackChanged`] where it is broken: nobody signs that.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, ScreenError> {
        self.whole()?;
        let header = PackHeader { key: Some(SignerKey::of(key)), ..self.header.clone() };
        let seal = |message: &[u8]| SignerKey::sign(key, message).to_vec();
        write(&header, seal, self.contents)
    }
}

impl PackSource {
    /// Builds the pack, signed by nobody. Candidates are left out of it.
    ///
    /// # Errors
    /// [`ScreenError::PackLacks`], or the rule that cannot be used.
    pub fn build(&self, build: &PackBuild) -> Result<Vec<u8>, ScreenError> {
        self.pack()?;
        let raw = &self.raw;
        let lacks = |lacks| ScreenError::PackLacks { pack: raw.id.clone(), lacks };
        let plain = parts::write(self);
        let mut header = PackHeader {
            id: raw.id.clone(),
            version: build.version.clone().unwrap_or_else(|| raw.version.clone()),
            issued: build.issued.or(raw.issued).ok_or_else(|| lacks("when it was `issued`"))?,
            expires: build.expires.or(raw.expires).ok_or_else(|| lacks("when it `expires`"))?,
            owner: raw.owner.clone().ok_or_else(|| lacks("who is its `owner`"))?,
            markets: raw.markets.clone(),
            counts: self.counts(),
            contents: PackContents { length: 0, digest: Digest::of(&[]), sealed: None },
            key: None,
        };
        if header.issued >= header.expires {
            return Err(lacks("an `expires` that lies after `issued`"));
        }
        let contents = match &build.secret {
            None => plain,
            Some((secret, nonce)) => {
                let nonce_written = written(*nonce);
                header.contents.sealed =
                    Some(Sealed { secret: secret.fingerprint(), nonce: nonce_written });
                let sealed = secret.seal(*nonce, &header.about(), plain);
                sealed.ok_or_else(|| ScreenError::PackForm("it is too large".into()))?
            }
        };
        header.contents.length = contents.len();
        header.contents.digest = Digest::of(&contents);
        write(&header, |message| Digest::of(message).as_bytes().to_vec(), &contents)
    }
}

fn write(
    header: &PackHeader,
    seal: impl FnOnce(&[u8]) -> Vec<u8>,
    contents: &[u8],
) -> Result<Vec<u8>, ScreenError> {
    let json = header.json()?;
    let length = u32::try_from(json.len()).ok().filter(|_| json.len() <= MAX_HEADER);
    let length = length.ok_or_else(|| ScreenError::PackForm("its header is too long".into()))?;
    let seal = seal(&[SIGNED_AS, &json].concat());
    let head = [MAGIC.as_slice(), &FORM.to_le_bytes(), &length.to_le_bytes()];
    let parts = [head.concat().as_slice(), &json, &seal, contents].concat();
    if parts.len() > MAX_FILE {
        return Err(ScreenError::PackForm("it is too large".into()));
    }
    Ok(parts)
}

/// The number at the front, and the rest.
pub(super) fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number), rest))
}

fn written(nonce: [u8; NONCE]) -> String {
    nonce.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn nonce(hex: &str) -> Option<[u8; NONCE]> {
    let digits: &[u8; 2 * NONCE] = hex.as_bytes().try_into().ok()?;
    let mut nonce = [0; NONCE];
    for (byte, pair) in nonce.iter_mut().zip(digits.as_chunks::<2>().0) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(nonce)
}
