//! The form of C2SP `signed-note`: text, an empty line, signature lines; and the written form of public keys.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};

use crate::VerifyError;

/// What every signature line begins with (U+2014 and a space).
const DASH: &str = "— ";

/// The longest note that is read, in bytes; a checkpoint with sixty witnesses has some ten thousand.
const MAX_NOTE: usize = 65_536;

/// A note taken apart; nothing in it has been verified.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note<'a> {
    /// The signed text, with its last line end.
    pub(crate) text: &'a str,
    signatures: &'a str,
}

/// One line below the text: who says to have signed, and with what.
#[derive(Debug)]
pub(crate) struct SignatureLine<'a> {
    pub(crate) name: &'a str,
    /// The first four bytes of a hash over name and key.
    pub(crate) id: [u8; 4],
    pub(crate) signature: Vec<u8>,
    /// The whole line without its end.
    pub(crate) line: &'a str,
}

impl<'a> Note<'a> {
    pub(crate) fn split(what: &'static str, note: &'a str) -> Result<Self, VerifyError> {
        let bad = |why: &str| Err(VerifyError::malformed(what, why));
        if note.len() > MAX_NOTE {
            return bad("it is longer than 65536 bytes");
        }
        let Some(end) = note.rfind("\n\n") else { return bad("it has no signatures") };
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        if !signatures.ends_with('\n') {
            return bad("the last line is not ended");
        }
        Ok(Self { text, signatures })
    }

    /// The signature lines; every one must have the form of one.
    pub(crate) fn signatures(
        &self,
    ) -> impl Iterator<Item = Result<SignatureLine<'a>, VerifyError>> {
        self.signatures.lines().map(SignatureLine::parse)
    }
}

impl<'a> SignatureLine<'a> {
    pub(crate) fn parse(line: &'a str) -> Result<Self, VerifyError> {
        let bad = |why: &str| VerifyError::malformed("signature line", why);
        let body = line.strip_prefix(DASH).ok_or_else(|| bad("it does not begin as it must"))?;
        let (name, signature) = body.split_once(' ').ok_or_else(|| bad("it has no signature"))?;
        let bytes = STANDARD.decode(signature).map_err(|_| bad("it is not base64"))?;
        let Some((id, signature)) = bytes.split_first_chunk::<4>() else {
            return Err(bad("it is too short"));
        };
        Ok(Self { name, id: *id, signature: signature.to_vec(), line })
    }

    /// Writes a line with its end.
    pub(crate) fn write(note: &mut String, name: &str, id: [u8; 4], signature: &[u8]) {
        let bytes = [&id, signature].concat();
        note.push_str(DASH);
        note.push_str(name);
        note.push(' ');
        STANDARD.encode_string(bytes, note);
        note.push('\n');
    }
}

/// A named Ed25519 key of one signature type: what the `vkey` form `name+hash+base64` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedKey<const TYPE: u8> {
    pub(crate) name: std::sync::Arc<str>,
    pub(crate) key: VerifyingKey,
}

impl<const TYPE: u8> NamedKey<TYPE> {
    pub(crate) fn new(
        what: &'static str,
        name: &str,
        key: VerifyingKey,
    ) -> Result<Self, VerifyError> {
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.len() > 255 || name.contains(odd) {
            let why = "a name is 1 to 255 bytes without white space or '+'";
            return Err(VerifyError::malformed(what, why));
        }
        Ok(Self { name: name.into(), key })
    }

    /// The four bytes that stand before each signature of this key.
    pub(crate) fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', TYPE])
            .chain_update(self.key.as_bytes())
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    pub(crate) fn write(&self) -> String {
        let mut key = [TYPE; 33];
        key[1..].copy_from_slice(self.key.as_bytes());
        let id = u32::from_be_bytes(self.id());
        format!("{}+{id:08x}+{}", self.name, STANDARD.encode(key))
    }

    pub(crate) fn parse(what: &'static str, text: &str) -> Result<Self, VerifyError> {
        let bad = |why: &str| VerifyError::malformed(what, why);
        let text = text.trim_end();
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("expected name+hash+key"));
        };
        let key = STANDARD.decode(key).map_err(|_| bad("the key is not base64"))?;
        let key = match key.split_first() {
            Some((kind, key)) if *kind == TYPE => {
                key.try_into().map_err(|_| bad("the key is not 32 bytes"))?
            }
            _ => return Err(bad("the key is of another signature type")),
        };
        let key = VerifyingKey::from_bytes(key).map_err(|_| bad("not a point of the curve"))?;
        let parsed = Self::new(what, name, key)?;
        if parsed.write() == text {
            Ok(parsed)
        } else {
            Err(bad("the hash does not belong to this name and key"))
        }
    }
}
