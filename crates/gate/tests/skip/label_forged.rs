//! Nobody but a label says that something is labelled.

use yumen_label::Labelled;

pub fn labelled(text: String) -> Labelled<String> {
    Labelled(text)
}

fn main() {}
