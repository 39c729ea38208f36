//! What is being done, on standard error: bars on a terminal, lines elsewhere.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::sandbox::progress_text;
use crate::cli::tell;
use crate::diagnostic::printable;
use crate::image::{Event, Progress};
use crate::sandbox::Notices;
use crate::sandbox::store::{self, StoreWarning};
use crate::workspace::readable_size;

/// A bar for a download whose size is known.
const KNOWN: &str = "{msg}  {wide_bar}  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
/// For one whose size is not.
const UNKNOWN: &str = "{msg}  {spinner}  {bytes}  {bytes_per_sec}";
/// For what has no bytes to count.
const BUSY: &str = "{msg}  {spinner}  {elapsed}";

/// Shows one thing after the other.
pub(super) struct Bars {
    draws: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Bars {
    pub(super) fn new(draws: bool) -> Self {
        Self { draws, bar: Mutex::default() }
    }

    /// Ends what is shown.
    pub(super) fn clear(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    fn show(&self, template: &str, total: Option<u64>, text: String) {
        self.clear();
        let text = printable(&text);
        if !self.draws {
            tell(&format!("{text}\n"));
            return;
        }
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        bar.set_style(style);
        bar.set_message(text);
        bar.enable_steady_tick(Duration::from_millis(100));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }
}

impl Progress for Bars {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Asking { .. } if !self.draws => {}
            Event::Asking { image } => self.show(BUSY, None, format!("asking for {image}")),
            Event::Waiting { image } => {
                self.show(BUSY, None, format!("waiting for another greenroom that pulls {image}"));
            }
            Event::Downloading { image, total: Some(total) } => {
                let size =
                    if self.draws { String::new() } else { format!(" ({})", readable_size(total)) };
                self.show(KNOWN, Some(total), format!("downloading {image}{size}"));
            }
            Event::Downloading { image, total: None } => {
                self.show(UNKNOWN, None, format!("downloading {image}"));
            }
            Event::Received { bytes } => {
                let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(bar) = &*bar {
                    bar.set_position(bytes);
                }
            }
            Event::Unpacking { image } => self.show(BUSY, None, format!("unpacking {image}")),
            Event::Stored { .. } => self.clear(),
        }
    }
}

impl Notices for Bars {
    fn progress(&self, progress: store::Progress<'_>) {
        if let Some(text) = progress_text(progress) {
            self.show(BUSY, None, text);
        }
    }

    fn warning(&self, warning: &StoreWarning) {
        self.clear();
        tell(&format!("greenroom: {}\n", printable(&warning.to_string())));
    }
}
