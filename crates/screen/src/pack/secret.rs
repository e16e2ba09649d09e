//! Secrets with which the contents of packs are encrypted: AES-256-GCM.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use yumen_policy::Digest;
use zeroize::Zeroizing;

/// The bytes that a nonce has.
pub(super) const NONCE: usize = 12;

/// A secret of 256 bits, as a file holds it: 64 hexadecimal digits. It is never printed.
#[derive(Clone)]
pub struct PackSecret(Zeroizing<[u8; 32]>);

impl PackSecret {
    /// Reads a secret; `None` if these are not 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.trim().as_bytes().try_into().ok()?;
        let mut bytes = Zeroizing::new([0; 32]);
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
        }
        Some(Self(bytes))
    }

    /// By what it is told from others: 16 hexadecimal digits of a digest, from which it cannot be found.
    pub fn fingerprint(&self) -> String {
        let named = [b"yumen-pack-secret\0".as_slice(), self.0.as_slice()].concat();
        let digest = Digest::of(&Zeroizing::new(named)).to_string();
        digest["sha256:".len()..][..16].to_owned()
    }

    fn key(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.0.as_slice()).ok().map(LessSafeKey::new)
    }

    /// Encrypts; a nonce is used once with a secret. `None` only for more bytes than the cipher takes, 64 GiB.
    pub(super) fn seal(&self, nonce: [u8; NONCE], about: &[u8], plain: Vec<u8>) -> Option<Vec<u8>> {
        let mut bytes = plain;
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key()?.seal_in_place_append_tag(nonce, Aad::from(about), &mut bytes).ok()?;
        Some(bytes)
    }

    /// Decrypts; `None` if a byte of it, or what it is about, was changed.
    pub(super) fn open(&self, nonce: [u8; NONCE], about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.key()?.open_in_place(nonce, Aad::from(about), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

impl fmt::Debug for PackSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackSecret({})", self.fingerprint())
    }
}
