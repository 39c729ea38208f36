//! What the parser produces. Words are kept as parts, so that expansion never looks at quoting
//! again; everything is plain bytes.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::SyntaxError;
use crate::arith::Expr;

/// Commands in sequence.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Item>,
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) and_or: AndOr,
    pub(crate) background: bool,
    /// A newline, and no `;`, follows.
    pub(crate) newline: bool,
}

#[derive(Debug)]
pub(crate) struct AndOr {
    pub(crate) first: Pipeline,
    pub(crate) rest: Vec<(AndOrOp, Pipeline)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AndOrOp {
    And,
    Or,
}

#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) bang: bool,
    pub(crate) time: Option<TimeFormat>,
    pub(crate) commands: Vec<Command>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    Bash,
    Posix,
}

#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) kind: CommandKind,
    pub(crate) redirects: Vec<Redirect>,
    pub(crate) line: u32,
}

#[derive(Debug)]
pub(crate) enum CommandKind {
    Simple(Simple),
    Group(List),
    Subshell(List),
    If {
        arms: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    While {
        until: bool,
        condition: List,
        body: List,
    },
    For {
        variable: Box<[u8]>,
        words: Option<Vec<Word>>,
        body: List,
    },
    Select {
        variable: Box<[u8]>,
        words: Option<Vec<Word>>,
        body: List,
    },
    ArithFor {
        init: Arith,
        condition: Arith,
        step: Arith,
        body: List,
    },
    Case {
        word: Word,
        arms: Vec<CaseArm>,
    },
    Function(Rc<Function>),
    Arith(Arith),
    Cond(Cond),
    /// `coproc name command`
    Coproc {
        name: Box<[u8]>,
        body: Box<Command>,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) words: Vec<Word>,
}

#[derive(Debug)]
pub(crate) struct CaseArm {
    pub(crate) patterns: Vec<Word>,
    pub(crate) body: List,
    pub(crate) end: CaseEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseEnd {
    /// `;;`
    Break,
    /// `;&`
    FallThrough,
    /// `;;&`
    TestNext,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: Box<[u8]>,
    pub(crate) body: Command,
    /// Where the definition begins.
    pub(crate) line: u32,
    pub(crate) source: Rc<[u8]>,
}

#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) name: Box<[u8]>,
    pub(crate) subscript: Option<Word>,
    pub(crate) append: bool,
    pub(crate) value: AssignValue,
}

#[derive(Debug)]
pub(crate) enum AssignValue {
    Scalar(Word),
    Array(Vec<ArrayItem>),
}

#[derive(Debug)]
pub(crate) struct ArrayItem {
    pub(crate) subscript: Option<Word>,
    pub(crate) append: bool,
    pub(crate) value: Word,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Word {
    pub(crate) parts: Vec<Part>,
    /// An unquoted `{` that may begin a brace expansion is present.
    pub(crate) has_brace: bool,
    /// The text in the script, unless the parts are that text.
    pub(crate) source: Option<Box<[u8]>>,
    /// The argument of a declaration builtin that has the form of an assignment.
    pub(crate) assignment: Option<Rc<Assignment>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Unquoted text: pattern characters in it are active.
    Literal(Rc<[u8]>),
    /// Quoted text outside of double quotes.
    Quoted(Rc<[u8]>),
    /// A double-quoted sequence.
    Double(Rc<[Part]>),
    /// `~` and what follows up to the first `/`.
    Tilde(Rc<[u8]>),
    Param(Rc<Param>),
    Command(Rc<CommandSub>),
    Arith(Rc<Arith>),
    Process {
        read: bool,
        body: Rc<List>,
    },
}

/// The body of `$( )` or of backquotes.
#[derive(Debug)]
pub(crate) struct CommandSub {
    pub(crate) body: Result<List, SyntaxError>,
}

#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) target: Target,
    pub(crate) subscript: Option<Subscript>,
    pub(crate) indirect: bool,
    pub(crate) op: ParamOp,
    /// The source text, for messages.
    pub(crate) text: Box<[u8]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Name(Box<[u8]>),
    Positional(usize),
    /// One of `@ * # ? - $ ! 0`.
    Special(u8),
}

#[derive(Debug)]
pub(crate) enum Subscript {
    /// `[@]`
    At,
    /// `[*]`
    Star,
    Index(Word),
}

#[derive(Debug)]
pub(crate) enum ParamOp {
    None,
    Length,
    /// `-`, `=`, `?` or `+`, with or without a colon.
    Test {
        kind: u8,
        colon: bool,
        word: Word,
    },
    Remove {
        suffix: bool,
        longest: bool,
        pattern: Word,
    },
    Replace {
        kind: ReplaceKind,
        pattern: Word,
        replacement: Word,
    },
    Substring {
        offset: Arith,
        length: Option<Arith>,
    },
    Case {
        upper: bool,
        all: bool,
        toggle: bool,
        pattern: Option<Word>,
    },
    Transform(u8),
    /// `${!prefix*}` and `${!prefix@}`.
    Names {
        star: bool,
    },
    /// `${!name[@]}` and `${!name[*]}`.
    Keys {
        star: bool,
    },
    /// Not a valid expansion: an error when it is reached.
    Bad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplaceKind {
    First,
    All,
    Prefix,
    Suffix,
}

/// An arithmetic expression: text with expansions in it.
#[derive(Debug, Default)]
pub(crate) struct Arith {
    pub(crate) word: Word,
    pub(crate) text: Box<[u8]>,
    /// The parsed form, when the text has no expansions.
    pub(crate) parsed: OnceCell<Rc<Expr>>,
}

#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) fd: RedirectFd,
    pub(crate) kind: RedirectKind,
}

#[derive(Clone, Debug)]
pub(crate) enum RedirectFd {
    Default,
    Number(u32),
    /// `{name}`
    Variable(Box<[u8]>),
}

#[derive(Debug)]
pub(crate) enum RedirectKind {
    Read(Word),
    Write(Word),
    Clobber(Word),
    Append(Word),
    ReadWrite(Word),
    /// `<&` word
    DupInput(Word),
    /// `>&` word
    DupOutput(Word),
    /// `&>` word, `&>>` word
    Both {
        word: Word,
        append: bool,
    },
    Here(Rc<HereDoc>),
    HereString(Word),
}

/// A here-document. Its body is filled in when the parser has passed the end of the line.
#[derive(Debug)]
pub(crate) struct HereDoc {
    pub(crate) body: RefCell<Word>,
    /// The body's text, without the tabs that `<<-` drops.
    pub(crate) text: RefCell<Box<[u8]>>,
    pub(crate) delimiter: Box<[u8]>,
    /// The delimiter with its quoting.
    pub(crate) quoted_delimiter: Box<[u8]>,
    pub(crate) strip_tabs: bool,
}

/// The expression of `[[ ]]`.
#[derive(Debug)]
pub(crate) enum Cond {
    Word(Word),
    Unary(u8, Word),
    Binary(CondOp, Word, Word),
    Not(Box<Cond>),
    /// `( … )`
    Group(Box<Cond>),
    And(Box<Cond>, Box<Cond>),
    Or(Box<Cond>, Box<Cond>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CondOp {
    /// `==`
    Match,
    /// `=`, which means the same.
    Equal,
    NotMatch,
    Regex,
    Before,
    After,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    NewerThan,
    OlderThan,
    SameFile,
}

/// The binary operators of `[[ ]]`; `test` knows all but `=~`.
const COND_OPS: [(CondOp, &[u8]); 15] = [
    (CondOp::Match, b"=="),
    (CondOp::Equal, b"="),
    (CondOp::NotMatch, b"!="),
    (CondOp::Regex, b"=~"),
    (CondOp::Before, b"<"),
    (CondOp::After, b">"),
    (CondOp::Eq, b"-eq"),
    (CondOp::Ne, b"-ne"),
    (CondOp::Lt, b"-lt"),
    (CondOp::Le, b"-le"),
    (CondOp::Gt, b"-gt"),
    (CondOp::Ge, b"-ge"),
    (CondOp::NewerThan, b"-nt"),
    (CondOp::OlderThan, b"-ot"),
    (CondOp::SameFile, b"-ef"),
];

impl CondOp {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        COND_OPS.iter().find(|(_, name)| *name == text).map(|(op, _)| *op)
    }

    pub(crate) fn name(self) -> &'static [u8] {
        COND_OPS.iter().find(|(op, _)| *op == self).map_or(b"", |(_, name)| name)
    }
}

/// Whether `-x` with this letter is a test of one operand.
pub(crate) fn is_unary_test(letter: u8) -> bool {
    b"abcdefghknoprstuvwxzGLNORS".contains(&letter)
}

impl Word {
    /// A word of one literal part.
    pub(crate) fn literal(text: &[u8]) -> Self {
        Self { parts: vec![Part::Literal(text.into())], ..Self::default() }
    }

    /// The text of a word without quoting and expansions.
    pub(crate) fn as_literal(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }
}
