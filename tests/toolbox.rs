//! Every case of `tests/toolbox` in the sandbox, against what the GNU tools made of it
//! (`tests/toolbox/regenerate`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom::sandbox::{
    Job, JobSpec, Limits, MountSpec, OutputSink, OutputStream, ProgramSpec, Sandbox, SandboxConfig,
    Stdio,
};

/// What one case may take, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Log(Mutex<[Vec<u8>; 2]>);

#[async_trait::async_trait]
impl OutputSink for Log {
    async fn write(&self, stream: OutputStream, data: &[u8]) {
        let mut log = self.0.lock().expect("not poisoned");
        log[usize::from(stream == OutputStream::Stderr)].extend_from_slice(data);
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/toolbox")
}

/// The cases' names: `command/what`.
fn cases() -> Vec<String> {
    let mut cases = Vec::new();
    for command in fs::read_dir(root()).expect("the cases") {
        let command = command.expect("an entry").path();
        if !command.is_dir() {
            continue;
        }
        for file in fs::read_dir(&command).expect("a command's cases") {
            let path = file.expect("an entry").path().with_extension("sh");
            if !path.exists() {
                continue;
            }
            let name = path.with_extension("");
            cases.push(name.strip_prefix(root()).expect("below the root").display().to_string());
        }
    }
    cases.sort();
    cases.dedup();
    assert!(!cases.is_empty(), "there are no cases");
    cases
}

fn job(sandbox: &Sandbox, place: &Path, log: &Arc<Log>) -> Arc<Job> {
    let mount = |host: PathBuf, guest: &str, read_only| MountSpec {
        host: host.into(),
        guest: guest.to_owned(),
        read_only,
    };
    for directory in ["workspace", "tmp/home"] {
        fs::create_dir_all(place.join(directory)).expect("creates");
    }
    let spec = JobSpec {
        mounts: vec![
            mount(place.join("workspace"), "/workspace", false),
            mount(place.join("tmp"), "/tmp", false),
            mount(root(), "/cases", true),
        ],
        commands: Vec::new(),
        limits: Limits::default(),
        sink: Arc::clone(log) as Arc<dyn OutputSink>,
        observer: None,
    };
    sandbox.job(spec).expect("a job")
}

/// Runs a case; the text tells how it differs.
async fn check(sandbox: &Sandbox, case: &str) -> Result<(), String> {
    let expected = fs::read(root().join(case).with_extension("out"))
        .map_err(|e| format!("{case} has no .out ({e}): run tests/toolbox/regenerate"))?;
    let place = tempfile::tempdir().expect("a directory");
    let log = Arc::new(Log::default());
    let job = job(sandbox, place.path(), &log);
    let program = ProgramSpec {
        program: b"bash".to_vec(),
        module: None,
        arguments: vec![b"bash".to_vec(), format!("/cases/{case}.sh").into_bytes()],
        environment: ["PATH=/usr/bin:/bin", "HOME=/tmp/home", "LC_ALL=C.UTF-8", "PWD=/workspace"]
            .map(|item| item.as_bytes().to_vec())
            .to_vec(),
        cwd: "/workspace".to_owned(),
        stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
    };
    let ended = tokio::time::timeout(DEADLINE, job.run(program)).await;
    job.close().await;
    let log = log.0.lock().expect("not poisoned");
    let [stdout, stderr] = [0, 1].map(|stream| String::from_utf8_lossy(&log[stream]).into_owned());
    if let Err(error) = ended
        .map_err(|_| "it does not end".to_owned())
        .and_then(|ended| ended.map(drop).map_err(|error| error.to_string()))
    {
        return Err(format!("{case}: {error}\n{stderr}"));
    }
    let expected = String::from_utf8_lossy(&expected);
    if stdout == expected {
        return Ok(());
    }
    let differing = expected
        .lines()
        .zip(stdout.lines())
        .position(|(expected, got)| expected != got)
        .unwrap_or(expected.lines().count().min(stdout.lines().count()));
    let line = |text: &str| text.lines().nth(differing).unwrap_or("(nothing)").to_owned();
    Err(format!(
        "{case}: line {} of the output is\n  {}\nand not\n  {}\nstandard error:\n{stderr}",
        differing + 1,
        line(&stdout),
        line(&expected)
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_do_what_gnu_does() {
    let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("toolbox-store");
    let sandbox = Sandbox::new(SandboxConfig { store: Some(store), ..SandboxConfig::default() })
        .expect("a sandbox");
    let mut failures = Vec::new();
    for case in cases() {
        if let Err(failure) = check(&sandbox, &case).await {
            failures.push(failure);
        }
    }
    assert!(failures.is_empty(), "{} cases differ\n\n{}", failures.len(), failures.join("\n\n"));
}
