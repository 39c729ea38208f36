//! Nothing leaves the scheduler with a secret in it: whoever shows, stores or forwards events need
//! not know any.

use bytes::Bytes;
use serde_json::Value;

use super::utf8::Joiner;
use crate::event::{
    Annotation, Command, Event, FailedCommand, FailedTest, JobName, Report, SkipReason, StageInfo,
    StepOutcome, WaitReason,
};
use crate::mask::{Mask, MaskStream};

/// One stream of a job: secrets are masked, then UTF-8 sequences kept together.
#[derive(Debug)]
pub(super) struct Output {
    mask: MaskStream,
    joiner: Joiner,
}

impl Output {
    pub(super) fn new(mask: &Mask) -> Self {
        Self { mask: mask.stream(), joiner: Joiner::default() }
    }

    /// Returns what can be passed on, which may be nothing.
    pub(super) fn push(&mut self, bytes: Bytes) -> Bytes {
        let mut masked = Vec::with_capacity(bytes.len());
        self.mask.push(&bytes, &mut masked);
        self.joiner.push(masked.into())
    }

    /// Returns what is left when the stream ends or is interrupted.
    pub(super) fn finish(&mut self) -> Bytes {
        let mut masked = Vec::new();
        self.mask.finish(&mut masked);
        let mut bytes = self.joiner.push(masked.into()).to_vec();
        bytes.extend_from_slice(&self.joiner.finish());
        bytes.into()
    }
}

/// An event without secrets. Output has been masked as a stream already.
pub(super) fn redacted(event: Event, mask: &Mask) -> Event {
    let text = |text: String| match mask.text(&text) {
        std::borrow::Cow::Borrowed(_) => text,
        std::borrow::Cow::Owned(masked) => masked,
    };
    let name = |name: JobName| -> JobName { text(String::from(name)).into() };
    let command = |command: Command| Command {
        text: text(command.text),
        file: text(command.file),
        ..command
    };
    let failed =
        |failed: FailedCommand| FailedCommand { command: command(failed.command), ..failed };
    let outcome = |outcome: StepOutcome| match outcome {
        StepOutcome::Trapped { message } => StepOutcome::Trapped { message: text(message) },
        StepOutcome::NotLoadable { message } => StepOutcome::NotLoadable { message: text(message) },
        StepOutcome::NotKept { message } => StepOutcome::NotKept { message: text(message) },
        StepOutcome::Internal { message } => StepOutcome::Internal { message: text(message) },
        StepOutcome::Downstream { message } => StepOutcome::Downstream { message: text(message) },
        StepOutcome::Blocked { job } => StepOutcome::Blocked { job: name(job) },
        StepOutcome::Exited(_)
        | StepOutcome::TimedOut
        | StepOutcome::OutOfMemory
        | StepOutcome::OutputLimit
        | StepOutcome::DiskQuota
        | StepOutcome::NothingRan
        | StepOutcome::Cancelled => outcome,
    };
    let shown = |stages: Vec<StageInfo>| {
        let stage = |stage: StageInfo| StageInfo {
            name: text(stage.name),
            jobs: stage.jobs.into_iter().map(name).collect(),
        };
        stages.into_iter().map(stage).collect()
    };
    match event {
        Event::RunStarted { pipeline, stages, parallel } => {
            Event::RunStarted { pipeline: text(pipeline), stages: shown(stages), parallel }
        }
        Event::PipelineCreated { job, stages } => {
            Event::PipelineCreated { job, stages: shown(stages) }
        }
        Event::Notice { job, level, message } => {
            Event::Notice { job, level, message: text(message) }
        }
        Event::CommandStarted { job, command: started } => {
            Event::CommandStarted { job, command: command(started) }
        }
        Event::CommandFailed { job, command } => {
            Event::CommandFailed { job, command: failed(command) }
        }
        Event::StepStarted { job, step, text: shown, file, line } => {
            Event::StepStarted { job, step, text: text(shown), file: text(file), line }
        }
        Event::StepFinished { job, step, outcome: end, duration, outputs, usage } => {
            let outputs = outputs.into_iter().map(|(name, value)| (name, json(value, mask)));
            let outputs = outputs.collect();
            let outcome = outcome(end);
            Event::StepFinished { job, step, outcome, duration, outputs, usage }
        }
        Event::Annotation { job, step, annotation } => {
            let annotation = Annotation {
                message: text(annotation.message),
                title: annotation.title.map(text),
                file: annotation.file.map(text),
                ..annotation
            };
            Event::Annotation { job, step, annotation }
        }
        Event::ReportRead { job, report } => {
            let test = |test: FailedTest| FailedTest {
                result: test.result,
                name: text(test.name),
                classname: text(test.classname),
                file: text(test.file),
                message: text(test.message),
            };
            let report = match report {
                Report::Junit(mut tests) => {
                    tests.failures = tests.failures.into_iter().map(test).collect();
                    Report::Junit(tests)
                }
                Report::CoverageReport(_) => report,
            };
            Event::ReportRead { job, report }
        }
        Event::JobFinished {
            job,
            outcome: end,
            allowed_failure,
            duration,
            failed_command,
            attempts,
            coverage,
            after_script,
        } => Event::JobFinished {
            job,
            outcome: outcome(end),
            allowed_failure,
            duration,
            failed_command: failed_command.map(failed),
            attempts,
            coverage: coverage.map(text),
            after_script: after_script.map(outcome),
        },
        Event::JobRetried { job, attempt, outcome: end, failed_command } => Event::JobRetried {
            job,
            attempt,
            outcome: outcome(end),
            failed_command: failed_command.map(failed),
        },
        Event::JobWaiting { job, reason } => {
            let reason = match reason {
                WaitReason::ResourceGroup { name } => {
                    WaitReason::ResourceGroup { name: text(name) }
                }
                WaitReason::Delayed { .. } => reason,
            };
            Event::JobWaiting { job, reason }
        }
        Event::JobSkipped { job, reason } => {
            let reason = match reason {
                SkipReason::Failed { job } => SkipReason::Failed { job: name(job) },
                SkipReason::NeedSkipped { job } => SkipReason::NeedSkipped { job: name(job) },
                SkipReason::Waits { job } => SkipReason::Waits { job: name(job) },
                SkipReason::Tags { missing } => {
                    SkipReason::Tags { missing: missing.into_iter().map(text).collect() }
                }
                SkipReason::NothingFailed | SkipReason::Cancelled | SkipReason::Manual => reason,
            };
            Event::JobSkipped { job, reason }
        }
        Event::JobStarted { .. }
        | Event::JobPrepared { .. }
        | Event::CommandFinished { .. }
        | Event::Output { .. }
        | Event::PipelineFinished { .. }
        | Event::RunFinished { .. } => event,
    }
}

/// A JSON value without secrets.
fn json(value: Value, mask: &Mask) -> Value {
    match value {
        Value::String(text) => Value::String(mask.text(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(|item| json(item, mask)).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter();
            let masked =
                entries.map(|(name, value)| (mask.text(&name).into_owned(), json(value, mask)));
            Value::Object(masked.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}
