//! The concrete job graph of one run: what the scheduler works through.
//!
//! Everything here is decided: variables are expanded, rules evaluated, stages implied as needs.
//! The types are plain data and know neither clock nor file system.

use std::time::Duration;

/// The index of a job in [`Plan::jobs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub usize);

/// A pipeline made concrete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Stages that have jobs, in order.
    pub stages: Vec<Stage>,
    /// All jobs, by stage and then in the order of the file.
    pub jobs: Vec<PlannedJob>,
}

impl Plan {
    /// The job with this identifier.
    ///
    /// # Panics
    /// If `id` comes from another plan.
    pub fn job(&self, id: JobId) -> &PlannedJob {
        &self.jobs[id.0]
    }
}

/// A stage of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Its jobs.
    pub jobs: Vec<JobId>,
}

/// A job with everything that running it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedJob {
    /// Its place in the plan.
    pub id: JobId,
    /// Its name, unique in the plan.
    pub name: String,
    /// The name of its stage.
    pub stage: String,
    /// The jobs that must have ended before this one starts: its `needs`, or else every job of
    /// every earlier stage.
    pub after: Vec<JobId>,
    /// When it runs, given how those jobs ended.
    pub when: When,
    /// Which failures count as a success with a warning.
    pub allow_failure: AllowFailure,
    /// How long its script may take.
    pub timeout: Duration,
    /// The WebAssembly image, as written, with variables expanded.
    pub image: Option<String>,
    /// `before_script` and `script`, in one shell.
    pub script: Vec<ScriptEntry>,
    /// `after_script`, in a shell of its own.
    pub after_script: Vec<ScriptEntry>,
    /// The job's environment in ascending precedence, without duplicates; `CI_*` included.
    pub variables: Vec<(String, String)>,
}

/// One entry of a `script:` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptEntry {
    /// The shell text, possibly of several lines.
    pub text: String,
    /// The file that the entry stands in.
    pub file: String,
    /// Its first line in that file, from 1.
    pub line: usize,
}

/// When a job runs (GitLab's `when`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// All jobs that it comes after succeeded or were allowed to fail.
    #[default]
    OnSuccess,
    /// At least one of them failed.
    OnFailure,
    /// In any case.
    Always,
}

/// Which failures of a job do not fail the pipeline (GitLab's `allow_failure`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowFailure {
    /// None.
    #[default]
    No,
    /// Every failure.
    Yes,
    /// These exit codes.
    ExitCodes(Vec<u8>),
}

impl AllowFailure {
    /// Whether a failure with this exit code (none for a time-out, a trap …) is allowed.
    pub fn allows(&self, exit_code: Option<u8>) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::ExitCodes(codes) => exit_code.is_some_and(|code| codes.contains(&code)),
        }
    }
}
