//! Signed checkpoints: one line each for the log's name, its size and its root, under an Ed25519 signature.
//!
//! The forms are those of C2SP: `tlog-checkpoint` for the text, `signed-note` for the signature and for the
//! written form of the public key, so that tools made for transparency logs can read ours.

use std::{fmt, str::FromStr, sync::Arc};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Serialize, Serializer};

use crate::{
    VerifyError,
    merkle::TreeHash,
    note::{NamedKey, Note, SignatureLine},
};

/// The signature type of plain Ed25519 in C2SP `signed-note`.
const ED25519: u8 = 1;

/// Who signs a log: its origin and its public key. Written `origin+hash+key`, the C2SP `vkey` form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey(NamedKey<ED25519>);

impl LogKey {
    /// The public side of `key` under the name `origin`, for example `yumen.example/cn`.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] when `origin` is empty, longer than 255 bytes, or holds white space or `+`.
    pub fn new(origin: &str, key: VerifyingKey) -> Result<Self, VerifyError> {
        NamedKey::new("log key", origin, key).map(Self)
    }

    /// The log's name, the first line of its checkpoints.
    pub fn origin(&self) -> &str {
        &self.0.name
    }

    /// The Ed25519 public key.
    pub fn public_key(&self) -> &VerifyingKey {
        &self.0.key
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.write())
    }
}

impl FromStr for LogKey {
    type Err = VerifyError;

    fn from_str(text: &str) -> Result<Self, VerifyError> {
        NamedKey::parse("log key", text).map(Self)
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

    /// The same, shared.
    pub fn shared_note(&self) -> Arc<str> {
        self.note.clone()
    }

    /// What is signed: the note without its signatures.
    pub fn body(&self) -> &str {
        // Every checkpoint has signatures below an empty line: it was split there when it was made or verified.
        self.note.rfind("\n\n").map_or("", |end| &self.note[..=end])
    }

    /// Verifies a signed note. Signatures of others (witnesses) may stand beside the log's own.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] when it is no checkpoint, [`VerifyError::Unproven`] when it is of another log or
    /// the signature is missing or wrong.
    pub fn verify(note: &str, key: &LogKey) -> Result<Self, VerifyError> {
        let bad = |why: &str| VerifyError::malformed("checkpoint", why);
        let parts = Note::split("checkpoint", note)?;
        let mut lines = parts.text.lines();
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
            return Err(VerifyError::Unproven(why));
        }
        let id = key.0.id();
        let mut signed = false;
        // All lines are read, so that a changed byte is found in those of others as well.
        for line in parts.signatures() {
            let line = line?;
            if signed || line.name != origin || line.id != id {
                continue;
            }
            let signature = Signature::from_slice(&line.signature)
                .map_err(|_| bad("a signature has a bad length"))?;
            key.public_key()
                .verify_strict(parts.text.as_bytes(), &signature)
                .map_err(|_| VerifyError::unproven("the checkpoint's signature is wrong"))?;
            signed = true;
        }
        if signed {
            Ok(Self { size: number, root, note: note.into() })
        } else {
            Err(VerifyError::unproven("the checkpoint is not signed by this log's key"))
        }
    }

    /// The same checkpoint under the log's signature alone.
    #[must_use]
    pub fn alone(&self) -> Self {
        let body = self.body();
        let signed_by = format!("— {} ", body.lines().next().unwrap_or_default());
        let lines = self.note[body.len() + 1..].split_inclusive('\n');
        let own: String = lines.filter(|line| line.starts_with(&signed_by)).collect();
        Self { note: [body, "\n", &own].concat().into(), ..*self }
    }

    /// The same checkpoint with more signature lines, which the caller has verified.
    pub(crate) fn with_lines(&self, lines: &str) -> Self {
        Self { note: [&*self.note, lines].concat().into(), ..*self }
    }
}

impl Serialize for Checkpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.note)
    }
}

/// The secret side of a log key, with what every signature repeats.
pub struct CheckpointSigner {
    secret: SigningKey,
    public: LogKey,
    id: [u8; 4],
}

impl CheckpointSigner {
    /// Signs as `origin` with `secret`.
    ///
    /// # Errors
    /// As [`LogKey::new`].
    pub fn new(origin: &str, secret: SigningKey) -> Result<Self, VerifyError> {
        let public = LogKey::new(origin, secret.verifying_key())?;
        let id = public.0.id();
        Ok(Self { secret, public, id })
    }

    /// What its signatures are verified with.
    pub fn public(&self) -> &LogKey {
        &self.public
    }

    /// Signs that the log has `size` entries under `root`. A signer never takes back what it signed: whoever
    /// calls this must have made them durable.
    pub fn sign(&self, size: u64, root: TreeHash) -> Checkpoint {
        let origin = self.public.origin();
        let mut note = format!("{origin}\n{size}\n{root}\n");
        let signature = self.secret.sign(note.as_bytes()).to_bytes();
        note.push('\n');
        SignatureLine::write(&mut note, origin, self.id, &signature);
        Checkpoint { size, root, note: note.into() }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

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
        assert_eq!(bytes[..4], key.0.id());
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
        let witnessed = Checkpoint::verify(&witnessed, signer.public()).unwrap();
        assert_eq!((witnessed.size(), witnessed.alone()), (12, made.clone()));
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
            assert!(matches!(error, VerifyError::Unproven(_)), "{error}");
        }
        for origin in ["", "a b", "a+b", "a\nb"] {
            assert!(LogKey::new(origin, *signer().public().public_key()).is_err());
        }
    }
}
