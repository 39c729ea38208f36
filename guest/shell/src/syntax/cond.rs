//! The expression of `[[ ]]`.

use super::ast::{Cond, CondOp, Word, is_unary_test};
use super::parser::Parser;
use super::words::WordKind;
use super::{Parsed, is_meta};

impl Parser<'_> {
    /// From after `[[` to after `]]`.
    pub(super) fn cond_command(&mut self) -> Parsed<Cond> {
        let cond = self.cond_or()?;
        self.skip_newlines();
        if self.take_word(b"]]") {
            return Ok(cond);
        }
        let what = "syntax error in conditional expression";
        Err(match self.operator_token() {
            Some(token) => self.cond_error(&format!("{what}: unexpected token `{token}'")),
            None => self.cond_error(what),
        })
    }

    /// The token at the cursor, unless it is a word; `]]` counts as an operator here.
    fn operator_token(&mut self) -> Option<String> {
        match self.peek() {
            Some(byte) if !is_meta(byte) && !self.at_word(b"]]") => None,
            _ => Some(self.token()),
        }
    }

    fn cond_error(&mut self, message: &str) -> super::SyntaxError {
        if self.peek().is_none() {
            return self.end_of_file();
        }
        let token = self.token();
        let line = self.shown_line();
        self.error(format!("{message}\nsyntax error near `{token}'\n{line}"))
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
        if self.peek() == Some(b'(') {
            self.bump();
            let inner = self.nest(Self::cond_or)?;
            self.skip_newlines();
            if self.peek() != Some(b')') {
                return Err(match self.operator_token() {
                    Some(token) => {
                        self.cond_error(&format!("unexpected token `{token}', expected `)'"))
                    }
                    None => self.cond_error("expected `)'"),
                });
            }
            self.bump();
            return Ok(Cond::Group(Box::new(inner)));
        }
        if let Some(token) = self.operator_token() {
            let message = format!("unexpected token `{token}' in conditional command");
            return Err(self.cond_error(&message));
        }
        if self.peek() == Some(b'-')
            && let Some(op) = self.peek_at(1)
            && self.peek_at(2).is_none_or(is_meta)
            && is_unary_test(op)
        {
            self.pos += 2;
            self.cond_operand("unary")?;
            return Ok(Cond::Unary(op, self.cond_word()?));
        }
        let left = self.cond_word()?;
        self.skip_blanks();
        let Some((op, length)) = self.cond_operator() else {
            let ends = self.at_word(b"]]")
                || self.peek() == Some(b')')
                || self.looking_at(b"&&")
                || self.looking_at(b"||");
            if ends {
                return Ok(Cond::Word(left));
            }
            let expected = "conditional binary operator expected";
            return Err(match self.operator_token() {
                Some(token) => self.cond_error(&format!("unexpected token `{token}', {expected}")),
                None => self.cond_error(expected),
            });
        };
        self.bump_by(length);
        self.skip_blanks();
        if op == CondOp::Regex && self.peek() == Some(b'(') {
            return Ok(Cond::Binary(op, left, self.word(WordKind::Regex)?));
        }
        self.cond_operand("binary")?;
        let right = match op {
            CondOp::Regex => self.word(WordKind::Regex)?,
            _ => self.cond_word()?,
        };
        Ok(Cond::Binary(op, left, right))
    }

    /// Fails unless a word is next.
    fn cond_operand(&mut self, kind: &str) -> Parsed<()> {
        self.skip_blanks();
        let extglob = self.peek().is_some_and(|b| b"?*+@!".contains(&b));
        match self.operator_token() {
            Some(token) if !extglob => {
                let message =
                    format!("unexpected argument `{token}' to conditional {kind} operator");
                Err(self.cond_error(&message))
            }
            _ => Ok(()),
        }
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
