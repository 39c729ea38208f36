//! Here-documents.

use super::ast::{Part, Word};
use super::parser::{Parser, PendingHereDoc};
use super::words::WordKind;
use super::{Parsed, is_meta};

impl Parser<'_> {
    /// The delimiter after `<<`, and whether any of it is quoted.
    pub(super) fn here_delimiter(&mut self) -> Parsed<(Vec<u8>, bool)> {
        let (mut delimiter, mut quoted) = (Vec::new(), false);
        let line = self.line;
        while let Some(byte) = self.peek().filter(|&b| !is_meta(b)) {
            self.bump();
            match byte {
                b'\\' => {
                    quoted = true;
                    if let Some(next) = self.peek() {
                        self.bump();
                        if next != b'\n' {
                            delimiter.push(next);
                        }
                    }
                }
                b'\'' | b'"' => {
                    quoted = true;
                    loop {
                        match self.peek() {
                            None => return Err(self.unmatched(char::from(byte), line)),
                            Some(next) if next == byte => break self.bump(),
                            Some(b'\\') if byte == b'"' => {
                                self.bump();
                                if let Some(next) = self.peek() {
                                    if !matches!(next, b'"' | b'\\' | b'$' | b'`') {
                                        delimiter.push(b'\\');
                                    }
                                    delimiter.push(next);
                                    self.bump();
                                }
                            }
                            Some(next) => {
                                delimiter.push(next);
                                self.bump();
                            }
                        }
                    }
                }
                b'$' if matches!(self.peek(), Some(b'\'' | b'"')) => quoted = true,
                b'$' | b'`' => {
                    // No expansion is made, but its text belongs to the delimiter.
                    self.pos -= 1;
                    let length = self.scan_item(0).unwrap_or(1);
                    let pos = self.pos;
                    delimiter.extend_from_slice(&self.text[pos..pos + length]);
                    self.bump_by(length);
                }
                _ => delimiter.push(byte),
            }
        }
        Ok((delimiter, quoted))
    }

    /// Reads the bodies of the here-documents whose operators were on the line that just ended.
    pub(super) fn read_here_documents(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            self.read_here_document(&pending);
        }
    }

    fn read_here_document(&mut self, pending: &PendingHereDoc) {
        let first_line = self.line;
        let mut body = Vec::new();
        let mut ended = false;
        while self.peek().is_some() {
            let start = self.pos;
            while self.peek().is_some_and(|b| b != b'\n') {
                self.pos += 1;
            }
            let mut line = &self.text[start..self.pos];
            // Without quoting, an escaped newline joins a line to the one before.
            let joined = !pending.quoted && ends_in_escape(&body);
            if pending.strip_tabs && !joined {
                let tabs = line.iter().take_while(|&&b| b == b'\t').count();
                line = &line[tabs..];
            }
            if line == pending.delimiter && !joined {
                ended = true;
            } else {
                body.extend_from_slice(line);
            }
            let newline = self.peek() == Some(b'\n');
            if newline {
                self.bump();
            }
            if ended {
                break;
            }
            if newline {
                body.push(b'\n');
            }
        }
        if !ended {
            if body.last().is_some_and(|&b| b != b'\n') {
                body.push(b'\n');
            }
            let last = self.line - u32::from(self.text.last() == Some(&b'\n'));
            self.warnings.push((
                last,
                format!(
                    "warning: here-document at line {} delimited by end-of-file (wanted `{}')",
                    first_line - 1,
                    crate::bytes::display(&pending.delimiter)
                ),
            ));
        }
        *pending.doc.text.borrow_mut() =
            if pending.quoted { body.clone() } else { super::source::joined(&body) }.into();
        let word = if pending.quoted {
            Word { parts: vec![Part::Quoted(body.into())], ..Word::default() }
        } else {
            let mut nested = self.nested(body, first_line);
            match nested.word(WordKind::HereDoc) {
                Ok(word) => word,
                Err(error) => {
                    self.warnings.push((error.line, error.message));
                    Word::default()
                }
            }
        };
        *pending.doc.body.borrow_mut() = word;
    }
}

fn ends_in_escape(body: &[u8]) -> bool {
    body.strip_suffix(b"\n")
        .is_some_and(|b| b.iter().rev().take_while(|&&c| c == b'\\').count() % 2 == 1)
}
