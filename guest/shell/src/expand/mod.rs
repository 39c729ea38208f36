//! From words to arguments.

mod brace;
mod fields;
mod glob;
mod ops;
mod params;
mod prompt;
pub(crate) mod quote;
mod special;
mod tilde;

pub(crate) use fields::{Expander, Mode};
pub(crate) use ops::convert_case;
pub(crate) use special::split_element;

use crate::state::{Shell, Unwind};
use crate::syntax::ast::{Arith, Part, Word};

/// The result of an expansion; an error was already reported.
pub(crate) type Expanded<T> = Result<T, Unwind>;

impl Shell {
    /// The fields of a command's words: all expansions, splitting and globbing.
    pub(crate) fn expand_words(&mut self, words: &[Word]) -> Expanded<Vec<Vec<u8>>> {
        let mut fields = Vec::with_capacity(words.len());
        for word in words {
            self.expand_fields(word, &mut fields)?;
        }
        Ok(fields)
    }

    /// The fields of one word, appended to `into`.
    pub(crate) fn expand_fields(&mut self, word: &Word, into: &mut Vec<Vec<u8>>) -> Expanded<()> {
        if let [Part::Literal(text)] = word.parts.as_slice()
            && !word.has_brace
            && !text.iter().any(|&b| matches!(b, b'*' | b'?' | b'[' | b'(' | b'\\'))
        {
            into.push(text.to_vec());
            return Ok(());
        }
        if word.has_brace && self.options.braceexpand {
            let Some(words) = brace::expand(word) else {
                let most = brace::MAX_WORDS;
                self.error(&format!(
                    "brace expansion: more than {most} words are not supported; use a loop"
                ));
                return Err(Unwind::Discard(1));
            };
            for word in words {
                self.expand_one(&word, into)?;
            }
            return Ok(());
        }
        self.expand_one(word, into)
    }

    fn expand_one(&mut self, word: &Word, into: &mut Vec<Vec<u8>>) -> Expanded<()> {
        let mut expander = Expander::new(self, Mode::Fields);
        expander.parts(&word.parts, false)?;
        for field in expander.finish() {
            match field.pattern {
                Some(pattern) if !self.options.noglob => {
                    self.glob(&pattern, field.text, into)?;
                }
                _ => into.push(field.text),
            }
        }
        Ok(())
    }

    /// One string: no splitting, no globbing. For assignments, `case` and redirections.
    pub(crate) fn expand_single(&mut self, word: &Word) -> Expanded<Vec<u8>> {
        match word.parts.as_slice() {
            [] => return Ok(Vec::new()),
            [Part::Literal(text) | Part::Quoted(text)] => return Ok(text.to_vec()),
            _ => {}
        }
        self.expand_as(word, Mode::Single)
    }

    /// A pattern in which quoted characters are escaped.
    pub(crate) fn expand_pattern(&mut self, word: &Word) -> Expanded<Vec<u8>> {
        self.expand_as(word, Mode::Pattern)
    }

    pub(crate) fn expand_as(&mut self, word: &Word, mode: Mode) -> Expanded<Vec<u8>> {
        let mut expander = Expander::new(self, mode);
        expander.parts(&word.parts, false)?;
        Ok(expander.finish_single())
    }

    /// The body of a here-document, or text with the rules of one.
    pub(crate) fn expand_here(&mut self, word: &Word) -> Expanded<Vec<u8>> {
        let mut expander = Expander::new(self, Mode::Single);
        expander.parts(&word.parts, true)?;
        Ok(expander.finish_single())
    }

    /// The value of an arithmetic expression.
    pub(crate) fn arith(&mut self, arith: &Arith) -> Expanded<i64> {
        let literal = match arith.word.parts.as_slice() {
            [] => Some(&b""[..]),
            [Part::Literal(text)] => Some(&**text),
            _ => None,
        };
        if let Some(text) = literal {
            let parsed = match arith.parsed.get() {
                Some(parsed) => parsed,
                None => match crate::arith::parse(text) {
                    Ok(parsed) => arith.parsed.get_or_init(|| parsed),
                    Err(error) => return Err(self.arith_error(error)),
                },
            };
            let parsed = std::rc::Rc::clone(parsed);
            let text = text.to_vec();
            return crate::arith::eval(&parsed, &text, self).map_err(|e| self.arith_error(e));
        }
        let text = self.expand_here(&arith.word)?;
        self.arith_text(&text)
    }

    /// The value of an expression given as text.
    pub(crate) fn arith_text(&mut self, text: &[u8]) -> Expanded<i64> {
        crate::arith::eval_text(text, self).map_err(|e| self.arith_error(e))
    }

    /// As [`Self::arith`], for `(( ))`: messages begin with that.
    pub(crate) fn arith_command(&mut self, arith: &Arith) -> Expanded<i64> {
        let before = std::mem::replace(&mut self.arith_prefix, "((: ");
        let value = self.arith(arith);
        self.arith_prefix = before;
        value
    }

    fn arith_error(&mut self, error: crate::arith::ArithError) -> Unwind {
        use crate::arith::ArithError;
        self.arith_depth = 0;
        match error {
            ArithError::Message(text) => {
                let prefix = self.arith_prefix;
                self.error(&format!("{prefix}{}", crate::bytes::display(&text)));
                Unwind::Discard(1)
            }
            ArithError::Unbound(name) => self.unbound(&name),
            ArithError::Reported => Unwind::Discard(1),
        }
    }

    /// The error of a parameter without value under `set -u`.
    pub(crate) fn unbound(&mut self, name: &[u8]) -> Unwind {
        self.error(&format!("{}: unbound variable", crate::bytes::display(name)));
        self.fatal()
    }

    /// What ends a shell that is not interactive after an error of expansion.
    pub(crate) fn fatal(&self) -> Unwind {
        Unwind::Exit(if self.mode == crate::state::Mode::Command { 127 } else { 1 })
    }
}
