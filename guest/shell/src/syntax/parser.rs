//! The cursor over the source text that the parsing modules share.

use std::rc::Rc;

use super::alias::{Aliases, Replaced};
use super::ast::{HereDoc, List};
use super::{MAX_NESTING, Parsed, SyntaxError, is_meta};

/// Appends the next line of the script to the buffer; false at the end.
pub(crate) type Feed<'a> = Box<dyn FnMut(&mut Vec<u8>) -> bool + 'a>;

/// What of the shell's options changes the grammar.
#[derive(Clone, Debug, Default)]
pub(crate) struct SyntaxOptions {
    pub(crate) extglob: bool,
    pub(crate) posix: bool,
    /// The aliases, where they are expanded.
    pub(crate) aliases: Option<Rc<Aliases>>,
}

pub(super) struct PendingHereDoc {
    pub(super) doc: Rc<HereDoc>,
    pub(super) delimiter: Vec<u8>,
    pub(super) quoted: bool,
    pub(super) strip_tabs: bool,
}

/// A parser over a text that may still grow.
pub(crate) struct Parser<'a> {
    pub(super) text: Vec<u8>,
    pub(super) pos: usize,
    pub(super) line: u32,
    pub(super) depth: u32,
    /// The depth at which complete commands begin: what surrounds them uses the stack, too.
    base: u32,
    pub(super) options: SyntaxOptions,
    pub(super) source: Rc<[u8]>,
    pub(super) pending: Vec<PendingHereDoc>,
    /// Where the innermost here-document that the text did not finish began.
    pub(super) warnings: Vec<(u32, String)>,
    /// What [`Self::take_read_lines`] has returned of the text.
    taken: usize,
    feed: Option<Feed<'a>>,
    /// Aliases whose text the cursor is in or was in.
    pub(super) replaced: Vec<Replaced>,
    /// From here on the next word may be an alias although no command begins.
    pub(super) alias_blank: Option<usize>,
    pub(super) alias_text: usize,
    /// This text is a part of another one.
    part: bool,
    /// Inside of the value of an assignment.
    pub(super) assigning: bool,
}

impl<'a> Parser<'a> {
    /// A parser of a complete text whose first line has the number `line`.
    pub(crate) fn new(text: Vec<u8>, line: u32, source: Rc<[u8]>, options: SyntaxOptions) -> Self {
        Self {
            text,
            pos: 0,
            line,
            depth: 0,
            base: 0,
            options,
            source,
            pending: Vec::new(),
            warnings: Vec::new(),
            taken: 0,
            feed: None,
            replaced: Vec::new(),
            alias_blank: None,
            alias_text: 0,
            assigning: false,
            part: false,
        }
    }

    /// A parser that asks for more text when it needs it.
    pub(crate) fn with_feed(feed: Feed<'a>, source: Rc<[u8]>, options: SyntaxOptions) -> Self {
        Self { feed: Some(feed), ..Self::new(Vec::new(), 1, source, options) }
    }

    /// A parser for a part of this parser's text.
    pub(super) fn nested(&self, text: Vec<u8>, line: u32) -> Parser<'static> {
        let mut parser = Parser::new(text, line, Rc::clone(&self.source), self.options.clone());
        parser.depth = self.depth;
        parser.part = true;
        parser
    }

    /// Leaves only a part of the nesting levels to this parser: `used` of `all` are taken.
    pub(crate) fn set_base(&mut self, used: u32, all: u32) {
        // Simple commands must always be possible.
        const KEPT: u32 = 40;
        self.base = (MAX_NESTING - KEPT) * used / all.max(1);
    }

    pub(crate) fn set_options(&mut self, options: SyntaxOptions) {
        self.options = options;
    }

    /// Messages about what was read although it is doubtful.
    pub(crate) fn take_warnings(&mut self) -> Vec<(u32, String)> {
        std::mem::take(&mut self.warnings)
    }

    /// Parses up to the end of the next line on which all that was begun is complete. `None` at
    /// the end of the text.
    pub(crate) fn complete_command(&mut self) -> Parsed<Option<List>> {
        self.depth = self.base;
        self.alias_text = 0;
        self.skip_newlines();
        if self.peek().is_none() {
            return Ok(None);
        }
        self.expand_alias(true)?;
        // An alias may stand for nothing.
        self.skip_newlines();
        if self.peek().is_none() {
            return Ok(None);
        }
        let list = self.line_list()?;
        self.skip_blanks();
        match self.peek() {
            None => self.read_here_documents(),
            Some(b'\n') => self.newline(),
            Some(_) => return Err(self.unexpected()),
        }
        Ok(Some(list))
    }

    /// The lines that were read since the last call, whole.
    pub(crate) fn take_read_lines(&mut self) -> Vec<u8> {
        let read = self.pos.min(self.text.len());
        let end = match read.checked_sub(1) {
            None => 0,
            Some(last) if self.text[last] == b'\n' => read,
            Some(_) => self.text[read..]
                .iter()
                .position(|&b| b == b'\n')
                .map_or(self.text.len(), |more| read + more + 1),
        };
        let lines = self.text.get(self.taken..end).unwrap_or_default().to_vec();
        self.taken = end.max(self.taken);
        if self.feed.is_some() && self.pos >= self.text.len() {
            // What was parsed is not needed again.
            self.text.clear();
            self.pos = 0;
            self.replaced.clear();
            self.alias_blank = None;
            self.taken = 0;
        }
        lines
    }

    /// Moves to the next line after an error that concerns this one only.
    pub(crate) fn skip_line(&mut self) {
        while self.peek().is_some_and(|b| b != b'\n') {
            self.pos += 1;
        }
        self.pending.clear();
    }

    pub(super) fn peek(&mut self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&mut self, ahead: usize) -> Option<u8> {
        while self.pos + ahead >= self.text.len() {
            let feed = self.feed.as_mut()?;
            if !feed(&mut self.text) {
                self.feed = None;
                return None;
            }
        }
        Some(self.text[self.pos + ahead])
    }

    pub(super) fn looking_at(&mut self, what: &[u8]) -> bool {
        (0..what.len()).all(|i| self.peek_at(i) == Some(what[i]))
    }

    /// Moves past one byte, counting lines.
    pub(super) fn bump(&mut self) {
        if self.text.get(self.pos) == Some(&b'\n') && !self.in_alias() {
            self.line += 1;
        }
        self.pos += 1;
    }

    pub(super) fn bump_by(&mut self, n: usize) {
        for _ in 0..n {
            self.bump();
        }
    }

    /// Skips blanks, escaped newlines and a comment.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.pos += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.bump_by(2),
                Some(b'#') => {
                    while self.peek().is_some_and(|b| b != b'\n') {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Skips blanks, comments and newlines.
    pub(super) fn skip_newlines(&mut self) {
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'\n') {
                return;
            }
            self.newline();
        }
    }

    /// Consumes a newline and the here-documents that begin after it.
    pub(super) fn newline(&mut self) {
        self.bump();
        if !self.pending.is_empty() {
            self.read_here_documents();
        }
    }

    /// Whether the cursor is at the unquoted word `word`.
    pub(super) fn at_word(&mut self, word: &[u8]) -> bool {
        self.looking_at(word) && self.peek_at(word.len()).is_none_or(is_meta)
    }

    /// Consumes the reserved word `word`, if it is next.
    pub(super) fn take_word(&mut self, word: &[u8]) -> bool {
        let found = self.at_word(word);
        if found {
            self.pos += word.len();
        }
        found
    }

    /// Consumes the reserved word `word` or fails.
    pub(super) fn expect_word(&mut self, word: &[u8]) -> Parsed<()> {
        self.skip_blanks();
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Runs a parsing step one level deeper.
    pub(super) fn nest<T>(&mut self, step: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return Err(self.error(format!(
                "syntax error: more than {MAX_NESTING} levels of nesting are not supported"
            )));
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        result
    }

    pub(super) fn error(&self, message: String) -> SyntaxError {
        SyntaxError {
            line: self.line,
            column: self.column(self.pos),
            message,
            line_only: false,
            incomplete: false,
        }
    }

    /// The column of a position, in characters from 1. A part of a script does not know it.
    fn column(&self, pos: usize) -> Option<u32> {
        if self.part || !self.replaced.is_empty() {
            return None;
        }
        let pos = pos.min(self.text.len());
        let start = self.text[..pos].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        u32::try_from(crate::bytes::count_chars(&self.text[start..pos]) + 1).ok()
    }

    pub(super) fn end_of_file(&self) -> SyntaxError {
        // As in bash, the end of the file counts as a line of its own.
        let line = self.line + u32::from(self.text.last().is_some_and(|&b| b != b'\n'));
        SyntaxError {
            line,
            column: None,
            message: "syntax error: unexpected end of file".into(),
            line_only: false,
            incomplete: true,
        }
    }

    pub(super) fn unmatched(&self, what: char, line: u32) -> SyntaxError {
        SyntaxError {
            line,
            column: None,
            message: format!("unexpected EOF while looking for matching `{what}'"),
            line_only: false,
            incomplete: true,
        }
    }

    /// The error for the token at the cursor.
    pub(super) fn unexpected(&mut self) -> SyntaxError {
        self.skip_blanks();
        if self.peek().is_none() {
            return self.end_of_file();
        }
        let (token, line) = (self.token(), self.shown_line());
        self.error(format!("syntax error near unexpected token `{token}'\n{line}"))
    }

    /// The token at the cursor as messages show it.
    pub(super) fn token(&mut self) -> String {
        self.skip_blanks();
        let mut token = Vec::new();
        match self.peek() {
            None | Some(b'\n') => token.extend_from_slice(b"newline"),
            Some(first @ (b'&' | b'|' | b';' | b'<' | b'>')) => {
                token.push(first);
                if self.peek_at(1) == Some(first)
                    || (first == b';' && self.peek_at(1) == Some(b'&'))
                {
                    token.extend(self.peek_at(1));
                }
            }
            Some(first @ (b'(' | b')')) => token.push(first),
            Some(_) => {
                while let Some(b) = self.peek_at(token.len()).filter(|&b| !is_meta(b)) {
                    token.push(b);
                }
            }
        }
        crate::bytes::display(&token).into_owned()
    }

    /// The line of the cursor in a message.
    pub(super) fn shown_line(&self) -> String {
        format!("`{}'", crate::bytes::display(&self.current_line()))
    }

    fn current_line(&self) -> Vec<u8> {
        let pos = self.pos.min(self.text.len());
        let start = self.text[..pos].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let end =
            self.text[pos..].iter().position(|&b| b == b'\n').map_or(self.text.len(), |i| pos + i);
        self.text[start..end].to_vec()
    }
}
