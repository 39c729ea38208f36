//! Runs planned jobs in the sandbox: the scheduler's [`Executor`] over real processes.

mod data;
mod meter;
mod script;
mod steps;
mod supervise;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use crate::event::{Level, Preparation};
use crate::function::Steps;
use crate::image::{self, Images, Progress};
use crate::plan::{Plan, PlannedJob};
use crate::sandbox::{
    HostDirectory, Job, JobError, JobSpec, Limits, MountSpec, OutputSink, Sandbox, Scratch,
    ViewSpec,
};
use crate::schedule::{Admission, Executor, JobLog, JobSandbox, NotLoadable};
use crate::workspace::readable_size;
use data::{DataSandbox, Given, Keeper};
use script::{LogSink, ScriptProgress, ScriptSandbox};
use steps::{Functions, StepSandbox, StepSink};

pub use data::{RunData, Workspace};
pub use steps::{StepGrants, StepPermission, module};

/// Where a job's processes see the project.
pub const PROJECT_DIRECTORY: &str = "/workspace";

/// What scripts are written for.
const SHELL: &str = "bash";

/// Where a job's processes see its variables of type file.
const FILES_DIRECTORY: &str = "variables";

/// A variable whose content jobs find in a file.
#[derive(Clone, PartialEq, Eq)]
pub struct FileVariable {
    /// The variable's name, and the file's.
    pub name: String,
    /// What is in the file.
    pub content: String,
}

impl FileVariable {
    /// The value of the variable: the path of the file in the job's `/tmp`.
    pub fn path(&self) -> String {
        format!("/tmp/{FILES_DIRECTORY}/{}", self.name)
    }
}

impl std::fmt::Debug for FileVariable {
    /// Without the content, which may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FileVariable").field(&self.name).finish()
    }
}

/// What all jobs of a run have in common.
#[derive(Clone, Debug)]
pub struct ExecutorConfig {
    /// The project directory: the workspace that all jobs share.
    pub project: HostDirectory,
    /// Further host directories that the user grants.
    pub mounts: Vec<MountSpec>,
    /// Variables of the host's environment that the user grants, with their values. A job's own
    /// variables take precedence.
    pub environment: Vec<(String, String)>,
    /// Variables of type file.
    pub files: Vec<FileVariable>,
    /// What each job may use.
    pub limits: Limits,
    /// What `image:` stands for.
    pub images: Arc<Images>,
    /// What jobs hand on and leave for later; `None` keeps nothing.
    pub data: Option<Arc<RunData>>,
    /// What single steps of `run:` jobs may use beyond that.
    pub steps: StepGrants,
}

/// Runs jobs in a [`Sandbox`].
pub struct SandboxExecutor {
    sandbox: Sandbox,
    config: ExecutorConfig,
    functions: Arc<Functions>,
    grants: Arc<StepGrants>,
}

impl SandboxExecutor {
    /// An executor whose jobs share the sandbox's engine and the project's directory.
    ///
    /// All directories are opened here, once: a job could otherwise replace one that a later job
    /// is granted by a link to another.
    ///
    /// # Errors
    /// [`JobError::Mount`] if a directory cannot be opened.
    pub fn new(sandbox: Sandbox, mut config: ExecutorConfig) -> Result<Self, JobError> {
        let project = MountSpec {
            host: config.project,
            guest: PROJECT_DIRECTORY.to_owned(),
            read_only: false,
        };
        config.project = project.open()?.host;
        config.mounts = config.mounts.iter().map(MountSpec::open).collect::<Result<_, _>>()?;
        let grants = Arc::new(std::mem::take(&mut config.steps));
        let functions = Functions::new(config.project.clone(), Arc::clone(&config.images));
        Ok(Self { sandbox, config, functions: Arc::new(functions), grants })
    }
}

#[async_trait]
impl Executor for SandboxExecutor {
    async fn admit(&self, job: &PlannedJob, log: &JobLog) -> Result<Admission, NotLoadable> {
        match &self.config.data {
            Some(data) => data.admit(job, log).await,
            None => Ok(Box::new(())),
        }
    }

    fn join(&self, plan: &Plan) {
        if let Some(data) = &self.config.data {
            data.join(plan);
        }
    }

    async fn artifact(&self, job: &str, path: &str, limit: u64) -> Result<Vec<u8>, String> {
        match &self.config.data {
            Some(data) => data.artifact(job, path, limit).await,
            // Nothing is stored in this run: the file is where the job has left it.
            None => {
                let directory = self.config.project.dir().map_err(|error| error.to_string())?;
                data::read(&directory, path, limit)
            }
        }
    }

    async fn prepare(
        &self,
        job: &PlannedJob,
        log: JobLog,
    ) -> Result<Box<dyn JobSandbox>, NotLoadable> {
        let start = Instant::now();
        let mut spent = Preparation::default();
        let Some(data) = &self.config.data else {
            let ready = self.sandboxed(job, &self.config.project, log.clone(), &mut spent).await?;
            log.prepared(start.elapsed(), spent).await;
            return Ok(ready);
        };
        let given = data.prepare(job, &self.config.project, &log).await;
        let given = given.map_err(|message| NotLoadable { message })?;
        spent.data = start.elapsed();
        let inner = self.sandboxed(job, &given.workspace, log.clone(), &mut spent).await?;
        log.prepared(start.elapsed(), spent).await;
        let Given { workspace, own, reported, keys } = given;
        let (data, sandbox, job) = (Arc::clone(data), self.sandbox.clone(), job.clone());
        let keeper = Keeper { data, sandbox, job, workspace, keys };
        Ok(Box::new(DataSandbox { inner, keeper, own, reported }))
    }
}

impl SandboxExecutor {
    /// The sandbox of a job whose workspace is ready.
    async fn sandboxed(
        &self,
        job: &PlannedJob,
        project: &HostDirectory,
        log: JobLog,
        spent: &mut Preparation,
    ) -> Result<Box<dyn JobSandbox>, NotLoadable> {
        let not_loadable = |message: String| NotLoadable { message };
        let at_image = |message: String| match &job.image_place {
            Some((file, line)) => not_loadable(format!("{file}:{line}: {message}")),
            None => not_loadable(message),
        };
        if let Some(name) = &job.image
            && let Ok(resolved) = self.config.images.resolve(name)
            && resolved.is_alias()
        {
            log.notice(Level::Info, resolved.to_string()).await;
        }
        let begun = Instant::now();
        let image = self
            .config
            .images
            .open(
                &self.config.project,
                job.image.as_deref(),
                &job.pull_policy,
                &PullNotices(log.clone()),
            )
            .await
            .map_err(|error| at_image(error.to_string()))?;
        spent.image = begun.elapsed();
        let begun = Instant::now();
        // Compiling takes seconds, which are not the script's.
        let entrypoint = image.wrapping(job.entrypoint.as_deref());
        let scripts = job.script.iter().chain(&job.after_script).map(|entry| entry.text.as_str());
        let modules = image
            .modules_for(scripts.chain(entrypoint.iter().map(String::as_str)))
            .map_err(|error| at_image(error.to_string()))?;
        // What is wrong with a module is told when it is called, if it ever is.
        self.sandbox.preload_all(modules, |_, _| ()).await;
        spent.modules = begun.elapsed();
        for warning in &image.warnings {
            log.notice(Level::Warning, warning.clone()).await;
        }
        let scratch = Scratch::new()
            .map_err(|error| not_loadable(format!("cannot make the job's /tmp: {error}")))?;
        // The directories of steps lie beside what the job's scripts see as their /tmp.
        let mut tmp = scratch.path().to_owned();
        if job.run.is_some() {
            tmp.push("tmp");
            std::fs::create_dir(&tmp)
                .map_err(|error| not_loadable(format!("cannot make the job's /tmp: {error}")))?;
        }
        write_files(&self.config.files, &tmp)
            .map_err(|error| not_loadable(format!("cannot write its files' variables: {error}")))?;
        let mut mounts = vec![
            MountSpec {
                host: project.clone(),
                guest: PROJECT_DIRECTORY.to_owned(),
                read_only: false,
            },
            MountSpec { host: tmp.into(), guest: "/tmp".to_owned(), read_only: false },
        ];
        mounts.extend(image.mounts);
        mounts.extend(self.config.mounts.iter().cloned());
        let progress = Arc::new(ScriptProgress::new(log.clone()));
        let own_sink = StepSink::new(log.clone());
        let sink: Arc<dyn OutputSink> = match &job.run {
            Some(_) => Arc::clone(&own_sink) as _,
            None => Arc::new(LogSink::new(log)),
        };
        let sandbox = self
            .sandbox
            .job(JobSpec {
                mounts,
                commands: image.commands,
                limits: self.config.limits.clone(),
                sink,
                observer: Some(Arc::clone(&progress) as _),
            })
            .map_err(|error| not_loadable(error.to_string()))?;
        if let Some(steps) = &job.run {
            return self
                .steps(job, steps, sandbox, scratch, own_sink, &image.environment)
                .map_err(not_loadable);
        }
        let begun = Instant::now();
        // Compiling the shell, once per machine, is not part of the script's time.
        sandbox.preload(SHELL).await.map_err(|error| not_loadable(error.to_string()))?;
        spent.modules += begun.elapsed();
        Ok(Box::new(ScriptSandbox {
            sandbox,
            scratch: Some(scratch),
            progress,
            entrypoint,
            image: image.environment,
            granted: self.config.environment.clone(),
            variables: started_at().into_iter().chain(job.variables.owned()).collect(),
        }))
    }
}

impl SandboxExecutor {
    /// The sandbox of a `run:` job.
    fn steps(
        &self,
        job: &PlannedJob,
        steps: &Steps,
        scripts: Arc<Job>,
        scratch: Scratch,
        sink: Arc<StepSink>,
        image: &[(String, String)],
    ) -> Result<Box<dyn JobSandbox>, String> {
        let cannot = |error: std::io::Error| format!("cannot open the job's directories: {error}");
        let hidden = self.config.mounts.iter().map(|mount| mount.guest.clone()).collect();
        let functions = scripts
            .view(ViewSpec { hidden, ..ViewSpec::default() })
            .map_err(|error| error.to_string())?;
        let directories = HostDirectory::from(scratch.path()).dir().map_err(cannot)?;
        Ok(Box::new(StepSandbox {
            steps: Arc::clone(steps),
            functions,
            scripts,
            directories,
            scratch: Some(scratch),
            sink,
            system: steps::system(image),
            project: Arc::new(self.config.project.dir().map_err(cannot)?),
            known: Arc::clone(&self.functions),
            grants: Arc::clone(&self.grants),
            variables: steps::vars(&job.variables).map_err(|problem| problem.to_string())?,
            memory: self.config.limits.memory,
        }))
    }
}

/// Writes variables of type file into a job's `/tmp`.
///
/// # Errors
/// If that cannot be written.
pub fn write_files(files: &[FileVariable], tmp: &std::path::Path) -> std::io::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let directory = tmp.join(FILES_DIRECTORY);
    std::fs::create_dir(&directory)?;
    files.iter().try_for_each(|file| std::fs::write(directory.join(&file.name), &file.content))
}

/// When the job began, for its scripts.
fn started_at() -> [(String, String); 1] {
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    [("CI_JOB_STARTED_AT".to_owned(), now)]
}
/// Tells the user what takes long about an image.
struct PullNotices(JobLog);

impl Progress for PullNotices {
    fn event(&self, event: image::Event<'_>) {
        let text = match event {
            image::Event::Waiting { image } => {
                format!("waiting for another greenroom that pulls {image}")
            }
            image::Event::Downloading { image, total: Some(bytes) } => {
                format!("downloading {image} ({})", readable_size(bytes))
            }
            image::Event::Downloading { image, total: None } => format!("downloading {image}"),
            _ => return,
        };
        self.0.try_notice(Level::Info, text);
    }
}
