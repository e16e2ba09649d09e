//! Project chores that are not plain cargo.
//!
//! `cargo xtask test` installs what the tests need and is missing, from packages, then runs all of
//! them: unit, end-to-end, vendor SDK, browser. It ends with one line that counts them.

mod install;
mod suite;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => suite::run(&Project::find()),
        ["tidy"] => tidy::check(&Project::find()),
        _ => Err("usage: cargo xtask test | tidy".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Where things are.
struct Project {
    root: PathBuf,
    /// Cargo's target folder; tools and test environments are kept in it, too.
    target: PathBuf,
}

impl Project {
    fn find() -> Self {
        // This crate lies one folder below the root.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |path| root.join(path));
        Self { root: root.to_owned(), target }
    }
}
