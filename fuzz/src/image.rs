//! What must hold for any bytes that come as a picture.
//!
//! The same function runs over the seed corpus in `cargo test -p yumen-screen`.

use yumen_screen::{MOST_PIXELS, MOST_SIDE, Picture};

/// What is taken is within the bounds, hardly longer than it came, and clean: cleaned once more it is the same.
pub(crate) fn image(data: &[u8]) {
    let Ok(picture) = Picture::clean(data) else { return };
    let (width, height) = picture.size();
    assert!((1..=MOST_SIDE).contains(&width) && (1..=MOST_SIDE).contains(&height));
    assert!(u64::from(width) * u64::from(height) <= MOST_PIXELS);
    assert!(picture.bytes().len() <= data.len() + 64);
    let again = Picture::clean(picture.bytes()).expect("what is clean is taken");
    assert_eq!(again, picture);
}
