//! An image of the store, as a job uses it.

use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

use super::content::Image;
use super::digest::Digest;
use super::store::ImageConfig;
use crate::sandbox::{HostDirectory, OwnCommand};

/// The files of an image, open.
#[derive(Debug)]
pub struct Tree {
    /// What it is called.
    pub name: String,
    /// Its root; whoever uses it may only read.
    pub root: HostDirectory,
    /// Where in it the reference points to.
    pub path: Option<String>,
    /// The image's digest; none for a path of the project.
    pub digest: Option<Digest>,
    /// How it is to be run.
    pub config: ImageConfig,
}

/// Directories that are searched for modules, and how deep.
const MAX_DIRECTORIES: usize = 10_000;
const MAX_DEPTH: usize = 12;
const MAX_MODULES: usize = 1000;

impl Tree {
    /// What it adds to a job.
    pub(super) fn image(self) -> Result<Image, String> {
        let root = self.root.dir().map_err(|error| cannot(&self.name, &error))?;
        let mut image = match (&self.path, &self.config.module) {
            (Some(path), _) => self.inner(&root, path)?,
            (None, Some(module)) => self.inner(&root, module)?,
            (None, None) if root.is_dir("bin") || root.is_dir("usr") => {
                Image::directory(&self.name, &root, self.root.path())?
            }
            (None, None) => self.modules(&root)?,
        };
        let ImageConfig { entrypoint, command, .. } = &self.config;
        if let Some(program) = entrypoint.first().or(command.first()) {
            self.entrypoint(&root, program, &mut image);
        }
        image.entrypoint.clone_from(&self.config.entrypoint);
        image.environment = self
            .config
            .environment
            .iter()
            .filter_map(|item| item.split_once('='))
            .map(|(name, value)| match name {
                // What the sandbox has must be found in any case.
                "PATH" => {
                    let path =
                        format!("/opt/greenroom/image:/usr/local/bin:{value}:/opt/greenroom/bin");
                    (name.to_owned(), path)
                }
                _ => (name.to_owned(), value.to_owned()),
            })
            .collect();
        Ok(image)
    }

    fn inner(&self, root: &Dir, path: &str) -> Result<Image, String> {
        let missing = |error: &std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                let known = find(root);
                let known: Vec<String> =
                    known.iter().take(10).map(|path| path.display().to_string()).collect();
                let known =
                    if known.is_empty() { "no module at all".to_owned() } else { known.join(", ") };
                format!("image `{}`: there is no {path} in it; it has {known}", self.name)
            }
            _ => cannot(&self.name, error),
        };
        let metadata = root.metadata(path).map_err(|error| missing(&error))?;
        if metadata.is_dir() {
            let directory = root.open_dir(path).map_err(|error| missing(&error))?;
            return Image::directory(&self.name, &directory, &self.root.path().join(path));
        }
        let file = root.open(path).map_err(|error| missing(&error))?.into_std();
        let mut image = Image::module(&self.name, Path::new(path), file)?;
        add_short_names(&mut image);
        Ok(image)
    }

    /// Every module of the tree.
    fn modules(&self, root: &Dir) -> Result<Image, String> {
        let mut image = Image::default();
        for path in find(root) {
            let file = root.open(&path).map_err(|error| cannot(&self.name, &error))?.into_std();
            let shown = format!("{}/{}", self.name, path.display());
            image.add(Image::module(&shown, &path, file)?, &self.name);
        }
        let started = !self.config.entrypoint.is_empty() || !self.config.command.is_empty();
        if image.commands.is_empty() && !started {
            return Err(format!(
                "image `{}` has no WebAssembly module; greenroom cannot run anything else",
                self.name
            ));
        }
        add_short_names(&mut image);
        Ok(image)
    }

    /// The program of the entrypoint is a command, wherever it lies.
    fn entrypoint(&self, root: &Dir, program: &str, image: &mut Image) {
        let path = Path::new(program.trim_start_matches('/'));
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { return };
        if image.commands.iter().any(|command| command.name == name) {
            return;
        }
        if let Ok(file) = root.open(path)
            && file.metadata().is_ok_and(|metadata| metadata.is_file())
        {
            let shown = format!("{}{program}", self.name);
            let file = file.into_std();
            image.commands.push(OwnCommand { name: name.to_owned(), file, shown });
        }
    }
}

/// `php-cgi-8.2.0` can be called `php-cgi`, too.
fn add_short_names(image: &mut Image) {
    let mut short = Vec::new();
    for command in &image.commands {
        let Some((name, version)) = command.name.rsplit_once('-') else { continue };
        let is_version = version.starts_with(|c: char| c.is_ascii_digit())
            && version.chars().all(|c| c.is_ascii_digit() || c == '.');
        let taken = |commands: &[OwnCommand]| commands.iter().any(|other| other.name == name);
        if !is_version || name.is_empty() || taken(&image.commands) || taken(&short) {
            continue;
        }
        if let Ok(file) = command.file.try_clone() {
            short.push(OwnCommand { name: name.to_owned(), file, shown: command.shown.clone() });
        }
    }
    image.commands.extend(short);
}

/// The paths of all modules, those nearest to the root first.
fn find(root: &Dir) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = std::collections::VecDeque::from([(PathBuf::from("."), 0)]);
    let mut seen = 0;
    while let Some((directory, depth)) = open.pop_front() {
        seen += 1;
        if seen > MAX_DIRECTORIES {
            break;
        }
        let Ok(entries) = root.read_dir(&directory) else { continue };
        let mut entries: Vec<_> = entries.flatten().collect();
        entries.sort_by_key(cap_std::fs::DirEntry::file_name);
        for entry in entries {
            let path = directory.join(entry.file_name());
            let path = path.strip_prefix(".").map_or(path.clone(), Path::to_path_buf);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => open.push_back((path, depth + 1)),
                Ok(kind)
                    if kind.is_file()
                        && path.extension().is_some_and(|ext| ext == "wasm")
                        && found.len() < MAX_MODULES =>
                {
                    found.push(path);
                }
                _ => {}
            }
        }
    }
    found
}

fn cannot(name: &str, error: &std::io::Error) -> String {
    format!("image `{name}` cannot be opened: {error}")
}
