//! What can go wrong, in words for the user.

use std::io;
use std::path::PathBuf;

/// Why a program cannot be loaded. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The program's bytes cannot be read.
    #[error("cannot read `{name}`: {source}")]
    Read {
        /// The program.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The bytes are not those the digest was computed from.
    #[error("`{name}` was changed while it was being loaded; run again once nothing writes to it")]
    Changed {
        /// The program.
        name: String,
    },
    /// The file does not begin as WebAssembly does.
    #[error("`{name}` is not a WebAssembly module: {found}")]
    NotWasm {
        /// The program.
        name: String,
        /// What it looks like instead, and what to do about it.
        found: String,
    },
    /// WebAssembly that breaks the specification or uses a proposal the engine has not enabled.
    #[error(
        "`{name}` is not a valid WebAssembly module: {reason}; it may be damaged (download or \
         build it again) or use a WebAssembly feature that greenroom does not enable"
    )]
    Invalid {
        /// The program.
        name: String,
        /// What is wrong, with the offset in the file.
        reason: String,
    },
    /// The program is beyond a limit that bounds what compiling it may cost.
    #[error(
        "`{name}` has {found} {what}, more than the limit of {limit}: compiling it could take \
         all memory or not end; build it smaller, or split it"
    )]
    TooLarge {
        /// The program.
        name: String,
        /// What there is too much of.
        what: &'static str,
        /// How much of it there is (at least).
        found: u64,
        /// How much there may be.
        limit: u64,
    },
    /// Compiling the program took longer than it may.
    #[error(
        "compiling `{name}` was given up after {seconds} s: it is built in a way that makes the \
         compiler extremely slow, by accident or on purpose; build it with optimisation, or split \
         its largest functions"
    )]
    TooSlow {
        /// The program.
        name: String,
        /// The limit.
        seconds: u64,
    },
    /// Compiling the program took more memory than it may.
    #[error(
        "compiling `{name}` was given up, as it takes more than {megabytes} MB of memory: it is \
         built in a way that makes the compiler need extremely much, by accident or on purpose; \
         build it with optimisation, or split its largest functions"
    )]
    TooMuchMemory {
        /// The program.
        name: String,
        /// The limit.
        megabytes: u64,
    },
    /// The compiler was ended from outside.
    #[error(
        "compiling `{name}` was ended by the system, which does so when memory runs out; close \
         other programs and try again"
    )]
    Killed {
        /// The program.
        name: String,
    },
    /// The process that compiles cannot be started.
    #[error(
        "cannot compile `{name}`: the process for it cannot be used ({source}); greenroom starts \
         itself for that, through /proc"
    )]
    NoProcess {
        /// The program.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The program file of greenroom was replaced while this greenroom ran.
    #[error(
        "cannot compile `{name}`: greenroom was replaced by another version meanwhile; run again"
    )]
    Replaced {
        /// The program.
        name: String,
    },
    /// The system gave no thread to compile on.
    #[error("cannot compile `{name}`: no thread to do it on ({source}); close other programs")]
    NoThread {
        /// The program.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The compiler broke down.
    #[error(
        "`{name}` cannot be compiled: the compiler itself failed, which is a defect of wasmtime; \
         building the program with other optimisation settings may avoid it{}", said(.last_words)
    )]
    CompilerFailed {
        /// The program.
        name: String,
        /// What it said, if anything.
        last_words: String,
    },
}

fn said(last_words: &str) -> String {
    if last_words.is_empty() { String::new() } else { format!(" (it said: {last_words})") }
}

/// Something that made the store less useful, but not the run impossible: the program was compiled
/// anew, or is not kept for next time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreWarning {
    /// The store's directory is not used; every program is compiled again in every run.
    #[error(
        "compiled modules are not kept: {reason} ({}); fix that, or choose another directory \
         with GREENROOM_CACHE_DIR", .dir.display()
    )]
    Unusable {
        /// The directory.
        dir: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key was damaged and has been replaced: older entries cannot be told from forgeries.
    #[error(
        "the key of the compiled modules in {} was replaced, {reason}: every module is compiled \
         once more", .dir.display()
    )]
    KeyReplaced {
        /// The directory.
        dir: PathBuf,
        /// What was wrong with the key.
        reason: String,
    },
    /// An entry is not what greenroom wrote. It was moved aside and its program compiled anew.
    #[error(
        "the compiled form of `{name}` was not used, {reason}; it was compiled again (the old \
         file: {})", .file.display()
    )]
    Distrusted {
        /// The program.
        name: String,
        /// The entry.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// An entry cannot be read.
    #[error("the compiled form of `{name}` cannot be read from {}: {source}", .file.display())]
    Unreadable {
        /// The program.
        name: String,
        /// The entry.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A compiled program cannot be kept. Said once for a store, not for each program.
    #[error(
        "compiled modules cannot be kept in {}: {source}; they are compiled again next time (free \
         some space there, or choose another directory with GREENROOM_CACHE_DIR)", .dir.display()
    )]
    NotKept {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another greenroom compiles the same program for very long; it was not waited for.
    #[error(
        "another greenroom process has been compiling `{name}` for {seconds} s; it is compiled \
         here too"
    )]
    NotAwaited {
        /// The program.
        name: String,
        /// How long it was waited for.
        seconds: u64,
    },
}
