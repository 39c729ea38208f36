use crate::{Exit, Pid, Result, exit_of, raw};

/// A descriptor number.
pub type Fd = u32;

/// Which descriptors a child gets: `[number in the child, number in the caller's WASI table]`.
/// Nothing else is inherited.
pub type FdMap<'a> = &'a [[Fd; 2]];

/// A program to start.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    /// The program. Without a `/` it is looked up in the `PATH` of `env`.
    pub program: &'a [u8],
    /// The arguments, `argv[0]` included.
    pub argv: &'a [&'a [u8]],
    /// The environment: items of the form `NAME=value`.
    pub env: &'a [&'a [u8]],
    /// The working directory, an absolute path of the sandbox.
    pub cwd: &'a [u8],
    /// The descriptors.
    pub fds: FdMap<'a>,
    /// Whether the child begins a process group of its own.
    pub new_group: bool,
}

const FOREGROUND: u32 = 1;
const NEW_GROUP: u32 = 2;

impl Command<'_> {
    /// Starts the program beside the caller.
    ///
    /// # Errors
    /// `NOENT` not found, `ACCES` not executable, `NOEXEC` neither module nor script, `AGAIN` the
    /// job's process limit is reached.
    pub fn spawn(&self) -> Result<Pid> {
        self.start(0, &mut [0; 3])
    }

    /// Runs the program in the foreground: the caller sleeps until it has ended.
    ///
    /// # Errors
    /// As [`Command::spawn`].
    pub fn run(&self) -> Result<Exit> {
        let mut status = [0; 3];
        self.start(FOREGROUND, &mut status)?;
        Ok(exit_of(status))
    }

    fn start(&self, flags: u32, status: &mut [u32; 3]) -> Result<Pid> {
        let flags = flags | if self.new_group { NEW_GROUP } else { 0 };
        raw::spawn(
            self.program,
            &list(self.argv),
            &list(self.env),
            self.cwd,
            self.fds,
            flags,
            status,
        )
    }
}

fn list(items: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(items.iter().map(|i| i.len() + 1).sum());
    for item in items {
        out.extend_from_slice(item);
        out.push(0);
    }
    out
}
