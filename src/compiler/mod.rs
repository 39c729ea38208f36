//! Compiles modules that greenroom does not bring in a process of its own.
//!
//! The compiler is the one part of greenroom that works on a module before any limit of the sandbox
//! applies to it, and it has no limits itself: a module of half a megabyte can make it take gigabytes,
//! and what makes it break down would end greenroom and all jobs with it. So it runs in another
//! process of the same program, with bounds on its memory and time, without environment, without a
//! way to open files, connections or programs, and never longer than greenroom itself lives. It gets
//! the module through a pipe and leaves the result in a file without a name.

mod bounds;
mod child;
mod parent;

pub use child::{Given, serve};
pub use parent::OwnProcess;

/// The verb that the command line has for it.
pub const VERB: &str = "compile-module";

/// How the process says what became of its work: its exit codes. A panic is 101.
mod code {
    /// The result is complete.
    pub(super) const DONE: u8 = 0;
    /// The module was refused; why is on standard error.
    pub(super) const REFUSED: u8 = 10;
    /// This is another greenroom than the one that asks.
    pub(super) const REPLACED: u8 = 11;
    /// Something else failed; what is on standard error.
    pub(super) const FAILED: u8 = 12;
}
