//! File operations of a guest beside the same ones of a native program, in one directory of memory
//! where there is one.

#[path = "common/mod.rs"]
mod common;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;

use common::{Stage, module};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;

const TIMES: u64 = 1000;

/// A program that does `body` so many times. Descriptor 3 is the directory; "f" lies at 16, "g" at
/// 17, a vector of 64 KiB at 0, results are written to 8.
fn program(times: u64, before: &str, body: &str) -> File {
    module(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_open" (func $open
                (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write
                (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read" (func $read
                (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir
                (param i32 i32 i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat
                (param i32 i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_rename" (func $rename
                (param i32 i32 i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink
                (param i32 i32 i32) (result i32)))
            (memory (export "memory") 4)
            (data (i32.const 0) "\00\00\01\00\00\00\01\00")
            (data (i32.const 16) "fg")
            (func $ok (param i32) (if (local.get 0) (then unreachable)))
            (func $open_file (param $flags i32) (result i32)
                (call $ok (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 1)
                    (local.get $flags) (i64.const 0x66) (i64.const 0) (i32.const 0) (i32.const 8)))
                (i32.load (i32.const 8)))
            ;; Where to go on after the entries in a buffer that is full.
            (func $last (param $used i32) (result i64) (local $at i32) (local $cookie i64)
                (local $next i32)
                (block $done (loop $entry
                    (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 24)) (local.get $used)))
                    (local.set $next (i32.add (i32.add (local.get $at) (i32.const 24))
                        (i32.load offset=65552 (local.get $at))))
                    (br_if $done (i32.gt_u (local.get $next) (local.get $used)))
                    (local.set $cookie (i64.load offset=65536 (local.get $at)))
                    (local.set $at (local.get $next))
                    (br $entry)))
                (local.get $cookie))
            (func (export "_start") (local $i i32) (local $fd i32) (local $cookie i64)
                {before}
                (loop $again
                    {body}
                    (br_if $again (i32.lt_u
                        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                        (i32.const {times}))))))"#
    ))
}

const CREATE: i32 = 1 | 8;

fn in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a directory")
}

fn files(criterion: &mut Criterion) {
    let directory = in_memory();
    let stage = Stage::new(directory.path(), 1);
    let (f, g) = (directory.path().join("f"), directory.path().join("g"));
    let block = vec![0u8; 64 << 10];
    let small = "(i32.store (i32.const 4) (i32.const 4096))";
    let cycle = format!(
        "(local.set $fd (call $open_file (i32.const {CREATE})))
        (call $ok (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $ok (call $close (local.get $fd)))"
    );
    let sequence = |call: &str, flags: i32| {
        program(
            TIMES,
            &format!("(local.set $fd (call $open_file (i32.const {flags})))"),
            &format!(
                "(call $ok (call ${call} (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))"
            ),
        )
    };
    let write_small =
        || File::create(&f).and_then(|mut f| f.write_all(&block[..4096])).expect("writable");
    let many = |name: &str| TIMES * if name.starts_with("sequential") { 64 << 10 } else { 1 };
    type Native<'a> = Box<dyn Fn() + 'a>;
    let cases: Vec<(&str, File, Native<'_>)> = vec![
        (
            "sequential write",
            sequence("write", CREATE),
            Box::new(|| {
                let mut file = File::create(&f).expect("writable");
                (0..TIMES).for_each(|_| file.write_all(&block).expect("writable"));
            }),
        ),
        (
            "sequential read",
            sequence("read", 0),
            Box::new(|| {
                let mut file = File::open(&f).expect("readable");
                let mut buffer = vec![0; 64 << 10];
                (0..TIMES).for_each(|_| assert!(file.read(&mut buffer).expect("readable") > 0));
            }),
        ),
        (
            "create, write, close",
            program(TIMES, small, &cycle),
            Box::new(|| {
                (0..TIMES).for_each(|_| write_small());
            }),
        ),
        (
            "stat",
            program(
                TIMES,
                "",
                "(call $ok (call $stat (i32.const 3) (i32.const 1) (i32.const 16)
            (i32.const 1) (i32.const 32)))",
            ),
            Box::new(|| {
                for _ in 0..TIMES {
                    black_box(fs::metadata(&f).expect("there"));
                }
            }),
        ),
        (
            "open, read, close",
            program(
                TIMES,
                small,
                "(local.set $fd (call $open_file (i32.const 0)))
            (call $ok (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
            (call $ok (call $close (local.get $fd)))",
            ),
            Box::new(|| {
                let mut buffer = [0; 4096];
                (0..TIMES).for_each(|_| {
                    let read = File::open(&f).and_then(|mut f| f.read(&mut buffer));
                    assert!(read.expect("readable") > 0);
                });
            }),
        ),
        (
            "rename",
            program(
                TIMES,
                "",
                "(call $ok (call $rename (i32.const 3) (i32.const 16) (i32.const 1)
            (i32.const 3) (i32.const 17) (i32.const 1)))
            (call $ok (call $rename (i32.const 3) (i32.const 17) (i32.const 1)
            (i32.const 3) (i32.const 16) (i32.const 1)))",
            ),
            Box::new(|| {
                (0..TIMES).for_each(|_| {
                    fs::rename(&f, &g).and_then(|()| fs::rename(&g, &f)).expect("renames");
                });
            }),
        ),
        // The last, as it leaves nothing.
        (
            "create and unlink",
            program(
                TIMES,
                small,
                &format!(
                    "{cycle}
            (call $ok (call $unlink (i32.const 3) (i32.const 16) (i32.const 1)))"
                ),
            ),
            Box::new(|| {
                (0..TIMES).for_each(|_| {
                    write_small();
                    fs::remove_file(&f).expect("there");
                });
            }),
        ),
    ];
    let mut group = criterion.benchmark_group("files");
    for (name, program, native) in &cases {
        let amount = many(name);
        group.throughput(if amount > TIMES {
            Throughput::Bytes(amount)
        } else {
            Throughput::Elements(amount)
        });
        group.bench_function(format!("{name}/native"), |b| b.iter(native));
        group.bench_function(format!("{name}/guest"), |b| {
            b.iter(|| stage.run(&["p"], Some(program)))
        });
    }
    group.finish();
}

fn readdir(criterion: &mut Criterion) {
    const ENTRIES: u64 = 10_000;
    let directory = in_memory();
    for i in 0..ENTRIES {
        File::create(directory.path().join(format!("file-{i:05}"))).expect("writable");
    }
    let stage = Stage::new(directory.path(), 1);
    let program = program(
        1,
        "",
        "(loop $more
            (call $ok (call $readdir (i32.const 3) (i32.const 65536) (i32.const 32768)
                (local.get $cookie) (i32.const 8)))
            (local.set $cookie (call $last (i32.load (i32.const 8))))
            (br_if $more (i32.eq (i32.load (i32.const 8)) (i32.const 32768))))",
    );
    let mut group = criterion.benchmark_group("readdir");
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("native", |b| {
        b.iter(|| {
            assert_eq!(fs::read_dir(directory.path()).expect("there").count() as u64, ENTRIES)
        });
    });
    group.bench_function("guest", |b| b.iter(|| stage.run(&["p"], Some(&program))));
    group.finish();
}

criterion_group!(benches, files, readdir);
criterion_main!(benches);
