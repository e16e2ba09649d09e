//! A picture as it stands in a conversation: in base64, cleaned in place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use yumen_wire::{Media, MediaSource};

use super::{Picture, PictureError};

/// Cleans the picture of a conversation; its type is what its bytes say.
///
/// A picture at an address is refused: what is there when it is looked at need not be what is there when the partner
/// fetches it, and whoever serves it learns that somebody asks about it.
///
/// # Errors
/// Why it is not taken.
pub fn clean_picture(media: &mut Media) -> Result<(), PictureError> {
    let MediaSource::Base64 { media_type, data } = &mut media.source else {
        return Err(PictureError::Remote);
    };
    let bytes = STANDARD.decode(&*data).map_err(|_| PictureError::Damaged("it is no base64"))?;
    let picture = Picture::clean(&bytes)?;
    if picture.bytes() != bytes {
        *data = STANDARD.encode(picture.bytes());
    }
    picture.format().media_type().clone_into(media_type);
    Ok(())
}
