//! Compiling, within bounds.

use super::error::CompileError;
use super::inspect::{self, Kind, Refused};
use super::limits::{self, CompileLimits};
use super::source::Source;
use super::{Compiled, Progress};
use rayon::ThreadPoolBuilder;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

/// A program below so many bytes is compiled faster than threads for all cores are started.
const SMALL: usize = 64 * 1024;

/// Compiles a program, after a look at what that would cost.
pub(super) fn compile(
    engine: &Engine,
    source: &Source<'_>,
    limits: &CompileLimits,
    kept: bool,
    progress: &dyn Fn(Progress<'_>),
) -> Result<(Compiled, Kind), CompileError> {
    let name = || source.name.to_owned();
    let limit = limits.source_bytes;
    let bytes = source
        .bytes
        .read(limit)
        .map_err(|error| CompileError::Read { name: name(), source: error })?;
    let too_large = |e: limits::Exceeded| CompileError::TooLarge {
        name: name(),
        what: e.what,
        found: e.found,
        limit: e.limit,
    };
    limits::within("bytes", bytes.len() as u64, limit).map_err(too_large)?;
    // What is kept under a digest must have that digest, whatever a caller hands in.
    if !source.is_digest_of(&bytes) {
        return Err(CompileError::Changed { name: name() });
    }
    let kind = inspect::inspect(&bytes, limits).map_err(|refused| match refused {
        Refused::NotWasm(found) => CompileError::NotWasm { name: name(), found },
        Refused::Invalid(reason) => CompileError::Invalid { name: name(), reason },
        Refused::Exceeded(exceeded) => too_large(exceeded),
    })?;
    progress(Progress::Compiling { name: source.name, bytes: bytes.len() as u64, kept });
    let compiled = in_time(engine, bytes.into_owned(), kind, source, limits)?;
    Ok((compiled, kind))
}

/// Compiles on threads of its own, which are left behind when their time is up: nothing can stop
/// the compiler, but the process can end without waiting for it, and other programs are compiled
/// on theirs. (The threads that wasmtime shares would be taken for good.)
fn in_time(
    engine: &Engine,
    bytes: Vec<u8>,
    kind: Kind,
    source: &Source<'_>,
    limits: &CompileLimits,
) -> Result<Compiled, CompileError> {
    let name = source.name.to_owned();
    let (sender, receiver) = sync_channel(1);
    let engine = engine.clone();
    let size = bytes.len();
    let work = move || {
        let compiled = match kind {
            Kind::Module(facts) => {
                Module::from_binary(&engine, &bytes).map(|m| Compiled::Module(m, facts))
            }
            Kind::Component => Component::from_binary(&engine, &bytes).map(Compiled::Component),
        };
        // Nobody listens any more if it took too long.
        let _ = sender.send(compiled);
    };
    // A panic drops the sender, which says enough.
    let mut pool = ThreadPoolBuilder::new().panic_handler(drop);
    if size < SMALL {
        pool = pool.num_threads(1);
    }
    match pool.thread_name(|_| "compile".to_owned()).build() {
        Ok(pool) => pool.spawn(work),
        Err(error) => {
            return Err(CompileError::NoThread { name, source: io::Error::other(error) });
        }
    }
    match receiver.recv_timeout(limits.time) {
        Ok(Ok(compiled)) => Ok(compiled),
        Ok(Err(error)) => Err(CompileError::Invalid { name, reason: format!("{error:#}") }),
        Err(RecvTimeoutError::Timeout) => {
            Err(CompileError::TooSlow { name, seconds: limits.time.as_secs() })
        }
        // It panicked.
        Err(RecvTimeoutError::Disconnected) => Err(CompileError::CompilerFailed { name }),
    }
}
