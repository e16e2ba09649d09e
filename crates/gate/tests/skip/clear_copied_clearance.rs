//! A clearance cannot be copied to be used again.

use yumen_policy::Clearance;

pub fn again(clearance: &Clearance) -> Clearance {
    Clearance::clone(clearance)
}

fn main() {}
