//! Compiling modules of others, in another process: with bounds, and without harm to this one.

mod bombs;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom::compiler::OwnProcess;
use greenroom::sandbox::store::CompileLimits;
use greenroom::sandbox::{Sandbox, SandboxConfig};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const GREENROOM: &str = env!("CARGO_BIN_EXE_greenroom");

/// A program that ends at once, larger than what is compiled in this process.
fn harmless() -> Vec<u8> {
    let data = "x".repeat(8000);
    let text =
        format!(r#"(module (memory 1) (data (i32.const 0) "{data}") (func (export "_start")))"#);
    wat::parse_str(text).expect("valid text")
}

struct Place {
    sandbox: Sandbox,
    runtime: tokio::runtime::Runtime,
    directory: TempDir,
}

impl Place {
    fn new(limits: CompileLimits) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let config = SandboxConfig {
            store: Some(directory.path().join("modules")),
            compiler: Some(Arc::new(OwnProcess::of(PathBuf::from(GREENROOM)))),
            compile_limits: limits,
            ..SandboxConfig::default()
        };
        let sandbox = Sandbox::new(config).expect("a sandbox");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        Self { sandbox, runtime, directory }
    }

    fn load(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.directory.path().join(name);
        fs::write(&path, bytes).expect("writes");
        let file = fs::File::open(path).expect("opens");
        self.runtime.block_on(self.sandbox.preload(file, name))
    }

    fn entries(&self) -> usize {
        let names = fs::read_dir(self.directory.path().join("modules")).expect("a store");
        names
            .filter(|n| n.as_ref().is_ok_and(|n| n.path().extension() == Some("cwasm".as_ref())))
            .count()
    }
}

/// Enough for any honest module of these sizes, little enough for a quick test.
fn strict() -> CompileLimits {
    CompileLimits {
        memory: 192 << 20,
        memory_per_byte: 0,
        time: Duration::from_secs(20),
        ..CompileLimits::default()
    }
}

#[test]
fn bombs_are_refused_with_a_message_or_compiled_within_bounds() {
    let place = Place::new(strict());
    let memory = "more than 201 MB of memory";
    let time = "was given up after 20 s";
    for (name, bytes, refused) in [
        ("loops.wasm", bombs::loops(40_000, 1000), Some(memory)),
        ("calls.wasm", bombs::calls(500_000), Some(memory)),
        ("blocks.wasm", bombs::blocks(600_000), None),
        ("table.wasm", bombs::jump_tables(10, 60_000, 100), None),
        ("places.wasm", bombs::jump_tables(1, 60_000, 60_000), None),
        ("variables.wasm", bombs::variables(500, 50_000), Some("20050000 local variables")),
        ("unused.wasm", bombs::variables(390, 50_000), None),
        ("types.wasm", bombs::types(150_000), Some("100001 types")),
        ("huge.wasm", bombs::functions(1, 900_000), Some("2700008 bytes of code in one function")),
        ("many.wasm", bombs::functions(400_000, 1), Some("400000 functions")),
    ] {
        let start = Instant::now();
        let loaded = place.load(name, &bytes);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(25), "{name} took {took:?}");
        match (loaded, refused) {
            (Err(message), Some(refused)) => {
                assert!(message.contains(refused), "{message}");
                assert!(message.contains(name), "{message}");
            }
            // How much of the bounds it takes is the compiler's business. It is no program.
            (Err(message), None) => {
                let known = [memory, time, "is a library"];
                assert!(known.iter().any(|known| message.contains(known)), "{message}");
            }
            (Ok(()), _) => panic!("{name} was loaded"),
        }
        assert_eq!(place.load("harmless.wasm", &harmless()), Ok(()), "after {name}");
    }
}

#[test]
fn a_bomb_is_not_tried_twice() {
    let place = Place::new(strict());
    let bomb = bombs::loops(40_000, 1000);
    let first = place.load("bomb.wasm", &bomb).expect_err("refused");
    let start = Instant::now();
    assert_eq!(
        place.load("again.wasm", &bomb).expect_err("refused"),
        first.replace("bomb", "again")
    );
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(place.entries(), 0);
}

#[test]
fn what_takes_too_long_is_ended() {
    let limits = CompileLimits { time: Duration::from_secs(1), ..CompileLimits::default() };
    let place = Place::new(limits);
    let start = Instant::now();
    let message = place.load("many.wasm", &bombs::functions(3000, 5000)).expect_err("refused");
    assert!(message.contains("was given up after 1 s"), "{message}");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(place.entries(), 0);
}

#[test]
fn what_is_invalid_says_so_through_the_other_process() {
    let place = Place::new(CompileLimits::default());
    let mut bytes = harmless();
    let text = format!(
        r#"(module (memory 1) (data (i32.const 0) "{}") (func (result i32) i64.const 1))"#,
        "x".repeat(8000)
    );
    let message = place.load("bad.wasm", &wat::parse_str(text).expect("parses")).expect_err("bad");
    assert!(message.contains("`bad.wasm` is not a valid WebAssembly module: "), "{message}");
    assert!(message.contains("type mismatch"), "{message}");
    bytes.truncate(5000);
    let message = place.load("cut.wasm", &bytes).expect_err("bad");
    assert!(message.contains("`cut.wasm` is not a valid WebAssembly module: "), "{message}");
}

#[test]
fn components_are_compiled_apart_as_well() {
    let place = Place::new(CompileLimits::default());
    let padding = "x".repeat(8000);
    let text = format!(r#"(component (core module (memory 1) (data (i32.const 0) "{padding}")))"#);
    let component = wat::parse_str(text).expect("valid text");
    // It is found to be no program only after it was compiled.
    let message = place.load("part.wasm", &component).expect_err("no program");
    assert!(message.contains("wasi:cli/run"), "{message}");
    assert_eq!(place.entries(), 1);
}

#[test]
fn a_program_that_cannot_be_started_is_no_compiler() {
    let directory = tempfile::tempdir().expect("a directory");
    for (program, reason) in
        [("none", "No such file"), ("/bin/false", "the compiler itself failed")]
    {
        let config = SandboxConfig {
            compiler: Some(Arc::new(OwnProcess::of(directory.path().join(program)))),
            ..SandboxConfig::default()
        };
        let sandbox = Sandbox::new(config).expect("a sandbox");
        let path = directory.path().join("tool.wasm");
        fs::write(&path, harmless()).expect("writes");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let file = fs::File::open(path).expect("opens");
        let message = runtime.block_on(sandbox.preload(file, "tool.wasm")).expect_err("nothing");
        assert!(message.contains(reason), "{message}");
    }
}

/// A greenroom that compiles a module which takes long, and the process in which it does.
#[expect(clippy::zombie_processes, reason = "the caller waits, and a test that fails ends anyway")]
fn compiling(directory: &Path) -> (Child, Pid) {
    let bomb = directory.join("bomb.wasm");
    fs::write(&bomb, bombs::variables(390, 50_000)).expect("writes");
    let greenroom = Command::new(GREENROOM)
        .arg("exec")
        .arg(&bomb)
        .env("GREENROOM_CACHE_DIR", directory.join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let children = format!("/proc/{0}/task/", greenroom.id());
        let tasks = fs::read_dir(children).expect("Linux").flatten();
        let pids = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let pid =
            pids.flat_map(|pids| pids.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        // It has read the module once it has threads.
        let working = |pid: &String| {
            fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|tasks| tasks.count() > 1)
        };
        if let Some(pid) = pid.into_iter().find(working) {
            let pid = Pid::from_raw(pid.parse().expect("a number")).expect("not 0");
            return (greenroom, pid);
        }
        assert!(Instant::now() < deadline, "no process was started");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn is_gone(pid: Pid) -> bool {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    // What nobody waits for any more is as good as gone.
    fs::read_to_string(path).map_or(true, |stat| {
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
    })
}

#[test]
fn it_ends_with_greenroom_whatever_ends_that() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut greenroom, pid) = compiling(directory.path());
        let id = Pid::from_child(&greenroom);
        kill_process(id, signal).expect("it runs");
        let start = Instant::now();
        greenroom.wait().expect("ends");
        while !is_gone(pid) {
            assert!(start.elapsed() < Duration::from_secs(5), "{signal:?}: it is still there");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn greenroom_outlives_it_and_says_what_happened() {
    for (signal, expected) in [
        (Signal::KILL, "was ended by the system, which does so when memory runs out"),
        (Signal::ABORT, "the compiler itself failed"),
        (Signal::XCPU, "was given up after 300 s"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut greenroom, pid) = compiling(directory.path());
        kill_process(pid, signal).expect("it runs");
        let status = greenroom.wait().expect("ends");
        let mut said = String::new();
        greenroom.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        assert_eq!(status.code(), Some(126), "{said}");
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("bomb.wasm"), "{said}");
    }
}

#[test]
fn it_can_open_no_file_and_reach_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut greenroom, pid) = compiling(directory.path());
    let status =
        fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).expect("runs");
    let limits =
        fs::read_to_string(format!("/proc/{}/limits", pid.as_raw_nonzero())).expect("runs");
    let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).expect("runs");
    greenroom.kill().expect("runs");
    greenroom.wait().expect("ends");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(|line| line.trim_start_matches(':').trim().to_owned())
    };
    assert_eq!(field("Seccomp").as_deref(), Some("2"), "{status}");
    assert_eq!(field("NoNewPrivs").as_deref(), Some("1"), "{status}");
    assert!(environment.is_empty(), "{}", String::from_utf8_lossy(&environment));
    let limit = |name: &str| limits.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(!limit("Max data size").contains("unlimited"), "{limits}");
    assert!(!limit("Max cpu time").contains("unlimited"), "{limits}");
}

#[test]
fn nobody_else_can_use_the_verb() {
    let output = Command::new(GREENROOM)
        .args(["compile-module", "--parent", "1", "--memory", "1000000000", "--seconds", "10"])
        .args(["--generation", &"0".repeat(64)])
        .stdin(Stdio::null())
        .output()
        .expect("starts");
    assert_eq!(output.status.code(), Some(12));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "this verb is for greenroom itself");
}
