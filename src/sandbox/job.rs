//! A job: the processes that share one view of the files, one log and one set of limits, and that
//! all end with it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fs::{Mode, OFlags};
use tokio::sync::Notify;

use super::errno::{self, Errno};
use super::kernel::Kernel;
use super::limits::{Limits, MemoryBudget};
use super::namespace::{Entries, Mount, Namespace, Node, Place};
use super::process::{Pid, Process};
use super::quota::Quota;
use super::signal::KILL;
use super::streams::{OutputSink, OutputStream};
use super::usage::Usage;

/// A directory of the host, by path or already open.
///
/// A directory that is granted to several jobs one after the other has to be opened once, before
/// the first of them runs: what a path means can change, when a job can write to what it leads
/// through.
#[derive(Clone, Debug)]
pub struct HostDirectory {
    path: PathBuf,
    opened: Option<Arc<File>>,
}

impl HostDirectory {
    /// Opens the directory, which stays the same whatever becomes of its path.
    ///
    /// # Errors
    /// If there is no such directory, or it cannot be read.
    pub fn open(&self) -> io::Result<Self> {
        let opened = match &self.opened {
            Some(opened) => Arc::clone(opened),
            None => Arc::new(open_directory(rustix::fs::CWD, &self.path)?),
        };
        Ok(Self { path: self.path.clone(), opened: Some(opened) })
    }

    /// An open directory; its path is only for messages.
    ///
    /// # Errors
    /// If it cannot be opened once more.
    pub fn opened(directory: &Dir, path: PathBuf) -> io::Result<Self> {
        let opened = open_directory(directory.as_fd(), Path::new("."))?;
        Ok(Self { path, opened: Some(Arc::new(opened)) })
    }

    /// A handle to it.
    ///
    /// # Errors
    /// As [`HostDirectory::open`].
    pub fn dir(&self) -> io::Result<Dir> {
        match &self.opened {
            Some(opened) => Ok(Dir::from_std_file(opened.try_clone()?)),
            None => Dir::open_ambient_dir(&self.path, ambient_authority()),
        }
    }

    /// Where it is, or was when it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens for reading, because a process may list what it finds open; a directory that can only be
/// walked through can be mounted as well.
fn open_directory(at: BorrowedFd<'_>, path: &Path) -> io::Result<File> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = |flags| rustix::fs::openat(at, path, flags, Mode::empty());
    Ok(open(flags | OFlags::RDONLY).or_else(|_| open(flags | OFlags::PATH))?.into())
}

impl<P: Into<PathBuf>> From<P> for HostDirectory {
    fn from(path: P) -> Self {
        Self { path: path.into(), opened: None }
    }
}

/// A host directory that a job may use.
#[derive(Clone, Debug)]
pub struct MountSpec {
    /// The directory on the host.
    pub host: HostDirectory,
    /// Where processes see it: an absolute path. At `/` it lies under everything else, so that
    /// `/dev`, `/tmp`, the commands and other mounts hide what it has under their names.
    pub guest: String,
    /// Whether every change is refused.
    pub read_only: bool,
}

impl MountSpec {
    /// The same with its directory open.
    ///
    /// # Errors
    /// [`JobError::Mount`].
    pub fn open(&self) -> Result<Self, JobError> {
        let host = self.host.open().map_err(|source| JobError::Mount {
            host: self.host.path.clone(),
            guest: self.guest.clone(),
            source,
        })?;
        Ok(Self { host, ..self.clone() })
    }
}

/// What the shell that works through a job's script tells about it.
#[async_trait::async_trait]
pub trait ScriptObserver: Send + Sync {
    /// The script entry with this index begins.
    async fn command_started(&self, index: u32);
    /// The script entry with this index ended the script: line within the entry, status.
    async fn command_failed(&self, index: u32, line: u32, status: u8);
}

/// A file of the host that is a command of a job: a module, or a script that begins with `#!`.
#[derive(Debug)]
pub struct OwnCommand {
    /// Its name.
    pub name: String,
    /// The file, whatever its permission bits.
    pub file: File,
    /// What messages call it.
    pub shown: String,
}

/// What a job is made of.
pub struct JobSpec {
    /// The directories it may use. Two mounts must not be nested.
    pub mounts: Vec<MountSpec>,
    /// Commands of its own, in `/usr/local/bin`, or in `/opt/greenroom/image` if `/usr` is a mount.
    pub commands: Vec<OwnCommand>,
    /// What it and its processes may use.
    pub limits: Limits,
    /// Takes its log.
    pub sink: Arc<dyn OutputSink>,
    /// Learns how its script goes on.
    pub observer: Option<Arc<dyn ScriptObserver>>,
}

/// Why a job could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A host directory cannot be opened.
    #[error("cannot mount {host} at {guest}: {source}")]
    Mount {
        /// The host directory.
        host: PathBuf,
        /// Its place in the sandbox.
        guest: String,
        /// The reason.
        source: io::Error,
    },
    /// The place is not an absolute path, or lies inside another mount.
    #[error("cannot mount at {guest}: {reason}")]
    Place {
        /// The place.
        guest: String,
        /// The reason.
        reason: String,
    },
}

/// Why a job was stopped by the sandbox itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// It wrote more than this many bytes to its log.
    Log(u64),
}

/// A set of processes over one view of the files.
pub struct Job {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) namespace: Namespace,
    pub(crate) limits: Limits,
    pub(crate) memory: Arc<MemoryBudget>,
    pub(crate) quota: Arc<Quota>,
    pub(crate) observer: Option<Arc<dyn ScriptObserver>>,
    reporter: Mutex<Reporter>,
    sink: Arc<dyn OutputSink>,
    account: Arc<Account>,
    processes: Mutex<Processes>,
    ended: Notify,
    /// The directories at the top of the tree, which never change, once somebody asked for them.
    top: OnceLock<Vec<(Arc<str>, Place)>>,
}

/// Which process tells the observer about the commands of a script.
#[derive(Clone, Copy, Debug, Default)]
enum Reporter {
    /// The one that was started from outside.
    #[default]
    Root,
    /// The first that does: the shell that an entrypoint starts.
    First,
    /// This one.
    Process(Pid),
}

/// What the views of one job use together, beside its memory and its disk.
#[derive(Default)]
struct Account {
    log_used: AtomicU64,
    breach: OnceLock<Breach>,
    refused_process: AtomicBool,
    /// What processes that have ended have used.
    ended: Mutex<Usage>,
}

/// How a [view](Job::view) differs from its job.
#[derive(Debug, Default)]
pub struct ViewSpec {
    /// Guest paths whose mounts it does not see.
    pub hidden: Vec<String>,
    /// What it sees beside or in place of the job's mounts.
    pub mounts: Vec<MountSpec>,
    /// The same for directories that greenroom made for this job: nothing else can be in them.
    pub own: Vec<MountSpec>,
    /// Bytes of memory of each of its processes, if not the job's.
    pub memory: Option<u64>,
}

#[derive(Default)]
struct Processes {
    last: Pid,
    live: BTreeMap<Pid, Arc<Process>>,
    /// Once set, no process starts any more.
    closed: bool,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Job {
    pub(crate) fn new(kernel: Arc<Kernel>, spec: JobSpec) -> Result<Arc<Self>, JobError> {
        let quota = Quota::new(spec.limits.disk);
        let mut namespace = Namespace::new();
        mount_all(Some(&kernel), &mut namespace, &quota, &spec.mounts)?;
        for OwnCommand { name, file, shown } in spec.commands {
            let file = Arc::new(file);
            // In a tree that brings its own /usr there is no room.
            let place = |directory: &str, namespace: &mut Namespace| {
                let node = Node::Module(Arc::clone(&file), shown.clone());
                namespace.place(&format!("{directory}/{name}"), node)
            };
            if place(OWN_COMMANDS, &mut namespace).is_err() {
                place(IMAGE_COMMANDS, &mut namespace).map_err(|other| JobError::Place {
                    guest: format!("{IMAGE_COMMANDS}/{name}"),
                    reason: format!("{other} is a mount"),
                })?;
            }
        }
        place_commands(&mut namespace);
        Ok(Arc::new(Self {
            kernel,
            namespace,
            memory: MemoryBudget::new(spec.limits.total_memory),
            limits: spec.limits,
            quota,
            observer: spec.observer,
            reporter: Mutex::default(),
            sink: spec.sink,
            account: Arc::default(),
            processes: Mutex::default(),
            ended: Notify::new(),
            top: OnceLock::new(),
        }))
    }

    /// A job over other files that uses up the limits of this one and writes to its log. It has
    /// processes of its own, which have to be ended like those of every job.
    ///
    /// # Errors
    /// If a mount cannot be made.
    pub fn view(&self, spec: ViewSpec) -> Result<Arc<Self>, JobError> {
        let mut namespace = self.namespace.clone();
        for guest in spec.hidden {
            namespace.unmount(&guest);
        }
        mount_all(Some(&self.kernel), &mut namespace, &self.quota, &spec.mounts)?;
        mount_all(None, &mut namespace, &self.quota, &spec.own)?;
        let mut limits = self.limits.clone();
        if let Some(memory) = spec.memory {
            limits.memory = memory;
        }
        Ok(Arc::new(Self {
            kernel: Arc::clone(&self.kernel),
            namespace,
            limits,
            memory: Arc::clone(&self.memory),
            quota: Arc::clone(&self.quota),
            observer: self.observer.clone(),
            reporter: Mutex::default(),
            sink: Arc::clone(&self.sink),
            account: Arc::clone(&self.account),
            processes: Mutex::default(),
            ended: Notify::new(),
            top: OnceLock::new(),
        }))
    }

    /// From now on the observer is told by the first process that wants to tell it, and not by the
    /// one that is started from outside.
    pub fn expect_a_reporter(&self) {
        *self.reporter() = Reporter::First;
    }

    /// Whether that process has come.
    pub fn has_reporter(&self) -> bool {
        matches!(*self.reporter(), Reporter::Process(_))
    }

    fn reporter(&self) -> MutexGuard<'_, Reporter> {
        self.reporter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a process may tell the observer about commands.
    pub(crate) fn may_report(&self, process: &Process) -> bool {
        let mut reporter = self.reporter();
        match *reporter {
            Reporter::Root => process.is_root,
            Reporter::First => {
                *reporter = Reporter::Process(process.pid);
                true
            }
            Reporter::Process(pid) => pid == process.pid,
        }
    }

    /// Sends a signal to every process of the job.
    pub fn kill_all(&self, signal: u8) {
        self.signal(signal, |_| true);
    }

    /// Ends every process without waiting for it; no new one starts.
    pub fn abandon(&self) {
        self.lock().closed = true;
        self.kill_all(KILL);
    }

    /// Ends every process and waits until they are gone; no new one starts.
    pub async fn close(&self) {
        self.lock().closed = true;
        self.end_processes().await;
    }

    /// Ends every process and waits until they are gone.
    pub async fn end_processes(&self) {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.lock().live.is_empty() {
                return;
            }
            self.kill_all(KILL);
            ended.await;
        }
    }

    /// The limit for whose sake the sandbox stopped the job, if it did.
    pub fn breach(&self) -> Option<Breach> {
        self.account.breach.get().copied()
    }

    /// Whether a write was refused because of the disk limit.
    pub fn disk_limit_reached(&self) -> bool {
        self.quota.exceeded()
    }

    /// Whether a process was refused because of the limit of processes.
    pub fn process_limit_reached(&self) -> bool {
        self.account.refused_process.load(Ordering::Relaxed)
    }

    /// The directories at the top of the tree, with their paths.
    pub(crate) fn top_directories(&self) -> errno::Result<&[(Arc<str>, Place)]> {
        if let Some(top) = self.top.get() {
            return Ok(top);
        }
        let place = |name: &str| {
            let path = format!("/{name}");
            let place = self.namespace.directory(path.as_bytes())?;
            Ok((path.into(), place))
        };
        let top = self.namespace.top().map(place).collect::<errno::Result<_>>()?;
        Ok(self.top.get_or_init(|| top))
    }

    /// What the job's processes have used so far, those of other views included once they have
    /// ended. A process that runs on another thread just now is counted up to where it last waited
    /// or let others run, some milliseconds ago at most.
    pub fn usage(&self) -> Usage {
        let processes = self.lock();
        let mut usage = *self.ended_usage();
        for process in processes.live.values() {
            usage += process.account.usage();
        }
        usage
    }

    /// The most memory, in bytes, that the limit of all processes together counted at the same time
    /// since this was last asked.
    pub fn take_peak_memory(&self) -> u64 {
        self.memory.take_peak()
    }

    pub(crate) async fn write_log(
        &self,
        stream: OutputStream,
        data: &[u8],
    ) -> errno::Result<usize> {
        let before = self.account.log_used.fetch_add(data.len() as u64, Ordering::Relaxed);
        let room = self.limits.log.saturating_sub(before);
        let fits = usize::try_from(room).unwrap_or(usize::MAX).min(data.len());
        if fits > 0 {
            self.sink.write(stream, &data[..fits]).await;
        }
        if fits == data.len() {
            return Ok(data.len());
        }
        if self.account.breach.set(Breach::Log(self.limits.log)).is_ok() {
            self.kill_all(KILL);
        }
        Err(Errno::FBIG)
    }

    /// Writes a message of the sandbox itself, which is not counted as the job's.
    pub(crate) async fn write_message(&self, data: &[u8]) {
        self.sink.write(OutputStream::Stderr, data).await;
    }

    /// Registers a process. One that has been killed gets no more children, so that a signal to a
    /// group leaves nobody who could start another member.
    pub(crate) fn add(
        &self,
        parent: Option<&Process>,
        make: impl FnOnce(Pid) -> Process,
    ) -> errno::Result<Arc<Process>> {
        let mut processes = self.lock();
        if parent.is_some_and(|parent| parent.signals.fatal().is_some()) {
            return Err(Errno::INTR);
        }
        if processes.live.len() >= self.limits.processes {
            self.account.refused_process.store(true, Ordering::Relaxed);
            return Err(Errno::AGAIN);
        }
        if processes.closed {
            return Err(Errno::AGAIN);
        }
        // Two's complement negation of a pid names its group, so pids stay within 31 bits.
        processes.last = (processes.last % 0x3fff_ffff) + 1;
        while processes.live.contains_key(&processes.last) {
            processes.last = (processes.last % 0x3fff_ffff) + 1;
        }
        let pid = processes.last;
        let process = Arc::new(make(pid));
        processes.live.insert(pid, Arc::clone(&process));
        Ok(process)
    }

    /// Forgets a process that has ended.
    pub(crate) fn remove(&self, pid: Pid) {
        let mut processes = self.lock();
        if let Some(process) = processes.live.remove(&pid) {
            *self.ended_usage() += process.account.usage();
        }
        drop(processes);
        self.ended.notify_waiters();
    }

    /// Sends a signal to the live processes that a predicate selects. Tells whether there are any.
    pub(crate) fn signal(&self, signal: u8, wanted: impl Fn(&Process) -> bool) -> bool {
        let processes = self.lock();
        let mut any = false;
        // None starts while this goes on: see `add`.
        for process in processes.live.values().filter(|process| wanted(process)) {
            process.signals.send(signal);
            any = true;
        }
        any
    }

    fn ended_usage(&self) -> MutexGuard<'_, Usage> {
        self.account.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Processes> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Mounts directories of the host, and refuses those where compiled modules are kept if a kernel
/// is given: that means looking at every directory above.
fn mount_all(
    kernel: Option<&Kernel>,
    namespace: &mut Namespace,
    quota: &Arc<Quota>,
    mounts: &[MountSpec],
) -> Result<(), JobError> {
    for mount in mounts {
        let MountSpec { host, guest, read_only } = mount.open()?;
        let place =
            |reason: &str| JobError::Place { guest: guest.clone(), reason: reason.to_owned() };
        if !guest.starts_with('/') || guest.split('/').any(|n| n == ".." || n == ".") {
            return Err(place("write an absolute path without `.` and `..`"));
        }
        if guest == "/dev" || guest.starts_with("/dev/") {
            return Err(place("/dev is the sandbox's own; choose another place"));
        }
        let charged = (!read_only).then(|| Arc::clone(quota));
        let Some(root) = host.opened else { continue };
        let mount = Mount::new(&guest, root, read_only, charged);
        if let Some(kernel) = kernel
            && !read_only
            && let Some(store) = kernel.modules.store_within(&mount.root)
        {
            return Err(place(&format!(
                "whoever can write there could tamper with greenroom's compiled modules in \
                 {}, which run as native code; mount another directory, or move them with \
                 GREENROOM_CACHE_DIR",
                store.display()
            )));
        }
        if guest.trim_matches('/').is_empty() {
            namespace.mount_root(mount);
            continue;
        }
        namespace.mount(mount).map_err(|other| {
            place(&format!("it lies inside {other}, which is a mount or a file"))
        })?;
    }
    Ok(())
}

/// Where a job's own modules are.
const OWN_COMMANDS: &str = "/usr/local/bin";
/// Where they are if `/usr` is a mount: first in a default `PATH`.
pub(crate) const IMAGE_COMMANDS: &str = "/opt/greenroom/image";
/// Where the built-in commands can always be found, last in the default `PATH`.
pub(crate) const COMMANDS: &str = "/opt/greenroom/bin";
/// The search path of a job that sets none.
pub const DEFAULT_PATH: &str =
    "/opt/greenroom/image:/usr/local/bin:/usr/bin:/bin:/opt/greenroom/bin";

fn place_commands(namespace: &mut Namespace) {
    for directory in ["/bin", "/usr/bin", COMMANDS] {
        if !namespace.has(directory) {
            // A directory that an image brings has no room for them.
            let _ = namespace.place(directory, Node::Directory(Arc::new(Entries::Commands)));
            continue;
        }
        for (name, node) in Entries::Commands.iter() {
            if namespace.place(&format!("{directory}/{name}"), node.clone()).is_err() {
                break;
            }
        }
    }
}
