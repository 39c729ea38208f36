//! What the reporter knows about the run so far.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::lines::{Line, Lines, safe};
use super::sections::Sections;
use super::style::{Ink, Style};
use crate::event::{
    Annotation, AnnotationLevel, Event, FailedCommand, JobName, Report, RunResult, Section,
    SkipReason, StageInfo, StepOutcome, Stream,
};

/// How many of a failed command's last lines the summary shows.
const TAIL: usize = 10;

/// Names of jobs are aligned up to this width; a longer one stands out.
const WIDEST_COLUMN: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Board {
    /// As they became known.
    pub(super) jobs: Vec<JobView>,
    /// The places of the jobs in the order of the stages, those of child pipelines after the jobs
    /// that trigger them.
    order: Vec<usize>,
    /// The jobs that did not wait for their child pipelines, which then did not end well.
    pub(super) lost_children: Vec<String>,
    /// Whether jobs can run at the same time, so that lines need a prefix.
    pub(super) parallel: bool,
    /// The width of the prefix.
    pub(super) column: usize,
    /// What steps have annotated, the first ones of each job's.
    pub(super) annotations: Vec<(usize, AnnotationLevel, String)>,
    /// How many annotations there were of each level.
    pub(super) annotated: [usize; 3],
    by_name: HashMap<JobName, usize>,
}

/// How many annotations of a run are kept for its summary.
const ANNOTATIONS: usize = 1_000;

/// A job as it is shown.
#[derive(Debug)]
pub(super) struct JobView {
    /// Its place in [`Board::jobs`].
    pub(super) index: usize,
    /// Safe to show.
    pub(super) name: String,
    /// The name of its stage, safe to show.
    pub(super) stage: String,
    pub(super) state: State,
    pub(super) started: Option<Duration>,
    pub(super) took: Option<Duration>,
    pub(super) outcome: Option<StepOutcome>,
    pub(super) skipped: Option<SkipReason>,
    pub(super) failed_command: Option<FailedCommand>,
    pub(super) after_script_failed: Option<FailedCommand>,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// The coverage it found, in per cent.
    pub(super) coverage: Option<String>,
    /// What its reports come to.
    pub(super) reports: Vec<Report>,
    /// The last lines of the script's last command.
    pub(super) tail: VecDeque<String>,
    /// How many lines that command wrote.
    pub(super) written: usize,
    section: Section,
    stdout: Lines,
    stderr: Lines,
    sections: [Sections; 2],
    style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Running,
    Succeeded,
    /// It failed and is allowed to.
    Warned,
    Failed,
    Cancelled,
    Skipped,
}

impl State {
    pub(super) fn of(outcome: &StepOutcome, allowed_failure: bool) -> Self {
        match outcome {
            StepOutcome::Exited(0) => Self::Succeeded,
            StepOutcome::Cancelled => Self::Cancelled,
            StepOutcome::Blocked { .. } | StepOutcome::NothingRan => Self::Skipped,
            _ if allowed_failure => Self::Warned,
            StepOutcome::Exited(_)
            | StepOutcome::Trapped { .. }
            | StepOutcome::TimedOut
            | StepOutcome::OutOfMemory
            | StepOutcome::OutputLimit
            | StepOutcome::DiskQuota
            | StepOutcome::NotLoadable { .. }
            | StepOutcome::NotKept { .. }
            | StepOutcome::Downstream { .. }
            | StepOutcome::Internal { .. } => Self::Failed,
        }
    }

    pub(super) fn ink(self) -> Ink {
        match self {
            Self::Succeeded => Ink::Good,
            Self::Warned => Ink::Warning,
            Self::Failed | Self::Cancelled => Ink::Bad,
            Self::Waiting | Self::Running | Self::Skipped => Ink::Faint,
        }
    }

    pub(super) fn is_end(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

impl Board {
    pub(super) fn new(stages: &[StageInfo], parallel: bool, style: Style) -> Self {
        let mut board = Self { parallel, ..Self::default() };
        board.add(stages, None, style);
        board
    }

    /// Adds the jobs of a pipeline; those of a child stand after the job that triggers it.
    pub(super) fn add(&mut self, stages: &[StageInfo], trigger: Option<&JobName>, style: Style) {
        let first = self.jobs.len();
        for stage in stages {
            for job in &stage.jobs {
                let index = self.jobs.len();
                self.by_name.insert(job.clone(), index);
                self.jobs.push(JobView::new(index, safe(job), safe(&stage.name), style));
            }
        }
        let trigger = trigger.and_then(|trigger| self.by_name.get(trigger));
        let after = trigger.and_then(|trigger| self.order.iter().position(|at| at == trigger));
        let place = after.map_or(self.order.len(), |after| after + 1);
        self.order.splice(place..place, first..self.jobs.len());
        let widths = self.jobs.iter().map(|job| job.name.width());
        self.column = widths.max().unwrap_or(0).min(WIDEST_COLUMN);
    }

    /// Notes how the child pipeline of a job ended.
    pub(super) fn child_finished(&mut self, name: &JobName, result: RunResult) {
        if let Some(job) = self.job_mut(name)
            && job.state.is_end()
            && matches!(result, RunResult::Failed | RunResult::Cancelled)
        {
            self.lost_children.push(safe(name));
        }
    }

    /// The jobs in the order in which they are shown.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &JobView> {
        self.order.iter().map(|index| &self.jobs[*index])
    }

    pub(super) fn job(&self, name: &JobName) -> Option<&JobView> {
        self.by_name.get(name).map(|index| &self.jobs[*index])
    }

    fn job_mut(&mut self, name: &JobName) -> Option<&mut JobView> {
        self.by_name.get(name).map(|index| &mut self.jobs[*index])
    }

    pub(super) fn start(&mut self, name: &JobName, now: Duration) {
        if let Some(job) = self.job_mut(name) {
            job.state = State::Running;
            job.started = Some(now);
        }
    }

    pub(super) fn command(&mut self, name: &JobName, section: Section) {
        if let Some(job) = self.job_mut(name) {
            job.section = section;
            if section == Section::Script {
                job.tail.clear();
                job.written = 0;
            }
        }
    }

    pub(super) fn annotate(&mut self, name: &JobName, annotation: &Annotation) {
        self.annotated[annotation.level as usize] += 1;
        if let Some(index) = self.by_name.get(name)
            && self.annotations.len() < ANNOTATIONS
        {
            self.annotations.push((*index, annotation.level, safe(&annotation.to_string())));
        }
    }

    pub(super) fn command_failed(&mut self, name: &JobName, failed: &FailedCommand) {
        if let Some(job) = self.job_mut(name)
            && failed.command.section == Section::AfterScript
        {
            job.after_script_failed = Some(failed.clone());
        }
    }

    pub(super) fn report(&mut self, name: &JobName, report: &Report) {
        if let Some(job) = self.job_mut(name) {
            job.reports.push(report.clone());
        }
    }

    /// The lines that end in `bytes`.
    pub(super) fn output(&mut self, name: &JobName, stream: Stream, bytes: &[u8]) -> Vec<Line> {
        let Some(job) = self.job_mut(name) else { return Vec::new() };
        let mut ended = Vec::new();
        let (lines, sections) = match stream {
            Stream::Stdout => (&mut job.stdout, &mut job.sections[0]),
            Stream::Stderr => (&mut job.stderr, &mut job.sections[1]),
        };
        lines.push(bytes, |line| ended.push(line));
        let style = job.style;
        let ended = sections.pass(ended, |line| {
            line.styled = style.paint(Ink::Bold, &line.plain).to_string();
        });
        job.remember(&ended);
        ended
    }

    /// What a job has written without ending the line.
    pub(super) fn end_partial_lines(&mut self, name: &JobName) -> Vec<Line> {
        let Some(job) = self.job_mut(name) else { return Vec::new() };
        let lines: Vec<Line> =
            [job.stdout.finish(), job.stderr.finish()].into_iter().flatten().collect();
        job.remember(&lines);
        lines
    }

    pub(super) fn finish(&mut self, name: &JobName, state: State, event: &Event) {
        let Some(job) = self.job_mut(name) else { return };
        job.state = state;
        if let Event::JobFinished {
            outcome, duration, failed_command, attempts, coverage, ..
        } = event
        {
            job.attempts = *attempts;
            job.coverage.clone_from(coverage);
            job.took = Some(*duration);
            job.outcome = Some(outcome.clone());
            job.failed_command.clone_from(failed_command);
        }
    }

    /// Forgets the failed attempt.
    pub(super) fn retry(&mut self, name: &JobName) {
        if let Some(job) = self.job_mut(name) {
            job.section = Section::Script;
            job.tail.clear();
            job.written = 0;
            job.after_script_failed = None;
            job.reports.clear();
        }
    }

    pub(super) fn skip(&mut self, name: &JobName, reason: &SkipReason) {
        if let Some(job) = self.job_mut(name) {
            job.state = State::Skipped;
            job.skipped = Some(reason.clone());
        }
    }
}

impl JobView {
    fn new(index: usize, name: String, stage: String, style: Style) -> Self {
        Self {
            index,
            name,
            stage,
            state: State::Waiting,
            started: None,
            took: None,
            outcome: None,
            skipped: None,
            failed_command: None,
            after_script_failed: None,
            attempts: 1,
            coverage: None,
            reports: Vec::new(),
            tail: VecDeque::new(),
            written: 0,
            section: Section::Script,
            stdout: Lines::new(style.color),
            stderr: Lines::new(style.color),
            sections: Default::default(),
            style,
        }
    }

    fn remember(&mut self, lines: &[Line]) {
        if self.section != Section::Script {
            return;
        }
        self.written += lines.len();
        for line in lines {
            if self.tail.len() == TAIL {
                self.tail.pop_front();
            }
            self.tail.push_back(line.plain.clone());
        }
    }
}
