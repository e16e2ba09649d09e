//! `cargo xtask test`: every suite, and one line at the end that counts their tests.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::{Project, install, tidy};

/// Tests that ran.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// The suites in Python; the first runs in every environment.
const PYTHON_SUITES: [&str; 2] = ["tests/vendor-sdk", "tests/e2e"];

/// Runs everything. Every suite runs, also after one failed.
pub(crate) fn run(project: &Project) -> Result<(), String> {
    tidy::check(project)?;
    let pythons = install::ENVIRONMENTS
        .iter()
        .map(|environment| Ok((environment.name, install::python(project, environment)?)))
        .collect::<Result<Vec<_>, String>>()?;
    install::browser()?;
    let node_suites = ["tests/openai-node", "tests/browser"];
    for suite in node_suites {
        install::node(&project.root.join(suite))?;
    }

    let mut total = Count::default();
    let mut broken = Vec::new();
    let mut add = |name: &str, result: Result<Count, String>| match result {
        Ok(count) => {
            total.passed += count.passed;
            total.failed += count.failed;
            total.skipped += count.skipped;
            if count.passed + count.failed == 0 {
                broken.push(format!("{name} ran no test"));
            }
        }
        Err(error) => broken.push(format!("{name}: {error}")),
    };

    add(
        "cargo test",
        counted(cargo(project).args(["test", "--workspace", "--no-fail-fast"]), rust_line),
    );
    install::step(cargo(project).args(["build", "--workspace", "--bins"]))?;
    for (environment, python) in &pythons {
        // Everything else in Python runs in the first environment only.
        let suites = if *environment == "main" { &PYTHON_SUITES[..] } else { &PYTHON_SUITES[..1] };
        for suite in suites {
            let mut pytest = Command::new(python);
            pytest
                .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", suite])
                .env("YUMEN_SDK_ENVIRONMENT", environment);
            let name = format!("{suite} ({environment})");
            add(&name, counted(at_home(project, &mut pytest), pytest_line));
        }
    }
    for suite in node_suites {
        let mut node = Command::new("node");
        node.args(["--test", "--test-reporter=tap", "--test-concurrency=1"])
            .arg(format!("{suite}/"));
        add(suite, counted(at_home(project, &mut node), tap_line));
    }

    for problem in &broken {
        println!("broken: {problem}");
        total.failed += 1;
    }
    let Count { passed, failed, skipped } = total;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { Ok(()) } else { Err(format!("{failed} tests failed")) }
}

fn cargo(project: &Project) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&project.root);
    cargo
}

/// The programs that the suites start, and where they may write.
fn at_home<'c>(project: &Project, command: &'c mut Command) -> &'c mut Command {
    let programs = project.target.join("debug");
    command
        .current_dir(&project.root)
        .env("YUMEN_BIN", programs.join("yumen"))
        .env("YUMEN_EMULATORS_BIN", programs.join("yumen-emulators"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
}

/// Runs a suite, shows what it prints, and counts by its own words.
fn counted(command: &mut Command, count: fn(&str) -> Option<Count>) -> Result<Count, String> {
    let shown = format!("{command:?}");
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{shown}: {error}"))?;
    let mut total = Count::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.map_err(|error| format!("{shown}: {error}"))?;
            println!("{line}");
            if let Some(count) = count(&line) {
                total.passed += count.passed;
                total.failed += count.failed;
                total.skipped += count.skipped;
            }
        }
    }
    let status = child.wait().map_err(|error| format!("{shown}: {error}"))?;
    if status.success() || total.failed > 0 { Ok(total) } else { Err(status.to_string()) }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
fn rust_line(line: &str) -> Option<Count> {
    let rest = line.strip_prefix("test result: ")?;
    Some(Count {
        passed: before(rest, " passed")?,
        failed: before(rest, " failed")?,
        skipped: before(rest, " ignored")?,
    })
}

/// `3 passed, 1 skipped in 0.12s`
fn pytest_line(line: &str) -> Option<Count> {
    let summary = line.rsplit_once(" in ")?.0;
    let count = Count {
        passed: before(summary, " passed").unwrap_or(0),
        failed: before(summary, " failed").unwrap_or(0) + before(summary, " error").unwrap_or(0),
        skipped: before(summary, " skipped").unwrap_or(0),
    };
    (count.passed + count.failed + count.skipped > 0).then_some(count)
}

/// `# pass 3`, `# fail 0`, `# skipped 0`
fn tap_line(line: &str) -> Option<Count> {
    let number = |prefix: &str| line.strip_prefix(prefix).and_then(|rest| rest.parse().ok());
    if let Some(passed) = number("# pass ") {
        Some(Count { passed, ..Count::default() })
    } else if let Some(failed) = number("# fail ") {
        Some(Count { failed, ..Count::default() })
    } else {
        number("# skipped ").map(|skipped| Count { skipped, ..Count::default() })
    }
}

/// The number that stands before a word.
fn before(text: &str, word: &str) -> Option<u64> {
    let head = &text[..text.find(word)?];
    let start = head.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    head[start..].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_counted() {
        let rust =
            rust_line("test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured").unwrap();
        assert_eq!((rust.passed, rust.failed, rust.skipped), (12, 3, 1));
        let python = pytest_line("1 failed, 20 passed, 2 skipped in 3.40s").unwrap();
        assert_eq!((python.passed, python.failed, python.skipped), (20, 1, 2));
        assert_eq!(tap_line("# pass 7").unwrap().passed, 7);
        assert!(pytest_line("tests in progress").is_none());
    }
}
