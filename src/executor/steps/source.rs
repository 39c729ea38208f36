//! From what stands behind `func:` to a function that was read.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::{Dir, File, MetadataExt};

use super::typed::module;
use crate::diagnostic::{Diagnostics, Style};
use crate::executor::PROJECT_DIRECTORY;
use crate::function::{self, Function, Location, Module, Problem};
use crate::image::{Images, Progress, Reference};
use crate::sandbox::{HostDirectory, MountSpec};

/// Bytes of a `func.yml`.
const MAX_FILE: u64 = 1024 * 1024;
/// Functions that are remembered.
const MAX_CACHED: usize = 10_000;

/// A function that was found and read.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) definition: Function,
    /// The tree that it must not leave: the project, or an image.
    root: Arc<Dir>,
    /// Its directory below that.
    path: PathBuf,
    directory: HostDirectory,
    /// By which it is recognised.
    pub(super) id: (u64, u64),
    /// For messages: as it is written, or its path.
    pub(super) shown: String,
    /// By which the user grants it something: what stands behind `func:`, or what the settings say
    /// that this means. Settings of the project can have such an alias, but not make what they
    /// put in its place inherit its grants.
    pub(super) granted_as: String,
    /// The module that is the function, as a path of its directory: what the first word of its
    /// command stands for.
    pub(super) module: Option<String>,
}

impl Opened {
    /// Its directory as it sees it itself.
    pub(super) fn mount(&self) -> MountSpec {
        let (host, guest) = (self.directory.clone(), super::FUNCTION.to_owned());
        MountSpec { host, guest, read_only: true }
    }
}

/// All functions of a run: each file is read once for all steps that name it.
#[derive(Debug)]
pub(in crate::executor) struct Functions {
    project: HostDirectory,
    images: Arc<Images>,
    read: Mutex<HashMap<Key, Function>>,
}

/// A function, what tells its file from others, and what is deprecated in it.
type Read = (Function, (u64, u64), Vec<String>);

/// What a file was when it was read: its name for messages, and what tells it from another one.
type Key = (String, [i64; 6]);

impl Functions {
    pub(in crate::executor) fn new(project: HostDirectory, images: Arc<Images>) -> Self {
        Self { project, images, read: Mutex::default() }
    }

    /// Finds a function, whether a step of the job names it or one of the function `within`. What
    /// is deprecated in it is returned as warnings, once.
    pub(super) async fn open(
        &self,
        project: &Arc<Dir>,
        location: &Location,
        within: Option<&Opened>,
        progress: &dyn Progress,
    ) -> Result<(Opened, Vec<String>), Problem> {
        match location {
            Location::Local(path) => {
                let (root, path) = base(project, path, within)?;
                self.open_in(root, path, &location.to_string(), &location.to_string())
            }
            Location::Image { reference, directory, file } => {
                let (parsed, granted_as) = self.meant(reference, location)?;
                if let Reference::Path(path) = &parsed {
                    let path = [Some(path), Some(directory), file.as_ref()];
                    let parts = path.into_iter().flatten().filter(|part| !part.is_empty());
                    let path = parts.map(String::as_str).collect::<Vec<_>>().join("/");
                    let (root, path) = base(project, &path, None)?;
                    return self.open_in(root, path, reference, &granted_as);
                }
                let opened = self.images.open_reference(&self.project, &parsed, &[], progress);
                let tree = opened.await.map_err(|error| Problem::new(error.to_string()))?;
                let root = tree.root.dir().map_err(|error| missing(reference, &error))?;
                // The path of an npm package or of an address comes first.
                let mut path = PathBuf::from(tree.path.as_deref().unwrap_or_default());
                path.push(directory);
                path.extend(file);
                if path.as_os_str().is_empty()
                    && let Some(module) = &tree.config.module
                {
                    path.push(module);
                }
                self.open_in(Arc::new(root), path, reference, &granted_as)
            }
        }
    }

    /// What a reference means: itself, or what the settings' `[images]` say; and by which name it
    /// is granted something.
    fn meant(&self, reference: &str, location: &Location) -> Result<(Reference, String), Problem> {
        let told = |error: &dyn fmt::Display| Problem::new(error.to_string());
        let resolved = self.images.resolve(reference).map_err(|error| told(&error))?;
        if !resolved.is_alias() {
            let parsed = Reference::parse(reference, |_| false)
                .map_err(|error| Problem::new(format!("`{reference}`: {error}")))?;
            if let Reference::Short(_) | Reference::Path(_) = parsed {
                return Err(Problem::new(format!("`{reference}` names no registry")).help(
                    "write HOST/REPOSITORY:TAG, a path that begins with `./`, or give it a meaning \
                     in `[images]` of greenroom.toml",
                ));
            }
            return Ok((parsed, location.to_string()));
        }
        let checked = self.images.check(&self.project, reference).map_err(|error| told(&error))?;
        let (resolved, mut references) = checked;
        match (references.pop(), references.is_empty()) {
            (Some(parsed), true) => {
                let granted_as = resolved.parts.join(" ");
                Ok((parsed, granted_as))
            }
            _ => Err(Problem::new(format!(
                "`{reference}` stands for {} images ({}), and a function is one",
                resolved.parts.len(),
                resolved.places.join(", ")
            ))
            .help("name one of them behind `func:`, or give it a name of its own in `[images]`")),
        }
    }

    fn open_in(
        &self,
        root: Arc<Dir>,
        path: PathBuf,
        shown: &str,
        granted_as: &str,
    ) -> Result<(Opened, Vec<String>), Problem> {
        if path.extension().is_some_and(|extension| extension == "wasm") {
            return self.open_module(root, &path, shown, granted_as);
        }
        let is_file = path.extension().is_some_and(|e| e == "yml" || e == "yaml");
        let (path, names) = match (is_file, path.file_name().and_then(|name| name.to_str())) {
            (true, Some(name)) => {
                let parent = path.parent().unwrap_or(Path::new("")).to_owned();
                (parent, vec![name.to_owned()])
            }
            _ => (path.clone(), function::FILES.map(str::to_owned).to_vec()),
        };
        let below = if path.as_os_str().is_empty() { Path::new(".") } else { &path };
        let directory = root.open_dir(below).map_err(|error| missing(shown, &error))?;
        let mut found = None;
        for name in &names {
            match directory.open(name) {
                Ok(file) => {
                    found = Some((name, file));
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(missing(&format!("{shown}/{name}"), &error)),
            }
        }
        let Some((name, file)) = found else {
            let component = path.join(function::COMPONENT);
            if !is_file && directory.is_file(function::COMPONENT) {
                return self.open_module(root, &component, shown, granted_as);
            }
            return Err(Problem::new(format!("there is no `{}` in `{shown}`", names[0]))
                .help("`greenroom step new NAME` makes a function to begin with"));
        };
        let file_shown = path.join(name).to_string_lossy().into_owned();
        let (definition, id, warnings) = self.read(file, file_shown)?;
        let directory = HostDirectory::opened(&directory, path.clone())
            .map_err(|error| missing(shown, &error))?;
        let (shown, granted_as, module) = (shown.to_owned(), granted_as.to_owned(), None);
        let opened = Opened { definition, root, path, directory, id, shown, granted_as, module };
        Ok((opened, warnings))
    }

    /// A function that is one module with its `func.yml` in it.
    fn open_module(
        &self,
        root: Arc<Dir>,
        path: &Path,
        shown: &str,
        granted_as: &str,
    ) -> Result<(Opened, Vec<String>), Problem> {
        let at = |error: io::Error| missing(shown, &error);
        let parent = path.parent().unwrap_or(Path::new("")).to_owned();
        let below = if parent.as_os_str().is_empty() { Path::new(".") } else { &parent };
        let directory = root.open_dir(below).map_err(at)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = directory.open(&name).map_err(at)?;
        let (definition, id, warnings) = self.read(file, path.to_string_lossy().into_owned())?;
        let directory = HostDirectory::opened(&directory, parent.clone()).map_err(at)?;
        let (path, shown, granted_as) = (parent, shown.to_owned(), granted_as.to_owned());
        let module = Some(name);
        let opened = Opened { definition, root, path, directory, id, shown, granted_as, module };
        Ok((opened, warnings))
    }

    fn read(&self, mut file: File, shown: String) -> Result<Read, Problem> {
        let is_module = shown.ends_with(".wasm");
        let cannot = |error: io::Error| Problem::new(format!("cannot read {shown}: {error}"));
        let metadata = file.metadata().map_err(cannot)?;
        if !metadata.is_file() {
            return Err(Problem::new(format!("{shown} is not a regular file")));
        }
        if metadata.size() > MAX_FILE && !is_module {
            return Err(Problem::new(format!("{shown} is larger than {} MiB", MAX_FILE >> 20)));
        }
        let id = (metadata.dev(), metadata.ino());
        let stamp = [
            id.0.cast_signed(),
            id.1.cast_signed(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ctime(),
            metadata.ctime_nsec(),
        ];
        let key = (shown.clone(), stamp);
        let lock = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(definition) = lock().get(&key) {
            return Ok((Arc::clone(definition), id, vec![]));
        }
        let keep = |definition| {
            let definition = Arc::new(definition);
            let mut read = lock();
            if read.len() < MAX_CACHED {
                read.insert(key.clone(), Arc::clone(&definition));
            }
            definition
        };
        let mut bytes = Vec::new();
        if is_module {
            let mut file = file.into_std();
            match module(&mut file) {
                Ok(Module::Text(text)) => bytes = text,
                Ok(Module::Typed(signature)) => {
                    return Ok((keep(function::typed(&signature, &shown)), id, vec![]));
                }
                Ok(Module::Silent) => {
                    let silent = format!("{shown} does not say what it takes and returns");
                    return Err(Problem::new(silent).help(function::SILENT));
                }
                Err(reason) => {
                    return Err(Problem::new(format!(
                        "{shown} cannot be used as a step: {reason}"
                    )));
                }
            }
        } else {
            file.by_ref().take(MAX_FILE).read_to_end(&mut bytes).map_err(cannot)?;
        }
        let mut diagnostics = Diagnostics::new();
        let definition = function::read(&shown, &bytes, &mut diagnostics);
        let Some(definition) = definition.filter(|_| !diagnostics.has_errors()) else {
            let text = diagnostics.render(Style::PLAIN);
            return Err(Problem::new(format!("{shown} is not valid:\n{}", text.trim_end())));
        };
        let warnings = diagnostics.iter().map(|finding| {
            let place =
                finding.labels.first().map(|label| diagnostics.sources().location(label.span));
            let place = place.map(|p| format!("{}:{}: ", p.file, p.line)).unwrap_or_default();
            let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            format!("{place}{}{help}", finding.message)
        });
        let warnings = warnings.collect();
        Ok((keep(definition), id, warnings))
    }
}

/// The tree that a path is in, and the path below it.
fn base(
    project: &Arc<Dir>,
    path: &str,
    within: Option<&Opened>,
) -> Result<(Arc<Dir>, PathBuf), Problem> {
    let below = |prefix: &str| {
        let rest = path.strip_prefix(prefix)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
    };
    let (root, joined) = match (path.starts_with('/'), within) {
        (false, None) => (project, PathBuf::from(path)),
        (false, Some(function)) => (&function.root, function.path.join(path)),
        (true, within) => match (below(PROJECT_DIRECTORY), below(super::FUNCTION), within) {
            (Some(rest), ..) => (project, PathBuf::from(rest)),
            (None, Some(rest), Some(function)) => (&function.root, function.path.join(rest)),
            _ => {
                return Err(Problem::new(format!("`{path}` is not in the project")).help(format!(
                    "write a path relative to the project, or below {PROJECT_DIRECTORY}"
                )));
            }
        },
    };
    let mut normal = PathBuf::new();
    for component in joined.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir if !normal.pop() => {
                return Err(Problem::new(format!("`{path}` leads out of the project"))
                    .help("copy the function into the project, or publish it to a registry"));
            }
            _ => {}
        }
    }
    Ok((Arc::clone(root), normal))
}

fn missing(shown: &str, error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound if shown.ends_with(".wasm") => {
            Problem::new(format!("there is no module `{shown}`"))
                .help("build the step first, or correct the path")
        }
        io::ErrorKind::NotFound => {
            Problem::new(format!("there is no function `{shown}`: no such directory"))
                .help("paths are relative to the project, or to the func.yml that they stand in")
        }
        io::ErrorKind::NotADirectory => {
            Problem::new(format!("`{shown}` is not a directory with a func.yml"))
        }
        io::ErrorKind::PermissionDenied => Problem::new(format!(
            "`{shown}` cannot be used: it leads out of its tree, or may not be read"
        )),
        _ => Problem::new(format!("`{shown}` cannot be opened: {error}")),
    }
}
