//! Text to expression.

use std::rc::Rc;

use super::{ArithError, BinaryOp, Expr, MAX_DEPTH, MAX_OPERATORS, UnaryOp, Variable, error};
use crate::syntax::{is_name_char, is_name_start};

type Parsed<T> = Result<T, ArithError>;

struct Parser<'a> {
    text: &'a [u8],
    pos: usize,
    depth: u32,
    operators: u32,
    /// Where the token that was read last begins.
    last: usize,
}

/// Parses an expression. The empty text is 0.
pub(crate) fn parse(text: &[u8]) -> Parsed<Rc<Expr>> {
    let mut parser = Parser { text, pos: 0, depth: 0, operators: 0, last: 0 };
    parser.skip_blanks();
    if parser.pos >= text.len() {
        return Ok(Rc::new(Expr::Number(0)));
    }
    let expr = parser.comma()?;
    parser.skip_blanks();
    if parser.pos < text.len() {
        let rest = &text[parser.pos..];
        let message = if rest.first().is_some_and(|b| is_name_char(*b) || *b == b'(') {
            "syntax error in expression"
        } else if rest.first() == Some(&b'=') {
            "attempted assignment to non-variable"
        } else if rest.first().is_some_and(|b| b"\"'.#$@\\`{}]".contains(b)) {
            "syntax error: invalid arithmetic operator"
        } else {
            "syntax error in expression"
        };
        return Err(error(text, message, rest));
    }
    Ok(Rc::new(expr))
}

impl Parser<'_> {
    fn skip_blanks(&mut self) {
        while self.text.get(self.pos).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            self.pos += 1;
        }
    }

    fn peek(&mut self) -> u8 {
        self.skip_blanks();
        self.at(0)
    }

    fn at(&self, ahead: usize) -> u8 {
        self.text.get(self.pos + ahead).copied().unwrap_or_default()
    }

    fn fail<T>(&self, message: &str) -> Parsed<T> {
        // At the end it is the last token that is shown.
        let from = if self.pos < self.text.len() { self.pos } else { self.last };
        Err(error(self.text, message, &self.text[from.min(self.text.len())..]))
    }

    fn count_operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            return self.fail("expression has too many operators");
        }
        Ok(())
    }

    fn comma(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("expression recursion level exceeded");
        }
        let mut left = self.assignment()?;
        while self.peek() == b',' {
            self.count_operator()?;
            self.last = self.pos;
            self.pos += 1;
            left = Expr::Comma(Rc::new(left), Rc::new(self.assignment()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn assignment(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("expression recursion level exceeded");
        }
        let left = self.ternary()?;
        self.skip_blanks();
        let (op, length) = match (self.at(0), self.at(1), self.at(2)) {
            (b'=', next, _) if next != b'=' => (None, 1),
            (b'<', b'<', b'=') => (Some(BinaryOp::Shl), 3),
            (b'>', b'>', b'=') => (Some(BinaryOp::Shr), 3),
            (first, b'=', _) => match compound_op(first) {
                Some(op) => (Some(op), 2),
                None => return self.done(left),
            },
            _ => return self.done(left),
        };
        let Expr::Variable(variable) = left else {
            return self.fail("attempted assignment to non-variable");
        };
        self.last = self.pos;
        self.pos += length;
        let start = self.pos;
        let right = Rc::new(self.assignment()?);
        let token = self.text[start..].trim_ascii_start().into();
        self.done(Expr::Assign(variable, op, right, token))
    }

    fn done(&mut self, expr: Expr) -> Parsed<Expr> {
        self.depth -= 1;
        Ok(expr)
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let condition = self.binary(0)?;
        if self.peek() != b'?' {
            return Ok(condition);
        }
        self.pos += 1;
        if self.peek() == b':' {
            return self.fail("expression expected");
        }
        let yes = self.comma()?;
        if self.peek() != b':' {
            return self.fail("`:' expected for conditional expression");
        }
        self.pos += 1;
        if self.peek() == 0 {
            return self.fail("expression expected");
        }
        let no = self.assignment()?;
        Ok(Expr::Ternary(Rc::new(condition), Rc::new(yes), Rc::new(no)))
    }

    /// Binary operators by precedence climbing; level 0 is `||`.
    fn binary(&mut self, level: u8) -> Parsed<Expr> {
        let mut left = self.unary()?;
        loop {
            self.skip_blanks();
            let Some((op, precedence, length)) = self.operator() else { return Ok(left) };
            if precedence < level {
                return Ok(left);
            }
            self.count_operator()?;
            self.last = self.pos;
            self.pos += length;
            self.skip_blanks();
            let start = self.pos;
            if start >= self.text.len() {
                return self.fail("syntax error: operand expected");
            }
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return self.fail("expression recursion level exceeded");
            }
            // `**` is right-associative, the others are left-associative.
            let right = self.binary(precedence + u8::from(op != Op::Plain(BinaryOp::Pow)))?;
            self.depth -= 1;
            let (l, r) = (Rc::new(left), Rc::new(right));
            left = match op {
                Op::And => Expr::And(l, r),
                Op::Or => Expr::Or(l, r),
                Op::Plain(op) => {
                    // Only these can fail, and then show their operand.
                    let fails = matches!(op, BinaryOp::Div | BinaryOp::Rem | BinaryOp::Pow);
                    let start = if op == BinaryOp::Pow { self.last } else { start };
                    let token = if fails { self.text[start..].into() } else { Rc::default() };
                    Expr::Binary(op, l, r, token)
                }
            };
        }
    }

    fn operator(&self) -> Option<(Op, u8, usize)> {
        use BinaryOp::{
            Add, BitAnd, BitOr, BitXor, Div, Eq, Ge, Gt, Le, Lt, Mul, Ne, Pow, Rem, Shl, Shr, Sub,
        };
        let (a, b, c) = (self.at(0), self.at(1), self.at(2));
        let found = match (a, b) {
            (b'|', b'|') => return Some((Op::Or, 1, 2)),
            (b'&', b'&') => return Some((Op::And, 2, 2)),
            (b'=', b'=') => (Eq, 6, 2),
            (b'!', b'=') => (Ne, 6, 2),
            (b'<' | b'>', next) if next == a => {
                if c == b'=' {
                    return None;
                }
                (if a == b'<' { Shl } else { Shr }, 8, 2)
            }
            (b'<', b'=') => (Le, 7, 2),
            (b'>', b'=') => (Ge, 7, 2),
            (b'*', b'*') => (Pow, 11, 2),
            (_, b'=') => return None,
            (b'|', _) => (BitOr, 3, 1),
            (b'^', _) => (BitXor, 4, 1),
            (b'&', _) => (BitAnd, 5, 1),
            (b'<', _) => (Lt, 7, 1),
            (b'>', _) => (Gt, 7, 1),
            (b'+', _) => (Add, 9, 1),
            (b'-', _) => (Sub, 9, 1),
            (b'*', _) => (Mul, 10, 1),
            (b'/', _) => (Div, 10, 1),
            (b'%', _) => (Rem, 10, 1),
            _ => return None,
        };
        Some((Op::Plain(found.0), found.1, found.2))
    }

    fn unary(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("expression recursion level exceeded");
        }
        let first = self.peek();
        let op = match first {
            b'+' | b'-' if self.at(1) == first => {
                let saved = self.pos;
                self.pos += 2;
                self.skip_blanks();
                if is_name_start(self.at(0)) {
                    let variable = self.variable()?;
                    let by = if first == b'+' { 1 } else { -1 };
                    return self.done(Expr::Step { variable, by, prefix: true });
                }
                self.pos = saved;
                if first == b'+' { UnaryOp::Plus } else { UnaryOp::Minus }
            }
            b'+' => UnaryOp::Plus,
            b'-' => UnaryOp::Minus,
            b'!' => UnaryOp::Not,
            b'~' => UnaryOp::Complement,
            _ => {
                let primary = self.primary()?;
                return self.done(primary);
            }
        };
        self.last = self.pos;
        self.pos += 1;
        if self.peek() == 0 {
            return self.fail("syntax error: operand expected");
        }
        let operand = self.unary()?;
        self.done(Expr::Unary(op, Rc::new(operand)))
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let first = self.peek();
        if first == b'(' {
            self.last = self.pos;
            self.pos += 1;
            let inner = self.comma()?;
            if self.peek() != b')' {
                return self.fail("missing `)'");
            }
            self.last = self.pos;
            self.pos += 1;
            return Ok(inner);
        }
        if is_name_start(first) {
            let variable = self.variable()?;
            self.skip_blanks();
            let next = self.at(0);
            if (next == b'+' || next == b'-') && self.at(1) == next {
                // `x++y` is `x + +y`, `x++` is a step.
                let mut ahead = 2;
                while self.at(ahead) == b' ' {
                    ahead += 1;
                }
                if !is_name_char(self.at(ahead)) && self.at(ahead) != b'(' {
                    self.pos += 2;
                    let by = if next == b'+' { 1 } else { -1 };
                    return Ok(Expr::Step { variable, by, prefix: false });
                }
            }
            return Ok(Expr::Variable(variable));
        }
        if first.is_ascii_digit() {
            let start = self.pos;
            self.last = start;
            while is_name_char(self.at(0)) || matches!(self.at(0), b'#' | b'@') {
                self.pos += 1;
            }
            let token = &self.text[start..self.pos];
            return match parse_integer(token) {
                Ok(number) => Ok(Expr::Number(number)),
                Err(message) => Err(error(self.text, message, &self.text[start..])),
            };
        }
        self.fail("syntax error: operand expected")
    }

    fn variable(&mut self) -> Parsed<Variable> {
        let start = self.pos;
        self.last = start;
        while is_name_char(self.at(0)) {
            self.pos += 1;
        }
        let name = self.text[start..self.pos].into();
        let mut subscript = None;
        if self.at(0) == b'[' {
            let open = self.pos;
            let mut depth = 0u32;
            loop {
                match self.at(0) {
                    0 => {
                        self.pos = start;
                        return self.fail("bad array subscript");
                    }
                    b'[' => depth += 1,
                    b']' => depth -= 1,
                    _ => {}
                }
                self.pos += 1;
                if depth == 0 {
                    break;
                }
            }
            subscript = Some(self.text[open + 1..self.pos - 1].into());
        }
        Ok(Variable { name, subscript })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Plain(BinaryOp),
    And,
    Or,
}

fn compound_op(byte: u8) -> Option<BinaryOp> {
    Some(match byte {
        b'+' => BinaryOp::Add,
        b'-' => BinaryOp::Sub,
        b'*' => BinaryOp::Mul,
        b'/' => BinaryOp::Div,
        b'%' => BinaryOp::Rem,
        b'&' => BinaryOp::BitAnd,
        b'^' => BinaryOp::BitXor,
        b'|' => BinaryOp::BitOr,
        _ => return None,
    })
}

/// Reads `12`, `0x1f`, `017` or `base#digits`.
pub(super) fn parse_integer(token: &[u8]) -> Result<i64, &'static str> {
    let (base, digits) = if let Some(hash) = token.iter().position(|&b| b == b'#') {
        if token.first() == Some(&b'0') {
            return Err("invalid number");
        }
        let base = decimal(&token[..hash]).ok_or("invalid number")?;
        if !(2..=64).contains(&base) {
            return Err("invalid arithmetic base");
        }
        (base, &token[hash + 1..])
    } else {
        match token {
            [b'0', b'x' | b'X', rest @ ..] => (16, rest),
            [b'0', rest @ ..] => (8, rest),
            _ => (10, token),
        }
    };
    if digits.is_empty() && token.contains(&b'#') {
        return Err("invalid integer constant");
    }
    let mut value = 0i64;
    for &byte in digits {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            b'@' => 62,
            b'_' => 63,
            _ => return Err("invalid number"),
        };
        if i64::from(digit) >= base {
            return Err("value too great for base");
        }
        value = value.wrapping_mul(base).wrapping_add(i64::from(digit));
    }
    Ok(value)
}

fn decimal(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
