//! A prompt that was not screened has no route to a partner.

use yumen_features::Prompt;
use yumen_partners::{Manner, Partners, Route};

pub fn route(partners: &Partners, prompt: Prompt) -> Route {
    partners.route(prompt, Manner::stream()).unwrap()
}

fn main() {}
