//! No model can be asked but one of the clearance's: a route is only made by `Partners::route`.

use yumen_features::Prompt;
use yumen_partners::Route;
use yumen_screen::{Screened, ToPartner};

pub fn route(prompt: Screened<Prompt, ToPartner>, another_model: usize) -> Route {
    Route { prompt, chosen: another_model, stream: false }
}

fn main() {}
