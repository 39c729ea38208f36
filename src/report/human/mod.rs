//! Text for people: what the jobs write as it comes, a line of progress, and a summary.

mod board;
mod progress;
mod sections;
mod style;
mod summary;
mod timings;

pub use style::Style;

use std::fmt::Display;
use std::io::Write as _;
use std::time::Duration;

use self::board::{Board, State};
use self::lines::{Line, safe};
use self::progress::Progress;
use self::style::{Ink, duration, pad};
use self::timings::Timings;
use super::{Reporter, lines};
use crate::event::{
    AnnotationLevel, Command, Event, FailedCommand, JobName, Level, Record, Report, RunResult,
    SkipReason, StepOutcome, WaitReason,
};

/// Commands with more lines are echoed in part.
const ECHOED_LINES: usize = 6;

/// Tests that are named where a job's report is told, and in the summary.
const LISTED_TESTS: usize = 10;

/// A longer line about a test is cut.
const LONGEST_TEST: usize = 300;

/// The reporter of `--format human`.
#[derive(Debug)]
pub struct Human {
    style: Style,
    board: Board,
    progress: Progress,
    timings: Option<Timings>,
}

impl Human {
    /// A reporter that may use what `style` says.
    pub fn new(style: Style) -> Self {
        Self { style, board: Board::default(), progress: Progress::default(), timings: None }
    }

    /// The same, with a table at the end that tells where the time went.
    #[must_use]
    pub fn with_timings(self) -> Self {
        Self { timings: Some(Timings::default()), ..self }
    }
}

impl Reporter for Human {
    fn record(&mut self, Record { elapsed, event }: &Record, out: &mut Vec<u8>) {
        self.progress.erase(out);
        if let Some(timings) = &mut self.timings {
            timings.note(event, *elapsed);
        }
        match event {
            Event::RunStarted { pipeline, stages, parallel } => {
                self.board = Board::new(stages, *parallel, self.style);
                let jobs = self.board.jobs.len();
                let counts = format!("{}, {}", count(stages.len(), "stage"), count(jobs, "job"));
                let title = self.style.paint(Ink::Bold, safe(pipeline)).to_string();
                self.say(out, None, format_args!("{title}: {counts}"));
            }
            Event::JobStarted { job } => {
                self.board.start(job, *elapsed);
                let view = self.board.job(job);
                let text = match view {
                    Some(view) if self.board.parallel => format!("started (stage {})", view.stage),
                    Some(view) => format!("{} (stage {})", view.name, view.stage),
                    None => "started".to_owned(),
                };
                let text = self.style.paint(Ink::Bold, text).to_string();
                self.say(out, Some(job), text);
            }
            Event::JobWaiting { job, reason } => {
                let text = match reason {
                    WaitReason::Delayed { duration: wait } => {
                        format!("starts in {} (start_in)", duration(*wait))
                    }
                    WaitReason::ResourceGroup { name } => {
                        format!("waits for the resource group {}", safe(name))
                    }
                };
                let text = self.about(job, &text);
                self.say(out, Some(job), self.style.paint(Ink::Faint, text));
            }
            Event::JobRetried { job, attempt, outcome, failed_command } => {
                self.end_partial_lines(out, job);
                let mut text = format!("attempt {attempt} {}", verb(outcome));
                if let Some(command) = failed_command {
                    text += &format!(" at {}", place(command));
                }
                if let Some(detail) = detail(outcome) {
                    text += &format!(": {}", safe(&detail));
                }
                text += "; trying again";
                let text = self.about(job, &text);
                for line in text.lines() {
                    self.say(out, Some(job), self.style.paint(Ink::Warning, line));
                }
                self.board.retry(job);
            }
            Event::CommandStarted { job, command } => {
                self.end_partial_lines(out, job);
                self.board.command(job, command.section);
                self.echo(out, job, command);
            }
            Event::StepStarted { job, step, text, .. } => {
                self.end_partial_lines(out, job);
                let first = text.lines().next().unwrap_or_default();
                let text = safe(&format!("$ {step}: {first}"));
                self.say(out, Some(job), self.style.paint(Ink::Command, text));
            }
            Event::JobPrepared { .. }
            | Event::CommandFinished { .. }
            | Event::StepFinished { .. } => {}
            Event::Annotation { job, annotation, .. } => {
                self.end_partial_lines(out, job);
                let (level, ink) = annotation_ink(annotation.level);
                let word = self.style.paint(ink, format!("{level}:")).to_string();
                let text = safe(&annotation.to_string());
                self.say(out, Some(job), format_args!("{word} {text}"));
                self.board.annotate(job, annotation);
            }
            Event::ReportRead { job, report } => {
                self.report(out, job, report);
                self.board.report(job, report);
            }
            Event::Output { job, stream, chunk } => {
                for line in self.board.output(job, *stream, &chunk.0) {
                    self.line(out, job, &line);
                }
            }
            Event::Notice { job, level, message } => {
                self.notice(out, job.as_ref(), *level, message)
            }
            Event::CommandFailed { job, command } => {
                self.end_partial_lines(out, job);
                // Told when the job ends, with what it means for the job.
                self.board.command_failed(job, command);
            }
            Event::JobFinished {
                job,
                outcome,
                allowed_failure,
                duration: took,
                failed_command,
                attempts: _,
                coverage,
                after_script,
            } => {
                self.end_partial_lines(out, job);
                if let Some(after_script) = after_script {
                    let at = self.board.job(job).and_then(|job| job.after_script_failed.as_ref());
                    let at = at.map(|command| format!(" at {}", place(command)));
                    let at = at.unwrap_or_default();
                    let text = format!(
                        "after_script ended{at}: {after_script}; this does not fail the job"
                    );
                    self.notice(out, Some(job), Level::Warning, &text);
                }
                let state = State::of(outcome, *allowed_failure);
                let mut text = format!("{} after {}", verb(outcome), duration(*took));
                if *allowed_failure {
                    text += ", which is allowed";
                }
                if let Some(command) = failed_command {
                    let comma = if *allowed_failure { "," } else { "" };
                    text += &format!("{comma} at {}", place(command));
                }
                if let Some(detail) = detail(outcome) {
                    text += &format!(": {}", safe(&detail));
                }
                if let Some(coverage) = coverage {
                    text += &format!(", coverage {} %", safe(coverage));
                }
                for line in text.lines() {
                    self.say(out, Some(job), self.style.paint(state.ink(), line));
                }
                self.board.finish(job, state, event);
            }
            Event::JobSkipped { job, reason } => {
                let text = format!("skipped: {}", because(reason));
                let text = self.about(job, &text);
                let text = self.style.paint(Ink::Faint, text).to_string();
                self.say(out, Some(job), text);
                self.board.skip(job, reason);
            }
            Event::PipelineCreated { job, stages } => {
                self.board.add(stages, Some(job), self.style);
                let jobs = stages.iter().map(|stage| stage.jobs.len()).sum();
                let counts = format!("{}, {}", count(stages.len(), "stage"), count(jobs, "job"));
                let text = self.about(job, &format!("has a child pipeline: {counts}"));
                self.say(out, Some(job), text);
            }
            Event::PipelineFinished { job, result, duration: took } => {
                let (word, ink) = match result {
                    RunResult::Success => ("passed", Ink::Good),
                    RunResult::Failed => ("failed", Ink::Bad),
                    RunResult::Cancelled => ("was cancelled", Ink::Bad),
                    RunResult::Blocked => ("waits for somebody", Ink::Warning),
                    RunResult::Skipped => ("ran no job", Ink::Warning),
                };
                let text = format!("child pipeline {word} after {}", duration(*took));
                let text = self.about(job, &text);
                self.say(out, Some(job), self.style.paint(ink, text));
                self.board.child_finished(job, *result);
            }
            Event::RunFinished { result, duration } => {
                if let Some(timings) = &self.timings {
                    out.extend_from_slice(timings.table(self.style).as_bytes());
                }
                summary::write(&self.board, self.style, *result, *duration, out);
            }
        }
        self.progress.note(event, *elapsed);
    }

    fn tick(&mut self, now: Duration, width: usize, out: &mut Vec<u8>) {
        if self.style.live {
            self.progress.draw(&self.board, self.style, now, width, out);
        }
    }
}

impl Human {
    /// Writes lines of greenroom's own, about a job or about the run.
    fn say(&self, out: &mut Vec<u8>, job: Option<&JobName>, text: impl Display) {
        for line in text.to_string().split('\n') {
            self.prefix(out, job);
            write_line(out, line);
        }
    }

    /// A text that follows a job's name, which is in front of it already if there are prefixes.
    fn about(&self, job: &JobName, text: &str) -> String {
        match self.board.job(job) {
            Some(view) if !self.board.parallel => format!("{} {text}", view.name),
            _ => text.to_owned(),
        }
    }

    fn prefix(&self, out: &mut Vec<u8>, job: Option<&JobName>) {
        let Some(view) = job.and_then(|job| self.board.job(job)) else { return };
        if self.board.parallel {
            let name = self.style.paint(Ink::Job(view.index), pad(&view.name, self.board.column));
            // Writing to a Vec cannot fail.
            let _ = write!(out, "{name} {} ", self.style.paint(Ink::Faint, self.style.bar()));
        }
    }

    fn line(&self, out: &mut Vec<u8>, job: &JobName, line: &Line) {
        self.prefix(out, Some(job));
        write_line(out, &line.styled);
    }

    fn end_partial_lines(&mut self, out: &mut Vec<u8>, job: &JobName) {
        for line in self.board.end_partial_lines(job) {
            self.line(out, job, &line);
        }
    }

    fn echo(&self, out: &mut Vec<u8>, job: &JobName, command: &Command) {
        let text = safe(command.text.trim_end());
        let total = text.lines().count();
        let shown = if total > ECHOED_LINES { ECHOED_LINES - 1 } else { total };
        for (index, line) in text.lines().take(shown).enumerate() {
            let mark = if index == 0 { "$" } else { " " };
            self.say(out, Some(job), self.style.paint(Ink::Command, format!("{mark} {line}")));
        }
        if shown < total {
            let text = format!("  {} {} more lines", self.style.ellipsis(), total - shown);
            self.say(out, Some(job), self.style.paint(Ink::Faint, text));
        }
    }

    fn report(&mut self, out: &mut Vec<u8>, job: &JobName, report: &Report) {
        let Report::Junit(tests) = report else {
            return self.notice(out, Some(job), Level::Info, &report.to_string());
        };
        let bad = tests.failed + tests.errors;
        let level = if bad == 0 { Level::Info } else { Level::Warning };
        self.notice(out, Some(job), level, &tests.to_string());
        for test in tests.failures.iter().take(LISTED_TESTS) {
            let line = safe(&format!("  {test}"));
            self.say(out, Some(job), self.style.cut(&line, LONGEST_TEST));
        }
        let listed = tests.failures.len().min(LISTED_TESTS) as u64;
        if bad > listed {
            let more = format!("  {} {} more", self.style.ellipsis(), bad - listed);
            self.say(out, Some(job), self.style.paint(Ink::Faint, more));
        }
        if tests.duplicates > 0 {
            let text = format!(
                "{} with the class, name and result of another; they do not count, as on GitLab",
                count(usize::try_from(tests.duplicates).unwrap_or(usize::MAX), "more test")
            );
            self.notice(out, Some(job), Level::Info, &text);
        }
    }

    fn notice(&mut self, out: &mut Vec<u8>, job: Option<&JobName>, level: Level, message: &str) {
        if let Some(job) = job {
            self.end_partial_lines(out, job);
        }
        let (word, ink) = match level {
            Level::Info => ("note", Ink::Faint),
            Level::Warning => ("warning", Ink::Warning),
            Level::Error => ("error", Ink::Bad),
        };
        let message = safe(message);
        let word = self.style.paint(ink, format!("{word}:"));
        self.say(out, job, format_args!("{word} {message}"));
    }
}

fn write_line(out: &mut Vec<u8>, line: &str) {
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The name of an annotation's level, and how it looks.
fn annotation_ink(level: AnnotationLevel) -> (&'static str, Ink) {
    let ink = match level {
        AnnotationLevel::Notice => Ink::Faint,
        AnnotationLevel::Warning => Ink::Warning,
        AnnotationLevel::Error => Ink::Bad,
    };
    (level.name(), ink)
}

/// Where a command stands, as `file:line`.
fn place(FailedCommand { command, failed_line, .. }: &FailedCommand) -> String {
    safe(&format!("{}:{failed_line}", command.file))
}

/// What a job did, in words that follow its name.
fn verb(outcome: &StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Exited(0) => "succeeded",
        StepOutcome::TimedOut => "timed out",
        StepOutcome::Cancelled => "cancelled",
        StepOutcome::Blocked { .. } => "blocked",
        StepOutcome::NothingRan => "skipped",
        StepOutcome::Exited(_)
        | StepOutcome::Trapped { .. }
        | StepOutcome::OutOfMemory
        | StepOutcome::OutputLimit
        | StepOutcome::DiskQuota
        | StepOutcome::NotLoadable { .. }
        | StepOutcome::NotKept { .. }
        | StepOutcome::Downstream { .. }
        | StepOutcome::Internal { .. } => "failed",
    }
}

/// What more there is to say about it, with what to do next where that is an option.
fn detail(outcome: &StepOutcome) -> Option<String> {
    let option = match outcome {
        StepOutcome::Exited(0) | StepOutcome::TimedOut | StepOutcome::Cancelled => return None,
        StepOutcome::NotLoadable { message }
        | StepOutcome::NotKept { message }
        | StepOutcome::Downstream { message } => {
            return Some(message.clone());
        }
        StepOutcome::Blocked { .. }
        | StepOutcome::NothingRan
        | StepOutcome::Exited(_)
        | StepOutcome::Trapped { .. }
        | StepOutcome::Internal { .. } => {
            return Some(outcome.to_string());
        }
        StepOutcome::OutOfMemory => "--memory-limit",
        StepOutcome::OutputLimit => "--log-limit",
        StepOutcome::DiskQuota => "--disk-limit",
    };
    Some(format!("{outcome}; {option} sets how much it may use"))
}

/// Why a job was skipped, in words.
fn because(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Failed { job } => format!("{} failed", safe(job)),
        SkipReason::NeedSkipped { job } => format!("it needs {}, which did not run", safe(job)),
        SkipReason::NothingFailed => "nothing failed".to_owned(),
        SkipReason::Cancelled => "the run was cancelled".to_owned(),
        SkipReason::Manual => "it is started by hand".to_owned(),
        SkipReason::Waits { job } => format!("it waits for {}, which does not run", safe(job)),
        SkipReason::Tags { missing } => {
            format!("the runner lacks its tags {}", safe(&missing.join(", ")))
        }
    }
}
