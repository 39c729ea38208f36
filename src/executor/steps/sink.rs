//! The log of a `run:` job, without what its steps declared to be sensitive.
//!
//! The secrets that the user named are masked for all jobs by the scheduler. What is sensitive for
//! a function only becomes known when it is called.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::event::Stream;
use crate::function::expression::Value;
use crate::mask::{Mask, MaskStream, check};
use crate::sandbox::{OutputSink, OutputStream};
use crate::schedule::JobLog;

/// Secrets of one job; more are not looked for.
const MAX_SECRETS: usize = 1_000;

/// Hands a job's output to its log.
pub(in crate::executor) struct StepSink {
    log: JobLog,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    secrets: Vec<String>,
    mask: Option<Mask>,
    streams: [Option<MaskStream>; 2],
}

impl StepSink {
    pub(in crate::executor) fn new(log: JobLog) -> Arc<Self> {
        Arc::new(Self { log, state: Mutex::default() })
    }

    /// Masks from now on what is sensitive in a value. What is too short to be masked is not.
    pub(super) fn hide(&self, value: &Value) {
        if !value.holds_secrets() {
            return;
        }
        let mut found = Vec::new();
        value.secrets(&mut found);
        let mut state = self.lock();
        let before = state.secrets.len();
        for secret in found {
            let known = state.secrets.contains(&secret) || state.secrets.len() >= MAX_SECRETS;
            if !known && check(&secret).is_ok() {
                state.secrets.push(secret);
            }
        }
        if state.secrets.len() > before
            && let Ok(mask) = Mask::new(state.secrets.iter().map(String::as_str))
        {
            state.streams = [Some(mask.stream()), Some(mask.stream())];
            state.mask = Some(mask);
        }
    }

    /// A text without secrets.
    pub(super) fn masked(&self, text: String) -> String {
        match &self.lock().mask {
            Some(mask) => mask.text(&text).into_owned(),
            None => text,
        }
    }

    /// Passes on what was held back because it might be the beginning of a secret.
    pub(super) async fn flush(&self) {
        let rest = {
            let mut state = self.lock();
            let Some(mask) = state.mask.clone() else { return };
            let fresh = [Some(mask.stream()), Some(mask.stream())];
            mem::replace(&mut state.streams, fresh).map(|stream| {
                let mut bytes = Vec::new();
                if let Some(mut stream) = stream {
                    stream.finish(&mut bytes);
                }
                bytes
            })
        };
        for (stream, bytes) in [Stream::Stdout, Stream::Stderr].into_iter().zip(rest) {
            self.log.output(stream, bytes.into()).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl OutputSink for StepSink {
    async fn write(&self, stream: OutputStream, data: &[u8]) {
        let (index, stream) = match stream {
            OutputStream::Stdout => (0, Stream::Stdout),
            OutputStream::Stderr => (1, Stream::Stderr),
        };
        let bytes = {
            let mut state = self.lock();
            match &mut state.streams[index] {
                Some(mask) => {
                    let mut masked = Vec::with_capacity(data.len());
                    mask.push(data, &mut masked);
                    Bytes::from(masked)
                }
                None => Bytes::copy_from_slice(data),
            }
        };
        self.log.output(stream, bytes).await;
    }
}
