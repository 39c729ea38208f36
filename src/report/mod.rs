//! What people and programs see of a run: one module per format.
//!
//! A reporter turns records into bytes. It has no clock, reads no environment and writes nowhere:
//! time is in the records and handed to [`Reporter::tick`], style is handed to the constructor.
//! Every reporter lists all events, so that a new one forces a decision.

pub mod human;
pub mod jsonl;
pub mod junit;
mod lines;

use std::time::Duration;

use crate::event::Record;

/// Turns the records of a run into the bytes of a format.
pub trait Reporter: Send {
    /// Appends what a record adds to the output.
    fn record(&mut self, record: &Record, out: &mut Vec<u8>);

    /// Appends what the passing of time changes. Called a few times per second, and only if the
    /// output is a terminal: `now` is the time since the run's start, `width` the terminal's width
    /// in columns.
    fn tick(&mut self, now: Duration, width: usize, out: &mut Vec<u8>) {
        let _ = (now, width, out);
    }
}

#[cfg(test)]
mod tests;
