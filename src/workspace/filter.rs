//! Which files of a tree are meant.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::patterns::{Patterns, Position};

/// The paths that git tracks, relative to the project, as bytes.
#[derive(Clone, Debug, Default)]
pub struct Tracked {
    files: HashSet<Vec<u8>>,
    directories: HashSet<Vec<u8>>,
}

impl Tracked {
    /// From a list of paths.
    pub fn new(paths: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut tracked = Self::default();
        for path in paths {
            for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
                if !tracked.directories.contains(&path[..at]) {
                    tracked.directories.insert(path[..at].to_vec());
                }
            }
            tracked.files.insert(path);
        }
        tracked
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// Which files are copied.
#[derive(Clone, Debug)]
pub enum Filter {
    /// All.
    All,
    /// Those that git tracks.
    Tracked(Arc<Tracked>),
    /// What fits patterns, and what git does not track if that is wanted, but for what is excluded.
    /// git's own directory never is.
    Patterns {
        /// What fits, with all that is below.
        include: Patterns,
        /// What does not after all; a directory that fits does not stand for what is below.
        exclude: Patterns,
        /// What git tracks; with it everything else is taken, too.
        untracked: Option<Arc<Tracked>>,
    },
}

/// Where a walk through a tree is, with respect to a [`Filter`].
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Relative to the root, without a `/` at the start.
    pub(super) path: Vec<u8>,
    include: Position,
    exclude: Position,
    /// Whether everything below is taken, unless it is excluded.
    taken: bool,
    /// Whether a file here is taken.
    pub(super) wanted: bool,
}

impl Place {
    /// The root of the tree.
    pub(super) fn root(filter: &Filter) -> Self {
        let empty = || (Position::default(), false);
        let ((include, taken), (exclude, _)) = match filter {
            Filter::All | Filter::Tracked(_) => (empty(), empty()),
            Filter::Patterns { include, exclude, .. } => (include.start(), exclude.start()),
        };
        Self { path: Vec::new(), include, exclude, taken, wanted: taken }
    }

    /// A name below.
    pub(super) fn child(&self, filter: &Filter, name: &OsStr) -> Self {
        let mut path = self.path.clone();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name.as_bytes());
        match filter {
            Filter::All => Self { path, wanted: true, ..self.clone() },
            Filter::Tracked(tracked) => {
                let wanted = tracked.files.contains(&path);
                Self { path, wanted, ..self.clone() }
            }
            Filter::Patterns { .. } if path == b".git" => Self {
                path,
                include: Position::default(),
                exclude: Position::default(),
                taken: false,
                wanted: false,
            },
            Filter::Patterns { include, exclude, untracked } => {
                let (include, fits) = include.step(&self.include, name);
                let (exclude, excluded) = exclude.step(&self.exclude, name);
                let taken = self.taken || fits;
                let free = untracked.as_ref().is_some_and(|git| !git.files.contains(&path));
                Self { path, include, exclude, taken, wanted: (taken || free) && !excluded }
            }
        }
    }

    /// Whether a directory here has to be looked into.
    pub(super) fn is_open(&self, filter: &Filter) -> bool {
        match filter {
            Filter::All => true,
            Filter::Tracked(tracked) => tracked.directories.contains(&self.path),
            Filter::Patterns { .. } if self.path == b".git" => false,
            Filter::Patterns { untracked, .. } => {
                self.taken || untracked.is_some() || !self.include.is_dead()
            }
        }
    }

    /// Whether a directory here is kept even if it is empty.
    pub(super) fn keeps_directory(&self, filter: &Filter) -> bool {
        match filter {
            Filter::All => true,
            Filter::Tracked(_) => false,
            Filter::Patterns { .. } => self.taken && self.wanted,
        }
    }
}
