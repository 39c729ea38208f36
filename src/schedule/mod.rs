//! Runs a plan: owns the state of a run, starts a job when its own needs are done, and emits what
//! happens as one linear sequence of events.
//!
//! [`run`] is the dispatcher. Every job is a task that talks to it through a bounded channel; it
//! alone changes the state and sends [`Record`](crate::event::Record)s, so their order is the order
//! in which things took effect. A reader that is slow slows the jobs down; it cannot delay a
//! cancellation.

mod coverage;
mod decide;
mod delay;
mod dispatch;
mod emit;
mod executor;
mod graph;
mod job;
mod limits;
mod log;
mod messages;
mod notices;
mod pipelines;
mod planner;
mod redact;
mod retry;
mod stop;
mod trigger;
mod utf8;

pub use dispatch::{Options, run};
pub use executor::{Admission, Executor, JobSandbox, NotLoadable, ScriptRun};
pub use job::{AFTER_SCRIPT_LIMIT, GRACE, KEEP_LIMIT, PREPARE_LIMIT};
pub use log::{JobLog, Outputs, StepEnd};
pub use notices::{Notices, Notifier, notices};
pub use planner::{ChildPlan, Planner};
pub use stop::{Cancel, CancelSwitch, Stop, StopReason};
pub use trigger::{CHILD_LIMIT, MAX_GENERATED};

#[cfg(test)]
mod tests;
