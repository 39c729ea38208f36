//! What compiling a program may cost.

use std::time::Duration;

/// Bounds on compiling a program.
///
/// Compiling is the one thing a program makes the host do before any limit of the running sandbox
/// applies to it, and the compiler has none: its time and memory grow with these numbers, and with
/// the square of some. The defaults are several times what the largest interpreters and compilers
/// built for WASI need. Sizes are checked before; since a program well below all of them can still
/// be made to compile for minutes (40,000 nested loops over 1,000 variables: half a megabyte, 80 s
/// and 2 GB), the time is bounded as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of the program. Default 256 MiB.
    pub source_bytes: u64,
    /// Bytes of one function's code: register allocation works on a whole function. Default 2 MiB.
    pub function_bytes: u64,
    /// Functions, over all modules of a component. Default 300,000.
    pub functions: u64,
    /// Local variables of all functions together. A function that declares 50,000 takes ten bytes.
    /// Default 20 million.
    pub locals: u64,
    /// Types. Default 100,000.
    pub types: u64,
    /// Parameters and results of one function type: a call of a few bytes makes so many values.
    /// Default 200.
    pub values_per_type: u64,
    /// How long compiling may take. Default five minutes.
    pub time: Duration,
    /// Bytes of memory that compiling may take, where it happens in a process of its own: for any
    /// program at least this, by default 1 GiB; and …
    pub memory: u64,
    /// … so many for each byte of the program. Default 64: on two
    /// cores CPython was measured to take 8, PHP and Ruby 17, clang 34.
    pub memory_per_byte: u64,
    /// Bytes of memory that no program may take for compiling, whatever its size. Default 8 GiB.
    pub memory_at_most: u64,
}

impl CompileLimits {
    /// The memory that compiling a program of so many bytes may take.
    pub(super) fn memory_for(&self, bytes: usize) -> u64 {
        let bytes = bytes as u64;
        let memory = self.memory.saturating_add(bytes.saturating_mul(self.memory_per_byte));
        memory.min(self.memory_at_most)
    }
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            source_bytes: 256 << 20,
            function_bytes: 2 << 20,
            functions: 300_000,
            locals: 20_000_000,
            types: 100_000,
            values_per_type: 200,
            time: Duration::from_secs(300),
            memory: 1 << 30,
            memory_per_byte: 64,
            memory_at_most: 8 << 30,
        }
    }
}

/// A limit that was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exceeded {
    pub(super) what: &'static str,
    pub(super) found: u64,
    pub(super) limit: u64,
}

/// What has been counted so far.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    limits: &'a CompileLimits,
    functions: u64,
    pub(super) locals: u64,
    types: u64,
}

impl<'a> Counted<'a> {
    pub(super) fn new(limits: &'a CompileLimits) -> Self {
        Self { limits, functions: 0, locals: 0, types: 0 }
    }

    pub(super) fn functions(&mut self, count: u32) -> Result<(), Exceeded> {
        self.functions += u64::from(count);
        within("functions", self.functions, self.limits.functions)
    }

    pub(super) fn types(&mut self, count: u32) -> Result<(), Exceeded> {
        self.types += u64::from(count);
        within("types", self.types, self.limits.types)
    }

    pub(super) fn function_type(&self, values: usize) -> Result<(), Exceeded> {
        let what = "parameters and results in one function type";
        within(what, values as u64, self.limits.values_per_type)
    }

    pub(super) fn body(&self, bytes: usize) -> Result<(), Exceeded> {
        within("bytes of code in one function", bytes as u64, self.limits.function_bytes)
    }

    pub(super) fn locals(&mut self, count: u32) -> Result<(), Exceeded> {
        self.locals += u64::from(count);
        within("local variables", self.locals, self.limits.locals)
    }
}

pub(super) fn within(what: &'static str, found: u64, limit: u64) -> Result<(), Exceeded> {
    if found > limit { Err(Exceeded { what, found, limit }) } else { Ok(()) }
}
