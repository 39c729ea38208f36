//! Loaded modules: each is resolved, compiled and linked once and then instantiated as often as
//! processes are started from it.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::OnceCell;
use wasmtime::{Engine, InstancePre, Linker, Module};

use super::component;
use super::guests;
use super::kernel::{self, Kernel, Notices};
use super::preview1;
use super::process::State;
use super::store::{Compiled, ModuleFacts, ModuleStore, Source};

/// Where a module comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// One of greenroom's own, by index.
    Guest(usize),
    /// A file of a mount.
    File(Arc<File>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Guest(usize),
    /// Device, inode, size, modified and changed in nanoseconds: a file that changes is another.
    File(u64, u64, u64, i128, i128),
}

/// A module that is ready to be instantiated.
pub(crate) struct LoadedModule {
    pub(crate) name: String,
    pub(crate) facts: ModuleFacts,
    pub(crate) program: Program,
    origin: Origin,
    /// The same for the engine that allocates on demand, once it was needed.
    on_demand: OnceCell<InstancePre<State>>,
    /// The linear memory of a new instance: what a fork need not copy.
    pub(crate) pristine: OnceLock<Box<[u8]>>,
}

/// What kind of program a module is.
pub(crate) enum Program {
    /// A core module, linked for the primary engine.
    Module(InstancePre<State>),
    /// A component.
    Component(Box<component::Linked>),
}

/// All modules that this run has used.
pub(crate) struct Modules {
    store: Arc<ModuleStore>,
    notices: Option<Arc<dyn Notices>>,
    primary: OnceLock<Linker<State>>,
    on_demand: OnceLock<Linker<State>>,
    loaded: Mutex<HashMap<Key, Arc<OnceCell<Arc<LoadedModule>>>>>,
}

impl Modules {
    pub(crate) fn new(store: ModuleStore, notices: Option<Arc<dyn Notices>>) -> Self {
        Self {
            store: Arc::new(store),
            notices,
            primary: OnceLock::new(),
            on_demand: OnceLock::new(),
            loaded: Mutex::default(),
        }
    }

    /// The store's directory, if whoever can write to `directory` could tamper with it.
    pub(crate) fn store_within(&self, directory: &File) -> Option<&std::path::Path> {
        self.store.within_reach(directory)
    }

    /// Loads a module; the error says what is wrong with it and what to do.
    pub(crate) async fn load(
        &self,
        kernel: &Kernel,
        origin: &Origin,
        name: &str,
    ) -> Result<Arc<LoadedModule>, String> {
        let key = key(origin).map_err(|error| format!("cannot read {name}: {error}"))?;
        let cell = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(key).or_default())
        };
        let engine = kernel.engines.primary();
        let module = cell
            .get_or_try_init(|| async {
                let (program, facts) = match self.compiled(engine, origin, name).await? {
                    Compiled::Module(module, facts) => {
                        if !facts.command {
                            return Err(format!(
                                "{name} is a library, not a program: it does not export `_start`"
                            ));
                        }
                        let linked = link(&self.primary, &module, name)?;
                        (Program::Module(linked), facts)
                    }
                    Compiled::Component(component) => {
                        let linked = component::Linked::new(&component, name)?;
                        (Program::Component(Box::new(linked)), ModuleFacts::default())
                    }
                };
                Ok(Arc::new(LoadedModule {
                    name: name.to_owned(),
                    facts,
                    program,
                    origin: origin.clone(),
                    on_demand: OnceCell::new(),
                    pristine: OnceLock::new(),
                }))
            })
            .await?;
        Ok(Arc::clone(module))
    }

    /// The module, linked for the engine that allocates on demand.
    pub(crate) async fn on_demand<'a>(
        &self,
        kernel: &Kernel,
        module: &'a LoadedModule,
    ) -> Result<&'a InstancePre<State>, String> {
        module
            .on_demand
            .get_or_try_init(|| async {
                let engine = kernel.engines.on_demand().map_err(|error| format!("{error:#}"))?;
                match self.compiled(engine, &module.origin, &module.name).await? {
                    Compiled::Module(compiled, _) => link(&self.on_demand, &compiled, &module.name),
                    Compiled::Component(_) => Err(format!("{} has changed", module.name)),
                }
            })
            .await
    }

    /// A component, compiled for the engine that allocates on demand.
    pub(crate) async fn component_on_demand(
        &self,
        kernel: &Kernel,
        module: &LoadedModule,
    ) -> Result<wasmtime::component::Component, String> {
        let engine = kernel.engines.on_demand().map_err(|error| format!("{error:#}"))?;
        match self.compiled(engine, &module.origin, &module.name).await? {
            Compiled::Component(component) => Ok(component),
            Compiled::Module(..) => Err(format!("{} has changed", module.name)),
        }
    }

    async fn compiled(
        &self,
        engine: &Engine,
        origin: &Origin,
        name: &str,
    ) -> Result<Compiled, String> {
        // Handing this to a thread costs more than finding a module that was compiled before.
        let at_once = match origin {
            Origin::Guest(guest) => self.store.load_at_once(engine, &guest_source(name, *guest)),
            Origin::File(file) => {
                let source = self.store.source_at_once(name, file);
                source.and_then(|source| self.store.load_at_once(engine, &source))
            }
        };
        if let Some(compiled) = at_once {
            return Ok(compiled);
        }
        let store = Arc::clone(&self.store);
        let notices = self.notices.clone();
        let (engine, origin, name) = (engine.clone(), origin.clone(), name.to_owned());
        // Compiling takes seconds and a deep stack; a fiber has neither.
        let loading = tokio::task::spawn_blocking(move || {
            let progress = |progress: super::store::Progress<'_>| {
                if let Some(notices) = &notices {
                    notices.progress(progress);
                }
            };
            let (compiled, warnings) = match &origin {
                Origin::Guest(guest) => {
                    let source = guest_source(&name, *guest);
                    store.load(&engine, &source, &progress)
                }
                Origin::File(file) => {
                    let source = store
                        .source(&name, file)
                        .map_err(|error| format!("cannot read {name}: {error}"))?;
                    store.load(&engine, &source, &progress)
                }
            }
            .map_err(|error| error.to_string())?;
            if let Some(notices) = &notices {
                for warning in &warnings {
                    notices.warning(warning);
                }
            }
            Ok(compiled)
        });
        loading.await.map_err(|error| format!("loading was given up: {error}"))?
    }
}

fn guest_source(name: &str, guest: usize) -> Source<'_> {
    let bytes = guests::module_bytes(guest);
    match guests::digest(guest) {
        Some(digest) => Source::embedded(name, bytes, digest),
        None => Source::memory(name, bytes),
    }
}

fn link(
    cell: &OnceLock<Linker<State>>,
    module: &Module,
    name: &str,
) -> Result<InstancePre<State>, String> {
    let failed = |error| format!("{error:#}");
    let linker = match cell.get() {
        Some(linker) => linker,
        None => {
            let linker = kernel::linker(module.engine()).map_err(failed)?;
            cell.get_or_init(|| linker)
        }
    };
    let own = preview1::with_unstable(linker, module).map_err(failed)?;
    let linked = own.as_ref().unwrap_or(linker).instantiate_pre(module);
    linked.map_err(|error| missing_import(name, &error))
}

fn missing_import(name: &str, error: &wasmtime::Error) -> String {
    match error.downcast_ref::<wasmtime::UnknownImportError>() {
        Some(import) => format!(
            "{name} imports `{}` from `{}`, which greenroom does not offer; build it for \
             wasm32-wasip1 (`wasi_snapshot_preview1`), or as a component for wasm32-wasip2",
            import.name(),
            import.module(),
        ),
        None => format!("{name} cannot be linked: {error:#}"),
    }
}

fn key(origin: &Origin) -> std::io::Result<Key> {
    Ok(match origin {
        Origin::Guest(guest) => Key::Guest(*guest),
        Origin::File(file) => {
            let metadata = file.metadata()?;
            let time = |s: i64, n: i64| i128::from(s) * 1_000_000_000 + i128::from(n);
            Key::File(
                metadata.dev(),
                metadata.ino(),
                metadata.size(),
                time(metadata.mtime(), metadata.mtime_nsec()),
                time(metadata.ctime(), metadata.ctime_nsec()),
            )
        }
    })
}
