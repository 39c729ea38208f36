//! What an image adds to a job: mounts and commands, from a module or a directory.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use cap_std::fs::Dir;

use crate::sandbox::{HostDirectory, MountSpec, OwnCommand};

/// An image that is ready to be used by a job.
#[derive(Debug, Default)]
pub struct Image {
    /// Its directories, all read-only.
    pub mounts: Vec<MountSpec>,
    /// Its commands, and those of the settings.
    pub commands: Vec<OwnCommand>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
    /// Its entrypoint; empty if it has none.
    pub entrypoint: Vec<String>,
    /// What is to be said about it.
    pub warnings: Vec<String>,
}

/// Modules that are compiled before a job begins.
const FEW: usize = 4;
/// Commands of one image.
const MAX_COMMANDS: usize = 4096;
/// Names at the top of the sandbox that are not an image's to bring.
const RESERVED: [&str; 4] = ["dev", "opt", "tmp", "workspace"];

impl Image {
    /// A module, which is a command named after it.
    pub(super) fn module(name: &str, path: &Path, file: File) -> Result<Self, String> {
        let command = path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| {
            format!("image `{name}`: no command can be named after this file; rename it")
        })?;
        let mut image = Self::default();
        image.commands.push(OwnCommand { name: command.to_owned(), file, shown: name.to_owned() });
        Ok(image)
    }

    /// A directory with `bin` or `usr` is a tree whose top-level directories are mounted by their
    /// names; any other holds modules, each a command.
    pub(super) fn directory(name: &str, directory: &Dir, host: &Path) -> Result<Self, String> {
        let mut image = Self::default();
        if !directory.is_dir("bin") && !directory.is_dir("usr") {
            image.commands = commands(name, directory)?;
            return Ok(image);
        }
        let entries = directory.entries().map_err(|error| refused(name, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| refused(name, &error))?;
            let Ok(top) = entry.file_name().into_string() else {
                image
                    .warnings
                    .push(format!("image `{name}`: a name that is not UTF-8 is left out"));
                continue;
            };
            // A link is followed, as far as it stays in the tree: `/bin` often is one to `usr/bin`.
            let Ok(opened) = directory.open_dir(&top) else { continue };
            if RESERVED.contains(&top.as_str()) {
                image
                    .warnings
                    .push(format!("image `{name}`: /{top} is the sandbox's own and is left out"));
                continue;
            }
            let host = HostDirectory::opened(&opened, host.join(&top))
                .map_err(|error| refused(name, &error))?;
            image.mounts.push(MountSpec { host, guest: format!("/{top}"), read_only: true });
        }
        image.mounts.sort_by(|a, b| a.guest.cmp(&b.guest));
        // A shell finds the others by `PATH`, but `tool.wasm` is to be called `tool`.
        for path in ["usr/local/bin", "usr/bin", "bin"] {
            let Ok(programs) = directory.open_dir(path) else { continue };
            for command in commands(name, &programs)? {
                let is_renamed = command.shown.ends_with(".wasm");
                if is_renamed && !image.commands.iter().any(|own| own.name == command.name) {
                    image.commands.push(command);
                }
            }
        }
        Ok(image)
    }

    /// The modules that are worth compiling before anything runs: all, if they are few. A package of
    /// many tools is left to those that are called.
    ///
    /// # Errors
    /// If a file cannot be opened once more.
    pub fn modules(&self) -> std::io::Result<Vec<(File, String)>> {
        let mut seen = std::collections::BTreeSet::new();
        let mut modules = Vec::new();
        for command in &self.commands {
            let mut start = [0; 4];
            let is_module = command.file.read_at(&mut start, 0)? == 4 && &start == b"\0asm";
            let metadata = command.file.metadata()?;
            if is_module && seen.insert((metadata.dev(), metadata.ino())) {
                if modules.len() == FEW {
                    return Ok(Vec::new());
                }
                modules.push((command.file.try_clone()?, command.shown.clone()));
            }
        }
        Ok(modules)
    }

    /// Adds another image. What is there already stays: the other's commands and directories of the
    /// same names are hidden.
    pub(super) fn add(&mut self, other: Self, name: &str) {
        for mount in other.mounts {
            if self.mounts.iter().any(|own| own.guest == mount.guest) {
                let guest = &mount.guest;
                self.warnings
                    .push(format!("{guest} of the image `{name}` is hidden by another image's"));
            } else {
                self.mounts.push(mount);
            }
        }
        for command in other.commands {
            if !self.commands.iter().any(|own| own.name == command.name) {
                self.commands.push(command);
            }
        }
        for (variable, value) in other.environment {
            if !self.environment.iter().any(|(own, _)| *own == variable) {
                self.environment.push((variable, value));
            }
        }
        if self.entrypoint.is_empty() {
            self.entrypoint = other.entrypoint;
        }
        self.warnings.extend(other.warnings);
    }
}

/// The modules of a directory, by their names without `.wasm`, and its scripts.
///
/// Their permission bits do not matter: what an archive unpacks often has none for execution.
fn commands(image: &str, directory: &Dir) -> Result<Vec<OwnCommand>, String> {
    let mut commands = Vec::new();
    for entry in directory.entries().map_err(|error| refused(image, &error))? {
        let entry = entry.map_err(|error| refused(image, &error))?;
        let Ok(file_name) = entry.file_name().into_string() else { continue };
        // Opened by name: a link within the image may stand for a command.
        let Ok(file) = directory.open(&file_name) else { continue };
        let file = file.into_std();
        if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        let mut start = [0; 4];
        let length = file.read_at(&mut start, 0).map_err(|error| refused(image, &error))?;
        let is_module = &start[..length] == b"\0asm" || file_name.ends_with(".wasm");
        if !is_module && !start[..length].starts_with(b"#!") {
            continue;
        }
        if commands.len() == MAX_COMMANDS {
            return Err(format!("image `{image}` has more than {MAX_COMMANDS} commands"));
        }
        let shown = format!("{}/{file_name}", image.trim_end_matches('/'));
        let name = file_name.strip_suffix(".wasm").unwrap_or(&file_name).to_owned();
        commands.push(OwnCommand { name, file, shown });
    }
    commands.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(commands)
}

fn refused(name: &str, error: &std::io::Error) -> String {
    format!("image `{name}` cannot be opened: {error}")
}
