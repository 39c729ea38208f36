//! The module `archive`.

use std::process::ExitCode;

fn main() -> ExitCode {
    greenroom_toolbox::start(greenroom_toolbox::modules::archive)
}
