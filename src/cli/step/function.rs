//! The function that a directory holds, and the project around it.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::cli::environment::{Color, Environment};
use crate::cli::exit_code::Exit;
use crate::cli::failure::Failure;
use crate::cli::project::{Project, ProjectLoader};
use crate::cli::tell;
use crate::diagnostic::{Diagnostics, Span};
use crate::function::{self, Checker, Definition, Module, Source};
use crate::pipeline::{LoadError, Loader};

/// A function on this machine.
pub(super) struct Local {
    /// What its job would see as the project: the current directory if that holds it, and else its
    /// own.
    pub(super) root: PathBuf,
    /// As a step would name it.
    pub(super) reference: String,
    pub(super) definition: Arc<Definition>,
}

impl Local {
    /// Its directory on this machine.
    pub(super) fn directory(&self) -> PathBuf {
        let path = self.root.join(&self.reference);
        match path.is_dir() {
            true => path,
            false => path.parent().map(Path::to_owned).unwrap_or_default(),
        }
    }

    /// Its file.
    pub(super) fn file(&self) -> PathBuf {
        let path = self.root.join(&self.reference);
        if !path.is_dir() {
            return path;
        }
        let mut files =
            function::FILES.iter().chain([&function::COMPONENT]).map(|name| path.join(name));
        files.find(|file| file.exists()).unwrap_or(path)
    }
}

/// Reads and checks a function; findings are told on standard error.
pub(super) fn open(path: &Path, environment: &Environment, color: Color) -> Result<Local, Failure> {
    let shown = path.display();
    let canonical = path.canonicalize().map_err(|error| {
        Failure::usage(format!("{shown}: {error}")).help("name the directory of a func.yml")
    })?;
    let here = std::env::current_dir()
        .and_then(|here| here.canonicalize())
        .map_err(|error| Failure::unable(format!("the current directory is not there: {error}")))?;
    let (root, below) = match canonical.strip_prefix(&here) {
        Ok(below) => (here, below.to_owned()),
        Err(_) if canonical.is_dir() => (canonical, PathBuf::new()),
        Err(_) => {
            let name = canonical.file_name().map(PathBuf::from).unwrap_or_default();
            (canonical.parent().map(Path::to_owned).unwrap_or_default(), name)
        }
    };
    let relative = below
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect::<Vec<_>>()
        .join("/");
    let project = Project { root: root.clone(), file: String::new() };
    let source = Files(ProjectLoader::open(&project)?);
    let mut diagnostics = Diagnostics::new();
    let definition = Checker::new(&source, &mut diagnostics).function(&relative, Span::default());
    // That there is none is told by the checker as something that may still come.
    let names = || function::FILES.iter().chain([&function::COMPONENT]);
    let found = names().any(|name| root.join(&below).join(name).exists());
    if !found && definition.is_none() && !diagnostics.has_errors() {
        return Err(Failure::new(
            Exit::InvalidPipeline,
            format!("there is no {} in {shown}", function::FILES[0]),
        )
        .help(
            "a typed step is named by its .wasm file; `greenroom step new NAME` makes a step to begin \
             with",
        ));
    }
    if !diagnostics.is_empty() {
        tell(&diagnostics.render(environment.diagnostic_style(color)));
    }
    match definition {
        Some(definition) if !diagnostics.has_errors() => {
            Ok(Local { root, reference: format!("./{relative}"), definition })
        }
        _ => Err(Failure::told(Exit::InvalidPipeline)),
    }
}

/// The files of a project, as functions are read.
pub(in crate::cli) struct Files<'a>(ProjectLoader<'a>);

impl<'a> Files<'a> {
    pub(in crate::cli) fn open(project: &'a Project) -> Result<Self, Failure> {
        ProjectLoader::open(project).map(Self)
    }
}

impl Source for Files<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match self.0.load(path, crate::yaml::limits::MAX_FILE_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(LoadError::NotFound) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn module(&self, path: &str) -> Result<Option<Module>, String> {
        match self.0.module(path) {
            Ok(module) => Ok(Some(module)),
            Err(LoadError::NotFound) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
