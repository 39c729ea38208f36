//! The environment of a job: every source of variables in GitLab's order, then expanded.

use indexmap::IndexMap;

use super::expand::{Expanded, MAX_VALUE, Raw, TooLong};
use super::predefined::{self, JobFacts};
use super::{Context, Settings, environment};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::pipeline::{self, Job, Pipeline};

/// What all jobs of a plan share.
pub(super) struct Variables<'a> {
    pipeline: &'a Pipeline,
    context: &'a Context,
    predefined: Vec<(&'static str, String)>,
    /// Those of the rule of `workflow` that applies.
    workflow: Option<&'a pipeline::Variables>,
}

/// A job's variables and its image.
pub(super) struct Environment {
    pub(super) variables: Vec<(String, String)>,
    pub(super) image: Option<String>,
    pub(super) settings: Settings,
}

impl<'a> Variables<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, context: &'a Context) -> Self {
        Self { pipeline, context, predefined: predefined::of_pipeline(context), workflow: None }
    }

    /// Takes the variables of the workflow's rule, and names the pipeline.
    pub(super) fn set_workflow(
        &mut self,
        variables: Option<&'a pipeline::Variables>,
        diagnostics: &mut Diagnostics,
    ) {
        self.workflow = variables;
        if let Some(name) = &self.pipeline.workflow.name
            && let Some(Ok(name)) =
                self.for_conditions(None, diagnostics, |expanded| expanded.text(name))
        {
            self.predefined.push(("CI_PIPELINE_NAME", name));
        }
    }

    /// The variables in ascending precedence: predefined, the top level's, the workflow's, the
    /// job's, its rule's, those of the command line.
    fn raw<'v>(
        &'v self,
        own: &'v [(&'static str, String)],
        job: Option<&'v Job>,
        rule: Option<&'v pipeline::Variables>,
    ) -> IndexMap<&'v str, Raw<'v>> {
        let mut raw: IndexMap<&str, Raw<'_>> = IndexMap::with_capacity(128);
        for (name, value) in self.predefined.iter().chain(own) {
            // Of these only the address is the pipeline file's.
            let expand = *name == "CI_ENVIRONMENT_URL";
            put(&mut raw, name, Raw { value, expand });
        }
        let inherited = |name: &str| job.is_none_or(|job| job.inherit_variables.includes(name));
        let global = self.pipeline.variables.iter().filter(|(name, _)| inherited(name));
        let workflow = self.workflow.into_iter().flatten();
        let own = job.map(|job| &job.variables).into_iter().flatten();
        for (name, variable) in global.chain(workflow).chain(own).chain(rule.into_iter().flatten())
        {
            put(&mut raw, name, Raw { value: &variable.value, expand: variable.expand });
        }
        for (name, value) in &self.context.variables {
            put(&mut raw, name, Raw { value, expand: false });
        }
        raw
    }

    /// Hands the values that the conditions of a job, or without one of the workflow, may ask for
    /// to `decide`. `None` if a value is too long, which is told.
    pub(super) fn for_conditions<T>(
        &self,
        job: Option<(&Job, &JobFacts<'_>)>,
        diagnostics: &mut Diagnostics,
        decide: impl FnOnce(&Expanded<'_>) -> T,
    ) -> Option<T> {
        let own = job.map(|(_, facts)| predefined::of_job(facts)).unwrap_or_default();
        let job = job.map(|(job, _)| job);
        let raw = self.raw(&own, job, None);
        match Expanded::new(&raw) {
            Ok(expanded) => Some(decide(&expanded)),
            Err(error) => {
                diagnostics.push(self.too_long(job, &error));
                None
            }
        }
    }

    /// The environment of a job.
    pub(super) fn of_job(
        &self,
        job: &Job,
        rule: Option<&pipeline::Variables>,
        facts: &JobFacts<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Environment {
        let nothing = Environment { variables: vec![], image: None, settings: Settings::default() };
        let mut own = predefined::of_job(facts);
        if let Some(environment) = &job.environment {
            // Its name may hold variables, and variables may hold its name.
            let raw = self.raw(&own, Some(job), rule);
            match Expanded::new(&raw)
                .and_then(|expanded| environment::variables(environment, &expanded))
            {
                Ok(variables) => own.extend(variables),
                Err(error) => {
                    diagnostics.push(self.too_long(Some(job), &error));
                    return nothing;
                }
            }
        }
        let raw = self.raw(&own, Some(job), rule);
        let expanded = match Expanded::new(&raw) {
            Ok(expanded) => expanded,
            Err(error) => {
                diagnostics.push(self.too_long(Some(job), &error));
                return nothing;
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
        let settings = Settings::expand(&job.execution, &|text| expanded.text(text));
        let settings = settings.unwrap_or_else(|TooLong { .. }| {
            diagnostics.push(
                Diagnostic::error(
                    Code::VariableInvalid,
                    "a path or a key of the job's artifacts or caches is too long",
                )
                .label(job.name.span, "once its variables are filled in"),
            );
            Settings::default()
        });
        Environment { variables, image, settings }
    }

    fn too_long(&self, job: Option<&Job>, error: &TooLong) -> Diagnostic {
        let variable = job
            .and_then(|job| job.variables.get(&error.name))
            .or_else(|| self.pipeline.variables.get(&error.name));
        let elsewhere = job.map_or(self.pipeline.workflow.span, |job| job.name.span);
        let finding = Diagnostic::error(
            Code::VariableInvalid,
            format!("`{}` grows beyond {} KiB", error.name, MAX_VALUE >> 10),
        );
        finding
            .label(
                variable.map_or(elsewhere, |variable| variable.span),
                "once the variables in it are filled in",
            )
            .help("variables that name each other multiply: name fewer in one value")
    }
}

/// Whether the command line gives a variable a value that is not among its options.
pub(super) fn check_options(pipeline: &Pipeline, context: &Context, diagnostics: &mut Diagnostics) {
    // The last value of a name counts.
    let given: IndexMap<&str, &str> =
        context.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (name, value) in given {
        let Some(variable) = pipeline.variables.get(name) else { continue };
        if !variable.options.is_empty() && !variable.options.iter().any(|option| option == value) {
            diagnostics.push(
                Diagnostic::error(
                    Code::VariableInvalid,
                    format!("`{name}` cannot be `{value}`, which is not one of its options"),
                )
                .label(variable.span, format!("expected one of: {}", variable.options.join(", ")))
                .help("the value comes from the command line or the settings"),
            );
        }
    }
}

/// Sets a variable; one that is set again moves to the end, where its precedence is.
fn put<'a>(raw: &mut IndexMap<&'a str, Raw<'a>>, name: &'a str, value: Raw<'a>) {
    raw.shift_remove(name);
    raw.insert(name, value);
}
