//! The current record, its fields, and the variables that have a meaning of their own.

use super::parser::compile;
use super::value::{Text, Value};
use regex::bytes::Regex;
use std::rc::Rc;

/// Names of the first global slots, in this order.
pub(super) const SPECIAL: [&str; 15] = [
    "NF", "NR", "FNR", "FS", "OFS", "ORS", "RS", "SUBSEP", "CONVFMT", "OFMT", "FILENAME", "RSTART",
    "RLENGTH", "ENVIRON", "ARGV",
];
pub(super) const NF: usize = 0;
pub(super) const NR: usize = 1;
pub(super) const FNR: usize = 2;
pub(super) const FS: usize = 3;
pub(super) const OFS: usize = 4;
pub(super) const ORS: usize = 5;
pub(super) const RS: usize = 6;
pub(super) const SUBSEP: usize = 7;
pub(super) const CONVFMT: usize = 8;
pub(super) const OFMT: usize = 9;
pub(super) const FILENAME: usize = 10;
pub(super) const RSTART: usize = 11;
pub(super) const RLENGTH: usize = 12;
pub(super) const ENVIRON: usize = 13;
pub(super) const ARGV: usize = 14;

/// How text is split into fields.
#[derive(Clone, Debug)]
pub(super) enum Separator {
    /// Runs of blanks and newlines, none at the ends.
    Blanks,
    Byte(u8),
    Pattern(Regex),
    /// Every character is a field.
    Characters,
}

impl Separator {
    pub(super) fn new(text: &[u8]) -> Result<Self, String> {
        Ok(match text {
            b" " => Self::Blanks,
            b"" => Self::Characters,
            [b'\\'] => Self::Byte(b'\\'),
            [byte] if byte.is_ascii() => Self::Byte(*byte),
            _ => {
                let shown = String::from_utf8_lossy(text);
                let regex = compile(&shown)
                    .map_err(|e| format!("invalid regular expression /{shown}/: {e}"))?;
                Self::Pattern(regex)
            }
        })
    }

    /// Splits into pieces; `paragraph` lets a newline separate too.
    pub(super) fn split<'t>(&self, text: &'t [u8], paragraph: bool) -> Vec<&'t [u8]> {
        if text.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Blanks => text
                .split(|b| matches!(b, b' ' | b'\t' | b'\n'))
                .filter(|piece| !piece.is_empty())
                .collect(),
            Self::Byte(byte) => text.split(|b| b == byte || paragraph && *b == b'\n').collect(),
            Self::Characters => characters(text),
            Self::Pattern(regex) => {
                let mut pieces = Vec::new();
                let mut from = 0;
                let mut found: Vec<(usize, usize)> = regex
                    .find_iter(text)
                    .filter(|m| !m.is_empty())
                    .map(|m| (m.start(), m.end()))
                    .collect();
                if paragraph {
                    let newlines = text.iter().enumerate().filter(|(_, b)| **b == b'\n');
                    found.extend(newlines.map(|(at, _)| (at, at + 1)));
                    found.sort_unstable();
                }
                for (start, end) in found {
                    if start >= from {
                        pieces.push(&text[from..start]);
                        from = end;
                    }
                }
                pieces.push(&text[from..]);
                pieces
            }
        }
    }
}

pub(super) fn characters(text: &[u8]) -> Vec<&[u8]> {
    match std::str::from_utf8(text) {
        Ok(valid) => valid.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]).collect(),
        Err(_) => text.chunks(1).collect(),
    }
}

/// `$0` and the fields; each is made from the other when it is needed.
#[derive(Debug)]
pub(super) struct Record {
    whole: Text,
    fields: Vec<Value>,
    /// Whether `fields` shows `whole`.
    split: bool,
    /// Whether `whole` shows `fields`.
    joined: bool,
}

impl Record {
    pub(super) fn new() -> Self {
        Self { whole: Text::from(&b""[..]), fields: Vec::new(), split: true, joined: true }
    }

    pub(super) fn set(&mut self, text: Text) {
        self.whole = text;
        self.split = false;
        self.joined = true;
        self.fields.clear();
    }

    pub(super) fn split(&mut self, separator: &Separator, paragraph: bool) {
        if !self.split {
            let pieces = separator.split(&self.whole, paragraph);
            self.fields = pieces.into_iter().map(Value::input).collect();
            self.split = true;
        }
    }

    /// Number of fields; the record must be split.
    pub(super) fn count(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn whole(&mut self, ofs: &[u8], convert: &[u8]) -> Text {
        if !self.joined {
            let mut text = Vec::new();
            for (index, field) in self.fields.iter().enumerate() {
                if index > 0 {
                    text.extend_from_slice(ofs);
                }
                text.extend_from_slice(&field.to_text(convert));
            }
            self.whole = Text::from(text);
            self.joined = true;
        }
        Rc::clone(&self.whole)
    }

    /// Field `index` from 1; the record must be split.
    pub(super) fn field(&self, index: usize) -> Value {
        self.fields.get(index - 1).cloned().unwrap_or_default()
    }

    pub(super) fn set_field(&mut self, index: usize, value: Value) {
        if self.fields.len() < index {
            self.fields.resize(index, Value::text(b""));
        }
        self.fields[index - 1] = value;
        self.joined = false;
    }

    pub(super) fn resize(&mut self, count: usize) {
        self.fields.resize(count, Value::text(b""));
        self.joined = false;
    }
}
