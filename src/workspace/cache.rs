//! The store of caches: by key, what jobs leave for later runs.
//!
//! Under the digest of its key a cache has its files in a directory with a unique name and a
//! manifest that names it. Replacing the manifest, by renaming, replaces the cache at once; the
//! files before it go when nobody reads them.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::artifacts::{remove, seconds};
use super::copy::{Copied, CopyError, CopyLimits, copy};
use super::filter::Filter;
use super::state::{ProjectState, plain, sweep, temporary, write_whole};

/// How much one cache may take.
pub const CACHE_LIMITS: CopyLimits = CopyLimits { bytes: 10 << 30, files: 500_000 };

const MANIFEST: &str = "cache.json";
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheEntry {
    /// Its key.
    pub key: String,
    /// The name of the directory with its files.
    directory: String,
    /// When it was saved, in seconds since 1970.
    pub saved: u64,
    /// How many files and links there are.
    pub files: u64,
    /// What they take, in bytes.
    pub bytes: u64,
}

/// The caches of a project.
#[derive(Clone, Debug)]
pub struct Caches {
    state: ProjectState,
}

/// Why a cache could not be saved or restored.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Its files could not be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The store cannot be used.
    #[error("the store cannot be used: {0}")]
    Store(#[from] io::Error),
}

impl Caches {
    /// The store in a project's state.
    pub fn new(state: ProjectState) -> Self {
        Self { state }
    }

    /// Saves what `filter` wants of a directory under a key, in place of what was there. `None` if
    /// there is nothing to save.
    ///
    /// # Errors
    /// If it cannot be copied or stored; what was there stays.
    pub fn save(
        &self,
        key: &str,
        from: impl AsFd,
        filter: &Filter,
        now: SystemTime,
    ) -> Result<Option<CacheEntry>, CacheError> {
        let name = name(key);
        let store = self.state.directory(&format!("caches/{name}"))?;
        sweep(&store);
        let place = temporary(&store)?;
        let Copied { files, bytes, .. } =
            copy(from, File::open(place.path())?, filter, CACHE_LIMITS)?;
        if files == 0 {
            return Ok(None);
        }
        let unique = place.path().file_name().map(|name| name.to_string_lossy().into_owned());
        let directory = unique.unwrap_or_default().replace(super::state::TEMPORARY, "files-");
        // One writer at a time, so that none removes what another is about to name.
        let _writing = self.state.lock(&format!("writing {name}"), false, PATIENCE)?;
        fs::rename(place.path(), store.join(&directory))?;
        let _ = place.keep();
        let entry =
            CacheEntry { key: key.to_owned(), directory, saved: seconds(now), files, bytes };
        write_whole(&store.join(MANIFEST), &serde_json::to_vec(&entry).map_err(io::Error::from)?)?;
        if let Some(_lock) = self.state.try_lock(&lock_of(&name), false)? {
            self.remove_others(&name, &entry.directory);
        }
        Ok(Some(entry))
    }

    /// Restores the cache of a key into a directory. `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn restore(&self, key: &str, to: impl AsFd) -> Result<Option<CacheEntry>, CacheError> {
        let name = name(key);
        let Some(_) = self.read(&name) else { return Ok(None) };
        let _lock = self.state.lock(&lock_of(&name), true, PATIENCE)?;
        let Some(entry) = self.read(&name) else { return Ok(None) };
        let files = self.place(&name).join(&entry.directory);
        copy(File::open(files)?, to, &Filter::All, CACHE_LIMITS)?;
        Ok(Some(entry))
    }

    /// All caches, by key.
    pub fn list(&self) -> Vec<CacheEntry> {
        let entries =
            fs::read_dir(self.state.path().join("caches")).into_iter().flatten().flatten();
        let mut found: Vec<CacheEntry> =
            entries.filter_map(|entry| self.read(&entry.file_name().into_string().ok()?)).collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        found
    }

    /// Removes the cache of a key. Tells whether there was one.
    ///
    /// # Errors
    /// If somebody reads it, or it cannot be removed.
    pub fn remove(&self, key: &str) -> io::Result<bool> {
        let name = name(key);
        if self.read(&name).is_none() {
            return Ok(false);
        }
        let _lock = self.state.lock(&lock_of(&name), false, PATIENCE)?;
        remove(&self.place(&name))?;
        Ok(true)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.state.path().join("caches").join(name)
    }

    fn read(&self, name: &str) -> Option<CacheEntry> {
        let bytes = fs::read(self.place(name).join(MANIFEST)).ok()?;
        let entry: CacheEntry = serde_json::from_slice(&bytes).ok()?;
        // A name, and no path to somewhere else.
        let is_name = entry.directory.starts_with("files-") && !entry.directory.contains('/');
        is_name.then_some(entry)
    }

    fn remove_others(&self, name: &str, kept: &str) {
        for entry in fs::read_dir(self.place(name)).into_iter().flatten().flatten() {
            let other = entry.file_name();
            let other = other.to_string_lossy();
            if other.starts_with("files-") && other != kept {
                // What cannot be removed now may be next time.
                let _ = remove(&entry.path());
            }
        }
    }
}

/// The name of a key's directory.
fn name(key: &str) -> String {
    let digest = blake3::hash(key.as_bytes()).to_hex();
    let shown: String = key.chars().map(plain).take(40).collect();
    format!("{shown}-{}", &digest[..16])
}

fn lock_of(name: &str) -> String {
    format!("cache {name}")
}
