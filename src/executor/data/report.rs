//! `artifacts:reports:junit` and `coverage_report`: what they come to. They are parsed inside the
//! sandbox, by a program that can reach nothing but their files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::diagnostic::printable;
use crate::event::{CoverageReport, FailedTest, Report, TestReport, TestResult};
use crate::sandbox::{
    How, JobSpec, Limits, MountSpec, OutputSink, OutputStream, OwnProgram, ProgramSpec, Sandbox,
    Stdio,
};

/// How long reading the reports of a job may take, compiling the program that does included.
const MAX_TIME: Duration = Duration::from_secs(120);
/// Memory for reading them: the largest file, what it becomes, and the names of what is counted.
const MEMORY: u64 = 512 << 20;
/// What the program may say: more than it does with the longest names.
const MAX_ANSWER: usize = 1 << 20;

/// A kind of reports that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Junit,
    Cobertura,
    Jacoco,
}

impl Kind {
    /// The kind of a report as `artifacts:reports` has it; none if it is not read.
    pub(super) fn of(kind: &str, format: Option<&str>) -> Option<Self> {
        match (kind, format) {
            ("junit", _) => Some(Self::Junit),
            ("coverage_report", Some("cobertura")) => Some(Self::Cobertura),
            ("coverage_report", Some("jacoco")) => Some(Self::Jacoco),
            _ => None,
        }
    }

    /// As the program takes it.
    fn name(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Cobertura => "cobertura",
            Self::Jacoco => "jacoco",
        }
    }
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) report: Report,
    /// What is wrong with single files.
    pub(super) problems: Vec<String>,
}

/// Reads all reports of one kind, which lie in a directory of the host.
///
/// # Errors
/// Why none can be read.
pub(super) async fn read(
    sandbox: &Sandbox,
    kind: Kind,
    directory: PathBuf,
) -> Result<Read, String> {
    let answer = run(sandbox, kind, &directory).await?;
    match kind {
        Kind::Junit => parsed::<Tests>(&answer).map(Tests::read),
        Kind::Cobertura | Kind::Jacoco => parsed::<Coverage>(&answer).map(|read| read.read(kind)),
    }
}

async fn run(sandbox: &Sandbox, kind: Kind, directory: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("cannot be read: {error}");
    let said = Arc::new(Said::default());
    let files = MountSpec { host: directory.into(), guest: "/in".to_owned(), read_only: true };
    let job = sandbox
        .job(JobSpec {
            mounts: vec![files],
            commands: Vec::new(),
            limits: Limits {
                memory: MEMORY,
                total_memory: MEMORY,
                processes: 1,
                log: 2 * MAX_ANSWER as u64,
                ..Limits::default()
            },
            sink: Arc::clone(&said) as _,
            observer: None,
        })
        .map_err(|error| cannot(&error))?;
    let program = ProgramSpec {
        program: b"report".to_vec(),
        module: None,
        arguments: vec![b"report".to_vec(), kind.name().into()],
        environment: Vec::new(),
        cwd: "/in".to_owned(),
        stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
    };
    let ended = timeout(MAX_TIME, job.run_own(OwnProgram::Report, program)).await;
    job.close().await;
    let exit = ended
        .map_err(|_| format!("cannot be read within {} s", MAX_TIME.as_secs()))?
        .map_err(|error| cannot(&error))?;
    let answer = said.take();
    match (exit.status, exit.how) {
        (0, _) if answer.len() <= MAX_ANSWER => Ok(answer),
        (_, How::OutOfMemory(_)) => {
            Err(format!("cannot be read within {} MiB of memory", MEMORY >> 20))
        }
        (_, How::Trapped(message)) => Err(cannot(&message)),
        (status, _) => {
            let text = String::from_utf8_lossy(&answer[..answer.len().min(500)]).into_owned();
            Err(format!("cannot be read: status {status}: {}", printable(text.trim())))
        }
    }
}

/// What the program says is believed no more than what it has read.
fn parsed<T: DeserializeOwned>(answer: &[u8]) -> Result<T, String> {
    serde_json::from_slice(answer).map_err(|error| format!("cannot be read: {error}"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tests {
    files: u64,
    tests: u64,
    failed: u64,
    errors: u64,
    skipped: u64,
    duplicates: u64,
    time_us: u64,
    failures: Vec<Failure>,
    problems: Problems,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    kind: TestResult,
    name: String,
    classname: String,
    file: String,
    message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Coverage {
    files: u64,
    lines: u64,
    covered: u64,
    problems: Problems,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Problems {
    named: Vec<Problem>,
    more: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Problem {
    file: String,
    message: String,
}

impl Tests {
    fn read(self) -> Read {
        let failure = |failure: Failure| FailedTest {
            result: failure.kind,
            name: printable(&failure.name),
            classname: printable(&failure.classname),
            file: printable(&failure.file),
            message: printable(&failure.message),
        };
        let report = Report::Junit(TestReport {
            files: self.files,
            tests: self.tests,
            failed: self.failed,
            errors: self.errors,
            skipped: self.skipped,
            duplicates: self.duplicates,
            duration: Duration::from_micros(self.time_us),
            failures: self.failures.into_iter().map(failure).collect(),
        });
        Read { report, problems: self.problems.lines() }
    }
}

impl Coverage {
    fn read(self, kind: Kind) -> Read {
        let report = Report::CoverageReport(CoverageReport {
            format: kind.name().to_owned(),
            files: self.files,
            lines: self.lines,
            covered: self.covered.min(self.lines),
        });
        Read { report, problems: self.problems.lines() }
    }
}

impl Problems {
    fn lines(self) -> Vec<String> {
        let line = |Problem { file, message }| printable(&format!("{file}: {message}"));
        let mut lines: Vec<String> = self.named.into_iter().map(line).collect();
        if self.more > 0 {
            lines.push(format!("{} more files cannot be read", self.more));
        }
        lines
    }
}

/// What the program writes, up to a little more than it may.
#[derive(Default)]
struct Said(Mutex<Vec<u8>>);

impl Said {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl OutputSink for Said {
    async fn write(&self, _: OutputStream, data: &[u8]) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = (MAX_ANSWER + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(&data[..data.len().min(room)]);
    }
}
