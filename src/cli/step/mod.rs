//! `greenroom step`: make, check, try, publish and look at steps of one's own.

mod check;
mod function;
mod new;
mod publish;
mod run;

pub(super) use function::Files;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::environment::{Color, Environment};
use super::failure::Failure;
use super::{sandbox, tell};
use crate::sandbox::Notices;
use crate::sandbox::store::{Progress, StoreWarning};

/// Make, check and try steps of your own, for `run:` jobs.
///
/// A step is a directory with a func.yml, as GitLab Functions has it, and a WebAssembly module or a
/// script. docs/steps.md tells how they work.
#[derive(Debug, Args)]
pub(super) struct StepArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    New(new::NewArgs),
    Check(check::CheckArgs),
    Run(run::RunArgs),
    Publish(publish::PublishArgs),
    Inspect(publish::InspectArgs),
}

pub(super) fn step(
    args: &StepArgs,
    environment: &Environment,
    color: Color,
) -> Result<ExitCode, Failure> {
    match &args.verb {
        Verb::New(args) => new::new(args).map(ExitCode::from),
        Verb::Check(args) => check::check(args, environment, color).map(ExitCode::from),
        Verb::Run(args) => run::run(args, environment, color).map(ExitCode::from),
        Verb::Publish(args) => publish::publish(args, environment, color).map(ExitCode::from),
        Verb::Inspect(args) => publish::inspect(args, environment, color).map(ExitCode::from),
    }
}

/// Notices of the sandbox, beside what a step says.
struct OnStderr;

impl Notices for OnStderr {
    fn progress(&self, progress: Progress<'_>) {
        if let Some(text) = sandbox::progress_text(progress) {
            tell(&format!("greenroom: {text}\n"));
        }
    }

    fn warning(&self, warning: &StoreWarning) {
        tell(&format!("greenroom: warning: {warning}\n"));
    }
}
