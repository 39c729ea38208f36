//! What jobs hand to each other and to later runs: artifacts, reported variables and caches, and
//! the directory that a job works in.

mod dotenv;
mod keep;
mod prepare;
mod report;
mod secrets;

pub(super) use prepare::Given;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::PROJECT_DIRECTORY;
use crate::event::{Level, StepOutcome, WaitReason};
use crate::mask::Mask;
use crate::plan::{LeftOutReason, Plan, PlannedJob, Takes};
use crate::sandbox::{HostDirectory, Sandbox, Scratch};
use crate::schedule::{Admission, JobLog, JobSandbox, NotLoadable, ScriptRun, Stop};
use crate::workspace::{Artifacts, Caches, Entry, Patterns, ProjectState, Tracked};

/// Which directory a job works in.
#[derive(Clone, Debug)]
pub enum Workspace {
    /// The project itself, or one copy of it: all jobs share it, and find what others have made.
    Shared {
        /// Whether it is a copy that is thrown away: caches are then restored and saved.
        copy: bool,
    },
    /// A directory of its own for every job, with a clean checkout and the artifacts that GitLab
    /// would hand it.
    Strict {
        /// The checkout, which every job gets a copy of.
        template: PathBuf,
        /// Where the jobs' directories are made.
        directory: PathBuf,
    },
}

/// What a run keeps and hands on.
#[derive(Debug)]
pub struct RunData {
    state: ProjectState,
    artifacts: Artifacts,
    caches: Caches,
    workspace: Workspace,
    tracked: Option<Arc<Tracked>>,
    pipeline: u64,
    /// What must not be in what is stored; none if nobody has named a secret.
    secrets: Option<Mask>,
    /// Variables of the command line, over which nothing that a job reports has precedence.
    fixed: HashSet<String>,
    /// Jobs with artifacts in the order of their stages, each with its stage's place.
    producers: Vec<(usize, String)>,
    stages: HashMap<String, usize>,
    /// The jobs that run this time.
    running: HashSet<String>,
    /// What jobs of this run have left.
    left: Mutex<HashMap<String, Entry>>,
}

impl RunData {
    /// What the jobs of a plan need of each other. `fixed` names the variables of the command
    /// line; `tracked` is what git tracks, where a job asks for what it does not; `secrets` what is
    /// told if it is stored.
    pub fn new(
        plan: &Plan,
        state: ProjectState,
        workspace: Workspace,
        tracked: Option<Arc<Tracked>>,
        pipeline: u64,
        fixed: HashSet<String>,
        secrets: Option<Mask>,
    ) -> Self {
        let stages: HashMap<String, usize> =
            plan.stage_order.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        // What was not asked for this time may have left something earlier.
        let not_asked = |left: &&crate::plan::LeftOut| left.reason == LeftOutReason::NotSelected;
        let others = plan.left_out.iter().filter(not_asked).map(|left| &left.job);
        let mut producers: Vec<(usize, String)> = plan
            .jobs
            .iter()
            .chain(others)
            .filter(|job| job.settings.gives())
            .map(|job| (stages.get(&job.stage).copied().unwrap_or(0), job.name.clone()))
            .collect();
        producers.sort_by_key(|(stage, _)| *stage);
        Self {
            artifacts: Artifacts::new(state.clone()),
            caches: Caches::new(state.clone()),
            state,
            workspace,
            tracked,
            pipeline,
            fixed,
            secrets,
            producers,
            stages,
            running: plan.jobs.iter().map(|job| job.name.clone()).collect(),
            left: Mutex::default(),
        }
    }

    /// Removes stored artifacts that are outdated. To be called once, when the run is over.
    pub fn tidy(&self) {
        // What cannot be removed now is removed after another run.
        let _ = self.artifacts.tidy(SystemTime::now());
    }

    /// Waits for the job's resource group.
    pub(super) async fn admit(
        &self,
        job: &PlannedJob,
        log: &JobLog,
    ) -> Result<Admission, NotLoadable> {
        let Some(group) = &job.settings.resource_group else { return Ok(Box::new(())) };
        let name = format!("resource group {group}");
        let mut told = false;
        loop {
            match self.state.try_lock(&name, false) {
                Ok(Some(lock)) => return Ok(Box::new(lock)),
                Ok(None) => {}
                Err(error) => {
                    let message = format!("cannot lock the resource group `{group}`: {error}");
                    return Err(NotLoadable { message });
                }
            }
            if !told {
                told = true;
                log.waiting(WaitReason::ResourceGroup { name: group.clone() }).await;
            }
            tokio::time::sleep(LOCK_INTERVAL).await;
        }
    }

    /// The stored artifacts that a job gets, in the order in which it gets them.
    fn sources(&self, job: &PlannedJob) -> Vec<Entry> {
        let names: Vec<&str> = match &job.settings.takes {
            Takes::Only(names) => names.iter().map(String::as_str).collect(),
            Takes::Earlier => {
                let own = self.stages.get(&job.stage).copied().unwrap_or(0);
                let earlier = self.producers.iter().filter(|(stage, _)| *stage < own);
                earlier.map(|(_, name)| name.as_str()).collect()
            }
        };
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        names
            .into_iter()
            .filter_map(|name| match left.get(name) {
                Some(entry) => Some(entry.clone()),
                // A job that runs this time and has left nothing has nothing to give.
                None if self.running.contains(name) => None,
                None => self.artifacts.latest(name, SystemTime::now()),
            })
            .collect()
    }

    fn is_strict(&self) -> bool {
        matches!(self.workspace, Workspace::Strict { .. })
    }

    /// Whether the files that jobs leave would be there for later jobs and runs anyway.
    fn stays(&self) -> bool {
        matches!(self.workspace, Workspace::Shared { copy: false })
    }
}

/// How often a resource group is asked for.
const LOCK_INTERVAL: Duration = Duration::from_millis(100);

/// Patterns as jobs write them; those that cannot be used are told and left out.
async fn patterns(what: &str, texts: &[String], log: &JobLog) -> Patterns {
    let mut usable = Vec::new();
    for text in texts {
        match Patterns::new(std::slice::from_ref(text), PROJECT_DIRECTORY) {
            Ok(_) => usable.push(text.clone()),
            Err(error) => {
                log.notice(Level::Warning, format!("{what}: {error}; it is left out")).await;
            }
        }
    }
    match Patterns::new(&usable, PROJECT_DIRECTORY) {
        Ok(patterns) => patterns,
        Err(error) => {
            log.notice(Level::Warning, format!("{what}: {error}; all are left out")).await;
            Patterns::default()
        }
    }
}

/// A number of files for people.
fn count(files: u64) -> String {
    format!("{files} file{}", if files == 1 { "" } else { "s" })
}

/// Blocking work on the file system. A panic in it is the job's.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => std::future::pending().await,
    }
}

/// A job's sandbox, with its workspace and what is handed over before and after.
pub(super) struct DataSandbox {
    pub(super) inner: Box<dyn JobSandbox>,
    pub(super) keeper: Keeper,
    /// Its own directory, if it has one; removed with it.
    pub(super) own: Option<Scratch>,
    /// Variables that earlier jobs have reported.
    pub(super) reported: Vec<(String, String)>,
}

/// What it takes to keep what a job leaves.
pub(super) struct Keeper {
    pub(super) data: Arc<RunData>,
    /// Where its reports are read.
    pub(super) sandbox: Sandbox,
    pub(super) job: PlannedJob,
    /// Where it works.
    pub(super) workspace: HostDirectory,
    /// The keys of its caches.
    pub(super) keys: Vec<String>,
}

#[async_trait]
impl JobSandbox for DataSandbox {
    async fn run(&mut self, script: ScriptRun<'_>, log: JobLog, stop: Stop) -> StepOutcome {
        let mut extra = self.reported.clone();
        extra.extend_from_slice(script.extra_variables);
        let script = ScriptRun { extra_variables: &extra, ..script };
        self.inner.run(script, log, stop).await
    }

    async fn keep(&mut self, outcome: &StepOutcome, log: &JobLog) -> Result<(), String> {
        keep::keep(&self.keeper, outcome, log).await?;
        self.inner.keep(outcome, log).await
    }

    async fn close(mut self: Box<Self>) {
        let own = self.own.take();
        self.inner.close().await;
        let _ = tokio::task::spawn_blocking(move || drop(own)).await;
    }
}
