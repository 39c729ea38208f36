//! An `image:` that is a path of the project: one module, a directory of modules, or a tree.

use std::path::Path;

use super::content::Image;
use super::store::ImageConfig;
use super::stored::Tree;
use crate::sandbox::HostDirectory;

/// Opens an image by its path below the project.
///
/// The path comes from the pipeline file, so it must not leave the project: a file that names
/// any directory of the host could read it.
pub(super) fn open(project: &HostDirectory, name: &str) -> Result<Image, String> {
    let relative = relative(name);
    let root =
        project.dir().map_err(|error| format!("cannot open the project directory: {error}"))?;
    let metadata = root.metadata(relative).map_err(|error| refused(name, &error))?;
    if metadata.is_dir() {
        let canonical = root.canonicalize(relative).map_err(|error| refused(name, &error))?;
        let directory = root.open_dir(&canonical).map_err(|error| refused(name, &error))?;
        return Image::directory(name, &directory, &project.path().join(canonical));
    }
    let file = root.open(relative).map_err(|error| refused(name, &error))?.into_std();
    Image::module(name, relative, file)
}

/// The files of a path: a directory itself, or the directory that a file lies in.
pub(super) fn tree(project: &HostDirectory, name: &str) -> Result<Tree, String> {
    let relative = relative(name);
    let root =
        project.dir().map_err(|error| format!("cannot open the project directory: {error}"))?;
    let canonical = root.canonicalize(relative).map_err(|error| refused(name, &error))?;
    let metadata = root.metadata(&canonical).map_err(|error| refused(name, &error))?;
    let (directory, file) = if metadata.is_dir() {
        (canonical.as_path(), None)
    } else {
        let parent = canonical.parent().filter(|parent| !parent.as_os_str().is_empty());
        (parent.unwrap_or(Path::new(".")), canonical.file_name().and_then(|name| name.to_str()))
    };
    let opened = root.open_dir(directory).map_err(|error| refused(name, &error))?;
    let host = HostDirectory::opened(&opened, project.path().join(directory))
        .map_err(|error| refused(name, &error))?;
    Ok(Tree {
        name: name.to_owned(),
        root: host,
        path: file.map(str::to_owned),
        digest: None,
        config: ImageConfig::default(),
    })
}

/// Whether the project has something at a path.
pub(super) fn exists(project: &HostDirectory, name: &str) -> bool {
    project.dir().is_ok_and(|root| root.metadata(relative(name)).is_ok())
}

fn relative(name: &str) -> &Path {
    Path::new(name.strip_prefix("./").unwrap_or(name))
}

fn refused(name: &str, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!(
            "image `{name}`: there is no such file or directory in the project; write the path of \
             a WebAssembly module, or of a directory of modules, relative to the project directory"
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
        match open(&project.path().into(), name) {
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
        let image = open(&project.path().into(), "tree").unwrap();
        std::fs::remove_dir_all(project.path().join("tree/lib")).unwrap();
        std::os::unix::fs::symlink("/etc", project.path().join("tree/lib")).unwrap();
        let lib = image.mounts.iter().find(|mount| mount.guest == "/lib").unwrap();
        assert!(!lib.host.dir().unwrap().exists("passwd"));
    }

    #[test]
    fn what_is_not_in_the_project_is_refused() {
        for (name, expected) in [
            ("tools/none", "no such file"),
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
