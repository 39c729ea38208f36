use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What greenroom has read in the reports that a job left (`artifacts:reports`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Report {
    /// Results of tests.
    Junit(TestReport),
    /// Lines that tests have run.
    CoverageReport(CoverageReport),
}

/// What JUnit reports come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// How many files were read.
    pub files: u64,
    /// How many tests there are, those that did not pass included.
    pub tests: u64,
    /// How many failed.
    pub failed: u64,
    /// How many ended in another way than they should.
    pub errors: u64,
    /// How many were not run.
    pub skipped: u64,
    /// How many more there are with the class, name and result of another. They do not count, as
    /// on GitLab.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub duplicates: u64,
    /// How long they took together, in microseconds when serialised.
    #[serde(rename = "duration_us", with = "super::micros")]
    pub duration: Duration,
    /// The first of those that failed or ended with an error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailedTest>,
}

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTest {
    /// How.
    pub result: TestResult,
    /// Its name.
    pub name: String,
    /// The name of its class, module or whatever the tool has.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub classname: String,
    /// The file it stands in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The first line of what the tool says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// How a test did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestResult {
    /// What it checked was not so.
    Failed,
    /// It could not check.
    Error,
}

/// What reports about coverage come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageReport {
    /// Whose XML it is: `cobertura` or `jacoco`.
    pub format: String,
    /// How many files were read.
    pub files: u64,
    /// How many lines could be run.
    pub lines: u64,
    /// How many were.
    pub covered: u64,
}

impl CoverageReport {
    /// The covered lines in per cent with one decimal, rounded down so that 100.0 means all; none if
    /// there are no lines.
    pub fn percent(&self) -> Option<String> {
        let lines = u128::from(self.lines);
        let tenths = (u128::from(self.covered) * 1000).checked_div(lines)?;
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// As in “tests: 120, 2 failed, 1 skipped”.
impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tests: {}", self.tests)?;
        for (number, word) in [
            (self.failed, "failed"),
            (self.errors, if self.errors == 1 { "error" } else { "errors" }),
            (self.skipped, "skipped"),
        ] {
            if number > 0 {
                write!(f, ", {number} {word}")?;
            }
        }
        Ok(())
    }
}

/// As in “coverage: 81.4 % of 1234 lines”.
impl fmt::Display for CoverageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.percent() {
            Some(percent) => write!(f, "coverage: {percent} % of {} lines", self.lines),
            None => f.write_str("coverage: the report names no lines"),
        }
    }
}

/// As in “failed: Basket > adds up: expected 3, was 4”.
impl fmt::Display for FailedTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.result {
            TestResult::Failed => "failed: ",
            TestResult::Error => "error: ",
        })?;
        if !self.classname.is_empty() {
            write!(f, "{} > ", self.classname)?;
        }
        f.write_str(&self.name)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Junit(tests) => tests.fmt(f),
            Self::CoverageReport(coverage) => coverage.fmt(f),
        }
    }
}
