//! The sandbox as the command line's options want it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::environment::Environment;
use super::failure::Failure;
use super::limits::LimitArgs;
use super::value::{Mount, Size};
use crate::compiler::OwnProcess;
use crate::executor::{StepGrants, StepPermission};
use crate::sandbox::store::{CompileLimits, Progress};
use crate::sandbox::{
    JobError, JobSpec, Limits, MountSpec, Notices, OutputSink, OutputStream, Sandbox, SandboxConfig,
};
use crate::settings::{LimitSettings, Settings, StepGrant};
use crate::workspace::readable_size;

/// Modules smaller than this compile before anybody would read a word about it.
const WORTH_A_WORD: u64 = 1 << 20;

/// The limits of a job: as the command line says, or else the user's settings, or else as they are
/// by default. What the project's settings say can only lower them.
pub(super) fn limits(args: &LimitArgs, log: Option<Size>, settings: &Settings) -> Limits {
    let mut limits = Limits::default();
    let given = LimitSettings {
        memory: args.memory_limit.map(|size| size.0),
        disk: args.disk_limit.map(|size| size.0),
        log: log.map(|size| size.0),
        processes: args.process_limit.map(|processes| processes as usize),
        timeout: None,
    };
    let given = given.or(settings.limits);
    if let Some(bytes) = given.memory {
        limits.memory = bytes;
        limits.total_memory = limits.total_memory.max(bytes);
    }
    limits.disk.bytes = given.disk.unwrap_or(limits.disk.bytes);
    limits.processes = given.processes.unwrap_or(limits.processes);
    limits.log = given.log.unwrap_or(limits.log);
    let most = &settings.ceilings;
    limits.memory = limits.memory.min(most.memory.unwrap_or(u64::MAX));
    limits.disk.bytes = limits.disk.bytes.min(most.disk.unwrap_or(u64::MAX));
    limits.log = limits.log.min(most.log.unwrap_or(u64::MAX));
    limits.processes = limits.processes.min(most.processes.unwrap_or(usize::MAX));
    limits
}

/// The longest that a script may take, if anybody says so.
pub(super) fn timeout(args: &LimitArgs, settings: &Settings) -> Option<Duration> {
    let given = args.timeout.or(settings.limits.timeout);
    given.into_iter().chain(settings.ceilings.timeout).min()
}

/// Makes the sandbox of a run with so many jobs at the same time, or of a single process.
pub(super) fn sandbox(
    environment: &Environment,
    limits: &Limits,
    jobs: impl Into<Option<usize>>,
    notices: Arc<dyn Notices>,
) -> Result<Sandbox, Failure> {
    let jobs = jobs.into();
    let config = SandboxConfig {
        store: environment.store_dir(),
        compiler: Some(Arc::new(OwnProcess::default())),
        compile_limits: CompileLimits::default(),
        limits: limits.clone(),
        jobs: jobs.unwrap_or(1),
        single_process: jobs.is_none(),
        notices: Some(notices),
    };
    Sandbox::new(config).map_err(|error| Failure::unable(error.to_string()))
}

/// The directories to mount, which have to exist.
pub(super) fn mounts(mounts: &[Mount]) -> Result<Vec<MountSpec>, Failure> {
    mounts
        .iter()
        .map(|Mount { host, guest, read_only }| {
            check_directory(host)?;
            let (host, guest) = (host.clone(), guest.clone());
            Ok(MountSpec { host: host.into(), guest, read_only: *read_only })
        })
        .collect()
}

/// What the user's settings grant to single steps.
pub(super) fn step_grants(
    settings: &Settings,
    environment: &Environment,
) -> Result<StepGrants, Failure> {
    let grant = |(name, grant): (&String, &StepGrant)| {
        let permission = StepPermission {
            mounts: mounts(&grant.mounts)?,
            env: environment.granted(&grant.env)?,
            memory: grant.memory,
            timeout: grant.timeout,
        };
        Ok((name.clone(), permission))
    };
    settings.steps.iter().map(grant).collect()
}

pub(super) fn check_directory(host: &Path) -> Result<(), Failure> {
    let shown = host.display();
    match std::fs::metadata(host) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Failure::usage(format!("cannot mount {shown}: it is not a directory"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::usage(format!("cannot mount {shown}: there is no such directory"))
                .help(format!("make it first: mkdir -p {shown}")))
        }
        Err(error) => Err(Failure::usage(format!("cannot mount {shown}: {error}"))),
    }
}

/// What is wrong with a job's mounts, told before anything runs.
pub(super) fn mount_failure(error: &JobError) -> Failure {
    match error {
        JobError::Mount { host, guest, source } => {
            Failure::usage(format!("cannot mount {} at {guest}: {source}", host.display()))
        }
        JobError::Place { guest, reason } => {
            Failure::usage(format!("cannot mount at {guest}: {reason}"))
        }
    }
}

/// A job without a log.
pub(super) fn job_spec(mounts: Vec<MountSpec>, limits: Limits) -> JobSpec {
    JobSpec { mounts, commands: Vec::new(), limits, sink: Arc::new(NoLog), observer: None }
}

struct NoLog;

#[async_trait]
impl OutputSink for NoLog {
    async fn write(&self, _stream: OutputStream, _data: &[u8]) {}
}

/// What to say about something that takes long, if it is worth it.
pub(super) fn progress_text(progress: Progress<'_>) -> Option<String> {
    match progress {
        Progress::Compiling { bytes, .. } if bytes < WORTH_A_WORD => None,
        Progress::Compiling { name, bytes, kept } => {
            let kept = if kept { "; later runs will find it compiled" } else { "" };
            Some(format!("compiling {name} ({}){kept}", readable_size(bytes)))
        }
        Progress::Waiting { name } => {
            Some(format!("waiting for another greenroom that compiles {name}"))
        }
    }
}
