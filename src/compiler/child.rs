//! The side that works: reads a module, compiles it within bounds, writes the result.

use super::{bounds, code};
use crate::sandbox::store::{Failure, compile_here};
use rayon::ThreadPoolBuilder;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::thread;

/// Threads at most: each works on a function of its own, which takes memory.
const THREADS: usize = 16;
/// A module below so many bytes is compiled faster than threads for all cores are started.
const SMALL: usize = 64 * 1024;

/// What the process is told.
#[derive(Debug)]
pub struct Given {
    /// The process that wants the result.
    pub parent: i32,
    /// Stands for the engine's configuration.
    pub generation: blake3::Hash,
    /// Whether standard input is a component, and not a module.
    pub component: bool,
    /// Bytes of memory that may be taken.
    pub memory: u64,
    /// Seconds that may be taken.
    pub seconds: u64,
}

/// Compiles what is on standard input to standard output, and returns the exit code.
pub fn serve(given: &Given) -> u8 {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let done =
        bounds::enter(given, threads).map_err(Problem::Io).and_then(|()| compile(given, threads));
    let (code, reason) = match done {
        Ok(()) => return code::DONE,
        Err(Problem::Compiler(Failure::Refused(reason))) => (code::REFUSED, reason),
        Err(Problem::Compiler(Failure::Replaced)) => return code::REPLACED,
        Err(Problem::Compiler(failure)) => (code::FAILED, format!("{failure:?}")),
        Err(Problem::Io(error)) => (code::FAILED, error.to_string()),
    };
    let _ = io::stderr().write_all(reason.as_bytes());
    code
}

enum Problem {
    Io(io::Error),
    Compiler(Failure),
}

fn compile(given: &Given, threads: usize) -> Result<(), Problem> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(Problem::Io)?;
    let threads = if bytes.len() < SMALL { 1 } else { threads };
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Problem::Io(io::Error::other(error)))?;
    let compiled = pool
        .install(|| compile_here(&bytes, given.component, &given.generation))
        .map_err(Problem::Compiler)?;
    let output = io::stdout().as_fd().try_clone_to_owned().map_err(Problem::Io)?;
    File::from(output).write_all(&compiled).map_err(Problem::Io)
}
