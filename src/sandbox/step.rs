//! Calling a typed step: what it is called with, and what it says while it runs.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::job::Job;
use super::process::Exit;
use super::program::{ProgramSpec, StartError};

/// A call of a component's function `run`.
#[derive(Clone)]
pub struct StepCall {
    /// Its inputs, by the names of its [signature](crate::signature::Signature), which they fit.
    pub inputs: Map<String, Value>,
    /// Learns what it says and returns.
    pub host: Arc<dyn StepHost>,
}

/// Learns what a typed step says and returns. Calls come one after the other.
pub trait StepHost: Send + Sync {
    /// It found something.
    ///
    /// # Errors
    /// If it has said too much: why. That ends it.
    fn annotation(&self, finding: Finding) -> Result<(), String>;
    /// It wants a text to be masked.
    fn mask(&self, text: &str);
    /// It sets a variable for later steps.
    ///
    /// # Errors
    /// Why it cannot; the step is told.
    fn set_variable(&self, name: &str, value: &str) -> Result<(), String>;
    /// It has ended and returned its outputs.
    fn returned(&self, outputs: Map<String, Value>);
}

/// What a typed step says about a place of a file; the meaning is that of `wit/step.wit`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// `notice`, `warning` or `error`.
    pub severity: String,
    /// What.
    pub message: String,
    /// A few words.
    pub title: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

impl Job {
    /// Runs a typed step as the job's first process, as [`Job::run`] does with a program. It has
    /// succeeded if the status is 0; its outputs have then been handed to the call's host.
    ///
    /// # Errors
    /// As [`Job::run`].
    pub async fn run_step(
        self: &Arc<Self>,
        spec: ProgramSpec,
        call: StepCall,
    ) -> Result<Exit, StartError> {
        self.run_found(spec, None, Some(call)).await
    }
}
