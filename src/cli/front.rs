//! From a pipeline file to a plan, with everything that is wrong told on standard error.

use std::time::{SystemTime, UNIX_EPOCH};

use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::git;
use super::pipeline::Request;
use super::project::ProjectLoader;
use super::tell;
use crate::diagnostic::Diagnostics;
use crate::executor::PROJECT_DIRECTORY;
use crate::pipeline::inputs::Arguments;
use crate::pipeline::{self, Child, Pipeline};
use crate::plan::{self, Context, Plan, User};

/// A pipeline, and what its plan depends on beside it.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) pipeline: Pipeline,
    pub(super) context: Context,
}

/// Reads a project's pipeline.
pub(super) fn load(
    request: &Request,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Loaded>, Failure> {
    let project = &request.project;
    let git = request.git.clone();
    let now = SystemTime::now();
    let context = Context {
        project_dir: PROJECT_DIRECTORY.to_owned(),
        project_path: git::project_path(&git.remote, &project.root),
        config_path: project.file.clone(),
        // Later runs have larger numbers, as on GitLab.
        pipeline_id: now.duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs()),
        source: request.source.clone(),
        now: humantime::format_rfc3339_seconds(now).to_string(),
        git,
        project_variables: request.project_variables.clone(),
        variables: request.variables.clone(),
        upstream: Vec::new(),
        manual: request.choice.manual.clone(),
        tags: request.choice.tags.clone(),
        // Who somebody is on the host is the host's business.
        user: User::default(),
    };
    read(request, context, None, diagnostics)
}

/// Reads the project's pipeline file, or the files of a child pipeline.
pub(super) fn read(
    request: &Request,
    context: Context,
    child: Option<Child<'_>>,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Loaded>, Failure> {
    let project = &request.project;
    let loader = ProjectLoader::open(project)?
        .with_remotes(&request.remotes)
        .with_changes(context.is_compared());
    let reading = pipeline::Request {
        file: &project.file,
        child,
        inputs: if child.is_some() { Arguments::new() } else { request.inputs.clone() },
        variables: plan::of_includes(&context),
    };
    let Some(pipeline) = pipeline::load_with(&reading, &loader, diagnostics) else {
        return Ok(None);
    };
    Ok(Some(Loaded { pipeline, context }))
}

/// A valid pipeline with its plan.
pub(super) struct Planned {
    pub(super) loaded: Loaded,
    pub(super) plan: Plan,
    /// What was found has been told; the sources are there for more.
    pub(super) diagnostics: Diagnostics,
}

/// Reads and plans a project's pipeline. One with errors is a failure; findings are told.
pub(super) fn valid_plan(
    request: &Request,
    environment: &Environment,
    color: Color,
) -> Result<Planned, Failure> {
    let mut diagnostics = Diagnostics::new();
    let loaded = load(request, &mut diagnostics)?;
    let planned = loaded.and_then(|loaded| {
        let plan = plan::build(&loaded.pipeline, &loaded.context, &mut diagnostics)?;
        Some((loaded, plan))
    });
    if !diagnostics.is_empty() {
        tell(&diagnostics.render(environment.diagnostic_style(color)));
    }
    match planned {
        Some((loaded, plan)) if !diagnostics.has_errors() => {
            diagnostics.clear();
            Ok(Planned { loaded, plan, diagnostics })
        }
        _ => Err(Failure::told(Exit::InvalidPipeline)),
    }
}
