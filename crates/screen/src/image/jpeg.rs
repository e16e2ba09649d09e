//! JPEG, segment by segment (ITU-T T.81, annex B).

use super::orientation::Orientation;
use super::{Bytes, Cleaned, PictureError, sized};

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const EXIF: &[u8] = b"Exif\0\0";

/// Keeps tables, frame and scans, the colour transform of Adobe and the density of JFIF; of the rest only the orientation.
pub(super) fn clean(bytes: &[u8]) -> Cleaned {
    let mut input = Bytes(bytes);
    let mut kept = Vec::with_capacity(bytes.len());
    let (mut size, mut orientation, mut has_scan) = (None, None, false);
    input.take(2)?;
    loop {
        match marker(&mut input)? {
            EOI if has_scan => break,
            EOI | SOI => return Err(PictureError::Damaged("a JPEG without a scan")),
            // Markers that stand alone: none is needed between segments.
            0x01 | 0xd0..=0xd7 => {}
            marker => {
                let length = u16::from_be_bytes(input.array()?);
                let body = input.take(usize::from(length.checked_sub(2).ok_or(TOO_SHORT)?))?;
                match marker {
                    0xc0..=0xc2 => {
                        if size.is_some() {
                            return Err(PictureError::Damaged("a JPEG with two frames"));
                        }
                        size = Some(frame(body)?);
                        segment(marker, body, &mut kept);
                    }
                    0xc4 | 0xdb | 0xdd => segment(marker, body, &mut kept),
                    SOS => {
                        if size.is_none() {
                            return Err(PictureError::Damaged(
                                "a JPEG whose scan comes before its frame",
                            ));
                        }
                        segment(marker, body, &mut kept);
                        kept.extend(scan(&mut input)?);
                        has_scan = true;
                    }
                    // JFIF: version and density without the thumbnail.
                    0xe0 if body.starts_with(b"JFIF\0") && body.len() >= 14 => {
                        segment(marker, &[&body[..12], &[0, 0]].concat(), &mut kept);
                    }
                    // Adobe: how colours are stored.
                    0xee if body.starts_with(b"Adobe") && body.len() >= 12 => {
                        segment(marker, &body[..12], &mut kept);
                    }
                    0xe1 if body.starts_with(EXIF) => {
                        orientation = orientation.or(Orientation::of_tiff(&body[EXIF.len()..]));
                    }
                    0xe0..=0xef | 0xfe => {}
                    _ => return Err(PictureError::Damaged("a JPEG of a kind that is not taken")),
                }
            }
        }
    }
    let size = size.ok_or(PictureError::Damaged("a JPEG without a frame"))?;
    let mut out = Vec::with_capacity(kept.len() + 48);
    out.extend([0xff, SOI]);
    if let Some(orientation) = orientation {
        segment(0xe1, &[EXIF, &orientation.tiff()].concat(), &mut out);
    }
    out.extend(kept);
    out.extend([0xff, EOI]);
    Ok((out, size))
}

const TOO_SHORT: PictureError = PictureError::Damaged("a segment shorter than its length");

/// The next marker; fill bytes may come before it.
fn marker(input: &mut Bytes<'_>) -> Result<u8, PictureError> {
    if input.byte()? != 0xff {
        return Err(PictureError::Damaged("a JPEG without a marker where one belongs"));
    }
    loop {
        match input.byte()? {
            0xff => {}
            0 => return Err(PictureError::Damaged("a JPEG without a marker where one belongs")),
            marker => return Ok(marker),
        }
    }
}

fn segment(marker: u8, body: &[u8], out: &mut Vec<u8>) {
    // What was read from a segment, or is shorter, fits into one.
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    out.extend([0xff, marker]);
    out.extend(length.to_be_bytes());
    out.extend(body);
}

fn frame(body: &[u8]) -> Result<(u32, u32), PictureError> {
    let mut body = Bytes(body);
    body.byte()?;
    let (height, width) = (u16::from_be_bytes(body.array()?), u16::from_be_bytes(body.array()?));
    sized(width.into(), height.into())
}

/// The coded data after the header of a scan, up to the next marker that is none of a restart.
fn scan<'b>(input: &mut Bytes<'b>) -> Result<&'b [u8], PictureError> {
    let data = input.0;
    let mut at = 0;
    loop {
        let next =
            data[at..].iter().position(|byte| *byte == 0xff).ok_or(PictureError::Truncated)?;
        at += next;
        match data.get(at + 1) {
            None => return Err(PictureError::Truncated),
            Some(0 | 0xd0..=0xd7) => at += 2,
            // Fill.
            Some(0xff) => at += 1,
            Some(_) => return input.take(at),
        }
    }
}
