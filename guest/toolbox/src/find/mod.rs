//! `find`: our own, because `-exec`, `-perm` and friends need the sandbox's calls.

mod eval;
mod parse;
mod print;

use crate::io::Out;
use crate::sys::Stat;
use std::ffi::OsString;
use std::path::PathBuf;

/// How links are treated: `-P`, `-H`, `-L`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    Never,
    Operands,
    Always,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Less(u64),
    Equal(u64),
    More(u64),
}

impl Compare {
    fn holds(self, value: u64) -> bool {
        match self {
            Self::Less(n) => value < n,
            Self::Equal(n) => value == n,
            Self::More(n) => value > n,
        }
    }
}

/// Which of a file's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Access,
    Modify,
    Change,
}

impl Which {
    fn of(self, stat: &Stat) -> (i64, i64) {
        match self {
            Self::Access => stat.atime,
            Self::Modify => stat.mtime,
            Self::Change => stat.ctime,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Permission {
    Exactly(u32),
    All(u32),
    Any(u32),
}

/// A command of `-exec`, `-execdir` or `-ok`.
struct Exec {
    command: Vec<OsString>,
    /// `… {} +`.
    batch: bool,
    in_directory: bool,
    ask: bool,
    /// What a batch has collected, and the directory that it belongs to.
    pending: Vec<OsString>,
    directory: Option<PathBuf>,
}

/// The expression: tests and actions joined by operators.
enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// `,`: the value of the last one.
    List(Vec<Expr>),
    Not(Box<Expr>),
    Const(bool),
    Name {
        pattern: Vec<u8>,
        fold: bool,
    },
    Path {
        pattern: Vec<u8>,
        fold: bool,
    },
    LinkName {
        pattern: Vec<u8>,
        fold: bool,
    },
    Regex(regex::bytes::Regex),
    Type {
        kinds: Vec<u32>,
        of_target: bool,
    },
    Size {
        compare: Compare,
        unit: u64,
    },
    Empty,
    Perm(Permission),
    Age {
        which: Which,
        compare: Compare,
        unit: i64,
    },
    Newer {
        which: Which,
        than: (i64, i64),
    },
    Links(Compare),
    Inode(Compare),
    SameFile(u64, u64),
    Access(u32),
    Prune,
    Quit,
    Print {
        end: u8,
        to: usize,
    },
    Printf {
        format: String,
        to: usize,
    },
    Ls,
    Delete,
    Exec(Exec),
}

/// A parsed command line.
struct Search {
    name: String,
    links: Links,
    roots: Vec<OsString>,
    expr: Expr,
    min_depth: usize,
    max_depth: usize,
    depth_first: bool,
    one_device: bool,
    /// Moment that ages are counted from.
    now: i64,
    outputs: Vec<Box<dyn std::io::Write>>,
    out: Out,
    failed: bool,
    quit: bool,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    match parse::parse(name, args) {
        Ok(mut search) => search.run(),
        Err(message) => {
            crate::io::complain(name, message);
            1
        }
    }
}
