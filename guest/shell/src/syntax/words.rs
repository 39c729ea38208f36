//! Words: quoting and the beginnings of expansions.

use std::rc::Rc;

use super::ast::{CommandSub, Param, ParamOp, Part, Target, Word};
use super::parser::Parser;
use super::{Parsed, is_meta, is_name_char, is_name_start};

/// Where a word stands: what ends it and which quotes it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordKind {
    Plain,
    /// The value of an assignment: tildes also after `:`; no braces.
    Assignment,
    /// The right side of `=~`.
    Regex,
    /// Inside of `"…"`, up to the closing quote.
    Double,
    /// After an operator of `${…}`, up to `}`.
    Brace {
        double: bool,
    },
    /// A pattern in `${…}`, up to `}` and, with `slash`, up to `/`.
    Pattern {
        slash: bool,
        double: bool,
    },
    /// All of the text, as the body of a here-document.
    HereDoc,
    /// All of the text, as arithmetic: double quotes are dropped, single quotes are kept.
    Arith,
    /// All of the text, as the subscript of an array.
    Subscript,
}

/// Collects the parts of a word.
#[derive(Default)]
pub(super) struct Builder {
    parts: Vec<Part>,
    literal: Vec<u8>,
    quoted: Vec<u8>,
}

impl Builder {
    fn literal(&mut self, byte: u8) {
        self.flush_quoted();
        self.literal.push(byte);
    }

    fn quoted(&mut self, text: &[u8]) {
        self.flush_literal();
        self.quoted.extend_from_slice(text);
    }

    fn flush_literal(&mut self) {
        if !self.literal.is_empty() {
            self.parts.push(Part::Literal(self.literal.as_slice().into()));
            self.literal.clear();
        }
    }

    fn flush_quoted(&mut self) {
        if !self.quoted.is_empty() {
            self.parts.push(Part::Quoted(self.quoted.as_slice().into()));
            self.quoted.clear();
        }
    }

    fn push(&mut self, part: Part) {
        self.flush_literal();
        self.flush_quoted();
        self.parts.push(part);
    }

    /// Only `name=` was read so far.
    fn is_assignment_start(&self) -> bool {
        self.parts.is_empty()
            && self.quoted.is_empty()
            && self.literal.strip_suffix(b"=").is_some_and(super::is_name)
    }

    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.literal.is_empty() && self.quoted.is_empty()
    }

    fn finish(mut self) -> Vec<Part> {
        self.flush_literal();
        self.flush_quoted();
        self.parts
    }
}

impl Parser<'_> {
    pub(super) fn word(&mut self, kind: WordKind) -> Parsed<Word> {
        let inside = self.assigning && matches!(kind, WordKind::Brace { double: false });
        let outer = std::mem::replace(&mut self.assigning, inside || kind == WordKind::Assignment);
        let start = self.pos;
        let word = self.nest(|p| p.word_parts(kind));
        self.assigning = outer;
        let mut word = word?;
        let shown = matches!(
            kind,
            WordKind::Plain | WordKind::Assignment | WordKind::Regex | WordKind::Subscript
        );
        if shown && word.as_literal().is_none() && !word.parts.is_empty() {
            word.source = Some(self.text[start..self.pos].into());
        }
        Ok(word)
    }

    fn word_parts(&mut self, kind: WordKind) -> Parsed<Word> {
        let line = self.line;
        let mut b = Builder::default();
        let mut has_brace = false;
        let mut parens = 0u32;
        // Single quotes inside of double ones quote only braces.
        let mut single = None;
        let in_double = matches!(
            kind,
            WordKind::Double
                | WordKind::HereDoc
                | WordKind::Brace { double: true }
                | WordKind::Arith
        );
        loop {
            let Some(byte) = self.peek() else {
                return match kind {
                    _ if single.is_some() => Err(self.unmatched('\'', single.unwrap_or(line))),
                    WordKind::Double => Err(self.unmatched('"', line)),
                    WordKind::Brace { .. } | WordKind::Pattern { .. } => {
                        Err(self.unmatched('}', line))
                    }
                    _ => Ok(Word { parts: b.finish(), has_brace, ..Word::default() }),
                };
            };
            let ends = match kind {
                WordKind::Plain | WordKind::Assignment => {
                    is_meta(byte) && !self.at_process_substitution()
                }
                WordKind::Regex => {
                    parens == 0 && is_meta(byte) && !matches!(byte, b'(' | b'|') || byte == b'\n'
                }
                WordKind::Double => byte == b'"',
                WordKind::Brace { .. } | WordKind::Pattern { slash: false, .. } => byte == b'}',
                WordKind::Pattern { slash: true, .. } => {
                    byte == b'}' || (byte == b'/' && !b.is_empty())
                }
                WordKind::HereDoc | WordKind::Arith | WordKind::Subscript => false,
            };
            if ends && single.is_none() {
                if kind == WordKind::Double {
                    self.bump();
                }
                return Ok(Word { parts: b.finish(), has_brace, ..Word::default() });
            }
            match byte {
                b'\\' => self.escape(kind, in_double, &mut b),
                b'\'' if !in_double => {
                    let text = self.single_quoted()?;
                    if text.is_empty() {
                        b.push(Part::Quoted(Rc::default()));
                    } else {
                        b.quoted(&text);
                    }
                }
                b'\'' if kind == (WordKind::Brace { double: true }) && !self.options.posix => {
                    single = if single.is_some() { None } else { Some(self.line) };
                    self.bump();
                    b.literal(byte);
                }
                b'"' if kind == WordKind::HereDoc || single.is_some() => {
                    self.bump();
                    b.literal(byte);
                }
                b'"' if kind == WordKind::Arith => self.bump(),
                b'"' => {
                    self.bump();
                    let parts = self.word(WordKind::Double)?.parts;
                    b.push(Part::Double(parts.into()));
                }
                b'$' => self.dollar(in_double, kind, &mut b)?,
                b'`' => {
                    let part = self.backquoted(in_double)?;
                    b.push(part);
                }
                b'<' | b'>'
                    if matches!(kind, WordKind::Plain | WordKind::Assignment)
                        && self.peek_at(1) == Some(b'(') =>
                {
                    self.bump_by(2);
                    let body = self.substitution_body()?;
                    b.push(Part::Process { read: byte == b'<', body: Rc::new(body) });
                }
                b'~' if !in_double && self.tilde_here(kind, &b) => {
                    let part = self.tilde();
                    b.push(part);
                }
                b'?' | b'*' | b'+' | b'@' | b'!'
                    if !in_double
                        && self.options.extglob
                        && kind != WordKind::Regex
                        && !matches!(
                            kind,
                            WordKind::Subscript | WordKind::Pattern { .. } | WordKind::Brace { .. }
                        )
                        && self.peek_at(1) == Some(b'(') =>
                {
                    self.bump();
                    b.literal(byte);
                    self.extglob_group(&mut b)?;
                }
                _ => {
                    match byte {
                        b'{' => has_brace = true,
                        b'(' => parens += 1,
                        b')' => parens = parens.saturating_sub(1),
                        _ => {}
                    }
                    self.bump();
                    b.literal(byte);
                }
            }
        }
    }

    fn escape(&mut self, kind: WordKind, in_double: bool, b: &mut Builder) {
        let next = self.peek_at(1);
        match next {
            Some(b'\n') => {
                self.bump_by(2);
                return;
            }
            None => {
                self.bump();
                b.quoted(b"\\");
                return;
            }
            _ => {}
        }
        let next = next.unwrap_or_default();
        let special = match kind {
            WordKind::HereDoc | WordKind::Arith => matches!(next, b'$' | b'`' | b'\\'),
            WordKind::Brace { double: true } => matches!(next, b'$' | b'`' | b'\\' | b'"' | b'}'),
            _ if in_double => matches!(next, b'$' | b'`' | b'\\' | b'"'),
            _ => true,
        };
        if special {
            self.bump_by(2);
            b.quoted(&[next]);
        } else {
            self.bump();
            b.quoted(b"\\");
        }
    }

    fn single_quoted(&mut self) -> Parsed<Vec<u8>> {
        let line = self.line;
        self.bump();
        let mut text = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.unmatched('\'', line)),
                Some(b'\'') => {
                    self.bump();
                    return Ok(text);
                }
                Some(byte) => {
                    text.push(byte);
                    self.bump();
                }
            }
        }
    }

    /// `@(…)` and the like: the parentheses and bars are pattern text, the rest is as in a word.
    fn extglob_group(&mut self, b: &mut Builder) -> Parsed<()> {
        let line = self.line;
        let mut depth = 0u32;
        loop {
            match self.peek() {
                None => return Err(self.unmatched(')', line)),
                Some(b'(') => {
                    depth += 1;
                    self.bump();
                    b.literal(b'(');
                }
                Some(b')') => {
                    depth -= 1;
                    self.bump();
                    b.literal(b')');
                    if depth == 0 {
                        return Ok(());
                    }
                }
                Some(b'\\') => self.escape(WordKind::Plain, false, b),
                Some(b'\'') => {
                    let text = self.single_quoted()?;
                    b.quoted(&text);
                }
                Some(b'"') => {
                    self.bump();
                    let parts = self.word(WordKind::Double)?.parts;
                    b.push(Part::Double(parts.into()));
                }
                Some(b'$') => self.dollar(false, WordKind::Plain, b)?,
                Some(byte) => {
                    self.bump();
                    b.literal(byte);
                }
            }
        }
    }

    fn tilde_here(&mut self, kind: WordKind, b: &Builder) -> bool {
        match kind {
            WordKind::Plain => b.is_empty() || b.is_assignment_start(),
            WordKind::Brace { double: false } => {
                b.is_empty()
                    || (self.assigning && b.quoted.is_empty() && b.literal.last() == Some(&b':'))
            }
            WordKind::Assignment => {
                b.is_empty() || (b.quoted.is_empty() && b.literal.last() == Some(&b':'))
            }
            WordKind::Regex | WordKind::Pattern { .. } => b.is_empty(),
            _ => false,
        }
    }

    fn tilde(&mut self) -> Part {
        let mut end = 1;
        while let Some(byte) = self.peek_at(end) {
            if matches!(byte, b'+' | b'-' | b'.') || is_name_char(byte) {
                end += 1;
            } else {
                break;
            }
        }
        let complete = match self.peek_at(end) {
            None | Some(b'/' | b'}') => true,
            Some(b':') => self.assigning,
            Some(byte) => is_meta(byte),
        };
        if !complete {
            self.bump();
            return Part::Literal(Rc::from(&b"~"[..]));
        }
        let text: Rc<[u8]> = self.text[self.pos..self.pos + end].into();
        self.pos += end;
        Part::Tilde(text)
    }

    fn dollar(&mut self, in_double: bool, kind: WordKind, b: &mut Builder) -> Parsed<()> {
        while self.peek_at(1) == Some(b'\\') && self.peek_at(2) == Some(b'\n') {
            self.text.drain(self.pos + 1..self.pos + 3);
            self.line += 1;
        }
        let start = self.pos;
        let part = match self.peek_at(1) {
            Some(b'(') => {
                if self.peek_at(2) == Some(b'(')
                    && let Some(length) = self.scan_double_parens(1)
                {
                    let arith = self.take_arith(3, length - 1)?;
                    self.bump_by(2);
                    Part::Arith(Rc::new(arith))
                } else {
                    if self.peek_at(2) == Some(b'(') && self.scan_balanced(2, b'(', b')').is_none()
                    {
                        return Err(self.unmatched(')', self.line));
                    }
                    self.bump_by(2);
                    let body = Ok(self.substitution_body()?);
                    Part::Command(Rc::new(CommandSub { body }))
                }
            }
            Some(b'[') if kind != WordKind::Regex => {
                let Some(length) = self.scan_balanced(1, b'[', b']') else {
                    return Err(self.unmatched(']', self.line));
                };
                let arith = self.take_arith(2, length)?;
                self.bump();
                Part::Arith(Rc::new(arith))
            }
            Some(b'{') => self.braced_param(in_double)?,
            Some(b'\'') if !in_double || kind == (WordKind::Brace { double: true }) => {
                self.bump_by(2);
                let text = self.ansi_c_quoted()?;
                if text.is_empty() {
                    Part::Quoted(Rc::default())
                } else {
                    b.quoted(&text);
                    return Ok(());
                }
            }
            Some(b'"') if !in_double => {
                self.bump_by(2);
                Part::Double(self.word(WordKind::Double)?.parts.into())
            }
            Some(byte) if is_name_start(byte) => {
                let mut end = 2;
                while self.peek_at(end).is_some_and(is_name_char) {
                    end += 1;
                }
                let name: Box<[u8]> = self.text[self.pos + 1..self.pos + end].into();
                self.pos += end;
                self.plain_param(Target::Name(name), start)
            }
            Some(digit @ b'1'..=b'9') => {
                self.pos += 2;
                self.plain_param(Target::Positional(usize::from(digit - b'0')), start)
            }
            Some(byte) if b"@*#?-$!0".contains(&byte) => {
                self.pos += 2;
                self.plain_param(Target::Special(byte), start)
            }
            _ => {
                self.bump();
                b.literal(b'$');
                return Ok(());
            }
        };
        b.push(part);
        Ok(())
    }

    fn plain_param(&self, target: Target, start: usize) -> Part {
        Part::Param(Rc::new(Param {
            target,
            subscript: None,
            indirect: false,
            op: ParamOp::None,
            text: self.text[start..self.pos].into(),
        }))
    }

    /// From after `$(` or `<(` to after `)`.
    pub(super) fn substitution_body(&mut self) -> Parsed<super::ast::List> {
        let line = self.line;
        let outer = std::mem::take(&mut self.pending);
        let list = self.optional_list();
        let inner = std::mem::replace(&mut self.pending, outer);
        self.pending.splice(0..0, inner);
        let list = list?;
        self.skip_newlines();
        match self.peek() {
            Some(b')') => {
                self.bump();
                Ok(list)
            }
            None => {
                let end = self.end_of_file().line.max(line);
                Err(self.unmatched(')', end))
            }
            Some(_) => Err(self.unexpected()),
        }
    }

    fn backquoted(&mut self, in_double: bool) -> Parsed<Part> {
        let line = self.line;
        self.bump();
        let mut text = Vec::new();
        loop {
            let Some(byte) = self.peek() else { return Err(self.unmatched('`', line)) };
            self.bump();
            match byte {
                b'`' => break,
                b'\\' => match self.peek() {
                    Some(next @ (b'`' | b'\\' | b'$')) => {
                        self.bump();
                        text.push(next);
                    }
                    Some(b'"') if in_double => {
                        self.bump();
                        text.push(b'"');
                    }
                    _ => text.push(byte),
                },
                _ => text.push(byte),
            }
        }
        let mut nested = self.nested(text, line);
        let body = nested.whole().map_err(|mut error| {
            error.incomplete = false;
            error
        });
        Ok(Part::Command(Rc::new(CommandSub { body })))
    }

    /// All commands of the text.
    fn whole(&mut self) -> Parsed<super::ast::List> {
        let list = self.optional_list()?;
        self.skip_newlines();
        self.read_here_documents();
        if self.peek().is_some() { Err(self.unexpected()) } else { Ok(list) }
    }
}
