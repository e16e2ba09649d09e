//! A partner is not asked a prompt, only a route.

use yumen_features::Prompt;
use yumen_partners::{Answer, Partners};
use yumen_screen::{Screened, ToPartner};

pub async fn answer(partners: &Partners, prompt: Screened<Prompt, ToPartner>) -> Answer {
    partners.ask(prompt).await.unwrap()
}

fn main() {}
