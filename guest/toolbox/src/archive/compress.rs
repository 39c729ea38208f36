//! `gzip`, `bzip2`, `xz`, `zstd` and their relatives that decompress.

use super::codec::Codec;
use crate::io::{BROKEN_PIPE, complain, exit, reason};
use crate::options::{BadUsage, Item, Options, bytes, os_string};
use crate::sys;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
struct Settings<'a> {
    name: &'a str,
    codec: Codec,
    decompress: bool,
    to_stdout: bool,
    keep: bool,
    force: bool,
    test: bool,
    verbose: bool,
    quiet: bool,
    recursive: bool,
    suffix: String,
    level: u32,
    output: Option<OsString>,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let codec = match name {
        "bunzip2" | "bzcat" | "bzip2" => Codec::Bzip2,
        "unxz" | "xz" | "xzcat" => Codec::Xz,
        "unzstd" | "zstd" | "zstdcat" => Codec::Zstd,
        _ => Codec::Gzip,
    };
    let to_stdout = name.ends_with("cat");
    let mut s = Settings {
        name,
        codec,
        decompress: to_stdout
            || name.starts_with("un")
            || name.starts_with("gun")
            || name.starts_with("bun"),
        to_stdout,
        // zstd alone keeps its input.
        keep: codec == Codec::Zstd,
        force: false,
        test: false,
        verbose: false,
        quiet: false,
        recursive: false,
        suffix: codec.suffix().to_owned(),
        level: if codec == Codec::Bzip2 { 9 } else { 6 },
        output: None,
    };
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('d') => s.decompress = true,
            Item::Short('z') => s.decompress = false,
            Item::Short('c') => s.to_stdout = true,
            Item::Short('k') => s.keep = true,
            Item::Short('f') => s.force = true,
            Item::Short('t') => (s.test, s.decompress) = (true, true),
            Item::Short('v') => s.verbose = true,
            Item::Short('q') => s.quiet = true,
            Item::Short('r') => s.recursive = true,
            Item::Short('S') => s.suffix = options.text()?,
            Item::Short('o') if codec == Codec::Zstd => s.output = Some(options.value()?),
            // Names and times in the header are left out, threads are the sandbox's business.
            Item::Short('n' | 'N' | 'e') => {}
            Item::Short('T') => drop(options.text()?),
            Item::Short(digit @ '0'..='9') => {
                s.level = digit.to_digit(10).unwrap_or(6).max(1);
                // zstd has levels up to 19, written as -1 -9.
                if codec == Codec::Zstd {
                    s.level = 6;
                }
            }
            Item::Long(ref long) => match &**long {
                "decompress" | "uncompress" => s.decompress = true,
                "compress" => s.decompress = false,
                "stdout" | "to-stdout" => s.to_stdout = true,
                "keep" => s.keep = true,
                "rm" => s.keep = false,
                "force" => s.force = true,
                "test" => (s.test, s.decompress) = (true, true),
                "verbose" => s.verbose = true,
                "quiet" => s.quiet = true,
                "recursive" => s.recursive = true,
                "suffix" => s.suffix = options.text()?,
                "fast" => s.level = 1,
                "best" => s.level = 9,
                "ultra" | "no-name" | "name" | "extreme" | "rsyncable" | "long" => {
                    drop(options.attached());
                }
                "threads" => drop(options.text()?),
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    if operands.is_empty() {
        operands.push("-".into());
    }
    let mut status = 0;
    for operand in operands {
        status = status.max(s.operand(&operand));
    }
    Ok(status)
}

impl Settings<'_> {
    fn fail(&self, path: &OsStr, message: &str) -> u8 {
        complain(self.name, format_args!("{}: {message}", path.display()));
        1
    }

    fn operand(&self, operand: &OsStr) -> u8 {
        if operand == "-" {
            let stdin = io::stdin().lock();
            let to = if self.test { Destination::Nowhere } else { Destination::Stdout };
            return self.transfer(operand, stdin, to);
        }
        let path = Path::new(operand);
        let stat = match sys::stat(path) {
            Ok(stat) => stat,
            // `gunzip file` finds file.gz.
            Err(_) if self.decompress && sys::stat(with_suffix(operand, &self.suffix)).is_ok() => {
                return self.operand(&with_suffix(operand, &self.suffix));
            }
            Err(e) => return self.fail(operand, &reason(&e)),
        };
        if stat.is_dir() {
            if !self.recursive {
                complain(self.name, format_args!("{} is a directory -- ignored", path.display()));
                return 2;
            }
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
            paths.sort();
            return paths.iter().map(|path| self.operand(path.as_os_str())).max().unwrap_or(0);
        }
        let input = match File::open(path) {
            Ok(file) => BufReader::with_capacity(64 * 1024, file),
            Err(e) => return self.fail(operand, &reason(&e)),
        };
        if self.test {
            return self.transfer(operand, input, Destination::Nowhere);
        }
        if self.to_stdout {
            return self.transfer(operand, input, Destination::Stdout);
        }
        let target = match &self.output {
            Some(output) => output.clone(),
            None if self.decompress => match self.uncompressed(operand) {
                Some(target) => target,
                None => {
                    if !self.quiet {
                        complain(
                            self.name,
                            format_args!("{}: unknown suffix -- ignored", path.display()),
                        );
                    }
                    return 2;
                }
            },
            None if bytes(operand).ends_with(self.suffix.as_bytes()) && !self.force => {
                if !self.quiet {
                    let suffix = &self.suffix;
                    complain(
                        self.name,
                        format_args!("{} already has {suffix} suffix -- unchanged", path.display()),
                    );
                }
                return 2;
            }
            None => with_suffix(operand, &self.suffix),
        };
        if !self.force && fs::symlink_metadata(&target).is_ok() {
            complain(
                self.name,
                format_args!("{} already exists; not overwritten", target.display()),
            );
            return 2;
        }
        let status = self.transfer(operand, input, Destination::File(&target));
        if status != 0 {
            let _ = fs::remove_file(&target);
            return status;
        }
        // The result takes the input's place, with its mode and times.
        let _ = sys::chmod(&target, stat.permissions());
        let _ = sys::set_times(Path::new(&target), &stat, true);
        if !self.keep
            && let Err(e) = fs::remove_file(path)
        {
            return self.fail(operand, &reason(&e));
        }
        if self.verbose {
            let verb = if self.keep { "created" } else { "replaced with" };
            complain(self.name, format_args!("{}: {verb} {}", path.display(), target.display()));
        }
        0
    }

    /// The name without the compression's suffix; `.tgz` and the like become `.tar`.
    fn uncompressed(&self, name: &OsStr) -> Option<OsString> {
        let text = bytes(name);
        if let Some(stem) =
            text.strip_suffix(self.suffix.as_bytes()).filter(|stem| !stem.is_empty())
        {
            return Some(os_string(stem));
        }
        let tar: &[&[u8]] = match self.codec {
            Codec::Gzip => &[b".tgz", b".taz"],
            Codec::Bzip2 => &[b".tbz", b".tbz2"],
            Codec::Xz => &[b".txz"],
            Codec::Zstd => &[b".tzst"],
        };
        tar.iter()
            .find_map(|suffix| text.strip_suffix(*suffix))
            .map(|stem| os_string(&[stem, b".tar"].concat()))
    }

    fn transfer(&self, from: &OsStr, input: impl io::BufRead, to: Destination<'_>) -> u8 {
        let result = match to {
            Destination::Nowhere => self.copy(input, io::sink()),
            Destination::Stdout => self.copy(input, io::stdout().lock()),
            Destination::File(path) => {
                File::create(path).and_then(|file| self.copy(input, BufWriter::new(file)))
            }
        };
        match result {
            Ok(()) => 0,
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => exit(BROKEN_PIPE),
            Err(e) => {
                let shown = if from == "-" { OsStr::new("stdin") } else { from };
                let text = match e.kind() {
                    io::ErrorKind::UnexpectedEof => "unexpected end of file".to_owned(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if self.decompress => {
                        format!("not in {} format, or damaged ({})", self.codec_name(), reason(&e))
                    }
                    _ => reason(&e),
                };
                self.fail(shown, &text)
            }
        }
    }

    fn codec_name(&self) -> &'static str {
        match self.codec {
            Codec::Gzip => "gzip",
            Codec::Bzip2 => "bzip2",
            Codec::Xz => "xz",
            Codec::Zstd => "zstd",
        }
    }

    fn copy(&self, input: impl io::BufRead, output: impl Write) -> io::Result<()> {
        if self.decompress {
            let mut output = output;
            let mut input = input;
            // With -f and to standard output, what is not compressed passes through, as in `zcat -f`.
            if self.force
                && self.to_stdout
                && Codec::of_content(input.fill_buf()?) != Some(self.codec)
            {
                io::copy(&mut input, &mut output)?;
                return output.flush();
            }
            let mut reader = self.codec.reader(input)?;
            copy_all(&mut reader, &mut output)?;
            output.flush()
        } else {
            let mut encoder = self.codec.writer(output, self.level)?;
            copy_all(&mut { input }, &mut encoder)?;
            encoder.finish()
        }
    }
}

fn copy_all(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(()),
            read => output.write_all(&buffer[..read])?,
        }
    }
}

enum Destination<'a> {
    Stdout,
    File(&'a OsStr),
    Nowhere,
}

fn with_suffix(name: &OsStr, suffix: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(suffix);
    name
}
