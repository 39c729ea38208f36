//! WASI preview 1 (`wasi_snapshot_preview1`) and the snapshot before it (`wasi_unstable`), for core
//! modules.
//!
//! Both are one implementation: they differ in the layout of `filestat` and `subscription` and in
//! the numbers of `whence`. The reference is `wasi_snapshot_preview1.witx`; where it is silent,
//! POSIX decides.

mod fd;
mod layout;
mod path;
mod poll;
mod program;

use wasmtime::{Caller, Linker, Module};

use super::errno::{Errno, Result};
use super::memory::{Guest, guest};
use super::process::State;
use super::run::Stop;
use super::signal::Killed;
use layout::Snapshot;

/// Adds all functions of preview 1.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    link_snapshot(linker, Snapshot::Preview1)
}

/// The same linker with the functions of the older snapshot as well, if the module wants any: few
/// do, and to add them takes a tenth of what starting a process takes.
pub(crate) fn with_unstable(
    linker: &Linker<State>,
    module: &Module,
) -> wasmtime::Result<Option<Linker<State>>> {
    let older = Snapshot::Unstable.module();
    if module.imports().all(|import| import.module() != older) {
        return Ok(None);
    }
    let mut linker = linker.clone();
    link_snapshot(&mut linker, Snapshot::Unstable)?;
    Ok(Some(linker))
}

fn link_snapshot(linker: &mut Linker<State>, snapshot: Snapshot) -> wasmtime::Result<()> {
    program::link(linker, snapshot.module())?;
    fd::link(linker, snapshot)?;
    path::link(linker, snapshot)?;
    poll::link(linker, snapshot)
}

/// Runs a function that needs the caller's memory and state, and turns its result into an errno.
fn call(caller: &mut Caller<'_, State>, run: impl FnOnce(&mut Guest<'_>) -> Result<()>) -> u32 {
    code(guest(caller).and_then(|mut guest| run(&mut guest)))
}

fn code(result: Result<()>) -> u32 {
    match result {
        Ok(()) => 0,
        Err(Errno(number)) => u32::from(number),
    }
}

/// The result of a call that may wait: the outer error ends the process.
fn waited(result: std::result::Result<Result<()>, Killed>) -> wasmtime::Result<u32> {
    result.map(code).map_err(|killed| Stop::Killed(killed).into())
}
