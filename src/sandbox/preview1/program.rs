//! Arguments, environment, clocks, random bytes, exit, and sockets, of which there are none.

use std::time::{SystemTime, UNIX_EPOCH};

use wasmtime::{Caller, Linker};

use super::{call, code};
use crate::sandbox::description::Description;
use crate::sandbox::errno::{Errno, Result};
use crate::sandbox::memory::Guest;
use crate::sandbox::process::{State, Strings};
use crate::sandbox::run::Stop;

/// Random bytes of one call.
const MAX_RANDOM: u32 = 16 << 20;

pub(super) fn link(linker: &mut Linker<State>, module: &'static str) -> wasmtime::Result<()> {
    linker.func_wrap(
        module,
        "args_get",
        |mut caller: Caller<'_, State>, pointers: u32, bytes: u32| {
            call(&mut caller, |guest| {
                let strings = guest.state.arguments.clone();
                strings_get(guest, &strings, pointers, bytes)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "args_sizes_get",
        |mut caller: Caller<'_, State>, count: u32, size: u32| {
            call(&mut caller, |guest| {
                let strings = guest.state.arguments.clone();
                strings_sizes_get(guest, &strings, count, size)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "environ_get",
        |mut caller: Caller<'_, State>, pointers: u32, bytes: u32| {
            call(&mut caller, |guest| {
                let strings = guest.state.environment.clone();
                strings_get(guest, &strings, pointers, bytes)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "environ_sizes_get",
        |mut caller: Caller<'_, State>, count: u32, size: u32| {
            call(&mut caller, |guest| {
                let strings = guest.state.environment.clone();
                strings_sizes_get(guest, &strings, count, size)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "clock_res_get",
        |mut caller: Caller<'_, State>, clock: u32, resolution: u32| {
            call(&mut caller, |guest| {
                if clock > 3 {
                    return Err(Errno::INVAL);
                }
                guest.write_u64(resolution, 1)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "clock_time_get",
        |mut caller: Caller<'_, State>, clock: u32, _precision: u64, time: u32| {
            call(&mut caller, |guest| {
                let now = now(guest.state, clock)?;
                guest.write_u64(time, now)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "random_get",
        |mut caller: Caller<'_, State>, buffer: u32, len: u32| {
            call(&mut caller, |guest| {
                if len > MAX_RANDOM {
                    return Err(Errno::INVAL);
                }
                getrandom::fill(guest.bytes_mut(buffer, len)?).map_err(|_| Errno::IO)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "proc_exit",
        |_: Caller<'_, State>, status: u32| -> wasmtime::Result<()> {
            // POSIX exit(): the low eight bits.
            Err(Stop::Exit(status as u8).into())
        },
    )?;
    linker.func_wrap(
        module,
        "proc_raise",
        |caller: Caller<'_, State>, signal: u32| -> wasmtime::Result<u32> {
            let signals = &caller.data().process.signals;
            match u8::try_from(signal) {
                Ok(signal) if signal <= 30 => signals.send(signal),
                _ => return Ok(code(Err(Errno::INVAL))),
            }
            match signals.fatal() {
                Some(killed) => Err(Stop::Killed(killed).into()),
                None => Ok(0),
            }
        },
    )?;
    linker.func_wrap_async(module, "sched_yield", |_: Caller<'_, State>, (): ()| {
        Box::new(async {
            tokio::task::yield_now().await;
            0u32
        })
    })?;
    link_sockets(linker, module)
}

/// The sandbox has no sockets: a descriptor is either not open, as is a directory for any kind of
/// transfer, or not a socket.
fn link_sockets(linker: &mut Linker<State>, module: &'static str) -> wasmtime::Result<()> {
    fn refuse(caller: &Caller<'_, State>, fd: u32, errno: Errno) -> u32 {
        code(caller.data().table.get(fd).and_then(|entry| match &*entry.description {
            Description::Directory(_) => Err(Errno::BADF),
            _ => Err(errno),
        }))
    }
    linker.func_wrap(
        module,
        "sock_accept",
        |caller: Caller<'_, State>, fd: u32, _flags: u32, _out: u32| {
            refuse(&caller, fd, Errno::NOTSUP)
        },
    )?;
    linker.func_wrap(
        module,
        "sock_recv",
        |caller: Caller<'_, State>, fd: u32, _: u32, _: u32, _: u32, _: u32, _: u32| {
            refuse(&caller, fd, Errno::NOTSUP)
        },
    )?;
    linker.func_wrap(
        module,
        "sock_send",
        |caller: Caller<'_, State>, fd: u32, _: u32, _: u32, _: u32, _: u32| {
            refuse(&caller, fd, Errno::NOTSUP)
        },
    )?;
    linker.func_wrap(module, "sock_shutdown", |caller: Caller<'_, State>, fd: u32, _: u32| {
        refuse(&caller, fd, Errno::NOTSOCK)
    })?;
    Ok(())
}

fn strings_get(guest: &mut Guest<'_>, strings: &Strings, pointers: u32, at: u32) -> Result<()> {
    for (index, offset) in strings.offsets.iter().enumerate() {
        let pointer = at.checked_add(*offset).ok_or(Errno::FAULT)?;
        let slot = u32::try_from(index * 4)?;
        guest.write_u32(pointers.checked_add(slot).ok_or(Errno::FAULT)?, pointer)?;
    }
    guest.write(at, &strings.bytes)
}

fn strings_sizes_get(
    guest: &mut Guest<'_>,
    strings: &Strings,
    count: u32,
    size: u32,
) -> Result<()> {
    guest.write_u32(count, u32::try_from(strings.offsets.len())?)?;
    guest.write_u32(size, u32::try_from(strings.bytes.len())?)
}

/// Nanoseconds of a clock. The monotonic one starts with the process, so that it does not tell how
/// long the host has been up. Of the CPU clocks, the thread's tells the process's own time, and the
/// process's also that of the children that it has waited for.
pub(super) fn now(state: &State, clock: u32) -> Result<u64> {
    let elapsed = match clock {
        0 => SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| Errno::OVERFLOW)?,
        1 => state.started.elapsed(),
        2 | 3 => {
            let (own, children) = state.process.account.times();
            if clock == 2 { own + children } else { own }
        }
        _ => return Err(Errno::INVAL),
    };
    u64::try_from(elapsed.as_nanos()).map_err(|_| Errno::OVERFLOW)
}
