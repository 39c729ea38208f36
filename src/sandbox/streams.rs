//! What processes write to and read from that is neither a file nor a pipe: the job's log and the
//! terminal or pipe that greenroom itself was started with.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

/// Which of its two outputs a process wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// Descriptor 1.
    Stdout,
    /// Descriptor 2.
    Stderr,
}

/// Takes a job's output.
#[async_trait::async_trait]
pub trait OutputSink: Send + Sync {
    /// Takes all of `data`, waiting while the receiver is behind.
    async fn write(&self, stream: OutputStream, data: &[u8]);
}

/// An open file of the host that is not a regular file: a terminal, a pipe, a socket.
#[derive(Debug)]
pub(crate) struct HostStream {
    fd: OwnedFd,
    terminal: bool,
    /// Held by the one who waits with a thread, for reading and for writing: however many
    /// processes and subscriptions wait, they occupy one.
    waiting: [tokio::sync::Mutex<()>; 2],
}

/// POSIX's guaranteed minimum for a write to a pipe that is ready.
const ALWAYS_FITS: usize = 512;
/// What Linux guarantees (pipe(7), `PIPE_BUF`).
const FITS_A_READY_PIPE: usize = if cfg!(target_os = "linux") { 4096 } else { ALWAYS_FITS };

impl HostStream {
    pub(crate) fn new(fd: OwnedFd) -> Self {
        let terminal = rustix::termios::isatty(&fd);
        Self { fd, terminal, waiting: Default::default() }
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Reads what there is, waiting without occupying a thread of the runtime.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.ready(PollFlags::IN).await?;
        Ok(rustix::io::read(&self.fd, buffer)?)
    }

    /// Writes some of `data`, waiting until the reader has room.
    pub(crate) async fn write(&self, data: &[u8]) -> io::Result<usize> {
        self.ready(PollFlags::OUT).await?;
        Ok(rustix::io::write(&self.fd, &data[..data.len().min(FITS_A_READY_PIPE)])?)
    }

    /// Waits until reading or writing would not wait.
    pub(crate) async fn ready(&self, flags: PollFlags) -> io::Result<()> {
        if poll(&self.fd, flags, Duration::ZERO)? {
            return Ok(());
        }
        let _waiting = self.waiting[usize::from(flags.contains(PollFlags::OUT))].lock().await;
        if poll(&self.fd, flags, Duration::ZERO)? {
            return Ok(());
        }
        // The thread looks up now and then whether anybody still waits for it.
        let fd = self.fd.try_clone()?;
        let abandoned = Abandon(Arc::new(AtomicBool::new(false)));
        let flag = Arc::clone(&abandoned.0);
        let waiting = tokio::task::spawn_blocking(move || {
            while !flag.load(Ordering::Relaxed) {
                if poll(&fd, flags, Duration::from_millis(50))? {
                    break;
                }
            }
            io::Result::Ok(())
        });
        waiting.await.map_err(io::Error::other)?
    }

    pub(crate) fn is_ready(&self, flags: PollFlags) -> bool {
        poll(&self.fd, flags, Duration::ZERO).unwrap_or(true)
    }
}

struct Abandon(Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn poll(fd: &impl AsFd, flags: PollFlags, timeout: Duration) -> io::Result<bool> {
    let timeout = Timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    };
    match rustix::event::poll(&mut [PollFd::new(fd, flags)], Some(&timeout)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
