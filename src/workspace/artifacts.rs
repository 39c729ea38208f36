//! The store of artifacts: what jobs have left, one directory for each, with a manifest.
//!
//! An entry appears as a whole, by renaming, and never changes, so that a crash leaves at most an
//! unfinished directory and any number of runs may write and read at the same time. Removing takes
//! the lock that readers share.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::copy::{Copied, CopyError, CopyLimits, copy};
use super::filter::Filter;
use super::state::{ProjectState, sweep, temporary, write_whole};

/// How much the artifacts of one job may take.
pub const ARTIFACT_LIMITS: CopyLimits = CopyLimits { bytes: 5 << 30, files: 200_000 };

/// How many entries of one job are kept, however long they may be.
pub const KEPT_PER_JOB: usize = 3;

/// How long artifacts are kept that do not say so: GitLab's default.
pub const DEFAULT_EXPIRY: Duration = Duration::from_secs(30 * 86_400);

const MANIFEST: &str = "manifest.json";
const FILES: &str = "files";
const REPORTS: &str = "reports";
const LOCK: &str = "artifacts";
const PATIENCE: Duration = Duration::from_secs(10);
/// A manifest that is larger than this was not written by greenroom.
const MAX_MANIFEST: u64 = 1 << 20;

/// What is known of one job's artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The job.
    pub job: String,
    /// Its stage.
    pub stage: String,
    /// The identifier of the pipeline (`CI_PIPELINE_ID`).
    pub pipeline: u64,
    /// The ref it ran for, if one is known.
    #[serde(default)]
    pub ref_name: String,
    /// What an archive of the files is called.
    #[serde(default)]
    pub name: String,
    /// When they were stored, in seconds since 1970.
    pub created: u64,
    /// When they expire, in seconds since 1970; `None` for never.
    pub expires: Option<u64>,
    /// Whether the job succeeded.
    pub succeeded: bool,
    /// How many files and links there are.
    pub files: u64,
    /// What they take, in bytes.
    pub bytes: u64,
    /// Types of reports among them, each with its files.
    #[serde(default)]
    pub reports: Vec<(String, Vec<String>)>,
    /// Variables of a `dotenv` report.
    #[serde(default)]
    pub variables: Vec<(String, String)>,
    /// What its `junit` reports come to, if they could be read.
    #[serde(default)]
    pub tests: Option<TestCounts>,
    /// What its `coverage_report` comes to, if it could be read.
    #[serde(default)]
    pub coverage: Option<CoverageCounts>,
}

/// How many tests there are, and how they ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCounts {
    /// All of them.
    pub tests: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that ended with an error.
    pub errors: u64,
    /// Those that were not run.
    pub skipped: u64,
}

/// How many lines there are, and how many of them were run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageCounts {
    /// All of them.
    pub lines: u64,
    /// Those that were run.
    pub covered: u64,
}

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the store, by which it can be asked for.
    pub id: String,
    /// What is known of it.
    pub manifest: Manifest,
    path: PathBuf,
}

impl Entry {
    /// The directory with the files.
    pub fn files(&self) -> PathBuf {
        self.path.join(FILES)
    }

    /// The directory with the reports of a type.
    pub fn report(&self, kind: &str) -> PathBuf {
        self.path.join(REPORTS).join(kind)
    }

    /// Copies its files into a directory, in place of what is there.
    ///
    /// # Errors
    /// As [`copy`].
    pub fn restore(&self, to: impl AsFd) -> Result<Copied, CopyError> {
        let files = self.files();
        let from = File::open(&files).map_err(|source| CopyError::Io { path: files, source })?;
        copy(from, to, &Filter::All, ARTIFACT_LIMITS)
    }
}

impl Entry {
    /// Copies its reports into a directory, each to where the job had it.
    ///
    /// # Errors
    /// As [`copy`].
    pub fn restore_reports(&self, to: impl AsFd) -> Result<(), CopyError> {
        for (kind, _) in &self.manifest.reports {
            let path = self.report(kind);
            let from = File::open(&path).map_err(|source| CopyError::Io { path, source })?;
            copy(from, &to, &Filter::All, ARTIFACT_LIMITS)?;
        }
        Ok(())
    }
}

/// The artifacts of a project.
#[derive(Clone, Debug)]
pub struct Artifacts {
    state: ProjectState,
}

impl Artifacts {
    /// The store in a project's state.
    pub fn new(state: ProjectState) -> Self {
        Self { state }
    }

    /// Begins an entry.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn begin(&self) -> io::Result<Unfinished> {
        let store = self.state.directory("artifacts")?;
        sweep(&store);
        let place = temporary(&store)?;
        fs::create_dir(place.path().join(FILES))?;
        Ok(Unfinished { place, store })
    }

    /// All entries, the newest first. What cannot be read is left out.
    pub fn list(&self) -> Vec<Entry> {
        let store = self.state.path().join("artifacts");
        let entries = fs::read_dir(store).into_iter().flatten().flatten();
        let mut found: Vec<Entry> = entries
            .filter_map(|entry| {
                let id = entry.file_name().into_string().ok()?;
                let path = entry.path();
                let manifest = path.join(MANIFEST);
                if fs::symlink_metadata(&manifest).ok()?.len() > MAX_MANIFEST {
                    return None;
                }
                let manifest = serde_json::from_slice(&fs::read(manifest).ok()?).ok()?;
                Some(Entry { id, manifest, path })
            })
            .filter(|entry| !entry.id.starts_with(super::state::TEMPORARY))
            .collect();
        found.sort_by(|a, b| {
            let (x, y) = (&a.manifest, &b.manifest);
            (y.pipeline.cmp(&x.pipeline))
                .then_with(|| x.job.cmp(&y.job))
                .then_with(|| y.created.cmp(&x.created))
                .then_with(|| b.id.cmp(&a.id))
        });
        found
    }

    /// The newest entry of a job, if it has not expired.
    pub fn latest(&self, job: &str, now: SystemTime) -> Option<Entry> {
        let now = seconds(now);
        self.list()
            .into_iter()
            .find(|entry| entry.manifest.job == job)
            .filter(|entry| entry.manifest.expires.is_none_or(|expires| expires > now))
    }

    /// Keeps entries from being removed until the result is dropped.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn reading(&self) -> io::Result<super::state::Lock> {
        self.state.lock(LOCK, true, PATIENCE)
    }

    /// Removes entries, each at once.
    ///
    /// # Errors
    /// If somebody reads them, or one cannot be removed.
    pub fn remove(&self, entries: &[Entry]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let _lock = self.state.lock(LOCK, false, PATIENCE)?;
        entries.iter().try_for_each(|entry| remove(&entry.path))
    }

    /// Which entries are not kept any longer: those that have expired, and all but the newest few
    /// of a job.
    pub fn outdated(&self, now: SystemTime) -> Vec<Entry> {
        let now = seconds(now);
        let mut counts = std::collections::HashMap::new();
        self.list()
            .into_iter()
            .filter(|entry| {
                let count = counts.entry(entry.manifest.job.clone()).or_insert(0);
                *count += 1;
                let expired = entry.manifest.expires.is_some_and(|expires| expires <= now);
                expired || *count > KEPT_PER_JOB
            })
            .collect()
    }

    /// Removes what is outdated, unless somebody reads or removes at this moment.
    ///
    /// # Errors
    /// If an entry cannot be removed.
    pub fn tidy(&self, now: SystemTime) -> io::Result<()> {
        let outdated = self.outdated(now);
        if outdated.is_empty() {
            return Ok(());
        }
        let Some(_lock) = self.state.try_lock(LOCK, false)? else { return Ok(()) };
        outdated.iter().try_for_each(|entry| remove(&entry.path))
    }
}

/// An entry that is not in the store yet, and never will be if it is dropped.
#[derive(Debug)]
pub struct Unfinished {
    place: tempfile::TempDir,
    store: PathBuf,
}

impl Unfinished {
    /// The directory for the files.
    pub fn files(&self) -> PathBuf {
        self.place.path().join(FILES)
    }

    /// A directory for the reports of a type.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn report(&self, kind: &str) -> io::Result<PathBuf> {
        let path = self.place.path().join(REPORTS).join(kind);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Puts the entry into the store.
    ///
    /// # Errors
    /// If that is not possible; nothing is left then.
    pub fn finish(self, manifest: &Manifest) -> io::Result<Entry> {
        let bytes = serde_json::to_vec(manifest)?;
        if bytes.len() as u64 > MAX_MANIFEST {
            return Err(io::Error::other("too much is reported of the job"));
        }
        write_whole(&self.place.path().join(MANIFEST), &bytes)?;
        let unique = self.place.path().file_name().map(|name| name.to_string_lossy().into_owned());
        let unique = unique.unwrap_or_default().replace(super::state::TEMPORARY, "");
        let id = format!("{}-{unique}", manifest.pipeline);
        let path = self.store.join(&id);
        fs::rename(self.place.path(), &path)?;
        // It has another name now, and is kept.
        let _ = self.place.keep();
        Ok(Entry { id, manifest: manifest.clone(), path })
    }
}

/// Seconds since 1970.
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Removes an entry: first its name, so that nobody finds half of it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let away = temporary(parent)?;
    let gone = away.path().join("gone");
    match fs::rename(path, &gone) {
        Ok(()) => fs::remove_dir_all(&gone),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
