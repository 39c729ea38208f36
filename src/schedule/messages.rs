//! What the tasks of jobs tell the dispatcher, as events.

use super::coverage::Coverage;
use super::dispatch::Dispatcher;
use super::log::{Body, Message, StepEnd};
use crate::event::{Command, Event, FailedCommand, Preparation, Section, StepOutcome, Stream};
use crate::plan::{JobId, PlannedJob, ScriptEntry};

impl Dispatcher {
    /// Passes on what a job has sent.
    pub(super) async fn handle(&mut self, Message { job: id, body }: Message) {
        let job = &mut self.jobs[id.0];
        if job.ending.is_some() {
            return;
        }
        let name = self.names[id.0].clone();
        if let Body::Output { stream, bytes } = body {
            let output = match stream {
                Stream::Stdout => &mut job.stdout,
                Stream::Stderr => &mut job.stderr,
            };
            let bytes = output.push(bytes);
            if let Some(coverage) = &mut job.coverage {
                coverage.push(&bytes);
            }
            self.emitter.output(name, stream, bytes).await;
            return;
        }
        // A notice comes from elsewhere, at any time: what looks like the beginning of a secret
        // goes on waiting for its end.
        if !matches!(body, Body::Notice { .. }) {
            self.finish_output(id).await;
        }
        let event = match body {
            Body::Output { .. } => return,
            Body::Notice { level, message } => Event::Notice { job: Some(name), level, message },
            Body::StepStarted { step, text, file, line } => {
                Event::StepStarted { job: name, step, text, file, line }
            }
            Body::StepFinished { step, ended } => {
                let StepEnd { outcome, duration, outputs, usage } = ended;
                Event::StepFinished { job: name, step, outcome, duration, outputs, usage }
            }
            Body::Prepared { duration, spent } => {
                let Preparation { data, image, modules } = spent;
                Event::JobPrepared { job: name, duration, data, image, modules }
            }
            Body::CommandFinished { section, index, duration, usage } => {
                Event::CommandFinished { job: name, section, index, duration, usage }
            }
            Body::Annotation { step, annotation } => {
                Event::Annotation { job: name, step, annotation }
            }
            Body::ReportRead { report } => Event::ReportRead { job: name, report },
            Body::Waiting { reason } => {
                // Whoever waits for others takes no room from them.
                self.light.insert(id);
                Event::JobWaiting { job: name, reason }
            }
            Body::Retried { attempt, outcome } => {
                let failed_command = self.failed_command(id, &outcome);
                let job = &mut self.jobs[id.0];
                (job.begun, job.failed, job.retries) = (None, None, attempt);
                job.coverage.iter_mut().for_each(Coverage::reset);
                Event::JobRetried { job: name, attempt, outcome, failed_command }
            }
            Body::CommandStarted { section, index } => {
                if section == Section::Script {
                    self.jobs[id.0].begun = Some(index);
                }
                let Some(command) = command(self.planned(id), section, index) else { return };
                Event::CommandStarted { job: name, command }
            }
            Body::CommandFailed { section, index, line, status } => {
                let Some(command) = command(self.planned(id), section, index) else { return };
                let command = FailedCommand { command, failed_line: line, status: Some(status) };
                if section == Section::Script {
                    self.jobs[id.0].failed = Some(command.clone());
                }
                Event::CommandFailed { job: name, command }
            }
        };
        self.emitter.emit(event).await;
    }

    /// Emits what is left of a job's output before something else is said about the job.
    pub(super) async fn finish_output(&mut self, id: JobId) {
        let job = &mut self.jobs[id.0];
        let rest = [(Stream::Stdout, job.stdout.finish()), (Stream::Stderr, job.stderr.finish())];
        for (stream, bytes) in rest {
            if let Some(coverage) = &mut self.jobs[id.0].coverage {
                coverage.push(&bytes);
            }
            self.emitter.output(self.names[id.0].clone(), stream, bytes).await;
        }
    }

    /// The command that `outcome` is to be blamed on: the one that was reported to have failed, or
    /// else the one that was running.
    pub(super) fn failed_command(&self, id: JobId, outcome: &StepOutcome) -> Option<FailedCommand> {
        if outcome.is_success() || matches!(outcome, StepOutcome::NotKept { .. }) {
            return None;
        }
        let job = &self.jobs[id.0];
        job.failed.clone().or_else(|| {
            let command = command(self.planned(id), Section::Script, job.begun?)?;
            let failed_line = command.line;
            Some(FailedCommand { command, failed_line, status: outcome.exit_code() })
        })
    }
}

/// The entry that a message speaks of; an executor that counts wrongly is not worth a panic.
fn command(job: &PlannedJob, section: Section, index: usize) -> Option<Command> {
    let entries = match section {
        Section::Script => &job.script,
        Section::AfterScript => &job.after_script,
    };
    let ScriptEntry { text, file, line } = entries.get(index)?.clone();
    Some(Command { section, index, text, file, line })
}
