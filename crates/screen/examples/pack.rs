//! How long it takes to open a built pack, and to read and build its source:
//! `cargo run --release -p yumen-screen --example pack -- PACK.toml [FOLDER OF ITS FILES]`.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

use yumen_policy::{SignerKey, SigningKey, Timestamp};
use yumen_screen::{Pack, PackBuild, PackFile, PackKeys, PackSource, Screen};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: pack PACK.toml")?;
    let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
    let timed = |what: &str, since: Instant| {
        println!("{what:24} {:8.1} ms", since.elapsed().as_secs_f64() * 1000.0);
    };
    let since = Instant::now();
    let toml = std::fs::read_to_string(&path)?;
    let source = PackSource::read(toml, |file| File::open(folder.join(file)))?;
    timed("read the source", since);
    let since = Instant::now();
    let issued = Some("2026-11-22".parse()?);
    let expires = Some("2027-11-22".parse()?);
    let built = source.build(&PackBuild { issued, expires, ..PackBuild::default() })?;
    let key = SigningKey::from_bytes(&[7; 32]);
    let bytes = PackFile::read(&built)?.sign(&key)?;
    timed("build and sign", since);
    let now: Timestamp = "2026-11-23T00:00:00Z".parse()?;
    for _ in 0..3 {
        let since = Instant::now();
        let pack = Pack::open(&bytes, &PackKeys::new([SignerKey::of(&key)]), now)?;
        timed("open", since);
        let since = Instant::now();
        Screen::new(vec![pack])?;
        timed("compile the screen", since);
    }
    println!("{} terms, {} bytes", source.counts().terms, bytes.len());
    Ok(())
}
