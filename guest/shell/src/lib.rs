//! The shell of greenroom's sandbox: an evaluator of the bash language that runs as a WebAssembly
//! module. Builtins and functions run in this process; programs, pipes and subshells come from
//! the sandbox through `greenroom-process`.

mod arith;
mod assign;
mod builtins;
mod bytes;
mod exec;
mod expand;
mod fds;
mod invocation;
mod job;
mod jobs;
mod options;
mod output;
mod paths;
mod pattern;
mod regex;
mod script;
mod state;
mod syntax;
mod traps;
mod vars;

/// Runs the shell with these arguments (`argv[0]` included) and environment, and returns the
/// status to exit with.
pub fn run(arguments: Vec<Vec<u8>>, environment: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> u8 {
    invocation::run(arguments, environment)
}
