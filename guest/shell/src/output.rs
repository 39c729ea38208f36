//! Writing, and bash's messages.

use greenroom_process as process;

use crate::bytes;
use crate::state::{Mode, Shell, Unwind};

/// Why a write failed.
pub(crate) enum WriteError {
    /// The descriptor is not open, or the error's text.
    Failed(String),
    /// The reader is gone, and `PIPE` is not ignored: the process ends as by the signal.
    Broken,
}

impl Shell {
    /// Writes all of `data` to the descriptor with the script's number `number`.
    pub(crate) fn write(&mut self, number: u32, data: &[u8]) -> Result<(), WriteError> {
        if number == 1
            && let Some(capture) = &mut self.capture
        {
            capture.extend_from_slice(data);
            return Ok(());
        }
        let Some(handle) = self.fds.get(number) else {
            return Err(WriteError::Failed("Bad file descriptor".into()));
        };
        match write_all(handle.raw(), data) {
            Ok(()) => Ok(()),
            Err(process::Errno::PIPE) if !self.traps.is_ignored(crate::traps::PIPE) => {
                Err(WriteError::Broken)
            }
            Err(errno) => Err(WriteError::Failed(errno_text(errno))),
        }
    }

    /// Writes the output of a builtin: 0, or 1 with a message.
    pub(crate) fn print(&mut self, builtin: &str, data: &[u8]) -> Result<u8, Unwind> {
        match self.write(1, data) {
            Ok(()) => Ok(0),
            Err(WriteError::Broken) => Err(Unwind::Exit(128 + crate::traps::PIPE)),
            Err(WriteError::Failed(text)) => {
                self.error(&format!("{builtin}: write error: {text}"));
                Ok(1)
            }
        }
    }

    /// Writes a message with the prefix that bash gives it.
    pub(crate) fn error(&mut self, message: &str) {
        let mut text = self.error_prefix();
        text.extend_from_slice(message.as_bytes());
        text.push(b'\n');
        self.write_error(&text);
    }

    /// Writes to descriptor 2; nobody could be told of a failure.
    pub(crate) fn write_error(&mut self, text: &[u8]) {
        if let Some(handle) = self.fds.get(2) {
            let _ = write_all(handle.raw(), text);
        }
    }

    fn error_prefix(&self) -> Vec<u8> {
        let mut text = match self.frames.last() {
            Some(frame) => frame.source.to_vec(),
            None => self.source.to_vec(),
        };
        text.extend_from_slice(format!(": line {}: ", self.line).as_bytes());
        text
    }

    /// Writes the messages of a syntax error and returns the status of it.
    pub(crate) fn syntax_error(&mut self, error: &crate::syntax::SyntaxError, within: &str) -> u8 {
        let command = self.mode == Mode::Command && self.frames.is_empty() && within.is_empty();
        let source = self.frames.last().map_or(&self.source, |f| &f.source);
        let prefix = format!(
            "{}: {}{within}line {}: ",
            bytes::display(source),
            if command { "-c: " } else { "" },
            error.line
        );
        let mut text = String::new();
        for message in error.message.split('\n') {
            text.push_str(&prefix);
            text.push_str(message);
            text.push('\n');
        }
        // What bash does not tell.
        if let Some(column) = error.column {
            text.push_str(&format!("{prefix}column {column}\n"));
        }
        self.write_error(text.as_bytes());
        2
    }
}

pub(crate) fn write_all(fd: process::Fd, mut data: &[u8]) -> process::Result<()> {
    while !data.is_empty() {
        match process::write(fd, data) {
            Ok(0) => return Err(process::Errno::PIPE),
            Ok(n) => data = &data[n..],
            Err(process::Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Reads to the end.
pub(crate) fn read_all(fd: process::Fd) -> process::Result<Vec<u8>> {
    let mut data = Vec::new();
    let mut filled = 0;
    loop {
        if filled == data.len() {
            data.resize((filled * 2).max(4096), 0);
        }
        match process::read(fd, &mut data[filled..]) {
            Ok(0) => {
                data.truncate(filled);
                return Ok(data);
            }
            Ok(n) => filled += n,
            Err(process::Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// The text of an error as the C library words it.
pub(crate) fn errno_text(errno: process::Errno) -> String {
    io_text(&std::io::Error::from(errno))
}

/// The text of an error without the number that `std` adds.
pub(crate) fn io_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
