//! What is known of a project's last run, so that it can be continued.
//!
//! A file in the user's state directory, one line of JSON per event that matters. It is begun anew
//! by renaming and then only appended to, so that a crash loses at most its last line.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::project::Project;
use crate::event::{Event, Record, RunResult};

/// Larger files are not ours.
const MAX_BYTES: u64 = 64 << 20;

/// A line of the file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first one: whose run it is.
    Run { project: String, file: String },
    /// A job has succeeded, or failed and was allowed to.
    Done(String),
    /// A job has failed.
    Failed(String),
    /// A job has triggered a child pipeline.
    Triggered(String),
    /// The child pipeline of a job has ended, and whether well.
    ChildEnded { job: String, well: bool },
    /// The run has ended, and whether well.
    Ended { well: bool },
}

/// What the last run did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LastRun {
    /// The jobs that need not run again.
    pub(super) done: Vec<String>,
    /// The job that failed last.
    pub(super) failed: Option<String>,
    /// Whether the run ended well.
    pub(super) well: bool,
}

/// The file for a project's pipeline.
pub(super) fn path(directory: &Path, project: &Project) -> PathBuf {
    let key = format!("{}\0{}", project.root.display(), project.file);
    let name = blake3::hash(key.as_bytes()).to_hex();
    directory.join("runs").join(format!("{}.jsonl", &name[..32]))
}

/// Reads what the last run did; none if there was no run.
pub(super) fn read(path: &Path) -> io::Result<Option<LastRun>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut lines = BufReader::new(file.take(MAX_BYTES)).lines();
    // A file of another version says nothing, nor does one that was just begun.
    match lines.next().transpose()?.map(|line| serde_json::from_str(&line)) {
        Some(Ok(Line::Run { .. })) => {}
        _ => return Ok(None),
    }
    let mut last = LastRun::default();
    // Jobs whose child pipelines have not ended well: they are to run again, even those that
    // succeeded because they do not wait.
    let mut open: HashSet<String> = HashSet::new();
    let mut triggered: HashSet<String> = HashSet::new();
    for line in lines {
        match serde_json::from_str(&line?) {
            Ok(Line::Run { .. }) => {}
            Ok(Line::Done(job)) => last.done.push(job),
            // A trigger job fails because of another job, which is the one to look at.
            Ok(Line::Failed(job)) if triggered.contains(&job) => {}
            Ok(Line::Failed(job)) => last.failed = Some(job),
            Ok(Line::Triggered(job)) => {
                triggered.insert(job.clone());
                open.insert(job);
            }
            Ok(Line::ChildEnded { job, well: true }) => _ = open.remove(&job),
            Ok(Line::ChildEnded { .. }) => {}
            Ok(Line::Ended { well }) => last.well = well,
            // The last line may be torn.
            Err(_) => break,
        }
    }
    last.done.retain(|job| !open.contains(job));
    last.well &= open.is_empty();
    Ok(Some(last))
}

/// Writes down what a run does.
#[derive(Debug)]
pub(super) struct Recorder(File);

impl Recorder {
    /// Begins anew, with the jobs that are done already.
    pub(super) fn begin(path: &Path, project: &Project, done: &[String]) -> io::Result<Self> {
        let directory = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut recorder = Self(options.open(&temporary)?);
        let root = project.root.display().to_string();
        // Nothing is lost when a crash leaves an empty file: what it replaces is of a run that no
        // longer is the last. (Some file systems write content to the disk before they rename it
        // over another file, which takes as long as everything else here.)
        if done.is_empty() {
            fs::rename(&temporary, path)?;
        }
        recorder.write(&Line::Run { project: root, file: project.file.clone() })?;
        if !done.is_empty() {
            for job in done {
                recorder.write(&Line::Done(job.clone()))?;
            }
            fs::rename(&temporary, path)?;
        }
        Ok(recorder)
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        self.0.write_all(text.as_bytes())
    }

    /// Notes what happened.
    pub(super) fn record(&mut self, record: &Record) -> io::Result<()> {
        match &record.event {
            Event::JobFinished { job, outcome, allowed_failure, .. } => {
                let name = job.to_string();
                let well = outcome.is_success() || *allowed_failure;
                self.write(&if well { Line::Done(name) } else { Line::Failed(name) })
            }
            Event::PipelineCreated { job, .. } => self.write(&Line::Triggered(job.to_string())),
            Event::PipelineFinished { job, result, .. } => {
                let well = !matches!(result, RunResult::Failed | RunResult::Cancelled);
                self.write(&Line::ChildEnded { job: job.to_string(), well })
            }
            Event::RunFinished { result, .. } => {
                let well = matches!(result, RunResult::Success | RunResult::Blocked);
                self.write(&Line::Ended { well })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::StepOutcome;

    fn finished(job: &str, code: u8) -> Record {
        let event = Event::JobFinished {
            job: job.into(),
            outcome: StepOutcome::Exited(code),
            allowed_failure: false,
            duration: Duration::ZERO,
            failed_command: None,
            attempts: 1,
            coverage: None,
            after_script: None,
        };
        Record { elapsed: Duration::ZERO, event }
    }

    #[test]
    fn what_is_recorded_is_read_back() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let project = Project { root: "/project".into(), file: "ci.yml".to_owned() };
        let path = path(directory.path(), &project);
        assert_eq!(read(&path).expect("readable"), None);
        let mut recorder =
            Recorder::begin(&path, &project, &["early".to_owned()]).expect("writable");
        recorder.record(&finished("good", 0)).expect("writable");
        recorder.record(&finished("bad", 1)).expect("writable");
        let done = vec!["early".to_owned(), "good".to_owned()];
        let failed = Some("bad".to_owned());
        let expected = LastRun { done, failed, well: false };
        assert_eq!(read(&path).expect("readable"), Some(expected));
        // A torn line, as a crash leaves it, costs that line only.
        recorder.0.write_all(b"{\"done\":\"ne").expect("writable");
        assert_eq!(read(&path).expect("readable").map(|last| last.done.len()), Some(2));
        fs::write(&path, "something else\n").expect("writable");
        assert_eq!(read(&path).expect("readable"), None);
        let other = Project { file: "other.yml".to_owned(), ..project };
        assert_ne!(super::path(directory.path(), &other), path);
    }
}
