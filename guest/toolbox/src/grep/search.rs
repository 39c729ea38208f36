//! Searching files for `grep`.

use super::{Binary, Directories, Settings, Show};
use crate::glob;
use crate::io::{Out, complain, reason};
use crate::options::bytes;
use crate::sys;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// How much of a file is looked at to find out whether it is binary.
const PROBE: usize = 32 * 1024;

struct Searcher<'a> {
    s: &'a Settings,
    out: Out,
    matched: bool,
    failed: bool,
    /// Whether lines of an earlier file were shown.
    groups_before: bool,
    /// `-q`: nothing more has to be read.
    done: bool,
}

pub(super) fn run(s: &Settings, operands: Vec<OsString>) -> u8 {
    let mut searcher = Searcher {
        s,
        out: Out::new(&s.name, 2),
        matched: false,
        failed: false,
        groups_before: false,
        done: false,
    };
    if operands.is_empty() {
        if s.directories == Directories::Recurse {
            searcher.directory(Path::new("."), None, 0);
        } else {
            searcher.standard_input();
        }
    }
    for operand in operands {
        if searcher.done {
            break;
        }
        if operand == "-" {
            searcher.standard_input();
        } else {
            searcher.operand(Path::new(&operand));
        }
    }
    searcher.out.flush();
    // With -q a match counts even if something could not be read.
    match (searcher.failed, searcher.matched) {
        (true, true) if s.show == Show::Nothing => 0,
        (true, _) => 2,
        (false, matched) => u8::from(!matched),
    }
}

impl Searcher<'_> {
    fn fail(&mut self, path: &Path, message: &str) {
        self.failed = true;
        if !self.s.no_messages {
            self.out.flush();
            complain(&self.s.name, format_args!("{}: {message}", path.display()));
        }
    }

    fn standard_input(&mut self) {
        let label = self.s.label.clone().unwrap_or_else(|| "(standard input)".into());
        self.search(io::stdin().lock(), Path::new(&label));
    }

    fn operand(&mut self, path: &Path) {
        match sys::stat(path) {
            Err(e) => self.fail(path, &reason(&e)),
            Ok(stat) if stat.is_dir() => match self.s.directories {
                Directories::Recurse => {
                    if !self.excluded_dir(path, true) {
                        self.directory(path, Some(path), 0);
                    }
                }
                Directories::Skip => {}
                Directories::Complain => {
                    self.failed = true;
                    if !self.s.no_messages {
                        self.out.flush();
                        complain(&self.s.name, format_args!("{}: Is a directory", path.display()));
                    }
                }
            },
            Ok(_) if self.excluded(path) => {}
            Ok(_) => self.file(path),
        }
    }

    fn directory(&mut self, path: &Path, prefix: Option<&Path>, depth: usize) {
        // Deeper than any real tree: a loop of links.
        if depth > 256 {
            return self.fail(path, "warning: recursive directory loop");
        }
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(e) => return self.fail(path, &reason(&e)),
        };
        let mut names: Vec<OsString> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort_by(|a, b| bytes(a).cmp(bytes(b)));
        for name in names {
            if self.done {
                return;
            }
            if name == "." || name == ".." {
                continue;
            }
            let here = path.join(&name);
            // Without an operand the names are shown without a leading `./`.
            let shown: PathBuf = prefix.map_or_else(|| PathBuf::from(&name), |p| p.join(&name));
            let Ok(mut stat) = sys::lstat(&here) else { continue };
            if stat.is_symlink() {
                if !self.s.dereference {
                    continue;
                }
                match sys::stat(&here) {
                    Ok(target) => stat = target,
                    Err(e) => {
                        self.fail(&shown, &reason(&e));
                        continue;
                    }
                }
            }
            if stat.is_dir() {
                if !self.excluded_dir(&here, false) {
                    self.directory(&here, Some(&shown), depth + 1);
                }
            } else if stat.is_file() && !self.excluded(&here) {
                self.file_as(&here, &shown);
            }
        }
    }

    fn excluded_dir(&self, path: &Path, operand: bool) -> bool {
        let base = path.file_name().map(bytes).unwrap_or_default();
        let whole = bytes(path.as_os_str());
        self.s.exclude_dir.iter().any(|pattern| {
            let pattern = pattern.as_bytes();
            glob::matches(pattern, base) || operand && glob::matches(pattern, whole)
        })
    }

    fn excluded(&self, path: &Path) -> bool {
        let base = path.file_name().map(bytes).unwrap_or_default();
        let any = |patterns: &[String]| {
            patterns.iter().any(|pattern| {
                let pattern = pattern.as_bytes();
                glob::matches(pattern, base) || glob::matches(pattern, bytes(path.as_os_str()))
            })
        };
        any(&self.s.exclude) || !self.s.include.is_empty() && !any(&self.s.include)
    }

    fn file(&mut self, path: &Path) {
        self.file_as(path, path);
    }

    fn file_as(&mut self, path: &Path, shown: &Path) {
        match File::open(path) {
            Ok(file) => self.search(BufReader::with_capacity(64 * 1024, file), shown),
            Err(e) => self.fail(shown, &reason(&e)),
        }
    }

    fn search(&mut self, mut input: impl BufRead, shown: &Path) {
        // The beginning decides whether the file is text.
        let mut probe = Vec::new();
        if let Err(e) = input.by_ref().take(PROBE as u64).read_to_end(&mut probe) {
            let why = reason(&e);
            return self.fail(shown, &why);
        }
        let end = if self.s.null_data { 0 } else { b'\n' };
        let binary =
            self.s.binary != Binary::Text && (probe.contains(&0) && end != 0 || !is_text(&probe));
        if binary && self.s.binary == Binary::Skip {
            return;
        }
        let mut state = State {
            line_number: 0,
            offset: 0,
            count: 0,
            after: 0,
            before: VecDeque::new(),
            last_shown: None,
            binary,
        };
        let mut input = io::Cursor::new(probe).chain(input);
        let mut line = Vec::new();
        loop {
            line.clear();
            match input.read_until(end, &mut line) {
                Ok(0) => break,
                Ok(_) => {}
                Err(e) => {
                    let why = reason(&e);
                    self.fail(shown, &why);
                    break;
                }
            }
            if !self.line(&mut state, &line, end, shown) {
                break;
            }
        }
        self.summary(&state, shown);
    }

    /// Looks at one line; false when the rest of the file does not matter.
    fn line(&mut self, state: &mut State, line: &[u8], end: u8, shown: &Path) -> bool {
        let s = self.s;
        let text = line.strip_suffix(&[end]).unwrap_or(line);
        state.line_number += 1;
        let offset = state.offset;
        state.offset += line.len() as u64;
        let enough = s.max_count.is_some_and(|max| state.count >= max);
        let selected = !enough && self.matches(text) != s.invert;
        if !selected {
            if state.after > 0 && s.show == Show::Lines && !state.binary {
                state.after -= 1;
                self.show_context(state, text, offset, shown, end);
                return true;
            }
            if enough {
                return false;
            }
            if s.before > 0 {
                if state.before.len() == s.before {
                    state.before.pop_front();
                }
                state.before.push_back((state.line_number, offset, text.to_vec()));
            }
            return true;
        }
        state.count += 1;
        self.matched |= s.show != Show::NamesWithout;
        match s.show {
            Show::Nothing => {
                self.done = true;
                return false;
            }
            Show::NamesWith | Show::NamesWithout => return false,
            Show::Count => {}
            Show::Lines if state.binary => return false,
            Show::Lines => self.show(state, text, offset, shown, end),
        }
        let enough = s.max_count.is_some_and(|max| state.count >= max);
        !enough || s.after > 0
    }

    fn matches(&self, text: &[u8]) -> bool {
        self.s.matches_all
            || self.s.patterns.iter().any(|pattern| pattern.find_at(text, 0).is_some())
    }

    fn show(&mut self, state: &mut State, text: &[u8], offset: u64, shown: &Path, end: u8) {
        let s = self.s;
        self.separate(state);
        for (number, offset, line) in std::mem::take(&mut state.before) {
            self.prefix(number, offset, shown, '-');
            self.out.put(&line);
            self.out.put([end]);
        }
        if s.only_matching {
            if !s.invert {
                let mut at = 0;
                while let Some((from, to)) = self.next_match(text, at) {
                    if to > from {
                        self.prefix(state.line_number, offset + from as u64, shown, ':');
                        self.colored(&text[from..to]);
                        self.out.put([end]);
                    }
                    at = if to > from { to } else { to + 1 };
                    if at > text.len() {
                        break;
                    }
                }
            }
        } else {
            self.prefix(state.line_number, offset, shown, ':');
            if s.color && !s.invert {
                self.highlighted(text);
            } else {
                self.out.put(text);
            }
            self.out.put([end]);
        }
        if s.line_buffered {
            self.out.flush();
        }
        state.last_shown = Some(state.line_number);
        state.after = s.after;
    }

    /// `--` between groups of lines that are not adjacent.
    fn separate(&mut self, state: &State) {
        let s = self.s;
        if s.before == 0 && s.after == 0 {
            return;
        }
        let first = state.before.front().map_or(state.line_number, |(number, ..)| *number);
        let gap = match state.last_shown {
            Some(last) => first > last + 1,
            None => self.groups_before,
        };
        if gap && let Some(separator) = &s.separator {
            self.out.line(separator);
        }
    }

    fn show_context(&mut self, state: &mut State, text: &[u8], offset: u64, shown: &Path, end: u8) {
        if !self.s.only_matching {
            self.prefix(state.line_number, offset, shown, '-');
            self.out.put(text);
            self.out.put([end]);
        }
        state.last_shown = Some(state.line_number);
    }

    fn next_match(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let all = self.s.patterns.iter().filter_map(|pattern| pattern.find_at(text, at));
        // Of several patterns the leftmost, then the longest match.
        all.min_by_key(|&(from, to)| (from, std::cmp::Reverse(to)))
    }

    fn highlighted(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some((from, to)) = self.next_match(text, at) {
            if to == from {
                if to >= text.len() {
                    break;
                }
                self.out.put(&text[at..=to]);
                at = to + 1;
                continue;
            }
            self.out.put(&text[at..from]);
            self.colored(&text[from..to]);
            at = to;
        }
        self.out.put(&text[at..]);
    }

    fn colored(&mut self, text: &[u8]) {
        if self.s.color {
            self.out.put("\x1b[01;31m\x1b[K");
            self.out.put(text);
            self.out.put("\x1b[m\x1b[K");
        } else {
            self.out.put(text);
        }
    }

    fn name(&mut self, shown: &Path) {
        if self.s.color {
            self.out.put("\x1b[35m\x1b[K");
        }
        self.out.put(bytes(shown.as_os_str()));
        if self.s.color {
            self.out.put("\x1b[m\x1b[K");
        }
    }

    fn mark(&mut self, text: &str) {
        if self.s.color {
            self.out.print(format_args!("\x1b[36m\x1b[K{text}\x1b[m\x1b[K"));
        } else {
            self.out.put(text);
        }
    }

    fn prefix(&mut self, number: u64, offset: u64, shown: &Path, mark: char) {
        let mark = mark.to_string();
        if self.s.with_name {
            self.name(shown);
            if self.s.null_name {
                self.out.put([0]);
            } else {
                self.mark(&mark);
            }
        }
        if self.s.line_numbers {
            if self.s.color {
                self.out.print(format_args!("\x1b[32m\x1b[K{number}\x1b[m\x1b[K"));
            } else {
                self.out.print(format_args!("{number}"));
            }
            self.mark(&mark);
        }
        if self.s.byte_offset {
            self.out.print(format_args!("{offset}"));
            self.mark(&mark);
        }
        if self.s.initial_tab && (self.s.with_name || self.s.line_numbers || self.s.byte_offset) {
            self.out.put("\t");
        }
    }

    fn summary(&mut self, state: &State, shown: &Path) {
        self.groups_before |= state.last_shown.is_some();
        let s = self.s;
        let names = match s.show {
            Show::NamesWith => state.count > 0,
            Show::NamesWithout => {
                self.matched |= state.count == 0;
                state.count == 0
            }
            Show::Count => {
                if s.with_name {
                    self.name(shown);
                    if s.null_name {
                        self.out.put([0]);
                    } else {
                        self.mark(":");
                    }
                }
                self.out.line(state.count.to_string());
                false
            }
            Show::Lines if state.binary && state.count > 0 => {
                self.out.flush();
                complain(&s.name, format_args!("{}: binary file matches", shown.display()));
                false
            }
            _ => false,
        };
        if names {
            self.name(shown);
            self.out.put(if s.null_name { "\0" } else { "\n" });
        }
    }
}

/// What is known about the file being read.
struct State {
    line_number: u64,
    offset: u64,
    count: u64,
    /// Lines of context still to show.
    after: usize,
    before: VecDeque<(u64, u64, Vec<u8>)>,
    last_shown: Option<u64>,
    binary: bool,
}

/// Whether the bytes are UTF-8, as far as they go.
fn is_text(probe: &[u8]) -> bool {
    match std::str::from_utf8(probe) {
        Ok(_) => true,
        // A character may be cut in two where the probe ends.
        Err(e) => e.error_len().is_none() && probe.len() >= PROBE,
    }
}
