//! `trigger:` — a job that starts another pipeline instead of running a script.

use crate::diagnostic::{Span, Spanned};

use super::inputs::Arguments;

/// What a job starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// The pipeline.
    pub target: Target,
    /// Whether the job waits for it.
    pub strategy: Option<Strategy>,
    /// What the pipeline gets of this one's variables.
    pub forward: Forward,
    /// Where it is written.
    pub span: Span,
}

impl Trigger {
    /// The files of the child pipeline; none for the pipeline of another project.
    pub fn files(&self) -> &[ChildFile] {
        match &self.target {
            Target::Child(files) => files,
            Target::Project { .. } => &[],
        }
    }
}

/// A child pipeline to be read: its files, and the contents of those that jobs have made.
#[derive(Clone, Copy, Debug)]
pub struct Child<'a> {
    /// The files, which are merged in their order.
    pub files: &'a [ChildFile],
    /// The contents of those of them that are artifacts, in their order.
    pub artifacts: &'a [Made],
    /// Where they are named.
    pub span: Span,
}

/// A file that a job has made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// How messages name it.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// The pipeline that a [`Trigger`] starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A child pipeline of these files, in the same project. They are merged in their order.
    Child(Vec<ChildFile>),
    /// The pipeline of another project. Names are not expanded.
    Project {
        /// Its path with its group.
        path: Spanned<String>,
        /// The branch; the default one if there is none.
        branch: Option<String>,
        /// The values of its inputs.
        inputs: Arguments,
    },
}

/// A file of a child pipeline. Names are not expanded.
#[derive(Clone, Debug, PartialEq)]
pub enum ChildFile {
    /// A file of the project.
    Local {
        /// Its path from the project's root.
        path: Spanned<String>,
        /// The values of its inputs.
        inputs: Arguments,
    },
    /// A file that an earlier job leaves as an artifact.
    Artifact {
        /// Its path from the project's root.
        path: Spanned<String>,
        /// The job.
        job: Spanned<String>,
        /// The values of its inputs.
        inputs: Arguments,
    },
    /// A file from elsewhere, as `include` names it: the keyword that says from where, and what it
    /// says.
    Elsewhere {
        /// `project`, `remote`, `template` or `component`.
        keyword: &'static str,
        /// Its value.
        source: Spanned<String>,
        /// The files of a `project`.
        files: Vec<String>,
        /// The `ref` of a `project`.
        reference: Option<String>,
        /// The values of its inputs.
        inputs: Arguments,
    },
}

/// How the job that triggers a pipeline ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// It waits for the pipeline, and fails if that fails.
    Depend,
    /// It takes over the pipeline's status, whatever that is.
    Mirror,
}

/// `trigger:forward`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The variables that the file sets for the job.
    pub yaml_variables: bool,
    /// The variables of the command line.
    pub pipeline_variables: bool,
}

impl Default for Forward {
    fn default() -> Self {
        Self { yaml_variables: true, pipeline_variables: false }
    }
}
