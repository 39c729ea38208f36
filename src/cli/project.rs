//! The project: a directory of the host, and the pipeline file in it.

use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use clap::Args;

use super::changes;
use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::settings;
use crate::executor;
use crate::function::Module;
use crate::pipeline::{Fetched, LoadError, Loader, Source};
use crate::remote::Remotes;
use crate::settings::Settings;
use crate::workspace;

/// The name of a pipeline file, unless told otherwise.
const DEFAULT_FILE: &str = ".gitlab-ci.yml";

/// Which pipeline file.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ProjectArgs {
    /// Pipeline file, wherever its name could be taken for a job's.
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    file: Option<PathBuf>,

    /// Project directory, mounted at /workspace [default: the pipeline file's directory].
    #[arg(short = 'C', long = "project", value_name = "DIR")]
    project: Option<PathBuf>,

    /// Settings that take precedence over the user's greenroom.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// A project on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Project {
    /// Its directory, absolute.
    pub(super) root: PathBuf,
    /// The pipeline file relative to it, with `/` between parts.
    pub(super) file: String,
}

/// Whether a word names a pipeline file rather than a job: it ends in `.yml` or `.yaml`, or it is
/// the path of something that exists and has a `/` in it (or is `.` or `..`). So `test` is always
/// a job, even where there is a directory `test`; write `./test` for that.
fn names_a_file(word: &str) -> bool {
    let path = Path::new(word);
    let is_yaml = path.extension().is_some_and(|ext| ext == "yml" || ext == "yaml");
    is_yaml || ((word.contains('/') || word == "." || word == "..") && path.exists())
}

impl ProjectArgs {
    /// Finds the project; `words` are the positional arguments, of which the first may be the
    /// file. Returns the others.
    pub(super) fn locate<'a>(
        &self,
        words: &'a [String],
    ) -> Result<(Project, &'a [String]), Failure> {
        let (file, words) = match (&self.file, words) {
            (Some(file), words) => (Some(file.clone()), words),
            (None, [first, rest @ ..]) if names_a_file(first) => (Some(first.into()), rest),
            (None, words) => (None, words),
        };
        Ok((self.project_of(file)?, words))
    }

    /// Finds the project of a command whose only positional argument is the file.
    pub(super) fn file_or_default(&self, path: Option<&str>) -> Result<Project, Failure> {
        self.project_of(path.map(PathBuf::from).or_else(|| self.file.clone()))
    }

    /// The settings for a project; findings are told.
    pub(super) fn settings(
        &self,
        project: &Project,
        environment: &Environment,
        color: Color,
    ) -> Result<Settings, Failure> {
        settings::read(Some(&project.root), self.config.as_deref(), environment, color)
    }

    fn project_of(&self, file: Option<PathBuf>) -> Result<Project, Failure> {
        let file = match file {
            Some(file) if file.is_dir() => file.join(DEFAULT_FILE),
            Some(file) => file,
            None => self.project.as_deref().unwrap_or(Path::new("")).join(DEFAULT_FILE),
        };
        let project = self.project.as_deref().map(|dir| {
            absolute(dir).map_err(|error| {
                Failure::usage(format!("cannot open the project {}: {error}", dir.display()))
            })
        });
        let project = project.transpose()?;
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let parent = absolute(parent).map_err(|error| {
            let (file, parent) = (file.display(), parent.display());
            let message = format!("cannot read {file}: the directory {parent}: {error}");
            Failure::new(Exit::InvalidPipeline, message)
        })?;
        let Some(name) = file.file_name() else {
            return Err(Failure::usage(format!("{} names no file", file.display())));
        };
        let file = parent.join(name);
        let root = project.unwrap_or(parent);
        let Ok(inside) = file.strip_prefix(&root) else {
            let (file, root) = (file.display(), root.display());
            return Err(Failure::usage(format!("{file} does not lie in the project {root}"))
                .help("choose a project directory that contains the file, with --project"));
        };
        let parts = inside.components().map(|part| part.as_os_str().to_str());
        let file = parts
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Failure::usage(format!("the path {} is not UTF-8", inside.display())))?;
        Ok(Project { root, file: file.join("/") })
    }
}

/// The real path of a directory.
fn absolute(dir: &Path) -> io::Result<PathBuf> {
    let path = dir.canonicalize()?;
    if path.is_dir() { Ok(path) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// Reads the files of a project and nothing outside of it but what it includes from elsewhere.
pub(super) struct ProjectLoader<'a> {
    dir: Dir,
    root: &'a Path,
    remotes: Option<&'a Remotes>,
    /// Whether files count as changed only if they are.
    compares: bool,
}

impl<'a> ProjectLoader<'a> {
    pub(super) fn open(project: &'a Project) -> Result<Self, Failure> {
        let root = project.root.as_path();
        let dir = Dir::open_ambient_dir(root, ambient_authority()).map_err(|error| {
            let root = root.display();
            Failure::unable(format!("cannot open the project directory {root}: {error}"))
        })?;
        Ok(Self { dir, root, remotes: None, compares: false })
    }

    /// Files from elsewhere come from there.
    pub(super) fn with_remotes(self, remotes: &'a Remotes) -> Self {
        Self { remotes: Some(remotes), ..self }
    }

    /// Opens a regular file that lies in the project.
    fn open_file(&self, path: &str) -> Result<File, LoadError> {
        let outside = |part| !matches!(part, Component::Normal(_) | Component::CurDir);
        if Path::new(path).components().any(outside) {
            return Err(LoadError::Outside);
        }
        // Not blocking: opening a pipe would wait for somebody who writes to it.
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
        let file = self.dir.open_with(path, &options).map_err(|error| load_error(&error))?;
        let metadata = file.metadata().map_err(|error| load_error(&error))?;
        if !metadata.is_file() {
            return Err(LoadError::Unreadable("it is not a regular file".to_owned()));
        }
        Ok(file)
    }

    /// Git is asked which files changed.
    pub(super) fn with_changes(self, compares: bool) -> Self {
        Self { compares, ..self }
    }
}

impl Loader for ProjectLoader<'_> {
    fn load(&self, path: &str, limit: u64) -> Result<Vec<u8>, LoadError> {
        let file = self.open_file(path)?;
        let mut bytes = Vec::new();
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| load_error(&error))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
            return Err(LoadError::TooLarge { limit });
        }
        Ok(bytes)
    }

    fn module(&self, path: &str) -> Result<Module, LoadError> {
        let mut file = self.open_file(path)?.into_std();
        executor::module(&mut file).map_err(LoadError::Unreadable)
    }

    fn files(&self) -> Option<Vec<String>> {
        workspace::files(&self.dir)
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Option<Vec<String>>, String> {
        match compare_to {
            None if !self.compares => Ok(None),
            compare_to => changes::since(self.root, compare_to),
        }
    }

    fn fetch(&self, source: &Source, limit: u64) -> Result<Fetched, LoadError> {
        match self.remotes {
            Some(remotes) => remotes.fetch(source, limit),
            None => Err(LoadError::Unreadable("nobody is asked here".to_owned())),
        }
    }
}

fn load_error(error: &io::Error) -> LoadError {
    match error.kind() {
        io::ErrorKind::NotFound => LoadError::NotFound,
        // cap-std's way of saying that a link leads out of the directory has no OS error.
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => LoadError::Outside,
        io::ErrorKind::CrossesDevices => LoadError::Outside,
        _ => LoadError::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_first_word_may_be_the_file() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let root = dir.path().canonicalize().expect("it exists");
        fs::create_dir(root.join("ci")).expect("writable");
        let project = |file: &str| Project { root: root.clone(), file: file.to_owned() };
        let inside = |path: &str| root.join(path).to_string_lossy().into_owned();
        let args = ProjectArgs::default();

        let all = words(&[&inside("my.yml"), "unit"]);
        assert_eq!(args.locate(&all).expect("valid"), (project("my.yml"), &all[1..]));

        let all = words(&[&inside("."), "unit.yml"]);
        assert_eq!(args.locate(&all).expect("valid"), (project(DEFAULT_FILE), &all[1..]));

        let args = ProjectArgs { project: Some(root.clone()), ..ProjectArgs::default() };
        let all = words(&["unit", "ci"]);
        assert_eq!(args.locate(&all).expect("valid"), (project(DEFAULT_FILE), &all[..]));
        let all = words(&[&inside("ci/a.yaml")]);
        assert_eq!(args.locate(&all).expect("valid"), (project("ci/a.yaml"), &all[1..]));

        let args = ProjectArgs { project: Some(root.join("ci")), ..ProjectArgs::default() };
        let failure = args.locate(&words(&[&inside("a.yml")])).expect_err("outside");
        assert!(failure.to_string().contains("does not lie in the project"), "{failure}");
        let failure =
            ProjectArgs::default().locate(&words(&["/nonexistent/x.yml"])).expect_err("missing");
        assert!(failure.to_string().contains("/nonexistent"), "{failure}");
    }

    #[test]
    fn the_loader_stays_in_the_project() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let root = dir.path().join("project");
        fs::create_dir_all(root.join("sub")).expect("writable");
        fs::write(dir.path().join("secret.yml"), "x").expect("writable");
        fs::write(root.join("sub/a.yml"), "abc").expect("writable");
        symlink("../secret.yml", root.join("link.yml")).expect("writable");
        symlink("sub/a.yml", root.join("inner.yml")).expect("writable");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            root.join("pipe.yml"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .expect("a pipe can be made");
        let project = Project { root, file: DEFAULT_FILE.to_owned() };
        let loader = ProjectLoader::open(&project).expect("it exists");

        let files = ["inner.yml", "link.yml", "sub/a.yml"].map(str::to_owned);
        assert_eq!(loader.files(), Some(files.to_vec()));
        assert_eq!(loader.load("sub/a.yml", 3), Ok(b"abc".to_vec()));
        assert_eq!(loader.load("./inner.yml", 3), Ok(b"abc".to_vec()));
        assert_eq!(loader.load("sub/a.yml", 2), Err(LoadError::TooLarge { limit: 2 }));
        assert_eq!(loader.load("none.yml", 9), Err(LoadError::NotFound));
        for outside in ["../secret.yml", "sub/../../secret.yml", "/etc/passwd", "link.yml"] {
            assert_eq!(loader.load(outside, 9), Err(LoadError::Outside), "{outside}");
        }
        for other in ["sub", "pipe.yml"] {
            assert!(matches!(loader.load(other, 9), Err(LoadError::Unreadable(_))), "{other}");
        }
    }
}
