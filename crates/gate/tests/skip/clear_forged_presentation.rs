//! Nobody outside the policy says that an assertion was presented by its holder.

use yumen_policy::{Presented, VerifiedAssertion};

pub fn present(assertion: VerifiedAssertion) -> Presented {
    Presented(assertion)
}

fn main() {}
