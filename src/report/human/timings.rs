//! Where the time of a run went: per job until its first command began, and per command, with what
//! its processes used.

use std::time::Duration;

use super::lines::safe;
use super::style::{Ink, Style, duration, pad};
use crate::event::{Event, JobName, Preparation, Usage};

/// More of a command is not shown.
const WIDEST: usize = 60;
/// More commands of a job are counted, not listed: the slowest stay.
const LISTED: usize = 20;
/// A part of the start that is shorter would be shown as nothing.
const SHOWN: Duration = Duration::from_micros(50);
/// The names of the columns, above them.
const COLUMNS: &str = "  time         share  CPU        I/O wait   memory";

/// A job whose times are taken.
#[derive(Debug)]
struct Job {
    name: JobName,
    started: Duration,
    /// What it spent its time with; the first is its preparation.
    spans: Vec<Span>,
    ended: Option<Duration>,
}

#[derive(Debug)]
struct Span {
    what: String,
    since: Duration,
    usage: Option<Usage>,
}

/// The times of a run.
#[derive(Debug, Default)]
pub(super) struct Timings {
    jobs: Vec<Job>,
}

impl Timings {
    pub(super) fn note(&mut self, event: &Event, now: Duration) {
        match event {
            Event::JobStarted { job } => {
                self.jobs.push(Job {
                    name: job.clone(),
                    started: now,
                    spans: Vec::new(),
                    ended: None,
                });
                self.next(job, "(start)", now);
            }
            Event::JobPrepared { job, data, image, modules, .. } => {
                let spent = Preparation { data: *data, image: *image, modules: *modules };
                if let Some(span) = self.last_span(job) {
                    span.what = prepared(spent);
                }
            }
            Event::CommandStarted { job, command } => self.next(job, &command.text, now),
            Event::StepStarted { job, step, text, .. } => {
                self.next(job, &format!("{step}: {text}"), now);
            }
            Event::CommandFinished { job, usage, .. } => {
                if let Some(span) = self.last_span(job) {
                    span.usage = Some(*usage);
                }
            }
            // After the steps of a function comes its own end, which was theirs.
            Event::StepFinished { job, usage, .. } => {
                if let Some(span) = self.last_span(job) {
                    span.usage.get_or_insert(*usage);
                }
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

    fn last_span(&mut self, name: &JobName) -> Option<&mut Span> {
        self.job(name)?.spans.last_mut()
    }

    fn next(&mut self, job: &JobName, what: &str, now: Duration) {
        if let Some(job) = self.job(job) {
            let what = what.lines().next().unwrap_or_default().to_owned();
            job.spans.push(Span { what, since: now, usage: None });
        }
    }

    /// A table of all jobs in the order of their starts.
    pub(super) fn table(&self, style: Style) -> String {
        let mut text = String::from("\nTimings, since the start of the run\n");
        if self.jobs.iter().any(|job| job.spans.iter().any(|span| span.usage.is_some())) {
            text += &format!("{}\n", style.paint(Ink::Faint, COLUMNS.to_owned()));
        }
        for job in &self.jobs {
            let Some(ended) = job.ended else { continue };
            let took = ended.saturating_sub(job.started);
            let title =
                format!("{} {}, from {}", safe(&job.name), duration(took), duration(job.started));
            let title = style.paint(Ink::Bold, title).to_string();
            text += &format!("{title}{}\n", job.total());
            let ends = job.spans.iter().skip(1).map(|span| span.since).chain([ended]);
            let mut spans: Vec<(usize, &Span, Duration)> = job
                .spans
                .iter()
                .zip(ends)
                .enumerate()
                .map(|(index, (span, end))| (index, span, end.saturating_sub(span.since)))
                .collect();
            let hidden = spans.len().saturating_sub(LISTED);
            if hidden > 0 {
                spans.sort_by_key(|(_, _, took)| std::cmp::Reverse(*took));
                spans.truncate(LISTED);
                spans.sort_by_key(|(index, ..)| *index);
            }
            for (_, span, part) in spans {
                let share = 100.0 * part.as_secs_f64() / took.as_secs_f64().max(1e-9);
                let what = style.cut(&safe(&span.what), WIDEST);
                let used = used(span.usage);
                text += &format!("  {} {share:>3.0} %  {used}{what}\n", pad(&duration(part), 10));
            }
            if hidden > 0 {
                let more = format!("  {} {hidden} more, each shorter\n", style.ellipsis());
                text += &style.paint(Ink::Faint, more).to_string();
            }
        }
        text
    }
}

impl Job {
    /// What all commands used, as the end of a line.
    fn total(&self) -> String {
        let used: Vec<Usage> = self.spans.iter().filter_map(|span| span.usage).collect();
        if used.is_empty() {
            return String::new();
        }
        let cpu = used.iter().map(|usage| usage.cpu).sum();
        let wait = used.iter().map(|usage| usage.wait).sum();
        let memory = used.iter().map(|usage| usage.peak_memory).max().unwrap_or(0);
        format!("; CPU {}, I/O wait {}, memory {}", duration(cpu), duration(wait), size(memory))
    }
}

/// The columns of what a command used; nothing in a log that does not tell.
fn used(usage: Option<Usage>) -> String {
    usage.map_or_else(String::new, |Usage { cpu, wait, peak_memory }| {
        let [cpu, wait] = [cpu, wait].map(|time| pad(&duration(time), 10));
        format!("{cpu} {wait} {} ", pad(&size(peak_memory), 8))
    })
}

fn prepared(Preparation { data, image, modules }: Preparation) -> String {
    let parts = [("artifacts and caches", data), ("image", image), ("modules", modules)];
    let parts = parts.into_iter().filter(|(what, took)| *took >= SHOWN || *what == "modules");
    let parts: Vec<String> =
        parts.map(|(what, took)| format!("{what} {}", duration(took))).collect();
    format!("(start: {})", parts.join(", "))
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
