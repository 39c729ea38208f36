//! From a command's name to the module that runs it: `PATH`, `\0asm`, `#!`.

use std::fs::File;
use std::sync::Arc;

use super::description::Description;
use super::errno::{Errno, Result};
use super::files::{self, Open};
use super::guests;
use super::job::{COMMANDS, DEFAULT_PATH};
use super::modules::Origin;
use super::namespace::{Namespace, Node, Target};
use super::process::Strings;

/// What to run.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) origin: Origin,
    /// For messages: the program's path or name.
    pub(crate) name: String,
    /// The arguments, changed where a script's interpreter takes the script's place.
    pub(crate) arguments: Vec<Vec<u8>>,
}

/// How many scripts may be each other's interpreters (Linux allows five as well).
const MAX_INTERPRETERS: usize = 5;
/// The longest first line of a script that is looked at (Linux, `BINPRM_BUF_SIZE`).
const FIRST_LINE: usize = 256;

/// Finds the program.
///
/// # Errors
/// `NOENT` nothing of that name, `ACCES` found but not executable, `NOEXEC` neither module nor
/// `#!` script, `LOOP` scripts that interpret each other.
pub(crate) fn find(
    namespace: &Namespace,
    program: &[u8],
    arguments: Vec<Vec<u8>>,
    environment: &Strings,
    cwd: &[u8],
) -> Result<Found> {
    let (mut path, mut written) = search(namespace, program, environment, cwd)?;
    let mut arguments = arguments;
    for _ in 0..MAX_INTERPRETERS {
        let mut name = String::from_utf8_lossy(&path).into_owned();
        // What an image names, or what is called so, is meant to be a module: if it is none, that
        // is the message, and not what a shell makes of its bytes.
        let mut meant_as_module = path.ends_with(b".wasm");
        let (file, mode) = match namespace.reach_absolute(&path, true, program_at)? {
            Program::Guest(guest) => {
                return Ok(Found { origin: Origin::Guest(guest), name, arguments });
            }
            Program::Module(file, shown) => {
                name = shown;
                meant_as_module = true;
                (file, 0o555)
            }
            Program::File(file, mode) => (file, mode),
        };
        let mut start = [0; FIRST_LINE];
        let length = files::read_start(&file, &mut start)?;
        let start = &start[..length];
        if start.starts_with(b"\0asm") || (meant_as_module && !start.starts_with(b"#!")) {
            // A module needs no permission bit: what it may do does not depend on the host.
            return Ok(Found { origin: Origin::File(file), name, arguments });
        }
        if mode & 0o111 == 0 {
            return Err(Errno::ACCES);
        }
        let Some((interpreter, argument)) = interpreter(start) else { return Err(Errno::NOEXEC) };
        let mut before = vec![interpreter.to_vec()];
        before.extend(argument.map(<[u8]>::to_vec));
        let next = interpreter_path(namespace, interpreter, cwd)?;
        // A script sees its path as it was called (`$0`). Where a tree is mounted at `/`, only our
        // own programs know their working directory.
        let knows_its_directory = namespace.root_mount().is_none()
            || matches!(namespace.absolute(&next)?, Target::Virtual { node: Node::Program(_), .. });
        before.push(if knows_its_directory { written } else { path });
        written = interpreter.to_vec();
        arguments.splice(..arguments.len().min(1), before);
        path = next;
    }
    Err(Errno::LOOP)
}

/// What may be a program.
enum Program {
    Guest(usize),
    /// A module of the image, and what it is called.
    Module(Arc<File>, String),
    /// With its mode.
    File(Arc<File>, u32),
}

fn program_at(target: Target<'_>) -> Result<Program> {
    Ok(match target {
        Target::Virtual { node: Node::Program(guest), .. } => Program::Guest(*guest),
        Target::Virtual { node: Node::Module(file, shown), .. } => {
            Program::Module(Arc::clone(file), shown.clone())
        }
        target => {
            let (file, mode) = open(target)?;
            Program::File(Arc::new(file), mode)
        }
    })
}

/// The absolute path of a program, and the path as it is written: by the caller, or in `PATH`.
fn search(
    namespace: &Namespace,
    program: &[u8],
    environment: &Strings,
    cwd: &[u8],
) -> Result<(Vec<u8>, Vec<u8>)> {
    if program.is_empty() {
        return Err(Errno::NOENT);
    }
    if program.contains(&b'/') {
        let path = absolute(program, cwd);
        // Fails if there is nothing.
        let attributes =
            namespace.reach_absolute(&path, true, |target| files::stat(&target, true))?;
        if attributes.file_type() == rustix::fs::FileType::Directory {
            return Err(Errno::ACCES);
        }
        return Ok((path, program.to_vec()));
    }
    let path = environment.variable("PATH").unwrap_or(DEFAULT_PATH.as_bytes());
    let mut denied = None;
    for directory in path.split(|b| *b == b':') {
        let directory = if directory.is_empty() { b"." } else { directory };
        for suffix in [b"".as_slice(), b".wasm"] {
            let written = [directory, b"/", program, suffix].concat();
            let candidate = absolute(&written, cwd);
            match executable(namespace, &candidate) {
                Ok(()) => return Ok((candidate, written)),
                Err(Errno::ACCES) => denied = Some(Errno::ACCES),
                Err(_) => {}
            }
        }
    }
    Err(denied.unwrap_or(Errno::NOENT))
}

fn executable(namespace: &Namespace, path: &[u8]) -> Result<()> {
    let attributes = namespace.reach_absolute(path, true, |target| files::stat(&target, true))?;
    if attributes.file_type() != rustix::fs::FileType::RegularFile {
        return Err(Errno::NOENT);
    }
    if attributes.mode & 0o111 != 0 {
        return Ok(());
    }
    let (file, _) = namespace.reach_absolute(path, true, open)?;
    let mut start = [0; 4];
    let length = files::read_start(&file, &mut start)?;
    if &start[..length] == b"\0asm" { Ok(()) } else { Err(Errno::ACCES) }
}

fn open(target: Target<'_>) -> Result<(File, u32)> {
    let open = Open { read: true, follow: true, ..Open::default() };
    match files::open(target, &open)? {
        Description::File(file) => {
            let mode = rustix::fs::fstat(&file.file)?.st_mode;
            Ok((file.file.try_clone()?, mode))
        }
        _ => Err(Errno::ACCES),
    }
}

/// The interpreter of a script and its one argument (execve(2), "Interpreter scripts").
fn interpreter(start: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let line = start.strip_prefix(b"#!")?;
    let line = line.split(|b| *b == b'\n').next()?.trim_ascii();
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (interpreter, argument) = line.split_at(end);
    let argument = argument.trim_ascii();
    (!interpreter.is_empty()).then(|| (interpreter, (!argument.is_empty()).then_some(argument)))
}

/// `/bin/sh` and the like are found among the built-in commands where an image does not bring them.
fn interpreter_path(namespace: &Namespace, interpreter: &[u8], cwd: &[u8]) -> Result<Vec<u8>> {
    let path = absolute(interpreter, cwd);
    if namespace.reach_absolute(&path, true, |target| files::stat(&target, true)).is_ok() {
        return Ok(path);
    }
    let name = interpreter.rsplit(|b| *b == b'/').next().unwrap_or(interpreter);
    let standard = interpreter.starts_with(b"/bin/") || interpreter.starts_with(b"/usr/bin/");
    if standard && guests::command(name).is_some() {
        return Ok([COMMANDS.as_bytes(), b"/", name].concat());
    }
    Err(Errno::NOENT)
}

/// A path made absolute with the working directory.
pub(crate) fn absolute(path: &[u8], cwd: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") { path.to_vec() } else { [cwd, b"/", path].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_interpreter_and_one_argument() {
        for (line, expected) in [
            ("#!/bin/sh\necho", Some(("/bin/sh", None))),
            ("#! /usr/bin/env  python3 -u \n", Some(("/usr/bin/env", Some("python3 -u")))),
            ("#!\n", None),
            ("echo\n", None),
            ("#!/bin/sh", Some(("/bin/sh", None))),
        ] {
            let found = interpreter(line.as_bytes()).map(|(interpreter, argument)| {
                let text = |bytes| std::str::from_utf8(bytes).unwrap();
                (text(interpreter), argument.map(text))
            });
            assert_eq!(found, expected, "{line:?}");
        }
    }
}
