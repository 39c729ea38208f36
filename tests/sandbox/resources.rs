//! Programs that use more than there is: time, stack, memory, tables, disk, output, descriptors.

use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use greenroom::sandbox::{Breach, DiskLimits, Exit, How, Limits, ProgramSpec, Stdio};

use crate::puppet::{FREE, Kind, Puppet};
use crate::script::Script;
use crate::stage::{Stage, module, runtime};
use crate::workers;

/// Runs a module to its end.
fn run(stage: &Stage, text: &str) -> Exit {
    let spec = ProgramSpec {
        program: b"program".to_vec(),
        module: Some(module(text)),
        arguments: vec![b"program".to_vec()],
        environment: Vec::new(),
        cwd: "/workspace".to_owned(),
        stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
    };
    let limit = Duration::from_secs(20);
    runtime()
        .block_on(async { tokio::time::timeout(limit, stage.job.run(spec)).await })
        .expect("it ends in time")
        .unwrap()
}

fn limited(limits: Limits) -> Stage {
    Stage::with(limits, &[])
}

#[track_caller]
fn out_of_memory(exit: &Exit, message: &str) {
    assert_eq!(exit.status, 137);
    assert!(matches!(&exit.how, How::OutOfMemory(text) if text.contains(message)), "{exit:?}");
}

#[test]
fn memory_ends_at_the_limit_of_the_process() {
    let stage = limited(Limits { memory: 64 << 20, ..Limits::default() });
    out_of_memory(&run(&stage, &workers::grows()), "64 MiB of memory");
    assert!(stage.log.text().contains("greenroom: program: it needs more than its 64 MiB"));
}

#[test]
fn memory_ends_at_the_limit_of_the_job() {
    let stage = limited(Limits { total_memory: 48 << 20, ..Limits::default() });
    out_of_memory(&run(&stage, &workers::grows()), "the job's processes together");
    // What it had is given back with its end.
    assert_eq!(run(&stage, &workers::starts_large(512)).status, 0);
}

#[test]
fn a_module_may_not_start_with_more_memory_than_the_limit() {
    let stage = limited(Limits { memory: 64 << 20, ..Limits::default() });
    out_of_memory(&run(&stage, &workers::starts_large(1025)), "64 MiB of memory");
    assert_eq!(run(&stage, &workers::starts_large(1024)).status, 0);
    // More than the sandbox's own default, but not more than this job may have.
    let stage = limited(Limits { memory: 4 << 30, ..Limits::default() });
    assert_eq!(run(&stage, &workers::starts_large(40_000)).how, How::Exited);
}

#[test]
fn tables_end_at_the_limit() {
    let stage = limited(Limits { table_elements: 50_000, ..Limits::default() });
    out_of_memory(&run(&stage, &workers::grows_a_table()), "table of more than 50000");
}

#[test]
fn garbage_that_nobody_collects_ends_at_the_limit() {
    let stage = limited(Limits { memory: 64 << 20, ..Limits::default() });
    out_of_memory(&run(&stage, &workers::makes_garbage()), "64 MiB of memory");
}

#[test]
fn children_that_nobody_waits_for_are_limited() {
    let zero = workers::exits(0);
    let stage = Stage::with(Limits::default(), &[("zero", &zero)]);
    // AGAIN.
    assert_eq!(run(&stage, &workers::never_waits()).status, 6);
}

#[test]
fn recursion_ends_with_a_message() {
    let stage = Stage::new();
    let exit = run(&stage, &workers::recurses());
    assert_eq!(exit.status, 134);
    assert!(stage.log.text().contains("its recursion is too deep"), "{}", stage.log.text());
}

#[test]
fn a_loop_ends_when_the_job_does() {
    for text in [workers::spins(), workers::spins_at_its_start()] {
        let stage = Stage::new();
        let start = Instant::now();
        let job = std::sync::Arc::clone(&stage.job);
        let ending = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            job.abandon();
        });
        assert_eq!(run(&stage, &text).how, How::Signaled(9));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        ending.join().unwrap();
    }
}

#[test]
fn output_ends_at_the_limit() {
    let stage = limited(Limits { log: 8 << 20, ..Limits::default() });
    // One line that does not end.
    let exit = run(&stage, &workers::floods());
    assert_eq!(exit.status, 137);
    assert_eq!(stage.job.breach(), Some(Breach::Log(8 << 20)));
    assert_eq!(stage.log.len(), 8 << 20);
}

#[test]
fn sixty_four_mebibytes_of_output_arrive() {
    let stage = limited(Limits { log: 64 << 20, ..Limits::default() });
    let start = Instant::now();
    run(&stage, &workers::floods());
    assert_eq!(stage.log.len(), 64 << 20);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

/// Runs lines of a case with limits.
fn script(limits: Limits, kind: Kind, lines: &str) -> Stage {
    let mut script = Script::new(limited(limits), kind, "/workspace").unwrap();
    for line in lines.lines() {
        script.line(line.trim()).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    script.stage
}

#[test]
fn the_disk_is_full_at_the_limit() {
    let disk = DiskLimits { bytes: 100_000, files: 4 };
    let stage = script(
        Limits { disk, ..Limits::default() },
        Kind::Preview1,
        r#"path_open $dot 0 "a" CREAT FD_WRITE|FD_SEEK|FD_FILESTAT_SET_SIZE|FD_ALLOCATE 0 0 -> ok =a
        fd_write $a [60000] -> ok 60000
        fd_write $a [60000] -> NOSPC
        fd_allocate $a 0 120000 -> NOSPC/FBIG
        fd_filestat_set_size $a 100001 -> NOSPC/FBIG
        fd_filestat_set_size $a 4398046511104 -> FBIG/NOSPC
        fd_pwrite $a ["x"] 4398046511104 -> FBIG/NOSPC
        fd_seek $a 4398046511104 SET -> ok _
        fd_write $a ["x"] -> FBIG/NOSPC
        fd_filestat_get $a -> ok {size=60000}
        fd_filestat_set_size $a 10 -> ok
        fd_filestat_set_size $a 100000 -> ok
        path_open $dot 0 "a" TRUNC FD_WRITE 0 0 -> ok =b
        fd_write $b [100000] -> ok 100000
        path_unlink_file $dot "a" -> ok
        path_open $other 0 "c" CREAT FD_WRITE 0 0 -> ok =c
        fd_write $c [60000] -> NOSPC
        fd_close $a -> ok
        fd_close $b -> ok
        fd_write $c [60000] -> ok 60000
        path_rename $other "c" $other "d" -> ok
        path_link $other 0 "d" $other "e" -> ok
        path_symlink "d" $other "f" -> ok
        path_create_directory $other "g" -> ok
        path_create_directory $other "h" -> NOSPC
        path_open $other 0 "h" CREAT FD_WRITE 0 0 -> NOSPC
        path_symlink "d" $other "h" -> NOSPC
        path_link $other 0 "d" $other "h" -> NOSPC
        path_unlink_file $other "e" -> ok
        path_remove_directory $other "g" -> ok
        path_create_directory $other "h" -> ok
        path_open $other 0 "i" CREAT FD_WRITE 0 0 -> ok _"#,
    );
    assert!(stage.job.disk_limit_reached());
}

#[test]
fn what_waits_in_pipes_is_limited() {
    // Pipes that nobody reads, of the kind whose writer never waits.
    script(
        Limits { total_memory: 4 << 20, ..Limits::default() },
        Kind::Own,
        "pipe 0xffffffff -> ok 0 {a==r1 b==w1}
        pipe 0xffffffff -> ok 0 {a==r2 b==w2}
        fd_write $w1 [500000 500000] -> NOMEM/ok _
        fd_write $w1 [500000] -> ok 500000
        fd_write $w1 [500000] -> ok 500000
        fd_write $w2 [900000] -> ok 900000
        fd_write $w2 [900000] -> NOMEM/FBIG
        fd_read $r1 [900000] -> ok 900000
        fd_write $w2 [800000] -> ok 800000
        fd_close $r1 -> ok
        fd_close $r2 -> ok
        pipe 0xffffffff -> ok 0 {a==r3 b==w3}
        fd_write $w3 [900000] -> ok 900000",
    );
}

#[test]
fn descriptors_run_out_and_come_back() {
    let stage = limited(Limits { descriptors: 64, ..Limits::default() });
    std::fs::write(stage.host("workspace").join("file"), "content").unwrap();
    let mut puppet = Puppet::start(&stage.job, Kind::Preview1);
    puppet.poke(FREE, b"file");
    let open = |puppet: &mut Puppet| {
        let at = u64::from(FREE);
        puppet.call("path_open", &[3, 0, at, 4, 0, 2, 0, 0, at + 64]).unwrap()
    };
    for _ in 0..3 {
        let opened = (0..100).take_while(|_| open(&mut puppet) == 0).count();
        assert!((40..64).contains(&opened), "{opened}");
        assert_eq!(open(&mut puppet), 33);
        for fd in 64 - opened as u64..64 {
            assert_eq!(puppet.call("fd_close", &[fd]), Ok(0), "{fd}");
        }
    }
    // Opening and closing over and over leaves nothing behind on the host either.
    let host = || {
        let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let file = stage.host("workspace").join("file");
        open.filter(|fd| fd.path().read_link().is_ok_and(|path| path == file)).count()
    };
    assert_eq!(host(), 0);
    for _ in 0..3000 {
        assert_eq!(open(&mut puppet), 0);
        let fd = puppet.peek(FREE + 64, 4).unwrap();
        let fd = u32::from_le_bytes(fd.try_into().unwrap());
        assert_eq!(puppet.call("fd_close", &[fd.into()]), Ok(0));
    }
    assert_eq!(host(), 0);
}

#[test]
fn a_sparse_file_that_was_there_may_be_read_and_shortened() {
    let stage = limited(Limits::default());
    let mut file = std::fs::File::create(stage.host("workspace").join("sparse")).unwrap();
    file.seek(SeekFrom::Start(1 << 40)).unwrap();
    file.write_all(b"end").unwrap();
    let mut script = Script::new(stage, Kind::Preview1, "/workspace").unwrap();
    for line in [
        "path_open $dot 0 \"sparse\" 0 FD_READ|FD_WRITE|FD_SEEK|FD_FILESTAT_SET_SIZE 0 0 -> ok =f",
        "fd_pread $f [10] 1099511627776 -> ok 3 \"end\"",
        "fd_filestat_set_size $f 5 -> ok",
        "fd_filestat_get $f -> ok {size=5}",
    ] {
        script.line(line).unwrap();
    }
}

#[test]
fn directories_within_directories_do_no_harm() {
    let stage = limited(Limits::default());
    let mut script = Script::new(stage, Kind::Preview1, "/workspace").unwrap();
    script.line("path_create_directory $dot \"d\" -> ok").unwrap();
    script.line("path_open $dot 0 \"d\" DIRECTORY FD_READDIR 0 0 -> ok =f").unwrap();
    for _ in 0..2000 {
        script.line("path_create_directory $f \"d\" -> ok").unwrap();
        script.line("path_open $f 0 \"d\" DIRECTORY FD_READDIR 0 0 -> ok =g").unwrap();
        script.line("fd_renumber $g $f -> ok").unwrap();
    }
    // Deeper than a path can be long.
    let path = "d/".repeat(2100);
    script.line(&format!("path_filestat_get $dot 0 \"{path}\" -> NAMETOOLONG/NOENT")).unwrap();
    let path = "d/../".repeat(800);
    script.line(&format!("path_filestat_get $dot 0 \"{path}d\" -> ok _")).unwrap();
}
