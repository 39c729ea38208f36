//! The sandbox as a whole: the engines, the modules, and the doors to start a job or a program.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::engine::Engines;
use super::host_limits;
use super::imports;
use super::job::{Job, JobError, JobSpec};
use super::limits::Limits;
use super::modules::{Modules, Origin};
use super::preview1;
use super::store::{CompileLimits, Compiler, ModuleStore, Progress, StoreWarning};

/// How a sandbox is made.
#[derive(Default)]
pub struct SandboxConfig {
    /// Where compiled modules are kept; none keeps them in memory only.
    pub store: Option<PathBuf>,
    /// Compiles modules that are not greenroom's own; without one, this process does.
    pub compiler: Option<Arc<dyn Compiler>>,
    /// What compiling a module may cost.
    pub compile_limits: CompileLimits,
    /// The limits that jobs get at most: the pool's slots are made for them.
    pub limits: Limits,
    /// How many jobs may run at the same time, for which the pool of the engine is made; 0 is
    /// unknown. More jobs run as well, their processes only start more slowly.
    pub jobs: usize,
    /// Whether one process is all there will be: then nothing is kept ready for others, which may
    /// start nevertheless.
    pub single_process: bool,
    /// Told about what takes long and about what went wrong with the store.
    pub notices: Option<Arc<dyn Notices>>,
}

/// Receives what a user should know about loading modules.
pub trait Notices: Send + Sync {
    /// A module is being compiled or waited for.
    fn progress(&self, progress: Progress<'_>);
    /// The store of compiled modules is not as it should be.
    fn warning(&self, warning: &StoreWarning);
}

/// The sandbox cannot be made on this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the sandbox: {0}")]
pub struct SandboxError(pub(crate) String);

/// An engine with its modules, shared by all jobs of a run. Clones share it.
#[derive(Clone)]
pub struct Sandbox {
    kernel: Arc<Kernel>,
}

pub(crate) struct Kernel {
    pub(crate) engines: Engines,
    pub(crate) modules: Modules,
}

impl Sandbox {
    /// Makes a sandbox. Must be called once per run: everything is shared through it.
    ///
    /// # Errors
    /// If the engine cannot be made, for instance for lack of address space.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let error = |error: wasmtime::Error| SandboxError(format!("{error:#}"));
        host_limits::raise();
        let engines =
            Engines::new(&config.limits, config.jobs, config.single_process).map_err(error)?;
        let (store, warnings) = match &config.store {
            Some(dir) => ModuleStore::open(dir),
            None => (ModuleStore::disabled(), Vec::new()),
        };
        if let Some(notices) = &config.notices {
            for warning in &warnings {
                notices.warning(warning);
            }
        }
        let store = store.with_compiler(config.compiler).with_limits(config.compile_limits);
        let modules = Modules::new(store, config.notices);
        Ok(Self { kernel: Arc::new(Kernel { engines, modules }) })
    }

    /// Sets up a job: nothing runs yet.
    ///
    /// # Errors
    /// If a mount cannot be made.
    pub fn job(&self, spec: JobSpec) -> Result<Arc<Job>, JobError> {
        Job::new(Arc::clone(&self.kernel), spec)
    }

    /// [Preloads](Self::preload) modules, two at a time: a large one keeps all cores busy but for its
    /// beginning and its end. `failed` is told what is wrong with one, and which it is.
    pub async fn preload_all(
        &self,
        modules: Vec<(File, String)>,
        mut failed: impl FnMut(String, String),
    ) {
        let mut modules = modules.into_iter();
        let mut loading = tokio::task::JoinSet::new();
        loop {
            while loading.len() < 2
                && let Some((file, name)) = modules.next()
            {
                let sandbox = self.clone();
                loading.spawn(async move {
                    let loaded = sandbox.preload(file, &name).await;
                    (name, loaded)
                });
            }
            match loading.join_next().await {
                None => return,
                Some(Ok((name, Err(reason)))) => failed(name, reason),
                Some(_) => {}
            }
        }
    }

    /// Compiles a module, or maps what was compiled before, so that running it starts at once.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub async fn preload(&self, file: File, name: &str) -> Result<(), String> {
        let origin = Origin::File(Arc::new(file));
        self.kernel.modules.load(&self.kernel, &origin, name).await.map(drop)
    }
}

pub(crate) fn linker(
    engine: &wasmtime::Engine,
) -> wasmtime::Result<wasmtime::Linker<super::process::State>> {
    let mut linker = wasmtime::Linker::new(engine);
    preview1::link(&mut linker)?;
    imports::link(&mut linker)?;
    Ok(linker)
}
