//! What the kernel knows of a process, and what a running one owns.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::Notify;
use wasmtime::{Global, Memory};

use super::description::Description;
use super::errno::{Errno, Result};
use super::job::Job;
use super::limits::Limiter;
use super::modules::LoadedModule;
use super::signal::{Killed, Signals};
use super::table::{Entry, Table};
use super::usage::Account;

/// A process identifier, unique within a job.
pub type Pid = u32;

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It returned from `_start` or called `proc_exit`.
    Exited,
    /// It was ended by the signal with this number.
    Signaled(u8),
    /// It trapped; the text says how.
    Trapped(String),
    /// It wanted more memory or table space than it may have; the text names the limit.
    OutOfMemory(String),
    /// Its module could not be loaded; the text says why and what to do.
    NotLoadable(String),
}

/// The status of an ended process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// What a shell puts into `$?`: the exit code, 128 + signal number, 134 for a trap, 137 for
    /// out of memory, 126 for a module that cannot be loaded.
    pub status: u8,
    /// The reason.
    pub how: How,
}

/// What others can see of a process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    /// Its parent's identifier, and its parent while that lives. Not held: programs that replace
    /// themselves over and over would else keep all their ancestors.
    pub(crate) parent_pid: Option<Pid>,
    parent: Weak<Process>,
    /// The process group.
    pub(crate) group: Pid,
    /// For messages: what it was started as.
    pub(crate) name: String,
    /// How many of its ancestors wait for it on one fiber inside another.
    pub(crate) inline_depth: u32,
    /// Whether it is the process that the job was started with.
    pub(crate) is_root: bool,
    pub(crate) signals: Signals,
    pub(crate) account: Account,
    exit: OnceLock<Exit>,
    child_ended: Notify,
}

impl Process {
    pub(crate) fn new(
        pid: Pid,
        parent: Option<&Arc<Process>>,
        new_group: bool,
        name: String,
        inline: bool,
    ) -> Self {
        let group = parent.filter(|_| !new_group).map_or(pid, |parent| parent.group);
        let inline_depth =
            if inline { parent.map_or(0, |parent| parent.inline_depth + 1) } else { 0 };
        Self {
            pid,
            is_root: parent.is_none(),
            parent_pid: parent.map(|parent| parent.pid),
            parent: parent.map_or_else(Weak::new, Arc::downgrade),
            group,
            name,
            inline_depth,
            signals: Signals::default(),
            account: Account::default(),
            exit: OnceLock::new(),
            child_ended: Notify::new(),
        }
    }

    pub(crate) fn exit(&self) -> Option<&Exit> {
        self.exit.get()
    }

    /// The parent, if anybody still knows it.
    pub(crate) fn parent(&self) -> Option<Arc<Self>> {
        self.parent.upgrade()
    }

    /// Runs a call that may have to wait for something, unless or until a signal ends the process.
    pub(crate) async fn unless_killed_waiting<T>(
        &self,
        operation: impl Future<Output = T>,
    ) -> std::result::Result<T, Killed> {
        self.account.waiting(self.signals.unless_killed(operation)).await
    }

    /// Records the end and tells the parent.
    pub(crate) fn end(&self, exit: Exit) {
        let _ = self.exit.set(exit);
        if let Some(parent) = self.parent() {
            parent.child_ended.notify_waiters();
        }
    }

    /// Waits until `found` finds a child that has ended.
    pub(crate) async fn child_ended<T>(&self, mut found: impl FnMut() -> Option<T>) -> T {
        loop {
            let ended = self.child_ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if let Some(child) = found() {
                return child;
            }
            ended.await;
        }
    }
}

/// Bytes of a variable of the environment, roughly.
const USUAL_LENGTH: usize = 48;

/// Strings as WASI hands them over: each followed by a NUL byte.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    pub(crate) bytes: Vec<u8>,
    pub(crate) offsets: Vec<u32>,
}

impl Strings {
    pub(crate) fn new<S: AsRef<[u8]>>(items: impl IntoIterator<Item = S>) -> Self {
        let items = items.into_iter();
        // A few dozen variables of usual length fit without growing.
        let expected = items.size_hint().0;
        let mut strings = Self {
            bytes: Vec::with_capacity(expected.saturating_mul(USUAL_LENGTH)),
            offsets: Vec::with_capacity(expected),
        };
        for item in items {
            strings.offsets.push(u32::try_from(strings.bytes.len()).unwrap_or(u32::MAX));
            // A NUL inside a string would end it early for the program; nothing after it is lost
            // on anybody else.
            for part in item.as_ref().split(|byte| *byte == 0) {
                strings.bytes.extend_from_slice(part);
            }
            strings.bytes.push(0);
        }
        strings
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split_inclusive(|b| *b == 0).map(|item| &item[..item.len() - 1])
    }

    /// The value of `NAME=value`.
    pub(crate) fn variable(&self, name: &str) -> Option<&[u8]> {
        self.iter().find_map(|item| item.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }
}

/// What a running process owns: the data of its wasmtime store.
pub(crate) struct State {
    pub(crate) job: Arc<Job>,
    pub(crate) process: Arc<Process>,
    pub(crate) module: Arc<LoadedModule>,
    pub(crate) table: Table,
    pub(crate) arguments: Arc<Strings>,
    pub(crate) environment: Arc<Strings>,
    pub(crate) cwd: Arc<[u8]>,
    pub(crate) umask: u32,
    /// Descriptors that the parent gave under a number above 2: (that number, ours).
    pub(crate) inherited: Vec<[u32; 2]>,
    pub(crate) children: BTreeMap<Pid, Arc<Process>>,
    pub(crate) limiter: Limiter,
    pub(crate) memory: Option<Memory>,
    pub(crate) stack_pointer: Option<Global>,
    pub(crate) started: std::time::Instant,
}

impl State {
    /// The descriptor that the process got under this number from its parent (`/dev/fd/N`).
    pub(crate) fn given(&self, number: u32) -> Result<&Entry> {
        let moved = self.inherited.iter().find(|[given, _]| *given == number);
        self.table.get(moved.map_or(number, |[_, ours]| *ours)).map_err(|_| Errno::NOENT)
    }

    pub(crate) fn description(&self, fd: u32) -> Result<Arc<Description>> {
        Ok(Arc::clone(&self.table.get(fd)?.description))
    }
}
