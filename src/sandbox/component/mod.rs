//! Components (`wasi:cli/command`, WASI preview 2; typed steps).
//!
//! Clocks, random numbers, polling and the command line come from wasmtime-wasi; files and the
//! standard streams are ours, so that a component sees the same tree, is held by the same quota
//! and shares pipes and redirections with every other process. Sockets exist, but every address
//! is refused. What a component does not get are processes: there is no such interface.

mod convert;
mod files;
mod step;
mod streams;
mod value;

use std::sync::Arc;

use tokio::sync::OnceCell;
use wasmtime::component::{
    Component, ComponentExportIndex, Instance, InstancePre, Linker, ResourceTable,
};
use wasmtime::{Engine, Store, Trap, UpdateDeadline};
use wasmtime_wasi::p2::bindings::CommandIndices;
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxView, WasiView};

use super::description::Description;
use super::directory::Directory;
use super::errno::{Errno, Result};
use super::job::Job;
use super::limits::Limiter;
use super::modules::LoadedModule;
use super::process::{Exit, How, Process, Strings};
use super::run::{self, Start, Stop};
use super::signature::RUN;
use super::step::StepCall;
use super::table::Entry;
use files::Files;
use streams::{Input, Output};

/// A component, linked for the engine that it was compiled for.
pub(crate) struct Linked {
    pooling: Ready,
    /// The same for the engine that allocates on demand, once it was needed.
    on_demand: OnceCell<Ready>,
}

/// A component that can be instantiated.
struct Ready {
    pre: InstancePre<State>,
    entry: Entrance,
}

/// What of a component is called.
enum Entrance {
    /// `wasi:cli/run`.
    Command(CommandIndices),
    /// The function of a typed step.
    Step(ComponentExportIndex),
}

/// What a running component owns: the data of its wasmtime store.
pub(crate) struct State {
    job: Arc<Job>,
    process: Arc<Process>,
    wasi: WasiCtx,
    resources: ResourceTable,
    limiter: Limiter,
    umask: u32,
    /// Descriptors 0 to 2.
    standard: [Option<Entry>; 3],
    /// The directories that it finds open, with their names.
    preopens: Vec<(Arc<Description>, String)>,
    /// How many files and directories it has open.
    open: usize,
    /// What it is called with, if it is a typed step.
    step: Option<StepCall>,
    /// Whether it is to log what is only for whoever looks for mistakes.
    debug: bool,
    outputs: [Output; 2],
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

impl Linked {
    /// Links a component; the error says what it lacks.
    pub(crate) fn new(component: &Component, name: &str) -> std::result::Result<Self, String> {
        Ok(Self { pooling: link(component, name)?, on_demand: OnceCell::new() })
    }
}

fn link(component: &Component, name: &str) -> std::result::Result<Ready, String> {
    let pre = linker(component.engine())
        .map_err(|error| format!("{error:#}"))?
        .instantiate_pre(component)
        .map_err(|error| {
            format!(
                "{name} needs an interface that greenroom does not offer ({error:#}); build it \
                 for `wasi:cli/command` 0.2 (wasm32-wasip2)"
            )
        })?;
    let entry = match CommandIndices::new(&pre) {
        Ok(indices) => Entrance::Command(indices),
        Err(_) => Entrance::Step(component.get_export_index(None, RUN).ok_or_else(|| {
            format!(
                "{name} is a library, not a program: it exports neither `wasi:cli/run` nor the \
                 function `run` of a typed step"
            )
        })?),
    };
    Ok(Ready { pre, entry })
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    // Files are the kernel's.
    linker.allow_shadowing(true);
    types::add_to_linker::<State, files::HasFiles>(&mut linker, |state| Files(state))?;
    preopens::add_to_linker::<State, files::HasFiles>(&mut linker, |state| Files(state))?;
    step::link(&mut linker)?;
    Ok(linker)
}

/// Runs a component to its end.
pub(crate) async fn run(
    job: &Arc<Job>,
    process: &Arc<Process>,
    linked: &Linked,
    module: &LoadedModule,
    start: Start,
) -> Exit {
    let state = match State::new(job, process, start) {
        Ok(state) => state,
        Err(reason) => return run::not_loadable(format!("{} {reason}", module.name)),
    };
    let outputs = state.outputs.clone();
    // Dropping the call is what ends one that waits; one that computes is ended by its epoch.
    let running = async {
        let exit = call(job, linked, module, state).await;
        for output in &outputs {
            output.drain().await;
        }
        exit
    };
    match process.signals.unless_killed(process.account.running(running)).await {
        Ok(exit) => exit,
        Err(killed) => run::signaled(killed),
    }
}

async fn call(job: &Arc<Job>, linked: &Linked, module: &LoadedModule, state: State) -> Exit {
    let mut ready = &linked.pooling;
    let mut store = store(ready.pre.engine(), state);
    let mut instantiated = ready.pre.instantiate_async(&mut store).await;
    if let Err(error) = &instantiated
        && !(error.is::<Trap>() || error.is::<Stop>() || error.is::<I32Exit>())
        && store.data().limiter.refused.is_none()
    {
        // No free slot in the pool, or larger than one.
        let kernel = &job.kernel;
        let again = linked.on_demand.get_or_try_init(|| async {
            let component = kernel.modules.component_on_demand(kernel, module).await?;
            link(&component, &module.name)
        });
        ready = match again.await {
            Ok(again) => again,
            Err(message) => return run::not_loadable(message),
        };
        let mut state = store.into_data();
        state.limiter.reset();
        store = self::store(ready.pre.engine(), state);
        instantiated = ready.pre.instantiate_async(&mut store).await;
    }
    let result = match (instantiated, &ready.entry) {
        (Ok(instance), Entrance::Step(run)) => {
            step::call(&mut store, &instance, *run, &module.name).await
        }
        (Ok(_), Entrance::Command(_)) if store.data().step.is_some() => Ok(run::not_loadable(
            format!("{} is a program, and no typed step any more", module.name),
        )),
        (Ok(instance), Entrance::Command(indices)) => command(&mut store, &instance, indices).await,
        (Err(error), _) => Err(error),
    };
    let state = store.data();
    match result {
        Ok(exit) => exit,
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(status)) => exited(status.to_le_bytes()[0]),
            None => run::exit_of(&state.process, &state.limiter, Err(error)),
        },
    }
}

async fn command(
    store: &mut Store<State>,
    instance: &Instance,
    indices: &CommandIndices,
) -> wasmtime::Result<Exit> {
    let command = indices.load(&mut *store, instance)?;
    let succeeded = command.wasi_cli_run().call_run(&mut *store).await?;
    Ok(exited(u8::from(succeeded.is_err())))
}

fn exited(status: u8) -> Exit {
    Exit { status, how: How::Exited }
}

fn store(engine: &Engine, state: State) -> Store<State> {
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|context| match context.data().process.signals.fatal() {
        Some(killed) => Err(Stop::Killed(killed).into()),
        None => Ok(UpdateDeadline::Yield(1)),
    });
    store
}

/// Resources (streams, pollables …) for each file that a process may have open.
const RESOURCES_PER_FILE: usize = 8;

impl State {
    /// Prepares a component's surroundings; the error completes a sentence that begins with its
    /// name.
    fn new(
        job: &Arc<Job>,
        process: &Arc<Process>,
        start: Start,
    ) -> std::result::Result<Self, String> {
        let mut standard = [None, None, None];
        for (fd, entry) in start.descriptors {
            // More than the standard streams cannot be handed to a component.
            if let Some(place) = standard.get_mut(fd as usize) {
                *place = Some(entry);
            }
        }
        let outputs = [Output::new(standard[1].as_ref()), Output::new(standard[2].as_ref())];
        let mut wasi = WasiCtx::builder();
        wasi.stdin(Input::new(standard[0].as_ref()))
            .stdout(outputs[0].clone())
            .stderr(outputs[1].clone())
            .args(&arguments(&start.found.arguments)?)
            .envs(&environment(&start.environment))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        if let Ok(cwd) = std::str::from_utf8(&start.cwd) {
            wasi.initial_cwd(cwd);
        }
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(job.limits.descriptors.saturating_mul(RESOURCES_PER_FILE));
        Ok(Self {
            job: Arc::clone(job),
            process: Arc::clone(process),
            wasi: wasi.build(),
            resources,
            limiter: Limiter::new(&job.limits, Arc::clone(&job.memory)),
            umask: start.umask,
            standard,
            preopens: run::preopens(job, &start.cwd)
                .map_err(|errno| format!("cannot be started in its directory: {errno:?}"))?
                .into_iter()
                .map(|(name, place)| {
                    (Arc::new(Description::Directory(Directory::new(place))), name.to_string())
                })
                .collect(),
            open: 0,
            debug: start.environment.variable("CI_STEPS_LOG_LEVEL") == Some(b"debug"),
            step: start.step,
            outputs,
        })
    }
}

/// Component strings are Unicode.
fn arguments(arguments: &[Vec<u8>]) -> std::result::Result<Vec<String>, String> {
    arguments
        .iter()
        .map(|argument| {
            String::from_utf8(argument.clone()).map_err(|_| {
                format!(
                    "is a component and cannot be given the argument `{}`, which is not UTF-8",
                    String::from_utf8_lossy(argument)
                )
            })
        })
        .collect()
}

/// The variables; one that is not UTF-8 cannot be expressed and is left out.
fn environment(environment: &Strings) -> Vec<(String, String)> {
    environment
        .iter()
        .filter_map(|item| {
            let (name, value) = std::str::from_utf8(item).ok()?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// A standard descriptor, by number.
fn standard(state: &State, number: u32) -> Result<&Entry> {
    let entry = state.standard.get(number as usize).and_then(Option::as_ref);
    entry.ok_or(Errno::NOENT)
}
