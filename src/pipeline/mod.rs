//! The pipeline file as a typed model: `extends`, `default` and variables resolved, validated.

mod budget;
mod condition;
pub mod duration;
pub mod execution;
pub mod expression;
mod extends;
pub mod glob;
mod include;
pub mod inputs;
pub mod keywords;
mod loader;
mod model;
mod pull_policy;
mod read;
mod reference;
pub(crate) mod references;
mod schema;
mod shape;
mod trigger;

pub use condition::{Applies, Changes, Facts};
pub use loader::{Fetched, LoadError, Loader, Source};
pub use model::{
    AllowFailure, Command, Environment, Inherit, Job, Need, PathCondition, Pipeline, Policy,
    RefName, RefPattern, Rule, Script, Variable, Variables, When, Workflow,
};
pub use pull_policy::PullPolicy;
pub use schema::schema;
pub use trigger::{Child, ChildFile, Forward, Made, Strategy, Target, Trigger};

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::function::{self, Checker};
use crate::yaml;

/// What to read, and with which parameters.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// The pipeline file, relative to the project's root.
    pub file: &'a str,
    /// The files of a child pipeline, which are read instead.
    pub child: Option<Child<'a>>,
    /// The values of the file's inputs.
    pub inputs: inputs::Arguments,
    /// The variables that `include` may name: predefined ones and those of the command line, their
    /// references replaced.
    pub variables: Vec<(String, String)>,
}

/// Reads a pipeline file that takes no inputs and whose includes name no variables.
///
/// See [`load_with`].
pub fn load(
    file_name: &str,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) -> Option<Pipeline> {
    load_with(&Request { file: file_name, ..Request::default() }, loader, diagnostics)
}

/// Reads a pipeline file.
///
/// Everything that is wrong is pushed to `diagnostics`; the result is `None` only if there is
/// nothing left to plan with. Check [`Diagnostics::has_errors`] before running it.
pub fn load_with(
    request: &Request<'_>,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) -> Option<Pipeline> {
    let mut budget = budget::Budget::new();
    let mut includer = include::Includer::new(request, loader, &mut budget, diagnostics);
    let (mut root, file) = match request.child {
        Some(child) => includer.child(child)?,
        None => includer.main(request.file, &request.inputs)?,
    };
    extends::resolve(&mut root, &mut budget, diagnostics)?;
    reference::resolve(&mut root, &mut budget, diagnostics)?;
    let mut reader = read::Reader::new(diagnostics);
    let mut pipeline = read::read(&mut reader, &root, file);
    look_around(&mut pipeline, request, loader, diagnostics);
    pipeline.merged = root;
    let source = Functions(loader);
    let mut checker = Checker::new(&source, diagnostics);
    for steps in pipeline.jobs.values().filter_map(|job| job.run.as_ref()) {
        checker.job(steps);
    }
    Some(pipeline)
}

/// The functions of the project.
struct Functions<'l>(&'l dyn Loader);

impl function::Source for Functions<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match self.0.load(path, yaml::limits::MAX_FILE_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(LoadError::NotFound) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn module(&self, path: &str) -> Result<Option<function::Module>, String> {
        match self.0.module(path) {
            Ok(module) => Ok(Some(module)),
            Err(LoadError::NotFound) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Makes known what the rules of a pipeline ask about.
fn look_around(
    pipeline: &mut Pipeline,
    request: &Request<'_>,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) {
    let Pipeline { jobs, workflow, files, changes, variables, .. } = pipeline;
    let rules = || jobs.values().flat_map(|job| &job.rules).chain(&workflow.rules).flatten();
    if rules().any(|rule| rule.exists.is_some()) {
        *files = loader.files();
    }
    let value = |name: &str| {
        let given = request.variables.iter().rev().find(|(other, _)| other == name);
        let given = given.map(|(_, value)| value.clone());
        given.or_else(|| variables.get(name).map(|variable| variable.value.clone()))
    };
    let policies = jobs.values().flat_map(|job| job.only.iter().chain(&job.except));
    let conditions = rules().filter_map(|rule| rule.changes.as_ref());
    for condition in conditions.chain(policies.filter_map(|policy| policy.changes.as_ref())) {
        compare(condition, &value, loader, changes, diagnostics);
    }
}

/// Asks what changed since what a condition compares with.
fn compare(
    condition: &PathCondition,
    value: &dyn Fn(&str) -> Option<String>,
    loader: &dyn Loader,
    changes: &mut Changes,
    diagnostics: &mut Diagnostics,
) {
    if changes.contains(&condition.compare_to) {
        return;
    }
    let compare_to = condition.compare_to.as_deref().map(|text| references::all(text, value));
    let files = match loader.changes(compare_to.as_deref()) {
        Ok(files) => files,
        Err(reason) => {
            diagnostics.push(
                Diagnostic::error(Code::RuleInvalid, format!("nothing to compare with: {reason}"))
                    .label(condition.span, "`compare_to` names a branch, a tag or a commit")
                    .help("fetch it: git fetch origin NAME"),
            );
            None
        }
    };
    changes.insert(condition.compare_to.clone(), files);
}

fn unreadable(file_name: &str, error: &LoadError) -> Diagnostic {
    match error {
        LoadError::NotFound => {
            Diagnostic::error(Code::FileNotFound, format!("there is no file `{file_name}`"))
                .help("name the pipeline file, or change to the project's directory")
        }
        LoadError::TooLarge { limit } => Diagnostic::error(
            Code::FileTooLarge,
            format!("`{file_name}` is larger than {} MiB", limit >> 20),
        )
        .help("a pipeline file is text for people: is this really one?"),
        LoadError::Outside | LoadError::Unreadable(_) | LoadError::Unavailable { .. } => {
            Diagnostic::error(Code::FileUnreadable, format!("cannot read `{file_name}`: {error}"))
        }
    }
}
