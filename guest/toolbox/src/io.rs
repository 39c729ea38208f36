//! Standard output and error messages as the GNU tools treat them.

use std::fmt::{Arguments, Display};
use std::io::{self, BufWriter, Stdout, Write};

/// The status of a program that wrote to a pipe without a reader: 128 + `SIGPIPE`.
pub(crate) const BROKEN_PIPE: u8 = 141;

/// Ends the process at once.
pub(crate) fn exit(status: u8) -> ! {
    #[expect(
        clippy::exit,
        reason = "a write error deep in a command ends it; nothing is left to unwind"
    )]
    std::process::exit(i32::from(status))
}

/// Prints `name: message` to standard error.
pub(crate) fn complain(name: &str, message: impl Display) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "{name}: {message}");
}

/// Prints a usage error: `name: message` and where to look.
pub(crate) fn usage(name: &str, message: impl Display) {
    complain(name, message);
    let _ = writeln!(io::stderr(), "Try '{name} --help' for more information.");
}

/// The text of an error without Rust's ` (os error N)`.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Buffered standard output. A write error ends the process: silently with [`BROKEN_PIPE`] when
/// nobody reads any more, otherwise with the command's message and status.
pub(crate) struct Out {
    inner: Option<BufWriter<Stdout>>,
    name: String,
    failure: u8,
}

impl Out {
    /// Output of the command `name`, whose write errors have the status `failure`.
    pub(crate) fn new(name: &str, failure: u8) -> Self {
        let inner = Some(BufWriter::with_capacity(64 * 1024, io::stdout()));
        Self { inner, name: name.to_owned(), failure }
    }

    pub(crate) fn put(&mut self, bytes: impl AsRef<[u8]>) {
        if let Some(inner) = &mut self.inner
            && let Err(error) = inner.write_all(bytes.as_ref())
        {
            self.fail(&error);
        }
    }

    pub(crate) fn line(&mut self, bytes: impl AsRef<[u8]>) {
        self.put(bytes);
        self.put(b"\n");
    }

    pub(crate) fn print(&mut self, text: Arguments<'_>) {
        if let Some(inner) = &mut self.inner
            && let Err(error) = inner.write_fmt(text)
        {
            self.fail(&error);
        }
    }

    pub(crate) fn flush(&mut self) {
        if let Some(inner) = &mut self.inner
            && let Err(error) = inner.flush()
        {
            self.fail(&error);
        }
    }

    fn fail(&mut self, error: &io::Error) -> ! {
        // The buffer must not be written again by its destructor.
        if let Some(inner) = self.inner.take() {
            let _ = inner.into_parts();
        }
        write_failed(&self.name, self.failure, error)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Out::flush(self);
        Ok(())
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Writes out what is still buffered in `std`.
pub(crate) fn flush_stdout(name: &str) {
    if let Err(error) = io::stdout().flush() {
        write_failed(name, 1, &error);
    }
}

/// Ends the process after a failed write to standard output.
pub(crate) fn write_failed(name: &str, status: u8, error: &io::Error) -> ! {
    if error.kind() == io::ErrorKind::BrokenPipe {
        exit(BROKEN_PIPE);
    }
    complain(name, format_args!("write error: {}", reason(error)));
    exit(status)
}
