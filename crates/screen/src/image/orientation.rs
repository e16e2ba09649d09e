//! The one thing of EXIF that a picture is shown by: which way up it is (CIPA DC-008, tag 0x0112).

use super::Bytes;

/// Which way up, 2 to 8; upright is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orientation(u8);

const TAG: u16 = 0x0112;
const SHORT: u16 = 3;

impl Orientation {
    /// Reads it from a TIFF structure, as EXIF is; `None` where it is not said, or said badly.
    pub(super) fn of_tiff(tiff: &[u8]) -> Option<Self> {
        let big = match tiff.get(..4)? {
            [b'M', b'M', 0, 42] => true,
            [b'I', b'I', 42, 0] => false,
            _ => return None,
        };
        let short = |bytes: [u8; 2]| {
            if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
        };
        let long = |bytes: [u8; 4]| {
            if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        let first = Bytes(tiff.get(4..)?).array().ok().map(long)?;
        let mut directory = Bytes(tiff.get(usize::try_from(first).ok()?..)?);
        let entries = directory.array().ok().map(short)?;
        for _ in 0..entries {
            let mut entry = Bytes(directory.take(12).ok()?);
            let (tag, kind) = (entry.array().ok().map(short)?, entry.array().ok().map(short)?);
            if tag == TAG && kind == SHORT {
                let count = entry.array().ok().map(long)?;
                let value = entry.array().ok().map(short)?;
                let value = u8::try_from(value).ok().filter(|value| (2..=8).contains(value));
                return value.filter(|_| count == 1).map(Self);
            }
        }
        None
    }

    /// A TIFF structure that says it and nothing else.
    pub(super) fn tiff(self) -> Vec<u8> {
        let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        tiff.extend([self.0, 0, 0, 0, 0, 0, 0]);
        tiff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for way in 2..=8 {
            assert_eq!(Orientation::of_tiff(&Orientation(way).tiff()), Some(Orientation(way)));
        }
        assert_eq!(Orientation::of_tiff(&Orientation(1).tiff()), None);
        assert_eq!(Orientation::of_tiff(b"II\x2a\0\xff\xff\xff\xff"), None);
    }
}
