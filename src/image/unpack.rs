//! Archives are unpacked inside the sandbox.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use crate::sandbox::{
    DiskLimits, How, JobSpec, Limits, MountSpec, OutputSink, OutputStream, OwnProgram, ProgramSpec,
    Sandbox, Stdio,
};

/// What the files of one image may have together: 4 GiB.
pub(super) const MAX_TREE: u64 = 4 << 30;
/// Files of one image.
const MAX_FILES: u64 = 200_000;
/// How long unpacking one archive may take.
const MAX_TIME: Duration = Duration::from_secs(600);
const MEMORY: u64 = 256 << 20;
/// What is kept of an error message.
const MAX_MESSAGE: usize = 2048;

/// What an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A layer of an OCI image.
    Layer,
    /// An npm package.
    Package,
    /// Anything else.
    Archive,
}

/// Unpacks an archive, which is read from its beginning, into a directory.
pub(super) async fn unpack(
    sandbox: &Sandbox,
    archive: File,
    kind: Kind,
    into: &Path,
) -> Result<(), String> {
    let kind = match kind {
        Kind::Layer => "layer",
        Kind::Package => "package",
        Kind::Archive => "archive",
    };
    let said = Arc::new(Said::default());
    let out = MountSpec { host: into.into(), guest: "/out".to_owned(), read_only: false };
    let job = sandbox
        .job(JobSpec {
            mounts: vec![out],
            commands: Vec::new(),
            limits: Limits {
                memory: MEMORY,
                total_memory: 2 * MEMORY,
                processes: 1,
                disk: DiskLimits { bytes: MAX_TREE, files: MAX_FILES },
                log: 1 << 20,
                ..Limits::default()
            },
            sink: Arc::clone(&said) as _,
            observer: None,
        })
        .map_err(|error| format!("it cannot be unpacked: {error}"))?;
    let program = ProgramSpec {
        program: b"unpack".to_vec(),
        module: None,
        arguments: vec![
            b"unpack".to_vec(),
            kind.as_bytes().to_vec(),
            MAX_TREE.to_string().into_bytes(),
        ],
        environment: Vec::new(),
        cwd: "/out".to_owned(),
        stdio: [Stdio::Host(archive.into()), Stdio::Null, Stdio::Log],
    };
    let ended = timeout(MAX_TIME, job.run_own(OwnProgram::Unpack, program)).await;
    job.close().await;
    let exit = ended
        .map_err(|_| format!("unpacking it takes more than {} s", MAX_TIME.as_secs()))?
        .map_err(|error| format!("it cannot be unpacked: {error}"))?;
    if exit.status == 0 {
        return Ok(());
    }
    if job.disk_limit_reached() {
        let size = MAX_TREE >> 30;
        return Err(format!(
            "it unpacks to more than {size} GiB, or to more than {MAX_FILES} files"
        ));
    }
    let said = said.text();
    let full = if said.contains("No space left") {
        super::store::advice(&std::io::ErrorKind::StorageFull.into())
    } else {
        ""
    };
    Err(match exit.how {
        How::OutOfMemory(_) => "unpacking it takes more than 256 MiB of memory".to_owned(),
        _ if said.is_empty() => format!("unpacking it failed with status {}", exit.status),
        _ => format!("it cannot be unpacked: {said}{full}"),
    })
}

/// The start of what the program writes.
#[derive(Default)]
struct Said(Mutex<Vec<u8>>);

impl Said {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        crate::diagnostic::printable(text.lines().next().unwrap_or(""))
    }
}

#[async_trait]
impl OutputSink for Said {
    async fn write(&self, _: OutputStream, data: &[u8]) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_MESSAGE.saturating_sub(bytes.len());
        bytes.extend_from_slice(&data[..data.len().min(room)]);
    }
}
