//! What a person wrote in a report, sealed: AES-256-GCM under a key of its own, bound to the report's number.
//!
//! Destroying the key makes every report's words unreadable at once; numbers, kinds and dates stay.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

/// Seals and opens the words of reports.
pub struct ReportSeal(LessSafeKey);

impl ReportSeal {
    /// With a key of 256 random bits.
    #[expect(clippy::missing_panics_doc, reason = "32 bytes are what the algorithm asks for")]
    pub fn new(key: &[u8; 32]) -> Self {
        // The key is as long as the algorithm asks, which is all that can be wrong with it.
        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals words under a fresh random nonce, which stands before them; none when the system gives no randomness.
    pub(crate) fn seal(&self, id: &str, words: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = words.as_bytes().to_vec();
        let at = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(at, Aad::from(id), &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for this report; none when the key is another or it was changed.
    pub(crate) fn open(&self, id: &str, sealed: &[u8]) -> Option<String> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut words = sealed.to_vec();
        let words = self.0.open_in_place(nonce, Aad::from(id), &mut words).ok()?;
        String::from_utf8(words.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_report_with_its_key_alone() {
        let seal = ReportSeal::new(&[7; 32]);
        let sealed = seal.seal("rep_1", "灯笼不是包裹").unwrap();
        assert!(!sealed.windows(6).any(|part| part == "灯笼".as_bytes()));
        assert_eq!(seal.open("rep_1", &sealed).as_deref(), Some("灯笼不是包裹"));
        assert_eq!(seal.open("rep_2", &sealed), None);
        assert_eq!(ReportSeal::new(&[8; 32]).open("rep_1", &sealed), None);
        for cut in 0..sealed.len() {
            assert_eq!(seal.open("rep_1", &sealed[..cut]), None);
        }
        assert_ne!(seal.seal("rep_1", "x"), seal.seal("rep_1", "x"));
    }
}
