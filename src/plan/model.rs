//! The concrete job graph of one run: what the scheduler works through.
//!
//! Everything here is decided: variables are expanded, rules evaluated, stages implied as needs.
//! The types are plain data and know neither clock nor file system.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Environment, Settings, Trigger};
use crate::function::Steps;
use crate::pipeline::PullPolicy;

/// The index of a job in [`Plan::jobs`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub usize);

/// A pipeline made concrete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Stages that have jobs, in order.
    pub stages: Vec<Stage>,
    /// All jobs, by stage and then in the order of the file.
    pub jobs: Vec<PlannedJob>,
    /// Jobs of the pipeline that do not run, and why.
    pub left_out: Vec<LeftOut>,
    /// All stages of the pipeline in order, those without jobs included.
    pub stage_order: Vec<String>,
    /// The names of the jobs that `parallel` makes of one, by its name in the file.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Whether the user asked for some of the jobs only.
    pub partial: bool,
    /// The identifier of the pipeline (`CI_PIPELINE_ID`).
    pub pipeline_id: u64,
    /// The identifiers of the pipelines that it is a child of, the outermost first.
    pub upstream: Vec<u64>,
    /// The names of variables that come from outside of the file: nothing that a job reports has
    /// precedence over them.
    pub given: BTreeSet<String>,
    /// For a child pipeline, what its jobs are called in the run, by their names in the file.
    pub run_names: BTreeMap<String, String>,
}

impl Plan {
    /// The job with this identifier.
    ///
    /// # Panics
    /// If `id` comes from another plan.
    pub fn job(&self, id: JobId) -> &PlannedJob {
        &self.jobs[id.0]
    }

    /// The jobs that do not run but that a report of the whole pipeline shows, because somebody or
    /// something could still start them. None if the user asked for some jobs only.
    pub fn held_up(&self) -> impl Iterator<Item = &LeftOut> {
        let shown = |reason: &LeftOutReason| {
            matches!(
                reason,
                LeftOutReason::Manual | LeftOutReason::Tags { .. } | LeftOutReason::Waits { .. }
            )
        };
        self.left_out.iter().filter(move |left| !self.partial && shown(&left.reason))
    }

    /// The first job that holds up the pipeline until somebody starts it.
    pub fn blocked_by(&self) -> Option<&PlannedJob> {
        let blocks = |left: &&LeftOut| {
            left.reason == LeftOutReason::Manual && left.job.allow_failure == AllowFailure::No
        };
        self.held_up().find(blocks).map(|left| &left.job)
    }

    /// Derives [`Plan::stages`] from the jobs.
    pub(super) fn fill_stages(&mut self) {
        self.stages = self
            .stage_order
            .iter()
            .map(|name| Stage { name: name.clone(), jobs: vec![] })
            .collect();
        let index: HashMap<&str, usize> =
            self.stage_order.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        for job in &self.jobs {
            if let Some(stage) = index.get(job.stage.as_str()) {
                self.stages[*stage].jobs.push(job.id);
            }
        }
        self.stages.retain(|stage| !stage.jobs.is_empty());
    }
}

/// A job of the pipeline that does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The job as it would run. Its `id` has no meaning and its `after` is empty until it is
    /// [selected](Plan::select) by name.
    pub job: PlannedJob,
    /// Why it does not run.
    pub reason: LeftOutReason,
}

/// Why a job does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOutReason {
    /// `when: never`, in the job or in the rule that applies.
    Never,
    /// None of its rules applies.
    NoRule,
    /// `only` and `except` keep it out.
    Refs,
    /// `workflow:rules` want no pipeline.
    NoPipeline,
    /// `when: manual`: it waits for somebody to start it. Naming it on the command line does.
    Manual,
    /// The runner lacks these of its tags.
    Tags {
        /// The tags.
        missing: Vec<String>,
    },
    /// Something that decides whether it runs is not known.
    Undecided {
        /// The keyword that asks for it.
        keyword: String,
    },
    /// It triggers the pipeline of another project.
    OtherProject {
        /// The path of that project, as written.
        path: String,
    },
    /// It comes after a job that is left out.
    Waits {
        /// The job it waits for.
        job: String,
    },
    /// The user asked for other jobs.
    NotSelected,
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("its `when` is `never`"),
            Self::NoRule => f.write_str("none of its rules applies"),
            Self::Refs => f.write_str("its `only` and `except` keep it out"),
            Self::NoPipeline => f.write_str("`workflow:rules` want no pipeline"),
            Self::Manual => f.write_str("it is started by hand: name it, or use --manual"),
            Self::Tags { missing } => {
                write!(f, "the runner lacks its tags {}: see --tag", missing.join(", "))
            }
            Self::Undecided { keyword } => {
                write!(f, "whether its `{keyword}` holds is not known: name it to run it")
            }
            Self::OtherProject { path } => {
                write!(f, "it triggers the pipeline of `{path}`, which is another project")
            }
            Self::Waits { job } => write!(f, "it waits for `{job}`, which does not run"),
            Self::NotSelected => f.write_str("it was not asked for"),
        }
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedJob {
    /// Its place in the plan.
    pub id: JobId,
    /// Its name, unique in the plan.
    pub name: String,
    /// The name of its stage.
    pub stage: String,
    /// The jobs that must have ended before this one starts: its `needs`, or else every job of
    /// every earlier stage. Jobs of a stage share the list.
    pub after: Arc<[JobId]>,
    /// The names in its `needs:`, without optional ones that are not in the pipeline. `None` if it
    /// has no such keyword and therefore waits for the stages before its own.
    pub needs: Option<Vec<String>>,
    /// When it runs, given how those jobs ended.
    pub when: When,
    /// Which failures count as a success with a warning.
    pub allow_failure: AllowFailure,
    /// How long its script may take.
    pub timeout: Duration,
    /// The WebAssembly image, as written, with variables expanded.
    pub image: Option<String>,
    /// When the image is asked for again; empty if the job does not say it.
    pub pull_policy: Vec<PullPolicy>,
    /// The words to start its shell with, if the job says them in place of the image's own; empty for
    /// none.
    pub entrypoint: Option<Vec<String>>,
    /// The file and the line, from 1, where the image stands.
    pub image_place: Option<(String, usize)>,
    /// `before_script` and `script`, in one shell.
    pub script: Vec<ScriptEntry>,
    /// `after_script`, in a shell of its own.
    pub after_script: Vec<ScriptEntry>,
    /// `run`: the steps that it does instead of scripts.
    pub run: Option<Steps>,
    /// `trigger`: the child pipeline that it starts instead of running scripts.
    pub trigger: Option<Trigger>,
    /// How it is executed and what is kept of it.
    pub settings: Settings,
    /// The job's environment; `CI_*` included.
    pub variables: Environment,
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
