//! Keys: what makes a value's token the same within one conversation and another in the next.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

/// The secret of an operator's gates, from which the keys of conversations are made. Gates that share it make the same tokens,
/// also after a restart.
///
/// Whoever has it, and what a partner was sent, can try out which value a token stands for; nobody else can, however few values
/// there are to try. Destroying it ends that.
pub struct PseudonymSecret(Zeroizing<[u8; 32]>);

/// The key of one conversation, or of one request that belongs to none.
pub struct ConversationKey(Zeroizing<[u8; 32]>);

impl PseudonymSecret {
    /// Takes 32 random bytes.
    pub fn new(mut random: [u8; 32]) -> Self {
        let secret = Self(Zeroizing::new(random));
        random.zeroize();
        secret
    }

    /// The key of what `scope` names, part by part: who asks, in which conversation, whom. Other parts give a key that has nothing to
    /// do with it.
    pub fn conversation<P: AsRef<[u8]>>(&self, scope: &[P]) -> ConversationKey {
        let mut mac = mac(&self.0);
        mac.update(b"yumen conversation\n");
        for part in scope.iter().map(AsRef::as_ref) {
            // With its length before it, no part can be read as the end of another.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        ConversationKey(Zeroizing::new(mac.finalize().into_bytes().into()))
    }
}

impl ConversationKey {
    /// A number of 64 bits for a value; the `attempt`th, where an earlier one was taken.
    pub(super) fn number(&self, kind: &str, normal: &str, attempt: u32) -> u64 {
        let mut mac = mac(&self.0);
        mac.update(kind.as_bytes());
        mac.update(b"|");
        mac.update(normal.as_bytes());
        mac.update(b"|");
        mac.update(&attempt.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

impl fmt::Debug for PseudonymSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymSecret")
    }
}

impl fmt::Debug for ConversationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConversationKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_scopes_share_a_key() {
        let secret = PseudonymSecret::new([7; 32]);
        let number = |scope: &[&str]| secret.conversation(scope).number("name", "li lei", 0);
        assert_eq!(number(&["app", "one"]), number(&["app", "one"]));
        let others: [&[&str]; 4] = [&["app", "two"], &["appo", "ne"], &["app", "one", ""], &[]];
        for other in others {
            assert_ne!(number(&["app", "one"]), number(other), "{other:?}");
        }
        let another = PseudonymSecret::new([8; 32]);
        assert_ne!(number(&["app"]), another.conversation(&["app"]).number("name", "li lei", 0));
    }
}
