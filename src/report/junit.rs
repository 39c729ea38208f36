//! JUnit XML: every job as a test case, every stage as a suite, for tools that show test results.

use std::fmt::Write as _;
use std::time::Duration;

use indexmap::IndexMap;

use super::Reporter;
use super::lines::safe;
use crate::event::{
    Event, FailedCommand, JobName, Record, Report, SkipReason, StageInfo, StepOutcome,
};

/// What is kept of a job's output, in bytes: its end.
const KEPT_OUTPUT: usize = 16 * 1024;

/// The reporter of `--report junit=FILE`. It writes once, when the run has ended.
#[derive(Debug, Default)]
pub struct Junit {
    pipeline: String,
    jobs: IndexMap<JobName, Case>,
}

#[derive(Debug, Default)]
struct Case {
    stage: String,
    took: Duration,
    output: Vec<u8>,
    /// Whether the output began earlier.
    cut: bool,
    reports: Vec<Report>,
    end: End,
}

impl Case {
    fn write(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
        if self.output.len() > 2 * KEPT_OUTPUT {
            self.output.drain(..self.output.len() - KEPT_OUTPUT);
            self.cut = true;
        }
    }

    /// The end of the output, from the beginning of a line on: what is left of a line may be half of
    /// a character, or of a sequence that only terminals obey.
    fn tail(&self) -> &[u8] {
        let from = self.output.len().saturating_sub(KEPT_OUTPUT);
        let rest = &self.output[from..];
        if !self.cut && from == 0 {
            return rest;
        }
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => &rest[end + 1..],
            None => rest,
        }
    }
}

#[derive(Debug, Default)]
enum End {
    #[default]
    Open,
    Good,
    Failed {
        outcome: StepOutcome,
        command: Option<FailedCommand>,
        allowed: bool,
    },
    Skipped(SkipReason),
}

impl Reporter for Junit {
    fn record(&mut self, Record { event, .. }: &Record, out: &mut Vec<u8>) {
        match event {
            Event::RunStarted { pipeline, stages, .. } => {
                self.pipeline.clone_from(pipeline);
                self.add(stages);
            }
            Event::PipelineCreated { stages, .. } => self.add(stages),
            Event::Output { job, chunk, .. } => {
                if let Some(case) = self.jobs.get_mut(job) {
                    case.write(&chunk.0);
                }
            }
            Event::JobFinished {
                job, outcome, allowed_failure, duration, failed_command, ..
            } => {
                if let Some(case) = self.jobs.get_mut(job) {
                    case.took = *duration;
                    case.end = if outcome.is_success() {
                        End::Good
                    } else {
                        End::Failed {
                            outcome: outcome.clone(),
                            command: failed_command.clone(),
                            allowed: *allowed_failure,
                        }
                    };
                }
            }
            Event::ReportRead { job, report } => {
                if let Some(case) = self.jobs.get_mut(job) {
                    case.reports.push(report.clone());
                }
            }
            Event::JobRetried { job, .. } => {
                if let Some(case) = self.jobs.get_mut(job) {
                    case.reports.clear();
                }
            }
            Event::JobSkipped { job, reason } => {
                if let Some(case) = self.jobs.get_mut(job) {
                    case.end = End::Skipped(reason.clone());
                }
            }
            Event::RunFinished { duration, .. } => {
                out.extend_from_slice(self.document(*duration).as_bytes());
            }
            // What happens on the way is the other formats' to tell.
            Event::JobStarted { .. }
            | Event::JobWaiting { .. }
            | Event::JobPrepared { .. }
            | Event::CommandFinished { .. }
            | Event::CommandStarted { .. }
            | Event::CommandFailed { .. }
            | Event::PipelineFinished { .. }
            | Event::Notice { .. }
            | Event::StepStarted { .. }
            | Event::StepFinished { .. }
            | Event::Annotation { .. } => {}
        }
    }
}

impl Junit {
    fn add(&mut self, stages: &[StageInfo]) {
        for stage in stages {
            for job in &stage.jobs {
                let case = Case { stage: stage.name.clone(), ..Case::default() };
                self.jobs.insert(job.clone(), case);
            }
        }
    }

    fn document(&self, took: Duration) -> String {
        let mut suites: IndexMap<&str, Vec<(&JobName, &Case)>> = IndexMap::new();
        for (name, case) in &self.jobs {
            suites.entry(&case.stage).or_default().push((name, case));
        }
        let all: Vec<_> = suites.values().flatten().copied().collect();
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a String does not fail.
        let _ = writeln!(
            xml,
            "<testsuites name=\"{}\" {} time=\"{:.3}\">",
            escape(&self.pipeline),
            counts(&all),
            took.as_secs_f64()
        );
        for (stage, cases) in &suites {
            let time: Duration = cases.iter().map(|(_, case)| case.took).sum();
            let _ = writeln!(
                xml,
                "  <testsuite name=\"{}\" {} time=\"{:.3}\">",
                escape(stage),
                counts(cases),
                time.as_secs_f64()
            );
            for (name, case) in cases {
                xml += &self.case(name, case);
            }
            xml += "  </testsuite>\n";
        }
        xml + "</testsuites>\n"
    }

    fn case(&self, name: &str, case: &Case) -> String {
        let head = format!(
            "    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
            escape(name),
            escape(&case.stage),
            case.took.as_secs_f64()
        );
        let properties = properties(&case.reports);
        let body = match &case.end {
            End::Good if properties.is_empty() => return head + "/>\n",
            End::Good => String::new(),
            End::Open => "      <skipped message=\"it did not end\"/>\n".to_owned(),
            End::Skipped(reason) => {
                format!("      <skipped message=\"{}\"/>\n", escape(&why(reason)))
            }
            End::Failed { outcome, command, allowed } => {
                let tag = if *allowed || !fails(outcome) { "skipped" } else { "failure" };
                let place = command
                    .as_ref()
                    .map(|failed| format!(" at {}:{}", failed.command.file, failed.failed_line));
                let allowed = if *allowed { ", which is allowed" } else { "" };
                let message = format!("{outcome}{}{allowed}", place.unwrap_or_default());
                let output = String::from_utf8_lossy(case.tail());
                format!(
                    "      <{tag} message=\"{}\"/>\n      <system-out>{}</system-out>\n",
                    escape(&message),
                    escape(&output)
                )
            }
        };
        format!("{head}>\n{properties}{body}    </testcase>\n")
    }
}

/// What the reports of a job come to, as properties of its case.
fn properties(reports: &[Report]) -> String {
    let mut all = Vec::new();
    for report in reports {
        match report {
            Report::Junit(tests) => all.extend([
                ("tests", tests.tests.to_string()),
                ("tests.failed", tests.failed.to_string()),
                ("tests.errors", tests.errors.to_string()),
                ("tests.skipped", tests.skipped.to_string()),
            ]),
            Report::CoverageReport(coverage) => {
                all.extend(coverage.percent().map(|percent| ("coverage.lines", percent)));
            }
        }
    }
    if all.is_empty() {
        return String::new();
    }
    let property = |(name, value): (&str, String)| {
        format!("        <property name=\"{name}\" value=\"{}\"/>\n", escape(&value))
    };
    let all: String = all.into_iter().map(property).collect();
    format!("      <properties>\n{all}      </properties>\n")
}

/// The attributes that count.
fn counts(cases: &[(&JobName, &Case)]) -> String {
    let number = |is: fn(&End) -> bool| cases.iter().filter(|(_, case)| is(&case.end)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
        cases.len(),
        number(|end| matches!(end, End::Failed { allowed: false, outcome, .. } if fails(outcome))),
        number(|end| match end {
            End::Skipped(_) | End::Open => true,
            End::Failed { allowed, outcome, .. } => *allowed || !fails(outcome),
            End::Good => false,
        }),
    )
}

/// Whether an end that is no success is a failure.
fn fails(outcome: &StepOutcome) -> bool {
    !matches!(outcome, StepOutcome::Blocked { .. } | StepOutcome::NothingRan)
}

fn why(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Failed { job } => format!("{job} failed"),
        SkipReason::NeedSkipped { job } => format!("it needs {job}, which did not run"),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Text as XML may hold it: without what only terminals obey, its own characters as entities, and what
/// XML cannot hold at all left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in safe(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
