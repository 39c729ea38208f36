//! A download into a file, with its digest.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use super::digest::{Digest, Hasher};
use super::progress::{Event, Progress};
use super::store::advice;
use crate::http::{self, Client, Request};

/// A file that is being downloaded.
struct Target<'a> {
    file: File,
    hasher: Hasher,
    digest: &'a Digest,
    received: u64,
    image: &'a str,
    progress: &'a dyn Progress,
}

impl http::Sink for Target<'_> {
    fn begin(&mut self, total: Option<u64>) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.hasher = self.digest.hasher();
        self.received = 0;
        self.progress.event(Event::Downloading { image: self.image, total });
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.received += bytes.len() as u64;
        self.progress.event(Event::Received { bytes: self.received });
        Ok(())
    }
}

/// Downloads something of which the digest is known into a new file.
///
/// # Errors
/// If it cannot be downloaded, or is not what it should be; why, as a sentence.
pub(super) async fn download(
    client: &Client,
    request: &Request,
    digest: &Digest,
    path: &Path,
    image: &str,
    progress: &dyn Progress,
) -> Result<(), Failure> {
    let file = File::create_new(path).map_err(|error| {
        Failure::Other(format!("cannot write {}: {error}{}", path.display(), advice(&error)))
    })?;
    let hasher = digest.hasher();
    let mut target = Target { file, hasher, digest, received: 0, image, progress };
    client.download(request, &mut target).await.map_err(Failure::Http)?;
    let found = target.hasher.finish();
    if found != *digest {
        return Err(Failure::Other(format!(
            "what was downloaded is not what it should be: its digest is {found}, and should be \
             {digest}; somebody changed it on the way, or it is damaged where it comes from"
        )));
    }
    Ok(())
}

/// Why a download failed.
#[derive(Debug)]
pub(super) enum Failure {
    Http(http::Error),
    Other(String),
}

impl Failure {
    /// In words.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Http(error) => {
                let advice = match &error.problem {
                    http::Problem::Sink(error) => advice(error),
                    _ => "",
                };
                format!("it cannot be downloaded: {error}{advice}")
            }
            Self::Other(reason) => reason.clone(),
        }
    }
}
