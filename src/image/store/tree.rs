//! An image's files: into their place, and held against what they were.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::Store;
use super::files::{sync_directory, write_file, write_record};
use super::list;
use super::record::ImageRecord;
use crate::image::digest::Digest;

/// What came out of looking at an image's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// They are what was unpacked.
    Whole,
    /// They are not: lines for the user, some of many.
    Differs(Vec<String>),
}

/// Differences that are told.
const TOLD: usize = 5;

/// Puts a finished tree and its image in their places.
pub(super) fn publish(store: &Store, tree: &Path, record: &ImageRecord) -> Result<(), String> {
    let cannot = |error: io::Error| {
        format!("it cannot be kept in {}: {error}{}", store.root().display(), advice(&error))
    };
    let digest = Digest::parse(&record.digest).ok_or("it has no digest")?;
    let listing = list::list(tree).map_err(cannot)?;
    let mut record = record.clone();
    record.files = listing.files;
    record.size = listing.size;
    record.list = blake3::hash(&listing.text).to_hex().to_string();
    // Everything of the tree in one call: thousands of small files one by one would take long.
    let directory = File::open(tree).map_err(cannot)?;
    rustix::fs::syncfs(&directory).map_err(|error| cannot(error.into()))?;
    let temporary = store.path("tmp");
    write_file(&temporary, &store.list_path(&digest), &listing.text).map_err(cannot)?;
    let place = store.tree_path(&digest);
    if place.exists() {
        // Left by somebody who got no further, or damaged: nobody can reach it without a record.
        let aside = temporary.join(format!("old-{}", super::key(&record.digest)));
        let _ = fs::remove_dir_all(&aside);
        fs::rename(&place, &aside).map_err(cannot)?;
        let _ = fs::remove_dir_all(&aside);
    }
    fs::rename(tree, &place).map_err(cannot)?;
    sync_directory(&place).map_err(cannot)?;
    write_record(&temporary, &store.image_path(&digest), &record).map_err(cannot)
}

/// What to do about an error of the disk.
pub(in crate::image) fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            " (free some space, for instance with `greenroom image prune`, or choose another \
             directory with GREENROOM_CACHE_DIR)"
        }
        _ => "",
    }
}

impl Store {
    /// Compares an image's files with what was unpacked.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn verify(&self, record: &ImageRecord) -> io::Result<Verified> {
        let digest = Digest::parse(&record.digest)
            .ok_or_else(|| io::Error::other("its record has no digest"))?;
        let recorded = fs::read(self.list_path(&digest)).unwrap_or_default();
        if blake3::hash(&recorded).to_hex().as_str() != record.list {
            return Ok(Verified::Differs(vec!["the list of its files was changed".to_owned()]));
        }
        let found = list::list(&self.tree_path(&digest))?.text;
        if found == recorded {
            return Ok(Verified::Whole);
        }
        let (found, recorded) =
            (String::from_utf8_lossy(&found), String::from_utf8_lossy(&recorded));
        let of = |text: &str| -> std::collections::BTreeMap<String, String> {
            let split = |line: &str| {
                let name = line.splitn(3, ' ').nth(2)?;
                Some((name.to_owned(), line.to_owned()))
            };
            text.lines().filter_map(split).collect()
        };
        let (found, recorded) = (of(&found), of(&recorded));
        let mut told = Vec::new();
        for (name, line) in &recorded {
            match found.get(name) {
                None => told.push(format!("{name} is missing")),
                Some(other) if other != line => told.push(format!("{name} was changed")),
                Some(_) => {}
            }
        }
        told.extend(
            found
                .keys()
                .filter(|name| !recorded.contains_key(*name))
                .map(|n| format!("{n} is new")),
        );
        let more = told.len().saturating_sub(TOLD);
        told.truncate(TOLD);
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        Ok(Verified::Differs(told))
    }
}
