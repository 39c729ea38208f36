//! `chmod`, over the sandbox's own call: preview 1 has no modes.

use super::modes;
use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, bytes};
use crate::sys;
use std::ffi::OsString;
use std::path::Path;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

#[derive(Default)]
struct Change {
    mode: String,
    /// `--reference`: these bits.
    bits: Option<u32>,
    recursive: bool,
    quiet: bool,
    verbose: bool,
    changes: bool,
    umask: u32,
    failed: bool,
}

// Modes such as `-x` look like options, so this command reads its arguments itself.
fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut change = Change { umask: sys::umask(), ..Change::default() };
    let mut mode: Option<String> = None;
    let mut operands = Vec::new();
    let mut only_operands = false;
    for arg in args {
        let text = arg.to_string_lossy().into_owned();
        match &*text {
            _ if only_operands || !text.starts_with('-') || text == "-" => operands.push(arg),
            "--" => only_operands = true,
            "--recursive" => change.recursive = true,
            "--verbose" => change.verbose = true,
            "--changes" => change.changes = true,
            "--silent" | "--quiet" => change.quiet = true,
            "--preserve-root" | "--no-preserve-root" => {}
            _ if text.starts_with("--reference=") => {
                let file = &text["--reference=".len()..];
                match sys::stat(file) {
                    Ok(stat) => change.bits = Some(stat.permissions()),
                    Err(e) => {
                        let why = reason(&e);
                        complain(name, format_args!("failed to get attributes of '{file}': {why}"));
                        return Err(BadUsage);
                    }
                }
            }
            _ if text.starts_with("--") => {
                usage(name, format_args!("unrecognized option '{text}'"));
                return Err(BadUsage);
            }
            _ if bytes(&arg)[1..].iter().all(|b| b"Rvcf".contains(b)) => {
                for letter in text[1..].chars() {
                    match letter {
                        'R' => change.recursive = true,
                        'v' => change.verbose = true,
                        'c' => change.changes = true,
                        _ => change.quiet = true,
                    }
                }
            }
            _ if bytes(&arg)[1..].iter().all(|b| b"rwxXstugo0123456789,=+-".contains(b)) => {
                let more = mode.take().map_or_else(|| text.clone(), |m| format!("{m},{text}"));
                mode = Some(more);
            }
            _ => {
                let bad = text.chars().find(|c| !"-Rvcf".contains(*c)).unwrap_or('-');
                usage(name, format_args!("invalid option -- '{bad}'"));
                return Err(BadUsage);
            }
        }
    }
    if mode.is_none() && change.bits.is_none() {
        if operands.is_empty() {
            usage(name, "missing operand");
            return Err(BadUsage);
        }
        mode = Some(operands.remove(0).to_string_lossy().into_owned());
    }
    change.mode = mode.unwrap_or_default();
    if change.bits.is_none() && modes::apply(&change.mode, 0, false, 0).is_none() {
        usage(name, format_args!("invalid mode: '{}'", change.mode));
        return Err(BadUsage);
    }
    if operands.is_empty() {
        usage(name, format_args!("missing operand after '{}'", change.mode));
        return Err(BadUsage);
    }
    let mut out = Out::new(name, 1);
    for operand in operands {
        change.one(name, &mut out, Path::new(&operand), true);
    }
    Ok(u8::from(change.failed))
}

impl Change {
    fn one(&mut self, name: &str, out: &mut Out, path: &Path, top: bool) {
        let shown = path.display();
        // Below an operand, links are left alone: they would lead out of the tree.
        if !top && sys::lstat(path).is_ok_and(|stat| stat.is_symlink()) {
            return;
        }
        let stat = match sys::stat(path) {
            Ok(stat) => stat,
            Err(e) => {
                if !self.quiet {
                    complain(name, format_args!("cannot access '{shown}': {}", reason(&e)));
                }
                self.failed = true;
                return;
            }
        };
        let old = stat.permissions();
        let new = self
            .bits
            .or_else(|| modes::apply(&self.mode, old, stat.is_dir(), self.umask))
            .unwrap_or(old);
        match sys::chmod(path, new) {
            Ok(()) => self.report(out, path, old, new),
            Err(e) => {
                if !self.quiet {
                    let why = reason(&e);
                    complain(name, format_args!("changing permissions of '{shown}': {why}"));
                }
                self.failed = true;
            }
        }
        if self.recursive && stat.is_dir() {
            match std::fs::read_dir(path) {
                Ok(entries) => {
                    for entry in entries.flatten() {
                        self.one(name, out, &entry.path(), false);
                    }
                }
                Err(e) => {
                    complain(name, format_args!("cannot read directory '{shown}': {}", reason(&e)));
                    self.failed = true;
                }
            }
        }
    }

    fn report(&self, out: &mut Out, path: &Path, old: u32, new: u32) {
        let shown = path.display();
        let text = |mode: u32| modes::display(mode)[1..].to_owned();
        if old != new && (self.verbose || self.changes) {
            out.print(format_args!(
                "mode of '{shown}' changed from {old:04o} ({}) to {new:04o} ({})\n",
                text(old),
                text(new)
            ));
        } else if self.verbose {
            out.print(format_args!("mode of '{shown}' retained as {old:04o} ({})\n", text(old)));
        }
    }
}
