use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::event::{
    Annotation, Level, Preparation, Report, Section, StepOutcome, Stream, Usage, WaitReason,
};
use crate::plan::JobId;

/// Output travels in chunks of at most this many bytes, so that the bounded channel bounds memory.
const CHUNK: usize = 64 * 1024;

/// What is said without waiting and finds no room in the channel waits here; further notices are
/// counted only.
const WAITING: usize = 64;

/// The outputs of a step, as JSON.
pub type Outputs = serde_json::Map<String, serde_json::Value>;

/// How a step ended.
#[derive(Clone, Debug)]
pub struct StepEnd {
    /// How.
    pub outcome: StepOutcome,
    /// After how long.
    pub duration: Duration,
    /// Its outputs, without those that are sensitive.
    pub outputs: Outputs,
    /// What its processes used.
    pub usage: Usage,
}

/// What a job tells the dispatcher. Internal: the public form are the events.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) job: JobId,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Prepared { duration: Duration, spent: Preparation },
    CommandStarted { section: Section, index: usize },
    CommandFinished { section: Section, index: usize, duration: Duration, usage: Usage },
    CommandFailed { section: Section, index: usize, line: usize, status: u8 },
    Output { stream: Stream, bytes: Bytes },
    Notice { level: Level, message: String },
    StepStarted { step: String, text: String, file: String, line: usize },
    StepFinished { step: String, ended: StepEnd },
    Annotation { step: String, annotation: Annotation },
    ReportRead { report: Report },
    // The job waits for something else than its time.
    Waiting { reason: WaitReason },
    // An attempt failed and the job is tried again.
    Retried { attempt: u32, outcome: StepOutcome },
}

/// The way in which an executor reports what happens in its job.
///
/// The methods wait while the reader of the events is slower than the job: a job that floods its
/// output is slowed down, and no more than a few MiB are ever held. Calls from one task keep their
/// order.
#[derive(Clone, Debug)]
pub struct JobLog {
    job: JobId,
    sender: mpsc::Sender<Message>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: Vec<Body>,
    lost: usize,
}

impl JobLog {
    pub(super) fn new(job: JobId, sender: mpsc::Sender<Message>) -> Self {
        Self { job, sender, waiting: Arc::default() }
    }

    /// The sandbox is ready, after this long, parts of which went to what `spent` says.
    pub async fn prepared(&self, duration: Duration, spent: Preparation) {
        self.send(Body::Prepared { duration, spent }).await;
    }

    /// The shell is through with the entry `index` of the script, or was ended in it.
    pub async fn command_finished(
        &self,
        section: Section,
        index: usize,
        duration: Duration,
        usage: Usage,
    ) {
        self.send(Body::CommandFinished { section, index, duration, usage }).await;
    }

    /// The shell begins with the entry `index` (from 0) of the script.
    pub async fn command_started(&self, section: Section, index: usize) {
        self.send(Body::CommandStarted { section, index }).await;
    }

    /// The entry `index` of the script failed with an exit status and ended the script. `line` is
    /// the line of the pipeline file where it failed; within an entry of several lines, that of the
    /// command.
    pub async fn command_failed(&self, section: Section, index: usize, line: usize, status: u8) {
        self.send(Body::CommandFailed { section, index, line, status }).await;
    }

    /// A step within a step begins: its path of names, what it does, and where it stands.
    pub async fn step_started(&self, step: &str, text: &str, file: &str, line: usize) {
        let (step, text, file) = (step.to_owned(), text.to_owned(), file.to_owned());
        self.send(Body::StepStarted { step, text, file, line }).await;
    }

    /// A step has ended: its path of names, and how.
    pub async fn step_finished(&self, step: &str, ended: StepEnd) {
        self.send(Body::StepFinished { step: step.to_owned(), ended }).await;
    }

    /// A step says something about a place of a file.
    pub async fn annotation(&self, step: &str, annotation: Annotation) {
        self.send(Body::Annotation { step: step.to_owned(), annotation }).await;
    }

    /// Reports that the job left were read.
    pub async fn report_read(&self, report: Report) {
        self.send(Body::ReportRead { report }).await;
    }

    /// The job wrote `bytes`. Chunks may end anywhere.
    pub async fn output(&self, stream: Stream, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let chunk = bytes.split_to(bytes.len().min(CHUNK));
            self.send(Body::Output { stream, bytes: chunk }).await;
        }
    }

    /// Says something about the job.
    pub async fn notice(&self, level: Level, message: impl Into<String>) {
        self.send(Body::Notice { level, message: message.into() }).await;
    }

    /// The job waits for others before it can go on.
    pub async fn waiting(&self, reason: WaitReason) {
        self.send(Body::Waiting { reason }).await;
    }

    /// An attempt failed and the job is tried again.
    pub(super) async fn retried(&self, attempt: u32, outcome: StepOutcome) {
        self.send(Body::Retried { attempt, outcome }).await;
    }

    /// Says something about the job without waiting. What finds no room now comes before whatever
    /// is reported next.
    pub fn try_notice(&self, level: Level, message: impl Into<String>) {
        let body = Body::Notice { level, message: message.into() };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let body = if waiting.messages.is_empty() {
            match self.sender.try_send(Message { job: self.job, body }) {
                Ok(()) | Err(TrySendError::Closed(_)) => return,
                Err(TrySendError::Full(message)) => message.body,
            }
        } else {
            body
        };
        if waiting.messages.len() < WAITING {
            waiting.messages.push(body);
        } else {
            waiting.lost += 1;
        }
    }

    /// Sends what waits for room.
    pub(super) async fn flush(&self) {
        let waiting = mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for body in waiting.messages {
            self.send_now(body).await;
        }
        if waiting.lost > 0 {
            let message = format!("{} more notices were dropped", waiting.lost);
            self.send_now(Body::Notice { level: Level::Warning, message }).await;
        }
    }

    async fn send(&self, body: Body) {
        self.flush().await;
        self.send_now(body).await;
    }

    async fn send_now(&self, body: Body) {
        // An error means that the run is over and nobody listens.
        let _ = self.sender.send(Message { job: self.job, body }).await;
    }
}
