//! What an image adds to a job: mounts and commands, from a module or a directory.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Its scripts that a shell finds by `PATH`.
    pub(super) scripts: Vec<OwnCommand>,
}

/// If an image has so many modules or fewer, all are compiled before a job begins.
const FEW: usize = 4;
/// How much of a script is looked at for the programs that it starts.
const SCRIPT_START: usize = 4096;
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
        // What lies beside these directories, such as an entrypoint.
        for command in commands(name, directory)? {
            image.commands.push(command);
        }
        // A shell finds the others by `PATH`, but `tool.wasm` is to be called `tool`.
        for path in ["usr/local/bin", "usr/bin", "bin"] {
            let Ok(programs) = directory.open_dir(path) else { continue };
            for command in commands(name, &programs)? {
                if !command.shown.ends_with(".wasm") {
                    image.scripts.push(command);
                } else if !image.commands.iter().any(|own| own.name == command.name) {
                    image.commands.push(command);
                }
            }
        }
        Ok(image)
    }

    /// Its modules.
    ///
    /// # Errors
    /// If a file cannot be opened once more.
    pub fn modules(&self) -> std::io::Result<Vec<(File, String)>> {
        self.modules_of(|_| true)
    }

    /// The modules that are worth compiling before a job's scripts begin: all, if they are few; of a
    /// package of many tools those whose names stand in the scripts. A script of the image that is
    /// named there counts with what it names.
    ///
    /// # Errors
    /// If a file cannot be opened once more.
    pub fn modules_for<'a>(
        &self,
        scripts: impl Iterator<Item = &'a str>,
    ) -> std::io::Result<Vec<(File, String)>> {
        let all = self.modules()?;
        if all.len() <= FEW {
            return Ok(all);
        }
        let commands = self.scripts.iter().chain(&self.commands);
        let by_name: BTreeMap<&str, &OwnCommand> =
            commands.map(|command| (command.name.as_str(), command)).collect();
        let mut named = BTreeSet::new();
        let mut next: Vec<&OwnCommand> =
            scripts.flat_map(words).filter_map(|word| by_name.get(word).copied()).collect();
        while let Some(command) = next.pop() {
            if !named.insert(&command.name) {
                continue;
            }
            let mut start = vec![0; SCRIPT_START];
            let length = command.file.read_at(&mut start, 0)?;
            if start[..length].starts_with(b"#!") {
                let text = String::from_utf8_lossy(&start[..length]);
                next.extend(words(&text).filter_map(|word| by_name.get(word).copied()));
            }
        }
        self.modules_of(|command| named.contains(&command.name))
    }

    fn modules_of(
        &self,
        wanted: impl Fn(&OwnCommand) -> bool,
    ) -> std::io::Result<Vec<(File, String)>> {
        let mut seen = BTreeSet::new();
        let mut modules = Vec::new();
        for command in self.commands.iter().filter(|command| wanted(command)) {
            if !starts_with(&command.file, b"\0asm")? {
                continue;
            }
            let metadata = command.file.metadata()?;
            if seen.insert((metadata.dev(), metadata.ino())) {
                modules.push((command.file.try_clone()?, command.shown.clone()));
            }
        }
        Ok(modules)
    }

    /// The words that come before the shell of a job, so that they start it: what the job says, or
    /// else the image's own entrypoint.
    ///
    /// GitLab Runner starts a container's entrypoint with a shell as its arguments, and an image is
    /// expected to bring one that runs these. An entrypoint that is a module cannot start the shell,
    /// and says what the image is for rather than how to set it up; only a script can wrap it. What a
    /// job says is taken as it is.
    #[must_use]
    pub fn wrapping(&self, job: Option<&[String]>) -> Vec<String> {
        let words = job.unwrap_or(&self.entrypoint);
        let Some((program, arguments)) = words.split_first() else { return Vec::new() };
        let command = self.command_at(program);
        if job.is_none() {
            let is_script =
                command.is_some_and(|command| starts_with(&command.file, b"#!").unwrap_or(false));
            let is_shell = command.is_none() && SHELLS.contains(&last_name(program));
            if !is_script && !is_shell {
                return Vec::new();
            }
        }
        // What lies at the top of an image's tree is a command, but not at its place.
        let at_top = program.starts_with('/') && program.rfind('/') == Some(0);
        let program = match command {
            Some(command) if at_top => command.name.clone(),
            // greenroom's own are not where an image has directories of its own.
            None if SHELLS.contains(&last_name(program)) => last_name(program).to_owned(),
            _ => program.clone(),
        };
        [program].into_iter().chain(arguments.iter().cloned()).collect()
    }

    /// The command that a path of the image stands for.
    fn command_at(&self, program: &str) -> Option<&OwnCommand> {
        let name = last_name(program);
        let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str());
        let named = |wanted: &str| self.commands.iter().find(|command| command.name == wanted);
        named(name).or_else(|| named(stem?))
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
        self.scripts.extend(other.scripts);
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

/// Programs of greenroom that an entrypoint may name.
const SHELLS: [&str; 3] = ["bash", "env", "sh"];

fn last_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What may be the name of a command in a script.
fn words(script: &str) -> impl Iterator<Item = &str> {
    script.split(|c: char| !(c.is_alphanumeric() || "_-.+".contains(c)))
}

fn starts_with(file: &File, magic: &[u8]) -> std::io::Result<bool> {
    let mut start = [0; 4];
    let length = file.read_at(&mut start, 0)?;
    Ok(start[..length].starts_with(magic))
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
