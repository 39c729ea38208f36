//! In-memory pipes between processes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::errno::{Errno, Result};
use super::limits::MemoryBudget;

/// What POSIX calls `PIPE_BUF`: writes up to this size are not interleaved.
pub(crate) const ATOMIC_WRITE: usize = 4096;
/// The capacity of an ordinary pipe.
pub(crate) const CAPACITY: usize = 64 * 1024;
/// The capacity of a pipe that captures a foreground command's output. Its writer never waits,
/// because nobody reads before the command has ended; past this size the write fails.
pub(crate) const CAPTURE_CAPACITY: usize = 256 * 1024 * 1024;

#[derive(Debug)]
struct Pipe {
    state: Mutex<State>,
    changed: Notify,
    /// What the content counts as: a guest can make many pipes, and fill them.
    memory: Arc<MemoryBudget>,
}

#[derive(Debug)]
struct State {
    buffer: VecDeque<u8>,
    capacity: usize,
    waits_when_full: bool,
    readers: usize,
    writers: usize,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until<T>(&self, mut attempt: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the attempt, so that a change between the two is not lost.
            changed.as_mut().enable();
            if let Some(done) = attempt(&mut self.lock()) {
                return done;
            }
            changed.await;
        }
    }
}

/// The end of a pipe that is read from.
#[derive(Debug)]
pub(crate) struct PipeReader(Arc<Pipe>);

/// The end of a pipe that is written to.
#[derive(Debug)]
pub(crate) struct PipeWriter(Arc<Pipe>);

/// Makes an ordinary pipe, or one that captures a foreground command's output.
pub(crate) fn pipe(capture: bool, memory: &Arc<MemoryBudget>) -> (PipeReader, PipeWriter) {
    let pipe = Arc::new(Pipe {
        state: Mutex::new(State {
            buffer: VecDeque::new(),
            capacity: if capture { CAPTURE_CAPACITY } else { CAPACITY },
            waits_when_full: !capture,
            readers: 1,
            writers: 1,
        }),
        changed: Notify::new(),
        memory: Arc::clone(memory),
    });
    (PipeReader(Arc::clone(&pipe)), PipeWriter(pipe))
}

impl PipeReader {
    /// Reads what there is, waiting for the first byte; 0 at the end.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> usize {
        if buffer.is_empty() {
            return 0;
        }
        let count = self
            .0
            .until(|state| {
                if state.buffer.is_empty() {
                    return (state.writers == 0).then_some(0);
                }
                let (front, back) = state.buffer.as_slices();
                let from_front = front.len().min(buffer.len());
                buffer[..from_front].copy_from_slice(&front[..from_front]);
                let from_back = back.len().min(buffer.len() - from_front);
                buffer[from_front..from_front + from_back].copy_from_slice(&back[..from_back]);
                state.buffer.drain(..from_front + from_back);
                if state.buffer.is_empty() && state.buffer.capacity() > CAPACITY {
                    state.buffer = VecDeque::new();
                }
                Some(from_front + from_back)
            })
            .await;
        if count > 0 {
            self.0.memory.give_back(count as u64);
            self.0.changed.notify_waiters();
        }
        count
    }

    /// The number of bytes that can be read now, and whether the writers are gone.
    pub(crate) fn available(&self) -> (usize, bool) {
        let state = self.0.lock();
        (state.buffer.len(), state.writers == 0)
    }

    /// Waits until a read would not wait.
    pub(crate) async fn ready(&self) {
        self.0.until(|state| (!state.buffer.is_empty() || state.writers == 0).then_some(())).await;
    }
}

impl PipeWriter {
    /// Writes some of `data`, waiting for room; at most [`ATOMIC_WRITE`] bytes are written whole.
    pub(crate) async fn write(&self, data: &[u8]) -> Result<usize> {
        let written = self.0.until(|state| state.accept(data, &self.0.memory)).await?;
        self.0.changed.notify_waiters();
        Ok(written)
    }

    /// The room for a write that does not wait, and whether the readers are gone.
    pub(crate) fn room(&self) -> (usize, bool) {
        let state = self.0.lock();
        (state.capacity - state.buffer.len().min(state.capacity), state.readers == 0)
    }

    /// Waits until a small write would not wait.
    pub(crate) async fn ready(&self) {
        self.0
            .until(|state| {
                let room = state.capacity.saturating_sub(state.buffer.len());
                (room >= ATOMIC_WRITE || state.readers == 0).then_some(())
            })
            .await;
    }
}

impl State {
    fn accept(&mut self, data: &[u8], memory: &MemoryBudget) -> Option<Result<usize>> {
        if self.readers == 0 {
            return Some(Err(Errno::PIPE));
        }
        let room = self.capacity.saturating_sub(self.buffer.len());
        if !self.waits_when_full && room < data.len() {
            return Some(Err(Errno::FBIG));
        }
        if room == 0 && !data.is_empty() || (data.len() <= ATOMIC_WRITE && room < data.len()) {
            return None;
        }
        let count = room.min(data.len());
        if !memory.take(count as u64) {
            return Some(Err(Errno::NOMEM));
        }
        self.buffer.extend(&data[..count]);
        Some(Ok(count))
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.readers -= 1;
        let lost = std::mem::take(&mut state.buffer).len();
        drop(state);
        self.0.memory.give_back(lost as u64);
        self.0.changed.notify_waiters();
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.0.lock().writers -= 1;
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe(capture: bool) -> (PipeReader, PipeWriter) {
        super::pipe(capture, &MemoryBudget::new(1 << 30))
    }

    #[tokio::test]
    async fn end_of_file_after_the_last_writer() {
        let (reader, writer) = pipe(false);
        assert_eq!(writer.write(b"abc").await, Ok(3));
        drop(writer);
        let mut buffer = [0; 8];
        assert_eq!(reader.read(&mut buffer).await, 3);
        assert_eq!(reader.read(&mut buffer).await, 0);
    }

    #[tokio::test]
    async fn a_writer_without_readers_gets_a_broken_pipe() {
        let (reader, writer) = pipe(false);
        drop(reader);
        assert_eq!(writer.write(b"x").await, Err(Errno::PIPE));
    }

    #[tokio::test]
    async fn a_megabyte_passes_through_64_kib() {
        let (reader, writer) = pipe(false);
        let sent: Vec<u8> = (0..1 << 20).map(|i| (i % 251) as u8).collect();
        let copy = sent.clone();
        let task = tokio::spawn(async move {
            let mut rest = &copy[..];
            while !rest.is_empty() {
                let n = writer.write(rest).await.unwrap();
                rest = &rest[n..];
            }
        });
        let mut received = Vec::new();
        let mut buffer = [0; 3000];
        loop {
            match reader.read(&mut buffer).await {
                0 => break,
                n => received.extend_from_slice(&buffer[..n]),
            }
        }
        task.await.unwrap();
        assert!(received == sent);
    }

    #[tokio::test]
    async fn a_capture_never_waits_and_fails_past_its_limit() {
        let (_reader, writer) = pipe(true);
        let chunk = vec![0; 32 << 20];
        for _ in 0..8 {
            assert_eq!(writer.write(&chunk).await, Ok(chunk.len()));
        }
        assert_eq!(writer.write(b"x").await, Err(Errno::FBIG));
    }

    #[tokio::test]
    async fn what_waits_in_pipes_counts_as_memory() {
        let memory = MemoryBudget::new(100_000);
        let (reader, writer) = super::pipe(false, &memory);
        let (other_reader, other_writer) = super::pipe(true, &memory);
        assert_eq!(writer.write(&[0; 60_000]).await, Ok(60_000));
        assert_eq!(other_writer.write(&[0; 60_000]).await, Err(Errno::NOMEM));
        assert_eq!(reader.read(&mut [0; 50_000]).await, 50_000);
        assert_eq!(other_writer.write(&[0; 60_000]).await, Ok(60_000));
        drop((reader, other_reader));
        assert!(memory.take(100_000));
    }
}
