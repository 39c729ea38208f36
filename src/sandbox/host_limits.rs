//! The host's limit of open files, which all processes of the sandbox share with greenroom itself.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::errno::{Errno, Result};

/// Descriptors that greenroom keeps for itself.
const RESERVE: u64 = 128;
/// More than this is never asked for: a limit of a thousand million helps nobody.
const ENOUGH: u64 = 1 << 20;

/// Raises the limit as far as the system lets it be raised: the usual 1024 are for programs that
/// use `select`.
pub(crate) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if current.is_some_and(|current| current < wanted) {
        // Where this fails, the limit is what it was.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// Fails if opening this file has used what greenroom needs for itself. The kernel gives out the
/// lowest free number, so the number tells how many there are.
pub(crate) fn leave_some(file: &File) -> Result<()> {
    static LIMIT: OnceLock<u64> = OnceLock::new();
    let limit = *LIMIT.get_or_init(|| getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX));
    let used = u64::try_from(file.as_raw_fd())?;
    if used + RESERVE > limit { Err(Errno::NFILE) } else { Ok(()) }
}
