//! Runs the cases of `tests/shell` and `tests/toolbox`, and other scripts, in the sandbox.

#![allow(dead_code, reason = "not every test needs everything")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom::sandbox::{
    Exit, JobSpec, Limits, MountSpec, OutputSink, OutputStream, ProgramSpec, Sandbox, Stdio,
};

#[derive(Default)]
struct Log(Mutex<[Vec<u8>; 2]>);

#[async_trait::async_trait]
impl OutputSink for Log {
    async fn write(&self, stream: OutputStream, data: &[u8]) {
        let mut log = self.0.lock().expect("not poisoned");
        log[usize::from(stream == OutputStream::Stderr)].extend_from_slice(data);
    }
}

/// What became of a script.
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// How it ended; otherwise why it did not start, or that it ran out of time.
    pub(crate) exit: Result<Exit, String>,
}

/// Runs `bash` with these arguments in a fresh working directory, with `cases` as `/cases`.
pub(crate) async fn bash(
    sandbox: &Sandbox,
    cases: &Path,
    arguments: &[&[u8]],
    deadline: Duration,
) -> Ended {
    let place = tempfile::tempdir().expect("a directory");
    let mount = |host: PathBuf, guest: &str, read_only| MountSpec {
        host: host.into(),
        guest: guest.to_owned(),
        read_only,
    };
    for directory in ["workspace", "tmp/home"] {
        fs::create_dir_all(place.path().join(directory)).expect("creates");
    }
    let log = Arc::new(Log::default());
    let job = sandbox
        .job(JobSpec {
            mounts: vec![
                mount(place.path().join("workspace"), "/workspace", false),
                mount(place.path().join("tmp"), "/tmp", false),
                mount(cases.to_owned(), "/cases", true),
            ],
            commands: Vec::new(),
            limits: Limits::default(),
            sink: Arc::clone(&log) as Arc<dyn OutputSink>,
            observer: None,
        })
        .expect("a job");
    let program = ProgramSpec {
        program: b"bash".to_vec(),
        module: None,
        arguments: [&[&b"bash"[..]], arguments].concat().iter().map(|a| a.to_vec()).collect(),
        environment: ["PATH=/usr/bin:/bin", "HOME=/tmp/home", "LC_ALL=C.UTF-8", "PWD=/workspace"]
            .map(|item| item.as_bytes().to_vec())
            .to_vec(),
        cwd: "/workspace".to_owned(),
        stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
    };
    let ended = tokio::time::timeout(deadline, job.run(program)).await;
    job.close().await;
    let log = log.0.lock().expect("not poisoned");
    let [stdout, stderr] = [0, 1].map(|stream| String::from_utf8_lossy(&log[stream]).into_owned());
    let exit = match ended {
        Err(_) => Err("did not end".to_owned()),
        Ok(exit) => exit.map_err(|error| format!("did not start: {error}")),
    };
    Ended { stdout, stderr, exit }
}

/// The cases below a directory: `area/name` for each `area/name.sh`, in order.
pub(crate) fn cases(root: &Path) -> Vec<String> {
    let mut cases = Vec::new();
    for area in fs::read_dir(root).expect("the cases") {
        let area = area.expect("an entry").path();
        if !area.is_dir() {
            continue;
        }
        for file in fs::read_dir(&area).expect("an area") {
            let path = file.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "sh") {
                let name = path.with_extension("");
                cases.push(name.strip_prefix(root).expect("below the root").display().to_string());
            }
        }
    }
    cases.sort();
    cases
}

/// The lines around the first difference; nothing if there is none.
pub(crate) fn difference(expected: &str, got: &str) -> Option<String> {
    if expected == got {
        return None;
    }
    let (mut left, mut right) = (expected.lines(), got.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return Some("stdout differs in its last newline\n".to_owned()),
            (a, b) if a == b => {}
            (a, b) => {
                let show = |line: Option<&str>| match line {
                    Some(line) => line.chars().take(300).collect(),
                    None => "(end)".to_owned(),
                };
                return Some(format!("stdout, line {number}:\n- {}\n+ {}\n", show(a), show(b)));
            }
        }
    }
}
