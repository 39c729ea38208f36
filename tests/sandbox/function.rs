//! What a puppet can call: the signatures of `tests/wasi/functions.txt`.

use std::sync::LazyLock;

/// A parameter as a case writes it, or a place for a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    U32,
    U64,
    Path,
    Write,
    Read,
    Buffer,
    Pointer,
    Subscriptions,
    /// Pairs of numbers.
    List,
    OutU32,
    OutU64,
    OutFilestat,
    OutFdstat,
    OutPrestat,
    /// This many 32-bit words.
    OutWords(u32),
}

impl Parameter {
    /// The WebAssembly types that it becomes.
    pub(crate) fn types(self) -> &'static [&'static str] {
        match self {
            Self::U64 => &["i64"],
            Self::Path | Self::Write | Self::Read | Self::Buffer | Self::List => &["i32", "i32"],
            Self::Subscriptions => &["i32", "i32", "i32"],
            _ => &["i32"],
        }
    }

    /// Whether the function writes to it and the case gives no value for it.
    pub(crate) fn is_result(self) -> bool {
        self.size() > 0
    }

    /// How many bytes a result takes.
    pub(crate) fn size(self) -> u32 {
        match self {
            Self::OutU32 => 4,
            Self::OutU64 | Self::OutPrestat => 8,
            Self::OutFilestat => 64,
            Self::OutFdstat => 24,
            Self::OutWords(words) => 4 * words,
            _ => 0,
        }
    }
}

/// An imported function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// Of greenroom's own module, not of WASI.
    pub(crate) own: bool,
    pub(crate) parameters: Vec<Parameter>,
    /// The WebAssembly type of its result.
    pub(crate) result: Option<&'static str>,
}

static TABLE: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let lines = include_str!("../wasi/functions.txt").lines();
    lines.filter(|line| !line.starts_with('#')).map(function).collect()
});

/// All functions.
pub(crate) fn all() -> &'static [Function] {
    &TABLE
}

/// A function and its index.
pub(crate) fn find(name: &str) -> Option<(usize, &'static Function)> {
    TABLE.iter().enumerate().find(|(_, function)| function.name == name)
}

fn function(line: &'static str) -> Function {
    let mut words = line.split(' ');
    let own = words.next() == Some("g");
    let name = words.next().expect("a function has a name");
    let mut result = Some("i32");
    let mut parameters = Vec::new();
    for word in words {
        parameters.push(match word {
            "u32" => Parameter::U32,
            "u64" => Parameter::U64,
            "path" => Parameter::Path,
            "write" => Parameter::Write,
            "read" => Parameter::Read,
            "buf" => Parameter::Buffer,
            "ptr" => Parameter::Pointer,
            "subs" => Parameter::Subscriptions,
            "list" => Parameter::List,
            ">u32" => Parameter::OutU32,
            ">u64" => Parameter::OutU64,
            ">filestat" => Parameter::OutFilestat,
            ">fdstat" => Parameter::OutFdstat,
            ">prestat" => Parameter::OutPrestat,
            ">pair" => Parameter::OutWords(2),
            ">words3" => Parameter::OutWords(3),
            ">words4" => Parameter::OutWords(4),
            "!" => {
                result = None;
                continue;
            }
            "=u64" => {
                result = Some("i64");
                continue;
            }
            other => panic!("{name}: unknown parameter {other}"),
        });
    }
    Function { name, own, parameters, result }
}
