//! Components (`wasi:cli/command`) as programs: what they are given, how they end.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom::sandbox::{Exit, How, Stdio};

use crate::case::{case, component, fixture, program};

#[tokio::test(flavor = "multi_thread")]
async fn arguments_and_environment_arrive() {
    let case = case();
    let mut spec = program(fixture(), &["arguments", "two words", "", "é"]);
    spec.arguments[0] = b"tool".to_vec();
    assert_eq!(case.start(spec).await, Exit { status: 0, how: How::Exited });
    assert_eq!(case.out(), "[\"tool\", \"arguments\", \"two words\", \"\", \"é\"]\n");

    let mut spec = program(fixture(), &["environment"]);
    spec.environment = [&b"A=1"[..], b"EMPTY=", b"EQ=a=b", b"BAD=\xff", b"Z=\xc3\xa9"]
        .map(<[u8]>::to_vec)
        .to_vec();
    case.start(spec).await;
    assert!(case.out().ends_with("\nA=1\nEMPTY=\nEQ=a=b\nZ=é\n"), "{}", case.out());

    let mut spec = program(fixture(), &["arguments"]);
    spec.arguments.push(b"a\xffb".to_vec());
    let exit = case.start(spec).await;
    assert_eq!(exit.status, 126);
    assert!(case.err().contains("not UTF-8"), "{}", case.err());
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_arrive() {
    let case = case();
    assert_eq!(case.run(&["exit", "0"]).await.0, 0);
    // WASI 0.2.0, which Rust's library uses, has no other code than 1.
    assert_eq!(case.run(&["exit", "7"]).await.0, 1);
    for code in [0, 1, 2, 125, 126, 127, 128, 200, 255] {
        let exit = case.start(program(exits_with(case.place.path(), code), &[])).await;
        assert_eq!(exit, Exit { status: code, how: How::Exited });
    }
}

/// A component that calls `exit-with-code` of WASI 0.2.12.
fn exits_with(place: &Path, code: u8) -> File {
    let text = format!(
        r#"(component
            (import "wasi:cli/exit@0.2.12" (instance $exit
                (export "exit-with-code" (func (param "status-code" u8)))))
            (core func $exit (canon lower (func $exit "exit-with-code")))
            (core module $main
                (import "host" "exit" (func $exit (param i32)))
                (func (export "run") (result i32) (call $exit (i32.const {code})) unreachable))
            (core instance $main (instantiate $main
                (with "host" (instance (export "exit" (func $exit))))))
            (func $run (result (result)) (canon lift (core func $main "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $run)))"#
    );
    component(place, &text)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_explained() {
    let case = case();
    for (text, hint) in [
        ("(component)", "exports neither `wasi:cli/run`"),
        (
            r#"(component (import "wasi:http/outgoing-handler@0.2.0" (instance
                (export "f" (func)))))"#,
            "an interface that greenroom does not offer",
        ),
    ] {
        let exit = case.start(program(component(case.place.path(), text), &[])).await;
        assert_eq!(exit.status, 126);
        let How::NotLoadable(message) = exit.how else { panic!("{:?}", exit.how) };
        assert!(message.contains("component.wasm") && message.contains(hint), "{message}");
        assert!(case.err().contains(hint), "{}", case.err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_network() {
    let case = case();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
    listener.set_nonblocking(true).expect("sets");
    let address = listener.local_addr().expect("an address").to_string();
    assert_eq!(case.run(&["connect", &address]).await.0, 1);
    assert!(listener.accept().is_err(), "somebody connected");
    assert_eq!(case.run(&["connect", "localhost:80"]).await.0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_components_than_slots_run_at_once() {
    let case = case();
    let ends = (0..150).map(|_| {
        let job = Arc::clone(&case.job);
        tokio::spawn(async move { job.run(program(fixture(), &["sleep", "0.5"])).await })
    });
    for end in ends.collect::<Vec<_>>() {
        let exit = end.await.expect("no panic").expect("starts");
        assert_eq!(exit, Exit { status: 0, how: How::Exited });
    }
    assert_eq!(case.out(), "true\n".repeat(150));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_or_computes_is_killed_at_once() {
    let case = case();
    case.run(&["exit", "0"]).await; // compiles
    let (blocked, _writer) = std::io::pipe().expect("a pipe");
    let (_reader, full) = std::io::pipe().expect("a pipe");
    for (arguments, stdin, stdout) in [
        (&["loop"][..], Stdio::Null, Stdio::Log),
        (&["sleep", "100"], Stdio::Null, Stdio::Log),
        (&["cat"], Stdio::Host(blocked.into()), Stdio::Log),
        (&["flood"], Stdio::Null, Stdio::Host(full.into())),
    ] {
        let mut spec = program(fixture(), arguments);
        spec.stdio[0] = stdin;
        spec.stdio[1] = stdout;
        let job = Arc::clone(&case.job);
        let killer = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            job.kill_all(15);
            Instant::now()
        });
        let exit = case.start(spec).await;
        let ended = Instant::now();
        let killed = killer.await.expect("kills");
        assert_eq!(exit, Exit { status: 143, how: How::Signaled(15) }, "{arguments:?}");
        let took = ended.saturating_duration_since(killed);
        assert!(took < Duration::from_secs(3), "{arguments:?}: {took:?}");
    }
    let (status, text) = case.run(&["sleep", "0.05"]).await;
    assert_eq!((status, text.as_str()), (0, "true\n"));
}
