//! GitLab's expression language for steps, `${{ … }}` (called Moa there).
//!
//! Source of the rules: GitLab's documentation, `doc/ci/functions/moa.md`. Where it is silent the
//! choice made here is said at the place.
//!
//! Expressions cannot loop and cannot call anything but three conversions, so evaluating one takes
//! time in proportion to its text; what it may make is bounded by [`MAX_WEIGHT`] and
//! [`MAX_NESTING`].

mod compare;
mod evaluate;
mod lexer;
mod parse;
mod template;
#[cfg(test)]
mod tests;
mod value;

use std::ops::Range;

pub use evaluate::Context;
pub use template::Template;
use template::TemplatePart;
pub use value::{Array, Data, MAX_NESTING, MAX_WEIGHT, Object, TooBig, Value};

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The bytes of the template that it is about.
    pub at: Range<usize>,
}

impl ExpressionError {
    fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, at }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

type Result<T> = std::result::Result<T, ExpressionError>;

/// Words that may become part of the language and therefore name nothing.
const RESERVED: [&str; 34] = [
    "array",
    "as",
    "break",
    "case",
    "const",
    "continue",
    "default",
    "else",
    "fallthrough",
    "float",
    "for",
    "func",
    "function",
    "goto",
    "if",
    "import",
    "in",
    "int",
    "let",
    "loop",
    "map",
    "namespace",
    "number",
    "object",
    "package",
    "range",
    "return",
    "string",
    "struct",
    "switch",
    "type",
    "var",
    "void",
    "while",
];

/// Operators and brackets within each other, in one expression.
pub const MAX_DEPTH: usize = 100;

/// An expression and where it is written in its template.
#[derive(Clone, Debug, PartialEq)]
struct Expression {
    kind: Kind,
    start: usize,
    end: usize,
    depth: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Literal(Value),
    Name(String),
    /// A string with expressions in it.
    Text(Vec<TemplatePart>),
    Array(Vec<Expression>),
    Object(Vec<(Expression, Expression)>),
    Member(Box<Expression>, String),
    Index(Box<Expression>, Box<Expression>),
    Call(Function, Box<Expression>),
    Unary(Unary, Box<Expression>),
    Binary(Binary, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Str,
    Num,
    Bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unary {
    Plus,
    Minus,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Binary {
    /// How tightly it binds; all associate to the left.
    fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

impl Expression {
    fn at(&self) -> Range<usize> {
        self.start..self.end
    }
}
