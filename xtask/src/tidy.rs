//! The house rules a compiler does not know: every source file says what it is for, none is more
//! than one idea, and crates depend only along the arrows of `ARCHITECTURE.md`.

use std::path::{Path, PathBuf};

use crate::Project;

/// The largest source file, in bytes.
const MAX_SOURCE: u64 = 40_000;

/// Which of the house's crates each crate may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("policy", &[]),
    ("wire", &[]),
    ("verify", &[]),
    ("screen", &["policy", "wire"]),
    ("judges", &["partners", "policy", "screen", "wire"]),
    ("label", &["policy", "screen", "wire"]),
    ("features", &["policy", "wire"]),
    ("device", &["features", "policy", "screen", "wire"]),
    ("ledger", &["verify"]),
    ("store", &[]),
    ("desk", &["ledger", "policy", "store"]),
    ("partners", &["features", "policy", "screen", "wire"]),
    (
        "gate",
        &[
            "desk", "device", "features", "judges", "label", "ledger", "partners", "policy",
            "screen", "wire",
        ],
    ),
];

/// Checks everything and lists all that is wrong.
pub(crate) fn check(project: &Project) -> Result<(), String> {
    let mut problems = Vec::new();
    for folder in ["crates", "emulators", "xtask"] {
        sources(&project.root.join(folder), &mut problems)?;
    }
    for (krate, allowed) in ARROWS {
        arrows(project, krate, allowed, &mut problems)?;
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("not tidy:\n  {}", problems.join("\n  ")))
    }
}

fn sources(folder: &Path, problems: &mut Vec<String>) -> Result<(), String> {
    for path in entries(folder)? {
        if path.is_dir() {
            sources(&path, problems)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = read(&path)?;
            let compiled_to_fail = path.components().any(|part| part.as_os_str() == "skip");
            if !text.starts_with("//!") && !compiled_to_fail {
                problems.push(format!("{}: does not say what it is for", path.display()));
            }
            if text.len() as u64 > MAX_SOURCE {
                problems.push(format!("{}: more than one idea", path.display()));
            }
        }
    }
    Ok(())
}

fn arrows(
    project: &Project,
    krate: &str,
    allowed: &[&str],
    problems: &mut Vec<String>,
) -> Result<(), String> {
    let manifest = read(&project.root.join("crates").join(krate).join("Cargo.toml"))?;
    let linked = manifest.split("[dev-dependencies]").next().unwrap_or_default();
    for line in linked.lines() {
        let Some(used) = line.strip_prefix("yumen-") else { continue };
        let used = used.split(['.', ' ', '=']).next().unwrap_or_default();
        if !allowed.contains(&used) {
            problems.push(format!("crates/{krate} must not depend on crates/{used}"));
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut paths = std::fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
