//! Compiled modules, kept between runs.
//!
//! Compiling an interpreter takes seconds, mapping its compiled form less than a millisecond. The
//! store keeps compiled forms in a directory of the user's cache, found by the digest of the
//! program, the engine's configuration and the version of wasmtime.
//!
//! A compiled module is native code: whoever could put a file of his own there would run it with
//! the user's rights. So the directory belongs to the user and to nobody else, each entry carries
//! an authentication code under a key that only the user can read, and the very open file that was
//! authenticated is then mapped. What does not pass is moved aside and compiled again, with a
//! warning; nothing about the store can fail a run.
//!
//! Any number of processes may share a directory. Entries appear by rename and disappear by unlink,
//! so each process sees a whole entry or none; an advisory lock lets processes that need the same
//! program at the same time compile it once, as a lock within the process does for its threads.

mod apart;
mod compile;
mod dir;
mod entry;
mod error;
mod inspect;
mod key;
mod limits;
mod location;
mod lock;
mod map;
mod prune;
mod source;
mod stamp;

pub(crate) use apart::sealed;
pub use apart::{Compiler, Failure, Order, compile_here};
pub use error::{CompileError, StoreWarning};
pub use inspect::ModuleFacts;
pub use limits::CompileLimits;
pub use location::{Locations, default_dir};
pub use source::{Digest, Source, SourceBytes};

use compile::Code;
use dir::{Problem, StoreDir};
use entry::{Entry, Generation, Id, Verified, VerifiedBytes};
use inspect::Kind;
use key::Keys;
use lock::Turn;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

/// How much the entries of a store may take together, unless told otherwise: 2 GiB.
pub const DEFAULT_SIZE_LIMIT: u64 = 2 << 30;

/// Loads programs, compiling each at most once.
#[derive(Debug)]
pub struct ModuleStore {
    disk: Option<Disk>,
    limits: CompileLimits,
    /// Compiles what is not our own.
    compiler: Option<Arc<dyn Compiler>>,
    size_limit: u64,
    /// What this process has loaded, or is loading: a thread that needs the same program waits
    /// for the slot.
    slots: Mutex<HashMap<(Generation, Digest), Arc<Slot>>>,
}

type Slot = Mutex<Loaded>;

#[derive(Debug, Default)]
enum Loaded {
    #[default]
    NotYet,
    Ready(Compiled),
    /// Trying again would take as long, or as much, again.
    GivenUp(Beyond),
}

/// A limit that only shows while a program is compiled.
#[derive(Clone, Copy, Debug)]
enum Beyond {
    Time { seconds: u64 },
    Memory { megabytes: u64 },
}

impl Beyond {
    fn of(error: &CompileError) -> Option<Self> {
        match error {
            CompileError::TooSlow { seconds, .. } => Some(Self::Time { seconds: *seconds }),
            CompileError::TooMuchMemory { megabytes, .. } => {
                Some(Self::Memory { megabytes: *megabytes })
            }
            _ => None,
        }
    }

    fn error(self, name: &str) -> CompileError {
        let name = name.to_owned();
        match self {
            Self::Time { seconds } => CompileError::TooSlow { name, seconds },
            Self::Memory { megabytes } => CompileError::TooMuchMemory { name, megabytes },
        }
    }
}

/// A program that is ready to be instantiated. Clones share it.
#[derive(Clone)]
pub enum Compiled {
    /// A core module.
    Module(Module, ModuleFacts),
    /// A component.
    Component(Component),
}

impl Compiled {
    fn engine(&self) -> &Engine {
        match self {
            Self::Module(module, _) => module.engine(),
            Self::Component(component) => component.engine(),
        }
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(_, facts) => f.debug_tuple("Module").field(facts).finish(),
            Self::Component(_) => f.write_str("Component"),
        }
    }
}

/// Something that takes long, for the user to know about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A program is about to be compiled.
    Compiling {
        /// The program.
        name: &'a str,
        /// Its size in bytes.
        bytes: u64,
        /// Whether the result is kept, so that this happens once and not in every run.
        kept: bool,
    },
    /// Another greenroom process compiles the program; it is waited for.
    Waiting {
        /// The program.
        name: &'a str,
    },
}

impl ModuleStore {
    /// A store in `dir`, which is created if need be.
    ///
    /// A directory that is not ours alone, or cannot be used, is never an error: the warning says
    /// why, and the store only compiles.
    pub fn open(dir: &Path) -> (Self, Vec<StoreWarning>) {
        match Disk::open(dir) {
            Ok((disk, warnings)) => (Self { disk: Some(disk), ..Self::disabled() }, warnings),
            Err(reason) => {
                let warning = StoreWarning::Unusable { dir: dir.to_owned(), reason };
                (Self::disabled(), vec![warning])
            }
        }
    }

    /// A store without a directory: programs are compiled once in this process and not kept.
    pub fn disabled() -> Self {
        Self {
            disk: None,
            limits: CompileLimits::default(),
            compiler: None,
            size_limit: DEFAULT_SIZE_LIMIT,
            slots: Mutex::default(),
        }
    }

    /// The store's directory, if it keeps anything and what can write to `directory` can write to
    /// it: because it is that directory, lies in it or contains it.
    ///
    /// No program may be given such a directory for writing: it could find the key, and what it
    /// writes into the store would run as native code in the next run.
    pub fn within_reach(&self, directory: &File) -> Option<&Path> {
        let disk = self.disk.as_ref()?;
        // In doubt it is.
        disk.dir.overlaps(directory).unwrap_or(true).then(|| disk.dir.path())
    }

    /// The same with other bounds on what compiling may cost. They apply to what is compiled, not
    /// to what is already in the store.
    #[must_use]
    pub fn with_limits(self, limits: CompileLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same with a compiler of its own for programs that are not part of greenroom. Without one
    /// they are compiled in this process, where nothing bounds the memory that it takes.
    #[must_use]
    pub fn with_compiler(self, compiler: Option<Arc<dyn Compiler>>) -> Self {
        Self { compiler, ..self }
    }

    /// The same with another bound on the bytes of all entries together. It is kept whenever an
    /// entry is added; the entry added last always stays.
    #[must_use]
    pub fn with_size_limit(self, size_limit: u64) -> Self {
        Self { size_limit, ..self }
    }

    /// A program in an open file. It is read for its digest if it may have changed since this was
    /// last asked for it; a start that finds the digest noted in the store saves about 0.3 ms for
    /// each megabyte.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn source<'a>(&self, name: &'a str, file: &'a File) -> io::Result<Source<'a>> {
        let digest = match &self.disk {
            Some(disk) => disk.digest(file)?,
            None => Digest::of_file(file)?,
        };
        Ok(Source { name, digest, bytes: SourceBytes::File(file) })
    }

    /// As [`source`](Self::source), but only if that takes no reading of the file.
    pub fn source_at_once<'a>(&self, name: &'a str, file: &'a File) -> Option<Source<'a>> {
        let digest = self.disk.as_ref()?.noted_digest(file)?;
        Some(Source { name, digest, bytes: SourceBytes::File(file) })
    }

    /// The compiled form of a program, if it is in this process's memory, or in the directory and
    /// known to be authentic by a stamp: if it takes a fraction of a millisecond and nothing has to
    /// be waited for.
    pub fn load_at_once(&self, engine: &Engine, source: &Source<'_>) -> Option<Compiled> {
        let key = (Generation::of(engine, None), source.digest);
        let slot = Arc::clone(lock(&self.slots).entry(key).or_default());
        let mut slot = slot.try_lock().ok()?;
        match &*slot {
            Loaded::Ready(compiled) if Engine::same(compiled.engine(), engine) => {
                return Some(compiled.clone());
            }
            Loaded::GivenUp(_) => return None,
            Loaded::Ready(_) | Loaded::NotYet => {}
        }
        let disk = self.disk.as_ref()?;
        let id = Id { generation: Generation::of(engine, Some(&disk.keys)), digest: source.digest };
        // Whatever is wrong with an entry is found, and told, by the way that takes its time.
        let (file, facts) = entry::find_stamped(&disk.dir, &disk.keys, &id)?;
        let compiled = Compiled::Module(map::module(engine, file).ok()?, facts);
        *slot = Loaded::Ready(compiled.clone());
        Some(compiled)
    }

    /// The compiled form of a program, from this process's memory, from the directory, or by
    /// compiling it.
    ///
    /// Compiling takes the CPU for seconds (all cores) and waiting for another process blocks, up
    /// to minutes in either case. So call it on a thread that may block; to be able to give up
    /// earlier, on one that nothing waits for (a tokio runtime that is dropped waits for its
    /// blocking threads). `progress` is called first. The warnings are for the user; what is
    /// returned is as good without their cause.
    ///
    /// # Errors
    /// If the program cannot be read, is not valid, or is beyond the [`CompileLimits`].
    pub fn load(
        &self,
        engine: &Engine,
        source: &Source<'_>,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<(Compiled, Vec<StoreWarning>), CompileError> {
        let key = (Generation::of(engine, None), source.digest);
        let slot = Arc::clone(lock(&self.slots).entry(key).or_default());
        let mut slot = lock(&slot);
        match &*slot {
            // Another engine of the same configuration cannot run it.
            Loaded::Ready(compiled) if Engine::same(compiled.engine(), engine) => {
                return Ok((compiled.clone(), Vec::new()));
            }
            Loaded::GivenUp(beyond) => return Err(beyond.error(source.name)),
            Loaded::Ready(_) | Loaded::NotYet => {}
        }
        let mut warnings = Vec::new();
        let loaded = match &self.disk {
            Some(disk) => self.load_from(disk, engine, source, progress, &mut warnings),
            None => {
                self.compile(engine, source, false, progress).and_then(|(code, kind)| match code {
                    Code::Here(compiled) => Ok(compiled),
                    Code::Apart(file) => mapped(engine, &file, kind, source.name),
                })
            }
        };
        match &loaded {
            Ok(compiled) => *slot = Loaded::Ready(compiled.clone()),
            Err(error) => {
                if let Some(beyond) = Beyond::of(error) {
                    *slot = Loaded::GivenUp(beyond);
                }
            }
        }
        Ok((loaded?, warnings))
    }

    fn compile(
        &self,
        engine: &Engine,
        source: &Source<'_>,
        kept: bool,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<(Code, Kind), CompileError> {
        compile::compile(engine, source, &self.limits, self.compiler.as_deref(), kept, progress)
    }

    fn load_from(
        &self,
        disk: &Disk,
        engine: &Engine,
        source: &Source<'_>,
        progress: &dyn Fn(Progress<'_>),
        warnings: &mut Vec<StoreWarning>,
    ) -> Result<Compiled, CompileError> {
        let generation = Generation::of(engine, Some(&disk.keys));
        let id = Id { generation, digest: source.digest };
        if let Some(compiled) = disk.find(engine, &id, source.name, warnings) {
            return Ok(compiled);
        }
        let file_name = id.file_name();
        let turn = Turn::take(&disk.dir, &file_name, lock::PATIENCE, || {
            progress(Progress::Waiting { name: source.name });
        });
        match turn {
            Turn::Ours { .. } => {
                // Another process may have made it between our look and our turn. If it still
                // cannot be read, that has been said.
                let mut again = Vec::new();
                let found = disk.find(engine, &id, source.name, &mut again);
                if warnings.is_empty() {
                    warnings.append(&mut again);
                }
                if let Some(compiled) = found {
                    return Ok(compiled);
                }
            }
            Turn::Unlocked => {}
            Turn::GaveUp => warnings.push(StoreWarning::NotAwaited {
                name: source.name.to_owned(),
                seconds: lock::PATIENCE.as_secs(),
            }),
        }
        let (code, kind) = self.compile(engine, source, true, progress)?;
        let (compiled, kept) = match code {
            Code::Here(compiled) => {
                let kept = disk.keep(&id, kind, &compiled);
                (compiled, kept)
            }
            Code::Apart(file) => match disk.keep_from(&id, kind, &file) {
                // The file of the store needs no memory of ours; but a component is copied.
                Ok(written) if let Kind::Module(facts) = kind => {
                    let module = map::module(engine, written);
                    let module = module.map_err(|error| refused(source.name, &error))?;
                    (Compiled::Module(module, facts), Ok(()))
                }
                kept => (mapped(engine, &file, kind, source.name)?, kept.map(drop)),
            },
        };
        if let Err(source) = kept
            && !disk.complained.swap(true, Ordering::Relaxed)
        {
            warnings.push(StoreWarning::NotKept { dir: disk.dir.path().to_owned(), source });
        }
        prune::prune(&disk.dir, self.size_limit, &file_name);
        drop(turn);
        Ok(compiled)
    }
}

/// The part of a store that is on disk.
#[derive(Debug)]
struct Disk {
    dir: StoreDir,
    keys: Keys,
    /// Whether the user has been told that nothing can be written.
    complained: AtomicBool,
}

impl Disk {
    fn open(path: &Path) -> Result<(Self, Vec<StoreWarning>), String> {
        let dir = StoreDir::open(path)?;
        let (keys, damage) =
            Keys::open(&dir).map_err(|e| format!("its key cannot be read or made: {e}"))?;
        let warning = damage
            .map(|reason| StoreWarning::KeyReplaced { dir: path.to_owned(), reason })
            .into_iter()
            .collect();
        Ok((Self { dir, keys, complained: AtomicBool::new(false) }, warning))
    }

    /// Finds and loads an entry. One that cannot be trusted or loaded is moved aside.
    fn find(
        &self,
        engine: &Engine,
        id: &Id,
        name: &str,
        warnings: &mut Vec<StoreWarning>,
    ) -> Option<Compiled> {
        let loaded = entry::find(&self.dir, &self.keys, id).and_then(|entry| {
            let loaded = match entry {
                None => return Ok(None),
                Some(Entry::Module(file, facts)) => {
                    map::module(engine, file).map(|module| Compiled::Module(module, facts))
                }
                Some(Entry::Component(bytes)) => {
                    map::component(engine, &bytes).map(Compiled::Component)
                }
            };
            loaded.map(Some).map_err(|e| Problem::Distrusted(format!("wasmtime refuses it: {e:#}")))
        });
        let name = name.to_owned();
        match loaded {
            Ok(compiled) => return compiled,
            Err(Problem::Distrusted(reason)) => {
                let file = self.dir.set_aside(&id.file_name());
                warnings.push(StoreWarning::Distrusted { name, file, reason });
            }
            Err(Problem::Unreadable(source)) => {
                let file = self.dir.path().join(id.file_name());
                warnings.push(StoreWarning::Unreadable { name, file, source });
            }
        }
        None
    }

    /// The digest that was noted for this very file.
    fn noted_digest(&self, file: &File) -> Option<Digest> {
        let stat = rustix::fs::fstat(file).ok()?;
        let name = stamp::name_for_source(&stat);
        stamp::read(&self.dir, &self.keys, &name, &stat).map(Digest::from_bytes)
    }

    fn digest(&self, file: &File) -> io::Result<Digest> {
        let stat = rustix::fs::fstat(file)?;
        let name = stamp::name_for_source(&stat);
        if let Some(digest) = stamp::read(&self.dir, &self.keys, &name, &stat) {
            return Ok(Digest::from_bytes(digest));
        }
        let pending = stamp::Pending::begin(&self.dir, file, &stat);
        let digest = Digest::of_file(file)?;
        if let Some(pending) = pending {
            pending.finish(&self.keys, &name, file, &stat, digest.as_bytes());
        }
        Ok(digest)
    }

    fn keep(&self, id: &Id, kind: Kind, compiled: &Compiled) -> io::Result<()> {
        let code = match compiled {
            Compiled::Module(module, _) => module.serialize(),
            Compiled::Component(component) => component.serialize(),
        };
        let code = code.map_err(|error| io::Error::other(format!("{error:#}")))?;
        entry::write(&self.dir, &self.keys, id, kind, &code)
    }

    fn keep_from(&self, id: &Id, kind: Kind, code: &File) -> io::Result<Verified> {
        entry::write_from(&self.dir, &self.keys, id, kind, code)
    }
}

/// What a [`Compiler`] has made, without a store.
fn mapped(engine: &Engine, file: &File, kind: Kind, name: &str) -> Result<Compiled, CompileError> {
    let unreadable = |source| CompileError::NoProcess { name: name.to_owned(), source };
    let compiled = match kind {
        Kind::Module(facts) => {
            let file = Verified::compiled(file).map_err(unreadable)?;
            map::module(engine, file).map(|module| Compiled::Module(module, facts))
        }
        Kind::Component => {
            let bytes = VerifiedBytes::compiled(file).map_err(unreadable)?;
            map::component(engine, &bytes).map(Compiled::Component)
        }
    };
    compiled.map_err(|error| refused(name, &error))
}

fn refused(name: &str, error: &wasmtime::Error) -> CompileError {
    CompileError::Invalid { name: name.to_owned(), reason: format!("{error:#}") }
}

/// A thread that panicked while it held the lock left the value as it was before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
