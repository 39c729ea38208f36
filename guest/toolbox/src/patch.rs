//! `patch`: applies unified and normal-context-free differences (`diff -u`, `git diff`).

mod apply;
mod parse;

use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options};
use crate::sys;
use parse::FilePatch;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Something went wrong: 1 means that hunks were rejected.
const TROUBLE: u8 = 2;

struct Settings {
    strip: Option<usize>,
    reverse: bool,
    forward: bool,
    dry_run: bool,
    silent: bool,
    backup: bool,
    /// Keep the file as it was when the patch does not fit exactly.
    backup_if_mismatch: bool,
    remove_empty: bool,
    fuzz: usize,
    output: Option<PathBuf>,
    reject: Option<PathBuf>,
    file: Option<PathBuf>,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(TROUBLE)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut s = Settings {
        strip: None,
        reverse: false,
        forward: false,
        dry_run: false,
        silent: false,
        backup: false,
        backup_if_mismatch: true,
        remove_empty: false,
        fuzz: 2,
        output: None,
        reject: None,
        file: None,
    };
    let mut input: Option<OsString> = None;
    let mut directory: Option<PathBuf> = None;
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('p') => s.strip = Some(options.number("strip count")?),
            Item::Short('i') => input = Some(options.value()?),
            Item::Short('d') => directory = Some(options.value()?.into()),
            Item::Short('R') => s.reverse = true,
            Item::Short('N') => s.forward = true,
            Item::Short('s') => s.silent = true,
            Item::Short('b') => s.backup = true,
            Item::Short('E') => s.remove_empty = true,
            Item::Short('F') => s.fuzz = options.number("fuzz factor")?,
            Item::Short('o') => s.output = Some(options.value()?.into()),
            Item::Short('r') => s.reject = Some(options.value()?.into()),
            // The kind of patch is found out, questions have no one to answer them.
            Item::Short('u' | 'f' | 't' | 'l') => {}
            Item::Long(ref long) => match &**long {
                "strip" => s.strip = Some(options.number("strip count")?),
                "input" => input = Some(options.value()?),
                "directory" => directory = Some(options.value()?.into()),
                "reverse" => s.reverse = true,
                "forward" => s.forward = true,
                "dry-run" => s.dry_run = true,
                "silent" | "quiet" => s.silent = true,
                "backup" => s.backup = true,
                "remove-empty-files" => s.remove_empty = true,
                "fuzz" => s.fuzz = options.number("fuzz factor")?,
                "output" => s.output = Some(options.value()?.into()),
                "reject-file" => s.reject = Some(options.value()?.into()),
                "no-backup-if-mismatch" => s.backup_if_mismatch = false,
                "unified" | "force" | "batch" | "binary" => {}
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) if s.file.is_none() => s.file = Some(operand.into()),
            Item::Operand(operand) if input.is_none() => input = Some(operand),
            Item::Operand(operand) => {
                usage(name, format_args!("{}: extra operand", operand.display()));
                return Err(BadUsage);
            }
            Item::Short(_) => return options.unknown(&item),
        }
    }
    let mut text = Vec::new();
    let read = match input.as_ref().filter(|input| *input != "-") {
        Some(path) => fs::File::open(path).and_then(|mut file| file.read_to_end(&mut text)),
        None => std::io::stdin().lock().read_to_end(&mut text),
    };
    if let Err(e) = read {
        let shown = input.map_or("standard input".to_owned(), |path| path.display().to_string());
        complain(name, format_args!("**** Can't open patch file {shown} : {}", reason(&e)));
        return Ok(TROUBLE);
    }
    if let Some(directory) = directory
        && let Err(e) = std::env::set_current_dir(&directory)
    {
        complain(
            name,
            format_args!("**** Can't change to directory {} : {}", directory.display(), reason(&e)),
        );
        return Ok(TROUBLE);
    }
    let patches = match parse::parse(&text) {
        Ok(patches) if patches.is_empty() => {
            complain(name, "**** Only garbage was found in the patch input.");
            return Ok(TROUBLE);
        }
        Ok(patches) => patches,
        Err(message) => {
            complain(name, format_args!("**** {message}"));
            return Ok(TROUBLE);
        }
    };
    let mut out = Out::new(name, TROUBLE);
    let mut status = 0;
    for patch in patches {
        let patch = if s.reverse { patch.reversed() } else { patch };
        status = status.max(one(name, &s, &mut out, &patch));
    }
    Ok(status)
}

fn one(name: &str, s: &Settings, out: &mut Out, patch: &FilePatch) -> u8 {
    let Some(target) = s.file.clone().or_else(|| target(s, patch)) else {
        let shown =
            String::from_utf8_lossy(patch.new.as_deref().or(patch.old.as_deref()).unwrap_or(b"?"))
                .into_owned();
        out.flush();
        complain(
            name,
            format_args!(
                "can't find file to patch ({shown}); give the number of directories to strip with -p"
            ),
        );
        return 1;
    };
    // A patch comes from elsewhere: it must not reach out of the directory.
    let climbs = target.components().any(|part| part == std::path::Component::ParentDir);
    if s.file.is_none() && (climbs || target.is_absolute()) {
        out.flush();
        complain(
            name,
            format_args!("Ignoring potentially dangerous file name {}", target.display()),
        );
        return 1;
    }
    let shown = target.display();
    if !s.silent {
        let verb = if s.dry_run { "checking" } else { "patching" };
        out.print(format_args!("{verb} file {shown}\n"));
    }
    let stat = sys::stat(&target).ok();
    let content = match fs::read(&target) {
        Ok(content) => content,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => {
            out.flush();
            complain(name, format_args!("{shown}: {}", reason(&e)));
            return TROUBLE;
        }
    };
    let mut applied = apply::apply(&content, &patch.hunks, s.fuzz);
    if applied.rejected.len() == patch.hunks.len() {
        let back = apply::apply(&content, &patch.clone().reversed().hunks, 0);
        if back.rejected.is_empty() && !patch.hunks.is_empty() {
            out.print(format_args!(
                "Reversed (or previously applied) patch detected!  Skipping patch.\n"
            ));
            if s.forward {
                return 1;
            }
            applied.text = content.clone();
        }
    }
    for note in &applied.notes {
        if !s.silent {
            out.line(note);
        }
    }
    let mut status = 0;
    if !applied.rejected.is_empty() {
        status = 1;
        let (failed, all) = (applied.rejected.len(), patch.hunks.len());
        let plural = if all == 1 { "" } else { "s" };
        let reject = s.reject.clone().unwrap_or_else(|| with_suffix(&target, ".rej"));
        out.print(format_args!("{failed} out of {all} hunk{plural} FAILED"));
        if s.dry_run {
            out.line("");
        } else {
            out.print(format_args!(" -- saving rejects to file {}\n", reject.display()));
            let text = patch.text_of(&applied.rejected);
            if let Err(e) = fs::write(&reject, text) {
                complain(name, format_args!("{}: {}", reject.display(), reason(&e)));
            }
        }
    }
    let mismatch = s.backup_if_mismatch && !applied.notes.is_empty();
    if (s.backup || mismatch)
        && stat.is_some()
        && !s.dry_run
        && let Err(e) = fs::write(with_suffix(&target, ".orig"), &content)
    {
        complain(name, format_args!("{shown}: {}", reason(&e)));
    }
    if s.dry_run || applied.rejected.len() == patch.hunks.len() && !patch.hunks.is_empty() {
        return status;
    }
    if let Err(e) = store(s, patch, &target, stat.as_ref(), &applied.text) {
        out.flush();
        complain(name, format_args!("{shown}: {}", reason(&e)));
        return TROUBLE;
    }
    status
}

fn store(
    s: &Settings,
    patch: &FilePatch,
    target: &Path,
    stat: Option<&sys::Stat>,
    after: &[u8],
) -> std::io::Result<()> {
    let to = s.output.as_deref().unwrap_or(target);
    let removed = patch.new.is_none() || s.remove_empty;
    if after.is_empty() && removed && s.output.is_none() {
        return fs::remove_file(target);
    }
    if let Some(parent) = to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    fs::write(to, after)?;
    if let Some(mode) = patch.mode.or(stat.filter(|_| to != target).map(sys::Stat::permissions)) {
        sys::chmod(to, mode & 0o777)?;
    }
    if let (Some(from), None) = (&patch.rename_from, &s.file) {
        let from = stripped(from, s.strip.unwrap_or(1));
        if let Some(from) = from.filter(|from| Path::new(from) != to) {
            fs::remove_file(from)?;
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A name without its first `count` directories; with no count, only its last part.
fn stripped(name: &[u8], count: usize) -> Option<PathBuf> {
    let text = crate::options::os_string(name);
    let parts: Vec<_> = Path::new(&text)
        .components()
        .filter(|part| *part != std::path::Component::CurDir)
        .collect();
    (count < parts.len()).then(|| parts[count..].iter().collect())
}

/// The file that a patch is for: of its names the one that exists, else the one that is made.
fn target(s: &Settings, patch: &FilePatch) -> Option<PathBuf> {
    if let Some(from) = &patch.rename_from
        && let Some(new) = &patch.new
    {
        // A renamed file: the content of the old name goes to the new one.
        let (from, to) =
            (stripped(from, s.strip.unwrap_or(1))?, stripped(new, s.strip.unwrap_or(1))?);
        if from.exists() && !to.exists() && !s.dry_run {
            if let Some(parent) = to.parent() {
                let _ = fs::create_dir_all(parent);
            }
            let _ = fs::copy(&from, &to);
        }
        return Some(to);
    }
    let names: Vec<PathBuf> = [&patch.old, &patch.new]
        .into_iter()
        .flatten()
        .filter_map(|name| match s.strip {
            Some(count) => stripped(name, count),
            None => {
                let text = crate::options::os_string(name);
                Path::new(&text).file_name().map(PathBuf::from)
            }
        })
        .collect();
    names.iter().find(|name| name.exists()).or(names.last()).cloned()
}
