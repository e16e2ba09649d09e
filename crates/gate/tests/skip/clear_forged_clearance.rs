//! A clearance cannot be made by hand.

use yumen_policy::{Clearance, Policy};

pub fn clearance(policy: &Policy) -> Clearance {
    Clearance { policy: policy.clone(), market: 0, feature: 0 }
}

fn main() {}
