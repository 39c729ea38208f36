//! Modules as they are after their own initialisation: what a program prepares at every start is
//! prepared once, and each start begins from there.
//!
//! The convention is that of [Wizer](https://docs.rs/wasmtime-wizer): a module exports a function,
//! usually `wizer-initialize`; what its memory and its variables hold when that has returned becomes
//! part of a new module. Files and streams that it opened do not.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use wasmtime::{Instance, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use super::job::Job;
use super::process::{Exit, How, State};
use super::program::{ProgramSpec, StartError};
use super::run;
use super::store::CompileLimits;

/// How a module is initialised.
#[derive(Clone, Debug)]
pub struct Initialization {
    /// The export that is called. It takes nothing and returns nothing.
    pub function: String,
    /// Exports of the new module that take the place of others: (its name, the function's name).
    pub renamed: Vec<(String, String)>,
}

/// A module was not initialised.
#[derive(Debug, thiserror::Error)]
pub enum InitializeError {
    /// It cannot be read, or what came of it cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is larger than a module may be.
    #[error("a module may have at most {0} bytes")]
    TooLarge(u64),
    /// It is of a kind whose state cannot be taken.
    #[error("its state cannot be taken: {0}")]
    Unsupported(String),
    /// It cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The function did not return.
    #[error("`{function}` did not return: {how}")]
    Ended {
        /// The export that was called.
        function: String,
        /// How its process ended instead.
        how: String,
    },
    /// There is no such export.
    #[error("it exports no function `{0}`")]
    NoFunction(String),
}

impl Job {
    /// Calls a module's initialisation in a process of the job, and returns the module that begins
    /// where that ended. `spec.module` is the module.
    ///
    /// # Errors
    /// If the module is not one that can be treated so, or its function does not return.
    pub async fn initialize(
        self: &Arc<Self>,
        spec: ProgramSpec,
        initialization: &Initialization,
    ) -> Result<Vec<u8>, InitializeError> {
        let function = &initialization.function;
        let bytes = match &spec.module {
            Some(module) => read(module)?,
            None => return Err(StartError::NotFound(printable(&spec.program)).into()),
        };
        let mut wizer = Wizer::new();
        wizer.init_func(function);
        for (new, old) in &initialization.renamed {
            wizer.func_rename(new, old);
        }
        let unsupported =
            |error: wasmtime::Error| InitializeError::Unsupported(format!("{error:#}"));
        let functions = functions(&bytes).map_err(|error| unsupported(error.into()))?;
        let needed = initialization.renamed.iter().map(|(_, old)| old).chain([function]);
        if let Some(missing) = { needed }.find(|name| !functions.contains(name.as_str())) {
            return Err(InitializeError::NoFunction(missing.clone()));
        }
        let (context, instrumented) = wizer.instrument(&bytes).map_err(unsupported)?;
        let mut file = tempfile::tempfile()?;
        file.write_all(&instrumented)?;
        drop(instrumented);
        let spec = ProgramSpec { module: Some(file), ..spec };
        let (process, start) = self.prepare(spec, None)?;
        let called = run::call(self, &process, start, function).await;
        let mut running = called.map_err(|exit| InitializeError::Ended {
            function: function.clone(),
            how: told(exit),
        })?;
        let run::Running { store, instance } = &mut running;
        wizer.snapshot(&context, &mut Taken { store, instance }).await.map_err(unsupported)
    }
}

fn read(mut module: &File) -> Result<Vec<u8>, InitializeError> {
    let most = CompileLimits::default().source_bytes;
    let mut bytes = Vec::new();
    module.rewind()?;
    module.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(InitializeError::TooLarge(most)) } else { Ok(bytes) }
}

/// The functions that a module exports.
fn functions(bytes: &[u8]) -> wasmparser::Result<BTreeSet<&str>> {
    let mut functions = BTreeSet::new();
    for payload in wasmparser::Parser::new(0).parse_all(bytes) {
        if let wasmparser::Payload::ExportSection(exports) = payload? {
            for export in exports {
                let export = export?;
                if export.kind == wasmparser::ExternalKind::Func {
                    functions.insert(export.name);
                }
            }
        }
    }
    Ok(functions)
}

fn told(exit: Exit) -> String {
    match exit.how {
        How::Exited => format!("it ended the process with status {}", exit.status),
        How::Signaled(_) => "it was ended".to_owned(),
        How::Trapped(text) | How::OutOfMemory(text) | How::NotLoadable(text) => text,
    }
}

fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// The state of an instance whose function has returned.
struct Taken<'a> {
    store: &'a mut Store<State>,
    instance: &'a Instance,
}

impl InstanceState for Taken<'_> {
    async fn global_get(&mut self, name: &str, kind: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut *self.store, name);
        match global.map(|global| global.get(&mut *self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(bits)) => SnapshotVal::F32(bits),
            Some(Val::F64(bits)) => SnapshotVal::F64(bits),
            Some(Val::V128(value)) => SnapshotVal::V128(value.as_u128()),
            // References were refused, and the export was added for this purpose.
            other => unreachable!("the global {name} of type {kind:?} is {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        match self.instance.get_memory(&mut *self.store, name) {
            Some(memory) => contents(memory.data(&*self.store)),
            None => contents(&[]),
        }
    }
}
