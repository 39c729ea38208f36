use std::fs::OpenOptions;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use crate::Annotation;

/// What a step can tell whoever runs it, beside its outputs.
#[derive(Debug)]
pub struct Step {
    output_file: String,
    export_file: Option<String>,
    annotations: Option<String>,
}

impl Step {
    pub(crate) fn new(output_file: String, export_file: Option<String>) -> Self {
        Self { output_file, export_file, annotations: std::env::var("GREENROOM_ANNOTATIONS").ok() }
    }

    /// Writes one output at once, for steps that do not return all of them.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn output(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        append(&self.output_file, &json!({ "name": name, "value": value }))
    }

    /// Sets a variable for all later steps of the job. Its value has to be a string, a number or a
    /// boolean.
    ///
    /// # Errors
    /// If the file cannot be written, or the step's `command` does not hand over
    /// `${{ export_file }}`.
    pub fn export(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        let Some(file) = &self.export_file else {
            return Err(io::Error::other("the step's `command` lacks `${{ export_file }}`"));
        };
        append(file, &json!({ "name": name, "value": value }))
    }

    /// Tells of a finding. Without greenroom, where there is no file for it, it goes to standard
    /// error.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn annotate(&mut self, annotation: Annotation) -> io::Result<()> {
        match &self.annotations {
            Some(file) => append(file, &serde_json::to_value(&annotation)?),
            None => writeln!(io::stderr(), "{}", serde_json::to_string(&annotation)?),
        }
    }
}

fn append(file: &str, value: &serde_json::Value) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    // One call for one line, so that no two can mix.
    file.write_all(format!("{value}\n").as_bytes())
}
