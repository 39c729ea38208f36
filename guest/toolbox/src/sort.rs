//! `sort` around the one of uutils, which checks and merges on threads of its own; WASI has none.

use crate::io::{complain, reason};
use crate::options::bytes;
use std::ffi::OsString;
use std::io::Read;

/// Something went wrong: 1 means that a file is not sorted.
const TROUBLE: i32 = 2;

/// What the options ask for.
#[derive(Default)]
struct Wanted {
    check: bool,
    quiet: bool,
    unique: bool,
    /// The options and their values, without those for checking and merging.
    options: Vec<OsString>,
    files: Vec<OsString>,
}

pub(crate) fn main(argv: Vec<OsString>) -> i32 {
    let wanted = read(&argv);
    if wanted.check {
        return check(wanted);
    }
    // Merging sorted files and sorting them all give the same.
    let Wanted { options, files, .. } = wanted;
    let mut argv = vec![OsString::from("sort")];
    argv.extend(options);
    if !files.is_empty() {
        argv.push("--".into());
        argv.extend(files);
    }
    uu_sort::uumain(argv.into_iter())
}

fn read(argv: &[OsString]) -> Wanted {
    let mut wanted = Wanted::default();
    let mut args = argv.iter().skip(1);
    while let Some(arg) = args.next() {
        let text = bytes(arg);
        match text {
            b"--" => wanted.files.extend(args.by_ref().cloned()),
            b"--check" | b"--check=diagnose-first" => wanted.check = true,
            b"--check=quiet" | b"--check=silent" => (wanted.check, wanted.quiet) = (true, true),
            b"--merge" => {}
            b"--key"
            | b"--field-separator"
            | b"--output"
            | b"--buffer-size"
            | b"--temporary-directory"
            | b"--sort"
            | b"--parallel"
            | b"--batch-size"
            | b"--compress-program"
            | b"--random-source"
            | b"--files0-from" => {
                wanted.options.push(arg.clone());
                wanted.options.extend(args.next().cloned());
            }
            [b'-', b'-', ..] => {
                wanted.unique |= text == b"--unique";
                wanted.options.push(arg.clone());
            }
            [b'-', letters @ ..] if !letters.is_empty() => {
                let mut kept = vec![b'-'];
                let mut letters = letters.iter();
                let mut needs_value = false;
                while let Some(&letter) = letters.next() {
                    match letter {
                        b'm' => {}
                        b'c' => wanted.check = true,
                        b'C' => (wanted.check, wanted.quiet) = (true, true),
                        b'k' | b't' | b'o' | b'S' | b'T' => {
                            kept.push(letter);
                            kept.extend(letters.by_ref());
                            needs_value = kept.last() == Some(&letter)
                                && text.last() == Some(&letter)
                                && text.iter().filter(|b| **b == letter).count() == 1;
                        }
                        other => {
                            wanted.unique |= other == b'u';
                            kept.push(other);
                        }
                    }
                }
                if kept.len() > 1 {
                    wanted.options.push(crate::options::os_string(&kept));
                }
                if needs_value {
                    wanted.options.extend(args.next().cloned());
                }
            }
            _ => wanted.files.push(arg.clone()),
        }
    }
    wanted
}

/// A file is sorted when sorting changes nothing.
fn check(wanted: Wanted) -> i32 {
    let fail = |message: String| {
        complain("sort", message);
        TROUBLE
    };
    if let [_, extra, ..] = &wanted.files[..] {
        return fail(format!("extra operand '{}' not allowed with -c", extra.display()));
    }
    let file = wanted.files.first().cloned().unwrap_or_else(|| "-".into());
    let mut text = Vec::new();
    let read = if file == "-" {
        std::io::stdin().lock().read_to_end(&mut text).map(drop)
    } else {
        std::fs::read(&file).map(|content| text = content)
    };
    if let Err(e) = read {
        return fail(format!("cannot read: {}: {}", file.display(), reason(&e)));
    }
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    // WASI has no directory for temporary files of its own; the sandbox always has this one.
    let place = std::path::PathBuf::from("/tmp");
    let place = place.join(format!("sort-check-{}", greenroom_process::getpid()));
    let (input, output) = (place.with_extension("in"), place.with_extension("out"));
    if let Err(e) = std::fs::write(&input, &text) {
        return fail(format!("cannot write {}: {}", input.display(), reason(&e)));
    }
    let mut argv = vec![OsString::from("sort")];
    argv.extend(wanted.options);
    argv.extend([
        "-o".into(),
        output.clone().into_os_string(),
        "--".into(),
        input.clone().into_os_string(),
    ]);
    let status = uu_sort::uumain(argv.into_iter());
    let sorted = std::fs::read(&output);
    let _ = (std::fs::remove_file(&input), std::fs::remove_file(&output));
    let sorted = match sorted {
        Ok(sorted) if status == 0 => sorted,
        _ => return TROUBLE,
    };
    if sorted == text {
        return 0;
    }
    if !wanted.quiet {
        let same = text
            .split(|b| *b == b'\n')
            .zip(sorted.split(|b| *b == b'\n'))
            .take_while(|(a, b)| a == b);
        let line = same.count() + 1;
        complain("sort", format_args!("{}: not in order, from line {line} on", file.display()));
    }
    1
}
