use std::fmt;
use std::sync::Arc;

use crate::plan::{Plan, PlannedJob};

/// Makes plans while a run goes on: a child pipeline may be read from a file that a job of the run
/// has made. Each pipeline has a planner of its own, which knows its file and its surroundings.
///
/// The scheduler stays the only owner of the run's state: a planner is asked, and answers with
/// plain data.
pub trait Planner: Send + Sync + fmt::Debug {
    /// The plan of the child pipeline that `job`, one of this planner's pipeline, triggers. Its jobs
    /// have the names of their file and identifiers from 0.
    ///
    /// `number` is different for each child of a run, from 1; `artifacts` are the contents of the
    /// files that jobs have made, in the order of [`Trigger::artifacts`](crate::plan::Trigger).
    ///
    /// The call may read files and fetch some, for minutes; it is made on a thread where it may
    /// block.
    ///
    /// # Errors
    /// Why GitLab would not create the pipeline, in lines for people: with the file and the line.
    fn child(
        &self,
        job: &PlannedJob,
        number: u64,
        artifacts: Vec<Vec<u8>>,
    ) -> Result<ChildPlan, String>;
}

/// What [`Planner::child`] makes.
#[derive(Debug)]
pub struct ChildPlan {
    /// The plan.
    pub plan: Plan,
    /// Who plans the children of that pipeline.
    pub planner: Arc<dyn Planner>,
    /// What the user should know of the pipeline, a line each.
    pub warnings: Vec<String>,
}
