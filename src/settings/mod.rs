//! Settings that are the machine's and not the pipeline's: `greenroom.toml`.
//!
//! There is one of the user's, one that `--config` names, and one that lies beside the pipeline
//! file. The last travels with the repository, so whoever can write to the repository wrote it: it
//! may say what the pipeline file itself could say, and nothing that opens this machine to a job.
//! What a key takes, and who may write it, stands in one table, `keys`, from which the
//! documentation is made.

mod keys;
mod model;
mod read;
#[cfg(test)]
mod tests;
pub mod value;

pub use keys::documentation;
pub use model::{ImageAlias, LimitSettings, Registry, Settings, StepGrant, WorkspaceMode, Wrapper};

use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostics;

/// Larger files are refused: 1 MiB.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// Whose settings a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The user's, or named by the user.
    User,
    /// The project's: nothing in it is a grant.
    Project,
}

/// A file of settings.
#[derive(Clone, Debug)]
pub struct File {
    /// What messages call it.
    pub name: String,
    /// Its content.
    pub text: String,
    /// Whose it is.
    pub owner: Owner,
}

/// What settings may refer to.
pub struct Surroundings<'a> {
    /// The user's home, for `~/`.
    pub home: Option<PathBuf>,
    /// Whether a directory is the project's.
    pub is_project: &'a dyn Fn(&Path) -> bool,
}

/// Reads files, each of which takes precedence over those before it.
///
/// Everything that is wrong is pushed to `diagnostics`; nothing should run if there are errors.
pub fn load(
    files: &[File],
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Diagnostics,
) -> Settings {
    let mut settings = Settings::default();
    for file in files {
        read::read(file, surroundings, &mut settings, diagnostics);
    }
    settings
}
