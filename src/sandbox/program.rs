//! Starting a job's programs from outside the sandbox.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::description::{Description, Log, RegularFile};
use super::errno::Errno;
use super::guests::OwnProgram;
use super::job::Job;
use super::lookup::{self, Found};
use super::modules::Origin;
use super::namespace::Device;
use super::process::{Exit, Process, Strings};
use super::run::{self, Start};
use super::step::StepCall;
use super::streams::{HostStream, OutputStream};
use super::table::{Entry, rights};

/// Where a descriptor of a program leads.
#[derive(Debug)]
pub enum Stdio {
    /// Nowhere: reads end at once, writes vanish.
    Null,
    /// To the job's log.
    Log,
    /// To an open file, terminal or pipe of the host.
    Host(OwnedFd),
}

/// A program to run.
#[derive(Debug)]
pub struct ProgramSpec {
    /// A command's name, looked up in the `PATH` of `environment`, or a path of the sandbox.
    pub program: Vec<u8>,
    /// A module of the host to run in place of `program`, which then only names it.
    pub module: Option<std::fs::File>,
    /// All arguments, `argv[0]` included.
    pub arguments: Vec<Vec<u8>>,
    /// Items of the form `NAME=value`.
    pub environment: Vec<Vec<u8>>,
    /// An absolute path of the sandbox.
    pub cwd: String,
    /// Standard input, output and error.
    pub stdio: [Stdio; 3],
}

/// A program could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// There is no such command.
    #[error("{0}: command not found")]
    NotFound(String),
    /// It is there, but cannot be executed.
    #[error("{program}: {reason}")]
    NotExecutable {
        /// The command.
        program: String,
        /// Why.
        reason: String,
    },
}

impl StartError {
    /// What a shell makes of it: 127 or 126.
    pub fn status(&self) -> u8 {
        match self {
            Self::NotFound(_) => 127,
            Self::NotExecutable { .. } => 126,
        }
    }
}

impl Job {
    /// Runs a program as the job's first process and waits for its end. Processes that it started
    /// in the background may go on; [`Job::close`] ends them.
    ///
    /// When the future is dropped, the program ends.
    ///
    /// # Errors
    /// If there is no such program, or it cannot be executed.
    pub async fn run(self: &Arc<Self>, spec: ProgramSpec) -> Result<Exit, StartError> {
        self.run_found(spec, None, None).await
    }

    /// Runs a program of greenroom's own; `program` and `module` are not looked at.
    ///
    /// # Errors
    /// As [`Job::run`].
    pub async fn run_own(
        self: &Arc<Self>,
        own: OwnProgram,
        spec: ProgramSpec,
    ) -> Result<Exit, StartError> {
        let found = Found {
            origin: Origin::Guest(own.guest()),
            name: own.name().to_owned(),
            arguments: spec.arguments.clone(),
        };
        self.run_found(spec, Some(found), None).await
    }

    pub(super) async fn run_found(
        self: &Arc<Self>,
        spec: ProgramSpec,
        found: Option<Found>,
        step: Option<StepCall>,
    ) -> Result<Exit, StartError> {
        let (process, mut start) = self.prepare(spec, found)?;
        start.step = step;
        Ok(run::run(Arc::clone(self), process, start).await)
    }

    /// Finds a program and gives it a process.
    pub(super) fn prepare(
        self: &Arc<Self>,
        spec: ProgramSpec,
        found: Option<Found>,
    ) -> Result<(Arc<Process>, Start), StartError> {
        let program = String::from_utf8_lossy(&spec.program).into_owned();
        let environment = Arc::new(Strings::new(spec.environment));
        let cwd: Arc<[u8]> = spec.cwd.as_bytes().into();
        let mut descriptors = Vec::new();
        for (fd, stdio) in (0..).zip(spec.stdio) {
            let entry = self.open(stdio, fd).map_err(|errno| StartError::NotExecutable {
                program: program.clone(),
                reason: format!("its descriptor {fd} cannot be used ({errno:?})"),
            })?;
            descriptors.push((fd, entry));
        }
        let umask = 0o022;
        let given = spec.module.map(|file| Found {
            origin: Origin::File(Arc::new(file)),
            name: program.clone(),
            arguments: spec.arguments.clone(),
        });
        let start = match found.or(given) {
            Some(found) => Start { found, environment, cwd, umask, descriptors, step: None },
            None => Start::find(
                self,
                &spec.program,
                spec.arguments,
                environment,
                cwd,
                umask,
                descriptors,
            )
            .map_err(|errno| start_error(&program, errno))?,
        };
        let name = start.found.name.clone();
        let process = self
            .add(None, |pid| Process::new(pid, None, true, name, false))
            .map_err(|errno| start_error(&program, errno))?;
        Ok((process, start))
    }

    /// Loads a command's module, compiling it if need be, so that running it starts at once.
    ///
    /// # Errors
    /// As [`Job::run`]; a module that cannot be loaded is not executable.
    pub async fn preload(&self, command: &str) -> Result<(), StartError> {
        let nothing = Strings::default();
        let found = lookup::find(&self.namespace, command.as_bytes(), vec![], &nothing, b"/")
            .map_err(|errno| start_error(command, errno))?;
        let loaded = self.kernel.modules.load(&self.kernel, &found.origin, &found.name).await;
        loaded
            .map(drop)
            .map_err(|reason| StartError::NotExecutable { program: command.to_owned(), reason })
    }

    fn open(self: &Arc<Self>, stdio: Stdio, fd: u32) -> super::errno::Result<Entry> {
        let description = match stdio {
            Stdio::Null => Description::Device(Device::Null),
            Stdio::Log => {
                let stream = if fd == 2 { OutputStream::Stderr } else { OutputStream::Stdout };
                Description::Log(Log { job: Arc::clone(self), stream })
            }
            Stdio::Host(file) => {
                let stat = rustix::fs::fstat(&file)?;
                match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
                    rustix::fs::FileType::RegularFile => {
                        Description::File(RegularFile::new(file.into(), None, fd > 0)?)
                    }
                    _ => Description::Host(HostStream::new(file)),
                }
            }
        };
        let entry = Entry::new(Arc::new(description));
        let denied = if fd == 0 { rights::WRITE } else { rights::READ };
        Ok(Entry { rights: entry.rights & !denied, ..entry })
    }
}

fn start_error(program: &str, errno: Errno) -> StartError {
    let reason = match errno {
        Errno::NOENT => return StartError::NotFound(program.to_owned()),
        Errno::ACCES => "permission denied: a script must be executable (chmod +x)",
        Errno::NOEXEC => "it is neither a WebAssembly module nor a script that begins with #!",
        Errno::LOOP => "too many scripts are each other's interpreter",
        Errno::AGAIN => "the job's limit of processes is reached",
        _ => "it cannot be opened",
    };
    StartError::NotExecutable { program: program.to_owned(), reason: reason.to_owned() }
}
