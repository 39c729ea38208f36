//! Words in source form.

use super::ast::{Part, Word};
use super::parser::{Parser, SyntaxOptions};
use super::print;

/// A word as it stands in the script, except that bash reads and prints the commands of
/// substitutions anew and decodes `$'…'`.
pub(crate) fn word(word: &Word) -> Vec<u8> {
    match (&word.source, word.parts.as_slice()) {
        (Some(text), _) => normalized(text),
        (None, parts) => {
            let mut out = Vec::new();
            for part in parts {
                if let Part::Literal(text) | Part::Quoted(text) | Part::Tilde(text) = part {
                    out.extend_from_slice(text);
                }
            }
            out
        }
    }
}

fn normalized(text: &[u8]) -> Vec<u8> {
    let special = |pair: &[u8]| matches!(pair, b"$(" | b"<(" | b">(" | b"$'" | b"$\"" | b"\\\n");
    if !text.windows(2).any(special) {
        return text.to_vec();
    }
    let options = SyntaxOptions { extglob: true, ..SyntaxOptions::default() };
    let mut parser = Parser::new(text.to_vec(), 1, std::rc::Rc::default(), options);
    let mut out = Vec::with_capacity(text.len());
    match parser.rewrite(&mut out) {
        Some(()) => out,
        None => text.to_vec(),
    }
}

impl Parser<'_> {
    /// Copies the text with its substitutions printed anew.
    fn rewrite(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let mut double = false;
        while let Some(byte) = self.peek() {
            let next = self.peek_at(1);
            match (byte, next) {
                (b'\\', Some(b'\n')) => self.pos += 2,
                (b'"', _) => {
                    double = !double;
                    self.copy(1, out);
                }
                (b'$', Some(b'(')) if self.peek_at(2) == Some(b'(') => {
                    match self.scan_double_parens(1) {
                        Some(_) => self.copy(3, out),
                        None => self.rewrite_commands(out)?,
                    }
                }
                (b'$', Some(b'(')) => self.rewrite_commands(out)?,
                (b'$', Some(b'{')) => self.copy(2, out),
                (b'<' | b'>', Some(b'(')) if !double => self.rewrite_commands(out)?,
                (b'$', Some(b'\'')) if !double => {
                    self.bump_by(2);
                    let text = self.ansi_c_quoted().ok()?;
                    out.extend_from_slice(&crate::expand::quote::plain_single(&text));
                }
                (b'$', Some(b'"')) if !double => self.bump(),
                (b'\'', _) if double => self.copy(1, out),
                (b'`', _) => {
                    let length = self.scan_item(0)?;
                    let text = self.text[self.pos..self.pos + length].to_vec();
                    self.pos += length;
                    out.extend_from_slice(&joined(&text));
                }
                _ => {
                    let length = self.scan_item(0)?;
                    self.copy(length, out);
                }
            }
        }
        Some(())
    }

    fn copy(&mut self, length: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text[self.pos..self.pos + length]);
        self.pos += length;
    }

    fn rewrite_commands(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.copy(2, out);
        let list = self.substitution_body().ok()?;
        let text = print::list(&list);
        if text.starts_with(b"(") {
            // Without a blank it would be arithmetic.
            out.push(b' ');
        }
        out.extend_from_slice(&text);
        out.push(b')');
        Some(())
    }
}

/// The text without its escaped newlines.
pub(super) fn joined(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' {
            if bytes.next_if_eq(&b'\n').is_none() {
                out.push(byte);
                out.extend(bytes.next());
            }
        } else {
            out.push(byte);
        }
    }
    out
}
