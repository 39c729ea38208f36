//! `${…}`.

use std::rc::Rc;

use super::ast::{Arith, Param, ParamOp, Part, ReplaceKind, Subscript, Target, Word};
use super::parser::Parser;
use super::words::WordKind;
use super::{Parsed, is_name_char, is_name_start};

impl Parser<'_> {
    /// From `${` to after `}`.
    pub(super) fn braced_param(&mut self, double: bool) -> Parsed<Part> {
        let (start, line) = (self.pos, self.line);
        self.bump_by(2);
        let param = self.nest(|p| p.braced_rest(double, line))?;
        if let Some((target, subscript, indirect, op)) = param
            && self.peek() == Some(b'}')
        {
            self.bump();
            let text = self.text[start..self.pos].into();
            return Ok(Part::Param(Rc::new(Param { target, subscript, indirect, op, text })));
        }
        // Not an expansion that bash knows. It says so only when it gets there.
        loop {
            match self.peek() {
                None => return Err(self.unmatched('}', line)),
                Some(b'}') => break self.bump(),
                Some(_) => match self.scan_item(0) {
                    Some(length) => self.bump_by(length),
                    None => return Err(self.unmatched('}', line)),
                },
            }
        }
        let text = self.text[start..self.pos].into();
        Ok(Part::Param(Rc::new(Param {
            target: Target::Special(b'?'),
            subscript: None,
            indirect: false,
            op: ParamOp::Bad,
            text,
        })))
    }

    #[expect(clippy::type_complexity, reason = "taken apart by the only caller at once")]
    fn braced_rest(
        &mut self,
        double: bool,
        line: u32,
    ) -> Parsed<Option<(Target, Option<Subscript>, bool, ParamOp)>> {
        let mut length = false;
        let mut indirect = false;
        match (self.peek(), self.peek_at(1)) {
            (Some(b'#'), Some(next)) if next != b'}' => {
                // `${#-}` and `${#?}` are lengths, `${#-word}` is not.
                let special = matches!(next, b'-' | b'?' | b'#' | b'$' | b'!' | b'@' | b'*');
                length = is_name_char(next) || (special && self.peek_at(2) == Some(b'}'));
            }
            (Some(b'!'), Some(next)) if next != b'}' => {
                indirect = is_name_char(next) || matches!(next, b'@' | b'*' | b'#');
            }
            (None, _) => return Err(self.unmatched('}', line)),
            _ => {}
        }
        if length || indirect {
            self.bump();
        }
        let Some(target) = self.param_target() else { return Ok(None) };
        let mut subscript = None;
        if matches!(target, Target::Name(_)) && self.peek() == Some(b'[') {
            let Some(n) = self.scan_balanced(0, b'[', b']') else { return Ok(None) };
            let text = self.text[self.pos + 1..self.pos + n - 1].to_vec();
            subscript = Some(match text.as_slice() {
                b"" => return Ok(None),
                b"@" => Subscript::At,
                b"*" => Subscript::Star,
                _ => Subscript::Index(self.nested(text, self.line).word(WordKind::Subscript)?),
            });
            self.bump_by(n);
        }
        if length {
            return Ok(Some((target, subscript, false, ParamOp::Length)));
        }
        if indirect {
            match (&target, &subscript, self.peek(), self.peek_at(1)) {
                (Target::Name(_), None, Some(star @ (b'@' | b'*')), Some(b'}')) => {
                    self.bump();
                    let op = ParamOp::Names { star: star == b'*' };
                    return Ok(Some((target, None, false, op)));
                }
                (Target::Name(_), Some(Subscript::At | Subscript::Star), Some(b'}'), _) => {
                    let op = ParamOp::Keys { star: matches!(subscript, Some(Subscript::Star)) };
                    return Ok(Some((target, None, false, op)));
                }
                _ => {}
            }
        }
        let Some(op) = self.param_op(double)? else { return Ok(None) };
        Ok(Some((target, subscript, indirect, op)))
    }

    fn param_target(&mut self) -> Option<Target> {
        let first = self.peek()?;
        let mut end = 1;
        if is_name_start(first) {
            while self.peek_at(end).is_some_and(is_name_char) {
                end += 1;
            }
            let name: Box<[u8]> = self.text[self.pos..self.pos + end].into();
            self.pos += end;
            return Some(Target::Name(name));
        }
        if first.is_ascii_digit() {
            while self.peek_at(end).is_some_and(|b| b.is_ascii_digit()) {
                end += 1;
            }
            let digits = std::str::from_utf8(&self.text[self.pos..self.pos + end]).ok()?;
            let number: usize = digits.parse().ok()?;
            self.pos += end;
            return Some(if number == 0 {
                Target::Special(b'0')
            } else {
                Target::Positional(number)
            });
        }
        if b"@*#?-$!".contains(&first) {
            self.pos += 1;
            return Some(Target::Special(first));
        }
        None
    }

    fn param_op(&mut self, double: bool) -> Parsed<Option<ParamOp>> {
        let Some(first) = self.peek() else { return Err(self.unmatched('}', self.line)) };
        let second = self.peek_at(1);
        let op = match (first, second) {
            (b'}', _) => ParamOp::None,
            (b':', Some(kind @ (b'-' | b'=' | b'?' | b'+'))) => {
                self.bump_by(2);
                ParamOp::Test { kind, colon: true, word: self.word(WordKind::Brace { double })? }
            }
            (kind @ (b'-' | b'=' | b'?' | b'+'), _) => {
                self.bump();
                ParamOp::Test { kind, colon: false, word: self.word(WordKind::Brace { double })? }
            }
            (b':', _) => {
                self.bump();
                if self.peek() == Some(b'}') {
                    return Ok(None);
                }
                let offset = self.substring_part()?;
                let length = if self.peek() == Some(b':') {
                    self.bump();
                    Some(self.substring_part()?)
                } else {
                    None
                };
                ParamOp::Substring { offset, length }
            }
            (b'#' | b'%', _) => {
                let longest = second == Some(first);
                self.bump_by(1 + usize::from(longest));
                let pattern = self.pattern(false, double)?;
                ParamOp::Remove { suffix: first == b'%', longest, pattern }
            }
            (b'/', _) => self.replacement(second, double)?,
            (b'^' | b',' | b'~', _) => {
                let all = second == Some(first);
                self.bump_by(1 + usize::from(all));
                let pattern = if self.peek() == Some(b'}') {
                    None
                } else {
                    Some(self.pattern(false, double)?)
                };
                ParamOp::Case { upper: first == b'^', all, toggle: first == b'~', pattern }
            }
            (b'@', Some(op)) if op.is_ascii_alphabetic() && self.peek_at(2) == Some(b'}') => {
                self.bump_by(2);
                ParamOp::Transform(op)
            }
            _ => return Ok(None),
        };
        Ok(Some(op))
    }

    fn pattern(&mut self, slash: bool, double: bool) -> Parsed<Word> {
        self.word(WordKind::Pattern { slash, double })
    }

    fn replacement(&mut self, second: Option<u8>, double: bool) -> Parsed<ParamOp> {
        self.bump();
        let kind = match second {
            Some(b'/') => ReplaceKind::All,
            Some(b'#') => ReplaceKind::Prefix,
            Some(b'%') => ReplaceKind::Suffix,
            _ => ReplaceKind::First,
        };
        if kind != ReplaceKind::First {
            self.bump();
        }
        let pattern = if self.peek() == Some(b'/')
            && matches!(kind, ReplaceKind::Prefix | ReplaceKind::Suffix)
        {
            Word::default()
        } else {
            self.pattern(true, double)?
        };
        let replacement = if self.peek() == Some(b'/') {
            self.bump();
            self.pattern(false, double)?
        } else {
            Word::default()
        };
        Ok(ParamOp::Replace { kind, pattern, replacement })
    }

    /// An arithmetic operand of `${name:offset:length}`, up to `:` or `}`.
    fn substring_part(&mut self) -> Parsed<Arith> {
        let line = self.line;
        let (mut i, mut parens, mut ternaries) = (0, 0u32, 0u32);
        loop {
            match self.peek_at(i) {
                None => return Err(self.unmatched('}', line)),
                Some(b'}') => break,
                Some(b':') if parens == 0 && ternaries == 0 => break,
                Some(byte) => {
                    match byte {
                        b'(' | b'[' => parens += 1,
                        b')' | b']' => parens = parens.saturating_sub(1),
                        b'?' => ternaries += 1,
                        b':' => ternaries = ternaries.saturating_sub(1),
                        _ => {}
                    }
                    match self.scan_item(i) {
                        Some(next) => i = next,
                        None => return Err(self.unmatched('}', line)),
                    }
                }
            }
        }
        self.take_arith(0, i)
    }
}
