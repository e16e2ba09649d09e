//! A route does not change its model.

use yumen_partners::Route;
use yumen_policy::ModelRef;

pub fn redirect(route: &mut Route, another: ModelRef) {
    *route.model() = another;
}

fn main() {}
