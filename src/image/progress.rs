/// What is being done about an image, for whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A registry is asked what a reference means.
    Asking {
        /// The reference.
        image: &'a str,
    },
    /// Another process pulls the same image; it is waited for.
    Waiting {
        /// The reference.
        image: &'a str,
    },
    /// A download begins, or begins anew.
    Downloading {
        /// The reference.
        image: &'a str,
        /// What it will have, in bytes, if known.
        total: Option<u64>,
    },
    /// So much of the download is there.
    Received {
        /// Bytes since it began.
        bytes: u64,
    },
    /// What was downloaded is unpacked.
    Unpacking {
        /// The reference.
        image: &'a str,
    },
    /// The image is in the store.
    Stored {
        /// The reference.
        image: &'a str,
    },
}

/// Follows what is done.
pub trait Progress: Send + Sync {
    /// Takes the next event.
    fn event(&self, event: Event<'_>);
}

/// Nobody looks.
impl Progress for () {
    fn event(&self, _: Event<'_>) {}
}
