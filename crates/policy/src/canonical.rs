//! The one way values are written before they are digested or signed.
//!
//! JSON without spaces, keys in the order of the type, maps and sets sorted, after a prefix that ends
//! in a zero byte and says what the bytes are for: no signature or digest made for one purpose is
//! worth anything for another.

use serde::Serialize;

/// Values that always serialise: structures of ids, digests, dates, strings and collections of them.
pub(crate) trait PlainData: Serialize {
    /// The prefix and the JSON.
    fn canonical(&self, prefix: &str) -> Vec<u8> {
        let mut bytes = [prefix.as_bytes(), b"\0"].concat();
        bytes.extend_from_slice(self.json().as_bytes());
        bytes
    }

    /// The JSON alone.
    fn json(&self) -> String {
        serde_json::to_string(self).expect("plain data has string keys and nothing that can fail")
    }

    /// The JSON, for people.
    fn pretty_json(&self) -> String {
        serde_json::to_string_pretty(self)
            .expect("plain data has string keys and nothing that can fail")
    }
}
