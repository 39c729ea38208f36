//! Every case of `tests/shell` in the sandbox, against what bash made of it
//! (`tests/shell/regenerate`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom::sandbox::{
    Job, JobSpec, Limits, MountSpec, OutputSink, OutputStream, ProgramSpec, Sandbox, SandboxConfig,
    Stdio,
};
use tokio::task::JoinSet;

/// What one case may take, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Cases that run at the same time.
const PARALLEL: usize = 4;

#[derive(Default)]
struct Log(Mutex<[Vec<u8>; 2]>);

#[async_trait::async_trait]
impl OutputSink for Log {
    async fn write(&self, stream: OutputStream, data: &[u8]) {
        let mut log = self.0.lock().expect("not poisoned");
        log[usize::from(stream == OutputStream::Stderr)].extend_from_slice(data);
    }
}

/// A case and what is expected of it.
struct Case {
    name: String,
    stdout: String,
    status: u8,
    stderr: Option<regex::Regex>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell")
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for area in fs::read_dir(root()).expect("the cases") {
        let area = area.expect("an entry").path();
        if !area.is_dir() {
            continue;
        }
        for file in fs::read_dir(&area).expect("an area") {
            let path = file.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "sh") {
                cases.push(case(&path));
            }
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn case(path: &Path) -> Case {
    let read = |extension: &str| fs::read(path.with_extension(extension)).ok();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let name = path.with_extension("");
    let name = name.strip_prefix(root()).expect("below the root").display().to_string();
    let stdout = read("out").unwrap_or_else(|| panic!("{name} has no .out: run regenerate"));
    let status = read("status").map_or(0, |s| text(s).trim().parse().expect("a status"));
    let stderr = read("err").map(|pattern| {
        let pattern = text(pattern);
        regex::Regex::new(&format!("^(?:{})\\s*$", pattern.trim_end())).expect("a pattern")
    });
    Case { name, stdout: text(stdout), status, stderr }
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
async fn check(sandbox: &Sandbox, case: &Case) -> Result<(), String> {
    let place = tempfile::tempdir().expect("a directory");
    let log = Arc::new(Log::default());
    let job = job(sandbox, place.path(), &log);
    let program = ProgramSpec {
        program: b"bash".to_vec(),
        module: None,
        arguments: vec![b"bash".to_vec(), format!("/cases/{}.sh", case.name).into_bytes()],
        environment: ["PATH=/usr/bin:/bin", "HOME=/tmp/home", "LC_ALL=C.UTF-8", "PWD=/workspace"]
            .map(|item| item.as_bytes().to_vec())
            .to_vec(),
        cwd: "/workspace".to_owned(),
        stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
    };
    let ended = tokio::time::timeout(DEADLINE, job.run(program)).await;
    job.close().await;
    let (stdout, stderr) = {
        let log = log.0.lock().expect("not poisoned");
        let text = |stream: usize| String::from_utf8_lossy(&log[stream]).into_owned();
        (text(0), text(1))
    };
    // bash does not tell the column of a syntax error.
    let stderr = columns().replace_all(&stderr, "").into_owned();
    let mut report = String::new();
    match ended {
        Err(_) => report.push_str("did not end\n"),
        Ok(Err(error)) => report.push_str(&format!("did not start: {error}\n")),
        Ok(Ok(exit)) if exit.status != case.status => {
            let (expected, got) = (case.status, exit.status);
            report.push_str(&format!("status {got} instead of {expected} ({:?})\n", exit.how));
        }
        Ok(Ok(_)) => {}
    }
    if stdout != case.stdout {
        report.push_str(&difference(&case.stdout, &stdout));
    }
    if let Some(pattern) = &case.stderr
        && !pattern.is_match(&stderr)
    {
        report.push_str(&format!("stderr does not match\n{}\n", pattern.as_str()));
    }
    if report.is_empty() {
        return Ok(());
    }
    report.push_str(&format!("stderr was:\n{stderr}"));
    Err(report)
}

/// The lines that only this shell writes after a syntax error.
fn columns() -> regex::Regex {
    regex::Regex::new(r"(?m)^.*: column \d+\n").expect("a pattern")
}

/// The lines around the first difference.
fn difference(expected: &str, got: &str) -> String {
    let (mut left, mut right) = (expected.lines(), got.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return "stdout differs in its last newline\n".to_owned(),
            (a, b) if a == b => {}
            (a, b) => {
                let show = |line: Option<&str>| match line {
                    Some(line) => line.chars().take(300).collect(),
                    None => "(end)".to_owned(),
                };
                return format!("stdout, line {number}:\n- {}\n+ {}\n", show(a), show(b));
            }
        }
    }
}

#[test]
fn cases_behave_as_in_bash() {
    let sandbox = Sandbox::new(SandboxConfig::default()).expect("a sandbox");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let cases = cases();
    assert!(cases.len() >= 500, "only {} cases were found", cases.len());
    let total = cases.len();
    let failed = runtime.block_on(async {
        let mut failed = Vec::new();
        let mut running = JoinSet::new();
        let mut waiting = cases.into_iter();
        loop {
            while running.len() < PARALLEL
                && let Some(case) = waiting.next()
            {
                let sandbox = sandbox.clone();
                running.spawn(async move {
                    let result = check(&sandbox, &case).await;
                    (case.name, result)
                });
            }
            let Some(ended) = running.join_next().await else { return failed };
            if let (name, Err(report)) = ended.expect("no panic") {
                failed.push(format!("== {name}\n{report}"));
            }
        }
    });
    assert!(
        failed.is_empty(),
        "{} of {total} cases differ from bash:\n\n{}",
        failed.len(),
        failed.join("\n")
    );
}
