//! `--secret`: values that jobs get and that nobody is to see; and variables of type file.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::environment::Environment;
use super::failure::Failure;
use super::value::Variable;
use crate::executor::FileVariable;
use crate::mask;

/// A secret to hand over: `NAME`, or `NAME=@FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecretGrant {
    name: String,
    from: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Environment,
    File(PathBuf),
    /// It was told on the command line, which is refused; the value is forgotten at once, so that
    /// no message repeats it.
    Told,
}

impl FromStr for SecretGrant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, source) = match text.split_once('=') {
            Some((name, source)) => (name, Some(source)),
            None => (text, None),
        };
        let Variable { name, .. } = format!("{name}=").parse()?;
        let from = match source.map(|source| source.strip_prefix('@')) {
            None => Source::Environment,
            Some(Some(path)) if !path.is_empty() => Source::File(path.into()),
            Some(_) => Source::Told,
        };
        Ok(Self { name, from })
    }
}

impl SecretGrant {
    /// Its name and its value: from its file, from the environment, or else asked for on the
    /// terminal.
    pub(super) fn read(&self, environment: &Environment) -> Result<(String, String), Failure> {
        let Self { name, from } = self;
        let value = match (from, environment.get(name)) {
            (Source::Told, _) => {
                // Everybody on the machine can read the arguments of a process.
                return Err(Failure::usage(format!(
                    "--secret {name}: a secret does not belong on the command line"
                ))
                .help(format!(
                    "set the variable {name} and write --secret {name}, or {name}=@FILE"
                )));
            }
            (Source::File(path), _) => {
                let (mut text, length) = contents(&format!("--secret {name}"), path)?;
                text.truncate(length);
                text
            }
            (Source::Environment, Some(value)) => value
                .to_str()
                .map(str::to_owned)
                .ok_or_else(|| Failure::usage(format!("--secret {name}: it is not UTF-8 text")))?,
            (Source::Environment, None) => match environment.can_ask().then(|| ask(name)).flatten()
            {
                Some(value) => value,
                None => {
                    return Err(Failure::usage(format!(
                        "--secret {name}: there is no such variable in this environment"
                    ))
                    .help(format!("set it, or write --secret {name}=@FILE")));
                }
            },
        };
        checked(name, value)
    }
}

/// A variable of type file: `NAME=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileGrant {
    name: String,
    file: PathBuf,
}

impl FromStr for FileGrant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, file)) if !file.is_empty() => {
                let Variable { name, .. } = format!("{name}=").parse()?;
                Ok(Self { name, file: file.into() })
            }
            _ => Err("write it as NAME=FILE".to_owned()),
        }
    }
}

impl FileGrant {
    pub(super) fn read(&self) -> Result<FileVariable, Failure> {
        let (text, _) = contents(&format!("--var-file {}", self.name), &self.file)?;
        Ok(FileVariable { name: self.name.clone(), content: text })
    }

    pub(super) fn read_secret(&self) -> Result<FileVariable, Failure> {
        let (content, length) = contents(&format!("--secret-file {}", self.name), &self.file)?;
        let (name, core) = checked(&self.name, content[..length].to_owned())?;
        debug_assert!(content.starts_with(&core));
        Ok(FileVariable { name, content })
    }
}

/// A secret of the settings, which is for whenever it is there.
pub(super) fn of_settings(
    name: &str,
    environment: &Environment,
) -> Result<Option<(String, String)>, Failure> {
    match environment.get(name).and_then(|value| value.to_str()).filter(|v| !v.is_empty()) {
        Some(value) => checked(name, value.to_owned()).map(Some),
        None => Ok(None),
    }
}

fn checked(name: &str, value: String) -> Result<(String, String), Failure> {
    match mask::check(&value) {
        Ok(()) if value.contains('\0') => Err(Failure::usage(format!(
            "the secret {name} cannot be a variable: it has a NUL in it"
        ))),
        Ok(()) => Ok((name.to_owned(), value)),
        Err(error) => Err(Failure::usage(format!("the secret {name} cannot be masked: {error}"))),
    }
}

/// The text of a file, and its length without the line end at its end, which is the editor's.
fn contents(option: &str, path: &Path) -> Result<(String, usize), Failure> {
    let cannot = |reason: String| {
        Failure::usage(format!("{option}: cannot read {}: {reason}", path.display()))
    };
    // A pipe is read to its end, but opening one must not wait for a writer that never comes.
    let flags = rustix::fs::OFlags::CLOEXEC.bits() as i32;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(|error| cannot(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(mask::LONGEST as u64 + 3)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| cannot("it is not UTF-8 text".into()))?;
    if text.len() > mask::LONGEST + 2 {
        return Err(cannot(format!("it is longer than {} KiB", mask::LONGEST >> 10)));
    }
    let core = text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text));
    let length = core.map_or(text.len(), str::len);
    Ok((text, length))
}

/// Asks on the terminal, which does not show what is typed. None if there is no terminal, or no
/// answer.
fn ask(name: &str) -> Option<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    let silence = Silence::new(&terminal)?;
    write!(terminal, "{name}: ").ok()?;
    let mut line = String::new();
    let read = BufReader::new((&terminal).take(mask::LONGEST as u64 + 2)).read_line(&mut line);
    drop(silence);
    let _ = writeln!(terminal);
    read.ok()?;
    let line = line.trim_end_matches(['\n', '\r']);
    (!line.is_empty()).then(|| line.to_owned())
}

/// A terminal without echo, until dropped.
struct Silence {
    terminal: File,
    before: Termios,
}

impl Silence {
    fn new(terminal: &File) -> Option<Self> {
        let terminal = terminal.try_clone().ok()?;
        let before = tcgetattr(&terminal).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &silent).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_and_not_told() {
        let from = |text: &str| text.parse::<SecretGrant>().map(|grant| grant.from);
        assert_eq!(from("TOKEN"), Ok(Source::Environment));
        assert_eq!(from("TOKEN=@a=b"), Ok(Source::File("a=b".into())));
        for text in ["TOKEN=value", "TOKEN=", "TOKEN=@"] {
            assert_eq!(from(text), Ok(Source::Told), "{text}");
        }
        for text in ["1T", "", "=@file"] {
            assert!(from(text).is_err(), "{text}");
        }
    }
}
