//! Nobody but the ledger says that something is recorded.

use yumen_ledger::{Admitted, LedgerProof};

pub fn admitted(proof: LedgerProof) -> Admitted {
    Admitted::new(proof)
}

fn main() {}
