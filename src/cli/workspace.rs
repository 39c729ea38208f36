//! The workspace of a run: the project itself, a copy, or a checkout for every job; and what is
//! kept beside it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::copies::{self, RunDirectory};
use super::environment::Environment;
use super::failure::Failure;
use super::git;
use super::pipeline::Request;
use super::tell;
use crate::diagnostic::printable;
use crate::executor::{RunData, Workspace};
use crate::plan::Plan;
use crate::settings::{Settings, WorkspaceMode};
use crate::workspace::{CopyError, CopyLimits, Filter, ProjectState, Tracked, copy};

/// How much a copy of the project may take.
const LIMITS: CopyLimits = CopyLimits { bytes: 20 << 30, files: 1_000_000 };

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Workspace")]
pub(super) struct WorkspaceArgs {
    /// Run in the project directory itself, whatever `greenroom.toml` says.
    #[arg(long, conflicts_with_all = ["isolated", "strict"])]
    shared: bool,

    /// Run in one copy of the project that is thrown away.
    ///
    /// All jobs share it. Caches are restored and saved.
    #[arg(long, conflicts_with = "strict")]
    isolated: bool,

    /// Give every job a clean checkout, its caches, and the artifacts that GitLab would hand it.
    ///
    /// `worktree` takes the files that git tracks as they are now, `commit` those of the commit.
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "worktree")]
    strict: Option<Checkout>,

    /// Store no artifacts; later jobs get no variables that are reported, either.
    #[arg(long, conflicts_with = "strict")]
    no_artifacts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Checkout {
    /// What git tracks, with changes that are not committed.
    Worktree,
    /// The commit alone.
    Commit,
}

/// Where a run works; what was made for it is removed when this is dropped.
pub(super) struct Place {
    /// What jobs share, if they do.
    pub(super) project: PathBuf,
    pub(super) data: Option<Arc<RunData>>,
    _directory: Option<RunDirectory>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(data) = &self.data {
            data.tidy();
        }
    }
}

impl WorkspaceArgs {
    /// What the options leave open is as the settings say.
    fn with_settings(&self, settings: &Settings) -> Result<Self, Failure> {
        let mut chosen = self.clone();
        if self.shared || self.isolated || self.strict.is_some() {
            return Ok(chosen);
        }
        match settings.workspace {
            None | Some(WorkspaceMode::Shared) => {}
            Some(WorkspaceMode::Isolated) => chosen.isolated = true,
            Some(WorkspaceMode::Strict) if self.no_artifacts => {
                let message = "--no-artifacts cannot be used in a strict workspace, which \
                               greenroom.toml asks for";
                return Err(Failure::usage(message).help("add --shared or --isolated"));
            }
            Some(WorkspaceMode::Strict) => chosen.strict = Some(Checkout::Worktree),
        }
        Ok(chosen)
    }

    /// Makes the workspace of a run ready.
    pub(super) fn place(
        &self,
        request: &Request,
        plan: &Plan,
        environment: &Environment,
    ) -> Result<Place, Failure> {
        self.with_settings(&request.settings)?.made(request, plan, environment)
    }

    fn made(
        &self,
        request: &Request,
        plan: &Plan,
        environment: &Environment,
    ) -> Result<Place, Failure> {
        let root = &request.project.root;
        let made = self.isolated || self.strict.is_some();
        // What was not asked for this time may have left something for what was.
        let others = plan.left_out.iter().map(|left| &left.job);
        let needs_store = plan.jobs.iter().chain(others).any(|job| {
            let settings = &job.settings;
            settings.gives() || !settings.caches.is_empty() || settings.resource_group.is_some()
        });
        // A child pipeline may keep anything.
        let needs_store = needs_store || plan.has_triggers();
        let nothing = || Place { project: root.clone(), data: None, _directory: None };
        let known = state(root, environment);
        if let Ok(state) = &known {
            match copies::sweep(state) {
                0 => {}
                1 => tell("note: removed the copy of a run that was killed\n"),
                more => {
                    tell(&format!("note: removed the copies of {more} runs that were killed\n"))
                }
            }
        }
        if !made && (self.no_artifacts || !needs_store) {
            return Ok(nothing());
        }
        let state = match known {
            Ok(state) => state,
            Err(problem) if made => return Err(Failure::usage(problem)),
            Err(problem) => {
                let text = format!("note: artifacts and caches are not stored: {problem}\n");
                tell(&printable(&text));
                return Ok(nothing());
            }
        };
        let asks_for_untracked = plan.has_triggers()
            || plan.jobs.iter().any(|job| {
                let artifacts = job.settings.artifacts.as_ref().is_some_and(|a| a.untracked);
                artifacts || job.settings.caches.iter().any(|cache| cache.untracked)
            });
        let tracked = match asks_for_untracked || self.strict.is_some() {
            true => git::tracked(root).map(|paths| Arc::new(Tracked::new(paths))),
            false => None,
        };
        let (workspace, directory) = self.workspace(root, &state, tracked.as_ref())?;
        let project = match (&workspace, &directory) {
            (Workspace::Shared { .. }, Some(directory)) => directory.project(),
            _ => root.clone(),
        };
        let secrets = request.mask.knows_secrets().then(|| request.mask.clone());
        let data = RunData::new(plan, state, workspace, tracked, secrets);
        Ok(Place { project, data: Some(Arc::new(data)), _directory: directory })
    }

    fn workspace(
        &self,
        root: &Path,
        state: &ProjectState,
        tracked: Option<&Arc<Tracked>>,
    ) -> Result<(Workspace, Option<RunDirectory>), Failure> {
        if !self.isolated && self.strict.is_none() {
            return Ok((Workspace::Shared { copy: false }, None));
        }
        let unable = |error: &dyn std::fmt::Display| {
            Failure::unable(format!("cannot copy the project: {error}"))
        };
        let directory = RunDirectory::new(state).map_err(|error| unable(&error))?;
        let project = directory.project();
        let copy_of = |filter: &Filter| {
            let open = |path: &Path| {
                File::open(path).map_err(|source| CopyError::Io { path: path.to_owned(), source })
            };
            copy(open(root)?, open(&project)?, filter, LIMITS)
        };
        match self.strict {
            None => {
                copy_of(&Filter::All).map_err(|error| unable(&error))?;
                return Ok((Workspace::Shared { copy: true }, Some(directory)));
            }
            Some(Checkout::Worktree) => {
                let Some(tracked) = tracked else { return Err(no_repository()) };
                copy_of(&Filter::Tracked(Arc::clone(tracked))).map_err(|error| unable(&error))?;
            }
            Some(Checkout::Commit) => {
                let Some(files) = git::committed(root) else { return Err(no_repository()) };
                git::contents(root, &files, |file, content| write(&project, file, content))
                    .map_err(|error| unable(&error))?;
            }
        }
        let path = directory.path().to_owned();
        Ok((Workspace::Strict { template: project, directory: path }, Some(directory)))
    }
}

fn no_repository() -> Failure {
    Failure::usage("--strict needs a git repository with a commit, and git to read it")
        .help("--isolated takes the project as it is")
}

/// Writes a file of a commit below a directory that is empty before the first of them. git refuses
/// paths that lead elsewhere; so does this.
fn write(root: &Path, file: &git::Committed, content: &mut dyn Read) -> io::Result<()> {
    let path = Path::new(std::ffi::OsStr::from_bytes(&file.path));
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(io::Error::other(format!("the path {} is none", path.display())));
    }
    let path = root.join(path);
    let parent = path.parent().unwrap_or(root);
    fs::create_dir_all(parent)?;
    // A link in a tree cannot have files below it, but who knows what wrote it.
    if parent.canonicalize()?
        != root.canonicalize()?.join(parent.strip_prefix(root).unwrap_or(parent))
    {
        return Err(io::Error::other(format!("{} lies behind a link", path.display())));
    }
    if file.mode == "120000" {
        let mut target = Vec::new();
        content.take(4096).read_to_end(&mut target)?;
        return symlink(std::ffi::OsStr::from_bytes(&target), path);
    }
    let mode = if file.mode == "100755" { 0o755 } else { 0o644 };
    let mut to = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    io::copy(content, &mut to).map(drop)
}

/// Where the state of a project is.
pub(super) fn state(root: &Path, environment: &Environment) -> Result<ProjectState, String> {
    let Some(directory) = environment.state_dir() else {
        return Err("there is no HOME; set GREENROOM_STATE_DIR to an absolute path".to_owned());
    };
    // What jobs can write to is no place for what they are not to change. What is not there yet
    // is judged by what is.
    let existing = directory.ancestors().find_map(|path| path.canonicalize().ok());
    if existing.is_some_and(|existing| existing.starts_with(root)) {
        let directory = directory.display();
        return Err(format!(
            "{directory} lies in the project, where jobs could change it; set \
             GREENROOM_STATE_DIR to another directory"
        ));
    }
    Ok(ProjectState::new(&directory, root))
}
