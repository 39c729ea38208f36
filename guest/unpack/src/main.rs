//! Unpacks the archive of an image: a layer, or a package.
//!
//! An archive is whatever somebody put on a server, so nothing of it is parsed by the host: this
//! program reads it from standard input and writes below `/out`, which is all that it can reach.
//! Its memory, its time and what it writes have limits. What is refused is refused here with the
//! entry's name, so that the message helps; that nothing gets out does not depend on it.
//!
//! ```text
//! unpack layer LIMIT     a layer of an OCI image: whiteouts remove what earlier layers have
//! unpack package LIMIT   an npm package: the first part of every name is left out
//! unpack archive LIMIT   as it is
//! ```
//!
//! LIMIT is what the files may have together, in bytes. An archive that announces more is refused
//! before it is written.

mod entry;
mod name;
mod stream;
mod tree;

use std::io::{self, Write};
use std::process::ExitCode;

use tar::Archive;

/// What the archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Layer,
    Package,
    Archive,
}

fn main() -> ExitCode {
    let kind = match std::env::args().nth(1).as_deref() {
        Some("layer") => Kind::Layer,
        Some("package") => Kind::Package,
        Some("archive") => Kind::Archive,
        _ => return fail(USAGE),
    };
    let Some(limit) = std::env::args().nth(2).and_then(|limit| limit.parse().ok()) else {
        return fail(USAGE);
    };
    match unpack(kind, limit) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => fail(&reason),
    }
}

const USAGE: &str = "usage: unpack layer|package|archive LIMIT";

fn unpack(kind: Kind, limit: u64) -> Result<(), String> {
    let input = stream::decompressed(io::stdin().lock())?;
    let mut archive = Archive::new(input);
    let mut unpacker = entry::Unpacker::new(kind, limit);
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        unpacker.entry(&mut entry.map_err(|error| damaged(&error))?)?;
    }
    unpacker.finish()
}

fn damaged(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut short".to_owned(),
        _ => format!("it is damaged, or not a tar archive: {error}"),
    }
}

fn fail(reason: &str) -> ExitCode {
    // Nobody could be told if that fails.
    let _ = writeln!(io::stderr(), "{reason}");
    ExitCode::FAILURE
}
