use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

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
    cancel: Option<watch::Receiver<Cancel>>,
}

impl Stop {
    /// Stops at `deadline`, and when the run is cancelled if `cancel` is given.
    pub(super) fn new(deadline: Instant, cancel: Option<watch::Receiver<Cancel>>) -> Self {
        Self { deadline, cancel }
    }

    /// Resolves when the script has to end; at once if it already has to. May be called often and
    /// dropped at any time.
    pub async fn stopped(&self) -> StopReason {
        tokio::select! {
            biased;
            () = sleep_until(self.deadline) => StopReason::Timeout,
            () = cancelled(self.cancel.clone()) => StopReason::Cancel,
        }
    }

    /// Whether, and why, the script has to end now.
    pub fn reason(&self) -> Option<StopReason> {
        if self.deadline <= Instant::now() {
            return Some(StopReason::Timeout);
        }
        let cancel = self.cancel.as_ref()?;
        (*cancel.borrow() >= Cancel::Gracefully).then_some(StopReason::Cancel)
    }

    /// When the script's time is up.
    pub fn deadline(&self) -> std::time::Instant {
        self.deadline.into_std()
    }
}

async fn cancelled(receiver: Option<watch::Receiver<Cancel>>) {
    if let Some(mut receiver) = receiver
        && receiver.wait_for(|cancel| *cancel >= Cancel::Gracefully).await.is_ok()
    {
        return;
    }
    // Nobody can cancel (any more).
    std::future::pending().await
}
