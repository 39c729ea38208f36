//! Where pipeline files come from.

use crate::function::Module;

/// Reads the files of a project. The pipeline's modules know no file system and no network: this is
/// their only way to either.
///
/// Calls are made one after the other; the same path may be asked for again.
pub trait Loader {
    /// The content of the file at `path`, relative to the project's root, with `/` between parts.
    ///
    /// # Errors
    /// If there is no such file, it is larger than `limit` bytes, it lies outside of the project,
    /// or it cannot be read.
    fn load(&self, path: &str, limit: u64) -> Result<Vec<u8>, LoadError>;

    /// What a module at `path` says about the step that it is.
    ///
    /// # Errors
    /// As [`Loader::load`]; also if it says what no step can be.
    fn module(&self, path: &str) -> Result<Module, LoadError> {
        let _ = path;
        Err(LoadError::NotFound)
    }

    /// The paths of all files of the project, for `rules:exists` and for includes with wildcards.
    /// Only asked for if the pipeline file has one of these; `None` if they are not known.
    fn files(&self) -> Option<Vec<String>> {
        None
    }

    /// The paths of the files that changed since `compare_to`, a branch, tag or commit, or without
    /// it since what a push would be compared with. Only asked for if the pipeline file has
    /// `changes`; `None` if that is not known.
    ///
    /// # Errors
    /// If there is no commit of that name; the text says so.
    fn changes(&self, compare_to: Option<&str>) -> Result<Option<Vec<String>>, String> {
        let _ = compare_to;
        Ok(None)
    }

    /// A file from elsewhere, of at most `limit` bytes.
    ///
    /// # Errors
    /// If it cannot be had.
    fn fetch(&self, source: &Source, limit: u64) -> Result<Fetched, LoadError> {
        let _ = (source, limit);
        Err(LoadError::Unreadable("files from elsewhere cannot be had here".to_owned()))
    }
}

/// A file from elsewhere, with variables expanded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// At an address.
    Remote {
        /// The address.
        url: String,
        /// The SHA-256 of its content, if the pipeline file insists on one, in base64.
        integrity: Option<String>,
    },
    /// Of another project on the same GitLab.
    Project {
        /// The project's path with its group.
        project: String,
        /// The branch, tag or commit; the project's default branch if there is none.
        reference: Option<String>,
        /// The file's path in that project.
        path: String,
    },
    /// One of the templates that come with GitLab.
    Template {
        /// Its path among them.
        path: String,
    },
    /// A component, as in `gitlab.com/group/project/name@1.0`.
    Component {
        /// Its address.
        address: String,
    },
}

/// What [`Loader::fetch`] brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The content.
    pub bytes: Vec<u8>,
    /// How messages name it.
    pub name: String,
    /// The commit it is of, for files that it includes itself.
    pub commit: Option<String>,
    /// What a component knows of itself: `name`, `reference`, `sha`, `version`.
    pub component: Vec<(String, String)>,
    /// The project that it is of.
    pub project: Option<String>,
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
    /// It comes from elsewhere and cannot be had.
    #[error("{reason}")]
    Unavailable {
        /// Why.
        reason: String,
        /// What to do about it.
        help: String,
    },
}
