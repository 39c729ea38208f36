//! A job to run components in, and the component to run.

use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use greenroom::sandbox::{
    DiskLimits, Exit, Job, JobSpec, Limits, MountSpec, OutputSink, OutputStream, ProgramSpec,
    Sandbox, SandboxConfig, Stdio,
};
use tempfile::TempDir;

/// Shared, because compiling takes longer than everything else here.
pub(crate) static SANDBOX: LazyLock<Sandbox> =
    LazyLock::new(|| Sandbox::new(SandboxConfig::default()).expect("a sandbox"));

#[derive(Default)]
pub(crate) struct Log(Mutex<[Vec<u8>; 2]>);

impl Log {
    pub(crate) fn text(&self, stream: OutputStream) -> String {
        let log = self.0.lock().expect("not poisoned");
        String::from_utf8_lossy(&log[usize::from(stream == OutputStream::Stderr)]).into_owned()
    }
}

#[async_trait::async_trait]
impl OutputSink for Log {
    async fn write(&self, stream: OutputStream, data: &[u8]) {
        let mut log = self.0.lock().expect("not poisoned");
        log[usize::from(stream == OutputStream::Stderr)].extend_from_slice(data);
    }
}

/// A job over `workspace` (writable), `tmp` (writable) and `lib` (read-only), beside which lies
/// `outside`.
pub(crate) struct Case {
    pub(crate) place: TempDir,
    pub(crate) job: Arc<Job>,
    log: Arc<Log>,
}

pub(crate) fn limits() -> Limits {
    Limits {
        memory: 64 << 20,
        disk: DiskLimits { bytes: 1_000_000, files: 20 },
        log: 1_000_000,
        descriptors: 100,
        ..Limits::default()
    }
}

pub(crate) fn case() -> Case {
    case_with(limits())
}

pub(crate) fn case_with(limits: Limits) -> Case {
    let place = tempfile::tempdir().expect("a directory");
    for dir in ["workspace/sub", "tmp", "lib", "outside"] {
        fs::create_dir_all(place.path().join(dir)).expect("creates");
    }
    fs::write(place.path().join("outside/secret"), "secret").expect("writes");
    fs::write(place.path().join("lib/data"), "data of the image").expect("writes");
    let mount = |host: &str, guest: &str, read_only| MountSpec {
        host: place.path().join(host).into(),
        guest: guest.to_owned(),
        read_only,
    };
    let log = Arc::new(Log::default());
    let spec = JobSpec {
        mounts: vec![
            mount("workspace", "/workspace", false),
            mount("tmp", "/tmp", false),
            mount("lib", "/usr/lib", true),
        ],
        limits,
        commands: Vec::new(),
        sink: Arc::clone(&log) as Arc<dyn OutputSink>,
        observer: None,
    };
    let job = SANDBOX.job(spec).expect("a job");
    Case { place, job, log }
}

pub(crate) fn fixture() -> File {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/component/component.wasm");
    File::open(path).expect("the fixture")
}

pub(crate) fn program(module: File, arguments: &[&str]) -> ProgramSpec {
    let all = ["component.wasm"].iter().chain(arguments);
    ProgramSpec {
        program: b"component.wasm".to_vec(),
        module: Some(module),
        arguments: all.map(|argument| argument.as_bytes().to_vec()).collect(),
        environment: Vec::new(),
        cwd: "/workspace".to_owned(),
        stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
    }
}

impl Case {
    pub(crate) async fn start(&self, spec: ProgramSpec) -> Exit {
        let run = self.job.run(spec);
        tokio::time::timeout(Duration::from_secs(60), run).await.expect("ends").expect("starts")
    }

    /// Runs the fixture; returns its status and what it wrote since, both streams.
    pub(crate) async fn run(&self, arguments: &[&str]) -> (u8, String) {
        let before = [self.out().len(), self.err().len()];
        let exit = self.start(program(fixture(), arguments)).await;
        let text = self.out()[before[0]..].to_owned() + &self.err()[before[1]..];
        (exit.status, text)
    }

    pub(crate) fn out(&self) -> String {
        self.log.text(OutputStream::Stdout)
    }

    pub(crate) fn err(&self) -> String {
        self.log.text(OutputStream::Stderr)
    }

    pub(crate) fn path(&self, path: &str) -> std::path::PathBuf {
        self.place.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("readable")
    }

    #[track_caller]
    pub(crate) fn assert_outside_untouched(&self) {
        let names: Vec<_> = fs::read_dir(self.path("outside"))
            .expect("listed")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(self.read("outside/secret"), "secret");
        assert!(fs::read_dir(self.place.path()).expect("listed").count() == 4);
        assert!(fs::read_dir(self.path("lib")).expect("listed").count() == 1);
        assert_eq!(self.read("lib/data"), "data of the image");
    }
}

/// A component from its text.
pub(crate) fn component(place: &Path, text: &str) -> File {
    let file = tempfile::Builder::new().tempfile_in(place.join("tmp")).expect("a file");
    fs::write(file.path(), wat::parse_str(text).expect("valid text")).expect("writes");
    File::open(file.path()).expect("opens")
}
