//! What the tests need beside Rust: Python environments, Node packages, a browser. Each is installed
//! from packages when it is missing, and left alone when it is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Project;

/// The browser of Debian's package.
const CHROMIUM: &str = "/usr/bin/chromium";

/// A Python environment, with all that is in it pinned.
pub(crate) struct Environment {
    pub(crate) name: &'static str,
    /// The folder below Cargo's target folder.
    folder: &'static str,
    requirements: &'static [&'static str],
}

/// What the Python suites run in. Two of the partners' clients cannot live with the others.
pub(crate) const ENVIRONMENTS: [Environment; 3] = [
    Environment {
        name: "main",
        folder: "test-venv",
        requirements: &["tests/e2e/requirements.txt", "tests/vendor-sdk/requirements.txt"],
    },
    Environment {
        name: "zhipuai-legacy",
        folder: "test-venv-zhipuai-legacy",
        requirements: &["tests/vendor-sdk/requirements-zhipuai-legacy.txt"],
    },
    Environment {
        name: "anthropic-2023-06-01",
        folder: "test-venv-anthropic-2023-06-01",
        requirements: &["tests/vendor-sdk/requirements-anthropic-2023-06-01.txt"],
    },
];

/// The interpreter of an environment, which is installed if its lists changed.
pub(crate) fn python(project: &Project, environment: &Environment) -> Result<PathBuf, String> {
    let venv = project.target.join(environment.folder);
    let python = venv.join("bin/python");
    let stamp = venv.join("yumen-requirements.txt");
    let files: Vec<PathBuf> =
        environment.requirements.iter().map(|file| project.root.join(file)).collect();
    let wanted: String = files.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
    if python.exists() && std::fs::read_to_string(&stamp).ok().as_deref() == Some(&wanted) {
        return Ok(python);
    }
    // From nothing, so that no package stays that is in no list any more.
    step(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let pip = || {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "--disable-pip-version-check"]);
        pip
    };
    // The lists are complete: nothing needs to be looked up, and the check says what they lack.
    let mut install = pip();
    install.args(["install", "--quiet", "--no-deps"]);
    for file in &files {
        install.arg("-r").arg(file);
    }
    step(&mut install)?;
    step(pip().arg("check"))?;
    std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
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

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
