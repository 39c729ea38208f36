//! Files and commands that a program writes to and reads from.

use super::input::Reader;
use crate::io::{Out, reason};
use crate::options::os_string;
use crate::process::child::{self, Ended, Output, Program};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::rc::Rc;

enum Stream {
    File(BufWriter<File>),
    Stderr,
    Command(BufWriter<Output>),
}

/// A command whose output is read; it is closed by the name that it was opened with.
struct Shared(Rc<RefCell<Output>>);

impl Read for Shared {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buf)
    }
}

#[derive(Default)]
pub(super) struct Streams {
    writers: HashMap<Vec<u8>, Stream>,
    readers: HashMap<Vec<u8>, Reader>,
    commands: HashMap<Vec<u8>, (Reader, Rc<RefCell<Output>>)>,
}

/// How a file is opened for writing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Truncate,
    Append,
    Command,
}

/// What runs a command: the shell.
pub(super) fn shell(command: &[u8]) -> Vec<OsString> {
    vec!["sh".into(), "-c".into(), os_string(command)]
}

fn status_number(ended: Ended) -> f64 {
    // As gawk: the exit status, or 256 and the signal's number.
    if ended.killed {
        256.0 + f64::from(ended.status.saturating_sub(128))
    } else {
        f64::from(ended.status)
    }
}

impl Streams {
    /// Writes to a file or command, opening it the first time.
    pub(super) fn write(
        &mut self,
        name: &[u8],
        mode: Mode,
        text: &[u8],
        out: &mut Out,
    ) -> Result<(), String> {
        let failed = |e: &io::Error| {
            let shown = String::from_utf8_lossy(name);
            let what = if mode == Mode::Command { "run command" } else { "redirect to" };
            format!("cannot {what} '{shown}': {}", reason(e))
        };
        if !self.writers.contains_key(name) {
            let stream = match (mode, name) {
                (Mode::Command, _) => {
                    self.flush_all(out);
                    let argv = shell(name);
                    let output = child::feed(&Program::new(&argv)).map_err(|e| failed(&e))?;
                    Stream::Command(BufWriter::new(output))
                }
                (_, b"/dev/stdout" | b"-") => {
                    out.put(text);
                    return Ok(());
                }
                (_, b"/dev/stderr") => Stream::Stderr,
                (Mode::Append, _) => {
                    let file = File::options().append(true).create(true).open(os_string(name));
                    Stream::File(BufWriter::new(file.map_err(|e| failed(&e))?))
                }
                _ => {
                    let file = File::create(os_string(name));
                    Stream::File(BufWriter::new(file.map_err(|e| failed(&e))?))
                }
            };
            self.writers.insert(name.to_vec(), stream);
        }
        let written = match self.writers.get_mut(name) {
            Some(Stream::File(file)) => file.write_all(text),
            Some(Stream::Stderr) => {
                out.flush();
                io::stderr().write_all(text)
            }
            Some(Stream::Command(command)) => match command.write_all(text) {
                // The command has read enough.
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                other => other,
            },
            None => Ok(()),
        };
        written.map_err(|e| failed(&e))
    }

    /// Flushes everything, so that what a command writes comes after it.
    pub(super) fn flush_all(&mut self, out: &mut Out) {
        out.flush();
        for stream in self.writers.values_mut() {
            flush(stream);
        }
    }

    /// Flushes one stream; false when there is none of that name.
    pub(super) fn flush(&mut self, name: &[u8]) -> bool {
        self.writers.get_mut(name).map(flush).is_some()
    }

    /// The reader of a file, opened the first time; `None` when it cannot be read.
    pub(super) fn file(&mut self, name: &[u8]) -> Option<&mut Reader> {
        if !self.readers.contains_key(name) {
            let reader = match name {
                b"-" | b"/dev/stdin" => Reader::new(io::stdin()),
                _ => {
                    let file = File::open(os_string(name)).ok()?;
                    if file.metadata().is_ok_and(|m| m.is_dir()) {
                        return None;
                    }
                    Reader::new(file)
                }
            };
            self.readers.insert(name.to_vec(), reader);
        }
        self.readers.get_mut(name)
    }

    /// The reader of a command's output, started the first time.
    pub(super) fn command(&mut self, name: &[u8], out: &mut Out) -> Result<&mut Reader, String> {
        if !self.commands.contains_key(name) {
            self.flush_all(out);
            let argv = shell(name);
            let output = child::read_from(&Program::new(&argv)).map_err(|e| {
                format!("cannot run command '{}': {}", String::from_utf8_lossy(name), reason(&e))
            })?;
            let output = Rc::new(RefCell::new(output));
            let reader = Reader::new(Shared(Rc::clone(&output)));
            self.commands.insert(name.to_vec(), (reader, output));
        }
        match self.commands.get_mut(name) {
            Some((reader, _)) => Ok(reader),
            None => Err("the command is gone".to_owned()),
        }
    }

    /// Closes whatever has this name: a command's status, 0 for a file, -1 for nothing.
    pub(super) fn close(&mut self, name: &[u8]) -> f64 {
        let mut result = -1.0;
        if let Some(stream) = self.writers.remove(name) {
            result = close(stream);
        }
        if self.readers.remove(name).is_some() {
            result = 0.0;
        }
        if let Some((reader, output)) = self.commands.remove(name) {
            drop(reader);
            result = output.borrow_mut().close().map_or(-1.0, status_number);
        }
        result
    }

    /// Closes everything and waits for the commands.
    pub(super) fn close_all(&mut self, out: &mut Out) {
        self.flush_all(out);
        for (_, stream) in self.writers.drain() {
            close(stream);
        }
        for (_, (reader, output)) in self.commands.drain() {
            drop(reader);
            let _ = output.borrow_mut().close();
        }
    }
}

fn flush(stream: &mut Stream) {
    // A failure shows again, with the stream's name, when it is written to or closed.
    let _ = match stream {
        Stream::File(file) => file.flush(),
        Stream::Command(command) => command.flush(),
        Stream::Stderr => Ok(()),
    };
}

fn close(stream: Stream) -> f64 {
    match stream {
        Stream::File(mut file) => {
            if file.flush().is_ok() {
                0.0
            } else {
                -1.0
            }
        }
        Stream::Stderr => 0.0,
        Stream::Command(mut command) => {
            let _ = command.flush();
            let (mut output, _) = command.into_parts();
            output.close().map_or(-1.0, status_number)
        }
    }
}

/// Runs a command and returns its status.
pub(super) fn system(command: &[u8]) -> Result<f64, String> {
    let argv = shell(command);
    child::run(&Program::new(&argv)).map(status_number).map_err(|e| {
        format!("cannot run command '{}': {}", String::from_utf8_lossy(command), reason(&e))
    })
}
