//! `tar -c` and `tar -r`.

use super::codec::{Codec, Encoder};
use super::tar_options::{FATAL, Settings};
use crate::files::modes;
use crate::io::{complain, reason};
use crate::options::{bytes, os_string};
use crate::sys::{self, Stat};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;
use tar::{Builder, EntryType, Header};

enum Output {
    Plain(Box<dyn Write>),
    Packed(Encoder<Box<dyn Write>>),
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Packed(output) => output.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.flush(),
            Self::Packed(output) => output.flush(),
        }
    }
}

struct Creator<'a> {
    s: &'a Settings,
    builder: Builder<Output>,
    to_stdout: bool,
    linked: HashMap<(u64, u64), Vec<u8>>,
    /// The archive itself, which must not be packed into itself.
    archive: Option<Stat>,
    warned_root: bool,
    failed: bool,
}

pub(super) fn run(s: &Settings, append: bool) -> Result<u8, String> {
    if s.members.is_empty() && !append {
        return Err("Cowardly refusing to create an empty archive".to_owned());
    }
    let file = s.file.as_ref().filter(|file| *file != "-");
    let cannot = |e: &io::Error| match file {
        Some(file) => format!("{}: Cannot open: {}", file.display(), reason(e)),
        None => format!("cannot write: {}", reason(e)),
    };
    let raw: Box<dyn Write> = match file {
        Some(path) if append => {
            if s.codec.is_some() || Codec::of_name(bytes(path)).is_some() {
                return Err("Cannot update compressed archives".to_owned());
            }
            Box::new(BufWriter::new(open_end(Path::new(path)).map_err(|e| cannot(&e))?))
        }
        Some(path) => {
            Box::new(BufWriter::with_capacity(1 << 16, File::create(path).map_err(|e| cannot(&e))?))
        }
        None => Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
    };
    let output = match s.codec {
        Some(codec) => Output::Packed(codec.writer(raw, 6).map_err(|e| cannot(&e))?),
        None => Output::Plain(raw),
    };
    let mut creator = Creator {
        s,
        builder: Builder::new(output),
        to_stdout: file.is_none(),
        linked: HashMap::new(),
        archive: file.and_then(|path| sys::stat(path).ok()),
        warned_root: false,
        failed: false,
    };
    for (directory, member) in &s.members {
        creator.member(directory, bytes(member))?;
    }
    let failed = creator.failed;
    let finished = creator.builder.into_inner().and_then(|output| match output {
        Output::Plain(mut output) => output.flush(),
        Output::Packed(encoder) => encoder.finish(),
    });
    finished.map_err(|e| write_error(&e))?;
    Ok(if failed { FATAL } else { 0 })
}

fn write_error(e: &io::Error) -> String {
    if e.kind() == io::ErrorKind::BrokenPipe {
        crate::io::exit(crate::io::BROKEN_PIPE);
    }
    format!("cannot write: {}", reason(e))
}

/// An archive opened where its end mark begins.
fn open_end(path: &Path) -> io::Result<File> {
    let mut file =
        fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut end = 0;
    {
        let mut archive = tar::Archive::new(&mut file);
        for entry in archive.entries()? {
            let entry = entry?;
            let size = entry.size().div_ceil(512) * 512;
            end = entry.raw_file_position() + size;
        }
    }
    file.set_len(end)?;
    file.seek(io::SeekFrom::Start(end))?;
    Ok(file)
}

impl Creator<'_> {
    fn warn(&mut self, message: String) {
        complain(&self.s.name, message);
        self.failed = true;
    }

    /// Packs a member; an error is one of writing the archive.
    fn member(&mut self, directory: &Path, member: &[u8]) -> Result<(), String> {
        let on_disk = directory.join(os_string(member));
        if self.s.excluded(trim_slashes(member)) {
            return Ok(());
        }
        let found = if self.s.dereference { sys::stat(&on_disk) } else { sys::lstat(&on_disk) };
        let stat = match found {
            Ok(stat) => stat,
            Err(e) => {
                let shown = String::from_utf8_lossy(member).into_owned();
                self.warn(format!("{shown}: Cannot stat: {}", reason(&e)));
                return Ok(());
            }
        };
        if self.archive.is_some_and(|archive| archive.same_file(&stat)) {
            let shown = String::from_utf8_lossy(member).into_owned();
            complain(
                &self.s.name,
                format_args!("{shown}: archive cannot contain itself; not dumped"),
            );
            return Ok(());
        }
        let mut name = self.s.transformed(trim_slashes(member));
        if !self.s.absolute && name.starts_with(b"/") {
            if !self.warned_root {
                complain(&self.s.name, "Removing leading `/' from member names");
                self.warned_root = true;
            }
            let start = name.iter().position(|b| *b != b'/').unwrap_or(name.len());
            name.drain(..start);
        }
        if !name.is_empty() {
            self.entry(&on_disk, &name, &stat)?;
        }
        if stat.is_dir() && !self.s.no_recursion {
            let entries = match fs::read_dir(&on_disk) {
                Ok(entries) => entries,
                Err(e) => {
                    let shown = String::from_utf8_lossy(member).into_owned();
                    self.warn(format!("{shown}: Cannot open: {}", reason(&e)));
                    return Ok(());
                }
            };
            let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
            if self.s.sort {
                names.sort();
            }
            for entry in names.into_iter().filter(|name| name != "." && name != "..") {
                let slash: &[u8] = if member.ends_with(b"/") { b"" } else { b"/" };
                self.member(directory, &[member, slash, bytes(&entry)].concat())?;
            }
        }
        if self.s.remove_files {
            let removed =
                if stat.is_dir() { fs::remove_dir(&on_disk) } else { fs::remove_file(&on_disk) };
            if let Err(e) = removed {
                self.warn(format!("{}: Cannot remove: {}", on_disk.display(), reason(&e)));
            }
        }
        Ok(())
    }

    fn entry(&mut self, on_disk: &Path, name: &[u8], stat: &Stat) -> Result<(), String> {
        let mut header = self.header(stat);
        let failed = |e: &io::Error| write_error(e);
        if stat.is_dir() {
            self.say(&[name, b"/"].concat());
            header.set_entry_type(EntryType::Directory);
            header.set_size(0);
            let name = [name, b"/"].concat();
            return self.write(&mut header, &name, b"", &mut io::empty()).map_err(|e| failed(&e));
        }
        if stat.is_symlink() {
            self.say(name);
            let target = match fs::read_link(on_disk) {
                Ok(target) => target,
                Err(e) => {
                    self.warn(format!("{}: Cannot readlink: {}", on_disk.display(), reason(&e)));
                    return Ok(());
                }
            };
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            let target = bytes(target.as_os_str()).to_vec();
            return self
                .write(&mut header, name, &target, &mut io::empty())
                .map_err(|e| failed(&e));
        }
        if !stat.is_file() {
            self.warn(format!("{}: file type not supported; not dumped", on_disk.display()));
            return Ok(());
        }
        if stat.nlink > 1 {
            if let Some(first) = self.linked.get(&(stat.dev, stat.ino)) {
                let first = first.clone();
                self.say(name);
                header.set_entry_type(EntryType::Link);
                header.set_size(0);
                return self
                    .write(&mut header, name, &first, &mut io::empty())
                    .map_err(|e| failed(&e));
            }
            self.linked.insert((stat.dev, stat.ino), name.to_vec());
        }
        let file = match File::open(on_disk) {
            Ok(file) => file,
            Err(e) => {
                self.warn(format!("{}: Cannot open: {}", on_disk.display(), reason(&e)));
                return Ok(());
            }
        };
        self.say(name);
        header.set_entry_type(EntryType::Regular);
        header.set_size(stat.size);
        // A file that changes while it is read must not spoil what follows: exactly its size.
        let mut content = Exactly { inner: file, left: stat.size, short: false };
        self.write(&mut header, name, b"", &mut content).map_err(|e| failed(&e))?;
        if content.short {
            self.warn(format!("{}: File shrank; padding with zeros", on_disk.display()));
        }
        Ok(())
    }

    /// Writes an entry with its names as they are; the crate's own functions would drop a `./`.
    fn write(
        &mut self,
        header: &mut Header,
        name: &[u8],
        link: &[u8],
        data: &mut dyn Read,
    ) -> io::Result<()> {
        let fields = [(name, b'L', 0..100), (link, b'K', 157..257)];
        for (text, kind, field) in fields {
            let room = field.len();
            if text.len() > room {
                // GNU's way: the long name is the content of an entry before.
                let mut long = Header::new_gnu();
                long.as_mut_bytes()[..13].copy_from_slice(b"././@LongLink");
                long.set_mode(0o644);
                long.set_uid(0);
                long.set_gid(0);
                long.set_mtime(0);
                long.set_size(text.len() as u64 + 1);
                long.set_entry_type(EntryType::new(kind));
                long.set_cksum();
                self.builder.append(&long, text.chain(&b"\0"[..]))?;
            }
            let kept = &text[..text.len().min(room)];
            let start = field.start;
            header.as_mut_bytes()[field].fill(0);
            header.as_mut_bytes()[start..start + kept.len()].copy_from_slice(kept);
        }
        header.set_cksum();
        self.builder.append(header, data)
    }

    fn header(&self, stat: &Stat) -> Header {
        let s = self.s;
        let mut header = Header::new_gnu();
        let mode = match &s.mode {
            Some(text) => modes::apply(text, stat.permissions(), stat.is_dir(), 0)
                .unwrap_or(stat.permissions()),
            None => stat.permissions(),
        };
        header.set_mode(mode);
        header.set_mtime(u64::try_from(s.mtime.unwrap_or(stat.mtime.0)).unwrap_or(0));
        let root = ("root".to_owned(), 0);
        let (user, uid) = s.owner.as_ref().unwrap_or(&root);
        let (group, gid) = s.group.as_ref().unwrap_or(&root);
        header.set_uid(*uid);
        header.set_gid(*gid);
        if !s.numeric {
            // Longer names than the field has room for are left out.
            let _ = header.set_username(user);
            let _ = header.set_groupname(group);
        }
        header
    }

    fn say(&self, name: &[u8]) {
        if self.s.verbose == 0 {
            return;
        }
        let line = [name, b"\n"].concat();
        // The list goes where the archive does not.
        let _ = if self.to_stdout {
            io::stderr().write_all(&line)
        } else {
            io::stdout().write_all(&line)
        };
    }
}

fn trim_slashes(member: &[u8]) -> &[u8] {
    let kept = member.iter().rposition(|b| *b != b'/').map_or(1, |at| at + 1);
    &member[..kept.min(member.len())]
}

/// Exactly so many bytes of a file, zeros where it has become shorter.
struct Exactly {
    inner: File,
    left: u64,
    short: bool,
}

impl Read for Exactly {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        if most == 0 {
            return Ok(0);
        }
        let mut read = self.inner.read(&mut buf[..most])?;
        if read == 0 {
            self.short = true;
            buf[..most].fill(0);
            read = most;
        }
        self.left -= read as u64;
        Ok(read)
    }
}
