//! What was screened for the device, where less is masked, has no route to a partner.

use yumen_features::Prompt;
use yumen_partners::{Manner, Partners, Route};
use yumen_screen::{Screen, ToDevice};

pub fn route(screen: &Screen, partners: &Partners, prompt: Prompt) -> Route {
    let (prompt, _) = screen.whole(prompt, ToDevice).unwrap();
    partners.route(prompt, Manner::stream()).unwrap()
}

fn main() {}
