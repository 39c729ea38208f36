use tokio::sync::mpsc;

use crate::event::Level;

/// Notices that wait for the dispatcher; further ones are dropped.
const WAITING: usize = 256;

/// A way to say something about the run as a whole, from anywhere and without waiting. Clones speak
/// to the same run.
#[derive(Clone, Debug)]
pub struct Notifier(mpsc::Sender<(Level, String)>);

/// What was said and not yet reported. Belongs into [`Options`](super::Options).
#[derive(Debug)]
pub struct Notices(mpsc::Receiver<(Level, String)>);

/// A notifier for a run that is yet to begin.
pub fn notices() -> (Notifier, Notices) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Notifier(sender), Notices(receiver))
}

impl Notifier {
    /// Says something. It is dropped if the run is over, or if it is the 257th notice that nobody
    /// has had the time to read.
    pub fn say(&self, level: Level, message: impl Into<String>) {
        let _ = self.0.try_send((level, message.into()));
    }
}

impl Notices {
    /// The next notice; waits for ever once no notifier is left.
    pub(super) async fn next(&mut self) -> (Level, String) {
        match self.0.recv().await {
            Some(notice) => notice,
            None => std::future::pending().await,
        }
    }

    /// The next notice, if there is one.
    pub(super) fn waiting(&mut self) -> Option<(Level, String)> {
        self.0.try_recv().ok()
    }
}
