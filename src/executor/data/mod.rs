//! What jobs hand to each other and to later runs: artifacts, reported variables and caches, and
//! the directory that a job works in.

mod dotenv;
mod keep;
mod pipelines;
mod prepare;
mod report;
mod secrets;

use pipelines::Pipelines;
pub(super) use prepare::Given;

use std::collections::HashMap;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};

use super::PROJECT_DIRECTORY;
use crate::event::{Level, StepOutcome, WaitReason};
use crate::mask::Mask;
use crate::plan::{OfUpstream, Plan, PlannedJob, Takes};
use crate::sandbox::{HostDirectory, Sandbox, Scratch};
use crate::schedule::{Admission, JobLog, JobSandbox, NotLoadable, ScriptRun, Stop};
use crate::workspace::{Artifacts, Caches, Entry, Patterns, ProjectState, Tracked, readable_size};

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
    /// The run's own pipeline (`CI_PIPELINE_ID`).
    pipeline: u64,
    /// What must not be in what is stored; none if nobody has named a secret.
    secrets: Option<Mask>,
    pipelines: RwLock<Pipelines>,
    /// What jobs of this run have left.
    left: Mutex<HashMap<String, Entry>>,
}

impl RunData {
    /// What the jobs of a plan need of each other. `tracked` is what git tracks, where a job asks
    /// for what it does not; `secrets` what is told if it is stored.
    pub fn new(
        plan: &Plan,
        state: ProjectState,
        workspace: Workspace,
        tracked: Option<Arc<Tracked>>,
        secrets: Option<Mask>,
    ) -> Self {
        let data = Self {
            artifacts: Artifacts::new(state.clone()),
            caches: Caches::new(state.clone()),
            state,
            workspace,
            tracked,
            pipeline: plan.pipeline_id,
            secrets,
            pipelines: RwLock::default(),
            left: Mutex::default(),
        };
        data.join(plan);
        data
    }

    /// Takes note of a pipeline of the run.
    pub(super) fn join(&self, plan: &Plan) {
        self.pipelines.write().unwrap_or_else(PoisonError::into_inner).add(plan);
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
    ///
    /// # Errors
    /// If something is missing that GitLab fails the job for.
    fn sources(&self, job: &PlannedJob) -> Result<Vec<Entry>, String> {
        let pipelines = self.pipelines.read().unwrap_or_else(PoisonError::into_inner);
        let Some(own) = pipelines.of(&job.name) else { return Ok(vec![]) };
        let names: Vec<&str> = match &job.settings.takes {
            Takes::Only(names) => names.iter().map(String::as_str).collect(),
            Takes::Earlier => own.earlier(&job.stage).collect(),
        };
        let mut found: Vec<Entry> =
            names.into_iter().filter_map(|name| self.left_by(name, &pipelines)).collect();
        for OfUpstream { pipeline, job } in &job.settings.upstream {
            let entry = match pipelines.upstream(own, pipeline, job)? {
                Some(name) => self.left_by(name, &pipelines),
                // Without a parent the file is tried on its own: what was stored before is there.
                None => self.left_by(job, &pipelines),
            };
            found.push(entry.ok_or_else(|| {
                format!(
                    "`needs:pipeline:job`: {job} has left no artifacts; it has to come before the \
                     job that triggers this pipeline"
                )
            })?);
        }
        Ok(found)
    }

    /// What a job has left: this time if it runs, or else in an earlier run.
    fn left_by(&self, name: &str, pipelines: &Pipelines) -> Option<Entry> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        match left {
            Some(entry) => Some(entry),
            // A job that runs this time and has left nothing has nothing to give.
            None if pipelines.running(name) => None,
            None => self.artifacts.latest(name, SystemTime::now()),
        }
    }

    /// The content of a file among the artifacts of a job.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn artifact(
        self: &Arc<Self>,
        job: &str,
        path: &str,
        limit: u64,
    ) -> Result<Vec<u8>, String> {
        let entry =
            self.left_by(job, &self.pipelines.read().unwrap_or_else(PoisonError::into_inner));
        let entry = entry.ok_or_else(|| {
            format!("the job {job} has left no artifacts; does it have `artifacts:paths`?")
        })?;
        let (data, path) = (Arc::clone(self), path.to_owned());
        blocking(move || {
            let _lock = data.artifacts.reading().map_err(|error| error.to_string())?;
            let files = HostDirectory::from(entry.files()).dir();
            read(&files.map_err(|error| error.to_string())?, &path, limit)
        })
        .await
    }

    fn is_strict(&self) -> bool {
        matches!(self.workspace, Workspace::Strict { .. })
    }

    /// Whether the files that jobs leave would be there for later jobs and runs anyway.
    fn stays(&self) -> bool {
        matches!(self.workspace, Workspace::Shared { copy: false })
    }
}

/// The content of a regular file of a directory, of at most `limit` bytes.
///
/// # Errors
/// Why there is none, in a few words.
pub(super) fn read(directory: &Dir, path: &str, limit: u64) -> Result<Vec<u8>, String> {
    let path = path.trim_start_matches("./");
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file among them".to_owned(),
        _ => error.to_string(),
    };
    // Not blocking: opening a pipe would wait for somebody who writes to it.
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = directory.open_with(path, &options).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {}", readable_size(limit)));
    }
    Ok(bytes)
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
