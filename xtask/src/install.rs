//! What the tests need beside Rust: a Python environment, Node packages, a browser. Each is
//! installed from packages when it is missing, and left alone when it is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Project;

/// The browser of Debian's package.
const CHROMIUM: &str = "/usr/bin/chromium";

/// A Python environment with the pinned packages of every Python suite.
pub(crate) fn python(project: &Project) -> Result<PathBuf, String> {
    let venv = project.target.join("test-venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        step(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    let wanted = requirements(project)?;
    let stamp = venv.join("yumen-requirements.txt");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(&wanted) {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        for file in requirement_files(project) {
            pip.arg("-r").arg(file);
        }
        step(&mut pip)?;
        std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    }
    Ok(python)
}

/// The Node packages of one suite, as its lock file has them.
pub(crate) fn node(folder: &Path) -> Result<(), String> {
    let lock = folder.join("package-lock.json");
    let installed = folder.join("node_modules/.package-lock.json");
    let modified = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    if modified(&installed) < modified(&lock) || !installed.exists() {
        step(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))?;
    }
    Ok(())
}

/// The browser, and fonts that show Chinese.
pub(crate) fn browser() -> Result<(), String> {
    if Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    step(Command::new("apt-get").args(["update", "-q"]))?;
    step(
        Command::new("apt-get")
            .args(["install", "-q", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Runs a command to its end; what it prints is shown.
pub(crate) fn step(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let status = command.status().map_err(|error| format!("{shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown}: {status}")) }
}

fn requirement_files(project: &Project) -> [PathBuf; 2] {
    ["tests/e2e", "tests/vendor-sdk"]
        .map(|folder| project.root.join(folder).join("requirements.txt"))
}

fn requirements(project: &Project) -> Result<String, String> {
    requirement_files(project)
        .iter()
        .map(|file| {
            std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
        })
        .collect()
}
