//! `Pipeline` + context → an ordered, concrete job graph. Pure.

mod model;

pub use model::{AllowFailure, JobId, Plan, PlannedJob, ScriptEntry, Stage, When};
