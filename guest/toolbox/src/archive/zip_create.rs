//! `zip`: makes and updates archives.

use crate::glob;
use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options, bytes};
use crate::sys::{self, Stat};
use crate::time;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Nothing to do.
const NOTHING: u8 = 12;
/// A file could not be read.
const UNREADABLE: u8 = 18;
/// The archive could not be written.
const UNWRITABLE: u8 = 15;
/// A wrong command line.
const BAD_USAGE: u8 = 16;

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
struct Settings {
    recursive: bool,
    quiet: bool,
    junk_paths: bool,
    links: bool,
    no_directories: bool,
    move_files: bool,
    delete: bool,
    level: i64,
    include: Vec<String>,
    exclude: Vec<String>,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(BAD_USAGE)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut s = Settings {
        recursive: false,
        quiet: false,
        junk_paths: false,
        links: false,
        no_directories: false,
        move_files: false,
        delete: false,
        level: 6,
        include: Vec::new(),
        exclude: Vec::new(),
    };
    // `-x` and `-i` take every pattern up to the next option.
    let mut list: Option<bool> = None;
    let mut operands: Vec<OsString> = Vec::new();
    let mut from_stdin = false;
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        if let Item::Operand(operand) = item {
            let text = operand.to_string_lossy().into_owned();
            match list {
                Some(_) if text == "@" => list = None,
                Some(true) => s.exclude.push(text),
                Some(false) => s.include.push(text),
                None => operands.push(operand),
            }
            continue;
        }
        list = None;
        match item {
            Item::Short('r') => s.recursive = true,
            Item::Short('q') => s.quiet = true,
            Item::Short('j') => s.junk_paths = true,
            Item::Short('y') => s.links = true,
            Item::Short('D') => s.no_directories = true,
            Item::Short('m') => s.move_files = true,
            Item::Short('d') => s.delete = true,
            Item::Short('@') => from_stdin = true,
            Item::Short('x' | 'i') => {
                let exclude = item == Item::Short('x');
                list = Some(exclude);
                if let Some(first) = options.attached() {
                    let text = first.to_string_lossy().into_owned();
                    if exclude { s.exclude.push(text) } else { s.include.push(text) }
                }
            }
            Item::Short(digit @ '0'..='9') => s.level = i64::from(digit.to_digit(10).unwrap_or(6)),
            // Extra fields are never written; adding, updating and freshening keep what is newer.
            Item::Short('X' | 'u' | 'o' | 'v' | 'T') => {}
            Item::Long(ref long) => match &**long {
                "recurse-paths" => s.recursive = true,
                "quiet" => s.quiet = true,
                "junk-paths" => s.junk_paths = true,
                "symlinks" => s.links = true,
                "exclude" => list = Some(true),
                "include" => list = Some(false),
                _ => return options.unknown(&item),
            },
            other => return options.unknown(&other),
        }
    }
    if from_stdin {
        let names = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
        operands.extend(names.lines().map(OsString::from));
    }
    if operands.is_empty() {
        usage(name, "an archive and files to put into it are needed");
        return Err(BadUsage);
    }
    let mut archive = PathBuf::from(operands.remove(0));
    if archive.extension().is_none() && archive.as_os_str() != "-" {
        archive.set_extension("zip");
    }
    Ok(create(name, &s, &archive, &operands))
}

fn create(name: &str, s: &Settings, archive: &Path, operands: &[OsString]) -> u8 {
    if s.delete {
        let kept =
            |member: &str| !operands.iter().any(|o| glob::matches(bytes(o), member.as_bytes()));
        return write(name, archive, &kept, |_| Ok(()));
    }
    let mut files = BTreeMap::new();
    let mut status = 0;
    for operand in operands {
        let path = Path::new(operand);
        if !collect(s, path, &mut files) {
            complain(name, format_args!("warning: name not matched: {}", path.display()));
            status = UNREADABLE;
        }
    }
    if files.is_empty() {
        complain(name, format_args!("error: Nothing to do! ({})", archive.display()));
        return NOTHING;
    }
    let names: HashSet<String> = files.keys().cloned().collect();
    let mut out = Out::new(name, UNWRITABLE);
    let written = write(name, archive, &|member| !names.contains(member), |zip| {
        for (member, (path, stat)) in &files {
            match add(s, zip, member, path, stat) {
                Ok(Some(report)) if !s.quiet => out.line(format!("  adding: {member} ({report})")),
                Ok(_) => {}
                Err(AddError::Read(why)) => {
                    complain(name, format_args!("warning: {}: {why}", path.display()));
                    status = UNREADABLE;
                }
                Err(AddError::Write(why)) => return Err(why),
            }
        }
        Ok(())
    });
    if written == 0 && s.move_files {
        for (path, _) in files.values().filter(|(_, stat)| !stat.is_dir()) {
            if let Err(e) = fs::remove_file(path) {
                complain(name, format_args!("warning: {}: {}", path.display(), reason(&e)));
            }
        }
    }
    if written == 0 { status } else { written }
}

/// Writes the archive anew: what it had and `kept` wants, then what `add` adds.
fn write(
    name: &str,
    archive: &Path,
    kept: &dyn Fn(&str) -> bool,
    add: impl FnOnce(&mut ZipWriter<std::io::Cursor<Vec<u8>>>) -> Result<(), String>,
) -> u8 {
    let to_stdout = archive.as_os_str() == "-";
    let result = (|| -> Result<(), String> {
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        if !to_stdout && archive.exists() {
            let file = File::open(archive).map_err(|e| reason(&e))?;
            let mut old = ZipArchive::new(BufReader::new(file)).map_err(|e| e.to_string())?;
            for index in 0..old.len() {
                let member = old.by_index_raw(index).map_err(|e| e.to_string())?;
                let member_name = String::from_utf8_lossy(member.name_raw()).into_owned();
                if kept(&member_name) {
                    zip.raw_copy_file(member).map_err(|e| e.to_string())?;
                }
            }
        }
        add(&mut zip)?;
        let content = zip.finish().map_err(|e| e.to_string())?.into_inner();
        if to_stdout {
            return std::io::stdout().write_all(&content).map_err(|e| reason(&e));
        }
        let mut file = BufWriter::new(File::create(archive).map_err(|e| reason(&e))?);
        file.write_all(&content).and_then(|()| file.flush()).map_err(|e| reason(&e))
    })();
    match result {
        Ok(()) => 0,
        Err(why) => {
            complain(name, format_args!("error: {}: {why}", archive.display()));
            UNWRITABLE
        }
    }
}

/// Adds a file, and with `-r` what is below it; false when there is nothing.
fn collect(s: &Settings, path: &Path, files: &mut BTreeMap<String, (PathBuf, Stat)>) -> bool {
    let found = if s.links { sys::lstat(path) } else { sys::stat(path) };
    let Ok(stat) = found else { return false };
    let mut member = member_name(s, path);
    if stat.is_dir() {
        member.push('/');
    }
    let matches = |patterns: &[String]| {
        patterns.iter().any(|p| glob::matches(p.as_bytes(), member.as_bytes()))
    };
    let chosen = !matches(&s.exclude) && (s.include.is_empty() || matches(&s.include));
    if stat.is_dir() {
        if chosen && member != "/" && !s.no_directories && !s.junk_paths {
            files.insert(member, (path.to_owned(), stat));
        }
        if s.recursive {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if name != "." && name != ".." {
                    collect(s, &path.join(name), files);
                }
            }
        }
    } else if chosen {
        files.insert(member, (path.to_owned(), stat));
    }
    true
}

/// Without a leading `/`, `./` or `../`.
fn member_name(s: &Settings, path: &Path) -> String {
    if s.junk_paths {
        return path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    }
    let parts: Vec<_> = path
        .components()
        .filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        })
        .collect();
    parts.join("/")
}

enum AddError {
    Read(String),
    Write(String),
}

fn add(
    s: &Settings,
    zip: &mut ZipWriter<impl Write + Seek>,
    member: &str,
    path: &Path,
    stat: &Stat,
) -> Result<Option<String>, AddError> {
    let broken = |e: zip::result::ZipError| AddError::Write(e.to_string());
    let c = time::civil(stat.mtime.0);
    // DOS times begin in 1980.
    let at = u16::try_from(c.year)
        .ok()
        .and_then(|year| {
            DateTime::from_date_and_time(year, c.month, c.day, c.hour, c.minute, c.second).ok()
        })
        .unwrap_or_default();
    let options =
        SimpleFileOptions::default().last_modified_time(at).unix_permissions(stat.permissions());
    if stat.is_dir() {
        zip.add_directory(member.trim_end_matches('/'), options).map_err(broken)?;
        return Ok(Some("stored 0%".to_owned()));
    }
    if stat.is_symlink() {
        let target = fs::read_link(path).map_err(|e| AddError::Read(reason(&e)))?;
        zip.add_symlink(member, target.to_string_lossy(), options).map_err(broken)?;
        return Ok(Some("stored 0%".to_owned()));
    }
    let mut content = Vec::new();
    let read = File::open(path).and_then(|mut file| file.read_to_end(&mut content));
    read.map_err(|e| AddError::Read(reason(&e)))?;
    let packed = if s.level == 0 || content.is_empty() {
        None
    } else {
        Some(deflated_size(&content, s.level))
    };
    // What does not get smaller is stored.
    let (method, report) = match packed {
        Some(size) if size < content.len() => {
            let saved = 100 - (size * 100 + content.len() / 2) / content.len();
            (CompressionMethod::Deflated, format!("deflated {saved}%"))
        }
        _ => (CompressionMethod::Stored, "stored 0%".to_owned()),
    };
    let options = options.compression_method(method);
    let options = if method == CompressionMethod::Deflated {
        options.compression_level(Some(s.level))
    } else {
        options
    };
    zip.start_file(member, options).map_err(broken)?;
    zip.write_all(&content).map_err(|e| AddError::Write(reason(&e)))?;
    Ok(Some(report))
}

fn deflated_size(content: &[u8], level: i64) -> usize {
    let level = flate2::Compression::new(u32::try_from(level).unwrap_or(6));
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
    match encoder.write_all(content).and_then(|()| encoder.finish()) {
        Ok(packed) => packed.len(),
        Err(_) => content.len(),
    }
}
