//! The command line of `grep`.

use super::{Binary, Directories, Kind, Settings, Show};
use crate::io::{complain, reason, usage};
use crate::options::{Item, Options, bytes};
use crate::regexes::{self, Flags, Pattern, Syntax};
use std::ffi::OsString;
use std::io::{IsTerminal, Read};

/// The status of a command line that is wrong.
const BAD: u8 = 2;

pub(super) fn read(name: &str, args: Vec<OsString>) -> Result<(Settings, Vec<OsString>), u8> {
    let mut kind = match name {
        "egrep" => Kind::Extended,
        "fgrep" => Kind::Fixed,
        _ => Kind::Basic,
    };
    let mut s = Settings {
        name: "grep".to_owned(),
        patterns: Vec::new(),
        matches_all: false,
        invert: false,
        whole_line: false,
        only_matching: false,
        show: Show::Lines,
        with_name: false,
        line_numbers: false,
        byte_offset: false,
        null_name: false,
        null_data: false,
        no_messages: false,
        max_count: None,
        before: 0,
        after: 0,
        separator: Some("--".to_owned()),
        color: false,
        binary: Binary::Report,
        directories: Directories::Complain,
        dereference: false,
        include: Vec::new(),
        exclude: Vec::new(),
        exclude_dir: Vec::new(),
        label: None,
        line_buffered: false,
        initial_tab: false,
    };
    let (mut fold, mut word, mut no_patterns) = (false, false, false);
    let mut with_name = None;
    let mut texts: Option<Vec<u8>> = None;
    let mut operands = Vec::new();
    let args = context_numbers(args);
    let mut options = Options::new(name, args);
    let add = |texts: &mut Option<Vec<u8>>, more: &[u8]| match texts {
        Some(all) => {
            all.push(b'\n');
            all.extend_from_slice(more);
        }
        None => *texts = Some(more.to_vec()),
    };
    while let Some(item) = options.next().map_err(|_| BAD)? {
        let short = match &item {
            Item::Operand(operand) => {
                operands.push(operand.clone());
                continue;
            }
            Item::Short(c) => *c,
            Item::Long(long) => match &**long {
                "extended-regexp" => 'E',
                "fixed-strings" => 'F',
                "basic-regexp" => 'G',
                "perl-regexp" => 'P',
                "regexp" => 'e',
                "file" => 'f',
                "ignore-case" => 'i',
                "no-ignore-case" => {
                    fold = false;
                    continue;
                }
                "word-regexp" => 'w',
                "line-regexp" => 'x',
                "null-data" => 'z',
                "no-messages" => 's',
                "invert-match" => 'v',
                "max-count" => 'm',
                "byte-offset" => 'b',
                "line-number" => 'n',
                "with-filename" => 'H',
                "no-filename" => 'h',
                "only-matching" => 'o',
                "quiet" | "silent" => 'q',
                "text" => 'a',
                "recursive" => 'r',
                "dereference-recursive" => 'R',
                "files-without-match" => 'L',
                "files-with-matches" => 'l',
                "count" => 'c',
                "initial-tab" => 'T',
                "null" => 'Z',
                "before-context" => 'B',
                "after-context" => 'A',
                "context" => 'C',
                "directories" => 'd',
                "devices" => 'D',
                "line-buffered" => {
                    s.line_buffered = true;
                    continue;
                }
                "binary" => continue,
                "label" => {
                    s.label = Some(options.value().map_err(|_| BAD)?);
                    continue;
                }
                "include" => {
                    s.include.push(options.text().map_err(|_| BAD)?);
                    continue;
                }
                "exclude" => {
                    s.exclude.push(options.text().map_err(|_| BAD)?);
                    continue;
                }
                "exclude-dir" => {
                    let text = options.text().map_err(|_| BAD)?;
                    s.exclude_dir.push(text.trim_end_matches('/').to_owned());
                    continue;
                }
                "group-separator" => {
                    s.separator = Some(options.text().map_err(|_| BAD)?);
                    continue;
                }
                "no-group-separator" => {
                    s.separator = None;
                    continue;
                }
                "binary-files" => {
                    s.binary = match &*options.text().map_err(|_| BAD)? {
                        "binary" => Binary::Report,
                        "text" => Binary::Text,
                        "without-match" => Binary::Skip,
                        _ => {
                            usage(name, "unknown binary-files type");
                            return Err(BAD);
                        }
                    };
                    continue;
                }
                "color" | "colour" => {
                    let when = options.attached().map(|v| v.to_string_lossy().into_owned());
                    s.color = match when.as_deref() {
                        None | Some("auto" | "tty" | "if-tty") => std::io::stdout().is_terminal(),
                        Some("always" | "yes" | "force") => true,
                        _ => false,
                    };
                    continue;
                }
                _ => return options.unknown(&item).map_err(|_| BAD),
            },
        };
        match short {
            'E' => kind = Kind::Extended,
            'F' => kind = Kind::Fixed,
            'G' => kind = Kind::Basic,
            'P' => kind = Kind::Perl,
            'e' => {
                let text = options.value().map_err(|_| BAD)?;
                add(&mut texts, bytes(&text));
            }
            'f' => {
                let path = options.value().map_err(|_| BAD)?;
                let mut text = Vec::new();
                let read = if path == "-" {
                    std::io::stdin().lock().read_to_end(&mut text)
                } else {
                    std::fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut text))
                };
                if let Err(e) = read {
                    complain(name, format_args!("{}: {}", path.display(), reason(&e)));
                    return Err(BAD);
                }
                if text.is_empty() {
                    // An empty file has no patterns, which is not the same as an empty pattern.
                    no_patterns = true;
                } else {
                    add(&mut texts, text.strip_suffix(b"\n").unwrap_or(&text));
                }
            }
            'i' | 'y' => fold = true,
            'w' => word = true,
            'x' => s.whole_line = true,
            'z' => s.null_data = true,
            's' => s.no_messages = true,
            'v' => s.invert = true,
            'm' => s.max_count = Some(options.number("max count").map_err(|_| BAD)?),
            'b' => s.byte_offset = true,
            'n' => s.line_numbers = true,
            'H' => with_name = Some(true),
            'h' => with_name = Some(false),
            'o' => s.only_matching = true,
            'q' => s.show = Show::Nothing,
            'a' => s.binary = Binary::Text,
            'I' => s.binary = Binary::Skip,
            'r' => s.directories = Directories::Recurse,
            'R' => (s.directories, s.dereference) = (Directories::Recurse, true),
            'L' if s.show != Show::Nothing => s.show = Show::NamesWithout,
            'l' if s.show != Show::Nothing => s.show = Show::NamesWith,
            'c' if s.show == Show::Lines => s.show = Show::Count,
            'L' | 'l' | 'c' => {}
            'T' => s.initial_tab = true,
            'Z' => s.null_name = true,
            'U' | 'u' => {}
            'B' => s.before = options.number("context length argument").map_err(|_| BAD)?,
            'A' => s.after = options.number("context length argument").map_err(|_| BAD)?,
            'C' => {
                s.before = options.number("context length argument").map_err(|_| BAD)?;
                s.after = s.before;
            }
            'd' => {
                s.directories = match &*options.text().map_err(|_| BAD)? {
                    "read" => Directories::Complain,
                    "skip" => Directories::Skip,
                    "recurse" => Directories::Recurse,
                    other => {
                        usage(name, format_args!("invalid argument '{other}' for '--directories'"));
                        return Err(BAD);
                    }
                }
            }
            'D' => drop(options.text().map_err(|_| BAD)?),
            'V' => {
                crate::io::Out::new(name, BAD)
                    .line(concat!("grep (greenroom) ", env!("CARGO_PKG_VERSION")));
                return Err(0);
            }
            _ => return options.unknown(&item).map_err(|_| BAD),
        }
    }
    let texts = match texts {
        Some(texts) => Some(texts),
        None if no_patterns => None,
        None if operands.is_empty() => {
            use std::io::Write;
            let _ = writeln!(
                std::io::stderr(),
                "Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information."
            );
            return Err(BAD);
        }
        None => Some(bytes(&operands.remove(0)).to_vec()),
    };
    for text in texts.iter().flat_map(|texts| texts.split(|&b| b == b'\n')) {
        if text.is_empty() && !s.whole_line && !word {
            s.matches_all = true;
        }
        let flags = Flags { fold, whole: s.whole_line, word: word && !s.whole_line };
        match compile(text, kind, flags) {
            Ok(pattern) => s.patterns.push(pattern),
            Err(message) => {
                complain(name, message);
                return Err(BAD);
            }
        }
    }
    let recursive = s.directories == Directories::Recurse;
    s.with_name = with_name.unwrap_or(operands.len() > 1 || recursive);
    Ok((s, operands))
}

fn compile(text: &[u8], kind: Kind, flags: Flags) -> Result<Pattern, String> {
    let as_text = || std::str::from_utf8(text).map_err(|_| "invalid UTF-8 in a pattern".to_owned());
    let translated = match kind {
        Kind::Basic => regexes::translate(text, Syntax::Basic)?,
        Kind::Extended => regexes::translate(text, Syntax::Extended)?,
        Kind::Fixed => regexes::literal(as_text()?),
        Kind::Perl => as_text()?.to_owned(),
    };
    regexes::compile(&translated, flags)
}

/// `-3` and `-C3` mean the same.
fn context_numbers(args: Vec<OsString>) -> Vec<OsString> {
    let mut only_operands = false;
    args.into_iter()
        .map(|arg| {
            only_operands |= arg == "--";
            match arg.to_str().and_then(|text| text.strip_prefix('-')) {
                Some(number)
                    if !only_operands
                        && !number.is_empty()
                        && number.bytes().all(|b| b.is_ascii_digit()) =>
                {
                    format!("-C{number}").into()
                }
                _ => arg,
            }
        })
        .collect()
}
