//! After a job: what is kept of it.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use super::{Keeper, blocking, count, dotenv, patterns};
use crate::event::{Level, StepOutcome};
use crate::plan::{CachePolicy, ExpireIn, KeepWhen, Report};
use crate::schedule::JobLog;
use crate::workspace::{
    ARTIFACT_LIMITS, Copied, DEFAULT_EXPIRY, Filter, Manifest, Patterns, copy, readable_size,
    seconds,
};

/// Keeps artifacts and caches of a job that has ended.
///
/// # Errors
/// If GitLab would fail the job for them.
pub(super) async fn keep(job: &Keeper, outcome: &StepOutcome, log: &JobLog) -> Result<(), String> {
    let succeeded = outcome.is_success();
    save_caches(job, succeeded, log).await;
    store_artifacts(job, succeeded, log).await
}

fn is_kept(when: KeepWhen, succeeded: bool) -> bool {
    match when {
        KeepWhen::OnSuccess => succeeded,
        KeepWhen::OnFailure => !succeeded,
        KeepWhen::Always => true,
    }
}

async fn store_artifacts(job: &Keeper, succeeded: bool, log: &JobLog) -> Result<(), String> {
    let Some(artifacts) = &job.job.settings.artifacts else { return Ok(()) };
    let include = patterns("artifacts:paths", &artifacts.paths, log).await;
    let exclude = patterns("artifacts:exclude", &artifacts.exclude, log).await;
    let untracked = artifacts.untracked.then(|| job.data.tracked.clone()).flatten();
    if artifacts.untracked && untracked.is_none() {
        let text = "artifacts:untracked: this is no git repository, so that nothing is untracked";
        log.notice(Level::Warning, text).await;
    }
    let wants_files = !include.is_empty() || untracked.is_some();
    let kept = is_kept(artifacts.when, succeeded) && wants_files;
    // GitLab takes reports of failed jobs, too.
    let mut reports = Vec::new();
    for report in &artifacts.reports {
        let what = format!("artifacts:reports:{}", report.kind);
        reports.push((report.clone(), patterns(&what, &report.paths, log).await));
    }
    let filter = kept.then_some(Filter::Patterns { include, exclude, untracked });
    if filter.is_none() && reports.is_empty() {
        return Ok(());
    }
    let now = SystemTime::now();
    let variable = |name: &str| {
        let found = job.job.variables.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let manifest = Manifest {
        job: job.job.name.clone(),
        stage: job.job.stage.clone(),
        pipeline: job.data.pipeline,
        ref_name: variable("CI_COMMIT_REF_NAME"),
        name: artifacts.name.clone().unwrap_or_else(|| "artifacts".to_owned()),
        created: seconds(now),
        expires: match artifacts.expire_in {
            Some(ExpireIn::Never) => None,
            Some(ExpireIn::After(duration)) => Some(seconds(now + duration)),
            None => Some(seconds(now + DEFAULT_EXPIRY)),
        },
        succeeded,
        files: 0,
        bytes: 0,
        reports: vec![],
        variables: vec![],
    };
    let dir = job.workspace.dir().map_err(|error| format!("the workspace: {error}"))?;
    let data = Arc::clone(&job.data);
    let stored = blocking(move || store(&data, &dir, filter.as_ref(), &reports, manifest)).await?;
    for warning in stored.warnings {
        log.notice(Level::Warning, warning).await;
    }
    let Some(entry) = stored.entry else { return Ok(()) };
    let Manifest { files, bytes, reports, .. } = &entry.manifest;
    let mut parts = Vec::new();
    if *files > 0 {
        parts.push(format!("{}, {}", count(*files), readable_size(*bytes)));
    }
    parts.extend(reports.iter().map(|(kind, _)| format!("{kind} report")));
    log.notice(Level::Info, format!("artifacts stored: {}", parts.join("; "))).await;
    let mut left = job.data.left.lock().unwrap_or_else(PoisonError::into_inner);
    left.insert(job.job.name.clone(), entry);
    Ok(())
}

struct Stored {
    entry: Option<crate::workspace::Entry>,
    warnings: Vec<String>,
}

fn store(
    data: &super::RunData,
    dir: &cap_std::fs::Dir,
    filter: Option<&Filter>,
    reports: &[(Report, Patterns)],
    mut manifest: Manifest,
) -> Result<Stored, String> {
    let mut warnings = Vec::new();
    let failed = |error: std::io::Error| format!("artifacts cannot be stored: {error}");
    let unfinished = data.artifacts.begin().map_err(failed)?;
    if let Some(filter) = filter {
        let to = File::open(unfinished.files()).map_err(failed)?;
        let copied = copy(dir, to, filter, ARTIFACT_LIMITS);
        let Copied { files, bytes, special } =
            copied.map_err(|error| format!("the artifacts: {error}"))?;
        (manifest.files, manifest.bytes) = (files, bytes);
        if files == 0 {
            warnings.push("artifacts: no file fits their paths".to_owned());
        }
        if special > 0 {
            warnings.push(format!("artifacts: {special} sockets, pipes or devices are left out"));
        }
    }
    for (report, include) in reports {
        let directory = unfinished.report(report.kind).map_err(failed)?;
        let to = File::open(&directory).map_err(failed)?;
        let filter = Filter::Patterns {
            include: include.clone(),
            exclude: Patterns::default(),
            untracked: None,
        };
        let copied = copy(dir, to, &filter, ARTIFACT_LIMITS);
        let copied = copied.map_err(|error| format!("the {} report: {error}", report.kind))?;
        if copied.files == 0 {
            warnings.push(format!("{} report: no file fits its paths", report.kind));
            continue;
        }
        let files = regular_files(&directory);
        if report.kind == "dotenv" {
            for file in &files {
                let variables = read_dotenv(&directory.join(file))
                    .map_err(|error| format!("the dotenv report {file}: {error}"))?;
                manifest.variables.retain(|(name, _)| !variables.iter().any(|(n, _)| n == name));
                manifest.variables.extend(variables);
            }
        }
        manifest.reports.push((report.kind.to_owned(), files));
    }
    if manifest.files == 0 && manifest.reports.is_empty() {
        return Ok(Stored { entry: None, warnings });
    }
    let entry = unfinished.finish(&manifest).map_err(failed)?;
    Ok(Stored { entry: Some(entry), warnings })
}

/// Reports of one kind that are named in the manifest.
const MAX_REPORTS: usize = 1000;

/// The regular files below a directory that only greenroom writes to, in order.
fn regular_files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(directory.join(&at)).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if at.is_empty() { name } else { format!("{at}/{name}") };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() && found.len() < MAX_REPORTS => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

fn read_dotenv(path: &Path) -> Result<Vec<(String, String)>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(dotenv::MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > dotenv::MAX_BYTES {
        return Err(format!("it is larger than {} KiB", dotenv::MAX_BYTES >> 10));
    }
    dotenv::parse(&bytes)
}

async fn save_caches(job: &Keeper, succeeded: bool, log: &JobLog) {
    // In the project's own directory the files are there for the next run.
    if job.data.stays() {
        return;
    }
    for (cache, key) in job.job.settings.caches.iter().zip(&job.keys) {
        if cache.policy == CachePolicy::Pull || !is_kept(cache.when, succeeded) {
            continue;
        }
        let filter = Filter::Patterns {
            include: patterns("cache:paths", &cache.paths, log).await,
            exclude: Patterns::default(),
            untracked: cache.untracked.then(|| job.data.tracked.clone()).flatten(),
        };
        let Ok(dir) = job.workspace.dir() else { continue };
        let (data, name) = (Arc::clone(&job.data), key.clone());
        let saved =
            blocking(move || data.caches.save(&name, &dir, &filter, SystemTime::now())).await;
        match saved {
            Ok(Some(entry)) => {
                let text = format!(
                    "cache `{key}`: {} saved, {}",
                    count(entry.files),
                    readable_size(entry.bytes)
                );
                log.notice(Level::Info, text).await;
            }
            Ok(None) => {
                let text = format!("cache `{key}`: no file fits its paths");
                log.notice(Level::Warning, text).await;
            }
            Err(error) => {
                let text = format!("cache `{key}` is not saved: {error}");
                log.notice(Level::Warning, text).await;
            }
        }
    }
}
