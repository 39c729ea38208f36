//! Runs a plan: owns the state of a run, starts a job when its own needs are done, and emits what
//! happens as one linear sequence of events.

mod executor;
mod log;
mod stop;

pub use executor::{Executor, JobSandbox, NotLoadable, ScriptRun};
pub use log::JobLog;
pub use stop::{Cancel, Stop, StopReason};
