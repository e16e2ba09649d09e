//! GIF, block by block (W3C, `GIF89a`).

use super::{Bytes, Cleaned, PictureError, sized};

/// Keeps screen, colours, one picture and its transparency; comments, texts and what applications wrote go.
pub(super) fn clean(bytes: &[u8]) -> Cleaned {
    let mut input = Bytes(bytes);
    let mut out = input.take(6)?.to_vec();
    let screen: [u8; 7] = input.array()?;
    let screen_size = sized(side(screen[0], screen[1]), side(screen[2], screen[3]))?;
    out.extend(screen);
    out.extend(colours(&mut input, screen[4])?);
    let mut control: Option<&[u8]> = None;
    let mut has_picture = false;
    loop {
        match input.byte()? {
            0x3b => break,
            0x21 => {
                let label = input.byte()?;
                let blocks = blocks(&mut input)?;
                if label == 0xf9 {
                    control = Some(blocks);
                }
            }
            0x2c => {
                if std::mem::replace(&mut has_picture, true) {
                    return Err(PictureError::Animated);
                }
                let place: [u8; 9] = input.array()?;
                let right = side(place[0], place[1]) + side(place[4], place[5]);
                let bottom = side(place[2], place[3]) + side(place[6], place[7]);
                if right > screen_size.0 || bottom > screen_size.1 {
                    return Err(PictureError::Damaged(
                        "a GIF whose picture is larger than its screen",
                    ));
                }
                if let Some(control) = control.take() {
                    out.extend([0x21, 0xf9]);
                    out.extend(control);
                }
                out.push(0x2c);
                out.extend(place);
                out.extend(colours(&mut input, place[8])?);
                out.push(input.byte()?);
                out.extend(blocks(&mut input)?);
            }
            _ => return Err(PictureError::Damaged("a GIF with a block that nobody knows")),
        }
    }
    if !has_picture {
        return Err(PictureError::Damaged("a GIF without a picture"));
    }
    out.push(0x3b);
    Ok((out, screen_size))
}

fn side(low: u8, high: u8) -> u32 {
    u16::from_le_bytes([low, high]).into()
}

/// The table of colours that a packed field announces.
fn colours<'b>(input: &mut Bytes<'b>, packed: u8) -> Result<&'b [u8], PictureError> {
    let count = if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) };
    input.take(count)
}

/// Blocks with their lengths, up to the empty one that ends them.
fn blocks<'b>(input: &mut Bytes<'b>) -> Result<&'b [u8], PictureError> {
    let all = input.0;
    let mut length = 0;
    loop {
        let block = input.byte()?;
        length += 1 + usize::from(block);
        input.take(block.into())?;
        if block == 0 {
            return Ok(&all[..length]);
        }
    }
}
