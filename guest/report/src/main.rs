//! Reads the reports of a job and writes what they come to as one line of JSON.
//!
//! A report is whatever a job's program wrote, so nothing of it is parsed by the host: this program
//! reads the files below `/in`, which is all that it can reach, and its memory and its time have
//! limits. What it writes is bounded, however large the reports are.
//!
//! ```text
//! report junit        JUnit XML, in all forms that GitLab takes
//! report cobertura    Cobertura XML
//! report jacoco       JaCoCo XML
//! ```
//!
//! A file that cannot be read is named among the `problems`; the others count.

mod coverage;
mod files;
mod junit;
mod text;
mod xml;

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

/// Where the files are.
const DIRECTORY: &str = "/in";

fn main() -> ExitCode {
    let json = match std::env::args().nth(1).as_deref() {
        Some("junit") => json(&junit::read(DIRECTORY)),
        Some("cobertura") => json(&coverage::read(DIRECTORY, coverage::Format::Cobertura)),
        Some("jacoco") => json(&coverage::read(DIRECTORY, coverage::Format::Jacoco)),
        _ => Err("usage: report junit|cobertura|jacoco".to_owned()),
    };
    match json.and_then(|json| io::stdout().write_all(&json).map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody could be told if that fails.
            let _ = writeln!(io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}
