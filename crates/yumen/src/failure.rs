//! How a command fails: what went wrong, why, and what to do about it.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

/// A command's failure.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    causes: Vec<String>,
    help: Option<String>,
    code: u8,
}

/// The exit code when what was checked is not in order (a bad signature, a broken log).
pub(crate) const CHECK_FAILED: u8 = 2;

impl Failure {
    /// A failure in words of our own, as a fragment that fits after "error: ".
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), causes: Vec::new(), help: None, code: 1 }
    }

    /// A failure with the error that caused it.
    pub(crate) fn because(what: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        let mut failure = Self::new(what);
        let mut cause = Some(error);
        while let Some(error) = cause {
            failure.causes.push(error.to_string());
            cause = error.source();
        }
        // A transparent wrapper says what its source says.
        failure.causes.dedup();
        failure
    }

    /// What failed and why, on one line.
    pub(crate) fn what(&self) -> String {
        let causes = self.causes.iter().map(String::as_str);
        std::iter::once(self.what.as_str()).chain(causes).collect::<Vec<_>>().join(": ")
    }

    /// Says what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Ends the process with this code instead of 1.
    pub(crate) fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// Prints the failure to standard error and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        // Where standard error is closed, the exit code still tells.
        let _ = std::io::stderr().write_all(self.text().as_bytes());
        ExitCode::from(self.code)
    }

    fn text(&self) -> String {
        let mut text = format!("error: {}\n", self.what);
        // Writing into a string does not fail.
        for cause in &self.causes {
            let _ = writeln!(text, "  ╰─ {}", cause.trim_end().replace('\n', "\n     "));
        }
        if let Some(help) = &self.help {
            let _ = writeln!(text, "  help: {help}");
        }
        text
    }
}

/// Turns an error into a [`Failure`] that says what was being done.
pub(crate) trait Context<T> {
    /// `what` is a fragment such as "cannot open the store".
    fn context(self, what: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Error + 'static> Context<T> for Result<T, E> {
    fn context(self, what: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::because(what, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let failure = Failure::because("cannot read x", &std::io::Error::other("no such file"))
            .help("give another path");
        assert_eq!(
            failure.text(),
            "error: cannot read x\n  ╰─ no such file\n  help: give another path\n"
        );
    }
}
