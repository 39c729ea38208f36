//! Shell arithmetic: 64-bit, wrapping, with C's operators.

mod eval;
mod parse;

use std::rc::Rc;

pub(crate) use eval::{Scope, eval, eval_text};
pub(crate) use parse::parse;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    Number(i64),
    Variable(Variable),
    Unary(UnaryOp, Rc<Expr>),
    Binary(BinaryOp, Rc<Expr>, Rc<Expr>, ErrorToken),
    And(Rc<Expr>, Rc<Expr>),
    Or(Rc<Expr>, Rc<Expr>),
    Ternary(Rc<Expr>, Rc<Expr>, Rc<Expr>),
    Assign(Variable, Option<BinaryOp>, Rc<Expr>, ErrorToken),
    /// `++x`, `--x`, `x++`, `x--`
    Step {
        variable: Variable,
        by: i64,
        prefix: bool,
    },
    Comma(Rc<Expr>, Rc<Expr>),
}

/// The text that a message about this operation shows.
pub(crate) type ErrorToken = Rc<[u8]>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: Rc<[u8]>,
    pub(crate) subscript: Option<Rc<[u8]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Minus,
    Plus,
    Not,
    Complement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    Shl,
    Shr,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    BitAnd,
    BitXor,
    BitOr,
}

/// What went wrong, as bash words it after the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArithError {
    /// The complete message.
    Message(Vec<u8>),
    /// A variable without value under `set -u`.
    Unbound(Vec<u8>),
    /// The message was already printed, by the assignment that failed.
    Reported,
}

/// The deepest nesting of an expression, variables that hold expressions included.
pub(crate) const MAX_DEPTH: u32 = 400;

/// The most operators in one expression: each is a level of the tree.
pub(crate) const MAX_OPERATORS: u32 = 1000;

/// `EXPR: MESSAGE (error token is "TOKEN")`.
pub(crate) fn error(expression: &[u8], message: &str, token: &[u8]) -> ArithError {
    let mut text = Vec::new();
    let expression = expression.trim_ascii_start();
    if !expression.is_empty() {
        text.extend_from_slice(expression);
        text.extend_from_slice(b": ");
    }
    text.extend_from_slice(message.as_bytes());
    text.extend_from_slice(b" (error token is \"");
    text.extend_from_slice(token);
    text.extend_from_slice(b"\")");
    ArithError::Message(text)
}

#[cfg(test)]
mod tests;
