use clap::Args;

use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::pipeline::PipelineArgs;
use super::{front, print, tell};
use crate::diagnostic::Diagnostics;

/// Print a pipeline as one file, as YAML.
///
/// Included files are merged, and `extends`, `!reference` and anchors resolved; hidden jobs are left
/// out, for nothing refers to them any more. GitLab reads the result as it would read the original.
/// Findings go to standard error.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom expand\n  \
    greenroom expand ci/nightly.yml --project . > merged.yml")]
pub(super) struct ExpandArgs {
    /// Pipeline file, or a directory with a .gitlab-ci.yml [default: .gitlab-ci.yml].
    #[arg(value_name = "FILE", conflicts_with = "file")]
    path: Option<String>,

    #[command(flatten)]
    pipeline: PipelineArgs,
}

pub(super) fn expand(
    args: &ExpandArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let request = args.pipeline.of_file(args.path.as_deref(), environment, color)?;
    let mut diagnostics = Diagnostics::new();
    let loaded = front::load(&request, &mut diagnostics)?;
    tell(&diagnostics.render(environment.diagnostic_style(color)));
    match loaded {
        Some(loaded) if !diagnostics.has_errors() => {
            print(&loaded.pipeline.to_yaml())?;
            Ok(Exit::Success)
        }
        _ => Ok(Exit::InvalidPipeline),
    }
}
