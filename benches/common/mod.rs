//! A sandbox with one job over a directory, and programs that run in it.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;

use greenroom::sandbox::{
    DEFAULT_PATH, Exit, How, Job, JobSpec, Limits, MountSpec, OutputSink, OutputStream,
    ProgramSpec, Sandbox, SandboxConfig, Stdio,
};
use tokio::runtime::Runtime;

/// One job and the threads that it runs on.
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) job: Arc<Job>,
}

impl Stage {
    /// A job that sees `directory` as /data, with so many threads.
    pub(crate) fn new(directory: &Path, threads: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .expect("a runtime");
        let config = SandboxConfig { jobs: 16, ..SandboxConfig::default() };
        let sandbox = Sandbox::new(config).expect("a sandbox");
        let job = sandbox.job(JobSpec {
            mounts: vec![MountSpec {
                host: directory.into(),
                guest: "/data".to_owned(),
                read_only: false,
            }],
            commands: Vec::new(),
            limits: Limits { log: u64::MAX, ..Limits::default() },
            sink: Arc::new(NoLog),
            observer: None,
        });
        Self { runtime, job: job.expect("a job") }
    }

    /// Runs a program to its end, which has to be a good one.
    pub(crate) fn run(&self, arguments: &[&str], module: Option<&File>) {
        let exit = self.runtime.block_on(self.job.run(spec(arguments, module)));
        let exit = exit.expect("the program is there");
        assert!(matches!(exit, Exit { status: 0, how: How::Exited }), "{arguments:?}: {exit:?}");
    }

    /// Runs a script in the sandbox's shell.
    pub(crate) fn shell(&self, script: &str) {
        self.run(&["bash", "-c", script], None);
    }
}

/// What a step of a job is started with: 30 variables among them.
pub(crate) fn spec(arguments: &[&str], module: Option<&File>) -> ProgramSpec {
    let variables = (0..29).map(|i| format!("CI_VARIABLE_{i}=a value of the usual length"));
    ProgramSpec {
        program: arguments[0].into(),
        module: module.map(|module| module.try_clone().expect("a descriptor")),
        arguments: arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect(),
        environment: variables
            .chain([format!("PATH={DEFAULT_PATH}")])
            .map(String::into_bytes)
            .collect(),
        cwd: "/data".to_owned(),
        stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
    }
}

/// A module, from its text.
pub(crate) fn module(text: &str) -> File {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&wasm).expect("writable");
    file.rewind().expect("a file");
    file
}

struct NoLog;

#[async_trait::async_trait]
impl OutputSink for NoLog {
    async fn write(&self, _stream: OutputStream, _data: &[u8]) {}
}
