//! Compiling, within bounds.

use super::apart::{Compiler, Failure, Order};
use super::error::CompileError;
use super::inspect::{self, Inspected, Kind, Refused};
use super::limits::{self, CompileLimits};
use super::source::{Source, SourceBytes};
use super::{Compiled, Progress};
use rayon::ThreadPoolBuilder;
use std::fs::File;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

/// A program below so many bytes is compiled faster than threads for all cores are started.
const SMALL: usize = 64 * 1024;

/// A program of others of so many bytes or fewer, with so few variables, is compiled in this process
/// all the same: the worst that was made of a kilobyte takes 35 MB and a third of a second.
const HARMLESS: usize = 1 << 10;

const HARMLESS_LOCALS: u64 = 10_000;

fn is_harmless(bytes: &[u8], inspected: &Inspected) -> bool {
    bytes.len() <= HARMLESS && inspected.locals <= HARMLESS_LOCALS
}

/// A compiled program.
pub(super) enum Code {
    /// Compiled in this process.
    Here(Compiled),
    /// Compiled by another; the file is all there is of it.
    Apart(File),
}

/// Compiles a program, after a look at what that would cost.
pub(super) fn compile(
    engine: &Engine,
    source: &Source<'_>,
    limits: &CompileLimits,
    apart: Option<&dyn Compiler>,
    kept: bool,
    progress: &dyn Fn(Progress<'_>),
) -> Result<(Code, Kind), CompileError> {
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
    let inspected = inspect::inspect(&bytes, limits).map_err(|refused| match refused {
        Refused::NotWasm(found) => CompileError::NotWasm { name: name(), found },
        Refused::Invalid(reason) => CompileError::Invalid { name: name(), reason },
        Refused::Exceeded(exceeded) => too_large(exceeded),
    })?;
    let kind = inspected.kind;
    progress(Progress::Compiling { name: source.name, bytes: bytes.len() as u64, kept });
    // What is part of this binary can be trusted as far as the rest of it.
    let is_own = matches!(source.bytes, SourceBytes::Embedded(_));
    let code = match apart {
        Some(compiler) if !is_own && !is_harmless(&bytes, &inspected) => {
            let order = Order::new(engine, &bytes, kind == Kind::Component, limits);
            let made = compiler.compile(&order);
            Code::Apart(made.map_err(|failure| explained(failure, name(), &order))?)
        }
        _ => Code::Here(in_time(engine, bytes.into_owned(), kind, source, limits)?),
    };
    Ok((code, kind))
}

fn explained(failure: Failure, name: String, order: &Order<'_>) -> CompileError {
    match failure {
        Failure::Refused(reason) => CompileError::Invalid { name, reason },
        Failure::TooSlow => CompileError::TooSlow { name, seconds: order.time.as_secs() },
        Failure::TooMuchMemory => {
            CompileError::TooMuchMemory { name, megabytes: order.memory / 1_000_000 }
        }
        Failure::Killed => CompileError::Killed { name },
        Failure::Broke(last_words) => CompileError::CompilerFailed { name, last_words },
        Failure::Unreachable(source) => CompileError::NoProcess { name, source },
        Failure::Replaced => CompileError::Replaced { name },
    }
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
        Err(RecvTimeoutError::Disconnected) => {
            Err(CompileError::CompilerFailed { name, last_words: String::new() })
        }
    }
}
