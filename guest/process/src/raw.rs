//! The imports themselves.

#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::*;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use elsewhere::*;

#[cfg(target_arch = "wasm32")]
mod wasm {
    use crate::fork::Closure;
    use crate::{Errno, Fd, FdMap, Pid, Result};

    #[link(wasm_import_module = "greenroom")]
    unsafe extern "C" {
        #[link_name = "spawn"]
        fn sys_spawn(
            program: *const u8,
            program_len: usize,
            argv: *const u8,
            argv_len: usize,
            env: *const u8,
            env_len: usize,
            cwd: *const u8,
            cwd_len: usize,
            fds: *const [Fd; 2],
            fds_len: usize,
            flags: u32,
            status: *mut [u32; 3],
        ) -> i32;
        #[link_name = "fork_call"]
        fn sys_fork_call(
            closure: *const u8,
            stack_low: *const u8,
            fds: *const [Fd; 2],
            fds_len: usize,
            flags: u32,
            status: *mut [u32; 3],
        ) -> i32;
        #[link_name = "wait"]
        fn sys_wait(pid: i32, timeout_ms: i64, status: *mut [u32; 3]) -> i32;
        #[link_name = "kill"]
        fn sys_kill(pid: i32, signal: u32) -> i32;
        #[link_name = "take_signals"]
        fn sys_take_signals(handled: u32) -> u32;
        #[link_name = "getpid"]
        fn sys_getpid() -> u32;
        #[link_name = "getppid"]
        fn sys_getppid() -> u32;
        #[link_name = "pipe"]
        fn sys_pipe(capacity: u32, fds: *mut [u32; 2]) -> i32;
        #[link_name = "dup"]
        fn sys_dup(fd: Fd, at_least: Fd) -> i32;
        #[link_name = "dup2"]
        fn sys_dup2(from: Fd, to: Fd) -> i32;
        #[link_name = "inherited_fds"]
        fn sys_inherited_fds(pairs: *mut [Fd; 2], capacity: usize) -> u32;
        #[link_name = "chmod"]
        fn sys_chmod(path: *const u8, path_len: usize, mode: u32) -> i32;
        #[link_name = "umask"]
        fn sys_umask(mask: u32) -> u32;
        #[link_name = "mode"]
        fn sys_mode(path: *const u8, path_len: usize, follow: u32, out: *mut [u32; 4]) -> i32;
        #[link_name = "limit"]
        fn sys_limit(which: u32) -> i64;
        #[link_name = "job_event"]
        fn sys_job_event(kind: u32, index: u32, line: u32, status: u32);
    }

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
        fn fd_close(fd: u32) -> u32;
        fn fd_read(fd: u32, iovs: *const [usize; 2], len: usize, n: *mut usize) -> u32;
        fn fd_write(fd: u32, iovs: *const [usize; 2], len: usize, n: *mut usize) -> u32;
        fn poll_oneoff(
            subscriptions: *const [u64; 6],
            events: *mut [u64; 4],
            count: usize,
            n: *mut usize,
        ) -> u32;
    }

    /// `eventtype`s, at byte 8 of a subscription and at byte 10 of an event.
    const CLOCK: u64 = 0;
    const FD_READ: u64 = 1;
    /// `clockid::monotonic`
    const MONOTONIC: u64 = 1;

    fn check(n: i32) -> Result<u32> {
        u32::try_from(n).map_err(|_| Errno(n.unsigned_abs() as u16))
    }

    fn check_wasi(errno: u32) -> Result<()> {
        if errno == 0 { Ok(()) } else { Err(Errno(errno as u16)) }
    }

    pub(crate) fn spawn(
        program: &[u8],
        argv: &[u8],
        env: &[u8],
        cwd: &[u8],
        fds: FdMap<'_>,
        flags: u32,
        status: &mut [u32; 3],
    ) -> Result<Pid> {
        // SAFETY: every pointer comes from a live reference and is passed with its length; the
        // sandbox writes only to `status`.
        check(unsafe {
            sys_spawn(
                program.as_ptr(),
                program.len(),
                argv.as_ptr(),
                argv.len(),
                env.as_ptr(),
                env.len(),
                cwd.as_ptr(),
                cwd.len(),
                fds.as_ptr(),
                fds.len(),
                flags,
                status,
            )
        })
    }

    pub(crate) fn fork_call(
        closure: &Closure<'_>,
        fds: FdMap<'_>,
        flags: u32,
        status: &mut [u32; 3],
    ) -> Result<Pid> {
        let stack_low = 0u8;
        // SAFETY: as in `spawn`; `closure` stays alive and unmoved until the call returns, and the
        // child's copy of the memory was made before that.
        check(unsafe {
            sys_fork_call(
                std::ptr::from_ref(closure).cast(),
                &raw const stack_low,
                fds.as_ptr(),
                fds.len(),
                flags,
                status,
            )
        })
    }

    /// What the sandbox calls in the copy of the process.
    #[unsafe(no_mangle)]
    extern "C" fn __greenroom_child(closure: *const u8) {
        // SAFETY: this memory is a private copy of the parent's, in which `closure` points to a
        // live `Closure`. The parent's frames below are never returned to, so reading the box out
        // of them does not make a second owner within this process.
        let closure = unsafe { closure.cast::<Closure<'static>>().read() };
        let status = closure();
        std::process::exit(i32::from(status));
    }

    pub(crate) fn wait(pid: i32, timeout_ms: i64, status: &mut [u32; 3]) -> Result<u32> {
        // SAFETY: the sandbox writes only to `status`.
        check(unsafe { sys_wait(pid, timeout_ms, status) })
    }

    pub(crate) fn kill(pid: i32, signal: u32) -> Result<u32> {
        // SAFETY: no pointers.
        check(unsafe { sys_kill(pid, signal) })
    }

    pub(crate) fn take_signals(handled: u32) -> u32 {
        // SAFETY: no pointers.
        unsafe { sys_take_signals(handled) }
    }

    pub(crate) fn getpid() -> u32 {
        // SAFETY: no pointers.
        unsafe { sys_getpid() }
    }

    pub(crate) fn getppid() -> u32 {
        // SAFETY: no pointers.
        unsafe { sys_getppid() }
    }

    pub(crate) fn pipe(capacity: u32) -> Result<(Fd, Fd)> {
        let mut fds = [0; 2];
        // SAFETY: the sandbox writes only to `fds`.
        check(unsafe { sys_pipe(capacity, &mut fds) })?;
        Ok((fds[0], fds[1]))
    }

    pub(crate) fn dup(fd: Fd, at_least: Fd) -> Result<Fd> {
        // SAFETY: no pointers.
        check(unsafe { sys_dup(fd, at_least) })
    }

    pub(crate) fn dup2(from: Fd, to: Fd) -> Result<u32> {
        // SAFETY: no pointers.
        check(unsafe { sys_dup2(from, to) })
    }

    pub(crate) fn close(fd: Fd) -> Result<()> {
        // SAFETY: no pointers.
        check_wasi(unsafe { fd_close(fd) })
    }

    pub(crate) fn read(fd: Fd, buf: &mut [u8]) -> Result<usize> {
        let mut n = 0;
        let iov = [buf.as_mut_ptr() as usize, buf.len()];
        // SAFETY: the one vector describes `buf`.
        check_wasi(unsafe { fd_read(fd, &iov, 1, &mut n) })?;
        Ok(n)
    }

    pub(crate) fn poll_read(fd: Fd, nanoseconds: u64) -> Result<bool> {
        let subscriptions =
            [[0, FD_READ, u64::from(fd), 0, 0, 0], [1, CLOCK, MONOTONIC, nanoseconds, 0, 0]];
        let mut events = [[0; 4]; 2];
        let mut n = 0;
        // SAFETY: two subscriptions are passed, and there is room for as many events. A structure
        // of 48 (32) bytes aligned to 8 has the layout of six (four) numbers of 8 bytes, of which
        // the low bytes hold the smaller fields, as wasm32 is little-endian.
        check_wasi(unsafe {
            poll_oneoff(subscriptions.as_ptr(), events.as_mut_ptr(), subscriptions.len(), &mut n)
        })?;
        Ok(events.iter().take(n).any(|event| event[0] == 0))
    }

    pub(crate) fn write(fd: Fd, buf: &[u8]) -> Result<usize> {
        let mut n = 0;
        let iov = [buf.as_ptr() as usize, buf.len()];
        // SAFETY: the one vector describes `buf`, which is only read.
        check_wasi(unsafe { fd_write(fd, &iov, 1, &mut n) })?;
        Ok(n)
    }

    pub(crate) fn inherited_fds() -> Vec<[Fd; 2]> {
        let mut pairs = vec![[0, 0]; 1024];
        // SAFETY: the sandbox writes at most `len` pairs.
        let n = unsafe { sys_inherited_fds(pairs.as_mut_ptr(), pairs.len()) };
        pairs.truncate(n as usize);
        pairs
    }

    pub(crate) fn chmod(path: &[u8], mode: u32) -> Result<u32> {
        // SAFETY: the path is only read.
        check(unsafe { sys_chmod(path.as_ptr(), path.len(), mode) })
    }

    pub(crate) fn umask(mask: u32) -> u32 {
        // SAFETY: no pointers.
        unsafe { sys_umask(mask) }
    }

    pub(crate) fn mode(path: &[u8], follow: bool) -> Result<[u32; 4]> {
        let mut out = [0; 4];
        // SAFETY: the path is only read, the sandbox writes only to `out`.
        check(unsafe { sys_mode(path.as_ptr(), path.len(), u32::from(follow), &mut out) })?;
        Ok(out)
    }

    pub(crate) fn limit(which: u32) -> i64 {
        // SAFETY: no pointers.
        unsafe { sys_limit(which) }
    }

    pub(crate) fn clock(clock: u32) -> Result<u64> {
        let mut time = 0;
        // SAFETY: the sandbox writes one u64.
        check_wasi(unsafe { clock_time_get(clock, 1, &raw mut time) })?;
        Ok(time)
    }

    pub(crate) fn job_event(kind: u32, index: u32, line: u32, status: u32) {
        // SAFETY: no pointers.
        unsafe { sys_job_event(kind, index, line, status) }
    }
}

/// Stands in for the imports where there is no sandbox.
#[cfg(not(target_arch = "wasm32"))]
mod elsewhere {
    use crate::fork::Closure;
    use crate::{Errno, Fd, FdMap, Pid, Result};

    pub(crate) fn spawn(
        _: &[u8],
        _: &[u8],
        _: &[u8],
        _: &[u8],
        _: FdMap<'_>,
        _: u32,
        _: &mut [u32; 3],
    ) -> Result<Pid> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn fork_call(
        _: &Closure<'_>,
        _: FdMap<'_>,
        _: u32,
        _: &mut [u32; 3],
    ) -> Result<Pid> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn wait(_: i32, _: i64, _: &mut [u32; 3]) -> Result<u32> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn kill(_: i32, _: u32) -> Result<u32> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn take_signals(_: u32) -> u32 {
        0
    }
    pub(crate) fn getpid() -> u32 {
        std::process::id()
    }
    pub(crate) fn getppid() -> u32 {
        1
    }
    pub(crate) fn clock(_: u32) -> Result<u64> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn pipe(_: u32) -> Result<(Fd, Fd)> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn dup(_: Fd, _: Fd) -> Result<Fd> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn dup2(_: Fd, _: Fd) -> Result<u32> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn close(_: Fd) -> Result<()> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn read(_: Fd, _: &mut [u8]) -> Result<usize> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn poll_read(_: Fd, _: u64) -> Result<bool> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn write(_: Fd, _: &[u8]) -> Result<usize> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn inherited_fds() -> Vec<[Fd; 2]> {
        Vec::new()
    }
    pub(crate) fn chmod(_: &[u8], _: u32) -> Result<u32> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn umask(_: u32) -> u32 {
        0o022
    }
    pub(crate) fn mode(_: &[u8], _: bool) -> Result<[u32; 4]> {
        Err(Errno::NOSYS)
    }
    pub(crate) fn limit(_: u32) -> i64 {
        -1
    }
    pub(crate) fn job_event(_: u32, _: u32, _: u32, _: u32) {}
}
