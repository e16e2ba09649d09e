//! An approval whose signatures were not verified does not get into a policy.

use yumen_policy::{PolicySource, SignedApproval};

pub fn import(source: &mut PolicySource, json: &[u8]) {
    let approval = SignedApproval::parse(json).unwrap();
    source.approvals = vec![approval];
}

fn main() {}
