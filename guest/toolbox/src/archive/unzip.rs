//! `unzip`: lists, tests and extracts archives.

use crate::glob;
use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options};
use crate::{sys, time};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::read::ZipFile;

/// The archive is damaged.
const DAMAGED: u8 = 3;
/// There is no such archive.
const NO_ARCHIVE: u8 = 9;
/// A wrong command line.
const BAD_USAGE: u8 = 10;
/// No member has a name that was asked for.
const NO_MATCH: u8 = 11;
/// A file could not be written.
const UNWRITABLE: u8 = 50;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Extract,
    List,
    Verbose,
    Names,
    Test,
    Print,
}

struct Settings {
    action: Action,
    overwrite: bool,
    never_overwrite: bool,
    quiet: u8,
    junk_paths: bool,
    fold: bool,
    directory: PathBuf,
    members: Vec<String>,
    exclude: Vec<String>,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(BAD_USAGE)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut s = Settings {
        action: Action::Extract,
        overwrite: false,
        never_overwrite: false,
        quiet: 0,
        junk_paths: false,
        fold: false,
        directory: PathBuf::from("."),
        members: Vec::new(),
        exclude: Vec::new(),
    };
    let mut archive: Option<PathBuf> = None;
    let mut excluding = false;
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('o') => s.overwrite = true,
            Item::Short('n') => s.never_overwrite = true,
            Item::Short('q') => s.quiet += 1,
            Item::Short('j') => s.junk_paths = true,
            Item::Short('C') => s.fold = true,
            Item::Short('l') => s.action = Action::List,
            Item::Short('v') => s.action = Action::Verbose,
            Item::Short('Z' | '1') => s.action = Action::Names,
            Item::Short('t') => s.action = Action::Test,
            Item::Short('p' | 'c') => s.action = Action::Print,
            Item::Short('d') => s.directory = options.value()?.into(),
            Item::Short('x') => excluding = true,
            // Text is never converted, owners are never restored.
            Item::Short('a' | 'b' | 'X' | 'K' | 'L' | 'D' | 'u' | 'f') => {}
            Item::Operand(operand) if archive.is_none() => archive = Some(operand.into()),
            Item::Operand(operand) => {
                let text = operand.to_string_lossy().into_owned();
                if excluding { s.exclude.push(text) } else { s.members.push(text) }
            }
            other => return options.unknown(&other),
        }
    }
    let Some(path) = archive else {
        usage(name, "an archive is needed");
        return Err(BadUsage);
    };
    let found = [path.clone(), path.with_added_extension("zip")].into_iter().find(|p| p.is_file());
    let Some(path) = found else {
        let shown = path.display();
        complain(name, format_args!("cannot find or open {shown}, {shown}.zip or {shown}.ZIP."));
        return Ok(NO_ARCHIVE);
    };
    let opened = File::open(&path)
        .map_err(|e| reason(&e))
        .and_then(|file| ZipArchive::new(BufReader::new(file)).map_err(|e| e.to_string()));
    match opened {
        Ok(mut zip) => Ok(all(name, &s, &path, &mut zip)),
        Err(why) => {
            complain(name, format_args!("{}: {why}", path.display()));
            Ok(NO_ARCHIVE)
        }
    }
}

impl Settings {
    fn selected(&self, member: &str) -> bool {
        let fold = |text: &str| if self.fold { text.to_lowercase() } else { text.to_owned() };
        let matches = |patterns: &[String]| {
            patterns.iter().any(|p| glob::matches(fold(p).as_bytes(), fold(member).as_bytes()))
        };
        !matches(&self.exclude) && (self.members.is_empty() || matches(&self.members))
    }
}

fn all(name: &str, s: &Settings, path: &Path, zip: &mut ZipArchive<impl Read + Seek>) -> u8 {
    let mut out = Out::new(name, UNWRITABLE);
    let listing = matches!(s.action, Action::List | Action::Verbose);
    if s.quiet == 0 && !matches!(s.action, Action::Print | Action::Names) {
        out.print(format_args!("Archive:  {}\n", path.display()));
    }
    if listing && s.quiet < 2 {
        out.line("  Length      Date    Time    Name");
        out.line("---------  ---------- -----   ----");
    }
    let (mut count, mut total, mut status) = (0u64, 0u64, 0u8);
    for index in 0..zip.len() {
        let mut member = match zip.by_index(index) {
            Ok(member) => member,
            Err(e) => {
                out.flush();
                complain(name, e);
                status = DAMAGED;
                continue;
            }
        };
        let member_name = member.name().map_or_else(
            |_| String::from_utf8_lossy(member.name_raw()).into_owned(),
            |name| name.into_owned(),
        );
        if !s.selected(&member_name) {
            continue;
        }
        count += 1;
        total += member.size();
        let result = match s.action {
            Action::List | Action::Verbose => {
                let date = member.last_modified().map_or_else(
                    || "1980-01-01 00:00".to_owned(),
                    |d| {
                        format!(
                            "{:04}-{:02}-{:02} {:02}:{:02}",
                            d.year(),
                            d.month(),
                            d.day(),
                            d.hour(),
                            d.minute()
                        )
                    },
                );
                out.print(format_args!("{:>9}  {date}   {member_name}\n", member.size()));
                Ok(())
            }
            Action::Names => {
                out.line(&member_name);
                Ok(())
            }
            Action::Print => io::copy(&mut member, &mut out).map(drop),
            Action::Test => {
                let tested = io::copy(&mut member, &mut io::sink()).map(drop);
                if tested.is_ok() && s.quiet == 0 {
                    out.print(format_args!("    testing: {member_name:<22}   OK\n"));
                }
                tested
            }
            Action::Extract => extract(name, s, &mut member, &mut out),
        };
        if let Err(e) = result {
            out.flush();
            complain(name, format_args!("{member_name}: {}", reason(&e)));
            status = if e.kind() == io::ErrorKind::InvalidData { DAMAGED } else { UNWRITABLE };
        }
    }
    if listing && s.quiet < 2 {
        out.line("---------                     -------");
        let plural = if count == 1 { "" } else { "s" };
        out.print(format_args!("{total:>9}                     {count} file{plural}\n"));
    }
    if s.action == Action::Test && status == 0 && s.quiet < 2 {
        out.print(format_args!("No errors detected in compressed data of {}.\n", path.display()));
    }
    if count == 0 && !s.members.is_empty() {
        out.flush();
        complain(name, "caution: filename not matched:  ".to_owned() + &s.members.join(" "));
        return NO_MATCH;
    }
    status
}

fn extract(
    name: &str,
    s: &Settings,
    member: &mut ZipFile<'_, impl Read>,
    out: &mut Out,
) -> io::Result<()> {
    // A name that leads out of the directory has no safe place.
    let Some(safe) = member.enclosed_name() else {
        return Err(io::Error::other("the name leads out of the directory; skipped"));
    };
    let target = if s.junk_paths {
        if member.is_dir() {
            return Ok(());
        }
        s.directory.join(safe.file_name().unwrap_or_default())
    } else {
        s.directory.join(&safe)
    };
    if member.is_dir() {
        if !target.is_dir() {
            if s.quiet == 0 {
                out.print(format_args!("   creating: {}/\n", target.display()));
            }
            fs::create_dir_all(&target)?;
        }
        return Ok(());
    }
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    if fs::symlink_metadata(&target).is_ok() {
        if s.never_overwrite {
            return Ok(());
        }
        if !s.overwrite {
            // There is nobody to ask.
            complain(
                name,
                format_args!("{} exists; not replaced (use -o to replace)", target.display()),
            );
            return Ok(());
        }
        fs::remove_file(&target)?;
    }
    if s.quiet == 0 {
        let verb = if member.compression() == zip::CompressionMethod::Stored {
            " extracting"
        } else {
            "  inflating"
        };
        out.print(format_args!("{verb}: {}\n", target.display()));
    }
    if member.is_symlink() {
        let mut link = String::new();
        member.read_to_string(&mut link)?;
        return sys::symlink(&link, &target);
    }
    let mut file = File::create(&target)?;
    io::copy(member, &mut file)?;
    drop(file);
    if let Some(mode) = member.unix_mode() {
        sys::chmod(&target, mode & 0o777)?;
    }
    if let Some(d) = member.last_modified() {
        let at = time::seconds(time::Civil {
            year: i64::from(d.year()),
            month: d.month().clamp(1, 12),
            day: d.day().clamp(1, 31),
            hour: d.hour(),
            minute: d.minute(),
            second: d.second(),
        });
        let stat = sys::lstat(&target)?;
        sys::set_times(&target, &sys::Stat { mtime: (at, 0), ..stat }, true)?;
    }
    Ok(())
}
