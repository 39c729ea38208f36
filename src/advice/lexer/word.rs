//! Words: quotes, expansions, and the commands that are called in them.

use super::{Lexer, MAX_DEPTH};

/// A word as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether a part of it is only known when the script runs.
    pub(super) expands: bool,
    quoted: bool,
}

impl Word {
    /// A word that the shell itself has a meaning for.
    pub(super) fn is(&self, keyword: &str) -> bool {
        !self.quoted && !self.expands && self.text == keyword
    }

    /// Whether it sets a variable, where a command is expected.
    pub(super) fn is_assignment(&self) -> bool {
        let Some((name, _)) = self.text.split_once('=') else { return false };
        let name = name.strip_suffix('+').unwrap_or(name);
        let name = name.split('[').next().unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    }
}

impl Lexer<'_> {
    /// A word, with the commands that are called in it.
    pub(super) fn word(&mut self) -> Word {
        let mut word = Word::default();
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b')' | b'<' | b'>' => break,
                b'(' if word.text.ends_with('=') && !word.quoted => {
                    // The elements of an array.
                    word.expands = true;
                    self.elements();
                }
                b'(' => break,
                b'\\' => {
                    self.bump();
                    word.quoted = true;
                    match self.bump() {
                        Some(b'\n') | None => {}
                        Some(byte) => word.text.push(char::from(byte)),
                    }
                }
                b'\'' => {
                    self.bump();
                    word.quoted = true;
                    self.single_quotes(&mut word);
                }
                b'"' => {
                    self.bump();
                    word.quoted = true;
                    self.double_quotes(&mut word);
                }
                b'`' => self.backquotes(&mut word),
                b'$' => self.dollar(&mut word),
                _ => {
                    let from = self.at;
                    self.bump();
                    while self.peek().is_some_and(|byte| byte & 0xc0 == 0x80) {
                        self.at += 1;
                    }
                    word.text.push_str(&String::from_utf8_lossy(&self.text[from..self.at]));
                }
            }
        }
        if self.at == start {
            // Never stand still.
            self.bump();
        }
        word
    }

    fn elements(&mut self) {
        self.bump();
        while let Some(byte) = self.peek() {
            match byte {
                b')' => {
                    self.bump();
                    return;
                }
                b' ' | b'\t' | b'\n' | b'\r' | b'(' | b';' | b'&' | b'|' | b'<' | b'>' => {
                    self.bump();
                }
                b'#' => self.comment(),
                _ => drop(self.word()),
            }
        }
    }

    fn single_quotes(&mut self, word: &mut Word) {
        let from = self.at;
        while let Some(byte) = self.bump() {
            if byte == b'\'' {
                word.text.push_str(&String::from_utf8_lossy(&self.text[from..self.at - 1]));
                return;
            }
        }
    }

    fn double_quotes(&mut self, word: &mut Word) {
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.bump();
                    return;
                }
                b'\\' => {
                    self.bump();
                    if let Some(byte) = self.bump() {
                        word.text.push(char::from(byte));
                    }
                }
                b'`' => self.backquotes(word),
                b'$' => self.dollar(word),
                _ => {
                    let from = self.at;
                    self.bump();
                    while self.peek().is_some_and(|byte| byte & 0xc0 == 0x80) {
                        self.at += 1;
                    }
                    word.text.push_str(&String::from_utf8_lossy(&self.text[from..self.at]));
                }
            }
        }
    }

    /// `` `…` ``: its text is read by itself.
    fn backquotes(&mut self, word: &mut Word) {
        self.bump();
        word.expands = true;
        let line = self.line;
        let mut inner = Vec::new();
        while let Some(byte) = self.bump() {
            match byte {
                b'`' => break,
                b'\\' => inner.extend(self.bump()),
                byte => inner.push(byte),
            }
        }
        self.inner(&String::from_utf8_lossy(&inner), line);
    }

    /// What begins with `$`.
    fn dollar(&mut self, word: &mut Word) {
        self.bump();
        match self.peek() {
            Some(b'(') if self.looks_at("((") => {
                word.expands = true;
                self.arithmetic();
            }
            Some(b'(') => {
                word.expands = true;
                self.nested();
            }
            Some(b'{') => {
                word.expands = true;
                self.parameter();
            }
            Some(b'\'') if !word.quoted || word.text.is_empty() => {
                self.bump();
                word.quoted = true;
                while let Some(byte) = self.bump() {
                    match byte {
                        b'\'' => return,
                        b'\\' => drop(self.bump()),
                        byte => word.text.push(char::from(byte)),
                    }
                }
            }
            Some(byte) if byte.is_ascii_alphanumeric() || b"_?#@*!$-".contains(&byte) => {
                word.expands = true;
                self.bump();
                while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
                    self.at += 1;
                }
            }
            _ => word.text.push('$'),
        }
    }

    /// `${…}`, in which commands may be called.
    fn parameter(&mut self) {
        let mut open = 0;
        let mut nothing = Word::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                b'\\' => {
                    self.bump();
                }
                b'$' if open > 0 && self.looks_at("$(") => {
                    self.dollar(&mut nothing);
                    continue;
                }
                b'`' => {
                    self.backquotes(&mut nothing);
                    continue;
                }
                _ => {}
            }
            self.bump();
            if open == 0 {
                return;
            }
        }
    }

    /// Reads a text that stands in this one.
    pub(super) fn inner(&mut self, text: &str, line: usize) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        let mut lexer = Lexer::new(text, line, self.depth + 1);
        lexer.list();
        self.found.calls.append(&mut lexer.found.calls);
        self.found.functions.append(&mut lexer.found.functions);
    }
}
