//! Runs planned jobs in the sandbox: the scheduler's [`Executor`] over real processes.

mod script;

use std::sync::Arc;

use async_trait::async_trait;

use crate::event::Level;
use crate::image::Images;
use crate::plan::PlannedJob;
use crate::sandbox::{HostDirectory, JobError, JobSpec, Limits, MountSpec, Sandbox, Scratch};
use crate::schedule::{Executor, JobLog, JobSandbox, NotLoadable};
use script::{LogSink, ScriptProgress, ScriptSandbox};

/// Where a job's processes see the project.
pub const PROJECT_DIRECTORY: &str = "/workspace";

/// What scripts are written for.
const SHELL: &str = "bash";

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
    /// What each job may use.
    pub limits: Limits,
    /// What `image:` stands for.
    pub images: Arc<Images>,
}

/// Runs jobs in a [`Sandbox`].
pub struct SandboxExecutor {
    sandbox: Sandbox,
    config: ExecutorConfig,
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
        Ok(Self { sandbox, config })
    }
}

#[async_trait]
impl Executor for SandboxExecutor {
    async fn prepare(
        &self,
        job: &PlannedJob,
        log: JobLog,
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
        let image = self
            .config
            .images
            .open(&self.config.project, job.image.as_deref())
            .map_err(at_image)?;
        for warning in &image.warnings {
            log.notice(Level::Warning, warning.clone()).await;
        }
        let scratch = Scratch::new()
            .map_err(|error| not_loadable(format!("cannot make the job's /tmp: {error}")))?;
        let mut mounts = vec![
            MountSpec {
                host: self.config.project.clone(),
                guest: PROJECT_DIRECTORY.to_owned(),
                read_only: false,
            },
            MountSpec { host: scratch.path().into(), guest: "/tmp".to_owned(), read_only: false },
        ];
        mounts.extend(image.mounts);
        mounts.extend(self.config.mounts.iter().cloned());
        let progress = Arc::new(ScriptProgress::new(log.clone()));
        let sandbox = self
            .sandbox
            .job(JobSpec {
                mounts,
                commands: image.commands,
                limits: self.config.limits.clone(),
                sink: Arc::new(LogSink::new(log)),
                observer: Some(Arc::clone(&progress) as _),
            })
            .map_err(|error| not_loadable(error.to_string()))?;
        // Compiling the shell, once per machine, is not part of the script's time.
        sandbox.preload(SHELL).await.map_err(|error| not_loadable(error.to_string()))?;
        Ok(Box::new(ScriptSandbox {
            sandbox,
            scratch: Some(scratch),
            progress,
            image: image.environment,
            granted: self.config.environment.clone(),
            variables: job.variables.clone(),
        }))
    }
}
