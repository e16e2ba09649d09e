//! A route is asked once.

use yumen_partners::{Answer, Partners, Route};

pub async fn answers(partners: &Partners, route: Route) -> [Answer; 2] {
    let first = partners.ask(route).await.unwrap();
    let second = partners.ask(route).await.unwrap();
    [first, second]
}

fn main() {}
