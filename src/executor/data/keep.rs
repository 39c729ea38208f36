//! After a job: what is kept of it.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use super::{Keeper, blocking, count, dotenv, patterns, report, secrets};
use crate::event::{self, Level, StepOutcome};
use crate::plan::{CachePolicy, ExpireIn, KeepWhen, Report};
use crate::schedule::JobLog;
use crate::workspace::{
    ARTIFACT_LIMITS, Copied, CoverageCounts, DEFAULT_EXPIRY, Filter, Manifest, Patterns,
    TestCounts, Unfinished, copy, readable_size, seconds,
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
    let variable = |name: &str| job.job.variables.get(name).unwrap_or_default().to_owned();
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
        tests: None,
        coverage: None,
    };
    let dir = job.workspace.dir().map_err(|error| format!("the workspace: {error}"))?;
    let data = Arc::clone(&job.data);
    let collected =
        blocking(move || collect(&data, &dir, filter.as_ref(), &reports, manifest)).await?;
    for warning in collected.warnings {
        log.notice(Level::Warning, warning).await;
    }
    let Some((unfinished, mut manifest)) = collected.entry else { return Ok(()) };
    for (kind, format) in collected.readable {
        read_report(job, &unfinished, &mut manifest, kind, format, log).await;
    }
    let entry = blocking(move || unfinished.finish(&manifest)).await.map_err(not_stored)?;
    let Manifest { files, bytes, reports, .. } = &entry.manifest;
    let mut parts = Vec::new();
    if *files > 0 {
        parts.push(format!("{}, {}", count(*files), readable_size(*bytes)));
    }
    parts.extend(reports.iter().map(|(kind, _)| called(kind)));
    log.notice(Level::Info, format!("artifacts stored: {}", parts.join("; "))).await;
    let mut left = job.data.left.lock().unwrap_or_else(PoisonError::into_inner);
    left.insert(job.job.name.clone(), entry);
    Ok(())
}

/// Reads the reports of a kind that are among what will be stored, and tells what they come to.
/// What cannot be read is told as well and fails no job, as on GitLab.
async fn read_report(
    job: &Keeper,
    unfinished: &Unfinished,
    manifest: &mut Manifest,
    kind: &str,
    format: report::Kind,
    log: &JobLog,
) {
    let read = match unfinished.report(kind) {
        Ok(directory) => report::read(&job.sandbox, format, directory).await,
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    let read = match read {
        Ok(read) => read,
        Err(problem) => {
            return log.notice(Level::Warning, format!("the {} {problem}", called(kind))).await;
        }
    };
    for problem in read.problems {
        log.notice(Level::Warning, format!("{} {problem}", called(kind))).await;
    }
    let files = match &read.report {
        event::Report::Junit(tests) => {
            let &event::TestReport { files, tests, failed, errors, skipped, .. } = tests;
            manifest.tests = Some(TestCounts { tests, failed, errors, skipped });
            files
        }
        event::Report::CoverageReport(report) => {
            let &event::CoverageReport { files, lines, covered, .. } = report;
            manifest.coverage = Some(CoverageCounts { lines, covered });
            files
        }
    };
    if files > 0 {
        log.report_read(read.report).await;
    }
}

/// A type of reports in words.
fn called(kind: &str) -> String {
    format!("{} report", kind.trim_end_matches("_report"))
}

/// What a job leaves, before it is in the store.
struct Collected {
    entry: Option<(Unfinished, Manifest)>,
    /// The reports in it that can be read, by their type.
    readable: Vec<(&'static str, report::Kind)>,
    warnings: Vec<String>,
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn not_stored(error: std::io::Error) -> String {
    format!("artifacts cannot be stored: {error}")
}

fn collect(
    data: &super::RunData,
    dir: &cap_std::fs::Dir,
    filter: Option<&Filter>,
    reports: &[(Report, Patterns)],
    mut manifest: Manifest,
) -> Result<Collected, String> {
    let (mut warnings, mut readable) = (Vec::new(), Vec::new());
    let unfinished = data.artifacts.begin().map_err(not_stored)?;
    if let Some(filter) = filter {
        let to = File::open(unfinished.files()).map_err(not_stored)?;
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
        let directory = unfinished.report(report.kind).map_err(not_stored)?;
        let to = File::open(&directory).map_err(not_stored)?;
        let filter = Filter::Patterns {
            include: include.clone(),
            exclude: Patterns::default(),
            untracked: None,
        };
        let copied = copy(dir, to, &filter, ARTIFACT_LIMITS);
        let copied = copied.map_err(|error| format!("the {} report: {error}", report.kind))?;
        if copied.files == 0 {
            warnings.push(format!("{}: no file fits its paths", called(report.kind)));
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
        readable.extend(
            report::Kind::of(report.kind, report.format.as_deref()).map(|kind| (report.kind, kind)),
        );
        manifest.reports.push((report.kind.to_owned(), files));
    }
    if let Some(mask) = &data.secrets {
        let mut found = secrets::Found::default();
        found.look(&unfinished.files(), mask);
        for (report, _) in reports {
            found.look(&unfinished.report(report.kind).map_err(not_stored)?, mask);
        }
        warnings.extend(found.warning());
    }
    if manifest.files == 0 && manifest.reports.is_empty() {
        return Ok(Collected { entry: None, readable: vec![], warnings });
    }
    Ok(Collected { entry: Some((unfinished, manifest)), readable, warnings })
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
