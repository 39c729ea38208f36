//! The imports of the module `greenroom`: processes, pipes, signals, modes. The guest's side and
//! the meaning of each are in the crate `greenroom-process`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Caller, Linker, Val};

use super::description::Description;
use super::errno::{Errno, Result};
use super::files;
use super::limits::Limiter;
use super::lookup;
use super::memory::{self, Guest, guest};
use super::pipe;
use super::process::{Exit, How, Pid, Process, State, Strings};
use super::run::{self, Forked, MAX_INLINE_DEPTH, Start, Stop, WASM_PAGE};
use super::signal::Interrupted;
use super::table::{Entry, Table};

const MODULE: &str = "greenroom";
const FOREGROUND: u32 = 1;
const NEW_GROUP: u32 = 2;
/// Arguments and environment of one `spawn` together (Linux: a quarter of the stack, 2 MiB).
const MAX_STRINGS: usize = 2 << 20;
/// Children of one process that it has not waited for yet, most of which have long ended.
const MAX_CHILDREN: usize = 1 << 15;

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        MODULE,
        "spawn",
        |mut caller: Caller<'_, State>,
         (
            program,
            program_len,
            argv,
            argv_len,
            env,
            env_len,
            cwd,
            cwd_len,
            fds,
            fds_len,
            flags,
            status,
        ): (u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32)| {
            Box::new(async move {
                let made = (|| {
                    let guest = guest(&mut caller)?;
                    if argv_len as usize + env_len as usize > MAX_STRINGS {
                        return Err(Errno::TOOBIG);
                    }
                    let program = guest.bytes(program, program_len)?;
                    let arguments = list(guest.bytes(argv, argv_len)?)?;
                    let environment = Strings::new(list(guest.bytes(env, env_len)?)?);
                    let cwd: Arc<[u8]> = guest.bytes(cwd, cwd_len)?.into();
                    let descriptors = descriptors(&guest, fds, fds_len)?;
                    let state = &guest.state;
                    let start = Start::find(
                        &state.job,
                        program,
                        arguments,
                        Arc::new(environment),
                        cwd,
                        state.umask,
                        descriptors,
                    )?;
                    let name = start.found.name.clone();
                    let process = add(guest.state, flags, name)?;
                    Ok((start, process))
                })();
                let (start, process) = match made {
                    Ok(made) => made,
                    Err(errno) => return refused(&caller, errno),
                };
                let job = Arc::clone(&caller.data().job);
                let running = run::run(job, Arc::clone(&process), start);
                begin(&mut caller, &process, running, flags, status).await
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "fork_call",
        |mut caller: Caller<'_, State>,
         (closure, _stack_low, fds, fds_len, flags, status): (u32, u32, u32, u32, u32, u32)| {
            Box::new(async move {
                let made = fork(&mut caller, closure, fds, fds_len, flags);
                let (state, forked) = match made {
                    Ok(made) => made,
                    Err(errno) => return refused(&caller, errno),
                };
                let process = Arc::clone(&state.process);
                let running = run::run_fork(Arc::clone(&process), state, forked);
                begin(&mut caller, &process, running, flags, status).await
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "wait",
        |mut caller: Caller<'_, State>, (pid, timeout, status): (i32, i64, u32)| {
            Box::new(async move { wait(&mut caller, pid, timeout, status).await })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "kill",
        |caller: Caller<'_, State>, pid: i32, signal: u32| -> wasmtime::Result<i32> {
            let state = caller.data();
            let result = kill(state, pid, signal);
            // A signal to itself has taken effect when kill() returns (POSIX kill()).
            match state.process.signals.fatal() {
                Some(killed) => Err(Stop::Killed(killed).into()),
                None => Ok(answer(result)),
            }
        },
    )?;
    linker.func_wrap(MODULE, "take_signals", |caller: Caller<'_, State>, handled: u32| {
        caller.data().process.signals.take(handled)
    })?;
    linker.func_wrap(MODULE, "getpid", |caller: Caller<'_, State>| caller.data().process.pid)?;
    linker.func_wrap(MODULE, "getppid", |caller: Caller<'_, State>| {
        caller.data().process.parent_pid.unwrap_or(0)
    })?;
    linker.func_wrap(
        MODULE,
        "pipe",
        |mut caller: Caller<'_, State>, capacity: u32, out: u32| {
            answer(guest(&mut caller).and_then(|mut guest| {
                let (reader, writer) = pipe::pipe(capacity == u32::MAX, &guest.state.job.memory);
                let table = &mut guest.state.table;
                let reader =
                    table.insert(Entry::new(Arc::new(Description::PipeReader(reader))), 0)?;
                let writer = Entry::new(Arc::new(Description::PipeWriter(writer)));
                let writer = table.insert(writer, 0).inspect_err(|_| {
                    let _ = guest.state.table.close(reader);
                })?;
                guest.write_words(out, &[reader, writer])?;
                Ok(0)
            }))
        },
    )?;
    linker.func_wrap(MODULE, "dup", |mut caller: Caller<'_, State>, fd: u32, from: u32| {
        let table = &mut caller.data_mut().table;
        answer(duplicate(table, fd).and_then(|entry| table.insert(entry, from)))
    })?;
    linker.func_wrap(MODULE, "dup2", |mut caller: Caller<'_, State>, fd: u32, to: u32| {
        let table = &mut caller.data_mut().table;
        answer(duplicate(table, fd).and_then(|entry| {
            if fd != to {
                table.put(to, entry)?;
            }
            Ok(to)
        }))
    })?;
    linker.func_wrap(
        MODULE,
        "inherited_fds",
        |mut caller: Caller<'_, State>, out: u32, capacity: u32| -> u32 {
            let Ok(mut guest) = guest(&mut caller) else { return 0 };
            let pairs = guest.state.inherited.clone();
            let mut count = 0;
            for [given, ours] in pairs.into_iter().take(capacity as usize) {
                let at = out.saturating_add(count * 8);
                if guest.write_words(at, &[given, ours]).is_err() {
                    break;
                }
                count += 1;
            }
            count
        },
    )?;
    link_files(linker)?;
    linker.func_wrap(MODULE, "limit", |caller: Caller<'_, State>, which: u32| -> i64 {
        let limits = &caller.data().job.limits;
        let value = match which {
            0 => limits.memory,
            1 => limits.processes as u64,
            2 => limits.descriptors as u64,
            3 => caller.data().job.quota.limits().bytes,
            4 => std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
            5 => 1 << 20,
            _ => return -1,
        };
        i64::try_from(value).unwrap_or(-1)
    })?;
    linker.func_wrap_async(
        MODULE,
        "job_event",
        |caller: Caller<'_, State>, (kind, index, line, status): (u32, u32, u32, u32)| {
            Box::new(async move {
                let state = caller.data();
                // What the shell has used up to here belongs to what it did before.
                let _ = state.process.account.times();
                let observer = state.job.observer.as_ref();
                let observer = observer.filter(|_| state.job.may_report(&state.process));
                match (observer, kind) {
                    (Some(observer), 0) => observer.command_started(index).await,
                    (Some(observer), 1) => {
                        observer.command_failed(index, line, status as u8).await;
                    }
                    _ => {}
                }
            })
        },
    )?;
    Ok(())
}

fn link_files(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "chmod",
        |mut caller: Caller<'_, State>, path: u32, len: u32, mode: u32| {
            answer(guest(&mut caller).and_then(|guest| {
                let path = given_path(&guest, path, len)?;
                let namespace = &guest.state.job.namespace;
                namespace.reach_absolute(&path, true, |target| files::set_mode(&target, mode))?;
                Ok(0)
            }))
        },
    )?;
    linker.func_wrap(MODULE, "umask", |mut caller: Caller<'_, State>, mask: u32| {
        std::mem::replace(&mut caller.data_mut().umask, mask & 0o777)
    })?;
    linker.func_wrap(
        MODULE,
        "mode",
        |mut caller: Caller<'_, State>, path: u32, len: u32, follow: u32, out: u32| {
            answer(guest(&mut caller).and_then(|mut guest| {
                let path = given_path(&guest, path, len)?;
                let job = Arc::clone(&guest.state.job);
                let attributes = job.namespace.reach_absolute(&path, follow != 0, |target| {
                    files::stat(&target, follow != 0)
                })?;
                let words = [
                    attributes.mode,
                    u32::from(attributes.is_virtual),
                    attributes.blocks as u32,
                    (attributes.blocks >> 32) as u32,
                ];
                guest.write_words(out, &words)?;
                Ok(0)
            }))
        },
    )?;
    Ok(())
}

/// A path of the sandbox, relative to the working directory; POSIX wants it not to be empty.
fn given_path(guest: &Guest<'_>, path: u32, len: u32) -> Result<Vec<u8>> {
    match guest.bytes(path, len)? {
        [] => Err(Errno::NOENT),
        path => Ok(lookup::absolute(path, &guest.state.cwd)),
    }
}

fn failed(errno: Errno) -> i32 {
    -i32::from(errno.0)
}

fn answer(result: Result<u32>) -> i32 {
    result.map_or_else(failed, |value| i32::try_from(value).unwrap_or(i32::MAX))
}

fn list(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    match bytes.split_last() {
        None => Ok(Vec::new()),
        Some((0, items)) => Ok(items.split(|b| *b == 0).map(<[u8]>::to_vec).collect()),
        Some(_) => Err(Errno::INVAL),
    }
}

fn duplicate(table: &Table, fd: u32) -> Result<Entry> {
    Ok(Entry { preopen: None, ..table.get(fd)?.clone() })
}

fn descriptors(guest: &Guest<'_>, fds: u32, count: u32) -> Result<Vec<(u32, Entry)>> {
    if count as usize > guest.state.job.limits.descriptors {
        return Err(Errno::INVAL);
    }
    (0..count)
        .map(|index| {
            let at = fds.checked_add(index * 8).ok_or(Errno::FAULT)?;
            let pair = guest.bytes(at, 8)?;
            let (theirs, ours) = (memory::read_u32(pair, 0)?, memory::read_u32(pair, 4)?);
            Ok((theirs, duplicate(&guest.state.table, ours)?))
        })
        .collect()
}

fn add(state: &mut State, flags: u32, name: String) -> Result<Arc<Process>> {
    let parent = &state.process;
    if state.children.len() >= MAX_CHILDREN {
        return Err(Errno::AGAIN);
    }
    let inline = flags & FOREGROUND != 0 && parent.inline_depth < MAX_INLINE_DEPTH;
    let new_group = flags & NEW_GROUP != 0;
    state.job.add(Some(parent), |pid| Process::new(pid, Some(parent), new_group, name, inline))
}

/// A child was not started: the caller learns why, unless it has been killed itself.
fn refused(caller: &Caller<'_, State>, errno: Errno) -> wasmtime::Result<i32> {
    match caller.data().process.signals.fatal() {
        Some(killed) => Err(Stop::Killed(killed).into()),
        None => Ok(failed(errno)),
    }
}

/// A child that runs on its parent's fiber. It outlives a parent that is killed, as every other
/// child does, and then goes on as a task.
struct Foreground {
    process: Arc<Process>,
    running: Option<Pin<Box<dyn Future<Output = Exit> + Send>>>,
}

impl Foreground {
    async fn ended(&mut self) -> Exit {
        let running = self.running.as_mut().expect("it is waited for once");
        let exit = running.await;
        self.running = None;
        exit
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        let parent = self.process.parent();
        let killed = parent.is_some_and(|parent| parent.signals.fatal().is_some());
        // Otherwise the job's first program was given up, and everything with it.
        if let (true, Some(running)) = (killed, self.running.take())
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(running);
        }
    }
}

/// Runs a child: in the foreground on the caller's own fiber, otherwise as a task.
async fn begin(
    caller: &mut Caller<'_, State>,
    process: &Arc<Process>,
    running: impl Future<Output = Exit> + Send + 'static,
    flags: u32,
    status: u32,
) -> wasmtime::Result<i32> {
    let pid = process.pid;
    if flags & FOREGROUND == 0 {
        caller.data_mut().children.insert(pid, Arc::clone(process));
        tokio::spawn(running);
        return Ok(answer(Ok(pid)));
    }
    let mut foreground =
        Foreground { process: Arc::clone(process), running: Some(Box::pin(running)) };
    let exit = if process.inline_depth > 0 {
        foreground.ended().await
    } else {
        tokio::spawn(async move { foreground.ended().await })
            .await
            .unwrap_or_else(|error| run::not_loadable(format!("the process was lost: {error}")))
    };
    caller.data().process.account.reaped(&process.account);
    let written = guest(caller).and_then(|mut guest| write_status(&mut guest, status, pid, &exit));
    Ok(answer(written.map(|()| pid)))
}

fn write_status(guest: &mut Guest<'_>, at: u32, pid: Pid, exit: &Exit) -> Result<()> {
    let how = match &exit.how {
        How::Exited => 0,
        How::Signaled(signal) => 1 | u32::from(*signal) << 8,
        How::Trapped(_) => 2,
        How::OutOfMemory(_) => 3,
        How::NotLoadable(_) => 0,
    };
    guest.write_words(at, &[pid, u32::from(exit.status), how])
}

const PAGE: usize = 4096;

/// Copies the calling process: its descriptors by choice, its memory as far as it differs from a
/// new instance's.
fn fork(
    caller: &mut Caller<'_, State>,
    closure: u32,
    fds: u32,
    fds_len: u32,
    flags: u32,
) -> Result<(State, Forked)> {
    if !caller.data().module.facts.forkable {
        return Err(Errno::NOSYS);
    }
    let stack_pointer = caller.data().stack_pointer.ok_or(Errno::NOSYS)?;
    let Val::I32(stack_pointer) = stack_pointer.get(&mut *caller) else {
        return Err(Errno::NOSYS);
    };
    let guest = guest(caller)?;
    let given = descriptors(&guest, fds, fds_len)?;
    let forked = Forked {
        closure,
        stack_pointer,
        size: guest.memory.len().next_multiple_of(WASM_PAGE),
        pages: changed_pages(
            guest.memory,
            guest.state.module.pristine.get().map_or(&[], |pristine| pristine),
            stack_pointer as u32 as usize,
        ),
    };
    let name = guest.state.process.name.clone();
    let process = add(guest.state, flags, name)?;
    let parent = guest.state;
    let mut table = Table::new(parent.job.limits.descriptors);
    for (fd, entry) in parent.table.preopens() {
        table.put(fd, entry.clone())?;
    }
    for (fd, entry) in given {
        if table.is_free(fd) {
            table.put(fd, entry)?;
        }
    }
    let state = State {
        job: Arc::clone(&parent.job),
        process,
        module: Arc::clone(&parent.module),
        table,
        arguments: Arc::clone(&parent.arguments),
        environment: Arc::clone(&parent.environment),
        cwd: Arc::clone(&parent.cwd),
        umask: parent.umask,
        inherited: parent.inherited.clone(),
        children: std::collections::BTreeMap::new(),
        limiter: Limiter::new(&parent.job.limits, Arc::clone(&parent.job.memory)),
        memory: None,
        stack_pointer: None,
        started: std::time::Instant::now(),
    };
    Ok((state, forked))
}

/// Runs of pages that a new instance does not have. The stack grows down from the lowest
/// addresses' end, so nothing below the stack pointer is alive.
fn changed_pages(memory: &[u8], pristine: &[u8], alive: usize) -> Vec<(usize, Vec<u8>)> {
    static ZERO: [u8; PAGE] = [0; PAGE];
    let mut runs: Vec<(usize, Vec<u8>)> = Vec::new();
    let first = (alive / PAGE).min(memory.len() / PAGE) * PAGE;
    for (index, page) in memory[first..].chunks(PAGE).enumerate() {
        let at = first + index * PAGE;
        let same = match pristine.get(at..at + page.len()) {
            Some(before) => before == page,
            None => page == &ZERO[..page.len()],
        };
        if same {
            continue;
        }
        match runs.last_mut() {
            Some((start, run)) if *start + run.len() == at => run.extend_from_slice(page),
            _ => runs.push((at, page.to_vec())),
        }
    }
    runs
}

async fn wait(
    caller: &mut Caller<'_, State>,
    pid: i32,
    timeout: i64,
    status: u32,
) -> wasmtime::Result<i32> {
    let state = caller.data();
    let children: Vec<Arc<Process>> = match u32::try_from(pid) {
        Ok(pid) => state.children.get(&pid).cloned().into_iter().collect(),
        Err(_) => state.children.values().cloned().collect(),
    };
    if children.is_empty() {
        return Ok(failed(Errno::CHILD));
    }
    let process = Arc::clone(&state.process);
    let ended = process
        .child_ended(|| children.iter().find_map(|child| Some((child.pid, child.exit()?.clone()))));
    let waiting = async {
        match u64::try_from(timeout) {
            Ok(timeout) => tokio::time::timeout(Duration::from_millis(timeout), ended).await.ok(),
            Err(_) => Some(ended.await),
        }
    };
    let ended = match process.signals.unless_interrupted(waiting).await {
        Ok(ended) => ended,
        Err(Interrupted::Handled) => return Ok(failed(Errno::INTR)),
        Err(Interrupted::Killed(killed)) => return Err(Stop::Killed(killed).into()),
    };
    let Some((pid, exit)) = ended else { return Ok(0) };
    if let Some(child) = caller.data_mut().children.remove(&pid) {
        caller.data().process.account.reaped(&child.account);
    }
    let written = guest(caller).and_then(|mut guest| write_status(&mut guest, status, pid, &exit));
    Ok(answer(written.map(|()| pid)))
}

fn kill(state: &State, pid: i32, signal: u32) -> Result<u32> {
    let signal = u8::try_from(signal).ok().filter(|s| *s <= 31).ok_or(Errno::INVAL)?;
    let group = match pid {
        0 => Some(state.process.group),
        -1 => return Err(Errno::PERM),
        pid if pid < 0 => Some(pid.unsigned_abs()),
        _ => None,
    };
    let reached = state.job.signal(signal, |process| match group {
        Some(group) => process.group == group,
        None => i64::from(process.pid) == i64::from(pid),
    });
    // A child that has ended but was not waited for yet still exists (POSIX kill()).
    let zombie = || u32::try_from(pid).is_ok_and(|pid| state.children.contains_key(&pid));
    if reached || zombie() { Ok(0) } else { Err(Errno::SRCH) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_pages_above_the_stack_pointer_are_copied() {
        let pristine = vec![1; 4 * PAGE];
        let mut memory = pristine.clone();
        memory.resize(6 * PAGE, 0);
        memory[10] = 9;
        memory[2 * PAGE + 5] = 9;
        memory[3 * PAGE + 5] = 9;
        memory[5 * PAGE + 5] = 9;
        let pages = changed_pages(&memory, &pristine, PAGE + 17);
        let places: Vec<_> = pages.iter().map(|(at, run)| (at / PAGE, run.len() / PAGE)).collect();
        assert_eq!(places, [(2, 2), (5, 1)]);
    }

    #[test]
    fn lists_end_each_item_with_nul() {
        assert_eq!(list(b"a\0\0b\0"), Ok(vec![b"a".to_vec(), b"".to_vec(), b"b".to_vec()]));
        assert_eq!(list(b""), Ok(vec![]));
        assert_eq!(list(b"a"), Err(Errno::INVAL));
    }
}
