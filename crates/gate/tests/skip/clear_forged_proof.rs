//! The bytes of a DPoP header prove nothing until they were verified.

use yumen_policy::{PolicyError, Presented, VerifiedAssertion};

pub fn present(assertion: VerifiedAssertion, header: &str) -> Result<Presented, PolicyError> {
    assertion.with(header)
}

fn main() {}
