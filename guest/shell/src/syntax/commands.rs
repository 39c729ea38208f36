//! Lists, pipelines, simple commands and redirections.

use std::cell::RefCell;
use std::rc::Rc;

use super::ast::{
    AndOr, AndOrOp, ArrayItem, AssignValue, Assignment, Command, CommandKind, HereDoc, Item, List,
    Part, Pipeline, Redirect, RedirectFd, RedirectKind, Simple, TimeFormat, Word,
};
use super::parser::{Parser, PendingHereDoc};
use super::words::WordKind;
use super::{Parsed, is_meta, is_name_char, is_name_start};

/// Reserved words that end a list.
const CLOSERS: [&[u8]; 8] = [b"then", b"do", b"done", b"fi", b"elif", b"else", b"esac", b"}"];

/// Builtins whose arguments may have the form of compound assignments.
const TEXTS: [&[u8]; 2] = [b"eval", b"let"];

/// Builtins whose arguments may be assignments.
const DECLARATIONS: [&[u8]; 5] = [b"declare", b"export", b"local", b"readonly", b"typeset"];

impl Parser<'_> {
    /// The commands up to the end of the line.
    pub(super) fn line_list(&mut self) -> Parsed<List> {
        let mut list = List::default();
        loop {
            let (item, more) = self.item()?;
            list.items.push(item);
            self.skip_blanks();
            if more {
                self.expand_alias(true)?;
                self.skip_blanks();
            }
            if !more || matches!(self.peek(), None | Some(b'\n')) {
                return Ok(list);
            }
        }
    }

    /// The commands up to a closing reserved word, `)` or `;;`.
    pub(super) fn compound_list(&mut self) -> Parsed<List> {
        let list = self.optional_list()?;
        if list.items.is_empty() { Err(self.unexpected()) } else { Ok(list) }
    }

    pub(super) fn optional_list(&mut self) -> Parsed<List> {
        self.nest(|p| {
            let mut list = List::default();
            loop {
                p.skip_newlines();
                p.expand_alias(true)?;
                p.skip_newlines();
                if p.at_list_end() {
                    return Ok(list);
                }
                let (item, more) = p.item()?;
                list.items.push(item);
                p.skip_blanks();
                if !more && p.peek() != Some(b'\n') {
                    return Ok(list);
                }
            }
        })
    }

    fn at_list_end(&mut self) -> bool {
        match self.peek() {
            None | Some(b')') => true,
            Some(b';') => matches!(self.peek_at(1), Some(b';' | b'&')),
            Some(b't' | b'd' | b'f' | b'e' | b'}') => CLOSERS.iter().any(|w| self.at_word(w)),
            _ => false,
        }
    }

    /// One and-or list with its separator; the flag says whether a separator followed.
    fn item(&mut self) -> Parsed<(Item, bool)> {
        let and_or = self.and_or()?;
        self.skip_blanks();
        match self.peek() {
            Some(b';') if !matches!(self.peek_at(1), Some(b';' | b'&')) => {
                self.bump();
                Ok((Item { and_or, background: false, newline: false }, true))
            }
            Some(b'&') if self.peek_at(1) != Some(b'&') => {
                self.bump();
                Ok((Item { and_or, background: true, newline: false }, true))
            }
            next => Ok((Item { and_or, background: false, newline: next == Some(b'\n') }, false)),
        }
    }

    fn and_or(&mut self) -> Parsed<AndOr> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let op = if self.looking_at(b"&&") {
                AndOrOp::And
            } else if self.looking_at(b"||") {
                AndOrOp::Or
            } else {
                return Ok(AndOr { first, rest });
            };
            self.bump_by(2);
            self.skip_newlines();
            rest.push((op, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut pipeline = Pipeline { bang: false, time: None, commands: Vec::new() };
        let mut prefixed = false;
        loop {
            self.skip_blanks();
            self.expand_alias(true)?;
            if self.at_word(b"!") {
                self.pos += 1;
                pipeline.bang = !pipeline.bang;
            } else if self.at_word(b"time") {
                self.pos += 4;
                pipeline.time = Some(TimeFormat::Bash);
                self.skip_blanks();
                if self.take_word(b"-p") {
                    pipeline.time = Some(TimeFormat::Posix);
                    self.skip_blanks();
                }
                self.take_word(b"--");
            } else {
                break;
            }
            prefixed = true;
        }
        if prefixed && matches!(self.peek(), None | Some(b'\n' | b';')) {
            return Ok(pipeline);
        }
        loop {
            let mut command = self.nest(Self::command)?;
            self.skip_blanks();
            let piped = self.peek() == Some(b'|') && self.peek_at(1) != Some(b'|');
            if !piped {
                pipeline.commands.push(command);
                return Ok(pipeline);
            }
            self.bump();
            if self.peek() == Some(b'&') {
                self.bump();
                command.redirects.push(Redirect {
                    fd: RedirectFd::Number(2),
                    kind: RedirectKind::DupOutput(Word::literal(b"1")),
                });
            }
            pipeline.commands.push(command);
            self.skip_newlines();
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        self.expand_alias(true)?;
        let line = self.line;
        let Some(first) = self.peek() else { return Err(self.end_of_file()) };
        let kind = match first {
            b'(' => Some(self.parenthesised()?),
            b'{' | b'[' | b'i' | b'f' | b'w' | b'u' | b'c' | b's' => self.reserved_command()?,
            _ => None,
        };
        let Some(kind) = kind else { return self.simple_command(line) };
        // As in bash, a subshell has the line on which it ends.
        let line = if matches!(kind, CommandKind::Subshell(_)) { self.line } else { line };
        let mut command = Command { kind, redirects: Vec::new(), line };
        if !matches!(command.kind, CommandKind::Function(_) | CommandKind::Coproc { .. }) {
            self.redirects(&mut command.redirects)?;
        }
        Ok(command)
    }

    pub(super) fn redirects(&mut self, into: &mut Vec<Redirect>) -> Parsed<()> {
        loop {
            self.skip_blanks();
            match self.redirect()? {
                Some(redirect) => into.push(redirect),
                None => return Ok(()),
            }
        }
    }

    pub(super) fn simple_command(&mut self, mut line: u32) -> Parsed<Command> {
        let start = self.pos;
        if self.at_list_end() || self.at_word(b"in") {
            return Err(self.unexpected());
        }
        let mut simple = Simple::default();
        let mut redirects = Vec::new();
        let (mut declaration, mut texts) = (false, false);
        loop {
            self.skip_blanks();
            self.expand_alias(simple.words.is_empty())?;
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let Some(byte) = self.peek() else { break };
            if is_meta(byte) && !self.at_process_substitution() {
                if byte != b'(' {
                    break;
                }
                let [name] = simple.words.as_slice() else { return Err(self.unexpected()) };
                if !simple.assignments.is_empty() || !redirects.is_empty() {
                    return Err(self.unexpected());
                }
                let name: Box<[u8]> = match name.as_literal() {
                    Some(name) => name.into(),
                    // What is quoted or expanded is no name; that is said when it is defined.
                    None => self.text[start..self.pos].trim_ascii_end().into(),
                };
                let kind = self.function_body(name, line)?;
                return Ok(Command { kind, redirects, line });
            }
            if simple.words.is_empty() {
                if let Some(assignment) = self.assignment()? {
                    simple.assignments.push(assignment);
                    continue;
                }
            } else if declaration && let Some(word) = self.declared()? {
                simple.words.push(word);
                continue;
            }
            if texts && let Some(word) = self.compound_text()? {
                simple.words.push(word);
                continue;
            }
            let word = self.word(WordKind::Plain)?;
            if simple.words.is_empty() {
                let literal = word.as_literal().unwrap_or_default();
                declaration = DECLARATIONS.contains(&literal);
                texts = TEXTS.contains(&literal);
            }
            simple.words.push(word);
            if simple.words.len() == 1 {
                // As in bash, a continued line counts when it follows the first word.
                self.skip_blanks();
                line = self.line;
            }
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && redirects.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command { kind: CommandKind::Simple(simple), redirects, line })
    }

    /// An argument of a declaration builtin that is an assignment. It is kept as a plain word as
    /// well, for a function of that name.
    fn declared(&mut self) -> Parsed<Option<Word>> {
        let start = self.pos;
        let Some(assignment) = self.assignment()? else { return Ok(None) };
        let mut word = match &assignment.value {
            AssignValue::Array(_) => Word::literal(&self.text[start..self.pos]),
            AssignValue::Scalar(value) => {
                let mut word = Word::literal(&assignment.name);
                if let Some(subscript) = &assignment.subscript {
                    word.parts.push(Part::Literal(Rc::from(&b"["[..])));
                    word.parts.extend(subscript.parts.iter().cloned());
                    word.parts.push(Part::Literal(Rc::from(&b"]"[..])));
                }
                let sign = if assignment.append { &b"+="[..] } else { b"=" };
                word.parts.push(Part::Literal(Rc::from(sign)));
                word.parts.extend(value.parts.iter().cloned());
                word
            }
        };
        word.assignment = Some(Rc::new(assignment));
        Ok(Some(word))
    }

    /// `name=( … )` as an argument of `let` and `eval`: its text.
    fn compound_text(&mut self) -> Parsed<Option<Word>> {
        let mut end = 0;
        while self.peek_at(end).is_some_and(is_name_char) {
            end += 1;
        }
        if self.peek_at(end) == Some(b'+') {
            end += 1;
        }
        if end == 0 || self.peek_at(end) != Some(b'=') || self.peek_at(end + 1) != Some(b'(') {
            return Ok(None);
        }
        let Some(length) = self.scan_balanced(end + 1, b'(', b')') else { return Ok(None) };
        let text = self.text[self.pos..self.pos + end + 1 + length].to_vec();
        self.bump_by(text.len());
        Ok(Some(Word::literal(&text)))
    }

    /// `name=value`, `name+=value`, `name[subscript]=value`, `name=(…)`.
    fn assignment(&mut self) -> Parsed<Option<Assignment>> {
        if !self.peek().is_some_and(is_name_start) {
            return Ok(None);
        }
        let mut end = 1;
        while self.peek_at(end).is_some_and(is_name_char) {
            end += 1;
        }
        let name_end = end;
        if self.peek_at(end) == Some(b'[') {
            let Some(length) = self.scan_balanced(end, b'[', b']') else {
                return Err(self.unmatched(']', self.line));
            };
            end += length;
        }
        let append = self.peek_at(end) == Some(b'+');
        if self.peek_at(end + usize::from(append)) != Some(b'=') {
            return Ok(None);
        }
        let name: Box<[u8]> = self.text[self.pos..self.pos + name_end].into();
        let subscript = if end > name_end {
            let text = self.text[self.pos + name_end + 1..self.pos + end - 1].to_vec();
            Some(self.nested(text, self.line).word(WordKind::Subscript)?)
        } else {
            None
        };
        self.bump_by(end + 1 + usize::from(append));
        let value = if self.peek() == Some(b'(') {
            let items = self.array_items();
            AssignValue::Array(items.map_err(|mut error| {
                error.line_only = true;
                error
            })?)
        } else {
            AssignValue::Scalar(self.word(WordKind::Assignment)?)
        };
        Ok(Some(Assignment { name, subscript, append, value }))
    }

    pub(super) fn array_items(&mut self) -> Parsed<Vec<ArrayItem>> {
        let line = self.line;
        self.bump();
        let mut items = Vec::new();
        loop {
            self.skip_newlines();
            match self.peek() {
                None => return Err(self.unmatched(')', line)),
                Some(b')') => {
                    self.bump();
                    return Ok(items);
                }
                _ => {}
            }
            if self.peek() == Some(b'[')
                && let Some(length) = self.scan_balanced(0, b'[', b']')
            {
                let append = self.peek_at(length) == Some(b'+');
                if self.peek_at(length + usize::from(append)) == Some(b'=') {
                    let text = self.text[self.pos + 1..self.pos + length - 1].to_vec();
                    let subscript = self.nested(text, self.line).word(WordKind::Subscript)?;
                    self.bump_by(length + 1 + usize::from(append));
                    let value = self.word(WordKind::Assignment)?;
                    items.push(ArrayItem { subscript: Some(subscript), append, value });
                    continue;
                }
            }
            if self.peek().is_some_and(is_meta) && !self.at_process_substitution() {
                return Err(self.unexpected());
            }
            let value = self.word(WordKind::Plain)?;
            items.push(ArrayItem { subscript: None, append: false, value });
        }
    }

    pub(super) fn at_process_substitution(&mut self) -> bool {
        matches!(self.peek(), Some(b'<' | b'>')) && self.peek_at(1) == Some(b'(')
    }

    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let mut end = 0;
        let mut fd = RedirectFd::Default;
        match self.peek() {
            Some(b'0'..=b'9') => {
                while self.peek_at(end).is_some_and(|b| b.is_ascii_digit()) {
                    end += 1;
                }
                let digits = &self.text[self.pos..self.pos + end];
                match std::str::from_utf8(digits).ok().and_then(|d| d.parse().ok()) {
                    Some(number) => fd = RedirectFd::Number(number),
                    None => return Ok(None),
                }
            }
            Some(b'{') if self.peek_at(1).is_some_and(is_name_start) => {
                end = 1;
                while self.peek_at(end).is_some_and(is_name_char) {
                    end += 1;
                }
                if self.peek_at(end) == Some(b'[') {
                    let Some(length) = self.scan_balanced(end, b'[', b']') else {
                        return Ok(None);
                    };
                    end += length;
                }
                if self.peek_at(end) != Some(b'}')
                    || !matches!(self.peek_at(end + 1), Some(b'<' | b'>' | b'&'))
                {
                    return Ok(None);
                }
                fd = RedirectFd::Variable(self.text[self.pos + 1..self.pos + end].into());
                end += 1;
            }
            Some(b'<' | b'>' | b'&') => {}
            _ => return Ok(None),
        }
        let rest = [self.peek_at(end), self.peek_at(end + 1), self.peek_at(end + 2)];
        let (length, op): (usize, &[u8]) = match rest {
            [Some(b'<'), Some(b'<'), Some(b'<')] => (3, b"<<<"),
            [Some(b'<'), Some(b'<'), Some(b'-')] => (3, b"<<-"),
            [Some(b'<'), Some(b'<'), _] => (2, b"<<"),
            [Some(b'<'), Some(b'&'), _] => (2, b"<&"),
            [Some(b'<'), Some(b'>'), _] => (2, b"<>"),
            [Some(b'<' | b'>'), Some(b'('), _] => return Ok(None),
            [Some(b'<'), ..] => (1, b"<"),
            [Some(b'>'), Some(b'>'), _] => (2, b">>"),
            [Some(b'>'), Some(b'|'), _] => (2, b">|"),
            [Some(b'>'), Some(b'&'), _] => (2, b">&"),
            [Some(b'>'), ..] => (1, b">"),
            [Some(b'&'), Some(b'>'), Some(b'>')] if end == 0 => (3, b"&>>"),
            [Some(b'&'), Some(b'>'), _] if end == 0 => (2, b"&>"),
            _ => return Ok(None),
        };
        self.bump_by(end + length);
        self.skip_blanks();
        if op == b"<<" || op == b"<<-" {
            let doc = self.here_document(op == b"<<-")?;
            return Ok(Some(Redirect { fd, kind: RedirectKind::Here(doc) }));
        }
        if self.peek().is_none_or(is_meta) && !self.at_process_substitution() {
            return Err(self.unexpected());
        }
        let word = self.word(WordKind::Plain)?;
        let kind = match op {
            b"<<<" => RedirectKind::HereString(word),
            b"<&" => RedirectKind::DupInput(word),
            b"<>" => RedirectKind::ReadWrite(word),
            b"<" => RedirectKind::Read(word),
            b">>" => RedirectKind::Append(word),
            b">|" => RedirectKind::Clobber(word),
            b">&" => RedirectKind::DupOutput(word),
            b">" => RedirectKind::Write(word),
            _ => RedirectKind::Both { word, append: op == b"&>>" },
        };
        Ok(Some(Redirect { fd, kind }))
    }

    fn here_document(&mut self, strip_tabs: bool) -> Parsed<Rc<HereDoc>> {
        if self.peek().is_none_or(is_meta) {
            return Err(self.unexpected());
        }
        let (delimiter, quoted) = self.here_delimiter()?;
        let doc = Rc::new(HereDoc {
            body: RefCell::default(),
            text: RefCell::default(),
            delimiter: delimiter.as_slice().into(),
            quoted_delimiter: if quoted {
                crate::expand::quote::plain_single(&delimiter).into()
            } else {
                delimiter.as_slice().into()
            },
            strip_tabs,
        });
        self.pending.push(PendingHereDoc { doc: Rc::clone(&doc), delimiter, quoted, strip_tabs });
        Ok(doc)
    }
}
