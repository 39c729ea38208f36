//! `cp`: our own, because the modes of the sandbox's files are not reachable through `std`.

use super::copy::{Copy, Destination, Existing, Follow, targets};
use crate::io::{complain, reason, usage};
use crate::options::{BadUsage, Item, Options};
use crate::sys;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut copy = Copy::new("cp");
    let mut destination = Destination::default();
    let mut operands = Vec::new();
    let mut follow = None;
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('r' | 'R') => copy.recursive = true,
            Item::Short('a') => {
                copy.recursive = true;
                follow = Some(Follow::Never);
                preserve(&mut copy, true);
            }
            Item::Short('p') => {
                copy.preserve_mode = true;
                copy.preserve_times = true;
            }
            Item::Short('d') => {
                follow = Some(Follow::Never);
                copy.preserve_links = true;
            }
            Item::Short('P') => follow = Some(Follow::Never),
            Item::Short('L') => follow = Some(Follow::Always),
            Item::Short('H') => follow = Some(Follow::CommandLine),
            Item::Short('f') => copy.force = true,
            Item::Short('i' | 'n') => copy.existing = Existing::Keep,
            Item::Short('u') => copy.existing = Existing::IfNewer,
            Item::Short('v') => copy.verbose = true,
            Item::Short('l') => copy.hard_link = true,
            Item::Short('s') => copy.symbolic_link = true,
            Item::Short('T') => destination.exact = true,
            Item::Short('t') => destination.directory = Some(options.value()?.into()),
            Item::Long(ref long) => match &**long {
                "archive" => {
                    copy.recursive = true;
                    follow = Some(Follow::Never);
                    preserve(&mut copy, true);
                }
                "recursive" => copy.recursive = true,
                "preserve" | "no-preserve" => {
                    let list = options.attached().map(|v| v.to_string_lossy().into_owned());
                    attributes(&mut copy, long == "preserve", list.as_deref())?;
                }
                "no-dereference" => follow = Some(Follow::Never),
                "dereference" => follow = Some(Follow::Always),
                "force" => copy.force = true,
                "interactive" | "no-clobber" => copy.existing = Existing::Keep,
                "update" => {
                    let when = options.attached().map(|v| v.to_string_lossy().into_owned());
                    copy.existing = match when.as_deref() {
                        None | Some("older") => Existing::IfNewer,
                        Some("all") => Existing::Replace,
                        Some("none") => Existing::Keep,
                        Some(other) => {
                            usage(name, format_args!("invalid argument '{other}' for '--update'"));
                            return Err(BadUsage);
                        }
                    };
                }
                "verbose" => copy.verbose = true,
                "link" => copy.hard_link = true,
                "symbolic-link" => copy.symbolic_link = true,
                "no-target-directory" => destination.exact = true,
                "target-directory" => destination.directory = Some(options.value()?.into()),
                "parents" => destination.parents = true,
                "remove-destination" => copy.remove_destination = true,
                // How the data travels is the sandbox's business.
                "reflink" | "sparse" => drop(options.attached()),
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    // `-r` alone keeps links below the operands and at them; without it they are followed.
    copy.follow = follow.unwrap_or(if copy.recursive { Follow::Never } else { Follow::Always });
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
        if destination.parents
            && let Some(parent) = to.parent()
            && let Err(e) = fs::create_dir_all(parent)
        {
            let (parent, why) = (parent.display(), reason(&e));
            complain(name, format_args!("cannot make directory '{parent}': {why}"));
            copy.failed = true;
            continue;
        }
        if ends_in_slash(&to) && !to.is_dir() && !sys::stat(&from).is_ok_and(|s| s.is_dir()) {
            let to = to.display();
            complain(name, format_args!("cannot create regular file '{to}': Not a directory"));
            copy.failed = true;
            continue;
        }
        copy.copy(&from, &to, true);
    }
    Ok(u8::from(copy.failed))
}

fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

fn preserve(copy: &mut Copy, on: bool) {
    copy.preserve_mode = on;
    copy.preserve_times = on;
    copy.preserve_links = on;
}

fn attributes(copy: &mut Copy, on: bool, list: Option<&str>) -> Result<(), BadUsage> {
    for item in list.unwrap_or("mode,timestamps").split(',') {
        match item {
            "mode" => copy.preserve_mode = on,
            "timestamps" => copy.preserve_times = on,
            "links" => copy.preserve_links = on,
            "all" => preserve(copy, on),
            // The sandbox has one user and neither contexts nor extended attributes.
            "ownership" | "context" | "xattr" => {}
            other => {
                usage(copy.name, format_args!("invalid argument '{other}' for '--preserve'"));
                return Err(BadUsage);
            }
        }
    }
    Ok(())
}
