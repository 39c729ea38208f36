//! Processes, pipes, signals and file modes for programs that run inside a greenroom sandbox.
//!
//! WASI preview 1 has no way to start a program, to make a pipe or to set a file's mode. The
//! sandbox offers these as imports of the module `greenroom`; this crate is their safe face. It is
//! the only guest crate with `unsafe` code.
//!
//! Conventions of the interface: an error is a negative WASI errno, a string is a pointer and a
//! length in the caller's memory, and a list is the concatenation of its items, each followed by
//! one NUL byte. Paths are absolute paths of the sandbox. Outside `wasm32` every call answers
//! [`Errno::NOSYS`], so that programs using the crate can still be type-checked on the host.

mod command;
mod fork;
mod raw;

pub use command::{Command, Fd, FdMap};
pub use fork::{ForkFlags, Forked, fork};

use std::fmt;
use std::time::Duration;

/// A process identifier, unique within a job.
pub type Pid = u32;

/// A WASI errno (`wasi_snapshot_preview1.witx`, type `errno`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub u16);

impl Errno {
    /// Argument list too long.
    pub const TOOBIG: Self = Self(1);
    /// Permission denied: the file exists but is not executable.
    pub const ACCES: Self = Self(2);
    /// Resource unavailable: the job's process limit is reached.
    pub const AGAIN: Self = Self(6);
    /// Bad file descriptor.
    pub const BADF: Self = Self(8);
    /// No child processes.
    pub const CHILD: Self = Self(12);
    /// Interrupted by a signal that this process handles itself.
    pub const INTR: Self = Self(27);
    /// Invalid argument.
    pub const INVAL: Self = Self(28);
    /// Is a directory.
    pub const ISDIR: Self = Self(31);
    /// No such file or directory.
    pub const NOENT: Self = Self(44);
    /// The file is neither a WebAssembly module nor a `#!` script.
    pub const NOEXEC: Self = Self(45);
    /// Not enough memory.
    pub const NOMEM: Self = Self(48);
    /// Function not supported.
    pub const NOSYS: Self = Self(52);
    /// Operation not permitted.
    pub const PERM: Self = Self(63);
    /// Broken pipe.
    pub const PIPE: Self = Self(64);
    /// No such process.
    pub const SRCH: Self = Self(71);
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({}: {})", self.0, std::io::Error::from(*self))
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::io::Error::from(*self).fmt(f)
    }
}

impl std::error::Error for Errno {}

impl From<Errno> for std::io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(i32::from(errno.0))
    }
}

/// The result of a call into the sandbox.
pub type Result<T> = std::result::Result<T, Errno>;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It returned from `_start` or called `proc_exit`.
    Exited,
    /// It was killed by the signal with this number.
    Signaled(u8),
    /// It trapped: unreachable code, out-of-bounds access, stack overflow …
    Trapped,
    /// It asked for more memory than its limit and could not go on.
    OutOfMemory,
}

/// The status of an ended process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The process that ended.
    pub pid: Pid,
    /// What a shell puts into `$?`: the exit code, or 128 + signal number.
    pub status: u8,
    /// The reason.
    pub how: How,
}

/// Signals that the sandbox knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Signal {
    /// Hang-up.
    Hup = 1,
    /// Interrupt (Ctrl-C).
    Int = 2,
    /// Quit.
    Quit = 3,
    /// Kill: cannot be handled.
    Kill = 9,
    /// User-defined signal 1.
    Usr1 = 10,
    /// User-defined signal 2.
    Usr2 = 12,
    /// Alarm clock.
    Alrm = 14,
    /// Terminate.
    Term = 15,
}

impl Signal {
    /// The bit of this signal in a signal mask.
    pub const fn bit(self) -> u32 {
        1 << (self as u8)
    }
}

/// Which children [`wait`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// This one.
    Pid(Pid),
    /// Any child.
    Any,
}

/// Waits until a child ends and removes it from the process table.
///
/// With `timeout_ms`, `Ok(None)` means that no child ended in that time; zero only looks.
/// [`Errno::CHILD`] means that there is no such child, [`Errno::INTR`] that a signal arrived which
/// this process handles (see [`take_signals`]).
pub fn wait(child: Child, timeout_ms: Option<u32>) -> Result<Option<Exit>> {
    let pid = match child {
        Child::Pid(pid) => pid as i32,
        Child::Any => -1,
    };
    let mut status = [0u32; 3];
    let timeout = timeout_ms.map_or(-1, i64::from);
    let n = raw::wait(pid, timeout, &mut status)?;
    Ok((n != 0).then(|| exit_of(status)))
}

pub(crate) fn exit_of([pid, status, how]: [u32; 3]) -> Exit {
    let how = match how & 0xff {
        0 => How::Exited,
        1 => How::Signaled((how >> 8) as u8),
        3 => How::OutOfMemory,
        _ => How::Trapped,
    };
    Exit { pid, status: status as u8, how }
}

/// Whom [`kill`] signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One process.
    Pid(Pid),
    /// Every process of a group.
    Group(Pid),
    /// Every process of the caller's group.
    OwnGroup,
}

/// Sends a signal, by number; 0 only checks that the target exists.
pub fn kill(target: Target, signal: u8) -> Result<()> {
    let pid = match target {
        Target::Pid(pid) => pid as i32,
        Target::Group(pid) => -(pid as i32),
        Target::OwnGroup => 0,
    };
    raw::kill(pid, u32::from(signal)).map(drop)
}

/// Returns the signals that arrived since the last call, as a mask of [`Signal::bit`]s, and
/// declares which signals this process handles itself from now on.
///
/// A signal outside `handled` ends the process. A handled one interrupts [`wait`] with
/// [`Errno::INTR`]; reads and sleeps are resumed. `KILL` cannot be handled.
pub fn take_signals(handled: u32) -> u32 {
    raw::take_signals(handled)
}

/// This process's identifier. It changes in a child made by [`fork`].
pub fn getpid() -> Pid {
    raw::getpid()
}

/// The identifier of the process that started this one.
pub fn getppid() -> Pid {
    raw::getppid()
}

/// Makes a pipe of 64 KiB: (read end, write end).
pub fn pipe() -> Result<(Fd, Fd)> {
    raw::pipe(0)
}

/// Makes a pipe whose writer never waits, for the output of a command that runs in the foreground
/// and is read only afterwards. The sandbox limits its content (256 MiB); past that a write fails.
pub fn capture_pipe() -> Result<(Fd, Fd)> {
    raw::pipe(u32::MAX)
}

/// Duplicates a descriptor onto the lowest free number ≥ `at_least`.
pub fn dup(fd: Fd, at_least: Fd) -> Result<Fd> {
    raw::dup(fd, at_least)
}

/// Duplicates `from` onto `to`, closing `to` first if it is open.
pub fn dup2(from: Fd, to: Fd) -> Result<()> {
    raw::dup2(from, to).map(drop)
}

/// Closes a descriptor.
pub fn close(fd: Fd) -> Result<()> {
    raw::close(fd)
}

/// Reads from a descriptor; 0 is the end of the file.
pub fn read(fd: Fd, buf: &mut [u8]) -> Result<usize> {
    raw::read(fd, buf)
}

/// Waits at most so long until reading from a descriptor would not wait; true if it would not.
/// The end of the input counts as something to read.
pub fn poll_read(fd: Fd, timeout: std::time::Duration) -> Result<bool> {
    raw::poll_read(fd, u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
}

/// Writes to a descriptor, possibly less than all of `buf`.
pub fn write(fd: Fd, buf: &[u8]) -> Result<usize> {
    raw::write(fd, buf)
}

/// Descriptors beyond 2 that the parent handed over: pairs of number the parent chose and number
/// in this process's WASI table. They differ where the number is taken by a preopened directory.
pub fn inherited_fds() -> Vec<[Fd; 2]> {
    raw::inherited_fds()
}

/// Sets the permission bits (`0o777` and the sticky bits) of a file. Follows symbolic links.
pub fn chmod(path: &[u8], mode: u32) -> Result<()> {
    raw::chmod(path, mode).map(drop)
}

/// Sets the mask of permission bits that new files do not get and returns the former one.
pub fn umask(mask: u32) -> u32 {
    raw::umask(mask)
}

/// What POSIX `stat` knows and WASI's `filestat` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// `st_mode`: file type and permission bits.
    pub mode: u32,
    /// `st_blocks`: 512-byte blocks in use.
    pub blocks: u64,
    /// `st_rdev`-like hint: true for `/dev` entries and other virtual files.
    pub is_virtual: bool,
}

/// Reads a file's mode. The owner of every file is the sandbox's only user (0, `root`).
pub fn mode(path: &[u8], follow_symlinks: bool) -> Result<Mode> {
    let [mode, virtual_, low, high] = raw::mode(path, follow_symlinks)?;
    Ok(Mode { mode, blocks: u64::from(low) | u64::from(high) << 32, is_virtual: virtual_ != 0 })
}

/// A limit of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Limit {
    /// Linear memory of one process, in bytes.
    Memory = 0,
    /// Live processes of a job.
    Processes = 1,
    /// Open descriptors of a process.
    OpenFiles = 2,
    /// Bytes that a job may add to its writable directories.
    Disk = 3,
    /// Processors that the sandbox uses.
    Cpus = 4,
    /// Stack of one process, in bytes.
    Stack = 5,
}

/// Reads a limit; `None` means unlimited.
pub fn limit(limit: Limit) -> Option<u64> {
    u64::try_from(raw::limit(limit as u32)).ok()
}

/// Processor time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Of this process.
    pub own: Duration,
    /// Of the children that it has waited for, with theirs.
    pub children: Duration,
}

/// What this process and its children have used of the processor so far. The sandbox does not tell
/// apart what a program computes and what is done for it.
pub fn times() -> Times {
    // `clockid::process_cputime_id` is both together, `clockid::thread_cputime_id` the process alone.
    let clock = |clock| Duration::from_nanos(raw::clock(clock).unwrap_or(0));
    let (own, all) = (clock(3), clock(2));
    Times { own, children: all.saturating_sub(own) }
}

/// What the job's own shell tells the runner while it works through a job's script. Calls from any
/// other process are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// The script entry with this index (from 0) begins.
    CommandStarted(u32),
    /// The script entry with this index ended the script: line within the entry (from 1), status.
    CommandFailed(u32, u32, u8),
}

/// Reports progress of a job's script.
pub fn job_event(event: JobEvent) {
    match event {
        JobEvent::CommandStarted(index) => raw::job_event(0, index, 0, 0),
        JobEvent::CommandFailed(index, line, status) => {
            raw::job_event(1, index, line, u32::from(status));
        }
    }
}
