//! What a model thinks is shown no earlier than what it says: not before it was screened, and not before it was labelled.

use yumen_gate::Piece;
use yumen_label::Labels;
use yumen_screen::{FromPartner, Screened};

pub fn thought(text: String) -> Piece {
    Piece::Reasoning { choice: 0, text }
}

pub fn unscreened(labels: &Labels, text: String) -> Piece {
    Piece::Reasoning { choice: 0, text: labels.stamp(text) }
}

pub fn unlabelled(text: Screened<String, FromPartner>) -> Piece {
    Piece::Reasoning { choice: 0, text }
}

fn main() {}
