//! Entries of duties towards people and records: complaints, deletions, exports, legal holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Word;

/// Somebody reported a concern, or was answered (`complaint.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complaint<'a> {
    /// Who took the step; none where the person did.
    pub by: Option<Word<'a>>,
    /// What it is about, as a code.
    pub code: Word<'a>,
    /// Digest of the words, which are kept elsewhere; none where there are none.
    pub digest: Option<Word<'a>>,
    /// The complaint's id.
    pub id: Word<'a>,
    /// The market, once it was known.
    pub market: Option<Word<'a>>,
    /// Id of the receipt it is about.
    pub receipt: Option<Word<'a>>,
    /// `received`, `answered` or `closed`.
    pub step: Word<'a>,
    /// When.
    pub time: Timestamp,
}

/// Something was deleted (`deletion.v1`): a person's data, or the bytes of entries of this log that were past
/// their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deletion<'a> {
    /// Under what it was deleted: `retention`, `request`, `account_closed`.
    pub basis: Word<'a>,
    /// Who asked for it.
    pub by: Word<'a>,
    /// How many things were deleted.
    pub count: u64,
    /// What exactly, as a digest. For entries of this log: SHA-256 over the index (8 bytes, big endian) and the
    /// leaf hash of each.
    pub digest: Word<'a>,
    /// The deletion's id.
    pub id: Word<'a>,
    /// The market whose rules asked for it; none where several did.
    pub market: Option<Word<'a>>,
    /// When.
    pub time: Timestamp,
    /// What kind of thing: `ledger_entries`, `context`, `account`.
    pub what: Word<'a>,
}

/// Records were handed out (`export.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export<'a> {
    /// Who took them out.
    pub by: Word<'a>,
    /// How many records.
    pub count: u64,
    /// Digest of the file that was made.
    pub digest: Word<'a>,
    /// The export's id.
    pub id: Word<'a>,
    /// The market they are of; none where of several.
    pub market: Option<Word<'a>>,
    /// For what, as a code: `audit`, `regulator`, `person`.
    pub purpose: Word<'a>,
    /// When.
    pub time: Timestamp,
    /// What kind of records: `ledger_entries`, `account`, `dossier`.
    pub what: Word<'a>,
}

/// A legal hold was placed or released (`hold.v1`): while it holds, the entries it names are not pruned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldStep<'a> {
    /// What was done.
    pub at: HoldAt,
    /// Who did it.
    pub by: Word<'a>,
    /// The id of the entries it keeps, such as a receipt's; none for any.
    pub entry: Option<Word<'a>>,
    /// The hold's id.
    pub id: Word<'a>,
    /// The kind of entries it keeps, with or without a version; none for any.
    pub kind: Option<Word<'a>>,
    /// The market of the entries it keeps; none for any.
    pub market: Option<Word<'a>>,
    /// A short code, or the digest of the words in which the reason was given.
    pub reason: Word<'a>,
    /// When.
    pub time: Timestamp,
}

/// What was done to a legal hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldAt {
    /// It holds from now on.
    Placed,
    /// It holds no longer.
    Released,
}
