//! Hands the records of a run to a reporter and its bytes to standard output, on a thread of its
//! own: writing to a terminal or a pipe may block.

use std::io::{self, Write};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use super::environment::width;
use super::tell;
use crate::event::Record;
use crate::report::Reporter;

/// How often a terminal's progress line is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Records are written together up to about this many bytes.
const BATCH: usize = 64 * 1024;

/// A terminal's width where it is not known.
const USUAL_WIDTH: usize = 80;

/// Something else that wants to know what happens in a run.
pub(super) trait Sink: Send {
    /// Takes a record. After an error it gets no more.
    fn record(&mut self, record: &Record) -> Result<(), String>;
}

/// Hands a record to everybody.
fn hand_out(record: &Record, sinks: &mut Vec<Box<dyn Sink>>) {
    sinks.retain_mut(|sink| match sink.record(record) {
        Ok(()) => true,
        Err(message) => {
            tell(&format!("greenroom: warning: {message}\n"));
            false
        }
    });
}

/// Starts writing; the thread ends with the channel, or at the first error.
pub(super) fn start(
    mut reporter: Box<dyn Reporter>,
    mut sinks: Vec<Box<dyn Sink>>,
    mut records: Receiver<Record>,
    live: bool,
    runtime: Handle,
) -> io::Result<JoinHandle<io::Result<()>>> {
    thread::Builder::new().name("report".to_owned()).spawn(move || {
        let mut stdout = io::stdout().lock();
        let start = Instant::now();
        let mut drawn = None;
        let mut out = Vec::new();
        loop {
            let next = if live {
                runtime.block_on(async { timeout(TICK, records.recv()).await })
            } else {
                Ok(records.blocking_recv())
            };
            match next {
                Ok(Some(record)) => {
                    hand_out(&record, &mut sinks);
                    reporter.record(&record, &mut out);
                    while let (true, Ok(record)) = (out.len() < BATCH, records.try_recv()) {
                        hand_out(&record, &mut sinks);
                        reporter.record(&record, &mut out);
                    }
                }
                Ok(None) => return Ok(()),
                Err(_) => {}
            }
            let due = drawn.is_none_or(|drawn: Instant| drawn.elapsed() >= TICK);
            if live && (due || !out.is_empty()) {
                let width = width(&stdout).unwrap_or(USUAL_WIDTH);
                reporter.tick(start.elapsed(), width, &mut out);
                drawn = Some(Instant::now());
            }
            stdout.write_all(&out)?;
            stdout.flush()?;
            out.clear();
        }
    })
}
