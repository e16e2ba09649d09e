//! What must hold of a proof of possession for any bytes.
//!
//! The same function runs over the seed corpus in `cargo test -p yumen-policy`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use yumen_policy::{Asked, DeviceKey, Proof, Timestamp};

const ASKED: Asked<'_> =
    Asked { method: "POST", authority: "gate.example", path: "/v1/features/assistant.chat" };

/// A proof that nobody signed is refused, whatever it says: read as it stands, and with its lines
/// put where header, payload and signature belong, so that the JSON inside is reached.
pub(crate) fn proof(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let now = Timestamp::from_second(1_800_000_000).expect("it is a time");
    assert!(Proof::verify(text, ASKED, now).is_err());
    let mut parts = text.splitn(3, '\n').map(|part| URL_SAFE_NO_PAD.encode(part));
    let mut part = || parts.next().unwrap_or_default();
    let jwt = format!("{}.{}.{}", part(), part(), part());
    assert!(Proof::verify(&jwt, ASKED, now).is_err());
    if let Ok(key) = serde_json::from_str::<DeviceKey>(text) {
        // A key that is read has one thumbprint, which reads back.
        assert_eq!(key.thumbprint().to_string().parse().ok(), Some(key.thumbprint()));
    }
}
