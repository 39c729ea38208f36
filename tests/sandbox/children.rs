//! A puppet's children.

use crate::puppet::{FREE, Puppet};

/// Flags of `spawn` and `fork_call`.
pub(crate) const FOREGROUND: u64 = 1;
pub(crate) const NEW_GROUP: u64 = 2;

/// What `wait` tells: pid, status, how it ended (0 exited, 1 signal, 2 trap, 3 memory).
pub(crate) type Status = (u32, u32, u32);

const STATUS: u32 = FREE + 0x8000;

impl Puppet {
    /// Starts a command; a negative number is an errno.
    pub(crate) fn spawn(&mut self, name: &str, fds: &[[u32; 2]], flags: u64) -> i32 {
        self.begin_spawn(name, fds, flags);
        self.result().expect("the puppet lives") as u32 as i32
    }

    pub(crate) fn begin_spawn(&mut self, name: &str, fds: &[[u32; 2]], flags: u64) {
        let mut bytes = name.as_bytes().to_vec();
        bytes.push(0);
        self.poke(FREE, &bytes);
        self.poke(FREE + 512, b"/workspace");
        let pairs: Vec<u8> = fds.iter().flatten().flat_map(|fd| fd.to_le_bytes()).collect();
        self.poke(FREE + 1024, &pairs);
        let length = name.len() as u64;
        let (name, cwd, pairs) = (u64::from(FREE), u64::from(FREE + 512), u64::from(FREE + 1024));
        let count = fds.len() as u64;
        let arguments =
            [name, length, name, length + 1, 0, 0, cwd, 10, pairs, count, flags, STATUS.into()];
        self.begin("spawn", &arguments);
    }

    /// Runs a command in the foreground.
    pub(crate) fn run(&mut self, name: &str) -> Result<Status, i32> {
        match self.spawn(name, &[[2, 2]], FOREGROUND) {
            pid if pid > 0 => Ok(self.status()),
            errno => Err(errno),
        }
    }

    /// Waits for a child, or -1 for any; an error is a negative errno, or 0 when time is up.
    pub(crate) fn wait(&mut self, pid: i32, milliseconds: i64) -> Result<Status, i32> {
        let arguments = [u64::from(pid as u32), milliseconds as u64, STATUS.into()];
        match self.call("wait", &arguments).expect("the puppet lives") as u32 as i32 {
            pid if pid > 0 => Ok(self.status()),
            errno => Err(errno),
        }
    }

    /// Sends a signal; the result is 0 or a negative errno.
    pub(crate) fn kill(&mut self, pid: i32, signal: u64) -> i32 {
        let answer = self.call("kill", &[u64::from(pid as u32), signal]);
        answer.expect("the puppet lives") as u32 as i32
    }

    /// The status that the last foreground child or `wait` left.
    pub(crate) fn status(&mut self) -> Status {
        let bytes = self.peek(STATUS, 12).expect("the puppet lives");
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        (word(0), word(4), word(8))
    }

    /// Makes a pipe: (read end, write end).
    pub(crate) fn pipe(&mut self) -> (u32, u32) {
        assert_eq!(self.call("pipe", &[0, STATUS.into()]), Ok(0));
        let (reader, writer, _) = self.status();
        (reader, writer)
    }
}
