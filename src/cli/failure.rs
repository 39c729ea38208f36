use std::fmt;
use std::io;

use super::exit_code::Exit;

/// Why a command ends early: what to say on standard error, and the exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    /// Empty if all has been said.
    message: String,
    help: Option<String>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(super) fn unable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unable, message)
    }

    /// Everything there is to say has been said already.
    pub(super) fn told(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// Standard output cannot be written.
    pub(super) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::told(Exit::BrokenPipe)
        } else {
            Self::unable(format!("cannot write to standard output: {error}"))
        }
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What happened, without the name of the program.
    pub(super) fn text(&self) -> String {
        self.message.clone()
    }

    pub(super) fn is_told(&self) -> bool {
        self.message.is_empty()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "greenroom: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}
