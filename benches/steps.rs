//! Steps of `run:` jobs: a list of 1,000 and one of 10, beside as many starts of `/bin/true` in the
//! same run. The difference of the two lists, divided by 990, is what a step costs with everything
//! that belongs to it: its view of the files, its process, its outputs, its events.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};

const NO_OP: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
const FUNCTION: &str = "spec:\n  inputs: {number: {type: number}}\n---\n\
    exec: {command: [\"${{ func_dir }}/no-op.wasm\", \"${{ inputs.number }}\"]}\n";

fn project(directory: &Path) {
    fs::create_dir_all(directory.join("step")).expect("a directory");
    fs::write(directory.join("step/func.yml"), FUNCTION).expect("a function");
    let module = wat::parse_str(NO_OP).expect("a module");
    fs::write(directory.join("step/no-op.wasm"), module).expect("a module");
    for steps in [10, 1000] {
        let mut text = "job:\n  run:\n".to_owned();
        for number in 0..steps {
            writeln!(text, "    - {{name: s{number}, func: ./step, inputs: {{number: {number}}}}}")
                .expect("writing to a String");
        }
        fs::write(directory.join(format!("{steps}.yml")), text).expect("a pipeline");
    }
}

fn steps(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    project(directory.path());
    let run = |arguments: &[&str], program: &str| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(directory.path());
        command.env("GREENROOM_CACHE_DIR", directory.path().join("cache"));
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.expect("it starts").success());
    };
    let greenroom = env!("CARGO_BIN_EXE_greenroom");
    let mut group = criterion.benchmark_group("steps");
    group.sample_size(10);
    for steps in ["10", "1000"] {
        let file = format!("{steps}.yml");
        group.bench_function(format!("{steps} functions"), |b| {
            b.iter(|| run(&["run", &file, "--format", "jsonl"], greenroom));
        });
    }
    group.bench_function("1000 starts of /bin/true", |b| {
        b.iter(|| (0..1000).for_each(|_| run(&[], "/bin/true")));
    });
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
