//! `df`: what the sandbox lets a job add to its writable directories; the host's disks are not its
//! business.

use crate::io::{Out, complain, reason};
use crate::options::{BadUsage, Item, Options};
use crate::{size, sys};
use greenroom_process::{Limit, limit};
use std::ffi::OsString;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let (mut human, mut unit, mut posix) = (None, 1024, false);
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('h') => human = Some(1024),
            Item::Short('H') => human = Some(1000),
            Item::Short('k') => unit = 1024,
            Item::Short('m') => unit = 1024 * 1024,
            Item::Short('P') => posix = true,
            Item::Short('a' | 'l' | 'T') => {}
            Item::Long(ref long) => match &**long {
                "human-readable" => human = Some(1024),
                "si" => human = Some(1000),
                "portability" => posix = true,
                "all" | "local" => {}
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    let mut status = 0;
    for operand in &operands {
        if let Err(e) = sys::stat(operand) {
            complain(name, format_args!("{}: {}", operand.display(), reason(&e)));
            status = 1;
        }
    }
    if status != 0 && operands.len() == 1 {
        return Ok(status);
    }
    let mut out = Out::new(name, 1);
    let unit_name = match (human, unit, posix) {
        (Some(_), ..) => "Size",
        (None, 1024, true) => "1024-blocks",
        (None, 1024, false) => "1K-blocks",
        _ => "1M-blocks",
    };
    let capacity = if posix { "Capacity" } else { "Use%" };
    let amount = limit(Limit::Disk);
    let shown = match (amount, human) {
        (None, _) => "-".to_owned(),
        (Some(bytes), Some(base)) => size::human(bytes, base),
        (Some(bytes), None) => (bytes / unit).to_string(),
    };
    out.print(format_args!(
        "Filesystem     {unit_name:>12} {:>10} {:>12} {capacity} Mounted on\n",
        "Used", "Available"
    ));
    // How much of the limit is used is known to the sandbox only.
    out.print(format_args!(
        "{:<14} {shown:>12} {:>10} {shown:>12} {:>4} /\n",
        "greenroom", "-", "-"
    ));
    Ok(status)
}
