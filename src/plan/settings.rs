//! How a job is executed and what is kept of it, with variables filled in.

use std::time::Duration;

use super::expand::TooLong;
use crate::diagnostic::Spanned;
use crate::pipeline::execution;

pub use crate::pipeline::execution::{CachePolicy, ExpireIn, KeepWhen, Retry, RetryReason};

/// What a planned job says about its execution and its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How often, and after which failures, it is tried again.
    pub retry: Retry,
    /// The expression, in RE2's syntax, that finds the coverage in its output.
    pub coverage: Option<String>,
    /// How long it waits once it could start; only of a delayed job.
    pub start_in: Option<Duration>,
    /// Jobs with the same name for it never run at the same time, not even in different runs.
    pub resource_group: Option<String>,
    /// What the runner must have.
    pub tags: Vec<String>,
    /// Whose artifacts and reported variables it gets.
    pub takes: Takes,
    /// Whose it gets of the pipelines that this one is a child of.
    pub upstream: Vec<OfUpstream>,
    /// What is kept of it.
    pub artifacts: Option<Artifacts>,
    /// What is kept between runs.
    pub caches: Vec<Cache>,
}

/// Whose artifacts, and whose variables of a `dotenv` report, a job gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Takes {
    /// Those of every job of an earlier stage.
    #[default]
    Earlier,
    /// Those of these jobs.
    Only(Vec<String>),
}

/// A job of a pipeline that this one is a child of (`needs:pipeline:job`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfUpstream {
    /// The identifier of the pipeline, with variables filled in.
    pub pipeline: String,
    /// The job's name in its file.
    pub job: String,
}

/// What is kept of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// Patterns of paths relative to the project.
    pub paths: Vec<String>,
    /// Patterns of paths that are not kept after all.
    pub exclude: Vec<String>,
    /// Whether everything that git does not track is kept.
    pub untracked: bool,
    /// After which end of the job.
    pub when: KeepWhen,
    /// What an archive of them is called, without its ending.
    pub name: Option<String>,
    /// How long they are kept; `None` for GitLab's default.
    pub expire_in: Option<ExpireIn>,
    /// Reports.
    pub reports: Vec<Report>,
}

/// A report that a job makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its type as GitLab calls it.
    pub kind: &'static str,
    /// The format of a `coverage_report`.
    pub format: Option<String>,
    /// Patterns of paths relative to the project.
    pub paths: Vec<String>,
}

/// Something that a job takes over from an earlier run and leaves for a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// What it is named by.
    pub key: CacheKey,
    /// Patterns of paths relative to the project.
    pub paths: Vec<String>,
    /// Whether everything that git does not track is kept.
    pub untracked: bool,
    /// Whether it is restored, saved or both.
    pub policy: CachePolicy,
    /// After which end of the job it is saved.
    pub when: KeepWhen,
    /// Keys to try if there is nothing under its own.
    pub fallback_keys: Vec<String>,
}

/// What a cache is named by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheKey {
    /// A name.
    Name(String),
    /// The contents of files; a name made of `prefix` and their digest.
    Files {
        /// Patterns of paths relative to the project.
        files: Vec<String>,
        /// What comes before the digest.
        prefix: Option<String>,
    },
}

/// The key of a cache that names none, and of one whose name comes to nothing (GitLab's rule).
const DEFAULT_KEY: &str = "default";

impl Settings {
    /// Fills in variables. What a job takes is decided elsewhere.
    pub(super) fn expand(
        written: &execution::Execution,
        expand: &dyn Fn(&str) -> Result<String, TooLong>,
    ) -> Result<Self, TooLong> {
        let list = |texts: &[Spanned<String>]| {
            texts.iter().map(|text| expand(&text.value)).collect::<Result<Vec<_>, _>>()
        };
        let artifacts = written.artifacts.as_ref().map(|artifacts| {
            let report = |report: &execution::Report| {
                let paths = list(&report.paths)?;
                Ok(Report { kind: report.kind, format: report.format.clone(), paths })
            };
            Ok(Artifacts {
                paths: list(&artifacts.paths)?,
                exclude: list(&artifacts.exclude)?,
                untracked: artifacts.untracked,
                when: artifacts.when,
                // As if there were none, if nothing is left of it.
                name: match artifacts.name.as_deref() {
                    Some(name) => Some(expand(name)?).filter(|name| !name.is_empty()),
                    None => None,
                },
                expire_in: artifacts.expire_in,
                reports: artifacts.reports.iter().map(report).collect::<Result<_, _>>()?,
            })
        });
        Ok(Self {
            retry: written.retry.clone(),
            coverage: written.coverage.as_ref().map(|coverage| coverage.value.clone()),
            start_in: None,
            resource_group: match &written.resource_group {
                Some(name) => Some(expand(&name.value)?).filter(|name| !name.is_empty()),
                None => None,
            },
            tags: list(&written.tags)?,
            takes: Takes::default(),
            upstream: vec![],
            artifacts: artifacts.transpose()?,
            caches: written
                .caches
                .iter()
                .map(|cache| Cache::expand(cache, expand))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether later jobs may get something of this one.
    pub fn gives(&self) -> bool {
        self.artifacts.is_some()
    }
}

impl Cache {
    fn expand(
        written: &execution::Cache,
        expand: &dyn Fn(&str) -> Result<String, TooLong>,
    ) -> Result<Self, TooLong> {
        let list = |texts: &[Spanned<String>]| {
            texts.iter().map(|text| expand(&text.value)).collect::<Result<Vec<_>, _>>()
        };
        let key = match &written.key {
            None => CacheKey::Name(DEFAULT_KEY.to_owned()),
            Some(execution::CacheKey::Name(name)) => {
                let name = expand(name)?;
                let name = if name.trim().is_empty() { DEFAULT_KEY.to_owned() } else { name };
                CacheKey::Name(name)
            }
            Some(execution::CacheKey::Files { files, prefix }) => CacheKey::Files {
                files: list(files)?,
                prefix: prefix.as_deref().map(expand).transpose()?,
            },
        };
        let fallback_keys: Result<Vec<String>, _> =
            written.fallback_keys.iter().map(|key| expand(key)).collect();
        Ok(Self {
            key,
            paths: list(&written.paths)?,
            untracked: written.untracked,
            policy: match expand(&written.policy.value)?.as_str() {
                "pull" => CachePolicy::Pull,
                "push" => CachePolicy::Push,
                _ => CachePolicy::PullPush,
            },
            when: written.when,
            fallback_keys: fallback_keys?.into_iter().filter(|key| !key.is_empty()).collect(),
        })
    }
}
