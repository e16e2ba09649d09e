//! Nobody but the screen says that something was screened.

use yumen_features::Prompt;
use yumen_screen::Screened;

pub fn by_field(prompt: Prompt) -> Screened<Prompt> {
    Screened(prompt)
}

pub fn by_function(prompt: Prompt) -> Screened<Prompt> {
    Screened::new(prompt)
}

fn main() {}
