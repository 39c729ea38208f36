//! `test` and `[`.

use crate::bytes;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::ast::{CondOp, is_unary_test};

/// The deepest nesting of parentheses and negations.
const MAX_DEPTH: u32 = 100;

pub(super) fn test(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let name = String::from_utf8_lossy(&arguments[0]).into_owned();
    let mut operands = &arguments[1..];
    if name == "[" {
        match operands.split_last() {
            Some((last, rest)) if last == b"]" => operands = rest,
            _ => {
                sh.error("[: missing `]'");
                return Ok(2);
            }
        }
    }
    let mut tester = Tester { sh, operands, at: 0, depth: 0 };
    let result = tester.whole();
    match result {
        Ok(value) => Ok(u8::from(!value)),
        Err(Failure::Message(message)) => {
            sh.error(&format!("{name}: {message}"));
            Ok(2)
        }
        Err(Failure::Unwind(Unwind::Discard(_))) => Ok(2),
        Err(Failure::Unwind(unwind)) => Err(unwind),
    }
}

enum Failure {
    Message(String),
    Unwind(Unwind),
}

struct Tester<'a> {
    sh: &'a mut Shell,
    operands: &'a [Vec<u8>],
    at: usize,
    depth: u32,
}

impl Tester<'_> {
    /// POSIX decides by the number of arguments up to four, the grammar decides beyond.
    fn whole(&mut self) -> Result<bool, Failure> {
        self.by_count(self.operands)
    }

    fn by_count(&mut self, operands: &[Vec<u8>]) -> Result<bool, Failure> {
        match operands {
            [] => Ok(false),
            [one] => Ok(!one.is_empty()),
            [bang, one] if bang == b"!" => Ok(one.is_empty()),
            [op, one] => match unary(op) {
                Some(letter) => self.unary(letter, one),
                None => Err(expected_unary(op)),
            },
            [left, op, right] if binary(op).is_some() => self.binary(left, op, right),
            [left, op, right] if op == b"-a" => Ok(!left.is_empty() && !right.is_empty()),
            [left, op, right] if op == b"-o" => Ok(!left.is_empty() || !right.is_empty()),
            [bang, rest @ ..] if bang == b"!" && rest.len() <= 3 => Ok(!self.by_count(rest)?),
            [open, one, close] if open == b"(" && close == b")" => Ok(!one.is_empty()),
            [_, op, _] => {
                Err(Failure::Message(format!("{}: binary operator expected", bytes::display(op))))
            }
            [open, inner @ .., close] if inner.len() == 2 && open == b"(" && close == b")" => {
                self.by_count(inner)
            }
            _ => {
                self.at = 0;
                let value = self.or()?;
                if self.at < self.operands.len() {
                    return Err(Failure::Message("too many arguments".into()));
                }
                Ok(value)
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<&[u8]> {
        self.operands.get(self.at + ahead).map(Vec::as_slice)
    }

    fn or(&mut self) -> Result<bool, Failure> {
        let mut value = self.and()?;
        while self.peek(0) == Some(b"-o") {
            self.at += 1;
            value |= self.and()?;
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<bool, Failure> {
        let mut value = self.term()?;
        while self.peek(0) == Some(b"-a") {
            self.at += 1;
            value &= self.term()?;
        }
        Ok(value)
    }

    fn term(&mut self) -> Result<bool, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::Message("expression too deeply nested".into()));
        }
        let value = self.term_inner()?;
        self.depth -= 1;
        Ok(value)
    }

    fn term_inner(&mut self) -> Result<bool, Failure> {
        let Some(first) = self.operands.get(self.at).cloned() else {
            return Err(Failure::Message("argument expected".into()));
        };
        if let (Some(op), Some(right)) = (self.peek(1), self.peek(2))
            && binary(op).is_some()
        {
            let (op, right) = (op.to_vec(), right.to_vec());
            self.at += 3;
            return self.binary(&first, &op, &right);
        }
        if first == b"!" {
            self.at += 1;
            return Ok(!self.term()?);
        }
        if first == b"(" {
            self.at += 1;
            let value = self.or()?;
            if self.peek(0) != Some(b")") {
                return Err(Failure::Message("`)' expected".into()));
            }
            self.at += 1;
            return Ok(value);
        }
        if let (Some(letter), Some(operand)) = (unary(&first), self.peek(1)) {
            let operand = operand.to_vec();
            self.at += 2;
            return self.unary(letter, &operand);
        }
        self.at += 1;
        Ok(!first.is_empty())
    }

    fn unary(&mut self, letter: u8, operand: &[u8]) -> Result<bool, Failure> {
        if letter == b't' && bytes::parse_int(operand).is_none() {
            return Err(integer_expected(operand));
        }
        self.sh.unary_test(letter, operand).map_err(Failure::Unwind)
    }

    fn binary(&mut self, left: &[u8], op: &[u8], right: &[u8]) -> Result<bool, Failure> {
        let Some(op) = binary(op) else { return Ok(false) };
        let numbers = matches!(
            op,
            CondOp::Eq | CondOp::Ne | CondOp::Lt | CondOp::Le | CondOp::Gt | CondOp::Ge
        );
        if numbers {
            let a = bytes::parse_int(left).ok_or_else(|| integer_expected(left))?;
            let b = bytes::parse_int(right).ok_or_else(|| integer_expected(right))?;
            return Ok(match op {
                CondOp::Eq => a == b,
                CondOp::Ne => a != b,
                CondOp::Lt => a < b,
                CondOp::Le => a <= b,
                CondOp::Gt => a > b,
                _ => a >= b,
            });
        }
        match op {
            CondOp::Match | CondOp::Equal => Ok(left == right),
            CondOp::NotMatch => Ok(left != right),
            op => self.sh.binary_test(op, left, right).map_err(Failure::Unwind),
        }
    }
}

fn integer_expected(text: &[u8]) -> Failure {
    Failure::Message(format!("{}: integer expression expected", bytes::display(text)))
}

fn expected_unary(op: &[u8]) -> Failure {
    Failure::Message(format!("{}: unary operator expected", bytes::display(op)))
}

fn unary(op: &[u8]) -> Option<u8> {
    match op {
        [b'-', letter] if is_unary_test(*letter) => Some(*letter),
        _ => None,
    }
}

fn binary(op: &[u8]) -> Option<CondOp> {
    CondOp::parse(op).filter(|op| *op != CondOp::Regex)
}
