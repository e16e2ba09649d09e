//! No part of a stream is written before it was labelled: neither text nor a tool's arguments.

use yumen_gate::{Piece, ToolCallPart};
use yumen_screen::{FromPartner, Screened};

pub fn text(text: String) -> Piece {
    Piece::Text { choice: 0, text }
}

pub fn screened(text: Screened<String, FromPartner>) -> Piece {
    Piece::Text { choice: 0, text }
}

pub fn tool(arguments: Option<String>) -> ToolCallPart {
    ToolCallPart { choice: 0, index: 0, id: None, name: None, arguments }
}

fn main() {}
