use std::time::Duration;

use clap::Args;

use super::value::{Size, span};

/// How much a job, or a program of `exec`, may use.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Memory of one process, e.g. 512M.
    #[arg(long, value_name = "SIZE")]
    pub(super) memory_limit: Option<Size>,

    /// Growth of the files in writable directories, e.g. 2G.
    #[arg(long, value_name = "SIZE")]
    pub(super) disk_limit: Option<Size>,

    /// Processes at the same time.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) process_limit: Option<u32>,

    /// Time a script, or the program, may take at most, e.g. 10m.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(super) timeout: Option<Duration>,
}
