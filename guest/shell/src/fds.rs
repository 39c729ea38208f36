//! The shell's own table of descriptors: the numbers that scripts use, mapped to descriptors of
//! the process. A redirection only changes the map.

use std::rc::Rc;

use greenroom_process as process;

/// A descriptor of the process, closed with its last user.
#[derive(Debug)]
struct Owned(process::Fd);

impl Drop for Owned {
    fn drop(&mut self) {
        // A descriptor that cannot be closed is of no use to anyone either way.
        let _ = process::close(self.0);
    }
}

/// A shared descriptor.
#[derive(Clone, Debug)]
pub(crate) struct Handle(Rc<Owned>);

impl Handle {
    /// Takes over a descriptor of the process.
    pub(crate) fn new(fd: process::Fd) -> Self {
        Self(Rc::new(Owned(fd)))
    }

    pub(crate) fn raw(&self) -> process::Fd {
        self.0.0
    }

    /// Gives up the descriptor without closing it, for numbers that now mean something else.
    fn forget(self) {
        std::mem::forget(self);
    }
}

/// The map, ordered by the scripts' numbers.
#[derive(Debug, Default)]
pub(crate) struct FdTable {
    entries: Vec<(u32, Handle)>,
}

impl FdTable {
    /// The standard streams and what the parent handed over.
    pub(crate) fn inherited(standard: [bool; 3]) -> Self {
        let mut table = Self::default();
        for (number, open) in (0..).zip(standard) {
            if open {
                table.set(number, Handle::new(number));
            }
        }
        for [number, fd] in process::inherited_fds() {
            if number > 2 {
                table.set(number, Handle::new(fd));
            }
        }
        table
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Handle> {
        self.entries.iter().find(|(n, _)| *n == number).map(|(_, handle)| handle)
    }

    pub(crate) fn set(&mut self, number: u32, handle: Handle) -> Option<Handle> {
        match self.entries.binary_search_by_key(&number, |(n, _)| *n) {
            Ok(index) => Some(std::mem::replace(&mut self.entries[index].1, handle)),
            Err(index) => {
                self.entries.insert(index, (number, handle));
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<Handle> {
        let index = self.entries.iter().position(|(n, _)| *n == number)?;
        Some(self.entries.remove(index).1)
    }

    /// The lowest free number from 10 on, for `{name}>file`.
    pub(crate) fn free_number(&self) -> u32 {
        (10..).find(|n| self.get(*n).is_none()).unwrap_or(u32::MAX)
    }

    /// What a child gets.
    pub(crate) fn pairs(&self) -> Vec<[process::Fd; 2]> {
        self.entries.iter().map(|(number, handle)| [*number, handle.raw()]).collect()
    }

    /// What a forked child gets: for each script's number, the child's and ours. The child finds
    /// descriptors beyond the standard streams from `FORKED` on, clear of preopened directories.
    pub(crate) fn for_fork(&self, changed: &[(u32, process::Fd)]) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::with_capacity(self.entries.len() + changed.len());
        for (number, handle) in &self.entries {
            given.push(Given { number: *number, theirs: *number, ours: handle.raw() });
        }
        for &(number, fd) in changed {
            match given.iter_mut().find(|g| g.number == number) {
                Some(entry) => entry.ours = fd,
                None => given.push(Given { number, theirs: number, ours: fd }),
            }
        }
        for (fd, entry) in (FORKED..).zip(given.iter_mut().filter(|g| g.number > 2)) {
            entry.theirs = fd;
        }
        given
    }

    /// Replaces the table in a forked child by what the parent passed.
    pub(crate) fn adopt(&mut self, given: &[Given]) {
        for (_, handle) in self.entries.drain(..) {
            handle.forget();
        }
        for entry in given {
            self.set(entry.number, Handle::new(entry.theirs));
        }
    }
}

/// A descriptor that a forked child gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) number: u32,
    pub(crate) theirs: process::Fd,
    pub(crate) ours: process::Fd,
}

/// The first number of a forked child's descriptors beyond the standard streams.
const FORKED: process::Fd = 10;
