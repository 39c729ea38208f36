//! `wasi:io` streams over open file descriptions.

use std::future::Future;
use std::io::{IoSlice, IoSliceMut};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use rustix::event::PollFlags;
use tokio::io::{AsyncRead, AsyncWrite};
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::convert::FileError;
use crate::sandbox::description::{At, Description};
use crate::sandbox::errno::{Errno, Result};
use crate::sandbox::table::{Entry, rights};

/// The most that is moved at once.
const CHUNK: usize = 64 * 1024;

/// The most that a stream keeps until its receiver takes it. A component may make thousands of
/// streams, and this is the sandbox's own memory.
const MAX_PENDING: usize = 8 * 1024;

/// A stream to read from: standard input, or a file from a position on.
///
/// Nothing is read ahead: what the component does not take stays for whoever shares the
/// description.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// None is at its end.
    description: Option<Arc<Description>>,
    /// Where a file is read; none moves the description's own offset.
    position: Option<u64>,
}

impl Input {
    pub(super) fn new(entry: Option<&Entry>) -> Self {
        let readable = entry.filter(|entry| entry.require(rights::READ).is_ok());
        Self { description: readable.map(|entry| Arc::clone(&entry.description)), position: None }
    }

    pub(super) fn of_file(description: Arc<Description>, position: u64) -> Self {
        let position = has_positions(&description).then_some(position);
        Self { description: Some(description), position }
    }
}

/// Whether a description is read and written at positions rather than as a stream.
pub(super) fn has_positions(description: &Description) -> bool {
    matches!(description, Description::File(_) | Description::Program(..))
}

/// The result of a future that is ready at once.
pub(super) fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn failed(errno: Errno) -> StreamError {
    match errno {
        Errno::PIPE => StreamError::Closed,
        errno => StreamError::LastOperationFailed(FileError(errno).into()),
    }
}

#[async_trait::async_trait]
impl InputStream for Input {
    /// As often as another process that shares the description is faster.
    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        loop {
            self.ready().await;
            let bytes = self.read(size)?;
            if size == 0 || !bytes.is_empty() {
                return Ok(bytes);
            }
            tokio::task::yield_now().await;
        }
    }

    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let Some(description) = &self.description else { return Err(StreamError::Closed) };
        let ready = match &**description {
            Description::PipeReader(pipe) => pipe.available() != (0, false),
            Description::Host(host) => host.is_ready(PollFlags::IN),
            _ => true,
        };
        if size == 0 || !ready {
            return Ok(Bytes::new());
        }
        let mut buffer = vec![0; size.min(CHUNK)];
        let at = self.position.map_or(At::Offset, At::Position);
        let Some(read) = now(description.read(&mut [IoSliceMut::new(&mut buffer)], at)) else {
            return Ok(Bytes::new()); // somebody else was faster
        };
        match read.map_err(failed)? {
            0 => Err(StreamError::Closed),
            count => {
                if let Some(position) = &mut self.position {
                    *position += count as u64;
                }
                buffer.truncate(count);
                Ok(buffer.into())
            }
        }
    }
}

#[async_trait::async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {
        match self.description.as_deref() {
            Some(Description::PipeReader(pipe)) => pipe.ready().await,
            Some(Description::Host(host)) => {
                // An error shows when it is read.
                let _ = host.ready(PollFlags::IN).await;
            }
            _ => {}
        }
    }
}

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        self.description.as_deref().is_some_and(is_terminal)
    }
}

impl StdinStream for Input {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        // Only for WASI 0.3, which is not linked.
        Box::new(tokio::io::empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

fn is_terminal(description: &Description) -> bool {
    matches!(description, Description::Host(host) if host.is_terminal())
}

/// A stream to write to: standard output or error, or a file. Clones are the same stream.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// None takes everything and keeps nothing.
    description: Option<Arc<Description>>,
    state: Arc<Mutex<Pending>>,
    /// Held while waiting for the description, so that two waiting at once do not write the same.
    draining: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct Pending {
    /// What was accepted and is not yet written. More is accepted only when it is.
    bytes: Bytes,
    place: Where,
    failure: Option<Errno>,
    closed: bool,
}

/// Where the next byte goes.
#[derive(Clone, Copy, Debug)]
enum Where {
    Offset,
    Position(u64),
    End,
}

impl Output {
    pub(super) fn new(entry: Option<&Entry>) -> Self {
        let writable = entry.filter(|entry| entry.require(rights::WRITE).is_ok());
        Self::at(writable.map(|entry| Arc::clone(&entry.description)), Where::Offset)
    }

    /// A file from a position on, or at its end.
    pub(super) fn of_file(description: Arc<Description>, position: Option<u64>) -> Self {
        let place = match (has_positions(&description), position) {
            (false, _) => Where::Offset,
            (true, Some(position)) => Where::Position(position),
            (true, None) => Where::End,
        };
        Self::at(Some(description), place)
    }

    fn at(description: Option<Arc<Description>>, place: Where) -> Self {
        let pending = Pending { bytes: Bytes::new(), place, failure: None, closed: false };
        Self { description, state: Arc::new(Mutex::new(pending)), draining: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is pending. Where it is cancelled, the rest stays pending.
    pub(super) async fn drain(&self) {
        let _draining = self.draining.lock().await;
        loop {
            let (bytes, place) = {
                let pending = self.lock();
                (pending.bytes.clone(), pending.place)
            };
            if bytes.is_empty() {
                return;
            }
            let written = match &self.description {
                Some(description) => write(description, &bytes, place).await,
                None => Ok(bytes.len()),
            };
            let mut pending = self.lock();
            match written {
                // Would be tried for ever.
                Ok(0) => {
                    pending.bytes = Bytes::new();
                    pending.failure = Some(Errno::IO);
                }
                Ok(count) => {
                    pending.bytes.advance(count);
                    if let Where::Position(position) = &mut pending.place {
                        *position += count as u64;
                    }
                }
                Err(errno) => {
                    pending.bytes = Bytes::new();
                    pending.failure = Some(errno);
                }
            }
        }
    }
}

async fn write(description: &Description, bytes: &[u8], place: Where) -> Result<usize> {
    let at = match place {
        Where::Offset => At::Offset,
        Where::Position(position) => At::Position(position),
        Where::End => At::End,
    };
    description.write(&[IoSlice::new(bytes)], at).await
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > self.check_write()? {
            return Err(StreamError::trap("more was written than `check-write` permits"));
        }
        self.lock().bytes = bytes;
        // A file takes it at once, so that an error is told to the call that made it.
        if self.description.as_deref().is_some_and(has_positions) {
            let _ = now(self.drain());
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        // Nothing is accepted before all is written, so there is nothing to hasten.
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        let mut pending = self.lock();
        if let Some(errno) = pending.failure.take() {
            pending.closed = true;
            return Err(failed(errno));
        }
        if pending.closed {
            return Err(StreamError::Closed);
        }
        let at_once = self.description.as_deref().is_none_or(has_positions);
        let most = if at_once { CHUNK } else { MAX_PENDING };
        Ok(if pending.bytes.is_empty() { most } else { 0 })
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        self.drain().await;
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        self.description.as_deref().is_some_and(is_terminal)
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only for WASI 0.3, which is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}
