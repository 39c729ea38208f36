//! The environment of a job: every source of variables in GitLab's order, then expanded.

use indexmap::IndexMap;

use super::Context;
use super::expand::{Expanded, MAX_VALUE, Raw, TooLong};
use super::predefined::{self, JobFacts};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::pipeline::{Job, Pipeline};

/// What all jobs of a plan share.
pub(super) struct Variables<'a> {
    pipeline: &'a Pipeline,
    context: &'a Context,
    predefined: Vec<(&'static str, String)>,
}

/// A job's variables and its image.
pub(super) struct Environment {
    pub(super) variables: Vec<(String, String)>,
    pub(super) image: Option<String>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, context: &'a Context) -> Self {
        Self { pipeline, context, predefined: predefined::of_pipeline(context) }
    }

    /// The environment of a job. In ascending precedence: predefined, the top level's, the job's,
    /// those of the command line.
    pub(super) fn of_job(
        &self,
        job: &Job,
        facts: JobFacts<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Environment {
        let own = predefined::of_job(&facts);
        let mut raw: IndexMap<&str, Raw<'_>> = IndexMap::new();
        for (name, value) in self.predefined.iter().chain(&own) {
            put(&mut raw, name, Raw { value, expand: false });
        }
        let global = self.pipeline.variables.iter();
        let global = global.filter(|(name, _)| job.inherit_variables.includes(name));
        for (name, variable) in global.chain(&job.variables) {
            put(&mut raw, name, Raw { value: &variable.value, expand: variable.expand });
        }
        for (name, value) in &self.context.variables {
            put(&mut raw, name, Raw { value, expand: false });
        }
        let expanded = match Expanded::new(&raw) {
            Ok(expanded) => expanded,
            Err(error) => {
                diagnostics.push(self.too_long(job, &error));
                return Environment { variables: vec![], image: None };
            }
        };
        let mut variables: Vec<(String, String)> = raw
            .keys()
            .map(|name| ((*name).to_owned(), expanded.value(name).unwrap_or_default().to_owned()))
            .collect();
        let image = job.image.as_ref().and_then(|image| match expanded.text(&image.value) {
            Ok(text) => Some(text),
            Err(TooLong { .. }) => {
                diagnostics.push(
                    Diagnostic::error(Code::VariableInvalid, "the name of the image is too long")
                        .label(image.span, "once its variables are filled in"),
                );
                None
            }
        });
        // The image may name variables, so its own variable comes last.
        if let Some(image) = &image {
            let name = "CI_JOB_IMAGE";
            variables.retain(|(other, _)| other != name);
            variables.insert(0, (name.to_owned(), image.clone()));
        }
        Environment { variables, image }
    }

    fn too_long(&self, job: &Job, error: &TooLong) -> Diagnostic {
        let variable =
            job.variables.get(&error.name).or_else(|| self.pipeline.variables.get(&error.name));
        let finding = Diagnostic::error(
            Code::VariableInvalid,
            format!("`{}` grows beyond {} KiB", error.name, MAX_VALUE >> 10),
        );
        finding
            .label(
                variable.map_or(job.name.span, |variable| variable.span),
                "once the variables in it are filled in",
            )
            .help("variables that name each other multiply: name fewer in one value")
    }
}

/// Sets a variable; one that is set again moves to the end, where its precedence is.
fn put<'a>(raw: &mut IndexMap<&'a str, Raw<'a>>, name: &'a str, value: Raw<'a>) {
    raw.shift_remove(name);
    raw.insert(name, value);
}
