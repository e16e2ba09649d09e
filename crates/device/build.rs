//! Lays harper's English dictionary out flat, so that the program can search it where it lies.
//!
//! As harper holds it at run time the dictionary takes 34 MiB, and 85 MiB with its automaton, more
//! than the whole demo may have. Laid out as sorted words, offsets and numbers of interned
//! metadata it is 2 MiB of the binary, of which only the pages that are searched become resident.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

use harper_core::{CharStringExt, Dictionary, MutableDictionary};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let dictionary = MutableDictionary::curated();

    // Sorted by the form under which words are looked up.
    let mut words: BTreeMap<String, (String, String)> = BTreeMap::new();
    for word in dictionary.words_iter() {
        let Some(metadata) = dictionary.get_word_metadata(word) else { continue };
        let mut metadata = metadata.clone();
        // The only field that differs from word to word; no rule in use reads it.
        metadata.derived_from = None;
        let metadata = serde_json::to_string(&metadata)?;
        let key: String = word.normalized().to_lower().iter().collect();
        words.insert(key, (word.iter().collect(), metadata));
    }

    let mut kinds: Vec<&str> = Vec::new();
    let mut kind_of: BTreeMap<&str, u16> = BTreeMap::new();
    let (mut text, mut offsets, mut numbers) = (String::new(), Vec::new(), Vec::new());
    for (word, metadata) in words.values() {
        let number = *kind_of.entry(metadata).or_insert_with(|| {
            kinds.push(metadata);
            u16::try_from(kinds.len() - 1).expect("a few thousand kinds of words at most")
        });
        let offset = u32::try_from(text.len()).expect("a few megabytes of words at most");
        offsets.extend_from_slice(&offset.to_le_bytes());
        numbers.extend_from_slice(&number.to_le_bytes());
        text.push_str(word);
    }
    let end = u32::try_from(text.len()).expect("a few megabytes of words at most");
    offsets.extend_from_slice(&end.to_le_bytes());

    let out = env::var_os("OUT_DIR").expect("cargo sets it for build scripts");
    let out = Path::new(&out);
    fs::write(out.join("words.txt"), text)?;
    fs::write(out.join("offsets.bin"), offsets)?;
    fs::write(out.join("kinds.bin"), numbers)?;
    fs::write(out.join("kinds.json"), format!("[{}]", kinds.join(",")))
}
