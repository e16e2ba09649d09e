//! Signed checkpoints: one line each for the log's name, its size and its root, under an Ed25519 signature.
//!
//! The forms are those of C2SP: `tlog-checkpoint` for the text, `signed-note` for the signature and for the
//! written form of the public key, so that tools made for transparency logs can read ours.

use std::{fmt, str::FromStr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::{LedgerError, merkle::TreeHash};

/// The signature type of plain Ed25519 in C2SP `signed-note`.
const ED25519: u8 = 1;

/// Who signs a log: its origin and its public key. Written `origin+hash+key`, the C2SP `vkey` form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    origin: Arc<str>,
    key: VerifyingKey,
}

impl LogKey {
    /// The public side of `key` under the name `origin`, for example `yumen.example/cn`.
    ///
    /// # Errors
    /// [`LedgerError::Malformed`] when `origin` is empty, longer than 255 bytes, or holds white space or `+`.
    pub fn new(origin: &str, key: VerifyingKey) -> Result<Self, LedgerError> {
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if origin.is_empty() || origin.len() > 255 || origin.contains(odd) {
            let why = "an origin is 1 to 255 bytes without white space or '+'";
            return Err(LedgerError::malformed("log origin", why));
        }
        Ok(Self { origin: origin.into(), key })
    }

    /// The log's name, the first line of its checkpoints.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The Ed25519 public key.
    pub fn public_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The four bytes that stand before each signature of this key.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(self.origin.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = [ED25519; 33];
        key[1..].copy_from_slice(self.key.as_bytes());
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.origin, STANDARD.encode(key))
    }
}

impl FromStr for LogKey {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self, LedgerError> {
        let bad = |why: &str| LedgerError::malformed("log key", why);
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(origin), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("expected origin+hash+key"));
        };
        let key = STANDARD.decode(key).map_err(|_| bad("the key is not base64"))?;
        let key = match key.split_first() {
            Some((&ED25519, key)) => key.try_into().map_err(|_| bad("the key is not 32 bytes"))?,
            _ => return Err(bad("not an Ed25519 key")),
        };
        let key = VerifyingKey::from_bytes(key).map_err(|_| bad("not a point of the curve"))?;
        let parsed = Self::new(origin, key)?;
        if parsed.to_string() == text.trim_end() {
            Ok(parsed)
        } else {
            Err(bad("the hash does not belong to this origin and key"))
        }
    }
}

/// A signed statement of how many entries a log has and what their root is. Cheap to clone.
///
/// A value of this type was either signed by us or verified: there is no other way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    size: u64,
    root: TreeHash,
    note: Arc<str>,
}

impl Checkpoint {
    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle root of these entries.
    pub fn root(&self) -> TreeHash {
        self.root
    }

    /// The signed note: what is stored, shown and sent.
    pub fn note(&self) -> &str {
        &self.note
    }

    pub(crate) fn shared_note(&self) -> Arc<str> {
        self.note.clone()
    }

    /// Verifies a signed note. Signatures of others (witnesses) may stand beside the log's own.
    ///
    /// # Errors
    /// [`LedgerError::Malformed`] when it is no checkpoint, [`LedgerError::Unproven`] when it is of another log or
    /// the signature is missing or wrong.
    pub fn verify(note: &str, key: &LogKey) -> Result<Self, LedgerError> {
        let bad = |why: &str| LedgerError::malformed("checkpoint", why);
        let end = note.rfind("\n\n").ok_or_else(|| bad("it has no signatures"))?;
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(bad("expected lines of origin, size and root"));
        };
        let number: u64 = size.parse().map_err(|_| bad("the size is not a number"))?;
        if number.to_string() != size {
            return Err(bad("the size is not plain decimal"));
        }
        let root = root.parse()?;
        if origin != key.origin() {
            let why = format!("the checkpoint is of {origin:?}, not of {:?}", key.origin());
            return Err(LedgerError::Unproven(why));
        }
        if !signatures.ends_with('\n') {
            return Err(bad("the last line is not ended"));
        }
        for line in signatures.lines() {
            let line = line.strip_prefix("— ").ok_or_else(|| bad("a signature line is odd"))?;
            let (name, signature) =
                line.split_once(' ').ok_or_else(|| bad("a signature line has no signature"))?;
            let bytes = STANDARD.decode(signature).map_err(|_| bad("a signature is not base64"))?;
            let Some((id, signature)) = bytes.split_first_chunk::<4>() else {
                return Err(bad("a signature is too short"));
            };
            if name != key.origin() || *id != key.id() {
                continue;
            }
            let signature = Signature::from_slice(signature)
                .map_err(|_| bad("a signature has a bad length"))?;
            return key
                .key
                .verify_strict(text.as_bytes(), &signature)
                .map(|()| Self { size: number, root, note: note.into() })
                .map_err(|_| LedgerError::unproven("the checkpoint's signature is wrong"));
        }
        Err(LedgerError::unproven("the checkpoint is not signed by this log's key"))
    }
}

impl Serialize for Checkpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.note)
    }
}

/// The secret side of a log key, with what every signature repeats.
pub(crate) struct CheckpointSigner {
    secret: SigningKey,
    public: LogKey,
    id: [u8; 4],
}

impl CheckpointSigner {
    pub(crate) fn new(origin: &str, secret: SigningKey) -> Result<Self, LedgerError> {
        let public = LogKey::new(origin, secret.verifying_key())?;
        let id = public.id();
        Ok(Self { secret, public, id })
    }

    pub(crate) fn public(&self) -> &LogKey {
        &self.public
    }

    pub(crate) fn sign(&self, size: u64, root: TreeHash) -> Checkpoint {
        let origin = self.public.origin();
        let mut note = format!("{origin}\n{size}\n{root}\n");
        let mut signature = [0; 68];
        signature[..4].copy_from_slice(&self.id);
        signature[4..].copy_from_slice(&self.secret.sign(note.as_bytes()).to_bytes());
        note.push_str("\n— ");
        note.push_str(origin);
        note.push(' ');
        STANDARD.encode_string(signature, &mut note);
        note.push('\n');
        Checkpoint { size, root, note: note.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> CheckpointSigner {
        CheckpointSigner::new("log.example/cn", SigningKey::from_bytes(&[7; 32])).unwrap()
    }

    /// The example key and note of the C2SP `signed-note` specification's Go implementation
    /// (golang.org/x/mod/sumdb/note), signed by `PeterNeumann`.
    #[test]
    fn the_key_of_the_reference_implementation_is_read_and_written() {
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key: LogKey = text.parse().unwrap();
        assert_eq!(key.origin(), "PeterNeumann");
        assert_eq!(key.to_string(), text);
        let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
        let bytes = STANDARD.decode(signature).unwrap();
        assert_eq!(bytes[..4], key.id());
        let signature = Signature::from_slice(&bytes[4..]).unwrap();
        key.public_key().verify_strict(note.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn what_is_signed_verifies_and_keeps_its_form() {
        let signer = signer();
        let root = TreeHash::of_leaf(b"x");
        let made = signer.sign(12, root);
        assert!(
            made.note().starts_with(&format!("log.example/cn\n12\n{root}\n\n— log.example/cn "))
        );
        assert_eq!(Checkpoint::verify(made.note(), signer.public()).unwrap(), made);
        let witnessed = format!("{}— witness.example AAAAAAAA\n", made.note());
        assert_eq!(Checkpoint::verify(&witnessed, signer.public()).unwrap().size(), 12);
        assert_eq!(signer.public().to_string().parse::<LogKey>().unwrap(), *signer.public());
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let signer = signer();
        let made = signer.sign(12, TreeHash::of_leaf(b"x"));
        for position in 0..made.note().len() {
            let mut bent = made.note().as_bytes().to_vec();
            bent[position] ^= 1;
            if let Ok(bent) = String::from_utf8(bent) {
                assert!(Checkpoint::verify(&bent, signer.public()).is_err(), "byte {position}");
            }
            if let Some(part) = made.note().get(..position) {
                assert!(Checkpoint::verify(part, signer.public()).is_err(), "length {position}");
            }
        }
    }

    #[test]
    fn another_key_or_name_is_refused() {
        let made = signer().sign(3, TreeHash::of_leaf(b"x"));
        let secret = SigningKey::from_bytes(&[8; 32]);
        let other = LogKey::new("log.example/cn", secret.verifying_key()).unwrap();
        let renamed = LogKey::new("log.example/us", *signer().public().public_key()).unwrap();
        for key in [other, renamed] {
            let error = Checkpoint::verify(made.note(), &key).unwrap_err();
            assert!(matches!(error, LedgerError::Unproven(_)), "{error}");
        }
        for origin in ["", "a b", "a+b", "a\nb"] {
            assert!(LogKey::new(origin, *signer().public().public_key()).is_err());
        }
    }
}
