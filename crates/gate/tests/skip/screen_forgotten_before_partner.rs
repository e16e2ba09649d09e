//! A prompt that was not screened has no route to a partner.

use yumen_features::Prompt;
use yumen_partners::{Partners, Route};

pub fn route(partners: &Partners, prompt: Prompt) -> Route {
    partners.route(prompt, true).unwrap()
}

fn main() {}
