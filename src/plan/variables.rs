//! The environment of a job: every source of variables in GitLab's order, then expanded.

use std::cell::RefCell;

use indexmap::IndexMap;

use super::decide::Decision;
use super::expand::{Expanded, MAX_VALUE, TooLong};
use super::layers::{self, Layer, Layers, Texts};
use super::predefined::{self, JobFacts};
use super::{Context, Generated, OfUpstream, Settings, Trigger, environment};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::pipeline::{self, ChildFile, Inherit, Job, Need, Pipeline};

/// Longer texts are not looked for among those that other jobs have.
const LONGEST_SHARED: usize = 1024;

/// What all jobs of a plan share.
pub(super) struct Variables<'a> {
    pipeline: &'a Pipeline,
    context: &'a Context,
    predefined: Layer,
    /// Those of the top level and of the workflow's rule, for jobs that take over all of them.
    global: Layer,
    /// Those of the command line.
    given: Layer,
    /// Those of the rule of `workflow` that applies.
    workflow: Option<&'a pipeline::Variables>,
    texts: RefCell<Texts>,
}

/// A job's variables and its image.
pub(super) struct Environment {
    pub(super) variables: layers::Environment,
    pub(super) image: Option<String>,
    pub(super) settings: Settings,
    /// What the job hands to its child pipeline; its name and place are yet to be filled in.
    pub(super) trigger: Option<Trigger>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, context: &'a Context) -> Self {
        let mut texts = Texts::default();
        let mut predefined = Layer::default();
        for (name, value) in predefined::of_pipeline(context) {
            predefined.set(texts.get(name), value.into(), false);
        }
        let mut given = Layer::default();
        for (name, value) in context.given() {
            given.set(texts.get(name), value.as_str().into(), false);
        }
        let mut variables = Self {
            pipeline,
            context,
            predefined: predefined.shared(),
            global: Layer::default(),
            given: given.shared(),
            workflow: None,
            texts: RefCell::new(texts),
        };
        variables.global = variables.global(&Inherit::default()).shared();
        variables
    }

    /// Takes the variables of the workflow's rule, and names the pipeline.
    pub(super) fn set_workflow(
        &mut self,
        variables: Option<&'a pipeline::Variables>,
        diagnostics: &mut Diagnostics,
    ) {
        self.workflow = variables;
        self.global = self.global(&Inherit::default()).shared();
        if let Some(name) = &self.pipeline.workflow.name
            && let Some(Ok(name)) =
                self.for_conditions(None, diagnostics, |expanded| expanded.text(name))
        {
            self.predefined.set("CI_PIPELINE_NAME".into(), name.into(), false);
            self.predefined = std::mem::take(&mut self.predefined).shared();
        }
    }

    /// The variables of the top level and of the workflow's rule that a job takes over.
    fn global(&self, inherit: &Inherit) -> Layer {
        let mut layer = Layer::default();
        let inherited = self.pipeline.variables.iter().filter(|(name, _)| inherit.includes(name));
        self.add(&mut layer, inherited.chain(self.workflow.into_iter().flatten()));
        layer
    }

    /// The job's variables and its rule's.
    fn own(&self, job: &Job, rule: Option<&pipeline::Variables>) -> Layer {
        let mut layer = Layer::default();
        self.add(&mut layer, job.variables.iter().chain(rule.into_iter().flatten()));
        layer
    }

    fn add<'v>(
        &self,
        layer: &mut Layer,
        variables: impl Iterator<Item = (&'v String, &'v pipeline::Variable)>,
    ) {
        let mut texts = self.texts.borrow_mut();
        for (name, variable) in variables {
            let value = match variable.value.len() > LONGEST_SHARED {
                true => variable.value.as_str().into(),
                false => texts.get(&variable.value),
            };
            layer.set(texts.get(name), value, variable.expand);
        }
    }

    /// What is predefined for a job.
    fn predefined(&self, variables: Vec<(&'static str, String)>) -> Layer {
        let mut texts = self.texts.borrow_mut();
        let mut layer = Layer::default();
        for (name, value) in variables {
            // Of these only the address is the pipeline file's.
            layer.set(texts.get(name), value.into(), name == "CI_ENVIRONMENT_URL");
        }
        layer
    }

    /// Expands the variables of a job in ascending precedence: predefined, the top level's, the
    /// workflow's, the job's, its rule's, those of the command line.
    fn expand<T>(
        &self,
        predefined: &Layer,
        job: Option<&Job>,
        own: &Layer,
        then: impl FnOnce(&Expanded<'_>) -> Result<T, TooLong>,
    ) -> Result<T, TooLong> {
        let filtered;
        let global = match job.map(|job| &job.inherit_variables) {
            None => &self.global,
            Some(Inherit::All) => &self.global,
            Some(inherit) => {
                filtered = self.global(inherit);
                &filtered
            }
        };
        let layers = [&self.predefined, predefined, global, own, &self.given];
        then(&Expanded::new(Layers::new(layers))?)
    }

    /// The variables that files set: at the top level, for the workflow, for the job and in its
    /// rule.
    fn of_files<'v>(
        &'v self,
        job: Option<&'v Job>,
        rule: Option<&'v pipeline::Variables>,
    ) -> impl Iterator<Item = (&'v String, &'v pipeline::Variable)> {
        let inherited =
            move |name: &str| job.is_none_or(|job| job.inherit_variables.includes(name));
        let global = self.pipeline.variables.iter().filter(move |(name, _)| inherited(name));
        let workflow = self.workflow.into_iter().flatten();
        let own = job.map(|job| &job.variables).into_iter().flatten();
        global.chain(workflow).chain(own).chain(rule.into_iter().flatten())
    }

    /// Hands the values that the conditions of a job, or without one of the workflow, may ask for
    /// to `decide`. `None` if a value is too long, which is told.
    pub(super) fn for_conditions<T>(
        &self,
        job: Option<(&Job, &JobFacts<'_>)>,
        diagnostics: &mut Diagnostics,
        decide: impl FnOnce(&Expanded<'_>) -> T,
    ) -> Option<T> {
        let predefined = job.map(|(_, facts)| self.predefined(predefined::of_job(facts)));
        let job = job.map(|(job, _)| job);
        let own = job.map(|job| self.own(job, None)).unwrap_or_default();
        let predefined = predefined.unwrap_or_default();
        match self.expand(&predefined, job, &own, |expanded| Ok(decide(expanded))) {
            Ok(decided) => Some(decided),
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
        decision: &Decision<'_>,
        facts: &JobFacts<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Environment {
        let mut predefined = predefined::of_job(facts);
        let own = self.own(job, decision.variables);
        let mut expand = || {
            if let Some(environment) = &job.environment {
                // Its name may hold variables, and variables may hold its name.
                let before = self.predefined(predefined.clone());
                predefined.extend(self.expand(&before, Some(job), &own, |expanded| {
                    environment::variables(environment, expanded)
                })?);
            }
            let predefined = self.predefined(std::mem::take(&mut predefined));
            self.expand(&predefined, Some(job), &own, |expanded| {
                Ok(self.environment(job, decision, expanded, diagnostics))
            })
        };
        match expand() {
            Ok(environment) => environment,
            Err(error) => {
                diagnostics.push(self.too_long(Some(job), &error));
                Environment {
                    variables: layers::Environment::default(),
                    image: None,
                    settings: Settings::default(),
                    trigger: None,
                }
            }
        }
    }

    fn environment(
        &self,
        job: &Job,
        decision: &Decision<'_>,
        expanded: &Expanded<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Environment {
        let mut variables = expanded.environment();
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
            let mut texts = self.texts.borrow_mut();
            variables.set_first(&texts.get("CI_JOB_IMAGE"), texts.get(image));
        }
        let settings = Settings::expand(&job.execution, &|text| expanded.text(text));
        let settings = settings.and_then(|settings| {
            let upstream = of_upstream(decision.needs.unwrap_or_default(), expanded)?;
            Ok(Settings { upstream, ..settings })
        });
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
        let trigger = job.trigger.as_ref().map(|trigger| {
            self.handed_over(job, trigger, decision.variables, expanded).unwrap_or_else(|error| {
                diagnostics.push(self.too_long(Some(job), &error));
                Trigger::default()
            })
        });
        Environment { variables, image, settings, trigger }
    }

    /// What a trigger job hands to its child pipeline (GitLab's `Variables::Downstream::Generator`):
    /// the variables that files set for it, then those of the pipeline, each only if it forwards
    /// them.
    fn handed_over(
        &self,
        job: &Job,
        trigger: &pipeline::Trigger,
        rule: Option<&pipeline::Variables>,
        expanded: &Expanded<'_>,
    ) -> Result<Trigger, TooLong> {
        let mut variables: IndexMap<&str, String> = IndexMap::new();
        if trigger.forward.yaml_variables {
            for (name, variable) in self.of_files(Some(job), rule) {
                let value = match variable.expand {
                    true => expanded.text(&variable.value)?,
                    false => variable.value.clone(),
                };
                variables.shift_remove(name.as_str());
                variables.insert(name, value);
            }
        }
        if trigger.forward.pipeline_variables {
            for (name, value) in &self.context.variables {
                variables.shift_remove(name.as_str());
                variables.insert(name, value.clone());
            }
        }
        let mut artifacts = Vec::new();
        for file in trigger.files() {
            if let ChildFile::Artifact { path, job, .. } = file {
                let (job, path) = (expanded.text(&job.value)?, expanded.text(&path.value)?);
                artifacts.push(Generated { job, path });
            }
        }
        Ok(Trigger {
            strategy: trigger.strategy,
            artifacts,
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            ..Trigger::default()
        })
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

/// The jobs of upstream pipelines whose artifacts a job takes.
fn of_upstream(needs: &[Need], expanded: &Expanded<'_>) -> Result<Vec<OfUpstream>, TooLong> {
    let mut found = Vec::new();
    for need in needs.iter().filter(|need| need.artifacts) {
        if let Some(pipeline) = &need.pipeline {
            let pipeline = expanded.text(&pipeline.value)?;
            found.push(OfUpstream { pipeline, job: expanded.text(&need.job.value)? });
        }
    }
    Ok(found)
}

/// Whether the command line gives a variable a value that is not among its options.
pub(super) fn check_options(pipeline: &Pipeline, context: &Context, diagnostics: &mut Diagnostics) {
    // The last value of a name counts.
    let given: IndexMap<&str, &str> =
        context.given().map(|(name, value)| (name.as_str(), value.as_str())).collect();
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
