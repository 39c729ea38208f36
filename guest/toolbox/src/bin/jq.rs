//! The module `jq`.

use std::process::ExitCode;

fn main() -> ExitCode {
    greenroom_toolbox::start(greenroom_toolbox::modules::jq)
}
