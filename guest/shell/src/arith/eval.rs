//! The value of an expression.

use std::rc::Rc;

use super::{ArithError, BinaryOp, ErrorToken, Expr, MAX_DEPTH, UnaryOp, Variable, error, parse};

type Value = Result<i64, ArithError>;

/// Where expressions find variables.
pub(crate) trait Scope {
    /// The value of a variable; `None` when it is unset (which `set -u` turns into an error).
    fn get(&mut self, name: &[u8], subscript: Option<&[u8]>)
    -> Result<Option<Vec<u8>>, ArithError>;
    fn set(&mut self, name: &[u8], subscript: Option<&[u8]>, value: i64) -> Result<(), ArithError>;
    /// Counts nested evaluations; subscripts evaluate expressions through the scope.
    fn depth(&mut self) -> &mut u32;
}

/// Parses and evaluates `text`.
pub(crate) fn eval_text(text: &[u8], scope: &mut dyn Scope) -> Value {
    eval(&*parse(text)?, text, scope)
}

/// Evaluates an expression whose text is `text`.
pub(crate) fn eval(expr: &Expr, text: &[u8], scope: &mut dyn Scope) -> Value {
    if *scope.depth() > MAX_DEPTH {
        return Err(error(text, "expression recursion level exceeded", text));
    }
    *scope.depth() += 1;
    let value = step(expr, text, scope);
    *scope.depth() -= 1;
    value
}

fn step(expr: &Expr, text: &[u8], scope: &mut dyn Scope) -> Value {
    match expr {
        Expr::Number(number) => Ok(*number),
        Expr::Variable(variable) => read(variable, text, scope),
        Expr::Unary(op, operand) => {
            let value = step(operand, text, scope)?;
            Ok(match op {
                UnaryOp::Minus => value.wrapping_neg(),
                UnaryOp::Plus => value,
                UnaryOp::Not => i64::from(value == 0),
                UnaryOp::Complement => !value,
            })
        }
        Expr::Binary(op, left, right, token) => {
            let left = step(left, text, scope)?;
            let right = step(right, text, scope)?;
            binary(*op, left, right, text, token)
        }
        Expr::And(left, right) => {
            Ok(i64::from(step(left, text, scope)? != 0 && step(right, text, scope)? != 0))
        }
        Expr::Or(left, right) => {
            Ok(i64::from(step(left, text, scope)? != 0 || step(right, text, scope)? != 0))
        }
        Expr::Ternary(condition, yes, no) => {
            let chosen: &Rc<Expr> = if step(condition, text, scope)? != 0 { yes } else { no };
            step(chosen, text, scope)
        }
        Expr::Assign(variable, op, right, token) => {
            let value = match op {
                None => step(right, text, scope)?,
                Some(op) => {
                    let left = read(variable, text, scope)?;
                    let right = step(right, text, scope)?;
                    binary(*op, left, right, text, token)?
                }
            };
            scope.set(&variable.name, variable.subscript.as_deref(), value)?;
            Ok(value)
        }
        Expr::Step { variable, by, prefix } => {
            let before = read(variable, text, scope)?;
            let after = before.wrapping_add(*by);
            scope.set(&variable.name, variable.subscript.as_deref(), after)?;
            Ok(if *prefix { after } else { before })
        }
        Expr::Comma(left, right) => {
            step(left, text, scope)?;
            step(right, text, scope)
        }
    }
}

fn read(variable: &Variable, _text: &[u8], scope: &mut dyn Scope) -> Value {
    let Some(value) = scope.get(&variable.name, variable.subscript.as_deref())? else {
        return Ok(0);
    };
    // Nearly all values are plain numbers.
    if let Some(number) = plain_number(&value) {
        return Ok(number);
    }
    eval(&*parse(&value)?, &value, scope)
}

fn plain_number(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut value = 0i64;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some(if negative { -value } else { value })
}

fn binary(op: BinaryOp, left: i64, right: i64, text: &[u8], token: &ErrorToken) -> Value {
    Ok(match op {
        BinaryOp::Add => left.wrapping_add(right),
        BinaryOp::Sub => left.wrapping_sub(right),
        BinaryOp::Mul => left.wrapping_mul(right),
        BinaryOp::Div | BinaryOp::Rem if right == 0 => {
            return Err(error(text, "division by 0", token));
        }
        BinaryOp::Div => left.wrapping_div(right),
        BinaryOp::Rem => left.wrapping_rem(right),
        BinaryOp::Pow => {
            if right < 0 {
                return Err(error(text, "exponent less than 0", token));
            }
            power(left, right)
        }
        BinaryOp::Shl => left.wrapping_shl(right as u32),
        BinaryOp::Shr => left.wrapping_shr(right as u32),
        BinaryOp::Lt => i64::from(left < right),
        BinaryOp::Le => i64::from(left <= right),
        BinaryOp::Gt => i64::from(left > right),
        BinaryOp::Ge => i64::from(left >= right),
        BinaryOp::Eq => i64::from(left == right),
        BinaryOp::Ne => i64::from(left != right),
        BinaryOp::BitAnd => left & right,
        BinaryOp::BitXor => left ^ right,
        BinaryOp::BitOr => left | right,
    })
}

fn power(mut base: i64, mut exponent: i64) -> i64 {
    let mut result = 1i64;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    result
}
