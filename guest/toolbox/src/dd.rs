//! `dd`: our own, because the one of uutils starts a thread, which WASI does not have.

use crate::io::{complain, exit, reason, usage};
use crate::size;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

struct Settings {
    input: Option<OsString>,
    output: Option<OsString>,
    input_block: u64,
    output_block: u64,
    count: Option<u64>,
    skip: u64,
    seek: u64,
    truncate: bool,
    pad: bool,
    go_on: bool,
    case: Option<bool>,
    quiet: bool,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    let mut s = Settings {
        input: None,
        output: None,
        input_block: 512,
        output_block: 512,
        count: None,
        skip: 0,
        seek: 0,
        truncate: true,
        pad: false,
        go_on: false,
        case: None,
        quiet: false,
    };
    for arg in args {
        let text = arg.to_string_lossy().into_owned();
        if let Err(message) = operand(&mut s, &text) {
            usage(name, message);
            return 1;
        }
    }
    match copy(name, &s) {
        Ok(()) => 0,
        Err((what, e)) if e.kind() == io::ErrorKind::BrokenPipe => {
            let _ = what;
            exit(crate::io::BROKEN_PIPE)
        }
        Err((what, e)) => {
            complain(name, format_args!("{what}: {}", reason(&e)));
            1
        }
    }
}

fn operand(s: &mut Settings, text: &str) -> Result<(), String> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(format!("unrecognized operand '{text}'"));
    };
    // `2x512` is a product.
    let number = || {
        let factors = value.split('x').map(size::parse);
        factors
            .reduce(|a, b| a?.checked_mul(b?))
            .flatten()
            .ok_or_else(|| format!("invalid number: '{value}'"))
    };
    let block = || match number() {
        // A block has to fit into memory.
        Ok(size) if (1..=1 << 30).contains(&size) => Ok(size),
        Ok(_) => Err(format!("invalid number: '{value}'")),
        Err(message) => Err(message),
    };
    match key {
        "if" => s.input = Some(value.into()),
        "of" => s.output = Some(value.into()),
        "bs" => (s.input_block, s.output_block) = (block()?, block()?),
        "ibs" => s.input_block = block()?,
        "obs" => s.output_block = block()?,
        "count" => s.count = Some(number()?),
        "skip" | "iseek" => s.skip = number()?,
        "seek" | "oseek" => s.seek = number()?,
        "status" => match value {
            "none" => s.quiet = true,
            "noxfer" | "progress" => {}
            _ => return Err(format!("invalid status level: '{value}'")),
        },
        "conv" => {
            for conversion in value.split(',') {
                match conversion {
                    "notrunc" => s.truncate = false,
                    "sync" => s.pad = true,
                    "noerror" => s.go_on = true,
                    "ucase" => s.case = Some(true),
                    "lcase" => s.case = Some(false),
                    // The host writes files when it sees fit.
                    "fsync" | "fdatasync" => {}
                    _ => return Err(format!("invalid conversion: '{conversion}'")),
                }
            }
        }
        "iflag" | "oflag" => {
            for flag in value.split(',') {
                // Blocks are always read in full; how data reaches the disk is the host's business.
                if !["fullblock", "direct", "sync", "dsync", "nonblock"].contains(&flag) {
                    return Err(format!("invalid flag: '{flag}'"));
                }
            }
        }
        _ => return Err(format!("unrecognized operand '{text}'")),
    }
    Ok(())
}

type Failure = (String, io::Error);

fn copy(name: &str, s: &Settings) -> Result<(), Failure> {
    let started = std::time::Instant::now();
    let mut input: Box<dyn Read> = match &s.input {
        Some(path) => {
            let shown = || format!("failed to open '{}'", path.display());
            let mut file = File::open(path).map_err(|e| (shown(), e))?;
            let skip = s.skip.saturating_mul(s.input_block);
            if skip > 0 && file.seek(SeekFrom::Start(skip)).is_err() {
                let skipped = io::copy(&mut (&mut file).take(skip), &mut io::sink());
                skipped.map_err(|e| (shown(), e))?;
            }
            Box::new(file)
        }
        None => {
            let mut stdin = io::stdin().lock();
            let skip = s.skip.saturating_mul(s.input_block);
            let skipped = io::copy(&mut stdin.by_ref().take(skip), &mut io::sink());
            skipped.map_err(|e| ("error reading 'standard input'".to_owned(), e))?;
            Box::new(stdin)
        }
    };
    let mut output: Box<dyn Write> = match &s.output {
        Some(path) => {
            let failed = |e| (format!("failed to open '{}'", path.display()), e);
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(s.truncate && s.seek == 0)
                .open(path)
                .map_err(failed)?;
            if s.seek > 0 {
                let at = s.seek.saturating_mul(s.output_block);
                if s.truncate {
                    file.set_len(at).map_err(failed)?;
                }
                file.seek(SeekFrom::Start(at)).map_err(failed)?;
            }
            Box::new(file)
        }
        None => Box::new(io::stdout().lock()),
    };
    let shown = |path: &Option<OsString>, other: &str| {
        path.as_ref().map_or(other.to_owned(), |path| path.display().to_string())
    };
    let mut block = vec![0; usize::try_from(s.input_block).unwrap_or(512)];
    let (mut full, mut partial, mut bytes) = (0u64, 0u64, 0u64);
    while s.count.is_none_or(|count| full + partial < count) {
        let mut length = 0;
        while length < block.len() {
            match input.read(&mut block[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if s.go_on => {
                    complain(name, format_args!("error reading: {}", reason(&e)));
                    break;
                }
                Err(e) => {
                    return Err((
                        format!("error reading '{}'", shown(&s.input, "standard input")),
                        e,
                    ));
                }
            }
        }
        if length == 0 {
            break;
        }
        if length == block.len() {
            full += 1
        } else {
            partial += 1
        }
        if s.pad && length < block.len() {
            block[length..].fill(0);
            length = block.len();
        }
        match s.case {
            Some(true) => block[..length].make_ascii_uppercase(),
            Some(false) => block[..length].make_ascii_lowercase(),
            None => {}
        }
        let written = output.write_all(&block[..length]);
        written
            .map_err(|e| (format!("error writing '{}'", shown(&s.output, "standard output")), e))?;
        bytes += length as u64;
    }
    let flushed = output.flush();
    flushed.map_err(|e| (format!("error writing '{}'", shown(&s.output, "standard output")), e))?;
    if !s.quiet {
        let out_full = bytes / s.output_block;
        let out_partial = u64::from(!bytes.is_multiple_of(s.output_block));
        let seconds = started.elapsed().as_secs_f64();
        let plural = if bytes == 1 { "" } else { "s" };
        // GNU's three lines have no name in front.
        let _ = write!(
            io::stderr(),
            "{full}+{partial} records in\n{out_full}+{out_partial} records out\n\
             {bytes} byte{plural} copied, {seconds:.6} s\n"
        );
    }
    Ok(())
}
