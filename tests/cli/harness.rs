use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A directory with a pipeline file, and nothing of the test's own environment.
pub(crate) struct Project(TempDir);

impl Project {
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) fn with(self, path: &str, content: &str) -> Self {
        self.with_bytes(path, content.as_bytes())
    }

    pub(crate) fn with_bytes(self, path: &str, content: &[u8]) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("it lies in the project")).expect("writable");
        fs::write(path, content).expect("writable");
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A command to be run in the project. It has the PATH, for git, and the tests' own store of
    /// compiled modules, so that each is compiled once.
    #[expect(clippy::disallowed_methods, reason = "a test starts greenroom as a user does")]
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("GREENROOM_CACHE_DIR", env!("CARGO_TARGET_TMPDIR"))
            .env("GIT_CEILING_DIRECTORIES", self.path().parent().unwrap_or(self.path()))
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
        command
    }

    /// Exit code, standard output and standard error as one text.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.show(&self.command(arguments).output().expect("the binary starts"))
    }

    pub(crate) fn show(&self, output: &Output) -> String {
        let mut text = match output.status.code() {
            Some(code) => format!("exit code {code}\n"),
            None => format!("{}\n", output.status),
        };
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                let bytes = String::from_utf8_lossy(bytes);
                text += &format!("--- {name}\n{bytes}");
            }
        }
        for path in [self.path().canonicalize().as_deref().unwrap_or(self.path()), self.path()] {
            text = text.replace(&*path.to_string_lossy(), "[project]");
        }
        text
    }
}
