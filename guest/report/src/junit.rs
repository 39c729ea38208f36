//! JUnit XML, read as GitLab reads it (`Gitlab::Ci::Parsers::Test::Junit`).

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use crate::files::{self, Problems};
use crate::text::cut;
use crate::xml::{self, Attributes, Visitor};

/// A larger file is not read, as on GitLab.
const MAX_BYTES: u64 = 30_000_000;
/// Test cases of all files, as on GitLab.com.
const MAX_TESTS: u64 = 500_000;
/// Failures that are named.
const MAX_FAILURES: usize = 50;
/// Characters of a name, and of a message.
const NAME: usize = 200;
const MESSAGE: usize = 300;
/// What is kept of a text while it is read, in bytes: the first line of it is wanted.
const KEPT_TEXT: usize = 4_096;

/// What the reports come to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tests {
    files: usize,
    tests: u64,
    failed: u64,
    errors: u64,
    skipped: u64,
    /// Cases that do not count, because another has the same class, name and result.
    duplicates: u64,
    time_us: u64,
    failures: Vec<Failure>,
    problems: Problems,
}

#[derive(Debug, Serialize)]
struct Failure {
    kind: Status,
    name: String,
    classname: String,
    file: String,
    message: String,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Passed,
    Failed,
    Error,
    Skipped,
}

/// Reads all files below a directory.
pub(crate) fn read(directory: &str) -> Tests {
    let mut tests = Tests::default();
    let mut problems = Problems::default();
    let mut seen = HashSet::new();
    let mut time = 0.0;
    tests.files = files::each(directory, MAX_BYTES, &mut problems, |document| {
        let mut cases = Cases::default();
        xml::walk(document, &mut cases)?;
        if !cases.is_junit {
            return Err(
                "it is no JUnit report: its root is neither testsuites nor testsuite".into()
            );
        }
        // Only a file that is whole counts.
        for case in cases.found {
            if tests.tests + tests.duplicates >= MAX_TESTS {
                return Err(format!(
                    "there are more than {MAX_TESTS} test cases; the rest is left out"
                ));
            }
            time += case.time;
            if seen.insert(case.key()) {
                tests.add(case);
            } else {
                tests.duplicates += 1;
            }
        }
        Ok(())
    });
    tests.problems = problems;
    tests.time_us = (time * 1e6) as u64;
    tests
}

impl Tests {
    fn add(&mut self, case: Case) {
        self.tests += 1;
        match case.status {
            Status::Passed => {}
            Status::Failed => self.failed += 1,
            Status::Error => self.errors += 1,
            Status::Skipped => self.skipped += 1,
        }
        let bad = matches!(case.status, Status::Failed | Status::Error);
        if bad && self.failures.len() < MAX_FAILURES {
            self.failures.push(Failure {
                kind: case.status,
                name: cut(&case.name, NAME),
                classname: cut(&case.classname, NAME),
                file: cut(&case.file, NAME),
                message: cut(case.message.trim().lines().next().unwrap_or(""), MESSAGE),
            });
        }
    }
}

#[derive(Debug)]
struct Case {
    status: Status,
    name: String,
    classname: String,
    file: String,
    time: f64,
    message: String,
}

impl Case {
    /// What tells it from others: GitLab keeps one of each class, name and result.
    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.classname, &self.name, self.status).hash(&mut hasher);
        hasher.finish()
    }
}

/// The cases of one file.
#[derive(Debug, Default)]
struct Cases {
    is_junit: bool,
    found: Vec<Case>,
    /// The case that is being read.
    open: Option<Case>,
    /// The status whose text is being read.
    reading: Option<Status>,
}

/// The status that an element inside of a case stands for.
fn status_of(name: &str) -> Option<Status> {
    match name {
        "failure" => Some(Status::Failed),
        "error" => Some(Status::Error),
        "skipped" => Some(Status::Skipped),
        _ => None,
    }
}

/// Of two results of a case, GitLab takes the failure, then the error.
fn rank(status: Status) -> u8 {
    match status {
        Status::Passed => 0,
        Status::Skipped => 1,
        Status::Error => 2,
        Status::Failed => 3,
    }
}

/// Whether elements are where cases stand: in suites within suites, with at most one `testsuites`,
/// at the top.
fn is_suite(path: &[String]) -> bool {
    match path {
        [first, rest @ ..] => {
            (first == "testsuites" || first == "testsuite")
                && rest.iter().all(|name| name == "testsuite")
        }
        [] => false,
    }
}

impl Visitor for Cases {
    fn start(
        &mut self,
        path: &[String],
        name: &str,
        attributes: &Attributes<'_>,
    ) -> Result<(), String> {
        let attribute = |name: &str| attributes.get(name).unwrap_or_default().to_owned();
        if path.is_empty() {
            self.is_junit = matches!(name, "testsuites" | "testsuite");
        } else if name == "testcase" && is_suite(path) {
            if self.found.len() as u64 > MAX_TESTS {
                return Err(format!("it has more than {MAX_TESTS} test cases"));
            }
            self.open = Some(Case {
                status: Status::Passed,
                name: attribute("name"),
                classname: attribute("classname"),
                file: attribute("file"),
                time: seconds(attributes.get("time").unwrap_or_default()),
                message: String::new(),
            });
        } else if let Some(case) = &mut self.open
            && path.last().is_some_and(|parent| parent == "testcase")
            && let Some(status) = status_of(name)
            && rank(status) > rank(case.status)
        {
            case.status = status;
            case.message = attribute("message");
            self.reading = case.message.trim().is_empty().then_some(status);
        }
        Ok(())
    }

    fn text(&mut self, path: &[String], text: &str) {
        let Some(case) = &mut self.open else { return };
        let inside = path.last().and_then(|name| status_of(name));
        if self.reading.is_some() && inside == self.reading {
            let room = KEPT_TEXT.saturating_sub(case.message.len());
            let fits = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
            case.message.push_str(&text[..fits.unwrap_or(0)]);
        }
    }

    fn end(&mut self, path: &[String], name: &str) -> Result<(), String> {
        if name == "testcase" && is_suite(path) {
            self.found.extend(self.open.take());
            self.reading = None;
        } else if status_of(name).is_some() && status_of(name) == self.reading {
            self.reading = None;
        }
        Ok(())
    }
}

/// A time in seconds; some tools write `1,234.5`.
fn seconds(text: &str) -> f64 {
    let time: f64 = text.trim().replace(',', "").parse().unwrap_or(0.0);
    if time.is_finite() { time.clamp(0.0, 1e9) } else { 0.0 }
}

#[cfg(test)]
mod tests;
