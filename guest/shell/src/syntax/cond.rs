//! The expression of `[[ ]]`.

use super::ast::{Cond, CondOp, Word, is_unary_test};
use super::parser::Parser;
use super::words::WordKind;
use super::{Parsed, is_meta};

impl Parser<'_> {
    /// From after `[[` to after `]]`.
    pub(super) fn cond_command(&mut self) -> Parsed<Cond> {
        let line = self.line;
        let cond = self.cond_or()?;
        self.skip_newlines();
        if self.take_word(b"]]") {
            return Ok(cond);
        }
        if self.peek().is_none() {
            return Err(self.unmatched(']', line));
        }
        Err(self.cond_error())
    }

    fn cond_error(&mut self) -> super::SyntaxError {
        let plain = self.unexpected();
        let Some((first, rest)) = plain.message.split_once('\n') else { return plain };
        let token = first.rsplit('`').next().unwrap_or_default().trim_end_matches('\'');
        let message =
            format!("syntax error in conditional expression\nsyntax error near `{token}'\n{rest}");
        self.error(message)
    }

    fn cond_or(&mut self) -> Parsed<Cond> {
        let mut left = self.cond_and()?;
        loop {
            self.skip_newlines();
            if !self.looking_at(b"||") {
                return Ok(left);
            }
            self.bump_by(2);
            left = Cond::Or(Box::new(left), Box::new(self.cond_and()?));
        }
    }

    fn cond_and(&mut self) -> Parsed<Cond> {
        let mut left = self.cond_term()?;
        loop {
            self.skip_newlines();
            if !self.looking_at(b"&&") {
                return Ok(left);
            }
            self.bump_by(2);
            left = Cond::And(Box::new(left), Box::new(self.cond_term()?));
        }
    }

    fn cond_term(&mut self) -> Parsed<Cond> {
        self.skip_newlines();
        if !(self.options.extglob && self.looking_at(b"!(")) && self.take_word(b"!") {
            return self.nest(|p| Ok(Cond::Not(Box::new(p.cond_term()?))));
        }
        match self.peek() {
            None => return Err(self.end_of_file()),
            Some(b'(') => {
                self.bump();
                let inner = self.nest(Self::cond_or)?;
                self.skip_newlines();
                if self.peek() != Some(b')') {
                    return Err(self.cond_error());
                }
                self.bump();
                return Ok(Cond::Group(Box::new(inner)));
            }
            Some(byte) if is_meta(byte) => return Err(self.cond_error()),
            Some(_) => {}
        }
        if self.at_word(b"]]") {
            return Err(self.cond_error());
        }
        if self.peek() == Some(b'-')
            && let Some(op) = self.peek_at(1)
            && self.peek_at(2).is_none_or(is_meta)
            && is_unary_test(op)
        {
            let start = self.pos;
            self.pos += 2;
            self.skip_blanks();
            let operator = self.cond_operator();
            if operator.is_none() && !self.at_word(b"]]") && !self.peek().is_none_or(is_meta) {
                return Ok(Cond::Unary(op, self.cond_word()?));
            }
            self.pos = start;
        }
        let left = self.cond_word()?;
        self.skip_blanks();
        let Some((op, length)) = self.cond_operator() else { return Ok(Cond::Word(left)) };
        self.bump_by(length);
        self.skip_blanks();
        if self.peek().is_none_or(|b| is_meta(b) && b != b'(') {
            return Err(self.cond_error());
        }
        let right = match op {
            CondOp::Regex => self.word(WordKind::Regex)?,
            _ => self.cond_word()?,
        };
        Ok(Cond::Binary(op, left, right))
    }

    fn cond_word(&mut self) -> Parsed<Word> {
        let saved = std::mem::replace(&mut self.options.extglob, true);
        let word = self.word(WordKind::Plain);
        self.options.extglob = saved;
        word
    }

    fn cond_operator(&mut self) -> Option<(CondOp, usize)> {
        let op = match self.peek()? {
            b'<' => return Some((CondOp::Before, 1)),
            b'>' => return Some((CondOp::After, 1)),
            b'=' | b'!' | b'-' => {
                let mut text = Vec::new();
                while let Some(byte) = self.peek_at(text.len()).filter(|&b| !is_meta(b)) {
                    text.push(byte);
                }
                text
            }
            _ => return None,
        };
        let kind = CondOp::parse(&op)?;
        Some((kind, op.len()))
    }
}
