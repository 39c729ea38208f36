//! Starts the shell.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args_os().map(std::ffi::OsString::into_encoded_bytes).collect();
    let environment = std::env::vars_os()
        .map(|(name, value)| (name.into_encoded_bytes(), value.into_encoded_bytes()));
    ExitCode::from(greenroom_shell::run(arguments, environment))
}
