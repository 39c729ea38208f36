//! `poll_oneoff`: waiting for the first of several clocks and descriptors.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rustix::event::PollFlags;
use tokio::time::Instant;
use wasmtime::{Caller, Linker};

use super::layout::Snapshot;
use super::{program, waited};
use crate::sandbox::description::Description;
use crate::sandbox::errno::{Errno, Result};
use crate::sandbox::files;
use crate::sandbox::memory::{guest, read_u16, read_u32, read_u64, slice};
use crate::sandbox::pipe::ATOMIC_WRITE;
use crate::sandbox::process::State;
use crate::sandbox::signal::Killed;
use crate::sandbox::table::rights;

/// Subscriptions of one call.
const MAX_SUBSCRIPTIONS: u32 = 4096;
/// `subclockflags`: the timeout is a point in time.
const ABSOLUTE: u16 = 1;
/// `eventrwflags`: the other side is gone.
const HANGUP: u16 = 1;

pub(super) fn link(linker: &mut Linker<State>, snapshot: Snapshot) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        snapshot.module(),
        "poll_oneoff",
        move |mut caller: Caller<'_, State>,
              (subscriptions, events, count, out): (u32, u32, u32, u32)| {
            Box::new(async move {
                waited(poll(&mut caller, snapshot, subscriptions, events, count, out).await)
            })
        },
    )?;
    Ok(())
}

struct Subscription {
    user_data: u64,
    kind: u8,
    source: Result<Source>,
}

enum Source {
    Clock(Instant),
    Read(Arc<Description>),
    Write(Arc<Description>),
}

struct Event {
    bytes: u64,
    flags: u16,
}

async fn poll(
    caller: &mut Caller<'_, State>,
    snapshot: Snapshot,
    subscriptions: u32,
    events: u32,
    count: u32,
    out: u32,
) -> std::result::Result<Result<()>, Killed> {
    let parsed = (|| {
        let guest = guest(caller)?;
        if count == 0 || count > MAX_SUBSCRIPTIONS {
            return Err(Errno::INVAL);
        }
        let size = match snapshot {
            Snapshot::Preview1 => 48,
            Snapshot::Unstable => 56,
        };
        let all = slice(guest.memory, subscriptions, count * size)?;
        all.chunks(size as usize)
            .map(|bytes| subscription(guest.state, snapshot, bytes))
            .collect::<Result<Vec<_>>>()
    })();
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(errno) => return Ok(Err(errno)),
    };
    let process = Arc::clone(&caller.data().process);
    process.unless_killed_waiting(first(&parsed)).await?;
    let written = (|| {
        let mut guest = guest(caller)?;
        let mut written = 0;
        for subscription in &parsed {
            let Some(event) = ready(subscription) else { continue };
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&subscription.user_data.to_le_bytes());
            bytes[10] = subscription.kind;
            match event {
                Ok(event) => {
                    bytes[16..24].copy_from_slice(&event.bytes.to_le_bytes());
                    bytes[24..26].copy_from_slice(&event.flags.to_le_bytes());
                }
                Err(errno) => bytes[8..10].copy_from_slice(&errno.0.to_le_bytes()),
            }
            guest.write(events.checked_add(written * 32).ok_or(Errno::FAULT)?, &bytes)?;
            written += 1;
        }
        guest.write_u32(out, written)
    })();
    Ok(written)
}

fn subscription(state: &State, snapshot: Snapshot, bytes: &[u8]) -> Result<Subscription> {
    let kind = bytes[8];
    let source = match kind {
        0 => {
            let at = if snapshot == Snapshot::Preview1 { 16 } else { 24 };
            let clock = read_u32(bytes, at)?;
            clock_due(state, clock, read_u64(bytes, at + 8)?, read_u16(bytes, at + 24)?)
        }
        1 | 2 => descriptor(state, read_u32(bytes, 16)?, kind == 1),
        _ => return Err(Errno::INVAL),
    };
    Ok(Subscription { user_data: read_u64(bytes, 0)?, kind, source })
}

/// Decided when the call is made: a change of the wall clock meanwhile does not move it.
fn clock_due(state: &State, clock: u32, timeout: u64, flags: u16) -> Result<Source> {
    let now = program::now(state, clock)?;
    let left = if flags & ABSOLUTE != 0 { timeout.saturating_sub(now) } else { timeout };
    Ok(Source::Clock(Instant::now() + Duration::from_nanos(left).min(FOR_EVER)))
}

/// Longer than any job may run.
const FOR_EVER: Duration = Duration::from_secs(366 * 24 * 3600);

fn descriptor(state: &State, fd: u32, read: bool) -> Result<Source> {
    let entry = state.table.get(fd)?;
    let description = Arc::clone(&entry.description);
    entry.require(if read { rights::READ } else { rights::WRITE })?;
    Ok(if read { Source::Read(description) } else { Source::Write(description) })
}

/// Waits until at least one subscription has an event.
async fn first(subscriptions: &[Subscription]) {
    if subscriptions.iter().any(|subscription| ready(subscription).is_some()) {
        return;
    }
    let mut waiting: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>> =
        subscriptions.iter().map(event).collect();
    std::future::poll_fn(|context| {
        let any = waiting.iter_mut().any(|one| one.as_mut().poll(context).is_ready());
        if any { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn event(subscription: &Subscription) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
    match &subscription.source {
        Err(_) => Box::pin(std::future::ready(())),
        Ok(Source::Clock(due)) => Box::pin(tokio::time::sleep_until(*due)),
        Ok(Source::Read(description)) => match &**description {
            Description::PipeReader(pipe) => Box::pin(pipe.ready()),
            Description::Host(host) => Box::pin(async {
                let _ = host.ready(PollFlags::IN).await;
            }),
            _ => Box::pin(std::future::ready(())),
        },
        Ok(Source::Write(description)) => match &**description {
            Description::PipeWriter(pipe) => Box::pin(pipe.ready()),
            Description::Host(host) => Box::pin(async {
                let _ = host.ready(PollFlags::OUT).await;
            }),
            _ => Box::pin(std::future::ready(())),
        },
    }
}

/// The event of a subscription, if it has happened.
fn ready(subscription: &Subscription) -> Option<Result<Event>> {
    let now = |bytes: u64| Some(Ok(Event { bytes, flags: 0 }));
    match &subscription.source {
        Err(errno) => Some(Err(*errno)),
        Ok(Source::Clock(due)) => {
            (Instant::now() >= *due).then_some(Ok(Event { bytes: 0, flags: 0 }))
        }
        Ok(Source::Read(description)) => match &**description {
            Description::PipeReader(pipe) => match pipe.available() {
                (0, false) => None,
                (bytes, ended) => {
                    let flags = if ended { HANGUP } else { 0 };
                    Some(Ok(Event { bytes: bytes as u64, flags }))
                }
            },
            Description::Host(host) => {
                host.is_ready(PollFlags::IN).then_some(Ok(Event { bytes: 1, flags: 0 }))
            }
            Description::File(file) => {
                let left = || {
                    let size = files::stat_open(description).ok()?.size;
                    Some(size.saturating_sub(rustix::fs::tell(&file.file).ok()?))
                };
                now(left().unwrap_or(0))
            }
            _ => now(1),
        },
        Ok(Source::Write(description)) => match &**description {
            Description::PipeWriter(pipe) => match pipe.room() {
                (_, true) => Some(Ok(Event { bytes: 0, flags: HANGUP })),
                // As `PipeWriter::ready`: room for a write that is not split.
                (room, false) if room < ATOMIC_WRITE => None,
                (room, false) => now(room as u64),
            },
            Description::Host(host) => {
                host.is_ready(PollFlags::OUT).then_some(Ok(Event { bytes: 1, flags: 0 }))
            }
            _ => now(u64::from(u16::MAX)),
        },
    }
}
