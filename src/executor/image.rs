//! An `image:` that is a path of the project: one module, a directory of modules, or a tree.

use std::io::Read;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

use crate::sandbox::{HostDirectory, MountSpec, OwnCommand};

/// What an image adds to a job.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) mounts: Vec<MountSpec>,
    pub(super) commands: Vec<OwnCommand>,
    pub(super) warnings: Vec<String>,
}

/// Commands of one image.
const MAX_COMMANDS: usize = 4096;
/// Names at the top of the sandbox that are not an image's to bring.
const RESERVED: [&str; 4] = ["dev", "opt", "tmp", "workspace"];

impl Image {
    /// Opens an image by its path below the project.
    ///
    /// The path comes from the pipeline file, so it must not leave the project: a file that names
    /// any directory of the host could read it.
    pub(super) fn open(project: &HostDirectory, name: &str) -> Result<Self, String> {
        let relative = Path::new(name.strip_prefix("./").unwrap_or(name));
        let root =
            project.dir().map_err(|error| format!("cannot open the project directory: {error}"))?;
        let metadata = root.metadata(relative).map_err(|error| refused(name, &error))?;
        if metadata.is_dir() {
            let canonical = root.canonicalize(relative).map_err(|error| refused(name, &error))?;
            let directory = root.open_dir(&canonical).map_err(|error| refused(name, &error))?;
            return Self::directory(name, &directory, &project.path().join(canonical));
        }
        let file = root.open(relative).map_err(|error| refused(name, &error))?.into_std();
        let command = relative.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| {
            format!("image `{name}`: no command can be named after this file; rename it")
        })?;
        let (command, shown) = (command.to_owned(), name.to_owned());
        Ok(Self { commands: vec![OwnCommand { name: command, file, shown }], ..Self::default() })
    }

    /// A directory with `bin` or `usr` is a tree whose top-level directories are mounted by their
    /// names; any other holds modules, each a command.
    fn directory(name: &str, directory: &Dir, host: &Path) -> Result<Self, String> {
        let mut image = Self::default();
        let mount = |directory: &Dir, host: PathBuf, guest: String| {
            let host = HostDirectory::opened(directory, host).map_err(|e| refused(name, &e))?;
            Ok::<_, String>(MountSpec { host, guest, read_only: true })
        };
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
            if RESERVED.contains(&top.as_str()) {
                image
                    .warnings
                    .push(format!("image `{name}`: /{top} is the sandbox's own and is left out"));
            } else if entry.file_type().is_ok_and(|file_type| file_type.is_dir()) {
                let opened = directory.open_dir(&top).map_err(|error| refused(name, &error))?;
                image.mounts.push(mount(&opened, host.join(&top), format!("/{top}"))?);
            }
        }
        image.mounts.sort_by(|a, b| a.guest.cmp(&b.guest));
        Ok(image)
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
        // Opened by name: a link within the project may stand for a command.
        let Ok(file) = directory.open(&file_name) else { continue };
        let mut start = [0; 4];
        let mut file = file.into_std();
        if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        let length = file.read(&mut start).map_err(|error| refused(image, &error))?;
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
    let looks_like_a_path =
        name.starts_with('.') || name.starts_with('/') || name.ends_with(".wasm");
    match error.kind() {
        std::io::ErrorKind::NotFound if looks_like_a_path => format!(
            "image `{name}`: there is no such file or directory in the project; write the path of \
             a WebAssembly module, or of a directory of modules, relative to the project directory"
        ),
        std::io::ErrorKind::NotFound => format!(
            "image `{name}` is not a path of the project. greenroom runs WebAssembly images, not \
             container images: write the path of a module (`image: ./tools/python.wasm`) or of a \
             directory of modules, or leave `image` out if the built-in commands are enough"
        ),
        std::io::ErrorKind::PermissionDenied => format!(
            "image `{name}`: the path leaves the project directory, which a pipeline file may not \
             ask for; copy the module into the project"
        ),
        _ => format!("image `{name}` cannot be opened: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> tempfile::TempDir {
        let project = tempfile::tempdir().unwrap();
        let root = project.path();
        std::fs::create_dir_all(root.join("tree/usr/bin")).unwrap();
        std::fs::create_dir_all(root.join("tree/lib")).unwrap();
        std::fs::create_dir_all(root.join("tree/tmp")).unwrap();
        std::fs::create_dir(root.join("tools")).unwrap();
        std::fs::write(root.join("tools/python.wasm"), b"\0asm").unwrap();
        std::fs::write(root.join("tools/lint"), b"#!/bin/sh\n").unwrap();
        std::fs::write(root.join("tools/README"), b"read me").unwrap();
        std::os::unix::fs::symlink("/etc", root.join("escape")).unwrap();
        project
    }

    fn describe(name: &str) -> String {
        let project = project();
        match Image::open(&project.path().into(), name) {
            Ok(image) => {
                let mounts = image.mounts.iter().map(|mount| mount.guest.clone());
                let commands = image.commands.iter().map(|command| command.name.clone());
                mounts.chain(commands).chain(image.warnings).collect::<Vec<_>>().join(" ")
            }
            Err(message) => message,
        }
    }

    #[test]
    fn modules_directories_and_trees() {
        assert_eq!(describe("./tools/python.wasm"), "python");
        assert_eq!(describe("tools"), "lint python");
        assert_eq!(
            describe("./tree"),
            "/lib /usr image `./tree`: /tmp is the sandbox's own and is left out"
        );
    }

    #[test]
    fn an_opened_image_stays_what_it_was_when_its_path_changes() {
        let project = project();
        let image = Image::open(&project.path().into(), "tree").unwrap();
        std::fs::remove_dir_all(project.path().join("tree/lib")).unwrap();
        std::os::unix::fs::symlink("/etc", project.path().join("tree/lib")).unwrap();
        let lib = image.mounts.iter().find(|mount| mount.guest == "/lib").unwrap();
        assert!(!lib.host.dir().unwrap().exists("passwd"));
    }

    #[test]
    fn what_is_not_in_the_project_is_refused() {
        for (name, expected) in [
            ("php:8.2", "not container images"),
            ("./php.wasm", "no such file"),
            ("/etc", "leaves the project"),
            ("../", "leaves the project"),
            ("escape", "leaves the project"),
        ] {
            let message = describe(name);
            assert!(message.contains(expected), "{name}: {message}");
        }
    }
}
