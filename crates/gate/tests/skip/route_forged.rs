//! No model can be asked but one of the clearance's: a route is only made by `Partners::route`.

use yumen_features::Prompt;
use yumen_partners::Route;
use yumen_screen::{Screened, ToPartner};

pub fn route(prompt: Screened<Prompt, ToPartner>, of_another: Route) -> Route {
    Route { prompt, ..of_another }
}

fn main() {}
