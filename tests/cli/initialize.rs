//! `greenroom image initialize`: a module that begins where its own initialisation ended.

use super::harness::Project;

/// Says `fresh` or what its initialisation left in memory, and how often that ran.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write
        (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes
        (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\40\00\00\00\0b\00\00\00")
    (data (i32.const 64) "fresh    0\n")
    (global $times (mut i32) (i32.const 0))
    (func (export "_start")
        (i32.store8 (i32.const 73) (i32.add (i32.const 48) (global.get $times)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "resume")
        (i32.store8 (i32.const 72) (i32.const 43))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "wizer-initialize")
        (i64.store (i32.const 64) (i64.const 0x6465726170657270)) ;; "prepared"
        ;; It must have grown, too.
        (drop (memory.grow (i32.const 2)))
        (i32.store (i32.const 150000) (i32.const 1))
        (global.set $times (i32.add (global.get $times) (i32.const 1))))
    (func (export "variables")
        (drop (call $sizes (i32.const 16) (i32.const 20)))
        (global.set $times (i32.load (i32.const 16))))
    (func (export "traps") unreachable)
    (func (export "takes") (param i32))
    (func (export "endless") (loop (br 0))))"#;

fn project() -> Project {
    let module = |text| wat::parse_str(text).expect("valid text");
    Project::empty()
        .with_bytes("program.wasm", &module(PROGRAM))
        .with_bytes("component.wasm", &module("(component)"))
        .with_bytes(
            "table.wasm",
            &module(
                r#"(module (table 1 funcref) (func (export "_start"))
                (func (export "wizer-initialize")
                    (table.set (i32.const 0) (ref.null func))))"#,
            ),
        )
        .with("text.wasm", "not a module")
}

#[test]
fn each_start_begins_where_the_initialisation_ended() {
    let project = project();
    assert_eq!(project.run(&["exec", "program.wasm"]), "exit code 0\n--- stdout\nfresh    0\n");
    let shown = project.run(&["image", "initialize", "program.wasm", "-o", "ready.wasm"]);
    assert!(shown.starts_with("exit code 0\n--- stdout\nready.wasm: "), "{shown}");
    for _ in 0..2 {
        assert_eq!(project.run(&["exec", "ready.wasm"]), "exit code 0\n--- stdout\nprepared 1\n");
    }
    // It was taken away: it has done its work.
    let again = project.run(&["image", "initialize", "ready.wasm", "-o", "again.wasm"]);
    assert!(again.contains("it exports no function `wizer-initialize`"), "{again}");
}

#[test]
fn another_function_may_take_the_place_of_the_start_and_sees_only_what_is_granted() {
    let project = project();
    let shown = project.run(&[
        "image",
        "initialize",
        "program.wasm",
        "-o",
        "ready.wasm",
        "--rename",
        "_start=resume",
    ]);
    assert!(shown.starts_with("exit code 0\n"), "{shown}");
    assert_eq!(project.run(&["exec", "ready.wasm"]), "exit code 0\n--- stdout\nprepared+0\n");

    for (grants, count) in [(&[][..], "0"), (&["--env", "A=1", "--env", "B=2"], "2")] {
        let asked =
            ["image", "initialize", "program.wasm", "-o", "v.wasm", "--function", "variables"];
        project.run(&[&asked[..], grants].concat());
        let expected = format!("exit code 0\n--- stdout\nfresh    {count}\n");
        assert_eq!(project.run(&["exec", "v.wasm"]), expected);
    }
}

#[test]
fn what_cannot_be_initialised_is_refused_and_nothing_is_written() {
    let project = project();
    for (module, options, code, words) in [
        ("none.wasm", &[][..], 127, "none.wasm: there is no such file"),
        (".", &[], 126, "not a regular file"),
        ("text.wasm", &[], 126, "text.wasm: "),
        ("component.wasm", &[], 126, "component.wasm: "),
        ("table.wasm", &[], 126, "its state cannot be taken: unsupported `table.set`"),
        ("program.wasm", &["--function", "no"], 126, "it exports no function `no`"),
        ("program.wasm", &["--rename", "_start=no"], 126, "it exports no function `no`"),
        ("program.wasm", &["--rename", "_start"], 2, "write NEW=OLD"),
        ("program.wasm", &["--function", "traps"], 126, "`traps` did not return: it aborted"),
        ("program.wasm", &["--function", "takes"], 126, "`takes` did not return"),
        (
            "program.wasm",
            &["--function", "endless", "--timeout", "1s"],
            124,
            "its time of 1s is up",
        ),
        ("program.wasm", &["--mount", "no:/x"], 2, "no"),
    ] {
        let asked = ["image", "initialize", module, "-o", "made.wasm"];
        let shown = project.run(&[&asked[..], options].concat());
        let expected = format!("exit code {code}\n");
        assert!(
            shown.starts_with(&expected) && shown.contains(words),
            "{module} {options:?}: {shown}"
        );
        assert!(!project.path().join("made.wasm").exists());
    }
    let shown = project.run(&["image", "initialize", "program.wasm", "-o", "no/such/place.wasm"]);
    assert!(shown.starts_with("exit code 4\n") && shown.contains("cannot write"), "{shown}");
}
