//! Small scripts to the shell in the sandbox.
#![no_main]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use greenroom::sandbox::{
    How, JobSpec, Limits, OutputSink, OutputStream, ProgramSpec, Sandbox, SandboxConfig, Stdio,
};
use greenroom_fuzz::script::Choices;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

struct Nowhere;

#[async_trait::async_trait]
impl OutputSink for Nowhere {
    async fn write(&self, _: OutputStream, _: &[u8]) {}
}

fn machine() -> &'static (Runtime, Sandbox) {
    static MACHINE: OnceLock<(Runtime, Sandbox)> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let runtime = Runtime::new().expect("a runtime");
        (runtime, Sandbox::new(SandboxConfig::default()).expect("a sandbox"))
    })
}

fuzz_target!(|data: &[u8]| {
    let script = Choices::new(data).script();
    let (runtime, sandbox) = machine();
    runtime.block_on(async {
        let spec = JobSpec {
            mounts: Vec::new(),
            commands: Vec::new(),
            limits: Limits::default(),
            sink: Arc::new(Nowhere),
            observer: None,
        };
        let job = sandbox.job(spec).expect("a job");
        let program = ProgramSpec {
            program: b"bash".to_vec(),
            module: None,
            arguments: vec![b"bash".to_vec(), b"-c".to_vec(), script.clone().into_bytes()],
            environment: vec![b"PATH=/usr/bin:/bin".to_vec(), b"PWD=/".to_vec()],
            cwd: "/".to_owned(),
            stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
        };
        let ended = tokio::time::timeout(Duration::from_secs(30), job.run(program)).await;
        job.close().await;
        let exit = ended.expect("it ends").expect("it starts");
        assert!(!matches!(exit.how, How::Trapped(_)), "{:?}\n{script}", exit.how);
    });
});
