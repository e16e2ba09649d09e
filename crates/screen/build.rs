//! Lays the lists of names, places and words out as one table that is searched where it lies in the binary.
//!
//! An entry is four bytes: 24 bits that tell the word from others in its place, and a bit for each list it is in. The lists
//! are sorted and written with a letter for how many characters each entry shares with the one before (`a` none, `b` one).

use std::collections::HashMap;
use std::path::Path;
use std::{env, fs, io};

#[path = "src/pii/en/key.rs"]
mod key;

/// The lists, and the bit of each; `pii/en/lexicon.rs` has the same.
const LISTS: [(&str, u8); 8] = [
    ("forenames", 1),
    ("surnames", 2),
    ("places", 4),
    ("countries", 8),
    ("words", 16),
    ("organisations", 32),
    ("nationalities", 64),
    ("occupations", 128),
];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/pii/en/key.rs");
    println!("cargo::rerun-if-changed=data/en");
    let mut bits: HashMap<u64, u8> = HashMap::new();
    for (list, bit) in LISTS {
        let text = fs::read_to_string(format!("data/en/{list}.txt"))?;
        let mut before = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut letters = line.bytes();
            let Some(shared) = letters.next() else { continue };
            before.truncate(usize::from(shared - b'a'));
            before.push_str(&line[1..]);
            *bits.entry(key::number_of(&before)).or_default() |= bit;
        }
    }
    let mut entries: Vec<(u64, u8)> = bits.into_iter().collect();
    entries.sort_unstable();
    // Half as many slots again as entries: a word that is not there is mostly told at the first look.
    let slots = (entries.len() * 3 / 2).next_power_of_two();
    let mut table = vec![0_u32; slots];
    for (number, bits) in entries {
        let mut slot = usize::try_from(number & (slots as u64 - 1)).expect("a slot of the table");
        while table[slot] != 0 {
            slot = (slot + 1) % slots;
        }
        let mark = u32::try_from(number >> 40).expect("24 bits");
        table[slot] = mark << 8 | u32::from(bits);
    }
    let bytes: Vec<u8> = table.into_iter().flat_map(u32::to_le_bytes).collect();
    let out = env::var_os("OUT_DIR").expect("cargo sets it for build scripts");
    fs::write(Path::new(&out).join("lexicon.bin"), bytes)
}
