//! The pipeline file as a typed model: `extends`, `default` and variables resolved, validated.

mod budget;
pub mod duration;
pub mod expression;
mod extends;
pub mod glob;
mod include;
pub mod keywords;
mod loader;
mod model;
mod pull_policy;
mod read;
mod reference;

pub use loader::{LoadError, Loader};
pub use model::{
    AllowFailure, Command, Environment, Inherit, Job, Need, Pipeline, Policy, RefName, RefPattern,
    Rule, Script, Variable, Variables, When, Workflow,
};
pub use pull_policy::PullPolicy;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use crate::yaml;

/// Reads a pipeline file.
///
/// Everything that is wrong is pushed to `diagnostics`; the result is `None` only if there is
/// nothing left to plan with. Check [`Diagnostics::has_errors`] before running it.
pub fn load(
    file_name: &str,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) -> Option<Pipeline> {
    let bytes = match loader.load(file_name, yaml::limits::MAX_FILE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => {
            diagnostics.push(unreadable(file_name, &error));
            return None;
        }
    };
    let documents = yaml::parse(file_name, &bytes, diagnostics)?;
    if let Some(header) = &documents.header {
        diagnostics.push(spec_not_supported(header.span));
    }
    let Some(content) = documents.content else {
        diagnostics.push(
            Diagnostic::error(Code::EmptyFile, format!("`{file_name}` has no content"))
                .label(documents.file, "")
                .help("add a job: a name with a `script`"),
        );
        return None;
    };
    let kind = content.kind();
    let yaml::Value::Mapping(root) = content.value else {
        diagnostics.push(
            Diagnostic::error(Code::NotAMapping, "a pipeline file is a mapping of names")
                .label(content.span, format!("this is {kind}"))
                .help("write jobs as `name:` with a `script` below"),
        );
        return None;
    };
    let mut budget = budget::Budget::new();
    let mut root =
        include::Includer::new(file_name, loader, &mut budget, diagnostics).expand(root)?;
    extends::resolve(&mut root, &mut budget, diagnostics)?;
    reference::resolve(&mut root, &mut budget, diagnostics)?;
    let mut reader = read::Reader::new(diagnostics);
    let mut pipeline = read::read(&mut reader, &root, documents.file);
    let rules = pipeline.jobs.values().flat_map(|job| &job.rules).chain(&pipeline.workflow.rules);
    if rules.flatten().any(|rule| rule.exists.is_some()) {
        pipeline.files = loader.files();
    }
    Some(pipeline)
}

fn spec_not_supported(span: Span) -> Diagnostic {
    let support = keywords::find(keywords::Place::Global, "spec").map(|keyword| keyword.support);
    let meaning = match support {
        Some(keywords::Support::Refused(meaning)) => meaning,
        _ => "the header has no effect",
    };
    Diagnostic::error(Code::NotSupported, format!("`spec` is not supported yet: {meaning}"))
        .label(span, "the header")
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
        LoadError::Outside | LoadError::Unreadable(_) => {
            Diagnostic::error(Code::FileUnreadable, format!("cannot read `{file_name}`: {error}"))
        }
    }
}
