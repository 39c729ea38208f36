//! Starting other programs, through the sandbox's process calls; `std::process` on a host.

use crate::io::{complain, reason};
use std::ffi::{OsStr, OsString};
use std::io;

/// Name and value of a variable.
pub(crate) type Variable = (OsString, OsString);

/// A program to run with this process's descriptors 0 to 2.
pub(crate) struct Program<'a> {
    pub(crate) argv: &'a [OsString],
    /// The environment, where it is not ours.
    pub(crate) env: Option<&'a [Variable]>,
    /// The working directory, where it is not ours.
    pub(crate) cwd: Option<&'a std::path::Path>,
    /// Whether standard input is empty instead of ours.
    pub(crate) no_input: bool,
}

impl<'a> Program<'a> {
    pub(crate) fn new(argv: &'a [OsString]) -> Self {
        Self { argv, env: None, cwd: None, no_input: false }
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// As `$?` shows it.
    pub(crate) status: u8,
    /// Whether a signal or a trap ended it.
    pub(crate) killed: bool,
}

/// The status of a command that could not start another, by the rule of `env`: 127 when there is
/// no such program, 126 when it cannot be run.
pub(crate) fn status_of(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
}

/// Prints why `program` was not started and returns [`status_of`] it.
pub(crate) fn not_started(name: &str, program: &OsStr, error: &io::Error) -> u8 {
    complain(name, format_args!("{}: {}", quote(program), reason(error)));
    status_of(error)
}

/// `'program'`, as GNU's messages quote it.
pub(crate) fn quote(program: &OsStr) -> String {
    format!("'{}'", program.display())
}

/// Runs a program and waits for it; standard output must have been flushed.
pub(crate) fn run(program: &Program<'_>) -> io::Result<Ended> {
    imp::run(program)
}

#[cfg(target_os = "wasi")]
pub(crate) use imp::{Output, feed, read_from, spawn, spawn_in_group};

#[cfg(target_os = "wasi")]
mod imp {
    use super::{Ended, Program};
    use crate::options::bytes;
    use greenroom_process::{Child, Command, Exit, Fd, How, Pid, wait};
    use std::io::{self, Read, Write};

    pub(super) fn run(program: &Program<'_>) -> io::Result<Ended> {
        with_command(program, &[], |command| Ok(ended(command.run()?)))
    }

    /// Starts a program beside this one.
    pub(crate) fn spawn(program: &Program<'_>) -> io::Result<Pid> {
        with_command(program, &[], |command| Ok(command.spawn()?))
    }

    /// Starts a program as the leader of a new process group.
    pub(crate) fn spawn_in_group(program: &Program<'_>) -> io::Result<Pid> {
        with_command(program, &[], |command| Ok(Command { new_group: true, ..*command }.spawn()?))
    }

    pub(crate) fn ended(exit: Exit) -> Ended {
        Ended { status: exit.status, killed: exit.how != How::Exited }
    }

    fn with_command<T>(
        program: &Program<'_>,
        replaced: &[[Fd; 2]],
        start: impl FnOnce(&Command<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        let inherited: Vec<(std::ffi::OsString, std::ffi::OsString)>;
        let variables = match program.env {
            Some(variables) => variables,
            None => {
                inherited = std::env::vars_os().collect();
                &inherited
            }
        };
        let cwd = match program.cwd {
            Some(cwd) if cwd.is_absolute() => cwd.to_owned(),
            Some(cwd) => std::env::current_dir()?.join(cwd),
            None => std::env::current_dir()?,
        };
        // A program learns its working directory from PWD; a stale one would mislead it.
        let mut env: Vec<Vec<u8>> = variables
            .iter()
            .filter(|(name, _)| name != "PWD")
            .map(|(name, value)| [bytes(name), b"=", bytes(value)].concat())
            .collect();
        env.push([b"PWD=", bytes(cwd.as_os_str())].concat());
        let empty = if program.no_input { Some(std::fs::File::open("/dev/null")?) } else { None };
        let mut fds: Vec<[Fd; 2]> = vec![[0, 0], [1, 1], [2, 2]];
        if let Some(empty) = &empty {
            use std::os::fd::AsRawFd;
            fds[0][1] = empty.as_raw_fd().cast_unsigned();
        }
        for [child, ours] in replaced {
            fds[*child as usize][1] = *ours;
        }
        let argv: Vec<&[u8]> = program.argv.iter().map(|arg| bytes(arg)).collect();
        let env: Vec<&[u8]> = env.iter().map(Vec::as_slice).collect();
        start(&Command {
            program: argv.first().copied().unwrap_or_default(),
            argv: &argv,
            env: &env,
            cwd: bytes(cwd.as_os_str()),
            fds: &fds,
            new_group: false,
        })
    }

    /// The other end of a program's standard output or input.
    pub(crate) struct Output {
        pid: Pid,
        fd: Option<Fd>,
    }

    impl Output {
        /// Closes our end and waits for the program.
        pub(crate) fn close(&mut self) -> io::Result<Ended> {
            self.hang_up();
            match wait(Child::Pid(self.pid), None)? {
                Some(exit) => Ok(ended(exit)),
                None => Err(io::ErrorKind::TimedOut.into()),
            }
        }

        fn hang_up(&mut self) {
            if let Some(fd) = self.fd.take() {
                let _ = greenroom_process::close(fd);
            }
        }
    }

    impl Drop for Output {
        fn drop(&mut self) {
            self.hang_up();
        }
    }

    impl Read for Output {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            match self.fd {
                Some(fd) => Ok(greenroom_process::read(fd, buf)?),
                None => Ok(0),
            }
        }
    }

    impl Write for Output {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            match self.fd {
                Some(fd) => Ok(greenroom_process::write(fd, buf)?),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Starts a program whose standard output we read.
    pub(crate) fn read_from(program: &Program<'_>) -> io::Result<Output> {
        piped(program, 1)
    }

    /// Starts a program whose standard input we write.
    pub(crate) fn feed(program: &Program<'_>) -> io::Result<Output> {
        piped(program, 0)
    }

    fn piped(program: &Program<'_>, theirs: Fd) -> io::Result<Output> {
        let (read, write) = greenroom_process::pipe()?;
        let (ours, child_end) = if theirs == 1 { (read, write) } else { (write, read) };
        let started = with_command(program, &[[theirs, child_end]], |command| Ok(command.spawn()?));
        let _ = greenroom_process::close(child_end);
        match started {
            Ok(pid) => Ok(Output { pid, fd: Some(ours) }),
            Err(error) => {
                let _ = greenroom_process::close(ours);
                Err(error)
            }
        }
    }
}

#[cfg(target_os = "wasi")]
pub(crate) use imp::ended;

#[cfg(not(target_os = "wasi"))]
pub(crate) use imp::{Output, feed, read_from};

#[cfg(not(target_os = "wasi"))]
mod imp {
    use super::{Ended, Program};
    use std::io::{self, Read, Write};
    use std::process::{Child, Command, ExitStatus, Stdio};

    fn command(program: &Program<'_>) -> Command {
        let mut command = Command::new(program.argv.first().map_or("".as_ref(), |p| &**p));
        command.args(program.argv.get(1..).unwrap_or_default());
        if let Some(env) = program.env {
            command.env_clear().envs(env.iter().map(|(n, v)| (n, v)));
        }
        if let Some(cwd) = program.cwd {
            command.current_dir(cwd);
        }
        if program.no_input {
            command.stdin(Stdio::null());
        }
        command
    }

    fn ended(status: ExitStatus) -> Ended {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ended { status: code.unwrap_or(137), killed: code.is_none() }
    }

    pub(super) fn run(program: &Program<'_>) -> io::Result<Ended> {
        command(program).status().map(ended)
    }

    pub(crate) struct Output(Child);

    impl Output {
        pub(crate) fn close(&mut self) -> io::Result<Ended> {
            drop(self.0.stdin.take());
            drop(self.0.stdout.take());
            self.0.wait().map(ended)
        }
    }

    impl Read for Output {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.stdout.as_mut().map_or(Ok(0), |out| out.read(buf))
        }
    }

    impl Write for Output {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            let stdin = self.0.stdin.as_mut();
            stdin.map_or(Err(io::ErrorKind::BrokenPipe.into()), |stdin| stdin.write(buf))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(crate) fn read_from(program: &Program<'_>) -> io::Result<Output> {
        command(program).stdout(Stdio::piped()).spawn().map(Output)
    }

    pub(crate) fn feed(program: &Program<'_>) -> io::Result<Output> {
        command(program).stdin(Stdio::piped()).spawn().map(Output)
    }
}
