//! What a job says about how it is executed and about its data: retries, artifacts, caches …
//! Values are as written; variables in them are not expanded.

use std::time::Duration;

use crate::diagnostic::{Span, Spanned};

/// The part of a job that is about its execution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// How often, and after which failures, a failed job is tried again.
    pub retry: Retry,
    /// `coverage`: the expression between the slashes, in RE2's syntax.
    pub coverage: Option<Spanned<String>>,
    /// Jobs with the same name for it never run at the same time.
    pub resource_group: Option<Spanned<String>>,
    /// What the runner must have.
    pub tags: Vec<Spanned<String>>,
    /// The jobs whose artifacts it takes; `None` takes those of what it comes after.
    pub dependencies: Option<Vec<Spanned<String>>>,
    /// What is kept of it.
    pub artifacts: Option<Artifacts>,
    /// What is kept between runs.
    pub caches: Vec<Cache>,
}

/// `retry:`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// How often the job is tried again: at most twice.
    pub max: u8,
    /// The reasons; `None` if it names none.
    pub when: Option<Vec<RetryReason>>,
    /// The exit codes; `None` if it names none.
    pub exit_codes: Option<Vec<u8>>,
}

macro_rules! retry_reasons {
    ($($variant:ident $name:literal;)*) => {
        /// A reason of GitLab's for a failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum RetryReason {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl RetryReason {
            /// All of them, with the names that GitLab gives them.
            pub const NAMES: &[(&str, Self)] = &[$(($name, Self::$variant)),*];
        }
    };
}

retry_reasons! {
    Always "always";
    UnknownFailure "unknown_failure";
    ScriptFailure "script_failure";
    ApiFailure "api_failure";
    StuckOrTimeoutFailure "stuck_or_timeout_failure";
    StuckPendingWithMatchingRunners "stuck_pending_with_matching_runners";
    StuckPendingNoMatchingRunners "stuck_pending_no_matching_runners";
    NoUpdatesRunning "no_updates_running";
    NoUpdatesCanceling "no_updates_canceling";
    RunnerSystemFailure "runner_system_failure";
    RunnerConfigurationError "runner_configuration_error";
    RunnerExternalDependencyFailure "runner_external_dependency_failure";
    RunnerInterrupted "runner_interrupted";
    RunnerUnsupported "runner_unsupported";
    StaleSchedule "stale_schedule";
    JobExecutionTimeout "job_execution_timeout";
    ServerTimeoutRunning "server_timeout_running";
    ServerTimeoutCanceling "server_timeout_canceling";
    ArchivedFailure "archived_failure";
    UnmetPrerequisites "unmet_prerequisites";
    SchedulerFailure "scheduler_failure";
    DataIntegrityFailure "data_integrity_failure";
}

/// After which end of a job its files are kept (`artifacts:when`, `cache:when`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepWhen {
    /// If it succeeded.
    #[default]
    OnSuccess,
    /// If it failed.
    OnFailure,
    /// In any case.
    Always,
}

/// How long artifacts are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpireIn {
    /// For this long.
    After(Duration),
    /// Until they are removed.
    Never,
}

/// `artifacts:`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// Patterns of paths relative to the project.
    pub paths: Vec<Spanned<String>>,
    /// Patterns of paths that are not kept after all.
    pub exclude: Vec<Spanned<String>>,
    /// Whether everything that git does not track is kept.
    pub untracked: bool,
    /// After which end.
    pub when: KeepWhen,
    /// The name of the archive.
    pub name: Option<String>,
    /// How long; `None` for GitLab's default.
    pub expire_in: Option<ExpireIn>,
    /// Reports by their type.
    pub reports: Vec<Report>,
    /// Where it stands.
    pub span: Span,
}

/// One entry of `artifacts:reports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The type as GitLab calls it: `junit`, `dotenv` …
    pub kind: &'static str,
    /// `coverage_report:coverage_format`.
    pub format: Option<String>,
    /// Patterns of paths.
    pub paths: Vec<Spanned<String>>,
}

/// What a job does with a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CachePolicy {
    /// It restores it only.
    Pull,
    /// It saves it only.
    Push,
    /// Both.
    #[default]
    PullPush,
}

/// What a cache is named by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheKey {
    /// A name.
    Name(String),
    /// The contents of files.
    Files {
        /// Patterns of paths relative to the project.
        files: Vec<Spanned<String>>,
        /// What comes before the digest.
        prefix: Option<String>,
    },
}

/// One of `cache:`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Its key; `None` is GitLab's `default`.
    pub key: Option<CacheKey>,
    /// Patterns of paths relative to the project.
    pub paths: Vec<Spanned<String>>,
    /// Whether everything that git does not track is kept.
    pub untracked: bool,
    /// Whether it is restored, saved or both; it may be a variable.
    pub policy: Spanned<String>,
    /// After which end of the job it is saved.
    pub when: KeepWhen,
    /// Keys to try if there is none of this key.
    pub fallback_keys: Vec<String>,
    /// Where it stands.
    pub span: Span,
}
