//! From a program that was found to a process that has ended.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use wasmtime::{Instance, InstancePre, Store, Trap, TypedFunc, UpdateDeadline};

use super::description::Description;
use super::directory::Directory;
use super::errno::Result;
use super::job::Job;
use super::limits::{Limiter, Refused};
use super::lookup::{self, Found};
use super::modules::{LoadedModule, Program};
use super::namespace::Place;
use super::process::{Exit, How, Process, State, Strings};
use super::signal::Killed;
use super::step::StepCall;
use super::table::{Entry, Table};

/// Why WebAssembly code was left other than by returning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// `proc_exit`.
    Exit(u8),
    /// A signal.
    Killed(Killed),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(status) => write!(f, "exit with status {status}"),
            Self::Killed(Killed(signal)) => write!(f, "killed by signal {signal}"),
        }
    }
}

impl std::error::Error for Stop {}

/// A process to start.
pub(crate) struct Start {
    pub(crate) found: Found,
    pub(crate) environment: Arc<Strings>,
    pub(crate) cwd: Arc<[u8]>,
    pub(crate) umask: u32,
    /// (Number in the child, what it refers to.)
    pub(crate) descriptors: Vec<(u32, Entry)>,
    /// What a typed step is called with.
    pub(crate) step: Option<StepCall>,
}

/// What the copy of a process begins with.
pub(crate) struct Forked {
    pub(crate) closure: u32,
    pub(crate) stack_pointer: i32,
    /// Size of the parent's memory in bytes, and its pages that differ from a new instance's.
    pub(crate) size: usize,
    pub(crate) pages: Vec<(usize, Vec<u8>)>,
}

/// The guest function that runs a fork's closure.
pub(crate) const FORK_ENTRY: &str = "__greenroom_child";

/// Inline children deeper than this get a task of their own, because waking the innermost costs a
/// step through each.
pub(crate) const MAX_INLINE_DEPTH: u32 = 16;

impl Start {
    /// Finds the program.
    ///
    /// # Errors
    /// As [`lookup::find`].
    pub(crate) fn find(
        job: &Job,
        program: &[u8],
        arguments: Vec<Vec<u8>>,
        environment: Arc<Strings>,
        cwd: Arc<[u8]>,
        umask: u32,
        descriptors: Vec<(u32, Entry)>,
    ) -> Result<Self> {
        let found = lookup::find(&job.namespace, program, arguments, &environment, &cwd)?;
        Ok(Self { found, environment, cwd, umask, descriptors, step: None })
    }
}

/// Runs a process to its end and records how it ended.
pub(crate) async fn run(job: Arc<Job>, process: Arc<Process>, start: Start) -> Exit {
    let ended = Ended { job: Arc::clone(&job), process: Arc::clone(&process) };
    let stderr = start.descriptors.iter().find(|(fd, _)| *fd == 2).map(|(_, entry)| entry.clone());
    let exit = run_program(&job, &process, start).await;
    report(&job, &process, stderr, &exit).await;
    process.end(exit.clone());
    drop(ended);
    exit
}

/// Takes a process out of the job even when its future is dropped.
struct Ended {
    job: Arc<Job>,
    process: Arc<Process>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.process.end(Exit { status: 137, how: How::Signaled(super::signal::KILL) });
        self.job.remove(self.process.pid);
    }
}

async fn run_program(job: &Arc<Job>, process: &Arc<Process>, start: Start) -> Exit {
    let kernel = Arc::clone(&job.kernel);
    let loading = kernel.modules.load(&kernel, &start.found.origin, &start.found.name);
    let module = match process.signals.unless_killed(loading).await {
        Ok(Ok(module)) => module,
        Ok(Err(message)) => return not_loadable(message),
        Err(killed) => return signaled(killed),
    };
    let linked = match &module.program {
        Program::Module(_) if start.step.is_some() => {
            return not_loadable(format!("{} is no component, and so no typed step", module.name));
        }
        Program::Module(linked) => linked,
        Program::Component(linked) => {
            return super::component::run(job, process, linked, &module, start).await;
        }
    };
    match call_within(job, process, &module, linked, start, "_start").await {
        Ok(_) => Exit { status: 0, how: How::Exited },
        Err(exit) => exit,
    }
}

/// Calls another function of a program than `_start`, in a process that goes with it, and returns
/// what it leaves behind.
///
/// # Errors
/// How the process ended, if the function did not return.
pub(crate) async fn call(
    job: &Arc<Job>,
    process: &Arc<Process>,
    start: Start,
    function: &str,
) -> std::result::Result<Running, Exit> {
    let _ended = Ended { job: Arc::clone(job), process: Arc::clone(process) };
    let kernel = Arc::clone(&job.kernel);
    let loading = kernel.modules.load(&kernel, &start.found.origin, &start.found.name);
    let module = match process.signals.unless_killed(loading).await {
        Ok(loaded) => loaded.map_err(not_loadable)?,
        Err(killed) => return Err(signaled(killed)),
    };
    match &module.program {
        Program::Module(linked) => {
            call_within(job, process, &module, linked, start, function).await
        }
        Program::Component(_) => Err(not_loadable("it is a component, not a module".to_owned())),
    }
}

async fn call_within(
    job: &Arc<Job>,
    process: &Arc<Process>,
    module: &Arc<LoadedModule>,
    linked: &InstancePre<State>,
    start: Start,
    function: &str,
) -> std::result::Result<Running, Exit> {
    let state = state(job, process, module, start)
        .map_err(|errno| not_loadable(format!("cannot open the working directory: {errno:?}")))?;
    let called = async {
        let mut running = instantiate(linked, module, state).await?;
        let store = &mut running.store;
        let function = running
            .instance
            .get_typed_func::<(), ()>(&mut *store, function)
            .map_err(|error| not_loadable(format!("{}: {error:#}", module.name)))?;
        match function.call_async(&mut *store, ()).await {
            Ok(()) => Ok(running),
            failed => Err(exit_of(&store.data().process, &store.data().limiter, failed)),
        }
    };
    // A killed process is dropped where it waits, also where it waits for its turn, and a module's
    // start function may already run for ever.
    let called = process.account.running(called);
    process.signals.unless_killed(called).await.unwrap_or_else(|killed| Err(signaled(killed)))
}

/// Runs the copy of a process to its end.
pub(crate) async fn run_fork(process: Arc<Process>, state: State, forked: Forked) -> Exit {
    let job = Arc::clone(&state.job);
    let ended = Ended { job: Arc::clone(&job), process: Arc::clone(&process) };
    let stderr = state.table.get(2).ok().cloned();
    let exit = run_copy(state, forked).await;
    report(&job, &process, stderr, &exit).await;
    process.end(exit.clone());
    drop(ended);
    exit
}

async fn run_copy(state: State, forked: Forked) -> Exit {
    let module = Arc::clone(&state.module);
    let process = Arc::clone(&state.process);
    let Program::Module(linked) = &module.program else {
        return not_loadable("a component cannot be copied".to_owned());
    };
    let running = async {
        let mut instance = match instantiate(linked, &module, state).await {
            Ok(instance) => instance,
            Err(exit) => return exit,
        };
        let closure = forked.closure;
        match copied(&mut instance, &module, forked).await {
            Ok(entry) => {
                let store = &mut instance.store;
                let result = entry.call_async(&mut *store, closure).await;
                exit_of(&store.data().process, &store.data().limiter, result)
            }
            Err(reason) => not_loadable(format!("{} cannot be copied: {reason}", module.name)),
        }
    };
    let running = process.account.running(running);
    process.signals.unless_killed(running).await.unwrap_or_else(signaled)
}

/// Makes a new instance the copy of a process.
async fn copied(
    instance: &mut Running,
    module: &LoadedModule,
    forked: Forked,
) -> std::result::Result<TypedFunc<u32, ()>, &'static str> {
    let store = &mut instance.store;
    let memory = store.data().memory.ok_or("it has no memory")?;
    module.pristine.get_or_init(|| memory.data(&mut *store).into());
    let missing = forked.size.saturating_sub(memory.data_size(&mut *store));
    let grown = memory.grow_async(&mut *store, (missing / WASM_PAGE) as u64).await;
    grown.map_err(|_| "there is not enough memory")?;
    // The copy goes as soon as it is in place.
    for (at, page) in forked.pages {
        memory.write(&mut *store, at, &page).map_err(|_| "its memory is smaller")?;
    }
    let pointer = store.data().stack_pointer.ok_or("it does not export its stack pointer")?;
    pointer
        .set(&mut *store, forked.stack_pointer.into())
        .map_err(|_| "its stack pointer is not an i32")?;
    instance
        .instance
        .get_typed_func::<u32, ()>(&mut *store, FORK_ENTRY)
        .map_err(|_| "it does not export `__greenroom_child`")
}

pub(crate) const WASM_PAGE: usize = 64 << 10;

/// An instance in its store.
pub(crate) struct Running {
    pub(crate) store: Store<State>,
    pub(crate) instance: Instance,
}

async fn instantiate(
    linked: &InstancePre<State>,
    module: &LoadedModule,
    state: State,
) -> std::result::Result<Running, Exit> {
    let mut store = store(linked.module().engine(), state);
    let first = match linked.instantiate_async(&mut store).await {
        Ok(instance) => return Ok(ready(store, instance)),
        Err(error) => error,
    };
    // A start function that traps or exits has run; everything else is the pool's refusal: no free
    // slot, or a module that is larger than a slot.
    if first.is::<Trap>() || first.is::<Stop>() || store.data().limiter.refused.is_some() {
        return Err(exit_of(&store.data().process, &store.data().limiter, Err(first)));
    }
    let mut state = store.into_data();
    state.memory = None;
    state.stack_pointer = None;
    let kernel = Arc::clone(&state.job.kernel);
    state.limiter.reset();
    let linked = match kernel.modules.on_demand(&kernel, module).await {
        Ok(linked) => linked,
        Err(message) => return Err(not_loadable(message)),
    };
    let mut store = self::store(linked.module().engine(), state);
    match linked.instantiate_async(&mut store).await {
        Ok(instance) => Ok(ready(store, instance)),
        Err(error) => Err(exit_of(&store.data().process, &store.data().limiter, Err(error))),
    }
}

fn store(engine: &wasmtime::Engine, state: State) -> Store<State> {
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|context| match context.data().process.signals.fatal() {
        Some(killed) => Err(Stop::Killed(killed).into()),
        None => Ok(UpdateDeadline::Yield(1)),
    });
    store
}

fn ready(mut store: Store<State>, instance: Instance) -> Running {
    let memory = instance.get_memory(&mut store, "memory");
    let stack_pointer = instance.get_global(&mut store, "__stack_pointer");
    let state = store.data_mut();
    state.memory = memory;
    state.stack_pointer = stack_pointer;
    Running { store, instance }
}

fn state(
    job: &Arc<Job>,
    process: &Arc<Process>,
    module: &Arc<LoadedModule>,
    start: Start,
) -> Result<State> {
    let mut table = Table::new(job.limits.descriptors);
    let (standard, others): (Vec<_>, Vec<_>) =
        start.descriptors.into_iter().partition(|(fd, _)| *fd <= 2);
    for (fd, entry) in standard {
        table.put(fd, entry)?;
    }
    preopen(job, &mut table, module.facts.imports_greenroom, &start.cwd)?;
    let mut inherited = Vec::new();
    for (fd, entry) in others {
        let ours = if table.is_free(fd) && table.put(fd, entry.clone()).is_ok() {
            fd
        } else {
            table.insert(entry, 3)?
        };
        inherited.push([fd, ours]);
    }
    Ok(State {
        job: Arc::clone(job),
        process: Arc::clone(process),
        module: Arc::clone(module),
        table,
        arguments: Arc::new(Strings::new(start.found.arguments)),
        environment: start.environment,
        cwd: start.cwd,
        umask: start.umask,
        inherited,
        children: BTreeMap::new(),
        limiter: Limiter::new(&job.limits, Arc::clone(&job.memory)),
        memory: None,
        stack_pointer: None,
        started: std::time::Instant::now(),
    })
}

/// Opens the directories that a program finds open.
fn preopen(job: &Job, table: &mut Table, ours: bool, cwd: &[u8]) -> Result<()> {
    let preopens = if ours {
        // It knows its working directory, and gets the virtual root.
        vec![("/".into(), Place::Virtual { path: b"/".to_vec() })]
    } else {
        preopens(job, cwd)?
    };
    for (name, place) in preopens {
        let directory = Arc::new(Description::Directory(Directory::new(place)));
        let entry = Entry { preopen: Some(name.into()), ..Entry::new(directory) };
        table.insert(entry, 3)?;
    }
    Ok(())
}

/// The directories that a program finds open if it is not one of ours: `.` for its working
/// directory and every top-level directory by its own name. (wasi-libc takes `.` and `/` for the
/// same, so that both cannot be there: where a directory is mounted at the root it is that.)
pub(crate) fn preopens(job: &Job, cwd: &[u8]) -> Result<Vec<(Arc<str>, Place)>> {
    let top = job.top_directories()?;
    let mut preopens = Vec::with_capacity(top.len() + 1);
    if let Some(mount) = job.namespace.root_mount() {
        let directory = Arc::clone(&mount.root);
        let (mount, inside) = (Arc::clone(mount), ".".into());
        let place = Place::Real { mount, directory, inside, may_climb: false };
        preopens.push(("/".into(), place));
    } else {
        let mut working = job.namespace.directory(cwd)?;
        if let Place::Real { may_climb, .. } = &mut working {
            *may_climb = true;
        }
        preopens.push((".".into(), working));
    }
    preopens.extend_from_slice(top);
    Ok(preopens)
}

pub(crate) fn signaled(Killed(signal): Killed) -> Exit {
    Exit { status: 128 + signal, how: How::Signaled(signal) }
}

pub(crate) fn not_loadable(message: String) -> Exit {
    Exit { status: 126, how: How::NotLoadable(message) }
}

pub(crate) fn exit_of(process: &Process, limiter: &Limiter, result: wasmtime::Result<()>) -> Exit {
    let Err(error) = result else { return Exit { status: 0, how: How::Exited } };
    match error.downcast_ref::<Stop>() {
        Some(Stop::Exit(status)) => return Exit { status: *status, how: How::Exited },
        Some(Stop::Killed(killed)) => return signaled(*killed),
        None => {}
    }
    if let Some(killed) = process.signals.fatal() {
        return signaled(killed);
    }
    if let Some(refused) = limiter.refused {
        return Exit { status: 137, how: How::OutOfMemory(refused.to_string()) };
    }
    let trap = error.downcast_ref::<Trap>();
    let text = match trap {
        Some(Trap::StackOverflow) => {
            "its recursion is too deep: the call stack is exhausted".to_owned()
        }
        Some(Trap::UnreachableCodeReached) => {
            "it aborted (it ran into code that it marks as unreachable)".to_owned()
        }
        Some(trap) => trap.to_string(),
        None => format!("{error:#}"),
    };
    Exit { status: 134, how: How::Trapped(text) }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(limit) => write!(f, "it needs more than its {} of memory", size(*limit)),
            Self::TotalMemory(limit) => {
                write!(f, "the job's processes together need more than their {}", size(*limit))
            }
            Self::Table(limit) => write!(f, "it needs a table of more than {limit} elements"),
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 30 && b % (1 << 30) == 0 => format!("{} GiB", b >> 30),
        b if b >= 1 << 20 => format!("{} MiB", b >> 20),
        b => format!("{b} bytes"),
    }
}

/// Tells on the process's own error output, or else in the log, why it ended without its own word.
async fn report(job: &Job, process: &Process, stderr: Option<Entry>, exit: &Exit) {
    let text = match &exit.how {
        How::Exited | How::Signaled(_) => return,
        How::Trapped(text) | How::OutOfMemory(text) => {
            format!("greenroom: {}: {text}\n", process.name)
        }
        How::NotLoadable(text) => format!("greenroom: {text}\n"),
    };
    let write = async {
        match stderr {
            Some(entry) => {
                let _ = entry.description.write_all(text.as_bytes()).await;
            }
            None => job.write_message(text.as_bytes()).await,
        }
    };
    let _ = process.signals.unless_killed(write).await;
}
