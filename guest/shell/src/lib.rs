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

/// Parses a script without running it: the number of its complete commands, or the line and the
/// message of the first error. Aliases do not count, and `extglob` is off.
///
/// # Errors
/// The text is not a script.
pub fn check(text: &[u8]) -> Result<usize, (u32, String)> {
    let source = std::rc::Rc::from(&b"bash"[..]);
    let options = syntax::SyntaxOptions::default();
    let mut parser = syntax::Parser::new(text.to_vec(), 1, source, options);
    let mut commands = 0;
    loop {
        match parser.complete_command() {
            Ok(Some(_)) => commands += 1,
            Ok(None) => return Ok(commands),
            Err(error) => return Err((error.line, error.message)),
        }
    }
}
