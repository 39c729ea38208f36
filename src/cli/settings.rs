//! The files of settings: where they are, and reading them.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::tell;
use crate::diagnostic::Diagnostics;
use crate::settings::{self, File, MAX_FILE_BYTES, Owner, Settings, Surroundings};

/// The project's own settings, beside its pipeline file.
const PROJECT_FILE: &str = "greenroom.toml";

/// Reads all settings for the project in `root`, an absolute path without links; findings are told.
pub(super) fn read(
    root: Option<&Path>,
    config: Option<&Path>,
    environment: &Environment,
    color: Color,
) -> Result<Settings, Failure> {
    let home = environment.home();
    let mut files = Vec::new();
    let mut of_user = Vec::new();
    let user = environment.settings_file().into_iter().map(|path| (path, false));
    let given = config.into_iter().map(|path| (path.to_owned(), true));
    for (path, required) in user.chain(given) {
        if let Some(text) = contents(&path, required)? {
            let name = shown(&path, home);
            of_user.extend(path.canonicalize());
            files.push(File { name, text, owner: Owner::User });
        }
    }
    if let Some(root) = root {
        let path = root.join(PROJECT_FILE);
        // A file that the user named is the user's, wherever it lies.
        if !path.canonicalize().is_ok_and(|path| of_user.contains(&path))
            && let Some(text) = contents(&path, false)?
        {
            files.push(File { name: PROJECT_FILE.to_owned(), text, owner: Owner::Project });
        }
    }
    let is_project =
        |path: &Path| path.canonicalize().is_ok_and(|path| Some(path.as_path()) == root);
    let surroundings = Surroundings { home: home.map(Path::to_path_buf), is_project: &is_project };
    let mut diagnostics = Diagnostics::new();
    let settings = settings::load(&files, &surroundings, &mut diagnostics);
    if !diagnostics.is_empty() {
        tell(&diagnostics.render(environment.diagnostic_style(color)));
    }
    if diagnostics.has_errors() { Err(Failure::told(Exit::Usage)) } else { Ok(settings) }
}

/// The text of a file, if it is there.
fn contents(path: &Path, required: bool) -> Result<Option<String>, Failure> {
    let cannot = |reason: &str| {
        Failure::usage(format!("cannot read the settings {}: {reason}", path.display()))
    };
    // Not blocking: opening a pipe would wait for somebody who writes to it.
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) && !required => return Ok(None),
        Err(error) => return Err(cannot(&error.to_string())),
    };
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(cannot("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| cannot(&error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(cannot("it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| cannot("it is not UTF-8 text"))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A path as the user would write it.
fn shown(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => PathBuf::from("~").join(rest).display().to_string(),
        None => path.display().to_string(),
    }
}
