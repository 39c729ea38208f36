//! Runs a plan: owns the state of a run, starts a job when its own needs are done, and emits what
//! happens as one linear sequence of events.
//!
//! [`run`] is the dispatcher. Every job is a task that talks to it through a bounded channel; it
//! alone changes the state and sends [`Record`](crate::event::Record)s, so their order is the order
//! in which things took effect. A reader that is slow slows the jobs down; it cannot delay a
//! cancellation.

mod decide;
mod dispatch;
mod executor;
mod graph;
mod job;
mod log;
mod notices;
mod redact;
mod stop;
mod utf8;

pub use dispatch::{Options, run};
pub use executor::{Executor, JobSandbox, NotLoadable, ScriptRun};
pub use job::{AFTER_SCRIPT_LIMIT, GRACE, PREPARE_LIMIT};
pub use log::JobLog;
pub use notices::{Notices, Notifier, notices};
pub use stop::{Cancel, CancelSwitch, Stop, StopReason};

#[cfg(test)]
mod tests;
