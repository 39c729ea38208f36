//! The files of a report, within limits, and what is wrong with them.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde::Serialize;

use crate::text::cut;

/// Files of one report that are read.
const MAX_FILES: usize = 1_000;
/// What they may have together: GitLab's limit for the JUnit reports of a job.
const MAX_TOTAL: u64 = 100_000_000;
/// Problems that are named; more are counted.
const MAX_PROBLEMS: usize = 10;

/// What could not be read.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Problems {
    named: Vec<Problem>,
    /// How many more there are.
    more: usize,
}

#[derive(Debug, Serialize)]
struct Problem {
    file: String,
    message: String,
}

impl Problems {
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    pub(crate) fn add(&mut self, file: &str, message: &str) {
        if self.named.len() < MAX_PROBLEMS {
            self.named.push(Problem { file: cut(file, 200), message: cut(message, 300) });
        } else {
            self.more += 1;
        }
    }
}

/// Hands every file that is not too large to `each`, in the order of their names. Returns how many
/// were read without an error.
pub(crate) fn each(
    directory: &str,
    max_bytes: u64,
    problems: &mut Problems,
    mut each: impl FnMut(&str) -> Result<(), String>,
) -> usize {
    let mut names = Vec::new();
    collect(Path::new(directory), "", &mut names);
    names.sort();
    let (mut total, mut good) = (0, 0);
    for (index, name) in names.iter().enumerate() {
        if index == MAX_FILES {
            let more = names.len() - index;
            problems.add(name, &format!("this and {} more: only {MAX_FILES} are read", more - 1));
            break;
        }
        let read = contents(&Path::new(directory).join(name), max_bytes).and_then(|bytes| {
            total += bytes.len() as u64;
            if total > MAX_TOTAL {
                return Err(format!(
                    "the reports are larger than {} MB together",
                    MAX_TOTAL / 1_000_000
                ));
            }
            each(&crate::text::decode(bytes)?)
        });
        match read {
            Ok(()) => good += 1,
            Err(message) => problems.add(name, &message),
        }
        if total > MAX_TOTAL {
            break;
        }
    }
    good
}

fn contents(path: &Path, max_bytes: u64) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > max_bytes {
        return Err(format!("it is larger than {} MB", max_bytes / 1_000_000));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(max_bytes).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// The paths of the regular files below a directory that has no links.
fn collect(directory: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&entry.path(), &format!("{name}/"), names),
            // One more than are read, so that they can be counted; no list without an end.
            Ok(kind) if kind.is_file() && names.len() < 100 * MAX_FILES => names.push(name),
            _ => {}
        }
    }
}
