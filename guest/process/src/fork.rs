use crate::{Exit, FdMap, Pid, Result, exit_of, raw};

/// How a forked child relates to its parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForkFlags {
    /// The parent sleeps until the child has ended; [`fork`] then returns its [`Exit`].
    pub foreground: bool,
    /// The child begins a process group of its own.
    pub new_group: bool,
}

/// What [`fork`] returns to the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forked {
    /// The child runs beside the parent.
    Running(Pid),
    /// The foreground child has ended.
    Ended(Exit),
}

/// Runs `child` in a copy of this process and never returns twice: the copy gets this process's
/// memory as it is now, calls `child`, and exits with the status that it returns.
///
/// The child has the preopened directories and the descriptors of `fds`, nothing else. Buffered
/// output of `std` is copied too: flush it before. The program must be linked with
/// `--export=__stack_pointer`.
///
/// # Errors
/// `NOSYS` when the module cannot be copied (it has mutable globals besides the stack pointer),
/// `AGAIN` when the job's process limit is reached, `NOMEM`.
pub fn fork<'a>(
    child: impl FnOnce() -> u8 + 'a,
    fds: FdMap<'_>,
    flags: ForkFlags,
) -> Result<Forked> {
    let closure: Closure<'a> = Box::new(child);
    let mut status = [0; 3];
    let bits = u32::from(flags.foreground) | u32::from(flags.new_group) << 1;
    let pid = raw::fork_call(&closure, fds, bits, &mut status)?;
    // The parent's copy of the closure is dropped here without having been called.
    Ok(if flags.foreground { Forked::Ended(exit_of(status)) } else { Forked::Running(pid) })
}

pub(crate) type Closure<'a> = Box<dyn FnOnce() -> u8 + 'a>;
