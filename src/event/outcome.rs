use std::fmt;

use serde::{Deserialize, Serialize};

use super::JobName;

/// How a script ended. A script that fails is an outcome, never an `Err`: the run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepOutcome {
    /// Its shell exited with this code.
    Exited(#[serde(with = "code")] u8),
    /// Its shell trapped: unreachable code, an access out of bounds, a stack overflow …
    Trapped {
        /// What the engine says about it.
        message: String,
    },
    /// It took longer than its time limit.
    TimedOut,
    /// Its processes wanted more memory than their limit.
    OutOfMemory,
    /// It wrote more output than its limit.
    OutputLimit,
    /// It wrote more to the disk than its quota.
    DiskQuota,
    /// What should run is no module that this sandbox can run, or is not there.
    NotLoadable {
        /// What, why, and what to do about it.
        message: String,
    },
    /// It succeeded, but what GitLab requires of its artifacts or reports does not hold.
    NotKept {
        /// What is wrong with them, and what to do about it.
        message: String,
    },
    /// The child pipeline that the job triggers could not be created, or the job waits for it and
    /// it failed.
    Downstream {
        /// Which, and what to do about it.
        message: String,
    },
    /// The job waits for its child pipeline, which waits until somebody starts a job.
    Blocked {
        /// That job.
        job: JobName,
    },
    /// The job takes over the status of its child pipeline, of which no job ran.
    NothingRan,
    /// The run was cancelled.
    Cancelled,
    /// greenroom itself failed; not the script's fault.
    Internal {
        /// What happened.
        message: String,
    },
}

impl StepOutcome {
    /// Whether the script did what it should.
    pub fn is_success(&self) -> bool {
        *self == Self::Exited(0)
    }

    /// The exit code, if the script ended by itself.
    pub fn exit_code(&self) -> Option<u8> {
        match self {
            Self::Exited(code) => Some(*code),
            Self::Trapped { .. }
            | Self::TimedOut
            | Self::OutOfMemory
            | Self::OutputLimit
            | Self::DiskQuota
            | Self::NotLoadable { .. }
            | Self::NotKept { .. }
            | Self::Downstream { .. }
            | Self::Blocked { .. }
            | Self::NothingRan
            | Self::Cancelled
            | Self::Internal { .. } => None,
        }
    }
}

/// A few words, as in “job build: …”.
impl fmt::Display for StepOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(0) => f.write_str("succeeded"),
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Trapped { message } => write!(f, "trapped: {message}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::OutOfMemory => f.write_str("out of memory"),
            Self::OutputLimit => f.write_str("too much output"),
            Self::DiskQuota => f.write_str("disk quota exceeded"),
            Self::NotLoadable { message } => write!(f, "not loadable: {message}"),
            Self::NotKept { message } => write!(f, "artifacts not kept: {message}"),
            Self::Downstream { message } => f.write_str(message),
            Self::Blocked { job } => write!(f, "its child pipeline waits for {job}"),
            Self::NothingRan => f.write_str("no job of its child pipeline ran"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Internal { message } => write!(f, "internal error: {message}"),
        }
    }
}

/// The exit code as a field `code`, so that every outcome is an object.
mod code {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Exit {
        code: u8,
    }

    pub(super) fn serialize<S: Serializer>(code: &u8, to: S) -> Result<S::Ok, S::Error> {
        Exit { code: *code }.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
        Exit::deserialize(from).map(|exit| exit.code)
    }
}
