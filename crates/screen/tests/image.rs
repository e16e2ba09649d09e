//! Pictures come out whole, bounded, and silent about everything but what they show.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use yumen_screen::{Format, MOST_SIDE, Picture, PictureError, clean_picture};
use yumen_wire::{Media, MediaSource};

/// Stands in every part that is to go.
const SECRET: &[u8] = b"SECRET 31.2304N 121.4737E";

/// TIFF with an orientation and a place.
fn tiff(orientation: u8) -> Vec<u8> {
    let mut tiff = b"II\x2a\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    tiff.extend([orientation, 0, 0, 0]);
    tiff.extend(b"\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0");
    tiff.extend(SECRET);
    tiff
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], body].concat()
}

fn jpeg(width: u16, height: u16, orientation: u8) -> Vec<u8> {
    let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
    [
        b"\xff\xd8".to_vec(),
        segment(0xe0, &[b"JFIF\0\x01\x02\0\0\x48\0\x48\x01\x01", SECRET].concat()),
        segment(0xe1, &[b"Exif\0\0", &tiff(orientation)[..]].concat()),
        segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat()),
        segment(0xe2, &[b"ICC_PROFILE\0\x01\x01", SECRET].concat()),
        segment(0xed, &[b"Photoshop 3.0\0", SECRET].concat()),
        segment(0xfe, SECRET),
        segment(0xdb, &[0; 65]),
        segment(0xc0, &[8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0]),
        segment(0xc4, &[0; 20]),
        segment(0xda, &[1, 1, 0, 0, 63, 0]),
        b"\x12\xff\0\x34\xff\xd0\x56".to_vec(),
        b"\xff\xd9".to_vec(),
        SECRET.to_vec(),
    ]
    .concat()
}

fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut sum = u32::MAX;
    for byte in kind.iter().chain(body) {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
        }
    }
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length, &kind[..], body, &(!sum).to_be_bytes()].concat()
}

fn png(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(*b"IHDR", &header),
        chunk(*b"eXIf", &tiff(orientation)),
        chunk(*b"tEXt", &[b"Comment\0", SECRET].concat()),
        chunk(*b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", SECRET].concat()),
        chunk(*b"tIME", &[7, 230, 1, 1, 1, 1, 1]),
        chunk(*b"IDAT", b"\x78\x9c\x63\x60\0\0\0\x02\0\x01"),
        chunk(*b"IEND", b""),
        SECRET.to_vec(),
    ]
    .concat()
}

fn webp(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let riff = |kind: &[u8; 4], body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        let pad = vec![0; body.len() % 2];
        [&kind[..], &length, body, &pad].concat()
    };
    let (w, h) = ((width - 1).to_le_bytes(), (height - 1).to_le_bytes());
    let extended = [&[0x2c, 0, 0, 0], &w[..3], &h[..3]].concat();
    let bits = ((width - 1) & 0x3fff) | (((height - 1) & 0x3fff) << 14);
    let chunks = [
        riff(b"VP8X", &extended),
        riff(b"ICCP", SECRET),
        riff(b"VP8L", &[&[0x2f], &bits.to_le_bytes()[..], &[7, 16]].concat()),
        riff(b"EXIF", &tiff(orientation)),
        riff(b"XMP ", SECRET),
    ]
    .concat();
    let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
    [b"RIFF", &length[..], b"WEBP", &chunks, SECRET].concat()
}

fn gif(width: u16, height: u16) -> Vec<u8> {
    let (w, h) = (width.to_le_bytes(), height.to_le_bytes());
    let length = u8::try_from(SECRET.len()).unwrap();
    [
        &b"GIF89a"[..],
        &[w[0], w[1], h[0], h[1], 0x80, 0, 0, 0, 0, 0, 255, 255, 255],
        &[0x21, 0xfe, length],
        SECRET,
        &[0],
        &[0x21, 0xf9, 4, 1, 0, 0, 0, 0],
        &[0x2c, 0, 0, 0, 0, w[0], w[1], h[0], h[1], 0, 2, 2, 0x44, 1, 0],
        &[0x3b],
        SECRET,
    ]
    .concat()
}

fn pictures() -> [(Format, Vec<u8>); 4] {
    [
        (Format::Jpeg, jpeg(640, 480, 6)),
        (Format::Png, png(640, 480, 6)),
        (Format::WebP, webp(640, 480, 6)),
        (Format::Gif, gif(640, 480)),
    ]
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_picture_loses_what_it_says_and_keeps_what_it_shows() {
    for (format, bytes) in pictures() {
        let picture = Picture::clean(&bytes).unwrap();
        assert_eq!((picture.format(), picture.size()), (format, (640, 480)));
        for part in [SECRET, b"Photoshop", b"ICC", b"xap", b"Comment", b"XMP", b"II\x2a\0"] {
            assert!(!has(picture.bytes(), part), "{format:?} still says {part:?}");
        }
        let turned =
            has(picture.bytes(), b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06");
        assert_eq!(turned, format != Format::Gif, "{format:?}");
        assert_eq!(
            Picture::clean(picture.bytes()).as_ref(),
            Ok(&picture),
            "cleaning again changes it"
        );
    }
}

#[test]
fn the_picture_of_a_conversation_is_cleaned_in_place() {
    let mut media = Media::base64("image/jpeg", STANDARD.encode(png(4, 4, 1)));
    clean_picture(&mut media).unwrap();
    let MediaSource::Base64 { media_type, data } = &media.source else { panic!("{media:?}") };
    assert_eq!(media_type, "image/png", "the type is what the bytes say");
    assert_eq!(STANDARD.decode(data).unwrap(), Picture::clean(&png(4, 4, 1)).unwrap().bytes());
    let mut remote = Media::at("https://lantern.example/a.png");
    assert_eq!(clean_picture(&mut remote), Err(PictureError::Remote));
}

#[test]
fn a_picture_that_is_cut_off_anywhere_is_refused() {
    for (format, bytes) in pictures() {
        let clean = Picture::clean(&bytes).unwrap();
        for length in 0..clean.bytes().len() {
            let cut = Picture::clean(&clean.bytes()[..length]);
            assert!(cut.is_err(), "{format:?} of {length} bytes is taken");
        }
    }
}

#[test]
fn sizes_are_bounded_before_anything_is_decoded() {
    let huge = |error| matches!(error, Err(PictureError::TooLarge { .. }));
    assert!(huge(Picture::clean(&jpeg(60_000, 60_000, 1))));
    assert!(huge(Picture::clean(&png(u32::MAX, 1, 1))));
    assert!(huge(Picture::clean(&png(MOST_SIDE, MOST_SIDE, 1))));
    assert!(huge(Picture::clean(&gif(u16::MAX, 2))));
    assert!(Picture::clean(&png(0, 7, 1)).is_err());
    assert!(Picture::clean(&webp(MOST_SIDE, 100, 1)).is_ok());
}

#[test]
fn what_moves_and_what_is_no_picture_is_refused() {
    let mut moving = gif(4, 4);
    let end = moving.iter().rposition(|byte| *byte == 0x3b).unwrap();
    let frame = [0x2c, 0, 0, 0, 0, 4, 0, 4, 0, 0, 2, 2, 0x44, 1, 0];
    moving.splice(end..end, frame);
    assert_eq!(Picture::clean(&moving), Err(PictureError::Animated));
    for not in [
        &b""[..],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"BM",
        b"%PDF-1.7",
        b"\xff\xd8\xff",
    ] {
        assert!(Picture::clean(not).is_err(), "{not:?}");
    }
    let mut wrong = png(4, 4, 1);
    wrong[20] ^= 1;
    assert!(matches!(Picture::clean(&wrong), Err(PictureError::Damaged(_))));
}

proptest! {
    #[test]
    fn whatever_comes_in_comes_out_clean_or_not_at_all(
        which in 0..4_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let (_, mut bytes) = pictures()[which].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() * 4).max(1));
        if let Ok(picture) = Picture::clean(&bytes) {
            prop_assert!(picture.bytes().len() <= bytes.len() + 64);
            let again = Picture::clean(picture.bytes());
            prop_assert_eq!(again.as_ref(), Ok(&picture));
        }
    }
}
