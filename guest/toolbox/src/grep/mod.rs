//! `grep`, `egrep` and `fgrep`.

mod options;
mod search;

use crate::regexes::Pattern;
use std::ffi::OsString;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Basic,
    Extended,
    Fixed,
    Perl,
}

/// What is done with files that look binary.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binary {
    Report,
    Text,
    Skip,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directories {
    Complain,
    Recurse,
    Skip,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Lines,
    Count,
    NamesWith,
    NamesWithout,
    Nothing,
}

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
struct Settings {
    name: String,
    patterns: Vec<Pattern>,
    /// Whether some pattern is empty and so matches every line.
    matches_all: bool,
    invert: bool,
    whole_line: bool,
    only_matching: bool,
    show: Show,
    with_name: bool,
    line_numbers: bool,
    byte_offset: bool,
    null_name: bool,
    null_data: bool,
    no_messages: bool,
    max_count: Option<u64>,
    before: usize,
    after: usize,
    separator: Option<String>,
    color: bool,
    binary: Binary,
    directories: Directories,
    dereference: bool,
    include: Vec<String>,
    exclude: Vec<String>,
    exclude_dir: Vec<String>,
    label: Option<OsString>,
    line_buffered: bool,
    initial_tab: bool,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    match options::read(name, args) {
        Ok((settings, files)) => search::run(&settings, files),
        Err(status) => status,
    }
}
