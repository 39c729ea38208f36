//! Where the time of a run went: per job until its first command began, and per command.

use std::time::Duration;

use super::lines::safe;
use super::style::{Ink, Style, duration, pad};
use crate::event::{Event, JobName};

/// More of a command is not shown.
const WIDEST: usize = 60;
/// More commands of a job are counted, not listed: the slowest stay.
const LISTED: usize = 20;

/// A job whose times are taken.
#[derive(Debug)]
struct Job {
    name: JobName,
    started: Duration,
    /// What it spent its time with, and since when; the first is its preparation.
    spans: Vec<(String, Duration)>,
    ended: Option<Duration>,
}

/// The times of a run.
#[derive(Debug, Default)]
pub(super) struct Timings {
    jobs: Vec<Job>,
}

impl Timings {
    pub(super) fn note(&mut self, event: &Event, now: Duration) {
        match event {
            Event::JobStarted { job } => self.jobs.push(Job {
                name: job.clone(),
                started: now,
                spans: vec![("(image, modules, start)".to_owned(), now)],
                ended: None,
            }),
            Event::CommandStarted { job, command } => self.next(job, &command.text, now),
            Event::StepStarted { job, step, text, .. } => {
                self.next(job, &format!("{step}: {text}"), now);
            }
            Event::JobRetried { job, .. } => self.next(job, "(another attempt)", now),
            Event::JobFinished { job, .. } => {
                if let Some(job) = self.job(job) {
                    job.ended = Some(now);
                }
            }
            _ => {}
        }
    }

    fn job(&mut self, name: &JobName) -> Option<&mut Job> {
        self.jobs.iter_mut().rev().find(|job| job.name == *name)
    }

    fn next(&mut self, job: &JobName, what: &str, now: Duration) {
        if let Some(job) = self.job(job) {
            job.spans.push((what.lines().next().unwrap_or_default().to_owned(), now));
        }
    }

    /// A table of all jobs in the order of their starts.
    pub(super) fn table(&self, style: Style) -> String {
        let mut text = String::from("\nTimings, since the start of the run\n");
        for job in &self.jobs {
            let Some(ended) = job.ended else { continue };
            let took = ended.saturating_sub(job.started);
            let from = duration(job.started);
            let title = format!("{} {}, from {from}", safe(&job.name), duration(took));
            text += &format!("{}\n", style.paint(Ink::Bold, title));
            let ends = job.spans.iter().skip(1).map(|(_, start)| *start).chain([ended]);
            let mut spans: Vec<(usize, &str, Duration)> = job
                .spans
                .iter()
                .zip(ends)
                .enumerate()
                .map(|(index, ((what, start), end))| (index, &**what, end.saturating_sub(*start)))
                .collect();
            let hidden = spans.len().saturating_sub(LISTED);
            if hidden > 0 {
                spans.sort_by_key(|(_, _, took)| std::cmp::Reverse(*took));
                spans.truncate(LISTED);
                spans.sort_by_key(|(index, ..)| *index);
            }
            for (_, what, took) in spans {
                let share = 100.0 * took.as_secs_f64()
                    / ended.saturating_sub(job.started).as_secs_f64().max(1e-9);
                let what = style.cut(&safe(what), WIDEST);
                text += &format!("  {} {share:>3.0} %  {what}\n", pad(&duration(took), 10));
            }
            if hidden > 0 {
                let more = format!("  {} {hidden} more, each shorter\n", style.ellipsis());
                text += &style.paint(Ink::Faint, more).to_string();
            }
        }
        text
    }
}
