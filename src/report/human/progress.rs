//! The bottom line of a terminal while jobs run. It is never part of the log: it is erased before
//! anything else is written and at the end.

use std::io::Write as _;
use std::time::Duration;

use super::board::{Board, State};
use super::style::{Ink, Style, duration};
use crate::event::Event;

#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Whether the line is on the screen.
    drawn: bool,
    /// Whether there is a run to show.
    running: bool,
}

impl Progress {
    /// Makes room for something else.
    pub(super) fn erase(&mut self, out: &mut Vec<u8>) {
        if self.drawn {
            out.extend_from_slice(b"\r\x1b[K");
            self.drawn = false;
        }
    }

    pub(super) fn note(&mut self, event: &Event, _elapsed: Duration) {
        match event {
            Event::RunStarted { .. } => self.running = true,
            Event::RunFinished { .. } => self.running = false,
            Event::PipelineCreated { .. }
            | Event::PipelineFinished { .. }
            | Event::JobStarted { .. }
            | Event::JobWaiting { .. }
            | Event::JobRetried { .. }
            | Event::CommandStarted { .. }
            | Event::StepStarted { .. }
            | Event::JobPrepared { .. }
            | Event::CommandFinished { .. }
            | Event::StepFinished { .. }
            | Event::Annotation { .. }
            | Event::ReportRead { .. }
            | Event::Output { .. }
            | Event::Notice { .. }
            | Event::CommandFailed { .. }
            | Event::JobFinished { .. }
            | Event::JobSkipped { .. } => {}
        }
    }

    /// Draws the line. It is shorter than the screen is wide, so that it never wraps: a wrapped
    /// line could not be erased.
    pub(super) fn draw(
        &mut self,
        board: &Board,
        style: Style,
        now: Duration,
        width: usize,
        out: &mut Vec<u8>,
    ) {
        self.erase(out);
        if !self.running {
            return;
        }
        let text = style.cut(&text(board, now), width.saturating_sub(1));
        if !text.is_empty() {
            // Writing to a Vec cannot fail.
            let _ = write!(out, "{}", style.paint(Ink::Faint, text));
            self.drawn = true;
        }
    }
}

fn text(board: &Board, now: Duration) -> String {
    let ended = board.jobs.iter().filter(|job| job.state.is_end()).count();
    let failed = board.jobs.iter().filter(|job| job.state == State::Failed).count();
    let mut text = format!("{}  {ended}/{} jobs done", whole(now), board.jobs.len());
    if failed > 0 {
        text += &format!(", {failed} failed");
    }
    for job in &board.jobs {
        if let (State::Running, Some(started)) = (job.state, job.started) {
            text += &format!("  {} {}", job.name, whole(now.saturating_sub(started)));
        }
    }
    text
}

/// Whole seconds: tenths would only flicker.
fn whole(time: Duration) -> String {
    if time < Duration::from_secs(60) { format!("{} s", time.as_secs()) } else { duration(time) }
}
