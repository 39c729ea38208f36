//! `mkdir`, with modes.

use super::modes;
use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options};
use crate::sys;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let (mut parents, mut verbose, mut mode) = (false, false, None);
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('p') => parents = true,
            Item::Short('v') => verbose = true,
            Item::Short('m') => mode = Some(options.text()?),
            Item::Long(ref long) => match &**long {
                "parents" => parents = true,
                "verbose" => verbose = true,
                "mode" => mode = Some(options.text()?),
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    let mode = match mode {
        None => None,
        Some(text) => match modes::apply(&text, 0o777, true, sys::umask()) {
            Some(bits) => Some(bits),
            None => {
                complain(name, format_args!("invalid mode '{text}'"));
                return Err(BadUsage);
            }
        },
    };
    if operands.is_empty() {
        usage(name, "missing operand");
        return Err(BadUsage);
    }
    let mut out = Out::new(name, 1);
    let mut status = 0;
    for operand in operands {
        let path = Path::new(&operand);
        if let Err((at, e)) = make(path, parents, mode, verbose.then_some((name, &mut out))) {
            let (shown, why) = (at.display(), reason(&e));
            complain(name, format_args!("cannot create directory '{shown}': {why}"));
            status = 1;
        }
    }
    Ok(status)
}

/// Makes a directory and, if asked to, those above it. `mode` is for the last one only.
pub(crate) fn make(
    path: &Path,
    parents: bool,
    mode: Option<u32>,
    mut say: Option<(&str, &mut Out)>,
) -> Result<(), (PathBuf, std::io::Error)> {
    let mut prefixes: Vec<&Path> = vec![path];
    if parents {
        let mut above = path.parent();
        while let Some(parent) = above.filter(|p| !p.as_os_str().is_empty() && !p.exists()) {
            prefixes.push(parent);
            above = parent.parent();
        }
    }
    for (depth, directory) in prefixes.iter().enumerate().rev() {
        // `mkdir -p a/../b` passes through `a`, which may have to be made first.
        let dots = matches!(directory.components().next_back(), Some(Component::ParentDir));
        match std::fs::create_dir(directory) {
            Ok(()) => {
                if let Some((name, out)) = &mut say {
                    out.print(format_args!(
                        "{name}: created directory '{}'\n",
                        directory.display()
                    ));
                }
                if let Some(mode) = mode.filter(|_| depth == 0)
                    && let Err(e) = sys::chmod(directory, mode)
                {
                    return Err((directory.to_path_buf(), e));
                }
            }
            Err(_) if parents && (dots || directory.is_dir()) => {}
            // Whatever a host reports for an existing file, POSIX's mkdir says that it exists.
            Err(e) if directory.symlink_metadata().is_ok() => {
                let e = if e.kind() == ErrorKind::NotADirectory {
                    e
                } else {
                    ErrorKind::AlreadyExists.into()
                };
                return Err((directory.to_path_buf(), exists(e)));
            }
            Err(e) => return Err((directory.to_path_buf(), e)),
        }
    }
    Ok(())
}

/// The system's words for "it exists".
fn exists(e: std::io::Error) -> std::io::Error {
    if e.kind() == ErrorKind::AlreadyExists { rustix::io::Errno::EXIST.into() } else { e }
}
