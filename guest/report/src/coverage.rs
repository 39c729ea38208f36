//! Coverage of lines, from Cobertura's and JaCoCo's XML.
//!
//! Reports are merged by the names of their files and the numbers of their lines, as GitLab does: a
//! line is covered if one of them says so.

use std::collections::HashMap;

use serde::Serialize;

use crate::files::{self, Problems};
use crate::xml::{self, Attributes, Visitor};

/// A larger file is not read, as on GitLab (10 MiB).
const MAX_BYTES: u64 = 10 << 20;
/// Lines of all files.
const MAX_LINES: usize = 2_000_000;

/// Whose XML it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Cobertura,
    Jacoco,
}

/// What the reports come to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Coverage {
    files: usize,
    lines: u64,
    covered: u64,
    problems: Problems,
}

/// Reads all files below a directory.
pub(crate) fn read(directory: &str, format: Format) -> Coverage {
    let mut problems = Problems::default();
    let mut all = Lines::default();
    let mut totals = (0, 0);
    let files = files::each(directory, MAX_BYTES, &mut problems, |document| {
        let mut report = Report::new(format);
        xml::walk(document, &mut report)?;
        if !report.is_right {
            return Err(match format {
                Format::Cobertura => "it is no Cobertura report: its root is not coverage",
                Format::Jacoco => "it is no JaCoCo report: its root is not report",
            }
            .to_owned());
        }
        if report.lines.covered.is_empty() {
            // Some tools write totals only.
            totals.0 += report.totals.0;
            totals.1 += report.totals.1.min(report.totals.0);
        }
        all.merge(report.lines)
    });
    Coverage {
        files,
        lines: totals.0 + all.covered.len() as u64,
        covered: totals.1 + all.covered.values().filter(|covered| **covered).count() as u64,
        problems,
    }
}

/// Lines by their file and number, and whether they are covered.
#[derive(Debug, Default)]
struct Lines {
    names: HashMap<String, u32>,
    covered: HashMap<(u32, u32), bool>,
}

impl Lines {
    fn file(&mut self, name: &str) -> u32 {
        match self.names.get(name) {
            Some(file) => *file,
            None => {
                let file = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                self.names.insert(name.to_owned(), file);
                file
            }
        }
    }

    fn line(&mut self, file: u32, number: u32, covered: bool) -> Result<(), String> {
        *self.covered.entry((file, number)).or_default() |= covered;
        if self.covered.len() > MAX_LINES {
            return Err(format!("there are more than {MAX_LINES} lines; the rest is left out"));
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<(), String> {
        let mut files = vec![0; other.names.len()];
        for (name, file) in &other.names {
            files[*file as usize] = self.file(name);
        }
        for ((file, number), covered) in other.covered {
            self.line(files[file as usize], number, covered)?;
        }
        Ok(())
    }
}

/// One file as it is read.
#[derive(Debug)]
struct Report {
    format: Format,
    is_right: bool,
    lines: Lines,
    /// All lines, and those that are covered, as the report itself has counted them.
    totals: (u64, u64),
    /// JaCoCo's package.
    package: String,
    /// The file that lines belong to.
    file: Option<u32>,
}

impl Report {
    fn new(format: Format) -> Self {
        Self {
            format,
            is_right: false,
            lines: Lines::default(),
            totals: (0, 0),
            package: String::new(),
            file: None,
        }
    }

    fn cobertura(
        &mut self,
        path: &[String],
        name: &str,
        of: &Attributes<'_>,
    ) -> Result<(), String> {
        match name {
            "coverage" if path.is_empty() => {
                self.is_right = true;
                self.totals = (number(of, "lines-valid"), number(of, "lines-covered"));
            }
            "class" => self.file = Some(self.lines.file(of.get("filename").unwrap_or_default())),
            "line" => {
                if let (Some(file), Some(line)) = (self.file, line_number(of, "number")) {
                    // A number of hits may be larger than any integer.
                    let hits = of.get("hits").unwrap_or_default().trim();
                    let hit = hits.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
                    self.lines.line(file, line, hit && !hits.starts_with('-'))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn jacoco(&mut self, path: &[String], name: &str, of: &Attributes<'_>) -> Result<(), String> {
        match name {
            "report" if path.is_empty() => self.is_right = true,
            "package" => of.get("name").unwrap_or_default().clone_into(&mut self.package),
            "sourcefile" => {
                let name = of.get("name").unwrap_or_default();
                self.file = Some(self.lines.file(&format!("{}/{name}", self.package)));
            }
            "line" => {
                if let (Some(file), Some(line)) = (self.file, line_number(of, "nr")) {
                    self.lines.line(file, line, number(of, "ci") > 0)?;
                }
            }
            "counter" if path.len() == 1 && of.get("type") == Some("LINE") => {
                let (missed, covered) = (number(of, "missed"), number(of, "covered"));
                self.totals = (missed + covered, covered);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Visitor for Report {
    fn start(
        &mut self,
        path: &[String],
        name: &str,
        attributes: &Attributes<'_>,
    ) -> Result<(), String> {
        match self.format {
            Format::Cobertura => self.cobertura(path, name, attributes),
            Format::Jacoco => self.jacoco(path, name, attributes),
        }
    }

    fn text(&mut self, _: &[String], _: &str) {}

    fn end(&mut self, _: &[String], name: &str) -> Result<(), String> {
        if matches!(name, "class" | "sourcefile") {
            self.file = None;
        }
        Ok(())
    }
}

/// A count, which is 0 if it is none and never so large that sums overflow.
fn number(of: &Attributes<'_>, name: &str) -> u64 {
    let value = of.get(name).and_then(|value| value.trim().parse().ok()).unwrap_or(0);
    value.min(u64::from(u32::MAX))
}

fn line_number(of: &Attributes<'_>, name: &str) -> Option<u32> {
    of.get(name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
