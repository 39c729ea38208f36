//! Images as the command line's options want them.

use std::path::Path;

use clap::Args;

use super::environment::Environment;
use super::failure::Failure;
use super::project::Project;
use crate::image::{Images, LockFile, Sources};
use crate::pipeline::PullPolicy;
use crate::sandbox::Sandbox;
use crate::settings::Settings;

/// Where the lock is, beside the pipeline file.
const LOCK_FILE: &str = "greenroom.lock";
/// Larger ones are refused.
const MAX_LOCK: u64 = 4 << 20;

/// Where images may come from.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Images")]
pub(super) struct ImageArgs {
    /// When to ask for an image again: always, if-not-present or never (only what is in the store);
    /// several, with commas, are tried in order. Takes precedence over the pipeline file.
    #[arg(long, value_name = "POLICY", value_delimiter = ',', value_parser = policy)]
    pull: Vec<PullPolicy>,

    /// Use exactly the images of greenroom.lock, and refuse others.
    #[arg(long)]
    locked: bool,
}

fn policy(text: &str) -> Result<PullPolicy, String> {
    PullPolicy::named(text).ok_or_else(|| "it is always, if-not-present or never".to_owned())
}

/// All images of a run.
pub(super) fn images(
    args: &ImageArgs,
    settings: &Settings,
    project: Option<&Project>,
    environment: &Environment,
    sandbox: &Sandbox,
) -> Result<Images, Failure> {
    let images = Images::new(settings).map_err(Failure::usage)?;
    let Some(store) = environment.images_dir() else { return Ok(images) };
    let lock = project.map(lock).transpose()?.flatten();
    if args.locked && lock.is_none() {
        return Err(Failure::usage(
            "--locked: there is no greenroom.lock beside the pipeline file",
        )
        .help("write it with `greenroom image lock`"));
    }
    let sources = Sources {
        store,
        npm: environment.npm(),
        docker: environment.docker(),
        sandbox: sandbox.clone(),
        lock: lock.unwrap_or_default(),
        locked: args.locked,
        pull_policy: (!args.pull.is_empty()).then(|| args.pull.clone()),
    };
    images.with_sources(sources).map_err(Failure::unable)
}

/// The path of a project's lock.
pub(super) fn lock_path(project: &Project) -> std::path::PathBuf {
    let file = project.root.join(&project.file);
    file.parent().unwrap_or(Path::new(".")).join(LOCK_FILE)
}

fn lock(project: &Project) -> Result<Option<LockFile>, Failure> {
    use std::io::Read;
    let path = lock_path(project);
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::usage(format!("cannot read {}: {error}", path.display())));
        }
    };
    let mut text = String::new();
    file.take(MAX_LOCK)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    LockFile::parse(&text).map(Some).map_err(Failure::usage)
}
