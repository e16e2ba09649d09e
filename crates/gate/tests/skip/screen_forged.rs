//! Nobody but the screen says that something was screened.

use std::marker::PhantomData;

use yumen_features::Prompt;
use yumen_screen::{Screened, ToPartner};

pub fn by_field(prompt: Prompt) -> Screened<Prompt, ToPartner> {
    Screened(prompt, PhantomData)
}

pub fn by_function(prompt: Prompt) -> Screened<Prompt, ToPartner> {
    Screened::new(prompt)
}

fn main() {}
