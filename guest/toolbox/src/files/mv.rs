//! `mv`: renames, and copies with modes and times where source and destination are two mounts.

use super::copy::{Copy, Destination, Existing, Follow, is_below, targets};
use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options};
use crate::sys;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

struct Move<'a> {
    name: &'a str,
    existing: Existing,
    verbose: bool,
    failed: bool,
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut state = Move { name, existing: Existing::Replace, verbose: false, failed: false };
    let mut destination = Destination::default();
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('f') => state.existing = Existing::Replace,
            Item::Short('n' | 'i') => state.existing = Existing::Keep,
            Item::Short('u') => state.existing = Existing::IfNewer,
            Item::Short('v') => state.verbose = true,
            Item::Short('T') => destination.exact = true,
            Item::Short('t') => destination.directory = Some(options.value()?.into()),
            Item::Long(ref long) => match &**long {
                "force" => state.existing = Existing::Replace,
                "no-clobber" | "interactive" => state.existing = Existing::Keep,
                "update" => state.existing = Existing::IfNewer,
                "verbose" => state.verbose = true,
                "no-target-directory" => destination.exact = true,
                "target-directory" => destination.directory = Some(options.value()?.into()),
                "strip-trailing-slashes" => {}
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    let targets = match targets(operands, &destination) {
        Ok(targets) => targets,
        Err(message) if message.starts_with("missing") => {
            usage(name, message);
            return Ok(1);
        }
        Err(message) => {
            complain(name, message);
            return Ok(1);
        }
    };
    for (from, to) in targets.pairs {
        state.one(&from, &to);
    }
    Ok(u8::from(state.failed))
}

impl Move<'_> {
    fn fail(&mut self, message: String) {
        complain(self.name, message);
        self.failed = true;
    }

    fn one(&mut self, from: &Path, to: &Path) {
        let (shown_from, shown_to) = (from.display(), to.display());
        // A trailing slash would make the system look through a link, or at nothing.
        let from = &without_slash(from);
        let source = match sys::lstat(from) {
            Ok(stat) => stat,
            Err(e) => return self.fail(format!("cannot stat '{shown_from}': {}", reason(&e))),
        };
        if let Ok(there) = sys::lstat(to) {
            if there.same_file(&source) {
                return self.fail(format!("'{shown_from}' and '{shown_to}' are the same file"));
            }
            match self.existing {
                Existing::Keep => return,
                Existing::IfNewer if there.mtime >= source.mtime => return,
                _ => {}
            }
            if source.is_dir() && !there.is_dir() {
                return self.fail(format!(
                    "cannot overwrite non-directory '{shown_to}' with directory '{shown_from}'"
                ));
            }
            if !source.is_dir() && there.is_dir() {
                return self.fail(format!(
                    "cannot overwrite directory '{shown_to}' with non-directory '{shown_from}'"
                ));
            }
        }
        if source.is_dir() && is_below(to, from) {
            return self.fail(format!(
                "cannot move '{shown_from}' to a subdirectory of itself, '{shown_to}'"
            ));
        }
        match fs::rename(from, without_slash(to)) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::CrossesDevices => {
                let mut copy = Copy {
                    recursive: true,
                    follow: Follow::Never,
                    preserve_mode: true,
                    preserve_times: true,
                    preserve_links: true,
                    ..Copy::new("mv")
                };
                copy.copy(from, to, true);
                if copy.failed {
                    self.failed = true;
                    return;
                }
                let removed =
                    if source.is_dir() { fs::remove_dir_all(from) } else { fs::remove_file(from) };
                if let Err(e) = removed {
                    return self.fail(format!("cannot remove '{shown_from}': {}", reason(&e)));
                }
            }
            Err(e) => {
                return self
                    .fail(format!("cannot move '{shown_from}' to '{shown_to}': {}", reason(&e)));
            }
        }
        if self.verbose {
            let mut out = Out::new(self.name, 1);
            out.print(format_args!("renamed '{shown_from}' -> '{shown_to}'\n"));
        }
    }
}

fn without_slash(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_encoded_bytes();
    let kept = bytes.iter().rposition(|&b| b != b'/').map_or(bytes.len().min(1), |last| last + 1);
    PathBuf::from(crate::options::os_string(&bytes[..kept]))
}
