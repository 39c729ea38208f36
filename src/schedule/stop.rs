use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Longer limits than this are this long; it keeps the arithmetic of clocks from overflowing.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// How urgently a run is to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cancel {
    /// Not at all.
    #[default]
    No,
    /// End the scripts, run every `after_script`, and report.
    Gracefully,
    /// Drop everything and report.
    AtOnce,
}

/// Cancels a run. Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct CancelSwitch(watch::Sender<Cancel>);

impl CancelSwitch {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the urgency; it is never lowered.
    pub fn raise(&self, to: Cancel) {
        self.0.send_if_modified(|now| {
            let raised = *now < to;
            *now = to.max(*now);
            raised
        });
    }

    /// The urgency now.
    pub fn get(&self) -> Cancel {
        *self.0.borrow()
    }

    /// Resolves when the urgency is `level` or more.
    pub async fn reached(&self, level: Cancel) {
        if self.0.subscribe().wait_for(|now| *now >= level).await.is_err() {
            // Cannot be: we hold the sender.
            pending().await
        }
    }
}

/// Why a script has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Its time is up.
    Timeout,
    /// The run is cancelled.
    Cancel,
}

/// Tells a script when it has to end. Clones tell the same.
#[derive(Clone, Debug)]
pub struct Stop {
    deadline: Instant,
    switch: Option<CancelSwitch>,
}

impl Stop {
    /// Stops `limit` from now, and when the run is cancelled if there is a `switch`.
    pub(super) fn after(limit: Duration, switch: Option<CancelSwitch>) -> Self {
        Self { deadline: Instant::now() + limit.min(LONGEST), switch }
    }

    /// The same, but not later than `limit` from now.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        let deadline = self.deadline.min(Instant::now() + limit.min(LONGEST));
        Self { deadline, switch: self.switch.clone() }
    }

    /// Resolves when the script has to end; at once if it already has to. May be called often and
    /// dropped at any time.
    pub async fn stopped(&self) -> StopReason {
        let cancelled = async {
            match &self.switch {
                Some(switch) => switch.reached(Cancel::Gracefully).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = sleep_until(self.deadline) => StopReason::Timeout,
            () = cancelled => StopReason::Cancel,
        }
    }

    /// Whether, and why, the script has to end now.
    pub fn reason(&self) -> Option<StopReason> {
        if self.deadline <= Instant::now() {
            return Some(StopReason::Timeout);
        }
        let cancelled = self.switch.as_ref().is_some_and(|switch| switch.get() > Cancel::No);
        cancelled.then_some(StopReason::Cancel)
    }

    /// When the script's time is up.
    pub fn deadline(&self) -> std::time::Instant {
        self.deadline.into_std()
    }
}
