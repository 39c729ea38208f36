//! Running a part of a pipeline again, and writing down what a run did.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::environment::Environment;
use super::failure::Failure;
use super::output::Sink;
use super::project::Project;
use super::state::{self, LastRun, Recorder};
use super::tell;
use crate::event::{Event, Record};
use crate::plan::Selection;
use crate::report::Reporter;
use crate::report::junit::Junit;

/// Where a run begins, and what is written about it.
#[derive(Debug, Args)]
pub(super) struct AgainArgs {
    /// Begin with this job, or with this stage: what comes before does not run, as it did in a run
    /// before.
    #[arg(long, value_name = "JOB|STAGE")]
    from: Option<String>,

    /// Continue the project's last run in the same workspace: jobs that succeeded do not run again.
    #[arg(long, conflicts_with = "from")]
    resume: bool,

    /// Run jobs of later stages although one of an earlier stage failed; not those that need it.
    #[arg(long)]
    pub(super) keep_going: bool,

    /// Print what would run, in order, and run nothing.
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Also write a report to a file when the run has ended; may be repeated.
    #[arg(long = "report", value_name = "junit=FILE")]
    reports: Vec<ReportFile>,
}

/// A report to be written to a file.
#[derive(Clone, Debug)]
struct ReportFile(PathBuf);

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("junit", file)) if !file.is_empty() => Ok(Self(file.into())),
            Some((format, _)) if format != "junit" => {
                Err(format!("{format:?} is no format of reports; write junit=FILE"))
            }
            _ => Err("write it as junit=FILE".to_owned()),
        }
    }
}

impl AgainArgs {
    /// Which jobs run: those that were chosen, without what came before or is done. None if nothing
    /// is left to do.
    pub(super) fn selection(
        &self,
        jobs: &[String],
        stages: &[String],
        project: &Project,
        environment: &Environment,
    ) -> Result<Option<Selection>, Failure> {
        let mut selection = Selection {
            jobs: jobs.to_vec(),
            stages: stages.to_vec(),
            from: self.from.clone(),
            done: Vec::new(),
        };
        if self.resume {
            let last = last_run(project, environment)?.ok_or_else(|| {
                Failure::usage("there is no run of this pipeline to continue")
                    .help("start one: greenroom run")
            })?;
            if last.well {
                return Ok(None);
            }
            selection.done = last.done;
        }
        Ok(Some(selection))
    }

    /// What is to be told of the run besides its report. A run of single jobs is not one to
    /// continue, and leaves alone what is known of the last one.
    pub(super) fn sinks(
        &self,
        whole: bool,
        done: &[String],
        project: &Project,
        environment: &Environment,
    ) -> Result<Vec<Box<dyn Sink>>, Failure> {
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        for ReportFile(path) in &self.reports {
            // Told before anything runs, not after an hour.
            let directory = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            let directory = directory.unwrap_or(Path::new("."));
            if !directory.is_dir() {
                let shown = directory.display();
                return Err(Failure::usage(format!("--report: there is no directory {shown}")));
            }
            sinks.push(Box::new(ToFile { reporter: Junit::default(), path: path.clone() }));
        }
        if whole && let Some(directory) = environment.state_dir() {
            let path = state::path(&directory, project);
            match Recorder::begin(&path, project, done) {
                Ok(recorder) => sinks.push(Box::new(ToState(recorder))),
                Err(error) => tell(&format!(
                    "note: this run cannot be continued later: {}: {error}\n",
                    path.display()
                )),
            }
        }
        Ok(sinks)
    }
}

/// What is known of the project's last run.
pub(super) fn last_run(
    project: &Project,
    environment: &Environment,
) -> Result<Option<LastRun>, Failure> {
    let Some(directory) = environment.state_dir() else {
        return Err(Failure::usage("what the last run did is not known")
            .help("set HOME or XDG_STATE_HOME: it is kept below them"));
    };
    let path = state::path(&directory, project);
    state::read(&path)
        .map_err(|error| Failure::unable(format!("cannot read {}: {error}", path.display())))
}

struct ToState(Recorder);

impl Sink for ToState {
    fn record(&mut self, record: &Record) -> Result<(), String> {
        self.0.record(record).map_err(|error| format!("the run cannot be continued later: {error}"))
    }
}

/// A report that is written as a whole, so that nobody finds half of it.
struct ToFile {
    reporter: Junit,
    path: PathBuf,
}

impl Sink for ToFile {
    fn record(&mut self, record: &Record) -> Result<(), String> {
        let mut out = Vec::new();
        self.reporter.record(record, &mut out);
        if !matches!(record.event, Event::RunFinished { .. }) {
            return Ok(());
        }
        write(&self.path, &out)
            .map_err(|error| format!("cannot write {}: {error}", self.path.display()))
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, path).inspect_err(|_| drop(fs::remove_file(&temporary)))
}
