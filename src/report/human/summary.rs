//! What stands at the end: the failures, then a table of stages and jobs, then the result.

use std::io::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::board::{Board, JobView, State};
use super::lines::safe;
use super::style::{Ink, Style, duration, pad};
use super::{LISTED_TESTS, LONGEST_TEST, annotation_ink, because, count, detail, place, verb};
use crate::event::{
    AnnotationLevel, FailedCommand, Report, RunResult, Section, SkipReason, StepOutcome, TestReport,
};

/// Longer lines are cut in the summary; above it they stand in full.
const LONGEST_LINE: usize = 400;

/// A longer column of the table is not aligned.
const WIDEST_COLUMN: usize = 40;

pub(super) fn write(
    board: &Board,
    style: Style,
    result: RunResult,
    took: Duration,
    out: &mut Vec<u8>,
) {
    let mut text = String::new();
    for job in board.in_order() {
        if matches!(job.state, State::Failed | State::Warned) {
            text += &failure_of(job, style);
        }
    }
    text += &annotations(board, style);
    text += &reports(board, style);
    text += &table(board, style);
    text += &last_line(board, style, result, took);
    // Writing to a Vec cannot fail.
    let _ = out.write_all(text.as_bytes());
}

/// How many annotations are listed; all of them stand above.
const LISTED: usize = 20;

/// What steps have annotated, the most important first.
fn annotations(board: &Board, style: Style) -> String {
    let total: usize = board.annotated.iter().sum();
    if total == 0 {
        return String::new();
    }
    let levels = [AnnotationLevel::Error, AnnotationLevel::Warning, AnnotationLevel::Notice];
    let counts = levels.iter().filter(|level| board.annotated[**level as usize] > 0);
    let counts = counts.map(|level| count(board.annotated[*level as usize], level.name()));
    let mut text = format!("\nAnnotations: {}\n", counts.collect::<Vec<_>>().join(", "));
    let of_level = |level| board.annotations.iter().filter(move |(_, l, _)| *l == level);
    for (job, level, message) in levels.into_iter().flat_map(of_level).take(LISTED) {
        let (name, ink) = annotation_ink(*level);
        let line = style.cut(&message.replace('\n', " "), LONGEST_LINE);
        let job = style.paint(Ink::Faint, &board.jobs[*job].name);
        text += &format!("  {} {line} {job}\n", style.paint(ink, format!("{name}:")));
    }
    if total > LISTED {
        let more = format!("{} {} more", style.ellipsis(), total - LISTED);
        text += &format!("  {}\n", style.paint(Ink::Faint, more));
    }
    text
}

/// What the jobs' reports come to: all tests together, those that failed, and each coverage.
fn reports(board: &Board, style: Style) -> String {
    let all = || board.jobs.iter().flat_map(|job| job.reports.iter().map(move |r| (job, r)));
    let mut sum = TestReport::default();
    let mut failures = Vec::new();
    let mut tested = false;
    let mut coverage = String::new();
    for (job, report) in all() {
        let name = style.paint(Ink::Faint, format!("({})", job.name)).to_string();
        match report {
            Report::Junit(tests) => {
                tested = true;
                sum.tests += tests.tests;
                sum.failed += tests.failed;
                sum.errors += tests.errors;
                sum.skipped += tests.skipped;
                failures.extend(tests.failures.iter().map(|test| (test, name.clone())));
            }
            Report::CoverageReport(lines) => {
                coverage += &format!("{} {name}\n", capital(&lines.to_string()));
            }
        }
    }
    let mut text = String::new();
    if tested {
        text += &format!("{}\n", capital(&sum.to_string()));
    }
    for (test, job) in failures.iter().take(LISTED_TESTS) {
        let line = style.cut(&safe(&test.to_string()), LONGEST_TEST).to_string();
        text += &format!("  {} {job}\n", style.paint(Ink::Bad, line));
    }
    let (bad, listed) = (sum.failed + sum.errors, failures.len().min(LISTED_TESTS) as u64);
    if bad > listed {
        let more = format!("{} {} more", style.ellipsis(), bad - listed);
        text += &format!("  {}\n", style.paint(Ink::Faint, more));
    }
    text += &coverage;
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// A line with a capital letter.
fn capital(line: &str) -> String {
    let mut rest = line.chars();
    rest.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(rest).collect()
}

/// The command that failed, its exit code, its place and its last lines.
fn failure_of(job: &JobView, style: Style) -> String {
    let mut text = String::from("\n");
    let allowed = if job.state == State::Warned { ", which is allowed" } else { "" };
    let mut title = format!("{} {}{allowed}", job.name, job.outcome.as_ref().map_or("", verb));
    if let Some(detail) = job.outcome.as_ref().and_then(detail) {
        title += &format!(": {}", safe(&detail));
    }
    for (index, line) in title.lines().enumerate() {
        let indent = if index == 0 { "" } else { "  " };
        text += &format!("{indent}{}\n", style.paint(job.state.ink(), line));
    }
    if let Some(failed) = &job.failed_command {
        let place = style.paint(Ink::Bold, place(failed));
        text += &format!("  {place}: {}\n", style.cut(&failed_text(failed), LONGEST_LINE));
    }
    if job.written > job.tail.len() {
        let earlier = count(job.written - job.tail.len(), "earlier line");
        text +=
            &format!("  {}\n", style.paint(Ink::Faint, format!("{} {earlier}", style.ellipsis())));
    }
    for line in &job.tail {
        let line = style.cut(line, LONGEST_LINE);
        text += &format!("  {} {line}\n", style.paint(Ink::Faint, style.bar()));
    }
    text
}

/// The line of the entry that failed, or the entry's first line.
fn failed_text(FailedCommand { command, failed_line, .. }: &FailedCommand) -> String {
    let inside = failed_line.saturating_sub(command.line);
    let line = command.text.lines().nth(inside).or_else(|| command.text.lines().next());
    let text = safe(line.unwrap_or_default().trim()).replace('\n', " ");
    match command.section {
        Section::Script => text,
        Section::AfterScript => format!("{text} (after_script)"),
    }
}

fn table(board: &Board, style: Style) -> String {
    let covered = board.jobs.iter().any(|job| job.coverage.is_some());
    let coverage = if covered { "Coverage" } else { "" };
    let head = ["Stage", "Job", "Result", "Duration", coverage].map(String::from);
    let mut rows = vec![(head, None)];
    let mut stage = "";
    for job in board.in_order() {
        let shown = if job.stage == stage { "" } else { &job.stage };
        stage = &job.stage;
        let took = job.took.map(duration).unwrap_or_default();
        let coverage = job.coverage.as_ref().map(|found| format!("{} %", safe(found)));
        let row = [
            shown.to_owned(),
            job.name.clone(),
            result_of(job),
            took,
            coverage.unwrap_or_default(),
        ];
        rows.push((row, Some(job.state)));
    }
    let width = |column: usize| {
        let widths = rows.iter().map(|(row, _)| row[column].width());
        widths.max().unwrap_or(0).min(WIDEST_COLUMN)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::from("\n");
    for ([stage, job, result, took, coverage], state) in &rows {
        let left = format!("{}  {}", pad(stage, widths[0]), pad(job, widths[1]));
        let result = pad(result, widths[2]);
        let took = if covered { pad(took, widths[3]).to_string() } else { took.clone() };
        let took = format!("{took}  {coverage}");
        let took = took.trim_end();
        let line = match state {
            Some(state) => format!("{left}  {}  {took}", style.paint(state.ink(), result)),
            None => style.paint(Ink::Faint, format!("{left}  {result}  {took}")).to_string(),
        };
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn result_of(job: &JobView) -> String {
    let outcome = match &job.outcome {
        Some(StepOutcome::Trapped { .. }) => "trapped".to_owned(),
        Some(StepOutcome::NotLoadable { .. }) => "not loadable".to_owned(),
        Some(StepOutcome::Internal { .. }) => "internal error".to_owned(),
        Some(StepOutcome::NotKept { .. }) => "artifacts not kept".to_owned(),
        Some(StepOutcome::Downstream { .. }) => "child pipeline".to_owned(),
        Some(outcome) => outcome.to_string(),
        None => String::new(),
    };
    match job.state {
        State::Waiting => "not started".to_owned(),
        State::Running => "running".to_owned(),
        State::Succeeded if job.attempts > 1 => format!("succeeded (attempt {})", job.attempts),
        State::Succeeded => "succeeded".to_owned(),
        State::Warned => format!("failed, allowed ({outcome})"),
        State::Failed if job.attempts > 1 => {
            format!("failed ({outcome}, {} attempts)", job.attempts)
        }
        State::Failed => format!("failed ({outcome})"),
        State::Cancelled => "cancelled".to_owned(),
        State::Skipped => match &job.skipped {
            Some(reason) => format!("skipped ({})", because(reason)),
            None if outcome.is_empty() => "skipped".to_owned(),
            None => format!("skipped ({outcome})"),
        },
    }
}

fn last_line(board: &Board, style: Style, result: RunResult, took: Duration) -> String {
    let mut parts = Vec::new();
    for (states, word) in [
        (&[State::Failed][..], "failed"),
        (&[State::Warned], "failed but allowed to"),
        (&[State::Succeeded], "succeeded"),
        (&[State::Cancelled], "cancelled"),
        (&[State::Skipped, State::Waiting, State::Running], "skipped"),
    ] {
        let number = board.jobs.iter().filter(|job| states.contains(&job.state)).count();
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    let warned = board.jobs.iter().any(|job| job.state == State::Warned);
    let (word, ink) = match result {
        RunResult::Success if warned => ("passed with warnings", Ink::Warning),
        RunResult::Success | RunResult::Skipped => ("passed", Ink::Good),
        RunResult::Blocked => ("blocked", Ink::Warning),
        RunResult::Failed => ("failed", Ink::Bad),
        RunResult::Cancelled => ("cancelled", Ink::Bad),
    };
    let word = style.paint(ink, format!("Pipeline {word}"));
    let jobs = if parts.is_empty() { "no jobs".to_owned() } else { parts.join(", ") };
    let mut text = format!("\n{word} after {}: {jobs}\n", duration(took));
    for trigger in &board.lost_children {
        let line =
            format!("The child pipeline of {trigger} did not end well, which does not count");
        text += &format!("{}: `trigger` has no `strategy`\n", style.paint(Ink::Warning, line));
    }
    if result == RunResult::Blocked {
        let manual = board.jobs.iter().filter(|job| job.skipped == Some(SkipReason::Manual));
        let names: Vec<&str> = manual.map(|job| job.name.as_str()).collect();
        text += &format!("What follows waits until somebody starts {}\n", names.join(", "));
    }
    text
}
