//! What the tests share: one sandbox, its modules, and jobs over temporary directories.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use greenroom::sandbox::{
    Job, JobSpec, Limits, MountSpec, OutputSink, OutputStream, OwnCommand, Sandbox, SandboxConfig,
};
use tokio::runtime::Runtime;

/// The runtime that processes run on.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    });
    &RUNTIME
}

/// The sandbox that all tests share.
pub(crate) fn sandbox() -> &'static Sandbox {
    static SANDBOX: LazyLock<Sandbox> =
        LazyLock::new(|| Sandbox::new(SandboxConfig::default()).unwrap());
    &SANDBOX
}

/// The file of a module, compiled from its text. The same text is the same file, so that the
/// sandbox compiles it once.
pub(crate) fn module(text: &str) -> File {
    static MODULES: LazyLock<Mutex<HashMap<String, File>>> = LazyLock::new(Mutex::default);
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let file = modules.entry(text.to_owned()).or_insert_with(|| {
        let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&wasm).unwrap();
        file.rewind().unwrap();
        file
    });
    file.try_clone().unwrap()
}

/// Keeps a job's log.
#[derive(Default)]
pub(crate) struct Log(Mutex<Vec<u8>>);

#[async_trait::async_trait]
impl OutputSink for Log {
    async fn write(&self, _: OutputStream, data: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(data);
    }
}

impl Log {
    /// What has been written so far.
    pub(crate) fn text(&self) -> String {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&log).into_owned()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// A job over temporary directories: `/workspace` and `/other` can be written to, `/readonly`
/// cannot, and what lies beside them on the host is outside.
pub(crate) struct Stage {
    pub(crate) job: Arc<Job>,
    pub(crate) log: Arc<Log>,
    host: tempfile::TempDir,
}

impl Stage {
    /// A job without commands of its own.
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), &[])
    }

    /// A job with limits and commands: (name, text of its module).
    pub(crate) fn with(limits: Limits, commands: &[(&str, &str)]) -> Self {
        let host = tempfile::tempdir().unwrap();
        for name in ["workspace", "other", "readonly", "outside"] {
            std::fs::create_dir(host.path().join(name)).unwrap();
        }
        Self::over(host, limits, commands, &["workspace", "other", "readonly"])
    }

    fn over(
        host: tempfile::TempDir,
        limits: Limits,
        commands: &[(&str, &str)],
        mounts: &[&str],
    ) -> Self {
        let log = Arc::new(Log::default());
        let mount = |name: &&str| MountSpec {
            host: host.path().join(name).into(),
            guest: format!("/{name}"),
            read_only: *name == "readonly",
        };
        let command = |(name, text): &(&str, &str)| OwnCommand {
            name: (*name).to_owned(),
            file: module(text),
            shown: format!("/usr/local/bin/{name}"),
        };
        let spec = JobSpec {
            mounts: mounts.iter().map(mount).collect(),
            commands: commands.iter().map(command).collect(),
            limits,
            sink: Arc::clone(&log) as Arc<dyn OutputSink>,
            observer: None,
        };
        let job = sandbox().job(spec).unwrap();
        Self { job, log, host }
    }

    /// The host directory of a mount, or of what is `outside`.
    pub(crate) fn host(&self, name: &str) -> PathBuf {
        self.host.path().join(name)
    }

    /// The directory that everything of this stage lies in.
    pub(crate) fn root(&self) -> &Path {
        self.host.path()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Not `close`: a test that fails must not wait for what it left behind.
        self.job.abandon();
    }
}
