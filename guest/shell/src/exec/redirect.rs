//! Redirections.

use std::fs::OpenOptions;
use std::os::fd::IntoRawFd;

use greenroom_process as process;

use crate::bytes;
use crate::fds::Handle;
use crate::output::{errno_text, io_text, write_all};
use crate::state::{Shell, Unwind};
use crate::syntax::ast::{HereDoc, Redirect, RedirectFd, RedirectKind, Word};

/// What the changed descriptors were before.
pub(crate) type Saved = Vec<(u32, Option<Handle>)>;

/// The capacity of a pipe: what may be written before anyone reads.
const PIPE_CAPACITY: usize = 64 * 1024;

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    Clobber,
    Append,
    ReadWrite,
}

impl Shell {
    /// Performs redirections. `None` after an error that was reported and undone.
    pub(crate) fn redirect(&mut self, redirects: &[Redirect]) -> Result<Option<Saved>, Unwind> {
        let mut saved = Saved::new();
        for redirect in redirects {
            match self.one(redirect, &mut saved) {
                Ok(true) => {}
                Ok(false) => {
                    self.restore(saved);
                    return Ok(None);
                }
                Err(unwind) => {
                    self.restore(saved);
                    return Err(unwind);
                }
            }
        }
        Ok(Some(saved))
    }

    pub(crate) fn restore(&mut self, saved: Saved) {
        for (number, handle) in saved.into_iter().rev() {
            match handle {
                Some(handle) => drop(self.fds.set(number, handle)),
                None => drop(self.fds.remove(number)),
            }
        }
    }

    fn put(&mut self, number: u32, handle: Handle, saved: &mut Saved) {
        let before = self.fds.set(number, handle);
        saved.push((number, before));
    }

    fn one(&mut self, redirect: &Redirect, saved: &mut Saved) -> Result<bool, Unwind> {
        if let RedirectFd::Variable(name) = &redirect.fd {
            return self.variable_fd(name, &redirect.kind, saved);
        }
        let default = match redirect.kind {
            RedirectKind::Read(_)
            | RedirectKind::ReadWrite(_)
            | RedirectKind::DupInput(_)
            | RedirectKind::Here(_)
            | RedirectKind::HereString(_) => 0,
            _ => 1,
        };
        let number = match redirect.fd {
            RedirectFd::Number(number) => number,
            _ => default,
        };
        match &redirect.kind {
            RedirectKind::DupInput(word) | RedirectKind::DupOutput(word) => {
                let text = self.target(word)?;
                let Some(text) = text else { return Ok(false) };
                let output = matches!(redirect.kind, RedirectKind::DupOutput(_));
                // Descriptors 0 and 1 may be named there, as in bash.
                let both = matches!(redirect.fd, RedirectFd::Default | RedirectFd::Number(0 | 1));
                if output && both && !is_descriptor(&text) {
                    return self.both(&text, Access::Write, saved);
                }
                self.duplicate(number, &text, word, saved)
            }
            RedirectKind::Both { word, append } => {
                let Some(text) = self.target(word)? else { return Ok(false) };
                self.both(&text, if *append { Access::Append } else { Access::Write }, saved)
            }
            kind => match self.open_kind(kind)? {
                Some(handle) => {
                    self.put(number, handle, saved);
                    Ok(true)
                }
                None => Ok(false),
            },
        }
    }

    fn open_kind(&mut self, kind: &RedirectKind) -> Result<Option<Handle>, Unwind> {
        let (word, access) = match kind {
            RedirectKind::Read(word) => (word, Access::Read),
            RedirectKind::Write(word) => (word, Access::Write),
            RedirectKind::Clobber(word) => (word, Access::Clobber),
            RedirectKind::Append(word) => (word, Access::Append),
            RedirectKind::ReadWrite(word) => (word, Access::ReadWrite),
            RedirectKind::Here(doc) => return self.here_document(doc),
            RedirectKind::HereString(word) => {
                let mut text = self.expand_single(word)?;
                text.push(b'\n');
                return self.text_input(&text);
            }
            RedirectKind::DupInput(word) | RedirectKind::DupOutput(word) => {
                let Some(text) = self.target(word)? else { return Ok(None) };
                return Ok(self.descriptor(&text, word).map(|(handle, _)| handle));
            }
            RedirectKind::Both { word, .. } => (word, Access::Write),
        };
        let Some(path) = self.target(word)? else { return Ok(None) };
        Ok(self.open(&path, access))
    }

    /// `{name}>file`: a number of 10 or more, which stays open and is assigned to the variable.
    fn variable_fd(
        &mut self,
        name: &[u8],
        kind: &RedirectKind,
        saved: &mut Saved,
    ) -> Result<bool, Unwind> {
        if let RedirectKind::DupInput(word) | RedirectKind::DupOutput(word) = kind
            && word.as_literal() == Some(b"-")
        {
            let text = match crate::expand::split_element(name) {
                Some((array, index)) => {
                    let index = self.subscript(index)?;
                    self.element(array, &index)?.unwrap_or_default()
                }
                None => self.get(name).unwrap_or_default(),
            };
            let number = bytes::parse_int(&text).and_then(|n| u32::try_from(n).ok());
            let Some(number) = number.filter(|n| self.fds.get(*n).is_some()) else {
                let shown = bytes::display(&text).into_owned();
                self.error(&format!("{shown}: Bad file descriptor"));
                return Ok(false);
            };
            self.fds.remove(number);
            return Ok(true);
        }
        let Some(handle) = self.open_kind(kind)? else { return Ok(false) };
        let number = self.fds.free_number();
        if self.shopts.varredir_close {
            self.put(number, handle, saved);
        } else {
            self.fds.set(number, handle);
        }
        let text = number.to_string().into_bytes();
        match crate::expand::split_element(name) {
            Some((array, index)) => {
                let index = self.subscript(index)?;
                self.assign(array, Some(&index), text, false)?;
            }
            None => self.assign(name, None, text, false)?,
        }
        Ok(true)
    }

    /// The one word that a redirection needs.
    fn target(&mut self, word: &Word) -> Result<Option<Vec<u8>>, Unwind> {
        let mut fields = Vec::new();
        self.expand_fields(word, &mut fields)?;
        if fields.len() == 1 {
            return Ok(fields.pop());
        }
        let shown = bytes::display(&crate::syntax::source::word(word)).into_owned();
        self.error(&format!("{shown}: ambiguous redirect"));
        Ok(None)
    }

    /// `&>word`.
    fn both(&mut self, path: &[u8], access: Access, saved: &mut Saved) -> Result<bool, Unwind> {
        let Some(handle) = self.open(path, access) else { return Ok(false) };
        self.put(1, handle.clone(), saved);
        self.put(2, handle, saved);
        Ok(true)
    }

    fn duplicate(
        &mut self,
        number: u32,
        text: &[u8],
        word: &Word,
        saved: &mut Saved,
    ) -> Result<bool, Unwind> {
        if text == b"-" {
            let before = self.fds.remove(number);
            saved.push((number, before));
            return Ok(true);
        }
        let Some((handle, source)) = self.descriptor(text, word) else { return Ok(false) };
        self.put(number, handle, saved);
        if text.ends_with(b"-") && source != number {
            let before = self.fds.remove(source);
            saved.push((source, before));
        }
        Ok(true)
    }

    /// The descriptor that `2` or `2-` names.
    fn descriptor(&mut self, text: &[u8], word: &Word) -> Option<(Handle, u32)> {
        let digits = text.strip_suffix(b"-").unwrap_or(text);
        let number = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<u32>().ok());
        // Messages show the word as it is written.
        let shown = bytes::display(&crate::syntax::source::word(word)).into_owned();
        let shown = shown.strip_suffix('-').unwrap_or(&shown);
        let Some(number) = number else {
            self.error(&format!("{shown}: ambiguous redirect"));
            return None;
        };
        match self.fds.get(number) {
            Some(handle) => Some((handle.clone(), number)),
            None => {
                self.error(&format!("{shown}: Bad file descriptor"));
                None
            }
        }
    }

    fn open(&mut self, path: &[u8], access: Access) -> Option<Handle> {
        let shown = bytes::display(path).into_owned();
        let number = match path {
            b"/dev/stdin" => Some(0),
            b"/dev/stdout" => Some(1),
            b"/dev/stderr" => Some(2),
            _ => path
                .strip_prefix(b"/dev/fd/")
                .and_then(|n| std::str::from_utf8(n).ok())
                .and_then(|n| n.parse().ok()),
        };
        if let Some(number) = number
            && let Some(handle) = self.fds.get(number)
        {
            return Some(handle.clone());
        }
        if path.starts_with(b"/dev/tcp/") || path.starts_with(b"/dev/udp/") {
            self.error(&format!("{shown}: the sandbox has no network"));
            return None;
        }
        let file_path = self.path(path);
        let mut options = OpenOptions::new();
        match access {
            Access::Read => options.read(true),
            Access::ReadWrite => options.read(true).write(true).create(true),
            Access::Append => options.append(true).create(true),
            Access::Write if self.options.noclobber => match std::fs::metadata(&file_path) {
                Ok(metadata) if metadata.is_file() => {
                    self.error(&format!("{shown}: cannot overwrite existing file"));
                    return None;
                }
                _ => options.write(true).create(true),
            },
            Access::Write | Access::Clobber => options.write(true).create(true).truncate(true),
        };
        let opened = if path.is_empty() {
            Err(std::io::Error::from(process::Errno::NOENT))
        } else {
            options.open(&file_path)
        };
        match opened {
            Ok(file) => Some(Handle::new(file.into_raw_fd() as process::Fd)),
            Err(error) => {
                self.error(&format!("{shown}: {}", io_text(&error)));
                None
            }
        }
    }

    fn here_document(&mut self, doc: &HereDoc) -> Result<Option<Handle>, Unwind> {
        let text = self.expand_here(&doc.body.borrow())?;
        self.text_input(&text)
    }

    /// A descriptor from which `text` can be read.
    fn text_input(&mut self, text: &[u8]) -> Result<Option<Handle>, Unwind> {
        let pipe =
            if text.len() <= PIPE_CAPACITY { process::pipe() } else { process::capture_pipe() };
        let written = pipe.and_then(|(read, write)| {
            let (read, write) = (Handle::new(read), Handle::new(write));
            write_all(write.raw(), text).map(|()| read)
        });
        match written {
            Ok(read) => Ok(Some(read)),
            Err(errno) => {
                self.error(&format!("here-document: {}", errno_text(errno)));
                Ok(None)
            }
        }
    }
}

fn is_descriptor(text: &[u8]) -> bool {
    let digits = text.strip_suffix(b"-").unwrap_or(text);
    (text == b"-" || !digits.is_empty()) && digits.iter().all(u8::is_ascii_digit)
}
