//! Images, kept between runs and shared by all processes of a user.
//!
//! ```text
//! lock                held by whoever uses images; alone by whoever removes some
//! refs/KEY.json       what a reference meant when it was last asked: an image's digest
//! images/DIGEST.json  an image: where it came from, its configuration, its size
//! trees/DIGEST/       its files
//! trees/DIGEST.list   the digest of each of them
//! blobs/DIGEST        a compressed layer, so that images that share it download it once
//! locks/KEY           held by the process that makes an image
//! tmp/                what is being made
//! ```
//!
//! Everything is made under a temporary name, brought to the disk, and then renamed: a tree first,
//! then the image that names it, then the reference that names the image. So at any moment, also
//! after a crash or power failure, what can be reached is whole. What cannot be reached is removed
//! by `prune`.

mod files;
mod list;
mod lock;
mod record;
mod remove;
mod tree;

pub use lock::InUse;
pub(super) use lock::Turn;
pub use record::{ImageConfig, ImageRecord, RefRecord};
pub use remove::Pruned;
pub use tree::Verified;
pub(super) use tree::advice;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::digest::Digest;
use files::{read_record, write_record};

const DIRECTORIES: [&str; 6] = ["refs", "images", "trees", "blobs", "locks", "tmp"];

/// A directory of images. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    root: Arc<PathBuf>,
}

impl Store {
    /// The store in a directory, which is made if need be.
    ///
    /// # Errors
    /// If it cannot be made, belongs to somebody else, or others can write to it; why, as the end
    /// of a sentence.
    pub fn open(root: &Path) -> Result<Self, String> {
        let shown = root.display();
        let cannot = |error: io::Error| format!("the image store {shown} cannot be used: {error}");
        let store = Self { root: Arc::new(root.to_owned()) };
        let complete = DIRECTORIES.iter().all(|name| store.path(name).is_dir());
        if !complete {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(root).map_err(cannot)?;
            for name in DIRECTORIES {
                builder.create(store.path(name)).map_err(cannot)?;
            }
        }
        let metadata = fs::symlink_metadata(root).map_err(cannot)?;
        if !metadata.is_dir() {
            return Err(format!("the image store {shown} cannot be used: it is not a directory"));
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(format!("the image store {shown} belongs to another user"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(format!(
                "other users can write to the image store {shown}; it must have mode 0700"
            ));
        }
        Ok(store)
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps others from removing images until the result is dropped.
    ///
    /// # Errors
    /// If the file system has no locks, or somebody has been removing images for very long.
    pub fn use_images(&self) -> Result<InUse, String> {
        InUse::shared(&self.path("lock"))
    }

    /// What a reference meant when it was last pulled, if its image is there.
    pub fn find(&self, reference: &str) -> Option<(RefRecord, ImageRecord)> {
        let record: RefRecord = read_record(&self.ref_path(reference))?;
        if record.reference != reference {
            return None;
        }
        let image = self.image(&Digest::parse(&record.image)?)?;
        Some((record, image))
    }

    /// An image by its digest.
    pub fn image(&self, digest: &Digest) -> Option<ImageRecord> {
        let record: ImageRecord = read_record(&self.image_path(digest))?;
        let is_whole = record.digest == digest.to_string() && self.tree_path(digest).is_dir();
        is_whole.then_some(record)
    }

    /// The directory of an image's files.
    pub fn tree_path(&self, digest: &Digest) -> PathBuf {
        self.path("trees").join(digest.file_name())
    }

    /// Notes what a reference means now.
    pub(super) fn remember(&self, record: &RefRecord) -> io::Result<()> {
        write_record(&self.path("tmp"), &self.ref_path(&record.reference), record)
    }

    /// Notes that a reference was used, for those who remove what is not.
    pub(super) fn touch(&self, reference: &str) {
        if let Ok(file) = File::open(self.ref_path(reference)) {
            // When it was used decides nothing but what is removed first.
            let _ = file.set_modified(std::time::SystemTime::now());
        }
    }

    /// The right to make an image, or to ask what a reference means: one process at a time.
    pub(super) fn turn(&self, what: &str, waiting: impl FnOnce()) -> Result<Turn, String> {
        Turn::take(&self.path("locks").join(key(what)), waiting)
    }

    /// A directory for what is being made; removed with its content unless it is moved elsewhere.
    pub(super) fn temporary(&self) -> io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix("pull-").tempdir_in(self.path("tmp"))
    }

    /// Puts a finished tree and its image in their places.
    pub(super) fn publish(&self, tree: &Path, record: &ImageRecord) -> Result<(), String> {
        tree::publish(self, tree, record)
    }

    /// A blob, if it is there.
    pub(super) fn blob(&self, digest: &Digest) -> Option<File> {
        File::open(self.blob_path(digest)).ok()
    }

    /// Puts a blob that was checked in its place.
    pub(super) fn keep_blob(&self, file: &Path, digest: &Digest) -> io::Result<()> {
        File::open(file)?.sync_all()?;
        fs::rename(file, self.blob_path(digest))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn ref_path(&self, reference: &str) -> PathBuf {
        self.path("refs").join(format!("{}.json", key(reference)))
    }

    fn image_path(&self, digest: &Digest) -> PathBuf {
        self.path("images").join(format!("{}.json", digest.file_name()))
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.path("blobs").join(digest.file_name())
    }

    fn list_path(&self, digest: &Digest) -> PathBuf {
        self.path("trees").join(format!("{}.list", digest.file_name()))
    }
}

/// A name for a file from any text.
fn key(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..40].to_owned()
}
