//! Processes of the sandbox: starting, copying and connecting them, and the shell's loops beside the
//! shells of this machine. `benches/README.md` says how to read the figures.

#[path = "common/mod.rs"]
mod common;

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{Stage, module, spec};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const NO_OP: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

/// A process of this machine, to which the others are compared.
fn native(program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    let status = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.expect("it starts").success());
}

fn start(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::new(directory.path(), 1);
    let no_op = module(NO_OP);
    let mut group = criterion.benchmark_group("start");
    group.bench_function("native/true", |b| b.iter(|| native("/bin/true", &[])));
    group.bench_function("instantiate/no-op", |b| b.iter(|| stage.run(&["no-op"], Some(&no_op))));
    group.bench_function("spawn/true", |b| b.iter(|| stage.run(&["true"], None)));
    group.bench_function("shell/one command", |b| b.iter(|| stage.shell("command env true")));
    group.finish();
}

/// Both cores: four tasks that start processes, against one.
fn throughput(criterion: &mut Criterion) {
    const STARTS: u64 = 2000;
    let directory = tempfile::tempdir().expect("a directory");
    let no_op = module(NO_OP);
    let mut group = criterion.benchmark_group("throughput");
    group.throughput(Throughput::Elements(STARTS)).sample_size(10);
    for (name, threads, tasks) in [("1 thread", 1, 1), ("2 threads", 2, 4)] {
        let stage = Stage::new(directory.path(), threads);
        group.bench_function(name, |b| {
            b.iter(|| {
                stage.runtime.block_on(async {
                    let started: Vec<_> = (0..tasks)
                        .map(|_| {
                            let job = Arc::clone(&stage.job);
                            let specs: Vec<_> = (0..STARTS / tasks)
                                .map(|_| spec(&["no-op"], Some(&no_op)))
                                .collect();
                            tokio::spawn(async move {
                                for spec in specs {
                                    black_box(job.run(spec).await.expect("it starts"));
                                }
                            })
                        })
                        .collect();
                    for task in started {
                        task.await.expect("it ends");
                    }
                });
            });
        });
    }
    group.finish();
}

/// The loops whose goals are stated in `docs/benchmarks.md`.
fn loops(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::new(directory.path(), 2);
    let mut group = criterion.benchmark_group("shell");
    group.sample_size(10);
    for (name, script) in [
        ("1000 commands", "for i in $(seq 1 1000); do /bin/true; done"),
        ("1000 subshells", "for ((i = 0; i < 1000; i++)); do (:); done"),
        ("1000 substitutions", "for ((i = 0; i < 1000; i++)); do x=$(true); done"),
        ("1000 pipelines", "for ((i = 0; i < 1000; i++)); do echo x | cat; done"),
        ("100000 iterations", "for ((i = 0; i < 100000; i++)); do x=$((i * 2)); done"),
    ] {
        group.bench_function(format!("{name}/greenroom"), |b| b.iter(|| stage.shell(script)));
        group
            .bench_function(format!("{name}/bash"), |b| b.iter(|| native("bash", &["-c", script])));
        // Not every shell counts with (( )).
        let posix = script.replace("((i = 0; i < 1000; i++))", "i in $(seq 1 1000)");
        let posix = posix.replace("((i = 0; i < 100000; i++))", "i in $(seq 1 100000)");
        if std::path::Path::new("/bin/dash").exists() {
            group.bench_function(format!("{name}/dash"), |b| {
                b.iter(|| native("/bin/dash", &["-c", &posix]));
            });
        }
    }
    group.finish();
}

fn pipe(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::new(directory.path(), 2);
    let script = "head -c 67108864 /dev/zero | cat > /dev/null";
    let mut group = criterion.benchmark_group("pipe");
    group.throughput(Throughput::Bytes(64 << 20)).sample_size(10);
    group.bench_function("64 MiB/greenroom", |b| b.iter(|| stage.shell(script)));
    group.bench_function("64 MiB/bash", |b| b.iter(|| native("bash", &["-c", script])));
    group.finish();
}

/// From a file on the disk to a module that can be instantiated, in a new store each time, as a new
/// process does it.
fn load(criterion: &mut Criterion) {
    use greenroom::sandbox::store::ModuleStore;
    let place = tempfile::tempdir().expect("a directory");
    // Many functions: a few megabytes of machine code.
    let body = "(i32.add (local.get 0) (i32.mul (local.get 0) (i32.const 3)))";
    let functions: String = (0..20_000)
        .map(|i| format!("(func (export \"f{i}\") (param i32) (result i32) {body})"))
        .collect();
    let file = module(&format!("(module (func (export \"_start\")) {functions})"));
    let engine = {
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        wasmtime::Engine::new(&config).expect("an engine")
    };
    let open = || ModuleStore::open(place.path()).0;
    let load = |store: &ModuleStore| {
        let source = store.source("large", &file).expect("readable");
        black_box(store.load(&engine, &source, &|_| {}).expect("it compiles"));
    };
    load(&open());
    // Until the entry is old enough to be trusted without being read in full.
    std::thread::sleep(std::time::Duration::from_secs(4));
    load(&open());
    criterion.bench_function("module/load a compiled module", |b| b.iter(|| load(&open())));
}

criterion_group!(benches, start, throughput, loops, pipe, load);
criterion_main!(benches);
