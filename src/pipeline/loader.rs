//! Where pipeline files come from.

/// Reads the files of a project. The pipeline's modules know no file system: this is their only
/// way to one.
///
/// Calls are made one after the other; the same path may be asked for again.
pub trait Loader {
    /// The content of the file at `path`, relative to the project's root, with `/` between parts.
    ///
    /// # Errors
    /// If there is no such file, it is larger than `limit` bytes, it lies outside of the project,
    /// or it cannot be read.
    fn load(&self, path: &str, limit: u64) -> Result<Vec<u8>, LoadError>;

    /// The paths of all files of the project, for `rules:exists` and for includes with wildcards.
    /// Only asked for if the pipeline file has one of these; `None` if they are not known.
    fn files(&self) -> Option<Vec<String>> {
        None
    }
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// It is larger than asked for.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// How much was asked for, in bytes.
        limit: u64,
    },
    /// Its path leads out of the project.
    #[error("the path leads out of the project")]
    Outside,
    /// It cannot be read for another reason.
    #[error("{0}")]
    Unreadable(String),
}
