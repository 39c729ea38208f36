use std::time::{Duration, Instant};

use clap::Args;

use super::Session;
use crate::cli::environment::{Color, Environment};
use crate::cli::exit_code::Exit;
use crate::cli::failure::Failure;
use crate::cli::pipeline::{PipelineArgs, Request};
use crate::cli::{front, images, print, tell};
use crate::diagnostic::printable;
use crate::pipeline::PullPolicy;
use crate::workspace::readable_size;

/// Download images and compile what they have, so that no job waits for it.
///
/// Without REFERENCE: all images of a pipeline file. What is in the store is asked for again and
/// downloaded only if it changed.
#[derive(Debug, Args)]
pub(super) struct PullArgs {
    /// The image.
    #[arg(value_name = "REFERENCE")]
    references: Vec<String>,

    #[command(flatten)]
    pipeline: PipelineArgs,

    #[command(flatten)]
    images: images::ImageArgs,

    /// Leave compiling to the first use.
    #[arg(long)]
    no_compile: bool,
}

pub(super) fn pull(
    args: &PullArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let request = args.pipeline.of_file(None, environment, color)?;
    let session = Session::new(&request, Some(&args.images), environment)?;
    let names = if args.references.is_empty() {
        of_pipeline(&request, environment, color)?
    } else {
        args.references.clone()
    };
    let mut failed = false;
    for name in &names {
        let start = Instant::now();
        match session.pull_one(name, args.no_compile) {
            Ok(Some(text)) => {
                let took = round(start.elapsed());
                print(&printable(&format!("{name}: {text}, {took}\n")))?;
            }
            Ok(None) => {}
            Err(reason) => {
                session.bars.clear();
                tell(&printable(&format!("greenroom: {reason}\n")));
                failed = true;
            }
        }
    }
    // A thread that compiles is not waited for.
    session.runtime.shutdown_background();
    Ok(if failed { Exit::Unable } else { Exit::Success })
}

/// The images that the jobs of a pipeline name.
pub(super) fn of_pipeline(
    request: &Request,
    environment: &Environment,
    color: Color,
) -> Result<Vec<String>, Failure> {
    let plan = front::valid_plan(request, environment, color)?.plan;
    let mut names: Vec<String> = plan.jobs.iter().filter_map(|job| job.image.clone()).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

impl Session {
    /// Pulls what a name stands for and compiles its commands. None: it is all in the project.
    fn pull_one(&self, name: &str, no_compile: bool) -> Result<Option<String>, String> {
        let references = self.references(name).map_err(|failure| failure.text())?;
        let mut digests = Vec::new();
        let mut size = 0;
        for reference in &references {
            let record = self
                .runtime
                .block_on(self.images.obtain(reference, &[PullPolicy::Always], &*self.bars))
                .map_err(|error| error.to_string())?;
            size += record.size;
            digests.push(record.digest.chars().take(19).collect::<String>());
        }
        self.bars.clear();
        if !no_compile {
            let offline = [PullPolicy::IfNotPresent];
            let opened = self.images.open(&self.directory, Some(name), &offline, &*self.bars);
            let image = self.runtime.block_on(opened).map_err(|error| error.to_string())?;
            let modules = image.modules().map_err(|error| error.to_string())?;
            let (all, mut failures) = (modules.len(), Vec::new());
            self.runtime
                .block_on(self.sandbox.preload_all(modules, |_, reason| failures.push(reason)));
            self.bars.clear();
            if failures.len() == all && all > 0 {
                return Err(failures.join("\n"));
            }
            // A package may hold what is no program; the others are ready.
            for reason in failures {
                tell(&printable(&format!("greenroom: {reason}\n")));
            }
        }
        if references.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!("{} ({})", digests.join(" and "), readable_size(size))))
    }
}

fn round(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
