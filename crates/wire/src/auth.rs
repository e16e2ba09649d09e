//! How a request proves who sends it: a bearer key, a key in a header of the partner's own, Zhipu's
//! signed token, Tencent Cloud's signature.
//!
//! Pure: the key's text, the request's bytes and the time come in, headers go out. A secret stands
//! in no `Debug`, no error and no `Display`, and its memory is overwritten when it is dropped.

mod credential;
mod jwt;
mod scheme;
mod tc3;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub use credential::{AuthError, Credential, Reuse};
pub use scheme::{NotAHeaderName, Scheme, SecretHeader};

/// HMAC-SHA-256 (RFC 2104).
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length: a long one is hashed first, a short one padded.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}
