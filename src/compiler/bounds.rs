//! What the compiling process may not do.

use super::Given;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;

/// How much less urgent compiling is than what the user does meanwhile. Only a little: somebody waits
/// for it, and 5 made it three times as slow on a machine with other work.
const NICE: i32 = 1;

/// Takes from this process what compiling does not need.
pub(super) fn enter(given: &Given, threads: usize) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // With greenroom, whatever ends it, ends this process.
        let kill = Some(rustix::process::Signal::KILL);
        rustix::process::set_parent_process_death_signal(kill)?;
        // If memory runs out all the same, let it be this process that goes.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    }
    let parent = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
    if parent != given.parent {
        return Err(io::Error::other("this verb is for greenroom itself"));
    }
    let _ = rustix::process::nice(NICE);
    // Data, not the address space: a thread reserves far more of that than it uses.
    limit(Resource::Data, given.memory)?;
    limit(Resource::Cpu, given.seconds.saturating_mul(threads as u64))?;
    // What breaks down leaves no image of its memory behind.
    limit(Resource::Core, 0)?;
    #[cfg(target_os = "linux")]
    calls::refuse()?;
    Ok(())
}

/// Lowers a limit; one that is lower already stays.
fn limit(resource: Resource, value: u64) -> io::Result<()> {
    let value = getrlimit(resource).maximum.map_or(value, |maximum| maximum.min(value));
    setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?;
    Ok(())
}

#[cfg(target_os = "linux")]
mod calls {
    //! System calls that compiling never needs. Should a module make the compiler do what its author
    //! wants, it can still neither reach a file nor the network, nor start or touch another process.
    //!
    //! They are named, and not those that are needed: what an allocator or a thread needs differs
    //! between C libraries and changes with them.

    use std::io;

    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

    /// On every architecture.
    const REFUSED: &[libc::c_long] = &[
        // Files by name.
        libc::SYS_openat,
        libc::SYS_openat2,
        libc::SYS_open_by_handle_at,
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_mkdirat,
        libc::SYS_mknodat,
        libc::SYS_fchmodat,
        libc::SYS_fchownat,
        libc::SYS_truncate,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_chroot,
        libc::SYS_pivot_root,
        libc::SYS_setns,
        libc::SYS_unshare,
        // The network.
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        // Programs and other processes. (`abort` needs `tgkill`, which reaches this one's threads.)
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
        libc::SYS_pidfd_getfd,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
        // What gets around these, or around the limits.
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_prlimit64,
        libc::SYS_setrlimit,
        libc::SYS_prctl,
    ];

    /// Where there are older ones of the same kinds.
    #[cfg(target_arch = "x86_64")]
    const OLDER: &[libc::c_long] = &[
        libc::SYS_open,
        libc::SYS_creat,
        libc::SYS_unlink,
        libc::SYS_rename,
        libc::SYS_renameat,
        libc::SYS_link,
        libc::SYS_symlink,
        libc::SYS_mkdir,
        libc::SYS_rmdir,
        libc::SYS_mknod,
        libc::SYS_chmod,
        libc::SYS_chown,
        libc::SYS_lchown,
        libc::SYS_fork,
        libc::SYS_vfork,
    ];
    #[cfg(target_arch = "aarch64")]
    const OLDER: &[libc::c_long] = &[libc::SYS_renameat];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    const OLDER: &[libc::c_long] = &[];

    /// Makes these calls fail in all threads of this process, from now on.
    pub(super) fn refuse() -> io::Result<()> {
        // An architecture that the filter's author does not know has the limits only.
        let Ok(target) = TargetArch::try_from(std::env::consts::ARCH) else { return Ok(()) };
        let rules = REFUSED.iter().chain(OLDER);
        let filter = SeccompFilter::new(
            rules.map(|call| (*call, Vec::new())).collect(),
            SeccompAction::Allow,
            SeccompAction::Errno(rustix::io::Errno::PERM.raw_os_error().unsigned_abs()),
            target,
        );
        let program: Result<BpfProgram, _> = filter.and_then(TryInto::try_into);
        let applied = program.map_err(|error| error.to_string()).and_then(|program| {
            seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())
        });
        applied.map_err(io::Error::other)
    }
}
