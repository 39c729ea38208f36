//! The engine and its processes: a small kernel whose programs are WebAssembly modules.
//!
//! A [`Sandbox`] holds the engine and the compiled modules. A [`Job`] is a view of files, a log and
//! limits; its processes are wasmtime instances that start each other, are connected by pipes and
//! end with the job. Nothing of the host is visible but the mounts of a job: no environment, no
//! network, no other directory. This is the only module that names wasmtime.

mod component;
mod description;
mod directory;
mod engine;
mod errno;
mod files;
mod follow;
mod guests;
mod host_limits;
mod imports;
mod initialize;
mod interface;
mod job;
mod kernel;
mod limits;
mod lookup;
mod memory;
mod modules;
mod namespace;
mod pipe;
mod preview1;
mod process;
mod program;
mod quota;
mod run;
mod scratch;
mod signal;
mod signature;
mod step;
pub mod store;
mod streams;
mod table;
mod usage;

pub use guests::OwnProgram;
pub use initialize::{Initialization, InitializeError};
pub use interface::interface;
pub use job::{
    Breach, DEFAULT_PATH, HostDirectory, Job, JobError, JobSpec, MountSpec, OwnCommand,
    ScriptObserver, ViewSpec,
};
pub use kernel::{Notices, Sandbox, SandboxConfig, SandboxError};
pub use limits::{DiskLimits, Limits};
pub use process::{Exit, How, Pid};
pub use program::{ProgramSpec, StartError, Stdio};
pub use scratch::Scratch;
pub use signature::signature;
pub use step::{Finding, StepCall, StepHost};
pub use streams::{OutputSink, OutputStream};
pub use usage::Usage;
