//! The tree of an awk program.

use super::value::Text;
use regex::bytes::Regex;

/// Where a name's value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    Global(usize),
    Local(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Less,
    LessEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug)]
pub(super) enum Expr {
    Number(f64),
    Text(Text),
    /// Alone it matches `$0`; where a pattern is expected it is one.
    Regex(Regex),
    Var(Slot),
    Field(Box<Expr>),
    Element(Slot, Vec<Expr>),
    Group(Box<Expr>),
    Assign(Box<Expr>, Box<Expr>),
    AssignOp(Binary, Box<Expr>, Box<Expr>),
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Plus(Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Concat(Box<Expr>, Box<Expr>),
    Match {
        text: Box<Expr>,
        pattern: Box<Expr>,
        negated: bool,
    },
    In(Vec<Expr>, Slot),
    /// `++x`, `--x`, `x++`, `x--`: what is added, and whether the old value is the result.
    Increment {
        target: Box<Expr>,
        by: f64,
        postfix: bool,
    },
    Call(usize, Vec<Expr>),
    Builtin(Builtin, Vec<Expr>),
    Getline {
        from: Source,
        target: Option<Box<Expr>>,
    },
}

#[derive(Debug)]
pub(super) enum Source {
    Main,
    File(Box<Expr>),
    Command(Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Atan2,
    Close,
    Cos,
    Exp,
    Fflush,
    Gensub,
    Gsub,
    Index,
    Int,
    Length,
    Log,
    Match,
    Mktime,
    Rand,
    Sin,
    Split,
    Sprintf,
    Sqrt,
    Srand,
    Strftime,
    Strtonum,
    Sub,
    Substr,
    System,
    Systime,
    Tolower,
    Toupper,
    And,
    Or,
    Xor,
    Lshift,
    Rshift,
    Asort,
    Asorti,
}

#[derive(Debug)]
pub(super) enum Target {
    Stdout,
    File(Expr),
    Append(Expr),
    Command(Expr),
}

#[derive(Debug)]
pub(super) enum Stmt {
    Expr(Expr),
    Print(Vec<Expr>, Target),
    Printf(Vec<Expr>, Target),
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    While(Expr, Box<Stmt>),
    Do(Box<Stmt>, Expr),
    For(Option<Box<Stmt>>, Option<Expr>, Option<Box<Stmt>>, Box<Stmt>),
    ForIn(Slot, Slot, Box<Stmt>),
    Block(Vec<Stmt>),
    Next,
    NextFile,
    Exit(Option<Expr>),
    Return(Option<Expr>),
    Break,
    Continue,
    Delete(Slot, Vec<Expr>),
    DeleteAll(Slot),
}

#[derive(Debug)]
pub(super) enum Pattern {
    Always,
    Expr(Expr),
    /// With the index of its state.
    Range(Expr, Expr, usize),
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: Pattern,
    /// `None` prints the record.
    pub(super) action: Option<Stmt>,
}

#[derive(Debug, Default)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) params: usize,
    /// Which parameters are arrays.
    pub(super) arrays: Vec<bool>,
    pub(super) body: Option<Stmt>,
}

#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) begin: Vec<Stmt>,
    pub(super) rules: Vec<Rule>,
    pub(super) end: Vec<Stmt>,
    pub(super) functions: Vec<Function>,
    /// Names of the global slots.
    pub(super) globals: Vec<String>,
    pub(super) global_arrays: Vec<bool>,
    pub(super) ranges: usize,
    /// Slots used as arrays, with the function that they are seen in.
    pub(super) used_as_array: Vec<(Option<usize>, Slot)>,
    /// Plain names passed to functions: where, the name, the function, the argument's index.
    pub(super) passed: Vec<(Option<usize>, Slot, usize, usize)>,
}
