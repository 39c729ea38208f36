//! Every exit code of `greenroom`, in one place. Scripts may rely on them.
//!
//! | code | meaning |
//! | ---: | --- |
//! | 0 | It worked. `run`: no job of the pipeline failed, or only such as are allowed to; one of a child pipeline counts through its trigger job. `check`: no error. |
//! | 1 | `run`: at least one job failed. `bench`: something is slower than the baseline. |
//! | 2 | The command line or a `greenroom.toml` is wrong: an unknown option, setting, job or stage, a bad value, a directory to mount that is not there. Nothing ran. |
//! | 3 | The pipeline file is not valid or cannot be read. Nothing ran. |
//! | 4 | greenroom could not do its own work: no sandbox on this machine, no temporary directory, an output that cannot be written. |
//! | 130 | `run`, `bench`: cancelled with Ctrl-C or a signal. |
//! | 141 | The reader of standard output went away (`greenroom list \| head -1`). |
//!
//! `exec` and `shell` end with the exit code of the program, unchanged, from 0 to 255, and in the cases where
//! there is none with the code that a shell would give:
//!
//! | code | meaning |
//! | ---: | --- |
//! | 2, 4 | As above; a message on standard error begins with `greenroom:`. |
//! | 124 | The time given with `--timeout` was up. |
//! | 126 | The module is there but cannot be run. |
//! | 127 | There is no such module. |
//! | 130 | Cancelled with Ctrl-C; 143 for SIGTERM, 129 for SIGHUP. |
//! | 134 | The program trapped. |
//! | 137 | The program was ended for using more memory than its limit. |

use std::process::ExitCode;

/// How `greenroom` itself ends. The codes of `exec`'s programs are passed through beside this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// It worked.
    Success = 0,
    /// At least one job failed; or `bench` found something slower than the baseline.
    JobsFailed = 1,
    /// The command line or a file of settings is wrong.
    Usage = 2,
    /// The pipeline file is not valid or cannot be read.
    InvalidPipeline = 3,
    /// greenroom could not do its own work.
    Unable = 4,
    /// The time was up, with `exec`.
    TimedOut = 124,
    /// A module is there but cannot be run, with `exec`.
    NotExecutable = 126,
    /// There is no such module, with `exec`.
    NotFound = 127,
    /// Cancelled by the user.
    Cancelled = 130,
    /// The reader of standard output went away.
    BrokenPipe = 141,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
