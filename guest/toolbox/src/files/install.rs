//! `install`: copies with a mode, makes directories.

use super::copy::{Copy, Destination, targets};
use super::{mkdir, modes};
use crate::io::{complain, reason, usage};
use crate::options::{BadUsage, Item, Options};
use crate::sys;
use std::ffi::OsString;
use std::path::Path;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let (mut directories, mut leading, mut mode) = (false, false, "755".to_owned());
    let mut copy = Copy { remove_destination: true, ..Copy::new("install") };
    let mut destination = Destination::default();
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('d') => directories = true,
            Item::Short('D') => leading = true,
            Item::Short('m') => mode = options.text()?,
            Item::Short('p') => copy.preserve_times = true,
            Item::Short('v') => copy.verbose = true,
            Item::Short('T') => destination.exact = true,
            Item::Short('t') => destination.directory = Some(options.value()?.into()),
            Item::Short('c' | 'C') => {}
            // There is one user; asking for it is fine, for another one is not.
            Item::Short('o' | 'g') => only_root(name, &options.text()?)?,
            Item::Long(ref long) => match &**long {
                "directory" => directories = true,
                "mode" => mode = options.text()?,
                "preserve-timestamps" => copy.preserve_times = true,
                "verbose" => copy.verbose = true,
                "no-target-directory" => destination.exact = true,
                "target-directory" => destination.directory = Some(options.value()?.into()),
                "owner" | "group" => only_root(name, &options.text()?)?,
                "compare" => {}
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    let Some(bits) = modes::apply(&mode, 0, directories, 0) else {
        complain(name, format_args!("invalid mode '{mode}'"));
        return Err(BadUsage);
    };
    let mut status = 0;
    let mut failed = |what: &str, path: &Path, e: &std::io::Error| {
        complain(name, format_args!("{what} '{}': {}", path.display(), reason(e)));
        status = 1;
    };
    if directories {
        if operands.is_empty() {
            usage(name, "missing file operand");
            return Err(BadUsage);
        }
        for operand in operands {
            let path = Path::new(&operand);
            if let Err((at, e)) = mkdir::make(path, true, None, None) {
                failed("cannot create directory", &at, &e);
            } else if let Err(e) = sys::chmod(path, bits) {
                failed("cannot change permissions of", path, &e);
            }
        }
        return Ok(status);
    }
    if leading {
        // `-D` makes everything above the destination, or the whole of `-t`.
        let make = match (&destination.directory, operands.last()) {
            (Some(directory), _) => Some(directory.clone()),
            (None, Some(last)) => Path::new(last).parent().map(Path::to_path_buf),
            (None, None) => None,
        };
        if let Some(directory) = make.filter(|d| !d.as_os_str().is_empty())
            && let Err((at, e)) = mkdir::make(&directory, true, None, None)
        {
            failed("cannot create directory", &at, &e);
            return Ok(status);
        }
    }
    let targets = match targets(operands, &destination) {
        Ok(targets) => targets,
        Err(message) => {
            complain(name, message);
            return Ok(1);
        }
    };
    for (from, to) in targets.pairs {
        if sys::stat(&from).is_ok_and(|stat| stat.is_dir()) {
            complain(name, format_args!("omitting directory '{}'", from.display()));
            status = 1;
            continue;
        }
        let before = copy.failed;
        copy.failed = false;
        copy.copy(&from, &to, true);
        if !copy.failed
            && let Err(e) = sys::chmod(&to, bits)
        {
            complain(
                name,
                format_args!("cannot change permissions of '{}': {}", to.display(), reason(&e)),
            );
            status = 1;
        }
        copy.failed |= before;
    }
    Ok(status | u8::from(copy.failed))
}

fn only_root(name: &str, who: &str) -> Result<(), BadUsage> {
    if who == "root" || who == "0" {
        return Ok(());
    }
    complain(name, format_args!("invalid user '{who}': the sandbox has only root"));
    Err(BadUsage)
}
