//! One job's scripts: a shell for each, over the same files.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use indexmap::IndexMap;

use super::meter::Meter;
use super::supervise::supervise;
use super::{PROJECT_DIRECTORY, SHELL};
use crate::event::{Level, Section, StepOutcome, Stream};
use crate::plan::ScriptEntry;
use crate::sandbox::{
    DEFAULT_PATH, Job, OutputSink, OutputStream, ProgramSpec, Scratch, ScriptObserver, Stdio,
};
use crate::schedule::{JobLog, JobSandbox, ScriptRun, Stop};

/// Variables that every job has unless it sets them itself.
const DEFAULTS: [(&str, &str); 8] = [
    ("PATH", DEFAULT_PATH),
    ("HOME", "/tmp"),
    ("LANG", "C.UTF-8"),
    ("LOGNAME", "root"),
    ("SHELL", "/bin/bash"),
    ("TMPDIR", "/tmp"),
    ("USER", "root"),
    ("PWD", PROJECT_DIRECTORY),
];

/// For a shell that wants a text: starts its arguments.
const START: &str = "exec \"$0\" \"$@\"";

fn last_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A job that was prepared.
pub(super) struct ScriptSandbox {
    pub(super) sandbox: Arc<Job>,
    /// The job's `/tmp`; removed with it.
    pub(super) scratch: Option<Scratch>,
    pub(super) progress: Arc<ScriptProgress>,
    /// What starts the shell, if anything does.
    pub(super) entrypoint: Vec<String>,
    /// The image's environment.
    pub(super) image: Vec<(String, String)>,
    pub(super) granted: Vec<(String, String)>,
    pub(super) variables: Vec<(String, String)>,
}

#[async_trait]
impl JobSandbox for ScriptSandbox {
    async fn run(&mut self, script: ScriptRun<'_>, log: JobLog, stop: Stop) -> StepOutcome {
        self.progress.begin(&self.sandbox, script.section, script.entries);
        if !self.entrypoint.is_empty() {
            self.sandbox.expect_a_reporter();
        }
        let ended = supervise(&self.sandbox, self.sandbox.run(self.shell(&script)), &stop).await;
        self.progress.end(&self.sandbox).await;
        if ended.exit.is_err() {
            return ended.outcome(&self.sandbox);
        }
        if self.sandbox.process_limit_reached() && !self.progress.told_processes() {
            log.notice(Level::Warning, "the job's limit of processes was reached").await;
        }
        let outcome = ended.outcome(&self.sandbox);
        if outcome == StepOutcome::Exited(0)
            && !self.entrypoint.is_empty()
            && !script.entries.is_empty()
            && !self.sandbox.has_reporter()
        {
            let program = &self.entrypoint[0];
            let message = format!(
                "the entrypoint `{program}` ended without starting the shell that it was given, so \
                 that no command was run; leave it out with `entrypoint: [\"\"]` below `image`"
            );
            return StepOutcome::NotLoadable { message };
        }
        outcome
    }

    async fn close(mut self: Box<Self>) {
        self.sandbox.close().await;
        let scratch = self.scratch.take();
        // Removing the directory may take a while.
        let _ = tokio::task::spawn_blocking(move || drop(scratch)).await;
    }
}

impl Drop for ScriptSandbox {
    fn drop(&mut self) {
        self.sandbox.abandon();
    }
}

impl ScriptSandbox {
    fn shell(&self, script: &ScriptRun<'_>) -> ProgramSpec {
        let options = [SHELL, "-e", "-o", "pipefail", "--job"];
        let before = self.entrypoint.iter().map(String::as_str);
        // GitLab Runner's shell gets its script by standard input, so that `sh -c` can start it.
        let is_shell = |program: &str| ["sh", "bash"].contains(&last_name(program));
        let as_text = match self.entrypoint.as_slice() {
            [program, .., last] if last == "-c" && is_shell(program) => Some(START),
            _ => None,
        };
        let arguments = before.chain(as_text).chain(options);
        let arguments = arguments.chain(script.entries.iter().map(|e| e.text.as_str()));
        let mut environment: IndexMap<&str, &str> = DEFAULTS.into_iter().collect();
        let own = self.image.iter().chain(&self.granted).chain(&self.variables);
        let own = own.chain(script.extra_variables);
        environment.extend(own.map(|(name, value)| (name.as_str(), value.as_str())));
        ProgramSpec {
            program: self.entrypoint.first().map_or(SHELL, String::as_str).into(),
            module: None,
            arguments: arguments.map(|argument| argument.as_bytes().to_vec()).collect(),
            environment: environment
                .into_iter()
                .map(|(name, value)| format!("{name}={value}").into_bytes())
                .collect(),
            cwd: PROJECT_DIRECTORY.to_owned(),
            stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
        }
    }
}

/// Hands a job's output to its log.
pub(super) struct LogSink(JobLog);

impl LogSink {
    pub(super) fn new(log: JobLog) -> Self {
        Self(log)
    }
}

#[async_trait]
impl OutputSink for LogSink {
    async fn write(&self, stream: OutputStream, data: &[u8]) {
        let stream = match stream {
            OutputStream::Stdout => Stream::Stdout,
            OutputStream::Stderr => Stream::Stderr,
        };
        self.0.output(stream, Bytes::copy_from_slice(data)).await;
    }
}

/// Follows the shell through the entries of the script that it works on.
pub(super) struct ScriptProgress {
    log: JobLog,
    current: Mutex<Current>,
    told_processes: AtomicBool,
}

/// The script that is worked on.
struct Current {
    section: Section,
    /// The lines where its entries begin.
    lines: Vec<usize>,
    /// Whose processes work on it. Not held: the job holds the one who follows it.
    job: Weak<Job>,
    /// The entry that has begun, when, and what had been used by then.
    running: Option<(usize, Instant, Meter)>,
}

impl ScriptProgress {
    pub(super) fn new(log: JobLog) -> Self {
        let current = Current {
            section: Section::Script,
            lines: Vec::new(),
            job: Weak::new(),
            running: None,
        };
        Self { log, current: Mutex::new(current), told_processes: AtomicBool::new(false) }
    }

    fn begin(&self, job: &Arc<Job>, section: Section, entries: &[ScriptEntry]) {
        let lines = entries.iter().map(|entry| entry.line).collect();
        *self.lock() = Current { section, lines, job: Arc::downgrade(job), running: None };
    }

    /// Tells what the last entry used.
    async fn end(&self, job: &Job) {
        let ended = self.lock().running.take();
        let section = self.lock().section;
        if let Some((index, start, meter)) = ended {
            let usage = meter.read(job);
            self.log.command_finished(section, index, start.elapsed(), usage).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told_processes(&self) -> bool {
        self.told_processes.swap(true, Ordering::Relaxed)
    }

    fn place(&self, index: u32) -> Option<(Section, usize, usize)> {
        let current = self.lock();
        let index = index as usize;
        Some((current.section, index, *current.lines.get(index)?))
    }
}

#[async_trait]
impl ScriptObserver for ScriptProgress {
    async fn command_started(&self, index: u32) {
        let Some((section, index, _)) = self.place(index) else { return };
        let Some(job) = self.lock().job.upgrade() else { return };
        self.end(&job).await;
        self.log.command_started(section, index).await;
        self.lock().running = Some((index, Instant::now(), Meter::start(&job)));
    }

    async fn command_failed(&self, index: u32, line: u32, status: u8) {
        if let Some((section, index, first)) = self.place(index) {
            let line = first + (line as usize).saturating_sub(1);
            self.log.command_failed(section, index, line, status).await;
        }
    }
}
