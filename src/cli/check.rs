use clap::{Args, ValueEnum};
use indexmap::IndexMap;

use super::children::{self, Known};
use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::pipeline::PipelineArgs;
use super::project::Project;
use super::{front, print, tell};
use crate::advice;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::image::Images;
use crate::pipeline::Pipeline;
use crate::plan::{self, Plan, PlannedJob};

/// Report everything that is wrong with a pipeline file, without running anything.
///
/// Findings go to standard error, each with its place and what to do; with `--format json` to
/// standard output. The exit code is 3 if one of them is an error, and 0 otherwise.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom check\n  \
    greenroom check ci/nightly.yml --project .\n  \
    greenroom check --format json | jq '.[].message'")]
pub(super) struct CheckArgs {
    /// Pipeline file, or a directory with a .gitlab-ci.yml [default: .gitlab-ci.yml].
    #[arg(value_name = "FILE", conflicts_with = "file")]
    path: Option<String>,

    #[command(flatten)]
    pipeline: PipelineArgs,

    /// How findings are written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people, on standard error.
    #[default]
    Human,
    /// A JSON array, on standard output.
    Json,
}

pub(super) fn check(
    args: &CheckArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let request = args.pipeline.of_file(args.path.as_deref(), environment, color)?;
    let images = Images::new(&request.settings).map_err(Failure::usage)?;
    let mut diagnostics = Diagnostics::new();
    let loaded = front::load(&request, &mut diagnostics)?;
    let plan = loaded
        .as_ref()
        .and_then(|loaded| plan::build(&loaded.pipeline, &loaded.context, &mut diagnostics));
    let children = match (&loaded, &plan) {
        (Some(loaded), Some(plan)) if !diagnostics.has_errors() => {
            children::known(&request, loaded, plan, &mut diagnostics)?
        }
        _ => vec![],
    };
    let mut plans: Vec<&Plan> = plan.iter().collect();
    let mut pipelines: Vec<&Pipeline> = loaded.iter().map(|loaded| &loaded.pipeline).collect();
    let mut open: Vec<&Known> = children.iter().collect();
    while let Some(child) = open.pop() {
        plans.push(&child.plan);
        pipelines.push(&child.loaded.pipeline);
        open.extend(&child.children);
    }
    let provided = |name: &str| request.settings.commands.contains_key(name);
    for pipeline in pipelines {
        advice::look(pipeline, |_| true, provided, Severity::Note, &mut diagnostics);
    }
    let used = plan.is_some().then(|| {
        let jobs = plans.iter().flat_map(|plan| &plan.jobs);
        used_images(jobs, &images, &request.project, &mut diagnostics)
    });
    let valid = plan.is_some() && !diagnostics.has_errors();
    match args.format {
        Format::Human => {
            tell(&diagnostics.render(environment.diagnostic_style(color)));
            if let (true, Some(plan)) = (valid, &plan) {
                let (stages, jobs) = (plan.stages.len(), plan.jobs.len());
                let s = |n| if n == 1 { "" } else { "s" };
                let file = crate::diagnostic::printable(&request.project.file);
                let below = match plans.len() - 1 {
                    0 => String::new(),
                    n => format!(" and {n} child pipeline{}", s(n)),
                };
                tell(&format!(
                    "{file}: valid, {jobs} job{} in {stages} stage{}{below}\n",
                    s(jobs),
                    s(stages)
                ));
                for line in used.unwrap_or_default() {
                    tell(&format!("{}\n", crate::diagnostic::printable(&line)));
                }
            }
        }
        Format::Json => print(&format!("{:#}\n", diagnostics.to_json()))?,
    }
    Ok(if valid { Exit::Success } else { Exit::InvalidPipeline })
}

/// Which images the jobs really use, where that is not what their names say. What cannot be used
/// is a warning: the job will fail, but the file is valid.
fn used_images<'p>(
    planned: impl Iterator<Item = &'p PlannedJob>,
    images: &Images,
    project: &Project,
    diagnostics: &mut Diagnostics,
) -> Vec<String> {
    let mut jobs_of: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for job in planned {
        if let Some(image) = &job.image {
            jobs_of.entry(image).or_default().push(&job.name);
        }
    }
    let directory = project.root.clone().into();
    let mut used = Vec::new();
    for (name, jobs) in jobs_of {
        let jobs = jobs.join(", ");
        match images.check(&directory, name) {
            Ok((resolved, _)) if resolved.is_alias() => used.push(format!("{jobs}: {resolved}")),
            Ok(_) => {}
            Err(reason) => diagnostics
                .push(Diagnostic::warning(Code::ImageUnavailable, format!("{jobs}: {reason}"))),
        }
    }
    used
}
