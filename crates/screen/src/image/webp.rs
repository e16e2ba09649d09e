//! WebP, chunk by chunk (RFC 9649).

use super::orientation::Orientation;
use super::{Bytes, Cleaned, PictureError, sized};

/// Flags of an extended file.
const ICC: u8 = 0x20;
const ALPHA: u8 = 0x10;
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;
const ANIMATION: u8 = 0x02;

/// Keeps the picture and its transparency; of EXIF the orientation.
pub(super) fn clean(bytes: &[u8]) -> Cleaned {
    let mut input = Bytes(bytes);
    input.take(4)?;
    let length = u32::from_le_bytes(input.array()?);
    let length = usize::try_from(length).map_err(|_| PictureError::Truncated)?;
    // What comes after the end that the file names is not of it.
    let mut input = Bytes(input.take(length)?);
    input.take(4)?;
    let (mut canvas, mut flags, mut picture, mut alpha, mut orientation) =
        (None, 0, None, None, None);
    while !input.0.is_empty() {
        let kind: [u8; 4] = input.array()?;
        let length = u32::from_le_bytes(input.array()?);
        let length = usize::try_from(length).map_err(|_| PictureError::Truncated)?;
        let body = input.take(length)?;
        if length % 2 == 1 {
            input.take(1)?;
        }
        match &kind {
            b"VP8X" => {
                let mut body = Bytes(body);
                flags = body.byte()?;
                body.take(3)?;
                canvas = Some(sized(1 + long3(body.array()?), 1 + long3(body.array()?))?);
            }
            b"VP8 " | b"VP8L" if picture.is_some() => {
                return Err(PictureError::Damaged("a WebP with two pictures"));
            }
            b"VP8 " => picture = Some((kind, body, lossy(body)?)),
            b"VP8L" => picture = Some((kind, body, lossless(body)?)),
            b"ALPH" => alpha = Some(body),
            b"ANIM" | b"ANMF" => return Err(PictureError::Animated),
            b"EXIF" => {
                let tiff = body.strip_prefix(b"Exif\0\0".as_slice()).unwrap_or(body);
                orientation = orientation.or(Orientation::of_tiff(tiff));
            }
            _ => {}
        }
    }
    if flags & ANIMATION != 0 {
        return Err(PictureError::Animated);
    }
    let (kind, body, size) = picture.ok_or(PictureError::Damaged("a WebP without a picture"))?;
    if canvas.is_some_and(|canvas| canvas != size) {
        return Err(PictureError::Damaged("a WebP of two sizes"));
    }
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    if canvas.is_some() || orientation.is_some() {
        let kept = flags & !(ICC | EXIF | XMP | ANIMATION) & (ALPHA | 0xc1);
        let exif = if orientation.is_some() { EXIF } else { 0 };
        let mut extended = vec![kept | exif, 0, 0, 0];
        for side in [size.0 - 1, size.1 - 1] {
            extended.extend(&side.to_le_bytes()[..3]);
        }
        write(*b"VP8X", &extended, &mut out);
        if let Some(alpha) = alpha {
            write(*b"ALPH", alpha, &mut out);
        }
    }
    write(kind, body, &mut out);
    if let Some(orientation) = orientation {
        write(*b"EXIF", &orientation.tiff(), &mut out);
    }
    // It is no longer than what it was made of, whose length was a u32, and 60 bytes.
    let length =
        u32::try_from(out.len() - 8).map_err(|_| PictureError::Damaged("a WebP too long"))?;
    out[4..8].copy_from_slice(&length.to_le_bytes());
    Ok((out, size))
}

fn long3([a, b, c]: [u8; 3]) -> u32 {
    u32::from_le_bytes([a, b, c, 0])
}

/// The size in the header of a lossy frame (RFC 6386, §9.1).
fn lossy(body: &[u8]) -> Result<(u32, u32), PictureError> {
    let mut body = Bytes(body);
    let [tag, ..] = body.array::<3>()?;
    if tag & 1 != 0 || body.array()? != [0x9d, 0x01, 0x2a] {
        return Err(PictureError::Damaged("a WebP whose picture does not begin"));
    }
    let mut side = || Ok(u32::from(u16::from_le_bytes(body.array()?) & 0x3fff));
    sized(side()?, side()?)
}

/// The size in the header of a lossless one.
fn lossless(body: &[u8]) -> Result<(u32, u32), PictureError> {
    let mut body = Bytes(body);
    if body.byte()? != 0x2f {
        return Err(PictureError::Damaged("a WebP whose picture does not begin"));
    }
    let bits = u32::from_le_bytes(body.array()?);
    sized(1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff))
}

fn write(kind: [u8; 4], body: &[u8], out: &mut Vec<u8>) {
    out.extend(kind);
    // A body was read from a chunk, or is shorter.
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}
