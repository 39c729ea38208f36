//! Shell text as the simple commands in it.

mod word;
mod wrapper;

use self::word::Word;
use self::wrapper::{Unwrapped, unwrap};

/// What a text calls and defines.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) calls: Vec<Call>,
    pub(super) functions: Vec<String>,
}

/// A simple command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Its words, at least one, without assignments and redirections. A word that is not known
    /// before the script runs is empty.
    pub(super) words: Vec<String>,
    /// The line of its first word, from 0.
    pub(super) line: usize,
}

/// Texts in texts that are followed.
const MAX_DEPTH: usize = 40;

/// Reads a text. Whatever it is, this ends; what is no shell text has no calls, or nonsensical ones.
pub(super) fn read(text: &str) -> Found {
    let mut lexer = Lexer::new(text, 0, 0);
    // A stray `)` ends a list and not the text.
    while lexer.at < lexer.text.len() {
        lexer.list();
        lexer.at += 1;
    }
    lexer.found
}

struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
    depth: usize,
    found: Found,
    /// The delimiters of here-documents that begin on the next line.
    documents: Vec<(String, bool)>,
}

/// What the words of a list are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A command begins.
    Command,
    /// Words of the command that has begun.
    Arguments,
    /// Words of `for`, or after `fi`, `done` and the like: none is a command.
    Nothing,
}

impl<'t> Lexer<'t> {
    fn new(text: &'t str, line: usize, depth: usize) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line,
            depth,
            found: Found::default(),
            documents: Vec::new(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn looks_at(&self, word: &str) -> bool {
        self.text[self.at.min(self.text.len())..].starts_with(word.as_bytes())
    }

    /// Takes one byte and counts lines.
    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b'\n' {
            self.line += 1;
        }
        Some(byte)
    }

    /// Reads commands up to the end, or to a `)` that closes none of this list's own.
    fn list(&mut self) {
        let mut expect = Expect::Command;
        let mut words: Vec<Word> = Vec::new();
        let mut first_line = self.line;
        // For each open `case`, whether a pattern is expected.
        let mut cases: Vec<bool> = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.looks_at("\\\n") => {
                    self.bump();
                    self.bump();
                }
                b'#' => self.comment(),
                b'\n' => {
                    self.call(&mut words, first_line);
                    self.bump();
                    self.skip_documents();
                    expect = Expect::Command;
                }
                b';' | b'&' | b'|' => {
                    if self.looks_at("&>") {
                        self.at += 1;
                        self.redirection();
                        continue;
                    }
                    self.call(&mut words, first_line);
                    let ends_clause = self.looks_at(";;") || self.looks_at(";&");
                    self.at += if ends_clause { 2 } else { 1 };
                    if let (true, Some(pattern)) = (ends_clause, cases.last_mut()) {
                        *pattern = true;
                    }
                    expect = Expect::Command;
                }
                b'(' if cases.last() == Some(&true) => self.at += 1,
                b'(' if self.looks_at("((") && words.is_empty() => self.arithmetic(),
                b'(' if words.len() == 1 && self.is_function() => {
                    let name = words.remove(0).text;
                    self.found.functions.push(name);
                    while self.bump().is_some_and(|byte| byte != b')') {}
                    expect = Expect::Command;
                }
                b'(' => {
                    self.call(&mut words, first_line);
                    self.nested();
                    expect = Expect::Nothing;
                }
                b')' => match cases.last_mut() {
                    Some(pattern) if *pattern => {
                        *pattern = false;
                        self.at += 1;
                        words.clear();
                        expect = Expect::Command;
                    }
                    _ => break,
                },
                b'<' | b'>' => {
                    // `2>` has the number of a descriptor, not a word.
                    let number = |word: &Word| word.text.bytes().all(|b| b.is_ascii_digit());
                    let touches = self.at > 0 && self.text[self.at - 1].is_ascii_digit();
                    if touches && words.last().is_some_and(number) {
                        words.pop();
                    }
                    self.redirection();
                }
                _ => {
                    let line = self.line;
                    let word = self.word();
                    if cases.last() == Some(&true) {
                        if word.is("esac") {
                            cases.pop();
                            expect = Expect::Nothing;
                        }
                        continue;
                    }
                    match expect {
                        Expect::Nothing if word.is("do") || word.is("then") => {
                            expect = Expect::Command;
                        }
                        Expect::Nothing => {}
                        Expect::Arguments => words.push(word),
                        Expect::Command if word.is("case") => {
                            self.case_head();
                            cases.push(true);
                        }
                        Expect::Command if word.is("esac") => {
                            cases.pop();
                            expect = Expect::Nothing;
                        }
                        Expect::Command => {
                            expect = self.first(word, &mut words);
                            first_line = line;
                        }
                    }
                }
            }
        }
        self.call(&mut words, first_line);
    }

    /// A word where a command is expected.
    fn first(&mut self, word: Word, words: &mut Vec<Word>) -> Expect {
        const GO_ON: [&str; 11] =
            ["if", "then", "else", "elif", "while", "until", "do", "{", "!", "time", "coproc"];
        const END: [&str; 3] = ["fi", "done", "}"];
        if GO_ON.iter().any(|keyword| word.is(keyword)) || word.is_assignment() {
            return Expect::Command;
        }
        if END.iter().any(|keyword| word.is(keyword)) || word.is("for") || word.is("select") {
            return Expect::Nothing;
        }
        if word.is("function") {
            self.blanks();
            let name = self.word().text;
            self.found.functions.push(name);
            self.blanks();
            if self.looks_at("()") {
                self.at += 2;
            }
            return Expect::Command;
        }
        if word.is("[[") {
            self.condition();
            return Expect::Nothing;
        }
        words.push(word);
        Expect::Arguments
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn comment(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    /// Whether `()` follows.
    fn is_function(&self) -> bool {
        let rest = self.text[self.at + 1..].iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        rest == Some(&b')')
    }

    /// What stands between parentheses.
    fn nested(&mut self) {
        self.at += 1;
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            self.list();
            self.depth -= 1;
        } else {
            self.at = self.text.len();
        }
        self.at = (self.at + 1).min(self.text.len());
    }

    /// `case WORD in`
    fn case_head(&mut self) {
        self.blanks();
        self.word();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.bump();
        }
        if self.looks_at("in") {
            self.at += 2;
        }
    }

    /// `(( … ))`, whose words are no commands.
    fn arithmetic(&mut self) {
        let mut open = 0;
        while let Some(byte) = self.bump() {
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }

    /// `[[ … ]]`
    fn condition(&mut self) {
        loop {
            match self.peek() {
                None => return,
                Some(b' ' | b'\t' | b'\n' | b'(' | b')' | b'<' | b'>' | b'&' | b'|' | b';') => {
                    self.bump();
                }
                Some(_) => {
                    if self.word().is("]]") {
                        return;
                    }
                }
            }
        }
    }

    /// A redirection with its target; the delimiter of a here-document is remembered.
    fn redirection(&mut self) {
        if self.looks_at("<(") || self.looks_at(">(") {
            self.at += 1;
            self.nested();
            return;
        }
        let document = self.looks_at("<<") && !self.looks_at("<<<");
        let strips = self.looks_at("<<-");
        while matches!(self.peek(), Some(b'<' | b'>' | b'&' | b'|' | b'-')) {
            self.at += 1;
        }
        self.blanks();
        if self.looks_at("<(") || self.looks_at(">(") {
            self.at += 1;
            self.nested();
            return;
        }
        let target = self.word();
        if document {
            self.documents.push((target.text, strips));
        }
    }

    /// Skips the here-documents that begin on this line.
    fn skip_documents(&mut self) {
        for (delimiter, strips) in std::mem::take(&mut self.documents) {
            while self.at < self.text.len() {
                let rest = &self.text[self.at..];
                let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                let line = String::from_utf8_lossy(&rest[..length]);
                self.at = (self.at + length + 1).min(self.text.len());
                self.line += 1;
                let line = if strips { line.trim_start_matches('\t') } else { &line };
                if line == delimiter {
                    break;
                }
            }
        }
    }

    /// Notes a command whose words have come to their end, and those that it calls itself.
    fn call(&mut self, words: &mut Vec<Word>, line: usize) {
        let words: Vec<Word> = std::mem::take(words);
        let mut known: Vec<String> = words
            .into_iter()
            .map(|word| if word.expands { String::new() } else { word.text })
            .collect();
        // What one command calls another with is that other's call.
        for _ in 0..8 {
            match unwrap(&known) {
                Unwrapped::Itself => break,
                Unwrapped::Nothing => return,
                Unwrapped::Rest(from) => drop(known.drain(..from)),
                Unwrapped::Text(text) => {
                    let text = text.to_owned();
                    self.inner(&text, line);
                    return;
                }
            }
        }
        if let Some(name) = known.first_mut() {
            // `/usr/bin/docker` is what `docker` is.
            if let Some((directory, base)) = name.rsplit_once('/')
                && directory.starts_with('/')
                && directory.ends_with("bin")
            {
                *name = base.to_owned();
            }
            if !name.is_empty() {
                self.found.calls.push(Call { words: known, line });
            }
        }
    }
}
