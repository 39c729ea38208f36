//! The sandbox as the command line's options want it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::environment::Environment;
use super::failure::Failure;
use super::limits::LimitArgs;
use super::value::{Mount, Size};
use crate::sandbox::store::Progress;
use crate::sandbox::{
    JobError, JobSpec, Limits, MountSpec, Notices, OutputSink, OutputStream, Sandbox, SandboxConfig,
};

/// Modules smaller than this compile before anybody would read a word about it.
const WORTH_A_WORD: u64 = 1 << 20;

pub(super) fn limits(args: &LimitArgs, log: Option<Size>) -> Limits {
    let mut limits = Limits::default();
    if let Some(Size(bytes)) = args.memory_limit {
        limits.memory = bytes;
        limits.total_memory = limits.total_memory.max(bytes);
    }
    if let Some(Size(bytes)) = args.disk_limit {
        limits.disk.bytes = bytes;
    }
    if let Some(processes) = args.process_limit {
        limits.processes = processes as usize;
    }
    if let Some(Size(bytes)) = log {
        limits.log = bytes;
    }
    limits
}

/// Makes the sandbox of a run.
pub(super) fn sandbox(
    environment: &Environment,
    limits: &Limits,
    notices: Arc<dyn Notices>,
) -> Result<Sandbox, Failure> {
    let config = SandboxConfig {
        store: environment.store_dir(),
        limits: limits.clone(),
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
            let megabytes = bytes as f64 / 1e6;
            let kept = if kept { "; later runs will find it compiled" } else { "" };
            Some(format!("compiling {name} ({megabytes:.1} MB){kept}"))
        }
        Progress::Waiting { name } => {
            Some(format!("waiting for another greenroom that compiles {name}"))
        }
    }
}
