//! Signals of a process: what ends it, what it handles itself, and what wakes its blocked calls.

use std::future::Future;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use tokio::sync::Notify;

/// `SIGKILL`, which no process handles.
pub(crate) const KILL: u8 = 9;

/// The process was ended by this signal while it ran or waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Killed(pub(crate) u8);

/// How a call that can be interrupted ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// A signal that the process handles itself has arrived.
    Handled,
    /// A signal has ended the process.
    Killed(Killed),
}

/// Pending and handled signals of one process.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    pending: AtomicU32,
    handled: AtomicU32,
    fatal: AtomicU8,
    arrived: Notify,
}

impl Signals {
    /// Delivers a signal; the first fatal one wins, but `KILL` overrides.
    pub(crate) fn send(&self, signal: u8) {
        if signal == 0 || signal > 31 {
            return;
        }
        let bit = 1u32 << signal;
        if signal != KILL && self.handled.load(Ordering::SeqCst) & bit != 0 {
            self.pending.fetch_or(bit, Ordering::SeqCst);
        } else if !ignored_by_default(signal) {
            let _ = self.fatal.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
                (now == 0 || signal == KILL).then_some(signal)
            });
        }
        self.arrived.notify_waiters();
    }

    /// Declares which signals the process handles and takes those that have arrived.
    pub(crate) fn take(&self, handled: u32) -> u32 {
        self.handled.store(handled & !(1 << KILL), Ordering::SeqCst);
        self.pending.swap(0, Ordering::SeqCst)
    }

    /// The signal that ends the process, if one has arrived.
    pub(crate) fn fatal(&self) -> Option<Killed> {
        match self.fatal.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(Killed(signal)),
        }
    }

    /// Runs `operation`, unless or until a signal ends the process.
    pub(crate) async fn unless_killed<T>(
        &self,
        operation: impl Future<Output = T>,
    ) -> Result<T, Killed> {
        tokio::select! {
            biased;
            killed = self.killed() => Err(killed),
            // The operation itself may have been what the process is killed for.
            value = operation => self.fatal().map_or(Ok(value), Err),
        }
    }

    /// Runs `operation`, unless or until any signal arrives.
    pub(crate) async fn unless_interrupted<T>(
        &self,
        operation: impl Future<Output = T>,
    ) -> Result<T, Interrupted> {
        tokio::select! {
            biased;
            interrupted = self.interrupted() => Err(interrupted),
            value = operation => Ok(value),
        }
    }

    async fn killed(&self) -> Killed {
        self.next(|| self.fatal()).await
    }

    async fn interrupted(&self) -> Interrupted {
        self.next(|| {
            let pending = self.pending.load(Ordering::SeqCst) != 0;
            self.fatal().map(Interrupted::Killed).or(pending.then_some(Interrupted::Handled))
        })
        .await
    }

    async fn next<T>(&self, check: impl Fn() -> Option<T>) -> T {
        loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            // Registered before the check, so that a signal between the two is not lost.
            arrived.as_mut().enable();
            if let Some(found) = check() {
                return found;
            }
            arrived.await;
        }
    }
}

/// `CHLD`, `CONT`, `URG`, `WINCH` (POSIX, `signal.h`, default action "ignore").
fn ignored_by_default(signal: u8) -> bool {
    matches!(signal, 17 | 18 | 23 | 28)
}
