//! What a text costs in memory on its way through the screen: a stream keeps what is undecided and a little before it, however
//! long it grows, and a piece of it allocates the text that goes on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use allocation_counter::measure;
use yumen_screen::{FromPartner, Pack, Screen};

/// 18 pieces in which nothing is found.
const SENTENCE: &str = "Booking early usually saves money, and the river path is open until dusk; the lanterns are lit at six. ";

fn screen() -> Arc<Screen> {
    let packs = [
        include_str!("../../../catalog/packs/pii.toml"),
        include_str!("../../../catalog/packs/quasi.toml"),
        include_str!("../../../catalog/packs/injection.toml"),
        include_str!("../../../catalog/packs/self_harm.toml"),
    ];
    Arc::new(Screen::new(packs.map(|pack| Pack::parse(pack).unwrap()).into()).unwrap())
}

#[test]
fn a_stream_stays_small_however_long_it_grows() {
    const PIECES: usize = 600;
    let screen = screen();
    let pieces: Vec<&str> = SENTENCE.split_inclusive(' ').cycle().take(PIECES).collect();
    // What is made once for all texts is made here.
    screen.stream(FromPartner).push(SENTENCE);
    let mut stream = screen.stream(FromPartner);
    let cost = measure(|| {
        for piece in &pieces {
            stream.push(piece);
        }
    });
    assert!(cost.bytes_current < 8 * 1024, "{cost:?}");
    assert!(cost.count_total < PIECES as u64 + 20, "{cost:?}");
}
