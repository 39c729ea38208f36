//! Steps for `run:` jobs, in Rust: typed inputs and outputs, exported variables, annotations.
//!
//! A step is a program that takes one JSON object with its inputs, and a `func.yml` that hands it
//! over:
//!
//! ```yaml
//! spec:
//!   inputs:
//!     files: {type: array}
//!     limit: {type: number, default: 120}
//!   outputs:
//!     found: {type: number}
//! ---
//! exec:
//!   command:
//!     - ${{ func_dir }}/lint.wasm
//!     - ${{ inputs }}
//!     - ${{ output_file }}
//!     - ${{ export_file }}
//! ```
//!
//! ```no_run
//! use greenroom_step::{Annotation, Step, StepResult};
//!
//! #[derive(serde::Deserialize)]
//! struct Inputs {
//!     files: Vec<String>,
//!     limit: f64,
//! }
//!
//! #[derive(serde::Serialize)]
//! struct Outputs {
//!     found: usize,
//! }
//!
//! fn lint(inputs: Inputs, step: &mut Step) -> StepResult<Outputs> {
//!     let mut found = 0;
//!     for file in &inputs.files {
//!         let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
//!         for (line, text) in (1..).zip(text.lines()) {
//!             if text.chars().count() as f64 > inputs.limit {
//!                 found += 1;
//!                 step.annotate(Annotation::warning("this line is too long").at(file, line))?;
//!             }
//!         }
//!     }
//!     Ok(Outputs { found })
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     greenroom_step::run(lint)
//! }
//! ```
//!
//! The crate knows files and arguments only, no interface of greenroom's: a step built with it runs
//! wherever a WASI program runs, on GitLab included.

mod annotation;
mod step;

use std::fmt::Display;
use std::process::ExitCode;

use serde::de::DeserializeOwned;
use serde::Serialize;

pub use annotation::{Annotation, Level};
pub use step::Step;

/// What a step ends with. `?` turns every error into one; an error's text is what the user reads.
pub type StepResult<T> = Result<T, Failure>;

/// Why a step failed.
#[derive(Debug)]
pub struct Failure(String);

impl<E: Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// The exit code of a step that failed.
const FAILED: u8 = 1;
/// The exit code of a step that was called wrongly.
const USAGE: u8 = 2;

/// Runs a step: reads its inputs, calls it, and writes its outputs. `main` returns what this
/// returns.
///
/// The exit code is 0 if the step succeeded and 1 if it returned an error, whose text goes to
/// standard error; 2 if the program was not called as the crate's documentation shows.
pub fn run<I: DeserializeOwned, O: Serialize>(
    step: impl FnOnce(I, &mut Step) -> StepResult<O>,
) -> ExitCode {
    match call(std::env::args().skip(1).collect(), step) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, message)) => {
            eprintln!("error: {message}");
            ExitCode::from(code)
        }
    }
}

fn call<I: DeserializeOwned, O: Serialize>(
    arguments: Vec<String>,
    step: impl FnOnce(I, &mut Step) -> StepResult<O>,
) -> Result<(), (u8, String)> {
    let mut arguments = arguments.into_iter();
    let (Some(inputs), Some(output_file)) = (arguments.next(), arguments.next()) else {
        let words = "`${{ inputs }}`, `${{ output_file }}` and perhaps `${{ export_file }}`";
        return Err((USAGE, format!("the step's `command` must hand over {words}")));
    };
    let inputs: I = serde_json::from_str(&inputs)
        .map_err(|error| (USAGE, format!("the inputs are not what the step takes: {error}")))?;
    let mut context = Step::new(output_file, arguments.next());
    let outputs = step(inputs, &mut context).map_err(|Failure(message)| (FAILED, message))?;
    let outputs = serde_json::to_value(outputs)
        .map_err(|error| (FAILED, format!("the outputs cannot be written as JSON: {error}")))?;
    match outputs {
        serde_json::Value::Null => Ok(()),
        serde_json::Value::Object(outputs) => outputs
            .into_iter()
            .try_for_each(|(name, value)| context.output(&name, &value))
            .map_err(|error| (FAILED, format!("cannot write the outputs: {error}"))),
        _ => Err((FAILED, "the outputs are neither a struct with names nor `()`".to_owned())),
    }
}

#[cfg(test)]
mod tests;
