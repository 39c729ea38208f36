//! The command `greenroom`. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    greenroom::cli::run()
}
