//! The directory that a step finds as its `/tmp`, with the files that it writes for greenroom.

use std::io::{self, Read};

use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

use crate::function::Problem;
use crate::function::output::{MAX_FILE, StepFile, too_large};
use crate::sandbox::{HostDirectory, MountSpec};

/// A step's own directory.
#[derive(Debug)]
pub(super) struct StepDirectory {
    host: HostDirectory,
    dir: Dir,
}

impl StepDirectory {
    /// Makes one below the job's.
    pub(super) fn new(scratch: &Dir, number: usize) -> io::Result<Self> {
        let name = format!("step-{number}");
        scratch.create_dir(&name)?;
        let dir = scratch.open_dir(&name)?;
        let host = HostDirectory::opened(&dir, name.into())?;
        Ok(Self { host, dir })
    }

    /// Where a step sees it.
    pub(super) fn mount(&self, guest: &str) -> MountSpec {
        MountSpec { host: self.host.clone(), guest: guest.to_owned(), read_only: false }
    }

    /// Reads a file that the step may have written; nothing if there is none.
    ///
    /// The step decided what stands at that name: only a regular file is read, no link is followed,
    /// and not more than the limit.
    pub(super) fn take(&self, file: StepFile) -> Result<Vec<u8>, Problem> {
        let name = name(file);
        let cannot = |error: io::Error| Problem::new(format!("{file} cannot be read: {error}"));
        let mut options = OpenOptions::new();
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.read(true).custom_flags(flags.bits().cast_signed());
        let mut opened = match self.dir.open_with(name, &options) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(_) => return Err(Problem::new(format!("{file} is not a regular file"))),
        };
        let metadata = opened.metadata().map_err(cannot)?;
        if !metadata.is_file() {
            return Err(Problem::new(format!("{file} is not a regular file")));
        }
        if metadata.size() > MAX_FILE {
            return Err(too_large(file, metadata.size()));
        }
        let mut bytes = Vec::new();
        opened.by_ref().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(too_large(file, bytes.len() as u64));
        }
        self.dir.remove_file(name).map_err(cannot)?;
        Ok(bytes)
    }

    /// Whether the next step may have it: only if nothing of this one is left.
    pub(super) fn is_empty(&self) -> bool {
        self.dir.entries().is_ok_and(|mut entries| entries.next().is_none())
    }
}

/// The name of a file in the directory.
pub(super) fn name(file: StepFile) -> &'static str {
    match file {
        StepFile::Outputs => "output_file",
        StepFile::Exports => "export_file",
        StepFile::Annotations => "annotations",
    }
}
