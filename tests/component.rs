//! Components (`wasi:cli/command`) as programs of a job.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use greenroom::sandbox::{
    DiskLimits, Exit, How, Job, JobSpec, Limits, MountSpec, OutputSink, OutputStream, ProgramSpec,
    Sandbox, SandboxConfig, Stdio,
};
use tempfile::TempDir;

/// Shared, because compiling takes longer than everything else here.
static SANDBOX: LazyLock<Sandbox> =
    LazyLock::new(|| Sandbox::new(SandboxConfig::default()).expect("a sandbox"));

#[derive(Default)]
struct Log(Mutex<[Vec<u8>; 2]>);

impl Log {
    fn text(&self, stream: OutputStream) -> String {
        let log = self.0.lock().expect("not poisoned");
        String::from_utf8_lossy(&log[usize::from(stream == OutputStream::Stderr)]).into_owned()
    }
}

#[async_trait::async_trait]
impl OutputSink for Log {
    async fn write(&self, stream: OutputStream, data: &[u8]) {
        let mut log = self.0.lock().expect("not poisoned");
        log[usize::from(stream == OutputStream::Stderr)].extend_from_slice(data);
    }
}

/// A job over `workspace` (writable), `tmp` (writable) and `lib` (read-only), beside which lies
/// `outside`.
struct Case {
    place: TempDir,
    job: Arc<Job>,
    log: Arc<Log>,
}

fn limits() -> Limits {
    Limits {
        memory: 64 << 20,
        disk: DiskLimits { bytes: 1_000_000, files: 20 },
        log: 1_000_000,
        descriptors: 100,
        ..Limits::default()
    }
}

fn case() -> Case {
    case_with(limits())
}

fn case_with(limits: Limits) -> Case {
    let place = tempfile::tempdir().expect("a directory");
    for dir in ["workspace/sub", "tmp", "lib", "outside"] {
        fs::create_dir_all(place.path().join(dir)).expect("creates");
    }
    fs::write(place.path().join("outside/secret"), "secret").expect("writes");
    fs::write(place.path().join("lib/data"), "data of the image").expect("writes");
    let mount = |host: &str, guest: &str, read_only| MountSpec {
        host: place.path().join(host).into(),
        guest: guest.to_owned(),
        read_only,
    };
    let log = Arc::new(Log::default());
    let spec = JobSpec {
        mounts: vec![
            mount("workspace", "/workspace", false),
            mount("tmp", "/tmp", false),
            mount("lib", "/usr/lib", true),
        ],
        limits,
        commands: Vec::new(),
        sink: Arc::clone(&log) as Arc<dyn OutputSink>,
        observer: None,
    };
    let job = SANDBOX.job(spec).expect("a job");
    Case { place, job, log }
}

fn fixture() -> File {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/component/component.wasm");
    File::open(path).expect("the fixture")
}

fn program(module: File, arguments: &[&str]) -> ProgramSpec {
    let all = ["component.wasm"].iter().chain(arguments);
    ProgramSpec {
        program: b"component.wasm".to_vec(),
        module: Some(module),
        arguments: all.map(|argument| argument.as_bytes().to_vec()).collect(),
        environment: Vec::new(),
        cwd: "/workspace".to_owned(),
        stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
    }
}

impl Case {
    async fn start(&self, spec: ProgramSpec) -> Exit {
        let run = self.job.run(spec);
        tokio::time::timeout(Duration::from_secs(60), run).await.expect("ends").expect("starts")
    }

    /// Runs the fixture; returns its status and what it wrote since, both streams.
    async fn run(&self, arguments: &[&str]) -> (u8, String) {
        let before = [self.out().len(), self.err().len()];
        let exit = self.start(program(fixture(), arguments)).await;
        let text = self.out()[before[0]..].to_owned() + &self.err()[before[1]..];
        (exit.status, text)
    }

    fn out(&self) -> String {
        self.log.text(OutputStream::Stdout)
    }

    fn err(&self) -> String {
        self.log.text(OutputStream::Stderr)
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.place.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("readable")
    }

    #[track_caller]
    fn assert_outside_untouched(&self) {
        let names: Vec<_> = fs::read_dir(self.path("outside"))
            .expect("listed")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(self.read("outside/secret"), "secret");
        assert!(fs::read_dir(self.place.path()).expect("listed").count() == 4);
        assert!(fs::read_dir(self.path("lib")).expect("listed").count() == 1);
        assert_eq!(self.read("lib/data"), "data of the image");
    }
}

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
async fn output_goes_where_it_is_led() {
    let case = case();
    case.run(&["both"]).await;
    assert_eq!(case.out(), "out 0\nout 1\nout 2\n");
    assert_eq!(case.err(), "err 0\nerr 1\nerr 2\n");

    let file = File::create(case.path("both.txt")).expect("creates");
    let mut spec = program(fixture(), &["both"]);
    spec.stdio[2] = Stdio::Host(file.try_clone().expect("dup").into());
    spec.stdio[1] = Stdio::Host(file.into());
    case.start(spec).await;
    assert_eq!(case.read("both.txt"), "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n");
    assert_eq!(case.out(), "out 0\nout 1\nout 2\n");

    let mut spec = program(fixture(), &["both"]);
    spec.stdio[1] = Stdio::Null;
    assert_eq!(case.start(spec).await.status, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_passes_through_pipes() {
    let case = case();
    let sent: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
    let (from_us, mut to_it) = std::io::pipe().expect("a pipe");
    let (mut from_it, to_us) = std::io::pipe().expect("a pipe");
    let copy = sent.clone();
    let writer = std::thread::spawn(move || to_it.write_all(&copy));
    let reader = std::thread::spawn(move || {
        let mut received = Vec::new();
        from_it.read_to_end(&mut received).map(|_| received)
    });
    let mut spec = program(fixture(), &["cat"]);
    spec.stdio[0] = Stdio::Host(OwnedFd::from(from_us));
    spec.stdio[1] = Stdio::Host(OwnedFd::from(to_us));
    let exit = case.start(spec).await;
    assert_eq!(exit.status, 0, "{}", case.err());
    writer.join().expect("ends").expect("writes");
    assert!(reader.join().expect("ends").expect("reads") == sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_stays_for_the_next() {
    let case = case();
    let (from_us, mut to_it) = std::io::pipe().expect("a pipe");
    to_it.write_all(b"one\ntwo\nthree\n").expect("writes");
    drop(to_it);
    for _ in 0..3 {
        let mut spec = program(fixture(), &["line"]);
        spec.stdio[0] = Stdio::Host(from_us.try_clone().expect("dup").into());
        assert_eq!(case.start(spec).await.status, 0);
    }
    assert_eq!(case.out(), "one\ntwo\nthree\n");

    fs::write(case.path("lines"), "four\nfive\n").expect("writes");
    let file = File::open(case.path("lines")).expect("opens");
    for _ in 0..2 {
        let mut spec = program(fixture(), &["line"]);
        spec.stdio[0] = Stdio::Host(file.try_clone().expect("dup").into());
        case.start(spec).await;
    }
    assert_eq!(case.out(), "one\ntwo\nthree\nfour\nfive\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_read_the_same_pipe() {
    let case = case();
    let (from_us, mut to_it) = std::io::pipe().expect("a pipe");
    let copies = (0..4).map(|_| {
        let job = Arc::clone(&case.job);
        let mut spec = program(fixture(), &["cat"]);
        spec.stdio[0] = Stdio::Host(from_us.try_clone().expect("dup").into());
        tokio::spawn(async move { job.run(spec).await })
    });
    let copies: Vec<_> = copies.collect();
    let writer = std::thread::spawn(move || {
        for _ in 0..2000 {
            to_it.write_all(&[b'x'; 100]).expect("writes");
        }
    });
    for copy in copies {
        let exit = copy.await.expect("no panic").expect("starts");
        assert_eq!(exit, Exit { status: 0, how: How::Exited }, "{}", case.err());
    }
    writer.join().expect("ends");
    assert_eq!(case.out().len(), 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_is_an_error_not_a_hang() {
    let case = case();
    let (from_it, to_us) = std::io::pipe().expect("a pipe");
    drop(from_it);
    let mut spec = program(fixture(), &["flood"]);
    spec.stdio[1] = Stdio::Host(OwnedFd::from(to_us));
    assert_ne!(case.start(spec).await.status, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_and_written_in_the_workspace() {
    let case = case();
    let ok = |out: &str| (0, out.to_owned());
    for name in ["a", "./b", "sub/c", "/workspace/d", "sub/../e", "/tmp/f"] {
        assert_eq!(case.run(&["write", name, "text"]).await, ok(""), "{name}");
        assert_eq!(case.run(&["append", name, " more"]).await, ok(""), "{name}");
        assert_eq!(case.run(&["read", name]).await, ok("text more"), "{name}");
    }
    assert_eq!(case.read("workspace/sub/c"), "text more");
    assert_eq!(case.read("tmp/f"), "text more");
    assert_eq!(case.run(&["list", "."]).await, ok("a b d e sub\n"));
    assert_eq!(case.run(&["list", "/workspace/sub"]).await, ok("c\n"));
    assert_eq!(case.run(&["list", "/usr"]).await, ok("bin lib\n"));
    assert_eq!(case.run(&["stat", "sub"]).await.1.split(' ').next(), Some("dir=true"));
    assert_eq!(case.run(&["stat", "a"]).await, ok("dir=false len=9\n"));
    assert_eq!(case.run(&["mkdir", "new"]).await, ok(""));
    assert_eq!(case.run(&["rename", "a", "new/a"]).await, ok(""));
    assert_eq!(case.run(&["link", "new/a", "hard"]).await, ok(""));
    assert_eq!(case.run(&["symlink", "new/a", "soft"]).await, ok(""));
    assert_eq!(case.run(&["read", "hard"]).await, ok("text more"));
    assert_eq!(case.run(&["read", "soft"]).await, ok("text more"));
    assert_eq!(case.run(&["touch", "hard"]).await, ok(""));
    let time = fs::metadata(case.path("workspace/hard")).expect("exists").modified();
    let expected = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000);
    assert_eq!(time.expect("a time"), expected);
    assert_eq!(case.run(&["resize", "hard", "4"]).await, ok(""));
    assert_eq!(case.read("workspace/hard"), "text");
    assert_eq!(case.run(&["truncate", "hard"]).await, ok(""));
    assert_eq!(case.run(&["create-new", "hard"]).await.0, 1);
    assert_eq!(case.run(&["remove", "hard"]).await, ok(""));
    assert_eq!(case.run(&["rmdir", "new"]).await.0, 1, "not empty");
    assert_eq!(case.run(&["remove", "new/a"]).await, ok(""));
    assert_eq!(case.run(&["rmdir", "new"]).await, ok(""));
    let (status, text) = case.run(&["read", "none"]).await;
    assert!(status == 1 && text.starts_with("NotFound:"), "{status} {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_there() {
    let case = case();
    assert_eq!(case.run(&["read", "/dev/null"]).await, (0, String::new()));
    assert_eq!(case.run(&["write", "/dev/null", "text"]).await, (0, String::new()));
    assert_eq!(case.run(&["append", "/dev/stdout", "text"]).await, (0, "text".into()));
    assert_eq!(case.run(&["list", "/dev/sda"]).await.0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_working_directory_is_the_given_one() {
    let case = case();
    let mut spec = program(fixture(), &["write", "here", "text"]);
    spec.cwd = "/workspace/sub".to_owned();
    assert_eq!(case.start(spec).await.status, 0, "{}", case.err());
    assert_eq!(case.read("workspace/sub/here"), "text");
    let mut spec = program(fixture(), &["write", "../above", "text"]);
    spec.cwd = "/workspace/sub".to_owned();
    assert_eq!(case.start(spec).await.status, 0, "{}", case.err());
    assert_eq!(case.read("workspace/above"), "text");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_tree_is_not_changed() {
    let case = case();
    assert_eq!(case.run(&["read", "/usr/lib/data"]).await, (0, "data of the image".into()));
    assert_eq!(case.run(&["write", "seed", "seed"]).await.0, 0);
    for arguments in [
        &["write", "/usr/lib/data", "text"][..],
        &["write", "/usr/lib/new", "text"],
        &["append", "/usr/lib/data", "text"],
        &["truncate", "/usr/lib/data"],
        &["resize", "/usr/lib/data", "1"],
        &["touch", "/usr/lib/data"],
        &["remove", "/usr/lib/data"],
        &["mkdir", "/usr/lib/new"],
        &["symlink", "data", "/usr/lib/new"],
        &["link", "/usr/lib/data", "/usr/lib/new"],
        &["link", "/usr/lib/data", "linked"],
        &["link", "seed", "/usr/lib/new"],
        &["rename", "/usr/lib/data", "moved"],
        &["rename", "seed", "/usr/lib/data"],
    ] {
        assert_eq!(case.run(arguments).await.0, 1, "{arguments:?}");
        case.assert_outside_untouched();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_outside() {
    let case = case();
    let secret = case.path("outside/secret").to_string_lossy().into_owned();
    symlink(&secret, case.path("workspace/absolute")).expect("links");
    symlink("../outside/secret", case.path("workspace/relative")).expect("links");
    symlink("../outside", case.path("workspace/dir")).expect("links");
    symlink("dir", case.path("workspace/chain")).expect("links");
    symlink("../outside/new", case.path("workspace/dangling")).expect("links");
    // Links that the component makes itself, where it may.
    for (contents, name) in [
        ("../outside/secret", "own"),
        ("../../outside", "sub/own"),
        ("/", "root"),
        ("..", "up"),
        ("../outside/new", "own-dangling"),
    ] {
        let _ = case.run(&["symlink", contents, name]).await;
    }
    assert_eq!(case.run(&["write", "seed", "seed"]).await.0, 0);
    let files = [
        "../outside/secret",
        "sub/../../outside/secret",
        "/workspace/../outside/secret",
        "/../outside/secret",
        "absolute",
        "relative",
        "dir/secret",
        "chain/secret",
        "own",
        "sub/own/secret",
        "up/outside/secret",
        "root/etc/passwd",
        &secret,
        "/etc/passwd",
        "/proc/self/environ",
        "absolute/",
        "dir//secret",
        "./dir/./secret",
    ];
    for path in files {
        let (status, text) = case.run(&["read", path]).await;
        assert_eq!((status, text.contains("secret")), (1, false), "read {path}: {text}");
        for arguments in [
            &["write", path, "text"][..],
            &["append", path, "text"],
            &["truncate", path],
            &["touch", path],
            &["link", path, "linked"],
        ] {
            let (status, text) = case.run(arguments).await;
            // A hard link to a symbolic link is one to the link itself.
            assert!(status == 1 || arguments[0] == "link", "{arguments:?}: {text}");
            case.assert_outside_untouched();
            assert!(
                !fs::read(case.path("workspace/linked")).is_ok_and(|t| t == b"secret")
                    || fs::symlink_metadata(case.path("workspace/linked"))
                        .is_ok_and(|m| m.is_symlink())
            );
            let _ = fs::remove_file(case.path("workspace/linked"));
        }
    }
    for dir in ["..", "../outside", "dir", "chain", "dir/", "dir/.", "up", "root/etc", "/.."] {
        let (status, text) = case.run(&["list", dir]).await;
        assert!(
            status == 1 || !text.contains("secret") && !text.contains("outside"),
            "{dir}: {text}"
        );
        for name in ["new", "new/"] {
            let path = format!("{dir}/{name}");
            let _ = case.run(&["write", &path, "text"]).await;
            let _ = case.run(&["mkdir", &path]).await;
            let _ = case.run(&["rename", "seed", &path]).await;
            let _ = case.run(&["symlink", "x", &path]).await;
            case.assert_outside_untouched();
        }
    }
    for path in ["dangling", "own-dangling"] {
        for verb in ["write", "append"] {
            assert_eq!(case.run(&[verb, path, "text"]).await.0, 1, "{verb} {path}");
        }
        let _ = case.run(&["create-new", path]).await;
        let _ = case.run(&["resize", path, "10"]).await;
        case.assert_outside_untouched();
    }
    assert_eq!(case.run(&["rename", "seed", "/tmp/seed"]).await.0, 1, "across mounts");
    assert_eq!(case.run(&["link", "seed", "/tmp/seed"]).await.0, 1, "across mounts");
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

fn component(place: &Path, text: &str) -> File {
    let file = tempfile::Builder::new().tempfile_in(place.join("tmp")).expect("a file");
    fs::write(file.path(), wat::parse_str(text).expect("valid text")).expect("writes");
    File::open(file.path()).expect("opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_explained() {
    let case = case();
    for (text, hint) in [
        ("(component)", "does not export `wasi:cli/run`"),
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
async fn traps_and_limits_are_told() {
    let case = case();
    let exit = case.start(program(fixture(), &["panic"])).await;
    assert!(matches!(exit.how, How::Trapped(_)), "{exit:?}");
    assert!(case.err().contains("as asked"), "{}", case.err());

    let exit = case.start(program(fixture(), &["allocate"])).await;
    let How::OutOfMemory(message) = &exit.how else { panic!("{exit:?}") };
    assert!(message.contains("64 MiB"), "{message}");

    let exit = case.start(program(fixture(), &["recurse"])).await;
    assert!(matches!(exit.how, How::Trapped(_)), "{exit:?}");

    // Preopened directories and standard streams do not count.
    let (status, text) = case.run(&["open-many", "/usr/lib/data"]).await;
    assert_eq!((status, text.lines().next()), (1, Some("100")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_directories_counts_as_memory() {
    let case = case_with(Limits { total_memory: 16 << 20, ..limits() });
    for i in 0..2000 {
        fs::write(case.path(&format!("lib/{i}{}", "x".repeat(240))), "").expect("writes");
    }
    let (status, text) = case.run(&["list-many", "/usr/lib"]).await;
    let listed: usize = text.lines().next().and_then(|n| n.parse().ok()).expect("a number");
    // Two thousand names of 240 bytes are half a megabyte. The other limit is 100 descriptors.
    assert!(status == 1 && (5..50).contains(&listed), "{text}");
    assert_eq!(case.run(&["exit", "0"]).await.0, 0, "it was given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_quota_holds() {
    let case = case();
    let (status, text) = case.run(&["resize", "sparse", "4000000000000"]).await;
    assert_eq!(status, 1, "{text}");
    assert_eq!(fs::metadata(case.path("workspace/sparse")).expect("made").len(), 0);
    assert!(case.job.disk_limit_reached());

    let case = self::case();
    let (status, text) = case.run(&["fill", "large"]).await;
    assert_eq!((status, text.lines().next()), (1, Some("1000000")), "{text}");
    assert_eq!(fs::metadata(case.path("workspace/large")).expect("made").len(), 1_000_000);
    assert_eq!(case.run(&["append", "other", "x"]).await.0, 1);
    assert_eq!(case.run(&["remove", "large"]).await.0, 0);
    assert_eq!(case.run(&["append", "other", "x"]).await.0, 0, "given back");

    let case = self::case();
    let mut made = 0;
    while case.run(&["mkdir", &format!("d{made}")]).await.0 == 0 {
        made += 1;
    }
    assert_eq!(made, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_output_ends_the_job() {
    let case = case();
    let exit = case.start(program(fixture(), &["flood"])).await;
    assert_eq!(exit, Exit { status: 137, how: How::Signaled(9) });
    assert_eq!(case.out().len(), 1_000_000);
    assert!(case.job.breach().is_some());
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
