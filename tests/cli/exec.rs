//! `greenroom exec`: programs of others, written here as text.

use std::io::{Read, Write};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use super::harness::Project;

/// A program with these functions and memory of one page.
fn module(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_read"
                (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "args_sizes_get"
                (func $args_sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "environ_get"
                (func $environ (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "environ_sizes_get"
                (func $environ_sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_prestat_get"
                (func $prestat (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
                (func $prestat_name (param i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            ;; Writes what lies at an address to a descriptor.
            (func $say (param $fd i32) (param $at i32) (param $length i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $length))
                (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
            (func $start (export "_start") {body}))"#
    );
    wat::parse_str(text).expect("the test's module is valid")
}

fn project(body: &str) -> Project {
    Project::empty().with_bytes("p.wasm", &module(body))
}

/// Copies standard input to standard output, at most 1000 bytes.
const CAT: &str =
    "(i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 1000))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 12)))
    (call $say (i32.const 1) (i32.const 100) (i32.load (i32.const 12)))";

/// Writes the arguments, each with its NUL.
const ARGUMENTS: &str = "(drop (call $args_sizes (i32.const 20) (i32.const 24)))
    (drop (call $args (i32.const 1000) (i32.const 2000)))
    (call $say (i32.const 1) (i32.const 2000) (i32.load (i32.const 24)))";

/// Writes the environment, each variable with its NUL.
const ENVIRONMENT: &str = "(drop (call $environ_sizes (i32.const 20) (i32.const 24)))
    (drop (call $environ (i32.const 1000) (i32.const 2000)))
    (call $say (i32.const 1) (i32.const 2000) (i32.load (i32.const 24)))";

fn output(project: &Project, arguments: &[&str], input: &str) -> Output {
    let mut child = project
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // A program may end without reading.
    let _ = child.stdin.take().expect("it is a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

#[test]
fn exit_codes_arrive_unchanged() {
    for code in [0, 1, 2, 124, 125, 126, 127, 128, 130, 137, 255] {
        let project = project(&format!("(call $exit (i32.const {code}))"));
        assert_eq!(project.run(&["exec", "p.wasm"]), format!("exit code {code}\n"));
    }
    assert_eq!(project("").run(&["exec", "./p.wasm"]), "exit code 0\n");
}

#[test]
fn arguments_and_the_program_s_own_name() {
    for (arguments, expected) in [
        (&["exec", "p.wasm"][..], &["p.wasm"][..]),
        (
            &["exec", "./p.wasm", "-c", "print(1)", "--dir", "x"],
            &["./p.wasm", "-c", "print(1)", "--dir", "x"],
        ),
        (&["exec", "p.wasm", "--help"], &["p.wasm", "--help"]),
        (&["exec", "p.wasm", "", "a b", "ä"], &["p.wasm", "", "a b", "ä"]),
        (&["exec", "--", "p.wasm", "x"], &["p.wasm", "x"]),
        (&["exec", "p.wasm", "--", "-c", "x"], &["p.wasm", "-c", "x"]),
        (&["exec", "p.wasm", "--", "--"], &["p.wasm", "--"]),
        (&["exec", "p.wasm", "--timeout", "--env"], &["p.wasm", "--timeout", "--env"]),
        (&["exec", "p.wasm", "x", "--", "y"], &["p.wasm", "x", "--", "y"]),
    ] {
        let got = output(&project(ARGUMENTS), arguments, "");
        let got = String::from_utf8_lossy(&got.stdout).into_owned();
        assert_eq!(got, expected.iter().map(|a| format!("{a}\0")).collect::<String>());
    }
}

#[test]
fn only_what_is_granted_is_in_the_environment() {
    let project = project(ENVIRONMENT);
    let run = |arguments: &[&str]| {
        let output =
            project.command(arguments).env("SECRET", "s3cret").output().expect("the binary starts");
        String::from_utf8_lossy(&output.stdout).replace('\0', "\n")
    };
    assert!(!run(&["exec", "p.wasm"]).contains("s3cret"));
    assert!(run(&["exec", "--env", "SECRET", "p.wasm"]).contains("SECRET=s3cret\n"));
    assert!(run(&["exec", "--env", "A=b=c", "p.wasm"]).contains("A=b=c\n"));
}

#[test]
fn standard_streams_are_handed_over() {
    let got = output(&project(CAT), &["exec", "p.wasm"], "through and through\n");
    assert_eq!(got.stdout, b"through and through\n");
    assert_eq!(got.stderr, b"");
    let body = format!("{CAT} (call $say (i32.const 2) (i32.const 100) (i32.load (i32.const 12)))");
    assert_eq!(output(&project(&body), &["exec", "p.wasm"], "x").stderr, b"x");
}

/// Writes the names of the preopened directories, each on a line.
const PREOPENS: &str = "(local $fd i32) (local $length i32)
    (local.set $fd (i32.const 3))
    (block $done (loop $next
        (br_if $done (call $prestat (local.get $fd) (i32.const 100)))
        (local.set $length (i32.load (i32.const 104)))
        (drop (call $prestat_name (local.get $fd) (i32.const 200) (local.get $length)))
        (i32.store8 (i32.add (i32.const 200) (local.get $length)) (i32.const 10))
        (call $say (i32.const 1) (i32.const 200) (i32.add (local.get $length) (i32.const 1)))
        (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
        (br $next)))";

#[test]
fn no_directory_is_open_unless_granted() {
    let project = project(PREOPENS).with("data/x", "");
    let preopens = |arguments: &[&str]| {
        let output = output(&project, arguments, "").stdout;
        let names = String::from_utf8_lossy(&output).into_owned();
        let mut names: Vec<String> = names.lines().map(str::to_owned).collect();
        names.sort();
        names.join(" ")
    };
    insta::assert_snapshot!(preopens(&["exec", "p.wasm"]), @". /bin /dev /opt /tmp /usr");
    insta::assert_snapshot!(preopens(&["exec", "--mount", "data:/data", "p.wasm"]), @". /bin /data /dev /opt /tmp /usr");
    insta::assert_snapshot!(preopens(&["exec", "--dir", "data", "p.wasm"]), @". /bin /dev /opt /tmp /usr /workspace");
}

#[test]
fn what_does_not_end_by_itself_is_told_apart() {
    let begin = Instant::now();
    let endless = project("(loop $l (br $l))").run(&["exec", "--timeout", "200ms", "p.wasm"]);
    assert_eq!(endless, "exit code 124\n--- stderr\ngreenroom: its time of 200ms is up\n");
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());

    let trap = project("unreachable").run(&["exec", "p.wasm"]);
    assert!(trap.starts_with("exit code 134\n--- stderr\ngreenroom: p.wasm: "), "{trap}");

    let greedy = project(
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable",
    );
    let greedy = greedy.run(&["exec", "--memory-limit", "8M", "p.wasm"]);
    assert!(greedy.starts_with("exit code 137\n--- stderr\ngreenroom: p.wasm: "), "{greedy}");
}

#[test]
fn a_signal_reaches_the_program() {
    // It says something first, for the handlers are not there from the first instant.
    let project =
        project("(call $say (i32.const 1) (i32.const 0) (i32.const 1)) (loop $l (br $l))");
    let mut child = project
        .command(&["exec", "p.wasm"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let stdout = child.stdout.as_mut().expect("it is a pipe");
    stdout.read_exact(&mut [0]).expect("it says something");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
}

#[test]
fn what_cannot_be_run() {
    let wrong_import =
        wat::parse_str(r#"(module (import "env" "nope" (func)) (func (export "_start")))"#)
            .expect("valid text");
    let project = Project::empty()
        .with("text.wasm", "not a module")
        .with_bytes("truncated.wasm", &module("")[..20])
        .with_bytes("imports.wasm", &wrong_import)
        .with("dir/x", "");
    let mut all = String::new();
    for (arguments, code) in [
        (&["exec", "missing.wasm"][..], 127),
        (&["exec", "./missing.wasm"], 127),
        (&["exec", "no-such-command"], 127),
        (&["exec", "./dir"], 126),
        (&["exec", "text.wasm"], 126),
        (&["exec", "truncated.wasm"], 126),
        (&["exec", "imports.wasm"], 126),
        (&["exec", "--mount", "missing:/x", "text.wasm"], 2),
        (&["exec", "--mount", "text.wasm:/x", "text.wasm"], 2),
        (&["exec", "--mount", "dir:/x", "--mount", "dir:/x/y", "text.wasm"], 2),
    ] {
        let output = project.run(arguments);
        let wanted = format!("exit code {code}\n--- stderr\ngreenroom: ");
        assert!(output.starts_with(&wanted), "{arguments:?}: {output}");
        all += &format!("$ greenroom {}\n{output}\n", arguments.join(" "));
    }
    insta::assert_snapshot!(all);
}
