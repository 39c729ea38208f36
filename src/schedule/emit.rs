//! The way of events to their reader.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::redact::redacted;
use super::{Cancel, CancelSwitch};
use crate::event::{Chunk, Event, JobName, Record, Stream};
use crate::mask::Mask;

/// How long a run that ends at once waits for its jobs to be dropped and its last events to be
/// taken.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(2);

/// Stamps events and hands them to the reader.
pub(super) struct Emitter {
    pub(super) start: Instant,
    pub(super) events: mpsc::Sender<Record>,
    pub(super) mask: Mask,
    pub(super) switch: CancelSwitch,
    /// Set once the run is to end at once: the reader is not waited for beyond this instant.
    pub(super) closing: Option<Instant>,
}

impl Emitter {
    pub(super) async fn output(&mut self, job: JobName, stream: Stream, bytes: Bytes) {
        if !bytes.is_empty() {
            self.emit(Event::Output { job, stream, chunk: Chunk(bytes) }).await;
        }
    }

    /// Waits until the reader takes the event. When the run is to end at once, the reader has
    /// [`LAST_WORDS`] for all that is still said.
    pub(super) async fn emit(&mut self, event: Event) {
        let event = redacted(event, &self.mask);
        let record = Record { elapsed: self.start.elapsed(), event };
        if self.closing.is_none() && self.switch.get() == Cancel::AtOnce {
            self.closing = Some(Instant::now() + LAST_WORDS);
        }
        let given_up = async {
            match self.closing {
                Some(deadline) => sleep_until(deadline).await,
                None => {
                    self.switch.reached(Cancel::AtOnce).await;
                    sleep(LAST_WORDS).await;
                }
            }
        };
        tokio::select! {
            biased;
            sent = self.events.send(record) => {
                if sent.is_err() {
                    self.switch.raise(Cancel::Gracefully);
                }
            }
            () = given_up => self.closing = Some(Instant::now()),
        }
    }
}
