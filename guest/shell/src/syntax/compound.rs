//! Compound commands and function definitions.

use std::rc::Rc;

use super::ast::{Arith, CaseArm, CaseEnd, Command, CommandKind, Function, List, Word};
use super::parser::Parser;
use super::words::WordKind;
use super::{Parsed, is_meta, is_name, is_name_char};

/// Variable, words (if there is `in`) and body of `for` and `select`.
type ForEach = (Box<[u8]>, Option<Vec<Word>>, List);

/// What begins a compound command, parentheses aside.
const COMPOUND: [&[u8]; 8] = [b"{", b"[[", b"if", b"while", b"until", b"for", b"case", b"select"];

impl Parser<'_> {
    /// `( … )` or `(( … ))`.
    pub(super) fn parenthesised(&mut self) -> Parsed<CommandKind> {
        if self.peek_at(1) == Some(b'(')
            && let Some(length) = self.scan_double_parens(0)
        {
            let arith = self.take_arith(2, length - 2)?;
            self.bump_by(2);
            return Ok(CommandKind::Arith(arith));
        }
        if self.peek_at(1) == Some(b'(') && self.scan_balanced(1, b'(', b')').is_none() {
            return Err(self.unmatched(')', self.line));
        }
        self.bump();
        let list = self.compound_list()?;
        self.close(b')')?;
        Ok(CommandKind::Subshell(list))
    }

    /// Parses `from..to` (offsets from the cursor) as arithmetic and moves the cursor to `to`.
    pub(super) fn take_arith(&mut self, from: usize, to: usize) -> Parsed<Arith> {
        let text = self.text[self.pos + from..self.pos + to].to_vec();
        let arith = self.arith(&text)?;
        self.bump_by(to);
        Ok(arith)
    }

    pub(super) fn arith(&self, text: &[u8]) -> Parsed<Arith> {
        let word = self.nested(text.to_vec(), self.line).word(WordKind::Arith)?;
        Ok(Arith { word, text: text.into(), ..Arith::default() })
    }

    fn close(&mut self, byte: u8) -> Parsed<()> {
        self.skip_newlines();
        if self.peek() == Some(byte) {
            self.bump();
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// A compound command that begins with a reserved word.
    pub(super) fn reserved_command(&mut self) -> Parsed<Option<CommandKind>> {
        let kind = if self.take_word(b"{") {
            CommandKind::Group(self.brace_rest()?)
        } else if self.at_word(b"[[") {
            self.pos += 2;
            CommandKind::Cond(self.cond_command()?)
        } else if self.take_word(b"if") {
            self.if_rest()?
        } else if self.take_word(b"while") {
            self.while_rest(false)?
        } else if self.take_word(b"until") {
            self.while_rest(true)?
        } else if self.at_word(b"for") || self.looking_at(b"for((") {
            self.pos += 3;
            self.for_rest()?
        } else if self.take_word(b"select") {
            let (variable, words, body) = self.for_each()?;
            CommandKind::Select { variable, words, body }
        } else if self.take_word(b"case") {
            self.case_rest()?
        } else if self.at_word(b"function") {
            self.function_keyword()?
        } else if self.take_word(b"coproc") {
            self.coproc_rest()?
        } else {
            return Ok(None);
        };
        Ok(Some(kind))
    }

    fn brace_rest(&mut self) -> Parsed<List> {
        let list = self.compound_list()?;
        self.expect_word(b"}")?;
        Ok(list)
    }

    fn if_rest(&mut self) -> Parsed<CommandKind> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.compound_list()?;
            self.expect_word(b"then")?;
            arms.push((condition, self.compound_list()?));
            self.skip_blanks();
            if self.take_word(b"elif") {
                continue;
            }
            if self.take_word(b"else") {
                otherwise = Some(self.compound_list()?);
            }
            self.expect_word(b"fi")?;
            return Ok(CommandKind::If { arms, otherwise });
        }
    }

    fn while_rest(&mut self, until: bool) -> Parsed<CommandKind> {
        let condition = self.compound_list()?;
        let body = self.do_group()?;
        Ok(CommandKind::While { until, condition, body })
    }

    fn do_group(&mut self) -> Parsed<List> {
        self.expect_word(b"do")?;
        let body = self.compound_list()?;
        self.expect_word(b"done")?;
        Ok(body)
    }

    /// A body of `for` and `select`: `do … done` or `{ … }`.
    fn loop_body(&mut self) -> Parsed<List> {
        self.skip_newlines();
        if self.take_word(b"{") { self.brace_rest() } else { self.do_group() }
    }

    fn for_rest(&mut self) -> Parsed<CommandKind> {
        self.skip_blanks();
        if self.looking_at(b"((") {
            let Some(length) = self.scan_double_parens(0) else {
                return Err(self.unexpected());
            };
            let text = self.text[self.pos + 2..self.pos + length - 2].to_vec();
            let parts = super::scan::split_semicolons(&text);
            let [init, condition, step] = parts.as_slice() else {
                let what = match parts.len() {
                    0..3 => "arithmetic expression required",
                    _ => "`;' unexpected",
                };
                let shown = crate::bytes::display(&text).into_owned();
                return Err(
                    self.error(format!("syntax error: {what}\nsyntax error: `(({shown}))'"))
                );
            };
            let (init, condition, step) =
                (self.arith(init)?, self.arith(condition)?, self.arith(step)?);
            self.bump_by(length);
            self.skip_blanks();
            if self.peek() == Some(b';') {
                self.bump();
            }
            let body = self.loop_body()?;
            return Ok(CommandKind::ArithFor { init, condition, step, body });
        }
        let (variable, words, body) = self.for_each()?;
        Ok(CommandKind::For { variable, words, body })
    }

    fn for_each(&mut self) -> Parsed<ForEach> {
        self.skip_blanks();
        self.expand_alias(false)?;
        let mut end = 0;
        while self.peek_at(end).is_some_and(|b| !is_meta(b)) {
            end += 1;
        }
        let variable: Box<[u8]> = self.text[self.pos..self.pos + end].into();
        if variable.is_empty() {
            return Err(self.unexpected());
        }
        self.pos += end;
        self.skip_blanks();
        if self.peek() == Some(b';') && self.peek_at(1) != Some(b';') {
            self.bump();
            return Ok((variable, None, self.loop_body()?));
        }
        self.skip_newlines();
        self.expand_alias(false)?;
        if !self.take_word(b"in") {
            return Ok((variable, None, self.loop_body()?));
        }
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return Err(self.end_of_file()),
                Some(b'\n') => break,
                Some(b';') if self.peek_at(1) != Some(b';') => {
                    self.bump();
                    break;
                }
                Some(byte) if is_meta(byte) && !self.at_process_substitution() => {
                    return Err(self.unexpected());
                }
                Some(_) => {
                    self.expand_alias(false)?;
                    words.push(self.word(WordKind::Plain)?);
                }
            }
        }
        Ok((variable, Some(words), self.loop_body()?))
    }

    fn case_rest(&mut self) -> Parsed<CommandKind> {
        self.skip_blanks();
        self.expand_alias(false)?;
        if self.peek().is_none_or(is_meta) {
            return Err(self.unexpected());
        }
        let word = self.word(WordKind::Plain)?;
        self.skip_newlines();
        self.expect_word(b"in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines();
            if self.take_word(b"esac") {
                return Ok(CommandKind::Case { word, arms });
            }
            if self.peek() == Some(b'(') {
                self.bump();
                self.skip_blanks();
            }
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                if self.peek().is_none_or(is_meta) && !self.at_process_substitution() {
                    return Err(self.unexpected());
                }
                patterns.push(self.word(WordKind::Plain)?);
                self.skip_blanks();
                match self.peek() {
                    Some(b'|') => self.bump(),
                    Some(b')') => break self.bump(),
                    _ => return Err(self.unexpected()),
                }
            }
            let body = self.optional_list()?;
            self.skip_newlines();
            let end = if self.looking_at(b";;&") {
                self.bump_by(3);
                CaseEnd::TestNext
            } else if self.looking_at(b";;") {
                self.bump_by(2);
                CaseEnd::Break
            } else if self.looking_at(b";&") {
                self.bump_by(2);
                CaseEnd::FallThrough
            } else if self.at_word(b"esac") {
                CaseEnd::Break
            } else {
                return Err(self.unexpected());
            };
            arms.push(CaseArm { patterns, body, end });
        }
    }

    fn function_keyword(&mut self) -> Parsed<CommandKind> {
        let line = self.line;
        self.pos += b"function".len();
        self.skip_blanks();
        let mut end = 0;
        while self.peek_at(end).is_some_and(|b| !is_meta(b)) {
            end += 1;
        }
        if end == 0 {
            return Err(self.unexpected());
        }
        let name = self.text[self.pos..self.pos + end].into();
        self.pos += end;
        self.skip_blanks();
        if self.peek() == Some(b'(') {
            return self.function_body(name, line);
        }
        self.function_rest(name, line)
    }

    /// From the parentheses of `name ()` on.
    pub(super) fn function_body(&mut self, name: Box<[u8]>, line: u32) -> Parsed<CommandKind> {
        self.bump();
        self.skip_blanks();
        if self.peek() != Some(b')') {
            let (token, shown) = (self.token(), self.shown_line());
            return Err(
                self.error(format!("syntax error near unexpected token `{token}'\n{shown}"))
            );
        }
        self.bump();
        self.function_rest(name, line)
    }

    fn function_rest(&mut self, name: Box<[u8]>, line: u32) -> Parsed<CommandKind> {
        self.skip_newlines();
        let body = self.nest(Self::compound_command)?;
        let source = Rc::clone(&self.source);
        Ok(CommandKind::Function(Rc::new(Function { name, body, line, source })))
    }

    /// A compound command with its redirections; nothing else will do.
    fn compound_command(&mut self) -> Parsed<Command> {
        let line = self.line;
        let kind = match self.peek() {
            Some(b'(') => Some(self.parenthesised()?),
            Some(_) => self.reserved_command()?,
            None => return Err(self.end_of_file()),
        };
        let Some(kind) = kind else { return Err(self.unexpected()) };
        let line = if matches!(kind, CommandKind::Subshell(_)) { self.line } else { line };
        let mut command = Command { kind, redirects: Vec::new(), line };
        self.redirects(&mut command.redirects)?;
        Ok(command)
    }

    /// `coproc [name] compound`, `coproc simple`: only a compound command can have a name.
    fn coproc_rest(&mut self) -> Parsed<CommandKind> {
        self.skip_blanks();
        let mut name: Box<[u8]> = (*b"COPROC").into();
        let mut end = 0;
        while self.peek_at(end).is_some_and(is_name_char) {
            end += 1;
        }
        let mut after = end;
        while matches!(self.peek_at(after), Some(b' ' | b'\t')) {
            after += 1;
        }
        if end > 0 && after > end && is_name(&self.text[self.pos..self.pos + end]) {
            let start = self.pos;
            self.pos += after;
            let compound =
                self.peek() == Some(b'(') || COMPOUND.iter().any(|word| self.at_word(word));
            if compound && !COMPOUND.contains(&&self.text[start..start + end]) {
                name = self.text[start..start + end].into();
            } else {
                self.pos = start;
            }
        }
        let line = self.line;
        let kind = match self.peek() {
            Some(b'(') => Some(self.parenthesised()?),
            Some(_) => self.reserved_command()?,
            None => return Err(self.end_of_file()),
        };
        let body = match kind {
            Some(kind) => {
                let mut command = Command { kind, redirects: Vec::new(), line };
                self.redirects(&mut command.redirects)?;
                command
            }
            None => self.simple_command(line)?,
        };
        Ok(CommandKind::Coproc { name, body: Box::new(body) })
    }
}
