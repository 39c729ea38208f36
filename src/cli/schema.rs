use clap::Args;

use super::exit_code::Exit;
use super::failure::Failure;
use super::print;
use crate::pipeline;

/// Print a JSON Schema of pipeline files, for editors.
///
/// It is made of the tables that `greenroom check` uses, and is more lenient: what only code can
/// judge is left to `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom schema > .gitlab-ci.schema.json")]
pub(super) struct SchemaArgs {}

pub(super) fn schema(_args: &SchemaArgs) -> Result<Exit, Failure> {
    print(&format!("{:#}\n", pipeline::schema()))?;
    Ok(Exit::Success)
}
