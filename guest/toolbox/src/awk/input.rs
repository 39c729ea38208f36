//! Reading records.

use super::parser::compile;
use regex::bytes::Regex;
use std::io::{self, Read};

/// What ends a record: the value of `RS`.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Byte(u8),
    /// Empty lines; a newline then separates fields too.
    Paragraph,
    Pattern(Regex),
}

impl Ending {
    pub(super) fn new(rs: &[u8]) -> Result<Self, String> {
        Ok(match rs {
            b"" => Self::Paragraph,
            [byte] => Self::Byte(*byte),
            _ => {
                let shown = String::from_utf8_lossy(rs);
                Self::Pattern(
                    compile(&shown)
                        .map_err(|e| format!("invalid regular expression /{shown}/: {e}"))?,
                )
            }
        })
    }
}

/// A source of records.
pub(super) struct Reader {
    source: Box<dyn Read>,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
}

impl Reader {
    pub(super) fn new(source: impl Read + 'static) -> Self {
        Self { source: Box::new(source), buffer: Vec::new(), start: 0, ended: false }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let before = self.buffer.len();
        self.buffer.resize(before + 64 * 1024, 0);
        let read = loop {
            match self.source.read(&mut self.buffer[before..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    fn take(&mut self, length: usize, skip: usize) -> Vec<u8> {
        let record = self.rest()[..length].to_vec();
        self.start += length + skip;
        record
    }

    /// The next record, `None` at the end.
    pub(super) fn record(&mut self, ending: &Ending) -> io::Result<Option<Vec<u8>>> {
        let mut looked = 0;
        if matches!(ending, Ending::Paragraph) {
            // Newlines before a paragraph are not part of it.
            loop {
                let skip = self.rest().iter().take_while(|b| **b == b'\n').count();
                self.start += skip;
                if !self.rest().is_empty() || self.ended {
                    break;
                }
                self.fill()?;
            }
        }
        loop {
            let rest = self.rest();
            let found = match ending {
                Ending::Byte(byte) => {
                    memchr::memchr(*byte, &rest[looked..]).map(|at| (looked + at, 1))
                }
                Ending::Paragraph => {
                    let from = looked.saturating_sub(1);
                    memchr::memmem::find(&rest[from..], b"\n\n").map(|at| (from + at, 2))
                }
                // A match that touches the end might become longer with more input.
                Ending::Pattern(regex) => regex
                    .find(rest)
                    .filter(|m| !m.is_empty() && (self.ended || m.end() < rest.len()))
                    .map(|m| (m.start(), m.end() - m.start())),
            };
            if let Some((length, skip)) = found {
                return Ok(Some(self.take(length, skip)));
            }
            if self.ended {
                if rest.is_empty() {
                    return Ok(None);
                }
                let mut length = rest.len();
                let whole = length;
                if matches!(ending, Ending::Paragraph) && rest.ends_with(b"\n") {
                    length -= 1;
                }
                // With a pattern, a last newline is not data (as gawk has it, only if it matches).
                return Ok(Some(self.take(length, whole - length)));
            }
            looked = rest.len();
            self.fill()?;
        }
    }
}
