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
use crate::pipeline::{self, Pipeline};
use crate::plan::{self, Context, Plan, User};

/// A pipeline, and what its plan depends on beside it.
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
    let loader = ProjectLoader::open(project)?;
    let Some(pipeline) = pipeline::load(&project.file, &loader, diagnostics) else {
        return Ok(None);
    };
    let git = git::facts(&project.root);
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
        variables: request.variables.clone(),
        // Who somebody is on the host is the host's business.
        user: User::default(),
    };
    Ok(Some(Loaded { pipeline, context }))
}

/// Reads and plans a project's pipeline.
pub(super) fn plan(
    request: &Request,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Plan>, Failure> {
    let loaded = load(request, diagnostics)?;
    Ok(loaded.and_then(|loaded| plan::build(&loaded.pipeline, &loaded.context, diagnostics)))
}

/// As [`plan()`], but a pipeline with errors is a failure; findings are told.
pub(super) fn valid_plan(
    request: &Request,
    environment: &Environment,
    color: Color,
) -> Result<Plan, Failure> {
    let mut diagnostics = Diagnostics::new();
    let plan = plan(request, &mut diagnostics)?;
    if !diagnostics.is_empty() {
        tell(&diagnostics.render(environment.diagnostic_style(color)));
    }
    match plan {
        Some(plan) if !diagnostics.has_errors() => Ok(plan),
        _ => Err(Failure::told(Exit::InvalidPipeline)),
    }
}
