//! Listing and removing.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Store;
use super::files::{names, read_record};
use super::lock::InUse;
use super::record::{ImageRecord, RefRecord};
use crate::image::digest::Digest;

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// References that were not used for long.
    pub references: usize,
    /// Images that no reference meant any more.
    pub images: usize,
    /// Bytes that are free again.
    pub bytes: u64,
}

/// Somebody uses images, so none can be removed.
const BUSY: &str = "images are in use: another greenroom is running; try again when it has ended";

impl Store {
    /// All references, with their images where these are there.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn references(&self) -> io::Result<Vec<(RefRecord, Option<ImageRecord>)>> {
        let mut all = Vec::new();
        for name in names(&self.path("refs"))? {
            let Some(record) = read_record::<RefRecord>(&self.path("refs").join(name)) else {
                continue;
            };
            let image = Digest::parse(&record.image).and_then(|digest| self.image(&digest));
            all.push((record, image));
        }
        all.sort_by(|a, b| a.0.reference.cmp(&b.0.reference));
        Ok(all)
    }

    /// Forgets a reference, and its image if nothing else means it.
    ///
    /// # Errors
    /// If images are in use, or the store cannot be changed; why, as a sentence.
    pub fn remove(&self, reference: &str) -> Result<Option<Pruned>, String> {
        let _alone = self.alone()?;
        let path = self.ref_path(reference);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot remove {}: {error}", path.display())),
        }
        let mut pruned = self.collect().map_err(|error| self.cannot(&error))?;
        pruned.references += 1;
        Ok(Some(pruned))
    }

    /// Forgets references that were not used for so long, and removes what cannot be reached.
    ///
    /// # Errors
    /// As [`Store::remove`].
    pub fn prune(&self, unused_for: Option<Duration>) -> Result<Pruned, String> {
        let _alone = self.alone()?;
        let mut references = 0;
        if let Some(span) = unused_for {
            references = self.forget(span).map_err(|error| self.cannot(&error))?;
        }
        let mut pruned = self.collect().map_err(|error| self.cannot(&error))?;
        pruned.references = references;
        Ok(pruned)
    }

    fn alone(&self) -> Result<InUse, String> {
        InUse::alone(&self.path("lock"))?.ok_or_else(|| BUSY.to_owned())
    }

    fn cannot(&self, error: &io::Error) -> String {
        format!("cannot remove images in {}: {error}", self.root().display())
    }

    fn forget(&self, unused_for: Duration) -> io::Result<usize> {
        let mut count = 0;
        for name in names(&self.path("refs"))? {
            let path = self.path("refs").join(name);
            let used = fs::metadata(&path)?.modified()?;
            let age = SystemTime::now().duration_since(used).unwrap_or_default();
            if age >= unused_for {
                fs::remove_file(&path)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Removes what no reference reaches. Nobody else uses the store meanwhile. Records go before
    /// what they name, so that whatever stops this leaves nothing half-removed that can be reached.
    fn collect(&self) -> io::Result<Pruned> {
        let mut pruned = Pruned::default();
        let (mut images, mut blobs) = (BTreeSet::new(), BTreeSet::new());
        for (reference, image) in self.references()? {
            images.extend(Digest::parse(&reference.image).map(|digest| digest.file_name()));
            let of_image = image.into_iter().flat_map(|image| image.blobs);
            blobs.extend(of_image.filter_map(|blob| Some(Digest::parse(&blob)?.file_name())));
        }
        let reached = |name: &str, of: &BTreeSet<String>| {
            let digest = name.strip_suffix(".json").or_else(|| name.strip_suffix(".list"));
            of.contains(digest.unwrap_or(name))
        };
        for (directory, of) in [("images", &images), ("trees", &images), ("blobs", &blobs)] {
            let directory = self.path(directory);
            for name in names(&directory)? {
                let digest = name.trim_end_matches(".json").trim_end_matches(".list");
                // What is not named as ours is is not ours.
                if Digest::of_file_name(digest).is_none() || reached(&name, of) {
                    continue;
                }
                let path = directory.join(&name);
                pruned.bytes += size(&path);
                if path.is_dir() {
                    pruned.images += 1;
                    fs::remove_dir_all(&path)?;
                } else {
                    fs::remove_file(&path)?;
                }
            }
        }
        // Left by processes that were killed: whoever lives holds the lock that we have.
        for name in names(&self.path("tmp"))? {
            let path = self.path("tmp").join(name);
            pruned.bytes += size(&path);
            if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
        for name in names(&self.path("locks"))? {
            fs::remove_file(self.path("locks").join(name))?;
        }
        Ok(pruned)
    }
}

/// The bytes of a file, or of all files of a directory, without following links.
fn size(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}
