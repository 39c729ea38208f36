use clap::Args;

use super::Session;
use super::pull::of_pipeline;
use crate::cli::environment::{Color, Environment};
use crate::cli::exit_code::Exit;
use crate::cli::failure::Failure;
use crate::cli::images;
use crate::cli::pipeline::PipelineArgs;
use crate::cli::{print, whole_file};
use crate::image::{Digest, LockFile};
use crate::pipeline::PullPolicy;

/// Write down which images a pipeline's references mean now.
///
/// The digests go into greenroom.lock beside the pipeline file. From then on a run uses exactly these;
/// with --locked it refuses any that is not there. Run it again to move on to newer ones.
#[derive(Debug, Args)]
pub(super) struct LockArgs {
    /// Pipeline file, or a directory with a .gitlab-ci.yml [default: .gitlab-ci.yml].
    #[arg(value_name = "FILE", conflicts_with = "file")]
    path: Option<String>,

    #[command(flatten)]
    pipeline: PipelineArgs,
}

pub(super) fn lock(
    args: &LockArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let request = args.pipeline.of_file(args.path.as_deref(), environment, color)?;
    let names = of_pipeline(&request, environment, color)?;
    let path = images::lock_path(&request.project);
    // What an older lock says must not decide what the new one says.
    let session = Session::new(&request, None, environment)?;
    let mut lock = LockFile::default();
    for name in &names {
        for reference in session.references(name)? {
            let asked = session.images.obtain(&reference, &[PullPolicy::Always], &*session.bars);
            let record = session.runtime.block_on(asked);
            session.bars.clear();
            let record = record.map_err(|error| Failure::unable(error.to_string()))?;
            let digest = Digest::parse(&record.digest)
                .ok_or_else(|| Failure::unable("the store has an image without a digest"))?;
            lock.insert(reference.key(), digest);
        }
    }
    whole_file::write(&path, lock.to_text().as_bytes())?;
    let s = if lock.len() == 1 { "" } else { "s" };
    print(&format!("{}: {} image{s}\n", path.display(), lock.len()))?;
    session.runtime.shutdown_background();
    Ok(Exit::Success)
}
