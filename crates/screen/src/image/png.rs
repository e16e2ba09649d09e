//! PNG, chunk by chunk (W3C, Portable Network Graphics, §5).

use super::orientation::Orientation;
use super::{Bytes, Cleaned, PictureError, sized};

const SIGNATURE: usize = 8;

/// Chunks that a picture is shown by.
const SHOWN: &[&[u8; 4]] =
    &[b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"cICP"];

/// Keeps what a picture is shown by. A picture that moves is kept as the still it has for those who cannot show it moving.
pub(super) fn clean(bytes: &[u8]) -> Cleaned {
    let mut input = Bytes(bytes);
    let mut out = input.take(SIGNATURE)?.to_vec();
    let header = chunk(&mut input)?;
    if header.kind != b"IHDR" || header.body.len() != 13 {
        return Err(PictureError::Damaged("a PNG without its header"));
    }
    let mut sides = Bytes(header.body);
    let size = sized(u32::from_be_bytes(sides.array()?), u32::from_be_bytes(sides.array()?))?;
    write(header.kind, header.body, &mut out);
    let mut has_data = false;
    let mut orientation = None;
    let mut body = Vec::new();
    loop {
        let chunk = chunk(&mut input)?;
        if chunk.kind == b"IEND" {
            break;
        }
        has_data |= chunk.kind == b"IDAT";
        if SHOWN.contains(&chunk.kind) {
            write(chunk.kind, chunk.body, &mut body);
        } else if chunk.kind == b"eXIf" {
            orientation = orientation.or(Orientation::of_tiff(chunk.body));
        } else if chunk.kind[0].is_ascii_uppercase() {
            return Err(PictureError::Damaged("a PNG with a part that nobody knows"));
        }
    }
    if !has_data {
        return Err(PictureError::Damaged("a PNG without a picture"));
    }
    if let Some(orientation) = orientation {
        write(b"eXIf", &orientation.tiff(), &mut out);
    }
    out.extend(body);
    write(b"IEND", &[], &mut out);
    Ok((out, size))
}

struct Chunk<'b> {
    kind: &'b [u8; 4],
    body: &'b [u8],
}

fn chunk<'b>(input: &mut Bytes<'b>) -> Result<Chunk<'b>, PictureError> {
    let length = u32::from_be_bytes(input.array()?);
    // A length beyond what there is ends here, whatever a usize is.
    let length = usize::try_from(length).map_err(|_| PictureError::Truncated)?;
    let kind = input.take(4)?.first_chunk().ok_or(PictureError::Truncated)?;
    let body = input.take(length)?;
    if u32::from_be_bytes(input.array()?) != check(kind, body) {
        return Err(PictureError::Damaged("a PNG whose check sums are wrong"));
    }
    Ok(Chunk { kind, body })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "kinds are parts of the file")]
fn write(kind: &[u8; 4], body: &[u8], out: &mut Vec<u8>) {
    // A body was read from a chunk, or is shorter.
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(kind);
    out.extend(body);
    out.extend(check(kind, body).to_be_bytes());
}

/// The CRC of a chunk (ISO 3309).
#[expect(clippy::trivially_copy_pass_by_ref, reason = "kinds are parts of the file")]
fn check(kind: &[u8; 4], body: &[u8]) -> u32 {
    static TABLE: [u32; 256] = table();
    let step = |sum: u32, byte: &u8| TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)] ^ (sum >> 8);
    !kind.iter().chain(body).fold(u32::MAX, step)
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        // Below 256.
        #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
        let mut sum = at as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
}
