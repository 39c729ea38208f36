//! Steps of `run:` jobs: what a function costs beside what its program takes.
//!
//! A step's cost is the difference of two runs, with 1,000 steps and with 10, divided by 990: with
//! everything that belongs to a step (its view of the files, its process, its outputs, its events),
//! and without what belongs to a run. Beside it stand the program by itself, started hot in one
//! process, and `/bin/true`, all in the same run.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};

mod common;

const NO_OP: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
const FUNCTION: &str = "spec:\n  inputs: {number: {type: number}}\n---\n\
    exec: {command: [\"${{ func_dir }}/no-op.wasm\", \"${{ inputs.number }}\"]}\n";
/// A typed step without inputs and outputs.
const TYPED: &str = r#"(component
    (core module $m
        (memory (export "memory") 1)
        (func (export "run") (result i32) (i32.const 16)))
    (core instance $i (instantiate $m))
    (func $run (result (result (error string)))
        (canon lift (core func $i "run") (memory (core memory $i "memory"))))
    (export "run" (func $run)))"#;

/// Steps of the longer and of the shorter run.
const STEPS: [u32; 2] = [1000, 10];

/// Each kind of step: its name, and how it is called.
const KINDS: [(&str, &str); 3] = [
    ("function", "func: ./step, inputs: {number: NUMBER}"),
    ("typed", "func: ./typed.wasm"),
    ("script", "script: 'true'"),
];

fn project(directory: &Path) {
    let write = |name: &str, content: &[u8]| {
        fs::write(directory.join(name), content).expect("a file");
    };
    fs::create_dir_all(directory.join("step")).expect("a directory");
    write("step/func.yml", FUNCTION.as_bytes());
    write("step/no-op.wasm", &wat::parse_str(NO_OP).expect("a module"));
    write("typed.wasm", &wat::parse_str(TYPED).expect("a component"));
    for (kind, call) in KINDS {
        for steps in STEPS {
            let mut text = "job:\n  run:\n".to_owned();
            for number in 0..steps {
                let call = call.replace("NUMBER", &number.to_string());
                writeln!(text, "    - {{name: s{number}, {call}}}").expect("writing to a String");
            }
            write(&format!("{kind}-{steps}.yml"), text.as_bytes());
        }
    }
}

fn steps(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    project(directory.path());
    let run = |arguments: &[&str], program: &str| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(directory.path());
        command.env("GREENROOM_CACHE_DIR", directory.path().join("cache"));
        let started = Instant::now();
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.expect("it starts").success(), "{arguments:?}");
        started.elapsed()
    };
    let greenroom = env!("CARGO_BIN_EXE_greenroom");
    let list = |kind: &str, steps: u32| {
        run(&["run", &format!("{kind}-{steps}.yml"), "--format", "jsonl"], greenroom)
    };
    let mut group = criterion.benchmark_group("steps");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for (kind, _) in KINDS {
        list(kind, 10); // compiles
        group.bench_function(format!("one {kind}"), |b| {
            let [many, few] = STEPS;
            let one = || list(kind, many).saturating_sub(list(kind, few)) / (many - few);
            b.iter_custom(|times| (0..times).map(|_| one()).sum());
        });
    }
    let stage = common::Stage::new(directory.path(), 1);
    let module = common::module(NO_OP);
    group.bench_function("the program alone", |b| {
        b.iter(|| stage.run(&["no-op.wasm", "1"], Some(&module)));
    });
    group.bench_function("a shell with `true` alone", |b| b.iter(|| stage.shell("true")));
    group.bench_function("/bin/true", |b| b.iter(|| run(&[], "/bin/true")));
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
