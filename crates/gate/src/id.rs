//! Ids that a person can quote and a machine can sort: by time, then random.

use yumen_policy::Timestamp;

use crate::random;

/// The id of one answer's receipt.
pub(crate) fn receipt(now: Timestamp) -> String {
    made("rcp_", now)
}

/// The id of an alarm.
pub(crate) fn alarm(now: Timestamp) -> String {
    made("alm_", now)
}

/// The id of one answer about eligibility.
pub(crate) fn verdict(now: Timestamp) -> String {
    made("vdt_", now)
}

/// A prefix, 48 bits of milliseconds, 80 random bits, in hex.
fn made(prefix: &str, now: Timestamp) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0_u8; 16];
    bytes[..6].copy_from_slice(&now.as_millisecond().to_be_bytes()[2..]);
    // Without randomness ids of one millisecond could collide; the ledger index still differs.
    if let Err(error) = random::fill(&mut bytes[6..]) {
        tracing::error!(%error, "the system gives no randomness");
    }
    let mut id = String::with_capacity(prefix.len() + 32);
    id.push_str(prefix);
    for byte in bytes {
        id.push(HEX[usize::from(byte >> 4)].into());
        id.push(HEX[usize::from(byte & 15)].into());
    }
    id
}
