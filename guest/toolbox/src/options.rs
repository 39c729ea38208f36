//! Command lines: short and long options as GNU's getopt reads them, on top of `lexopt`.

use crate::io;
use lexopt::{Arg, Parser};
use std::ffi::{OsStr, OsString};

/// Why a command line was not accepted; printed already.
#[derive(Debug)]
pub(crate) struct BadUsage;

/// Reads the options of the command `name`.
pub(crate) struct Options<'a> {
    parser: Parser,
    name: &'a str,
    /// Where options are only looked for before the first operand (`env`, `xargs`, `timeout` …).
    stop_at_operand: bool,
}

/// One item of a command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Short(char),
    Long(String),
    Operand(OsString),
}

impl<'a> Options<'a> {
    /// Options and operands may be mixed.
    pub(crate) fn new(name: &'a str, args: Vec<OsString>) -> Self {
        Self { parser: Parser::from_args(args), name, stop_at_operand: false }
    }

    /// The first operand ends the options.
    pub(crate) fn until_operand(name: &'a str, args: Vec<OsString>) -> Self {
        Self { stop_at_operand: true, ..Self::new(name, args) }
    }

    /// The next item, `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Item>, BadUsage> {
        match self.parser.next() {
            Ok(None) => Ok(None),
            Ok(Some(Arg::Short(c))) => Ok(Some(Item::Short(c))),
            Ok(Some(Arg::Long(long))) => Ok(Some(Item::Long(long.to_owned()))),
            Ok(Some(Arg::Value(value))) => Ok(Some(Item::Operand(value))),
            Err(error) => {
                io::usage(self.name, error);
                Err(BadUsage)
            }
        }
    }

    /// The value of the option just read.
    pub(crate) fn value(&mut self) -> Result<OsString, BadUsage> {
        self.parser.value().map_err(|error| {
            let text = match error {
                lexopt::Error::MissingValue { option: Some(option) } => {
                    match option.strip_prefix("--") {
                        Some(_) => format!("option '{option}' requires an argument"),
                        None => format!(
                            "option requires an argument -- '{}'",
                            option.trim_start_matches('-')
                        ),
                    }
                }
                other => other.to_string(),
            };
            io::usage(self.name, text);
            BadUsage
        })
    }

    /// The value of the option just read, as text.
    pub(crate) fn text(&mut self) -> Result<String, BadUsage> {
        self.value().map(|value| value.to_string_lossy().into_owned())
    }

    /// The value attached to the option just read (`--color=auto`, `-i.bak`), if there is one.
    pub(crate) fn attached(&mut self) -> Option<OsString> {
        self.parser.optional_value()
    }

    /// The value of the option just read as a number.
    pub(crate) fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, BadUsage> {
        let text = self.text()?;
        text.trim().parse().map_err(|_| {
            io::complain(self.name, format_args!("invalid {what}: '{text}'"));
            BadUsage
        })
    }

    /// The error for an option that the command does not have.
    pub(crate) fn unknown<T>(&self, item: &Item) -> Result<T, BadUsage> {
        match item {
            Item::Short(c) => io::usage(self.name, format_args!("invalid option -- '{c}'")),
            Item::Long(long) => {
                io::usage(self.name, format_args!("unrecognized option '--{long}'"));
            }
            Item::Operand(operand) => {
                io::usage(self.name, format_args!("extra operand '{}'", operand.display()));
            }
        }
        Err(BadUsage)
    }

    /// Everything after the operand just read, when the options end there.
    pub(crate) fn rest(&mut self) -> Vec<OsString> {
        debug_assert!(self.stop_at_operand, "only for commands that run another");
        match self.parser.raw_args() {
            Ok(args) => args.collect(),
            Err(_) => Vec::new(),
        }
    }
}

/// Bytes of an argument: they pass through unchanged.
pub(crate) fn bytes(text: &OsStr) -> &[u8] {
    text.as_encoded_bytes()
}

/// An argument or a path from bytes that were read from a file. On WASI a path is UTF-8; where the
/// bytes are not, the replacement character makes the look-up fail with the name visible.
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        OsString::from_vec(bytes.to_vec())
    }
    #[cfg(target_os = "wasi")]
    {
        use std::os::wasi::ffi::OsStringExt;
        OsString::from_vec(bytes.to_vec())
    }
    #[cfg(not(any(unix, target_os = "wasi")))]
    {
        OsString::from(String::from_utf8_lossy(bytes).into_owned())
    }
}
