//! Starting a program again in a process that has started it before, by the way that every step
//! takes: a job's file tree, descriptors, limits and environment.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::runtime::Runtime;

use super::measure::Trial;
use crate::sandbox::{
    DEFAULT_PATH, Exit, How, Job, JobSpec, Limits, MountSpec, OutputSink, OutputStream,
    ProgramSpec, Sandbox, SandboxConfig, Scratch, Stdio,
};

/// Starts in a turn: one takes microseconds, so a turn of one would measure the clock.
const STARTS: usize = 200;
/// Variables of a job of GitLab's, roughly.
const VARIABLES: usize = 30;

/// A program of the sandbox that is started over and over.
pub struct HotProgram {
    runtime: Runtime,
    job: Arc<Job>,
    arguments: Vec<Vec<u8>>,
    module: Option<std::fs::File>,
    starts: usize,
    _scratch: Scratch,
}

impl HotProgram {
    /// Makes a sandbox with an empty job in it and starts the program once.
    ///
    /// # Errors
    /// If there is no sandbox on this machine, or the program fails.
    pub fn new(
        arguments: &[&str],
        module: Option<std::fs::File>,
        store: Option<PathBuf>,
    ) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start a runtime: {error}"))?;
        let config = SandboxConfig { store, jobs: 1, ..SandboxConfig::default() };
        let sandbox = Sandbox::new(config).map_err(|error| error.to_string())?;
        let scratch = Scratch::new().map_err(|error| format!("cannot make a /tmp: {error}"))?;
        let tmp =
            MountSpec { host: scratch.path().into(), guest: "/tmp".to_owned(), read_only: false };
        let job = sandbox.job(JobSpec {
            mounts: vec![tmp],
            commands: Vec::new(),
            limits: Limits::default(),
            sink: Arc::new(NoLog),
            observer: None,
        });
        let mut program = Self {
            runtime,
            job: job.map_err(|error| error.to_string())?,
            arguments: arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect(),
            module,
            starts: STARTS,
            _scratch: scratch,
        };
        program.times(1, &mut Vec::new())?;
        Ok(program)
    }

    /// The same with so many starts in a turn.
    #[must_use]
    pub fn starts(mut self, starts: usize) -> Self {
        self.starts = starts.max(1);
        self
    }

    fn times(&mut self, starts: usize, samples: &mut Vec<f64>) -> Result<(), String> {
        for _ in 0..starts {
            let spec = self.spec()?;
            let start = Instant::now();
            let exit = self.runtime.block_on(self.job.run(spec));
            let taken = start.elapsed();
            match exit {
                Ok(Exit { status: 0, how: How::Exited }) => samples.push(taken.as_nanos() as f64),
                Ok(exit) => {
                    return Err(format!("ended with status {} ({:?})", exit.status, exit.how));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }

    fn spec(&self) -> Result<ProgramSpec, String> {
        let module = self.module.as_ref().map(std::fs::File::try_clone).transpose();
        let own = (0..VARIABLES - 1).map(|i| format!("CI_VARIABLE_{i}=some value of usual length"));
        Ok(ProgramSpec {
            program: self.arguments.first().cloned().unwrap_or_default(),
            module: module.map_err(|error| error.to_string())?,
            arguments: self.arguments.clone(),
            environment: own
                .chain([format!("PATH={DEFAULT_PATH}")])
                .map(String::into_bytes)
                .collect(),
            cwd: "/tmp".to_owned(),
            stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
        })
    }
}

impl Trial for HotProgram {
    fn run(&mut self, samples: &mut Vec<f64>) -> Result<(), String> {
        self.times(self.starts, samples)
    }
}

struct NoLog;

#[async_trait]
impl OutputSink for NoLog {
    async fn write(&self, _stream: OutputStream, _data: &[u8]) {}
}
