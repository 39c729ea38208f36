//! What processes use: processor time, and the time for which they waited.
//!
//! A process has no thread of its own: it runs in slices, between two points where it waits or
//! lets others run, on whatever thread comes to poll it, and a foreground child's slices lie inside
//! of its parent's. So each slice is timed, without those inside of it, by the wall clock, which
//! costs some tens of nanoseconds. A slice long enough for the system to have given the processor
//! to somebody else, or for a file operation to have blocked, counts as no more than the thread's
//! own clock says; asking that one takes a system call.

use std::cell::Cell;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Slices from this length on are held against the thread's own clock.
const LONG: Duration = Duration::from_micros(200);

/// What a process has used so far.
#[derive(Debug, Default)]
pub(crate) struct Account {
    processor: AtomicU64,
    waited: AtomicU64,
    /// Of children that have been waited for, and theirs.
    children: AtomicU64,
}

/// What was used, by one process or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time of processors.
    pub processor: Duration,
    /// Time spent in calls that had to wait for something: a pipe, a file or terminal of the host
    /// that had nothing yet, a clock. Waiting for a child is none. Of processes that wait at the
    /// same time each counts.
    pub waited: Duration,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.processor += other.processor;
        self.waited += other.waited;
    }
}

impl std::ops::Sub for Usage {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            processor: self.processor.saturating_sub(other.processor),
            waited: self.waited.saturating_sub(other.waited),
        }
    }
}

impl Account {
    /// What the process itself has used, up to its last slice.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            processor: Duration::from_nanos(self.processor.load(Ordering::Relaxed)),
            waited: Duration::from_nanos(self.waited.load(Ordering::Relaxed)),
        }
    }

    /// Processor time of the process up to now, and of the children that it has waited for. For
    /// the process that runs on this thread.
    pub(crate) fn times(&self) -> (Duration, Duration) {
        THREAD.with(|thread| thread.charge_until_now(self));
        (self.usage().processor, Duration::from_nanos(self.children.load(Ordering::Relaxed)))
    }

    /// Takes over what a child and its children have used.
    pub(crate) fn reaped(&self, child: &Self) {
        let used = child.processor.load(Ordering::Relaxed) + child.children.load(Ordering::Relaxed);
        self.children.fetch_add(used, Ordering::Relaxed);
    }

    /// Runs what a process does.
    pub(crate) async fn running<T>(&self, operation: impl Future<Output = T>) -> T {
        let mut operation = pin!(operation);
        std::future::poll_fn(|context| {
            let outer = THREAD.with(Thread::begin);
            let polled = operation.as_mut().poll(context);
            THREAD.with(|thread| thread.end(outer, self));
            polled
        })
        .await
    }

    /// Runs a call of a process that may have to wait.
    pub(crate) async fn waiting<T>(&self, operation: impl Future<Output = T>) -> T {
        let mut operation = pin!(operation);
        let mut since = None;
        std::future::poll_fn(|context| {
            let polled = operation.as_mut().poll(context);
            match (&polled, since) {
                (Poll::Pending, None) => since = Some(Instant::now()),
                (Poll::Ready(_), Some(since)) => {
                    self.waited.fetch_add(nanoseconds(since.elapsed()), Ordering::Relaxed);
                }
                _ => {}
            }
            polled
        })
        .await
    }
}

thread_local! {
    static THREAD: Thread = const { Thread::new() };
}

/// The clock of a thread on which processes run.
struct Thread {
    /// Up to when the time of the process that runs now has been looked at.
    charged: Cell<Option<Instant>>,
    /// What it has used before that and is not in its account yet.
    settled: Cell<u64>,
    /// The thread's processor time when it was last asked for, in nanoseconds.
    read: Cell<u64>,
    /// What has been charged since.
    since: Cell<u64>,
}

impl Thread {
    const fn new() -> Self {
        Self {
            charged: Cell::new(None),
            settled: Cell::new(0),
            read: Cell::new(0),
            since: Cell::new(0),
        }
    }

    /// Begins a slice, perhaps inside of another; returns what that one has used so far.
    fn begin(&self) -> Option<u64> {
        let now = Instant::now();
        let outer = self.charged.replace(Some(now))?;
        let used = self.used(now.saturating_duration_since(outer));
        Some(self.settled.take().saturating_add(used))
    }

    /// Ends it.
    fn end(&self, outer: Option<u64>, account: &Account) {
        let now = self.charge_until_now(account);
        self.settled.set(outer.unwrap_or(0));
        self.charged.set(outer.map(|_| now));
    }

    fn charge_until_now(&self, account: &Account) -> Instant {
        let now = Instant::now();
        if let Some(charged) = self.charged.replace(Some(now)) {
            let used = self.used(now.saturating_duration_since(charged));
            let used = self.settled.take().saturating_add(used);
            account.processor.fetch_add(used, Ordering::Relaxed);
        }
        now
    }

    /// What a slice of this length took of the processor.
    fn used(&self, length: Duration) -> u64 {
        let length_ns = nanoseconds(length);
        if length < LONG {
            self.since.set(self.since.get().saturating_add(length_ns));
            return length_ns;
        }
        let now = clock_gettime(ClockId::ThreadCPUTime);
        let now = u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000
            + u64::try_from(now.tv_nsec).unwrap_or(0);
        // What the thread did apart from slices, and slices that were counted in full, loosens the
        // bound; it never tightens it.
        let most = now.saturating_sub(self.read.get()).saturating_sub(self.since.get());
        self.read.set(now);
        self.since.set(0);
        length_ns.min(most)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(time: Duration) {
        let start = clock_gettime(ClockId::ThreadCPUTime);
        let spent = || {
            let now = clock_gettime(ClockId::ThreadCPUTime);
            Duration::new((now.tv_sec - start.tv_sec) as u64, 0)
                + Duration::from_nanos(now.tv_nsec as u64)
                - Duration::from_nanos(start.tv_nsec as u64)
        };
        while spent() < time {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn a_child_inside_of_its_parent_counts_once() {
        let (parent, child) = (Account::default(), Account::default());
        parent
            .running(async {
                spin(Duration::from_millis(5));
                child
                    .running(async {
                        spin(Duration::from_millis(20));
                        tokio::task::yield_now().await;
                        spin(Duration::from_millis(10));
                    })
                    .await;
                parent.reaped(&child);
                spin(Duration::from_millis(5));
                let (own, children) = parent.times();
                assert_eq!(children, child.usage().processor);
                assert!(own >= Duration::from_millis(10), "{own:?}");
            })
            .await;
        let (parent, child) = (parent.usage().processor, child.usage().processor);
        assert!(child >= Duration::from_millis(29), "{child:?}");
        assert!(parent >= Duration::from_millis(10) && parent < child, "{parent:?}");
    }

    #[tokio::test]
    async fn blocking_takes_no_processor_and_waiting_is_told_apart() {
        let account = Account::default();
        account
            .running(async {
                std::thread::sleep(Duration::from_millis(30));
                account.waiting(tokio::time::sleep(Duration::from_millis(20))).await;
                account.waiting(std::future::ready(())).await;
            })
            .await;
        let usage = account.usage();
        assert!(usage.processor < Duration::from_millis(25), "{usage:?}");
        assert!(usage.waited >= Duration::from_millis(19), "{usage:?}");
        assert!(usage.waited < Duration::from_millis(2000), "{usage:?}");
    }
}
