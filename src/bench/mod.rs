//! Measuring what a stage start costs, beside whatever else the machine has to start one.
//!
//! [`measure()`] takes the cases in turns, so that a machine that becomes slower does so for all of
//! them. What is measured is a [`Case`]: a [`Trial`] that is repeated. The figures are a
//! [`Report`], which can be written in several forms, kept, and compared with a later one.

mod baseline;
mod chart;
mod command;
mod hot;
mod machine;
mod measure;
mod peers;
mod report;
mod stages;
pub mod statistics;
mod synthetic;
mod table;
mod watch;

pub use baseline::{Change, Comparison, Verdict, compare};
pub use chart::html;
pub use command::{Command, words};
pub use hot::HotProgram;
pub use machine::Machine;
pub use measure::{Case, Effort, Trial, measure};
pub use peers::{Found, Surroundings, peers};
pub use report::{Figure, Report, Skipped};
pub use stages::Stages;
pub use synthetic::{Shape, pipeline};
pub use table::{csv, human, markdown};
pub use watch::Watch;
