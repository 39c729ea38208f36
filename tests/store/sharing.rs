//! Threads and processes at once, and disks that cannot be written to.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use greenroom::sandbox::store::{ModuleStore, Progress, Source, StoreWarning};
use wasmtime::Engine;

use super::{call, files, is_root, load, module, place, place_with};

#[test]
fn threads_that_need_the_same_program_compile_it_once() {
    let (_place, dir) = place();
    let bytes = large();
    let engine = Engine::default();
    for store in [ModuleStore::open(&dir).0, ModuleStore::disabled()] {
        let compiles = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let source = Source::memory("large.wasm", &bytes);
                    let count = |_: Progress<'_>| {
                        compiles.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    };
                    let (compiled, warnings) = store.load(&engine, &source, &count).expect("loads");
                    assert_eq!((call(&compiled), warnings.len()), (77, 0));
                });
            }
        });
        assert_eq!(compiles.into_inner(), 1);
    }
}

/// A module that takes a while to compile.
fn large() -> Vec<u8> {
    let body = "local.get 0 i32.const 3 i32.mul local.get 0 i32.xor local.set 0 ".repeat(60);
    let functions = format!("(func (param i32) (result i32) {body} local.get 0)").repeat(500);
    let f = r#"(func (export "f") (result i32) i32.const 77)"#;
    wat::parse_str(format!("(module {functions} {f})")).expect("valid text")
}

const CHILD: &str = "GREENROOM_TEST_STORE";

/// Not a test by itself: what the processes of the next test do.
#[test]
#[ignore = "started by processes_share_a_directory"]
#[expect(clippy::disallowed_methods, reason = "how the parent says where the store is")]
fn child_of_processes_share_a_directory() {
    let dir = PathBuf::from(std::env::var_os(CHILD).expect("set by the parent"));
    let (store, warnings) = ModuleStore::open(&dir);
    assert!(warnings.is_empty(), "{warnings:?}");
    let bytes = large();
    let source = Source::memory("large.wasm", &bytes);
    let compiled = Cell::new(false);
    let note = |progress: Progress<'_>| {
        compiled.set(compiled.get() || matches!(progress, Progress::Compiling { .. }));
    };
    let (module, warnings) = store.load(&Engine::default(), &source, &note).expect("loads");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(call(&module), 77);
    if compiled.get() {
        fs::write(dir.with_file_name(format!("compiled-by-{}", std::process::id())), "")
            .expect("writes");
    }
}

#[test]
fn processes_share_a_directory() {
    let (_place, dir) = place();
    fs::create_dir_all(dir.parent().expect("a parent")).expect("creates");
    let children: Vec<_> = (0..5).map(|_| child(&dir)).collect();
    for child in children {
        let output = child.wait_with_output().expect("ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let compiled = files(dir.parent().expect("a parent"), "").into_iter();
    let compiled: Vec<_> =
        compiled.filter(|path| path.to_string_lossy().contains("compiled-by-")).collect();
    assert_eq!(compiled.len(), 1, "{compiled:?}");
    let names: Vec<_> = files(&dir, "");
    assert_eq!(names.len(), 2, "one entry and the key: {names:?}");
}

fn child(dir: &Path) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "sharing::child_of_processes_share_a_directory", "--ignored"])
        .env(CHILD, dir)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts")
}

#[test]
#[ignore = "started by a_full_disk_… and a_read_only_disk_…"]
#[expect(clippy::disallowed_methods, reason = "how the parent says where the store is")]
fn child_that_cannot_write() {
    let dir = PathBuf::from(std::env::var_os(CHILD).expect("set by the parent"));
    let engine = Engine::default();
    let (store, warnings) = ModuleStore::open(&dir);
    assert!(warnings.is_empty(), "{warnings:?}");
    let kept = load(&store, &engine, &module(12));
    assert!(!kept.was_compiled && kept.warnings.is_empty(), "{:?}", kept.warnings);
    let before = files(&dir, "");
    let loaded = load(&store, &engine, &module(13));
    assert_eq!((call(&kept.compiled), call(&loaded.compiled)), (12, 13));
    assert!(matches!(loaded.warnings.as_slice(), [StoreWarning::NotKept { .. }]));
    assert_eq!(files(&dir, ""), before, "nothing is left behind");
}

#[test]
fn a_full_disk_is_a_warning() {
    let (_place, dir) = place_with(&Engine::default(), 12);
    // A limit on the size of files stands for it: a write fails half-way.
    let output = std::process::Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; ulimit -f 4; exec "$0" "$@""#])
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "sharing::child_that_cannot_write", "--ignored"])
        .env(CHILD, &dir)
        .output()
        .expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_read_only_disk_is_a_warning() {
    let (place, dir) = place_with(&Engine::default(), 12);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).expect("chmod");
    let exe = std::env::current_exe().expect("this test");
    let mut child = std::process::Command::new(&exe);
    if is_root() {
        // Root may write everywhere, so somebody else tries, with a copy that is in his reach.
        use std::os::unix::process::CommandExt;
        let copy = place.path().join("test");
        fs::copy(&exe, &copy).expect("copies");
        let open = fs::Permissions::from_mode(0o755);
        for path in place.path().ancestors().take(1).chain(dir.ancestors().skip(1).take(2)) {
            fs::set_permissions(path, open.clone()).expect("chmod");
        }
        for path in files(&dir, "").iter().chain([&dir]) {
            std::os::unix::fs::chown(path, Some(12345), Some(12345)).expect("chown");
        }
        child = std::process::Command::new(copy);
        child.uid(12345).gid(12345);
    }
    let output = child
        .args(["--exact", "sharing::child_that_cannot_write", "--ignored"])
        .env(CHILD, &dir)
        .current_dir("/")
        .output()
        .expect("starts");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).expect("chmod");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
