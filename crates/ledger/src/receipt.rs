//! Proof to the one who appended: that an entry is durable, and that a request may be answered.

use yumen_verify::LedgerProof;

/// Proof that an entry is durable, whatever it says; the only makers are [`crate::Ledger::append`] and its blocking form.
#[derive(Debug)]
pub struct Durable {
    proof: LedgerProof,
}

impl Durable {
    pub(crate) fn new(proof: LedgerProof) -> Self {
        Self { proof }
    }

    /// Where and under what the entry stands in the log.
    pub fn proof(&self) -> &LedgerProof {
        &self.proof
    }

    /// The same, without a copy.
    pub fn into_proof(self) -> LedgerProof {
        self.proof
    }
}

/// Proof that a request's admission is durable; the only maker is [`crate::Ledger::admit`].
///
/// It is a type of its own, so that the record of a refusal or of an approval cannot stand in for it.
#[derive(Debug)]
pub struct Admitted {
    proof: LedgerProof,
}

impl Admitted {
    pub(crate) fn new(proof: LedgerProof) -> Self {
        Self { proof }
    }

    /// What goes into the receipt.
    pub fn receipt(&self) -> &LedgerProof {
        &self.proof
    }

    /// What goes into the receipt, without a copy.
    pub fn into_receipt(self) -> LedgerProof {
        self.proof
    }
}
