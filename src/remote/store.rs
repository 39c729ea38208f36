//! What was fetched, by its content: `objects/` holds contents under their digest, `index/` says
//! which source had which content, and when.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::pipeline::Fetched;

/// The largest file that is read back.
const MAX_FILE: u64 = 64 << 20;

/// A directory of fetched files. Whatever it holds is checked before it is used.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

/// A stored file.
pub(super) struct Found {
    pub(super) fetched: Fetched,
    /// When it was fetched.
    pub(super) time: SystemTime,
}

/// What `index/` says of a source.
#[derive(Deserialize, Serialize)]
struct Record {
    key: String,
    digest: String,
    seconds: u64,
    name: String,
    commit: Option<String>,
    component: Vec<(String, String)>,
    project: Option<String>,
}

impl Store {
    /// A store in a directory, which need not exist.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self(directory.into())
    }

    fn index(&self, key: &str) -> PathBuf {
        self.0.join("index").join(format!("{}.json", digest(key.as_bytes())))
    }

    fn object(&self, digest: &str) -> PathBuf {
        self.0.join("objects").join(digest)
    }

    /// What a source had when it was fetched last.
    pub(super) fn find(&self, key: &str) -> Option<Found> {
        let record: Record = serde_json::from_slice(&read(&self.index(key)).ok()?).ok()?;
        let is_digest =
            record.digest.len() == 64 && record.digest.bytes().all(|b| b.is_ascii_hexdigit());
        if record.key != key || !is_digest {
            return None;
        }
        let bytes = read(&self.object(&record.digest)).ok()?;
        if digest(&bytes) != record.digest {
            return None;
        }
        let time = UNIX_EPOCH + Duration::from_secs(record.seconds);
        let Record { name, commit, component, project, .. } = record;
        Some(Found { fetched: Fetched { bytes, name, commit, component, project }, time })
    }

    /// Stores what a source has.
    ///
    /// # Errors
    /// If the directory cannot be written.
    pub(super) fn keep(&self, key: &str, fetched: &Fetched) -> io::Result<()> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let record = Record {
            key: key.to_owned(),
            digest: digest(&fetched.bytes),
            seconds,
            name: fetched.name.clone(),
            commit: fetched.commit.clone(),
            component: fetched.component.clone(),
            project: fetched.project.clone(),
        };
        for part in ["objects", "index"] {
            // Files of private projects are for their user alone.
            DirBuilder::new().recursive(true).mode(0o700).create(self.0.join(part))?;
        }
        write(&self.object(&record.digest), &fetched.bytes)?;
        write(&self.index(key), &serde_json::to_vec(&record)?)
    }
}

fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Beside it and then renamed, so that nobody reads half of it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
